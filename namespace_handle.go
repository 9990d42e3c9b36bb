package mockllm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/verdict"
)

// A Namespace is an isolated world on a server: tests that run at the same time
// each take one of their own, and see what they would see alone.
type Namespace struct {
	server *Server
	name   string
}

// Namespace returns the namespace of that name; "" is the default one. It need
// not exist: it is made when it is first called. Namespace panics if no
// namespace can have the name, which is 1 to 100 letters, digits and -._~.
func (s *Server) Namespace(name string) *Namespace {
	if !responders.ValidNamespace(name) {
		panic(fmt.Sprintf("mockllm: no namespace can be called %q", name))
	}
	return &Namespace{server: s, name: name}
}

// Name returns the namespace's name.
func (n *Namespace) Name() string { return n.name }

// URL returns the address of the vendors' paths in the namespace.
func (n *Namespace) URL() string {
	if n.name == "" {
		return n.server.URL()
	}
	return n.server.URL() + namespacePrefix + n.name
}

// BaseURL returns what a client of the dialect takes for its base URL: it ends
// in /api/v1 for "dashscope-native", in /compatible-mode/v1 for
// "dashscope-compatible" and "dashscope-responses", in /apps/anthropic for
// "dashscope-anthropic", in /v2 for "qianfan-v2" and "qianfan-responses",
// in /anthropic for "qianfan-anthropic", and is the bare host for the other
// dialects of Qianfan. That of a WebSocket begins with ws or wss. It panics if
// there is no such dialect.
func (n *Namespace) BaseURL(dialect string) string {
	d, known := catalog.DialectNamed(dialect)
	if !known {
		panic(fmt.Sprintf("mockllm: there is no dialect %q", dialect))
	}
	url := n.URL()
	if d.Sockets {
		url = strings.Replace(url, "http", "ws", 1)
	}
	return url + d.BasePath
}

// Fail throws a documented error at the next calls that can meet it, as often
// as times says. An error that there is not fails the test of [RunT], which goes on,
// or else panics.
func (n *Namespace) Fail(code string, times int) {
	source, err := json.Marshal(map[string]any{"error": code, "times": times})
	if err == nil {
		_, err = n.server.Admin().Throw(context.Background(), n.name, source)
	}
	if err == nil {
		return
	}
	if invalid := new(scenarios.InvalidError); errors.As(err, &invalid) {
		err = errors.New(invalid.Problems[0].Text) // Nobody has written a one-shot here, in which it stands.
	}
	problem := fmt.Sprintf("mockllm: fail %q, %d times: %v", code, times, err)
	if n.server.tester == nil {
		panic(problem)
	}
	n.server.tester.t.Helper()
	n.server.tester.fail(problem)
}

// Advance moves the namespace's clock forward, for vendor time and waits on the
// wire alike. It panics if the duration is negative, if the clock would be more
// than 100 years ahead, or if the state is shared by servers and cannot be reached.
func (n *Namespace) Advance(d time.Duration) {
	if err := n.server.Admin().AdvanceClock(n.name, d); err != nil {
		panic(err)
	}
}

// Journal returns the exchanges of the namespace, oldest first.
func (n *Namespace) Journal() []journal.Exchange {
	exchanges, _ := n.server.journal.Exchanges(n.name)
	return exchanges
}

// AwaitExchanges returns the exchanges of the namespace that are over, oldest
// first, as soon as there are so many of them: a client may have read its answer
// before the journal knows how it ended. It returns fewer if some were evicted.
// The error is the context's, or says that the server closed.
func (n *Namespace) AwaitExchanges(ctx context.Context, atLeast int) ([]journal.Exchange, error) {
	if err := n.server.journal.Await(ctx, n.name, atLeast); err != nil {
		return nil, fmt.Errorf("mockllm: wait for %d exchanges: %w", atLeast, err)
	}
	return slices.DeleteFunc(n.Journal(), func(e journal.Exchange) bool { return !e.Done }), nil
}

// Verdict says how the client of the namespace behaved so far, by the scenario
// and the journal; see [verdict.Judge].
func (n *Namespace) Verdict() *verdict.Verdict { return n.server.Admin().Judge(n.name) }

// Follow has the namespace follow a scenario from its next call on; nil follows
// the default namespace's again. Counters go on where rules keep their names:
// [Namespace.Reset] begins anew. Namespaces without a scenario of their own follow
// the default one's.
func (n *Namespace) Follow(scenario *scenarios.Scenario) error {
	return n.server.Admin().FollowIf(n.name, scenario, whatever)
}

// whatever is followed until now may be replaced.
func whatever(*scenarios.Scenario) bool { return true }

// Reset makes the namespace as new: counters, windows, limits, one-shots, records
// and journal. Its scenario and its clock stay.
func (n *Namespace) Reset(ctx context.Context) error { return n.server.Admin().Reset(ctx, n.name) }

// BaseURL returns what a client of the dialect takes for its base URL; see
// [Namespace.BaseURL].
func (s *Server) BaseURL(dialect string) string { return s.Namespace("").BaseURL(dialect) }

// Fail throws a documented error at the next calls of the default namespace;
// see [Namespace.Fail].
func (s *Server) Fail(code string, times int) {
	if s.tester != nil {
		s.tester.t.Helper()
	}
	s.Namespace("").Fail(code, times)
}

// Advance moves the default namespace's clock forward; see [Namespace.Advance].
func (s *Server) Advance(d time.Duration) { s.Namespace("").Advance(d) }

// Journal returns the exchanges of the default namespace, oldest first.
func (s *Server) Journal() []journal.Exchange { return s.Namespace("").Journal() }

// AwaitExchanges waits for exchanges of the default namespace to be over; see
// [Namespace.AwaitExchanges].
func (s *Server) AwaitExchanges(ctx context.Context, atLeast int) ([]journal.Exchange, error) {
	return s.Namespace("").AwaitExchanges(ctx, atLeast)
}

// Verdict says how the client of the default namespace behaved so far; see
// [Namespace.Verdict].
func (s *Server) Verdict() *verdict.Verdict { return s.Namespace("").Verdict() }

// Follow has the default namespace follow a scenario, and all those that have none
// of their own; see [Namespace.Follow].
func (s *Server) Follow(scenario *scenarios.Scenario) error { return s.Namespace("").Follow(scenario) }

// Reset makes the default namespace as new; see [Namespace.Reset].
func (s *Server) Reset(ctx context.Context) error { return s.Namespace("").Reset(ctx) }
