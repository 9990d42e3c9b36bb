package mockllm

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
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

// BaseURL returns what a client of the dialect takes for its base URL, as
// [Server.BaseURL] does.
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
// as times says. It fails the test of [RunT], or else panics, if there is no such
// error.
func (n *Namespace) Fail(code string, times int) {
	source, err := json.Marshal(map[string]any{"error": code, "times": times})
	if err == nil {
		_, err = n.server.Throw(context.Background(), n.name, source)
	}
	if err == nil {
		return
	}
	problem := fmt.Sprintf("mockllm: fail %q: %v", code, err)
	if n.server.tester == nil {
		panic(problem)
	}
	n.server.tester.t.Helper()
	n.server.tester.t.Fatalf("%s", problem)
}

// Advance moves the namespace's clock forward, for vendor time and waits on the
// wire alike. With a state that servers share it panics if that cannot be reached.
func (n *Namespace) Advance(d time.Duration) {
	if err := n.server.AdvanceClock(n.name, d); err != nil {
		panic(err)
	}
}

// Journal returns the exchanges of the namespace, oldest first.
func (n *Namespace) Journal() []journal.Exchange {
	found, _ := n.server.Exchanges(n.name)
	return found
}

// Reset makes the namespace as new; see [Server.Reset].
func (n *Namespace) Reset(ctx context.Context) error { return n.server.Reset(ctx, n.name) }

// Follow has the namespace follow a scenario of its own; see [Server.Follow].
func (n *Namespace) Follow(scenario *scenarios.Scenario) error {
	return n.server.Follow(n.name, scenario)
}

// Fail throws a documented error at the next calls of the default namespace;
// see [Namespace.Fail].
func (s *Server) Fail(code string, times int) { s.Namespace("").Fail(code, times) }

// Advance moves the default namespace's clock forward; see [Namespace.Advance].
func (s *Server) Advance(d time.Duration) { s.Namespace("").Advance(d) }
