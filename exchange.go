package mockllm

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
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
)

// exchange answers one request, from reading it to the journal.
func (s *Server) exchange(w http.ResponseWriter, req *http.Request) {
	s.begin()
	defer s.exchanges.Done()
	ctx, cancel := s.untilClosed(req.Context())
	defer cancel()
	var known known
	var begun *journal.Exchange // In case it panics: nil before it is in the journal.
	defer func() {
		if value := recover(); value != nil {
			var e journal.Exchange
			if begun != nil {
				e = *begun
			}
			s.rescue(ctx, w, req, known, e, value)
		}
	}()
	deadline := http.NewResponseController(w)
	deadline.SetReadDeadline(time.Now().Add(s.times.body))
	in, at := s.incoming(req)
	known.in = in
	defer s.worlds.leave(at)
	rest := s.readBody(in, req)
	if rest != nil {
		w = play.WithRemainder(w, rest)
	}
	deadline.SetReadDeadline(time.Time{})
	if in.State == responders.BodyCut {
		ctx = s.alive // The client has stopped sending, which ends the request's own context; it may still listen.
	}
	responder, d := s.consider(ctx, &at, req, &known)
	r := known.r
	defer at.engine.Done(s.alive, in.Namespace, &d)
	s.blameUnmatched(at, r, d)
	if up := at.upstream(responder, r, in, d); up != nil {
		e := new(journal.Exchange)
		begun = e
		(&passing{server: s, at: at, in: in, rest: rest, responder: responder, request: r, decision: d, upstream: up, e: e}).pass(ctx, w, req)
		return
	}
	script, entry, err := s.plan(ctx, at, responder, r, in, d)
	if err != nil {
		d.Cause, d.Problem = byServer, noRecords(err)
		script = play.Plan(responders.Own(*d.Problem), scenarios.Decision{}, nil)
	}
	var unopened error
	if script.Upgrades() {
		if unopened = s.converse(ctx, w, req, at, in, responder, r, d, script); unopened == nil {
			return // Each call on it stands in the journal by itself.
		}
	}
	e := s.record(req, in, r, d, script)
	begun = &e
	noteError(&e, responder, r, d, entry)
	e.ID = s.journal.Begin(e)
	if unopened == nil {
		e.Sent = s.play(ctx, w, script, at.clock, r.Stream)
	} else {
		e.Failed = unopened.Error()
	}
	s.observe(&e, script.Waits(), int64(len(in.Body)))
	s.journal.Finish(e.ID, e.Sent)
	e.Done = true
	s.logExchange(ctx, e)
}

// known is what is known of an exchange so far, in case it panics.
type known struct {
	in *responders.Incoming
	r  *scenarios.Request
}

