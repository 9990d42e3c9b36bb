package mockllm

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// exchange answers one request, from reading it to the journal.
func (s *Server) exchange(w http.ResponseWriter, req *http.Request) {
	s.begin()
	defer s.exchanges.Done()
	ctx, cancel := s.untilClosed(req.Context())
	defer cancel()
	deadline := http.NewResponseController(w)
	deadline.SetReadDeadline(time.Now().Add(bodyTimeout))
	in := s.incoming(req)
	deadline.SetReadDeadline(time.Time{})
	if in.State == responders.BodyCut {
		ctx = s.alive // The client has stopped sending, which ends the request's own context; it may still listen.
	}
	responder, r, mistake := s.read(req, in)
	d := scenarios.Decision{Cause: byServer, Problem: mistake, Seed: s.engine.Seed()}
	if mistake == nil {
		d = s.decide(ctx, in.Now, r)
	}
	script, entry, err := s.plan(ctx, responder, r, in, d)
	if err != nil {
		d.Cause, d.Problem = byServer, &scenarios.Mistake{Status: http.StatusInternalServerError, Title: "no records", Detail: err.Error()}
		script = play.Plan(responders.Own(*d.Problem), scenarios.Decision{}, nil)
	}
	e := record(req, in, r, d, script)
	if entry != nil {
		e.Error = entry.ID()
	}
	e.ID = s.journal.Begin(e)
	e.Sent = sentBy(play.Play(ctx, w, script, s.clock))
	s.journal.Finish(e.ID, e.Sent)
	s.logExchange(ctx, e)
}

