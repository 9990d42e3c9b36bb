package mockllm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/journal"
)

// WantCalls fails the test, with the journal, unless the default namespace was
// called n times; see [Namespace.WantCalls].
func (s *Server) WantCalls(t T, n int) {
	t.Helper()
	s.Namespace("").WantCalls(t, n)
}

// WantError fails the test, with the journal, unless the default namespace
// answered the error n times; see [Namespace.WantError].
func (s *Server) WantError(t T, id string, n int) {
	t.Helper()
	s.Namespace("").WantError(t, id, n)
}

// PrintJournal logs the exchanges of the default namespace; see
// [Namespace.PrintJournal].
func (s *Server) PrintJournal(t T, scripts ...uint64) {
	t.Helper()
	s.Namespace("").PrintJournal(t, scripts...)
}

// WantCalls fails the test, with the journal, unless the namespace was called n
// times, whatever was answered. A handshake of a WebSocket that was refused is
// a call.
func (n *Namespace) WantCalls(t T, calls int) {
	t.Helper()
	n.want(t, calls, "calls", func(e journal.Exchange) bool { return e.Method != "" })
}

// WantError fails the test, with the journal, unless the namespace answered the
// documented error n times. It is named by its id in the catalogue,
// "dashscope/model/Throttling.RateQuota", or by the end of that,
// "Throttling.RateQuota".
func (n *Namespace) WantError(t T, id string, times int) {
	t.Helper()
	n.want(t, times, fmt.Sprintf("times error %q", id), func(e journal.Exchange) bool {
		return e.Error == id || strings.HasSuffix(e.Error, "/"+id)
	})
}

func (n *Namespace) want(t T, want int, what string, counts func(journal.Exchange) bool) {
	t.Helper()
	exchanges, evicted := n.server.Exchanges(n.name)
	got := 0
	for _, e := range exchanges {
		if counts(e) {
			got++
		}
	}
	if got != want {
		t.Errorf("mockllm: got %d %s, want %d; the journal:%s", got, what, want, told(exchanges, evicted, nil))
	}
}

// PrintJournal logs the exchanges of the namespace, each in a line, and what
// was done step by step for those of the ids given.
func (n *Namespace) PrintJournal(t T, scripts ...uint64) {
	t.Helper()
	exchanges, evicted := n.server.Exchanges(n.name)
	t.Logf("mockllm: the journal:%s", told(exchanges, evicted, scripts))
}

// told writes exchanges for people.
func told(exchanges []journal.Exchange, evicted uint64, scripts []uint64) string {
	var b strings.Builder
	if evicted > 0 {
		fmt.Fprintf(&b, "\n  … %d older ones, of all namespaces, are forgotten", evicted)
	}
	for _, e := range exchanges {
		b.WriteString("\n  " + e.Line())
		if slices.Contains(scripts, e.ID) {
			b.WriteString("\n      " + strings.Join(e.Script, "\n      "))
		}
	}
	if len(exchanges) == 0 {
		b.WriteString(" empty")
	}
	return b.String()
}
