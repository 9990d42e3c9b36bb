package mockllm

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
)

// target is the URL upstream: its base, and path and query as they came.
func (p *passing) target(req *http.Request) *url.URL {
	to := p.upstream.URL.Parse()
	path := strings.TrimSuffix(to.EscapedPath(), "/") + p.in.Path
	plain, err := url.PathUnescape(path)
	if err != nil {
		plain = path
	}
	return &url.URL{
		Scheme: to.Scheme, Host: to.Host, Path: plain, RawPath: path,
		RawQuery: req.URL.RawQuery, ForceQuery: req.URL.ForceQuery,
	}
}

// outgoing is the request as it is sent on.
func (p *passing) outgoing(ctx context.Context, req *http.Request) *http.Request {
	out := (&http.Request{
		Method: req.Method, URL: p.target(req), Header: req.Header.Clone(), ContentLength: req.ContentLength,
		Trailer: req.Trailer, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
	upgrade := upgradeOf(req.Header)
	trailers := strings.Contains(strings.ToLower(req.Header.Get("Te")), "trailers")
	dropHops(out.Header)
	if upgrade != "" {
		out.Header["Connection"], out.Header["Upgrade"] = []string{"Upgrade"}, []string{upgrade}
	}
	if trailers {
		out.Header["Te"] = []string{"trailers"}
	}
	for name := range out.Header {
		if isOurs(name) {
			out.Header.Del(name)
		}
	}
	if out.Header["User-Agent"] == nil {
		out.Header["User-Agent"] = []string{""} // So that none is added.
	}
	if p.looksInside() && out.Header["Accept-Encoding"] != nil {
		out.Header["Accept-Encoding"] = []string{"identity"}
	}
	switch {
	case p.rest != nil:
		out.Body = io.NopCloser(io.MultiReader(bytes.NewReader(p.in.Body), p.rest))
	case len(p.in.Body) > 0:
		out.Body = io.NopCloser(bytes.NewReader(p.in.Body))
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.in.Body)), nil }
	case req.ContentLength != 0:
		out.Body = http.NoBody // An empty body that was sent in chunks.
	}
	return out
}

// looksInside reports whether somebody here reads the answer: then it must not
// be compressed.
func (p *passing) looksInside() bool {
	return play.Shapes(p.decision) || p.server.recorder != nil || p.decision.Spends()
}

// spend takes tokens of the answer from the limits.
func (p *passing) spend(tokens int) {
	if err := p.at.engine.Spend(p.server.alive, p.in.Namespace, p.at.clock.Now(), &p.decision, tokens); err != nil {
		p.server.log.Warn("tokens of an answer from upstream are not counted", "error", err)
	}
}

// take takes the answer over.
func (p *passing) take(req *http.Request, answer *http.Response) {
	header, upgrade := answer.Header, upgradeOf(answer.Header)
	a := play.Answer{Status: answer.StatusCode, Header: header, Length: lengthOf(req, answer)}
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	a.Stream = strings.EqualFold(strings.TrimSpace(kind), "text/event-stream")
	dropHops(header)
	header.Del("Content-Length")
	body := answer.Body
	if isZipped(header) && p.looksInside() && body != http.NoBody {
		header.Del("Content-Encoding")
		a.Length, body = play.Chunked, &unzipped{ReadCloser: body}
	}
	for name := range answer.Trailer {
		header.Add("Trailer", name)
	}
	if p.decision.Spends() && answer.StatusCode != http.StatusSwitchingProtocols {
		p.meter = &meter{ReadCloser: body, left: a.Length, stream: a.Stream, ends: responders.EndOf(p.request.Dialect), take: p.spend}
		body = p.meter
	}
	if through, both := answer.Body.(io.ReadWriteCloser); both && answer.StatusCode == http.StatusSwitchingProtocols {
		header["Connection"], header["Upgrade"] = []string{"Upgrade"}, []string{upgrade}
		p.through = through
	}
	a.Body = play.NewSource(body, a.Stream, p.record(answer, a.Stream), func() http.Header { return answer.Trailer })
	p.answer = a
}
