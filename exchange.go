package mockllm

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// An exchange is one request on its way to its answer. It has what has to outlive
// the reading and deciding, so that thousands of streams under way hold no more.
type exchange struct {
	server    *Server
	at        visit
	in        *responders.Incoming
	rest      *play.Remainder      // Of a body that is longer than we read.
	responder responders.Responder // Nil for a path of nobody.
	request   *scenarios.Request
	decision  scenarios.Decision
	e         *journal.Exchange // As the journal keeps it; nil before it is to.
}

// exchange answers one request, from reading it to the journal.
func (s *Server) exchange(w http.ResponseWriter, req *http.Request) {
	s.begin()
	defer s.exchanges.Done()
	ctx, cancel := s.untilClosed(req.Context())
	defer cancel()
	x := &exchange{server: s}
	defer func() {
		if value := recover(); value != nil {
			x.rescue(ctx, w, req, value)
		}
	}()
	x.receive(w, req)
	defer s.worlds.leave(x.at)
	if x.rest != nil {
		w = play.WithRemainder(w, x.rest)
	}
	if x.in.State == responders.BodyCut {
		ctx = s.alive // The client has stopped sending, which ends the request's own context; it may still listen.
	}
	x.consider(ctx, req)
	defer x.at.engine.Done(s.alive, x.in.Namespace, &x.decision)
	s.blameUnmatched(x.at, x.request, &x.decision)
	if up := x.upstream(); up != nil {
		(&passing{exchange: x, upstream: up}).pass(ctx, w, req)
		return
	}
	script, entry := x.scripted(ctx)
	var unopened error
	if script.Upgrades() {
		if unopened = x.converse(ctx, w, req, script); unopened == nil {
			return // Each call on it stands in the journal by itself.
		}
	}
	x.begin(req, script, entry)
	if unopened == nil {
		x.play(ctx, w, script)
	} else {
		x.e.Failed = unopened.Error()
	}
	s.observe(x.e, script.Waits(), int64(len(x.in.Body)))
	s.finish(ctx, x.e)
}

// receive reads the request, its body in the time there is for it.
func (x *exchange) receive(w http.ResponseWriter, req *http.Request) {
	s, deadline := x.server, http.NewResponseController(w)
	deadline.SetReadDeadline(time.Now().Add(s.times.body))
	x.in, x.at = s.incoming(req)
	x.rest = s.readBody(x.in, req)
	deadline.SetReadDeadline(time.Time{})
}

// begin puts the exchange into the journal.
func (x *exchange) begin(req *http.Request, script play.Script, entry *catalog.Entry) {
	x.e = x.server.record(req, x.in, x.request, x.decision, script)
	noteError(x.e, x.responder, x.request, x.decision, entry)
	x.server.enter(x.e)
}

// play performs the script, and counts it among the streams if it is one.
func (x *exchange) play(ctx context.Context, w http.ResponseWriter, script play.Script) {
	if x.request.Stream {
		x.server.streams.Add(1)
		defer x.server.streams.Add(-1)
	}
	x.played(ctx, play.Play(ctx, w, script, x.at.clock))
}

// played notes what was sent.
func (x *exchange) played(ctx context.Context, sent play.Sent) {
	x.server.tellPanic(ctx, sent.Err)
	x.e.Sent = sentBy(sent)
}

