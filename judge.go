package mockllm

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/verdict"
)

func (s manager) Judge(namespace string) *verdict.Verdict {
	engine := s.now(namespace).engine
	page := s.journal.Find(namespace, journal.Filter{})
	return verdict.Judge(verdict.Input{
		Scenario: engine.Scenario(), Exchanges: slices.Collect(page.All()), Evicted: page.EvictedHere, Unread: page.Err,
		Missed: page.Missed(engine.Scenario().Rules, engine.Near), Seed: engine.Seed(), Speed: engine.Speed(),
	})
}

func (s manager) JudgedFrom(namespace string) string {
	engine := s.now(namespace).engine
	scenario := engine.Scenario()
	revision, known := s.journal.Revision(namespace)
	if !known || !isKnownByText(scenario) {
		return ""
	}
	born := s.worlds.main.created.UnixNano() // Another server's revisions begin again.
	from := fmt.Sprintf("%q %s %d %g %d %d", scenario.Name, scenario.Hash(), engine.Seed(), engine.Speed(), born, revision)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(from)))[:16]
}

// isKnownByText reports whether no two scenarios of the same name and text are
// judged by otherwise. Those that were built in Go have no text; only one that
// says nothing is like all others that do.
func isKnownByText(s *scenarios.Scenario) bool {
	return s.Source() != nil || len(s.Rules)+len(s.Limits)+len(s.Expect) == 0 && !s.ScaleWire
}