// play performs the script, and counts it among the streams if it is one.
func (s *Server) play(ctx context.Context, w http.ResponseWriter, script play.Script, clock play.Clock, stream bool) journal.Sent {
	if stream {
		s.streams.Add(1)
		defer s.streams.Add(-1)
	}
	sent := play.Play(ctx, w, script, clock)
	s.tellPanic(ctx, sent.Err)
	return sentBy(sent)
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

// consider reads a request and decides on it.
func (s *Server) consider(ctx context.Context, at *visit, req *http.Request, k *known) (responders.Responder, scenarios.Decision) {
	for left := rereadings; ; left-- {
		responder, r, mistake := s.read(ctx, at, req, k.in)
		k.r = r
		if mistake != nil {
			return responder, scenarios.Decision{Cause: byServer, Problem: mistake, Seed: at.engine.Seed()}
		}
		if isNobodys(r) { // Else it would have been refused.
			return responder, passed(at)
		}
		d, err := at.engine.Decide(ctx, k.in.Now, r)
		if !errors.Is(err, scenarios.ErrStale) || left == 0 {
			return responder, decided(d, err)
		}
	}
}

// read finds out whose request it is and what it asks for. The responder is
// nil if it is nobody's; then there is a mistake.
func (s *Server) read(ctx context.Context, at *visit, req *http.Request, in *responders.Incoming) (responders.Responder, *scenarios.Request, *scenarios.Mistake) {
	mistake := s.mistake(req, in)
	if err := s.acquaint(ctx, at, in); err != nil && mistake == nil {
		mistake = noRecords(err)
	}
	responder, r := s.routes.find(req, in)
	if responder == nil {
		r = responders.Nobody(in)
		if mistake == nil && !at.passesUnknown(in) {
			mistake = noSuchPath(in)
		}
	}
	r.Records = in.Records
	return responder, r, mistake
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

func noRecords(err error) *scenarios.Mistake { return stateFailed("no records", err) }

// stateFailed is our own refusal where the state did not do what it should.
func stateFailed(title string, err error) *scenarios.Mistake {
	status := http.StatusInternalServerError
	if errors.Is(err, scenarios.ErrUnavailable) {
		status = http.StatusServiceUnavailable
	}
	return &scenarios.Mistake{Status: status, Title: title, Detail: err.Error()}
}

// plan writes the answer and the script for it, and keeps what it changes: a
// change is made whether or not its answer arrives. The entry is the documented
// error that is answered, if it is one.
func (s *Server) plan(ctx context.Context, at visit, responder responders.Responder, r *scenarios.Request, in *responders.Incoming, d scenarios.Decision) (play.Script, *catalog.Entry, error) {
	m := message(responder, r, responders.Meta{
		Entropy: d.Entropy, Now: in.Now, Edition: d.Edition, Records: in.Records,
		Tasks: at.engine.Tasks(), Vendor: at.engine.Vendor, Quota: d.Quota, Paced: play.Says(d),
	}, d)
	if err := unread(in.Records); err != nil {
		return nil, nil, err
	}
	if err := s.commit(ctx, at, in, m.Changes); err != nil {
		return nil, nil, err
	}
	if err := at.engine.Spend(ctx, in.Namespace, in.Now, &d, m.Output); err != nil {
		return nil, nil, err
	}
	m.Close = m.Close || in.State != responders.BodyComplete
	if s.quietWire {
		d.Fired = nil
	}
	return play.Plan(m, d, at.engine.Wire), cmp.Or(m.Entry, entryOf(d)), nil
}

// commit keeps what an answer changes, and says so if something is forgotten
// for it.
func (s *Server) commit(ctx context.Context, at visit, in *responders.Incoming, changes []scenarios.Change) error {
	forgotten, err := at.engine.Commit(ctx, in.Namespace, in.Now, changes)
	if forgotten > 0 {
		s.log.WarnContext(ctx, "too many records: finished ones or the oldest are forgotten", "namespace", in.Namespace, "records", forgotten)
		s.forgotten.Add(uint64(forgotten))
	}
	return err
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

// decided is the decision, or our own refusal if there is none.
func decided(d scenarios.Decision, err error) scenarios.Decision {
	if err != nil {
		d.Cause, d.Problem = byServer, stateFailed("no decision", err)
	}
	return d
}

// unread returns why records could not be read, if so.
func unread(records scenarios.View) error {
	if v, may := records.(scenarios.SharedView); may {
		return v.Err()
	}
	return nil
}

// incoming reads the head of the request, and where it belongs.
func (s *Server) incoming(req *http.Request) (*responders.Incoming, visit) {
	signed := req.URL.EscapedPath()
	inPath, path := stripNamespace(signed)
	query := req.URL.Query()
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
		case len(values) > 1 || values[0] == "":
			return badHeader(name + " must be given once, with a value")
		}
	}
	inPath, _ := stripNamespace(in.Signed)
	if inHeader := req.Header.Get(namespaceHeader); inPath != "" && inHeader != "" && inPath != inHeader {
		return badHeader(fmt.Sprintf("%s says %q, but the path %q", namespaceHeader, inHeader, inPath))
	}
	if !responders.ValidNamespace(namespace(req.Header, in.Query, inPath)) || inPath == "" && strings.HasPrefix(in.Signed, namespacePrefix) {
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
