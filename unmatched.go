package mockllm

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
)

// errNoTest refuses [FailUnmatched] where there is nothing to fail.
var errNoTest = errors.New("mockllm: FailUnmatched needs a test that can fail: give it to RunT")

// blameUnmatched fails the test for a call that no rule is about, and tells how
// the nearest ones missed it.
func (s *Server) blameUnmatched(at visit, r *scenarios.Request, d *scenarios.Decision) {
	if !s.failUnmatched {
		return
	}
	s.tester.t.Helper()
	switch {
	case d.Cause == byServer:
		s.tester.fail(fmt.Sprintf("mockllm: %s %s: %s", r.Method, r.Path, d.Problem.Said()))
		return
	case d.Cause == scenarios.ByIdentity && r.Operation == "":
		s.tester.fail(fmt.Sprintf("mockllm: no rule can match %s %s: %s has no such path", r.Method, r.Path, r.Dialect))
		return
	}
	if !at.engine.Unmatched(r, *d) {
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "mockllm: no rule matches %s %s (dialect %s, operation %s, model %q)", r.Method, r.Path, r.Dialect, r.Operation, r.Model)
	near := at.engine.Near(scenarios.Past{Request: r, Cause: d.Cause, Redact: func(got string) string {
		if r.Key != "" {
			got = strings.ReplaceAll(got, r.Key, journal.RedactKey(r.Key))
		}
		return journal.RedactBody(got)
	}})
	for _, rule := range near[:min(len(near), nearMisses)] {
		fmt.Fprintf(&text, "\n  rule %q: %s", rule.Rule, rule.Why)
	}
	if len(near) == 0 {
		text.WriteString("; the scenario has no rules")
	}
	s.tester.fail(text.String())
}

// nearMisses is how many rules are told of a call that none of them matches.
const nearMisses = 3