// untilClosed ends the context when the server closes: a request that came
// through a server of somebody else does not know of that.
func (s *Server) untilClosed(ctx context.Context) (context.Context, func()) {
	if _, ours := s.connection(ctx); ours {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(s.alive, func() { cancel(play.ErrClosed) })
	return ctx, func() {
		stop()
		cancel(nil)
	}
}

// rereadings bounds how often a request is read anew because records changed
// while it was decided on. Each time it is the records of another change.
const rereadings = 10

// consider reads the request for what it asks, and decides on it.
func (x *exchange) consider(ctx context.Context, req *http.Request) {
	for left := rereadings; ; left-- {
		err := x.decide(ctx, x.read(ctx, req))
		if !errors.Is(err, scenarios.ErrStale) || left == 0 {
			return
		}
	}
}

// decide decides on what was read. The error is why that could not be.
func (x *exchange) decide(ctx context.Context, mistake *scenarios.Mistake) error {
	switch {
	case mistake != nil:
		x.decision = x.mistaken(mistake)
	case isNobodys(x.request): // Else it would have been refused.
		x.decision = passed(&x.at)
	default:
		d, err := x.at.engine.Decide(ctx, x.in.Now, x.request)
		x.decision = decided(d, err)
		return err
	}
	return nil
}

// mistaken is our own refusal of a request.
func (x *exchange) mistaken(mistake *scenarios.Mistake) scenarios.Decision {
	return scenarios.Decision{Cause: byServer, Problem: mistake, Seed: x.at.engine.Seed()}
}

// read finds out whose request it is and what it asks for. The responder is
// nil if it is nobody's; then there is a mistake.
func (x *exchange) read(ctx context.Context, req *http.Request) *scenarios.Mistake {
	s, in := x.server, x.in
	mistake := s.mistake(req, in)
	if err := s.acquaint(ctx, &x.at, in); err != nil && mistake == nil {
		mistake = noRecords(err)
	}
	x.responder, x.request = s.routes.find(req, in)
	if x.responder == nil {
		x.request = responders.Nobody(in)
		if mistake == nil && !x.at.passesUnknown(in) {
			mistake = noSuchPath(in)
		}
	}
	x.request.Records = in.Records
	return mistake
}

// acquaint tells what the vendor knows beforehand.
func (s *Server) acquaint(ctx context.Context, at *visit, in *responders.Incoming) (err error) {
	in.Records, err = at.engine.View(ctx, in.Namespace)
	if view, shared := in.Records.(scenarios.SharedView); shared && err == nil {
		err = s.agreedOn(at, view)
		in.Now = at.clock.Now() // It may be another time by now.
	}
	in.Scenario, in.Vendor = at.engine.Scenario(), at.engine.Vendor
	return err
}

func noRecords(err error) *scenarios.Mistake { return stateFailed(sentences.Plain("no records"), err) }

// stateFailed is our own refusal where the state did not do what it should.
func stateFailed(title sentences.Sentence, err error) *scenarios.Mistake {
	status := http.StatusInternalServerError
	if errors.Is(err, scenarios.ErrUnavailable) {
		status = http.StatusServiceUnavailable
	}
	return &scenarios.Mistake{Status: status, Title: title, Detail: sentences.Of(err)}
}

// byServer is the cause of refusals that are ours alone.
const byServer scenarios.Cause = "server"

// decided is the decision, or our own refusal if there is none.
func decided(d scenarios.Decision, err error) scenarios.Decision {
	if err != nil {
		d.Cause, d.Problem = byServer, stateFailed(sentences.Plain("no decision"), err)
	}
	return d
}

// incoming reads the head of the request, and where it belongs.
func (s *Server) incoming(req *http.Request) (*responders.Incoming, visit) {
	signed := req.URL.EscapedPath()
	inPath, path := stripNamespace(signed)
	query := responders.ParseQuery(req.URL.RawQuery)
	in := &responders.Incoming{
		Namespace: namespace(req.Header, query, inPath), Host: host(req), Public: s.publicURL,
		Method: req.Method, Path: path, Signed: signed, Query: query,
		Header: req.Header, Asked: req.Header.Get(errorHeader),
	}
	if !responders.ValidNamespace(in.Namespace) {
		in.Namespace = "" // It is refused, and stands where somebody can read it.
	}
	at := s.visit(in.Namespace)
	in.Now = at.clock.Now()
	return in, at
}

// readBody reads the body of the request, up to the bound. It returns what is
// beyond, which only upstream may want; nil if that is nothing.
func (s *Server) readBody(in *responders.Incoming, req *http.Request) *play.Remainder {
	if req.Body == nil {
		return nil
	}
	rest := play.NewRemainder(req.Body)
	body, err := readAll(io.LimitReader(rest, s.maxBody+1), req.ContentLength)
	in.Body = body
	switch {
	case int64(len(body)) > s.maxBody:
		in.Body, in.State = body[:s.maxBody], responders.BodyTooLarge
		rest.Unread(body[s.maxBody:])
		return rest
	case err != nil:
		in.State = responders.BodyCut
	}
	return nil
}

// readAll is [io.ReadAll] for what is announced to be so long; -1 is unknown.
func readAll(r io.Reader, length int64) ([]byte, error) {
	const believed = 64 << 10 // Whoever announces more has to send it first.
	if length <= 0 || length > believed {
		return io.ReadAll(r)
	}
	b := make([]byte, 0, length+1) // Room to see the end.
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return b, err
		case len(b) == cap(b):
			b = slices.Grow(b, bytes.MinRead)
		}
	}
}

// host returns scheme and host as the client sees them.
func host(req *http.Request) string {
	if req.TLS != nil {
		return "https://" + req.Host
	}
	return "http://" + req.Host
}

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
		case len(values) != 1 || values[0] == "":
			return badHeader(sentences.New("%s must be given once, with a value", name))
		}
	}
	inPath, _ := stripNamespace(in.Signed)
	if inHeader := req.Header.Get(namespaceHeader); inPath != "" && inHeader != "" && inPath != inHeader {
		return badHeader(sentences.New("%s says %q, but the path %q", namespaceHeader, inHeader, inPath))
	}
	if !responders.ValidNamespace(namespace(req.Header, in.Query, inPath)) || inPath == "" && strings.HasPrefix(in.Signed, namespacePrefix) {
		return &scenarios.Mistake{
			Status: http.StatusBadRequest, Title: sentences.Plain("bad namespace"),
			Detail: sentences.New("a namespace has 1 to 100 letters, digits and -._~, and is neither . nor .."),
		}
	}
	return nil
}

func noSuchPath(in *responders.Incoming) *scenarios.Mistake {
	detail := sentences.New("%s is no path of any vendor", in.Path)
	nearest := responders.NearestPath(in.Path)
	host, key := responders.PlanAt(in.Path)
	switch {
	case host != "":
		detail = sentences.New("%s is answered on the host %s and for keys that begin with %s; did you mean %s?", in.Path, host, key, nearest)
	case nearest != "":
		detail = sentences.New("%s is no path of any vendor; did you mean %s?", in.Path, nearest)
	}
	return &scenarios.Mistake{Status: http.StatusNotFound, Title: sentences.Plain("no such path"), Detail: detail}
}
