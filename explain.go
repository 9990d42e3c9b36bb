package mockllm

import (
	"context"
	"net/http"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// An Explanation tells what would become of a request.
type Explanation struct {
	Request  *scenarios.Request
	Decision scenarios.Decision
	Rules    scenarios.Trace // What became of every rule, in file order.
	Script   play.Script     // What would happen on the connection.
	Upstream string          // Where the call would go, which is not asked; "" if nowhere.
}

// Explain tells what would become of the request. It counts like a call that
// is really made, so that the n-th Explain tells of the n-th call; nothing is
// sent and nothing comes into the journal.
func (s *Server) Explain(ctx context.Context, req *http.Request) (Explanation, error) {
	in, at := s.incoming(req)
	defer s.worlds.leave(at)
	s.readBody(in, req)
	responder, r, mistake := s.read(ctx, &at, req, in)
	x := Explanation{Request: r, Decision: scenarios.Decision{Cause: byServer, Problem: mistake, Seed: at.engine.Seed()}}
	switch {
	case mistake != nil:
	case isNobodys(r):
		x.Decision = passed(&at)
	default:
		var err error
		if x.Decision, x.Rules, err = at.engine.Explain(ctx, in.Now, r); err != nil {
			return x, err
		}
	}
	defer at.engine.Done(ctx, in.Namespace, &x.Decision)
	if up := at.upstream(responder, r, in, x.Decision); up != nil {
		x.Upstream = string(up.URL)
		x.Script = (&passing{server: s, at: at, in: in, responder: responder, request: r, decision: x.Decision, upstream: up, e: new(journal.Exchange)}).expect()
		return x, nil
	}
	script, _, err := s.plan(ctx, at, responder, r, in, x.Decision)
	x.Script = script.Spelt()
	return x, err
}
