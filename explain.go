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
	x := &exchange{server: s}
	x.in, x.at = s.incoming(req)
	defer s.worlds.leave(x.at)
	s.readBody(x.in, req)
	mistake := x.read(ctx, req)
	told := Explanation{Request: x.request}
	switch {
	case mistake != nil:
		x.decision = x.mistaken(mistake)
	case isNobodys(x.request):
		x.decision = passed(&x.at)
	default:
		var err error
		if x.decision, told.Rules, err = x.at.engine.Explain(ctx, x.in.Now, x.request); err != nil {
			return told, err
		}
	}
	told.Decision = x.decision
	defer x.at.engine.Done(ctx, x.in.Namespace, &x.decision)
	if up := x.upstream(); up != nil {
		told.Upstream = string(up.URL)
		x.e = new(journal.Exchange)
		told.Script = (&passing{exchange: x, upstream: up}).expect()
		return told, nil
	}
	script, _, err := x.plan(ctx)
	told.Script = script.Spelt()
	return told, err
}
