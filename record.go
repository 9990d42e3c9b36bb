package mockllm

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// record makes what the journal keeps of an exchange. Nothing is written out or
// redacted here: hardly anybody reads it.
func (s *Server) record(req *http.Request, in *responders.Incoming, r *scenarios.Request, d scenarios.Decision, script play.Script) *journal.Exchange {
	e := &journal.Exchange{
		Time: in.Now, Namespace: in.Namespace, Volume: d.Volume, Dialect: r.Dialect, Operation: r.Operation, Stream: r.Stream,
		Method: in.Method, BodyBytes: len(in.Body), Fingerprint: r.Fingerprint, Cause: string(d.Cause), Limit: d.Limit, Seed: d.Seed,
		RetryAfter: retryAfter(script),
		Raw: journal.Keep(journal.Call{
			Request: r, Header: in.Header, Body: in.Body, Host: in.Host, Path: in.Signed, Query: req.URL.RawQuery,
			Script: script, Passed: d.Passed,
		}),
	}
	e.Connection, _ = s.connection(req.Context())
	if d.Problem != nil {
		e.Refuse(d.Problem.Said())
	}
	for _, f := range d.Fired {
		e.Rules = append(e.Rules, journal.Firing(f))
	}
	return e
}

// retryAfter returns how long the script's answer asks the client to wait.
func retryAfter(script play.Script) time.Duration {
	for i := range script {
		if step := &script[i]; step.Kind == play.Head {
			given := step.Header.Get("Retry-After")
			if given == "" {
				return 0
			}
			seconds, _ := strconv.ParseUint(given, 10, 31)
			return time.Duration(seconds) * time.Second
		}
	}
	return 0
}

// noteError tells which documented error is answered, and how. One that a
// look-up among records ends in was never decided on.
func noteError(e *journal.Exchange, responder responders.Responder, r *scenarios.Request, d scenarios.Decision, entry *catalog.Entry) {
	if d.Fault != nil {
		e.Fault = string(d.Fault.Kind)
	}
	if entry == nil {
		return
	}
	e.Error = entry.ID()
	f := cmp.Or(d.Failure, &scenarios.Failure{Entry: entry, Variant: &entry.Variants[0]})
	e.Retry = string(f.Variant.Retry)
	e.Delivery = string(responders.DeliveryOf(responder.Dialect(), r, responders.Meta{Edition: d.Edition}, f))
}

// connectionKey is the key of a connection's number in the contexts of its
// requests, where the server itself listens for them.
type connectionKey struct{ of *Server }

// numbered gives every connection its number, from 1.
func (s *Server) numbered(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{s}, s.connections.Add(1))
}

// connection returns the number of the connection that a request came on, and
// whether it came through a listener of the server's.
func (s *Server) connection(ctx context.Context) (number uint64, ours bool) {
	number, ours = ctx.Value(connectionKey{s}).(uint64)
	return number, ours
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

// enter puts an exchange into the journal.
func (s *Server) enter(e *journal.Exchange) { e.ID = s.journal.Begin(*e) }

// finish writes down what was sent of an exchange that is in the journal.
func (s *Server) finish(ctx context.Context, e *journal.Exchange) {
	s.journal.Finish(e.ID, e.Sent)
	e.Done = true
	s.logExchange(ctx, e)
}

func (s *Server) logExchange(ctx context.Context, e *journal.Exchange) {
	s.tester.log(e)
	if s.log.Enabled(ctx, slog.LevelInfo) {
		s.logBrief(ctx, e.Brief())
	}
}

func (s *Server) logBrief(ctx context.Context, e journal.Exchange) {
	attrs := []slog.Attr{
		slog.Uint64("id", e.ID), slog.String("method", e.Method), slog.String("url", e.URL),
		slog.String("cause", e.Cause), slog.Int("status", e.Status), slog.Int64("sent_bytes", e.SentBytes), slog.Int64("took_ns", int64(e.Took)),
	}
	optional := func(name, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(name, value))
		}
	}
	flag := func(name string, value bool) {
		if value {
			attrs = append(attrs, slog.Bool(name, true))
		}
	}
	optional("namespace", e.Namespace)
	optional("dialect", e.Dialect)
	optional("operation", e.Operation)
	optional("model", e.Model)
	flag("stream", e.Stream)
	optional("error", e.Error)
	optional("fault", e.Fault)
	optional("problem", e.Problem)
	optional("limit", e.Limit)
	if len(e.Rules) > 0 {
		attrs = append(attrs, slog.Any("rules", e.Rules))
	}
	flag("client_left", e.ClientLeft)
	optional("failed", e.Failed)
	s.log.LogAttrs(ctx, slog.LevelInfo, "exchange", attrs...)
}
