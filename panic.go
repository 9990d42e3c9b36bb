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
func (x *exchange) rescue(ctx context.Context, w http.ResponseWriter, req *http.Request, value any) {
	s, in, r, e := x.server, x.in, x.request, x.e
	broken := play.Panicked(value)
	abort := value == http.ErrAbortHandler
	if !abort {
		s.tellPanic(ctx, broken)
	}
	entered := e != nil && e.ID != 0
	if entered && !e.Done {
		e.Sent = journal.Sent{Failed: broken.Error()}
		s.observe(e, play.Waits{}, int64(len(in.Body)))
		s.finish(ctx, e)
	}
	if entered || abort {
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
	s.enter(e)
	e.Sent = sentBy(play.Play(ctx, w, script, play.Real())) // The clock may be what panics.
	e.Failed = broken.Error()
	s.observe(e, script.Waits(), int64(len(in.Body)))
	s.finish(ctx, e)
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
		s.observe(e, play.Waits{}, c.received)
		s.enter(e)
		s.logExchange(ctx, e)
	default:
		s.tellPanic(ctx, err)
	}
}