// untilClosed ends the context when the server closes: a request that came
// through a server of somebody else does not know of that.
func (s *Server) untilClosed(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.alive, func() { cancel(play.ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// read finds out whose request it is and what it asks for. The responder is
// nil if it is nobody's; then there is a mistake.
func (s *Server) read(req *http.Request, in *responders.Incoming) (responders.Responder, *scenarios.Request, *scenarios.Mistake) {
	responder, r := s.routes.find(req, in)
	mistake := s.mistake(req, in)
	if responder == nil {
		r = &scenarios.Request{Method: in.Method, Path: in.Path, Namespace: in.Namespace, Body: in.Body}
		if mistake == nil {
			mistake = noSuchPath(in)
		}
	}
	return responder, r, mistake
}

// plan writes the answer and the script for it, and keeps what it changes: a
// change is made whether or not its answer arrives. The entry is the documented
// error that is answered, if it is one.
func (s *Server) plan(ctx context.Context, responder responders.Responder, r *scenarios.Request, in *responders.Incoming, d scenarios.Decision) (play.Script, *catalog.Entry, error) {
	records, err := s.engine.View(ctx, in.Namespace)
	if err != nil {
		return nil, nil, err
	}
	m := message(responder, r, responders.Meta{Entropy: d.Entropy, Now: in.Now, Edition: d.Edition, Records: records}, d)
	if err := s.engine.Commit(ctx, in.Namespace, in.Now, m.Changes); err != nil {
		return nil, nil, err
	}
	m.Close = m.Close || in.State != responders.BodyComplete
	if s.quietWire {
		d.Fired = nil
	}
	return play.Plan(m, d, s.engine.Wire), cmp.Or(m.Entry, entryOf(d)), nil
}

// entryOf returns the documented error that was decided on, if any: also one
// that comes in the middle of a stream.
func entryOf(d scenarios.Decision) *catalog.Entry {
	if d.Failure == nil {
		return nil
	}
	return d.Failure.Entry
}

// byServer is the cause of refusals that are ours alone.
const byServer scenarios.Cause = "server"

func (s *Server) decide(ctx context.Context, now time.Time, r *scenarios.Request) scenarios.Decision {
	d, err := s.engine.Decide(ctx, now, r)
	if err != nil {
		d.Cause, d.Problem = byServer, &scenarios.Mistake{Status: http.StatusInternalServerError, Title: "no decision", Detail: err.Error()}
	}
	return d
}

// incoming reads the request, its body up to the bound.
func (s *Server) incoming(req *http.Request) *responders.Incoming {
	inPath, path := stripNamespace(req.URL.EscapedPath())
	in := &responders.Incoming{
		Namespace: namespace(req, inPath), Host: host(req), Method: req.Method, Path: path, Query: req.URL.Query(),
		Header: req.Header, Asked: req.Header.Get(errorHeader), Now: s.clock.Now(),
	}
	if req.Body == nil {
		return in
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, s.maxBody+1))
	in.Body = body
	switch {
	case int64(len(body)) > s.maxBody:
		in.Body, in.State = body[:s.maxBody], responders.BodyTooLarge
	case err != nil:
		in.State = responders.BodyCut
	}
	return in
}

// host returns scheme and host as the client sees them.
func host(req *http.Request) string {
	if req.TLS != nil {
		return "https://" + req.Host
	}
	return "http://" + req.Host
}

// bodyTimeout bounds how long a client may take to send its body.
const bodyTimeout = time.Minute

// Headers by which a request may choose.
const (
	errorHeader     = "X-Mockllm-Error"
	namespaceHeader = "X-Mockllm-Namespace"
)

// mistake finds what the sender did wrong towards us. What it may have meant
// otherwise is refused, not guessed: an empty header is a variable that was
// never set.
func (s *Server) mistake(req *http.Request, in *responders.Incoming) *scenarios.Mistake {
	known := []string{errorHeader, namespaceHeader}
	for name, values := range req.Header {
		switch {
		case !isOurs(name):
		case !slices.Contains(known, name):
			return unknownHeader(name, known)
		case len(values) > 1 || values[0] == "":
			return badHeader(name + " must be given once, with a value")
		}
	}
	inPath, _ := stripNamespace(req.URL.EscapedPath())
	if inHeader := req.Header.Get(namespaceHeader); inPath != "" && inHeader != "" && inPath != inHeader {
		return badHeader(fmt.Sprintf("%s says %q, but the path %q", namespaceHeader, inHeader, inPath))
	}
	if !responders.ValidNamespace(in.Namespace) || inPath == "" && strings.HasPrefix(req.URL.EscapedPath(), namespacePrefix) {
		return &scenarios.Mistake{
			Status: http.StatusBadRequest, Title: "bad namespace",
			Detail: "a namespace has 1 to 100 letters, digits and -._~, and is neither . nor ..",
		}
	}
	return nil
}

func noSuchPath(in *responders.Incoming) *scenarios.Mistake {
	detail := in.Path + " is no path of any vendor"
	if nearest := responders.NearestPath(in.Path); nearest != "" {
		detail += "; did you mean " + nearest + "?"
	}
	return &scenarios.Mistake{Status: http.StatusNotFound, Title: "no such path", Detail: detail}
}

// keptBody bounds how much of a request's body the journal keeps.
const keptBody = 16 << 10

// keptSteps bounds how much of a script it keeps.
const keptSteps = 64

// keptText bounds every other text that it keeps, in bytes.
const keptText = 2 << 10

func abridged(text string) string {
	if len(text) <= keptText {
		return text
	}
	return strings.ToValidUTF8(text[:keptText], "") + "…"
}

func record(req *http.Request, in *responders.Incoming, r *scenarios.Request, d scenarios.Decision, script play.Script) journal.Exchange {
	e := journal.Exchange{
		Time: in.Now, Namespace: in.Namespace,
		Dialect: r.Dialect, Operation: r.Operation, Model: abridged(r.Model), Stream: r.Stream, Key: journal.RedactKey(r.Key),
		Method: in.Method, URL: abridged(journal.RedactURL(in.Path, req.URL.RawQuery)),
		Body: journal.RedactBody(strings.ToValidUTF8(string(in.Body[:min(len(in.Body), keptBody)]), "�")), BodyBytes: len(in.Body),
		Fingerprint: r.Fingerprint, Cause: string(d.Cause), Seed: d.Seed,
	}
	if d.Problem != nil {
		e.Problem = abridged(d.Problem.Title + ": " + d.Problem.Detail)
	}
	for _, f := range d.Fired {
		e.Rules = append(e.Rules, journal.Firing(f))
	}
	for i, step := range script {
		if i == keptSteps {
			e.Script = append(e.Script, fmt.Sprintf("… %d more steps", len(script)-i))
			break
		}
		e.Script = append(e.Script, step.String())
	}
	return e
}

func sentBy(sent play.Sent) journal.Sent {
	s := journal.Sent{
		Status: sent.Status, SentBytes: sent.Bytes, SentFrames: sent.Frames,
		FirstByte: sent.FirstByte, Took: sent.Took, ClientLeft: sent.ClientLeft,
	}
	if sent.Err != nil {
		s.Failed = sent.Err.Error()
	}
	return s
}

func (s *Server) logExchange(ctx context.Context, e journal.Exchange) {
	attrs := []slog.Attr{
		slog.Uint64("id", e.ID), slog.String("method", e.Method), slog.String("url", e.URL),
		slog.String("dialect", e.Dialect), slog.String("model", e.Model), slog.String("cause", e.Cause),
		slog.Int("status", e.Status), slog.Duration("took", e.Took),
	}
	optional := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	optional("namespace", e.Namespace)
	optional("error", e.Error)
	optional("problem", e.Problem)
	for _, f := range e.Rules {
		attrs = append(attrs, slog.String("rule", f.Rule), slog.Uint64("n", f.N))
	}
	if e.ClientLeft {
		attrs = append(attrs, slog.Bool("client_left", true))
	}
	optional("failed", e.Failed)
	s.log.LogAttrs(ctx, slog.LevelInfo, "exchange", attrs...)
}
