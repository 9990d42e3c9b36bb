package mockllm

import (
	"context"
	"net/http"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// An Explanation tells what would become of a request.
type Explanation struct {
	Request  *scenarios.Request
	Decision scenarios.Decision
	Rules    scenarios.Trace // What became of every rule, in file order.
	Script   play.Script     // What would happen on the connection.
}

// Explain tells what would become of the request. It counts like a call that
// is really made, so that the n-th Explain tells of the n-th call; nothing is
// sent and nothing comes into the journal.
func (s *Server) Explain(ctx context.Context, req *http.Request) (Explanation, error) {
	in := s.incoming(req)
	responder, r, mistake := s.read(req, in)
	x := Explanation{Request: r, Decision: scenarios.Decision{Cause: byServer, Problem: mistake, Seed: s.engine.Seed()}}
	if mistake == nil {
		var err error
		if x.Decision, x.Rules, err = s.engine.Explain(ctx, in.Now, r); err != nil {
			return x, err
		}
	}
	var err error
	x.Script, _, err = s.plan(ctx, responder, r, in, x.Decision)
	return x, err
}
