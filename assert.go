package mockllm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
)

// WantCalls fails the test, with the journal, unless the default namespace was
// called n times; see [Namespace.WantCalls].
func (s *Server) WantCalls(t T, calls int) {
	t.Helper()
	s.Namespace("").WantCalls(t, calls)
}

// WantError fails the test, with the journal, unless the default namespace
// answered the error so many times; see [Namespace.WantError].
func (s *Server) WantError(t T, name string, times int) {
	t.Helper()
	s.Namespace("").WantError(t, name, times)
}

// PrintJournal logs the exchanges of the default namespace; see
// [Namespace.PrintJournal].
func (s *Server) PrintJournal(t T, scripts ...uint64) {
	t.Helper()
	s.Namespace("").PrintJournal(t, scripts...)
}

// WantCalls fails the test, with the journal, unless the namespace was called so
// often, whatever was answered. A handshake of a WebSocket that was refused is
// a call.
func (n *Namespace) WantCalls(t T, calls int) {
	t.Helper()
	n.want(t, calls, "calls", func(e journal.Exchange) bool { return e.Method != "" })
}

// WantError fails the test, with the journal, unless the namespace answered the
// documented error so many times. It is named as in scenarios: by its id in the
// catalogue, "dashscope/model/Throttling.RateQuota", or by its code,
// "Throttling.RateQuota", which may be that of several. An error that there is not
// fails the test, too.
func (n *Namespace) WantError(t T, name string, times int) {
	t.Helper()
	entry, err := catalog.Resolve(name, catalog.Scope{})
	if err != nil && !errors.As(err, new(*catalog.AmbiguousError)) {
		t.Errorf("mockllm: %v", err)
		return
	}
	n.want(t, times, fmt.Sprintf("times error %q", name), func(e journal.Exchange) bool {
		return entry != nil && e.Error == entry.ID() || strings.HasSuffix(e.Error, "/"+name)
	})
}

func (n *Namespace) want(t T, want int, what string, counts func(journal.Exchange) bool) {
	t.Helper()
	got := 0
	for _, e := range n.Journal() {
		if counts(e) {
			got++
		}
	}
	if got != want {
		t.Errorf("mockllm: got %d %s, want %d; %s", got, what, want, n.told(nil))
	}
}

// PrintJournal logs the exchanges of the namespace, each in a line, what was done
// step by step for those of the ids given, and what was thrown and met no call yet.
func (n *Namespace) PrintJournal(t T, scripts ...uint64) {
	t.Helper()
	t.Logf("mockllm: %s", n.told(scripts))
}

// told writes the journal for people.
func (n *Namespace) told(scripts []uint64) string {
	b := new(strings.Builder)
	exchanges, evicted := n.server.journal.Exchanges(n.name)
	b.WriteString("the journal:")
	if len(exchanges) == 0 {
		b.WriteString(" empty")
	}
	if evicted > 0 {
		fmt.Fprintf(b, "\n  … %d older ones, of all namespaces, are forgotten", evicted)
	}
	for _, e := range exchanges {
		b.WriteString("\n  " + e.Line())
		if slices.Contains(scripts, e.ID) {
			b.WriteString("\n      " + strings.Join(e.Script, "\n      "))
		}
	}
	waiting, _ := n.server.Admin().Thrown(context.Background(), n.name) // A state that cannot be reached is told of elsewhere.
	for _, q := range waiting[:min(len(waiting), mostThrown)] {
		fmt.Fprintf(b, "\n  no call has met yet, %d times: %.200s", q.Left, q.Source)
	}
	return b.String()
}

// mostThrown is how many one-shots are told of that wait.
const mostThrown = 10
