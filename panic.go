package mockllm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// rescue ends an exchange that panicked, with what is known of it by then: by a
// 500 of our own, or, if an answer may have begun, by breaking it off.
func (s *Server) rescue(ctx context.Context, w http.ResponseWriter, req *http.Request, k known, e journal.Exchange, value any) {
	in, r := k.in, k.r
	broken := play.Panicked(value)
	abort := value == http.ErrAbortHandler
	if !abort {
		s.tellPanic(ctx, broken)
	}
	if e.ID != 0 && !e.Done {
		e.Sent = journal.Sent{Failed: broken.Error()}
		s.observe(&e, play.Waits{}, int64(len(in.Body)))
		s.journal.Finish(e.ID, e.Sent)
		e.Done = true
		s.logExchange(ctx, e)
	}
	if e.ID != 0 || abort {
		panic(http.ErrAbortHandler)
	}
	if in == nil {
		in = &responders.Incoming{Method: req.Method, Path: req.URL.EscapedPath(), Signed: req.URL.EscapedPath(), Header: req.Header}
	}
	if r == nil {
		r = responders.Nobody(in)
	}
	mistake := play.Broken(broken)
	d := scenarios.Decision{Cause: byServer, Problem: &mistake}
	m := responders.Own(mistake)
	m.Close = true
	script := play.Plan(m, d, nil)
	e = s.record(req, in, r, d, script)
	e.ID = s.journal.Begin(e)
	e.Sent = sentBy(play.Play(ctx, w, script, play.Real())) // The clock may be what panics.
	e.Failed = broken.Error()
	s.observe(&e, script.Waits(), int64(len(in.Body)))
	s.journal.Finish(e.ID, e.Sent)
	e.Done = true
	s.logExchange(ctx, e)
}

// tellPanic logs an error that was a panic, and no other: once for each.
func (s *Server) tellPanic(ctx context.Context, err error) {
	if broken, is := errors.AsType[*play.PanicError](err); is {
		s.tester.tell(fmt.Sprintf("%v\n%s", broken, broken.Stack))
		s.log.LogAttrs(ctx, slog.LevelError, "panic", slog.Any("value", broken.Value), slog.String("stack", string(broken.Stack)))
	}
}

// broken ends a conversation that panicked. The call that it was about stands in
// the journal, or is put there.
func (c *conversation) broken(ctx context.Context, err error) {
	s := c.server
	switch {
	case c.run != nil:
		c.run.Fail(err)
		c.over(ctx)
	case c.asked != nil:
		s.tellPanic(ctx, err)
		c.at.engine.Done(s.alive, c.in.Namespace, &c.d)
		c.d.Cause = byServer
		e := s.record(c.request, c.heard, c.asked, c.d, nil)
		e.Failed, e.Done = err.Error(), true
		s.observe(&e, play.Waits{}, c.received)
		e.ID = s.journal.Begin(e)
		s.logExchange(ctx, e)
	default:
		s.tellPanic(ctx, err)
	}
}
