package mockllm

import (
	"slices"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/verdict"
)

// Verdict says how the client of the default namespace behaved so far, by the
// scenario and the journal; see [verdict.Judge].
func (s *Server) Verdict() *verdict.Verdict { return s.Judge("") }

// Verdict says how the client of the namespace behaved so far; see
// [Server.Verdict].
func (n *Namespace) Verdict() *verdict.Verdict { return n.server.Judge(n.name) }

// Judge implements [admin.Server].
func (s *Server) Judge(namespace string) *verdict.Verdict {
	engine := s.now(namespace).engine
	page := s.journal.Find(namespace, journal.Filter{})
	return verdict.Judge(verdict.Input{
		Scenario: engine.Scenario(), Exchanges: slices.Collect(page.All()), Evicted: page.EvictedHere, Unread: page.Err,
		Seed: engine.Seed(), Speed: engine.Speed(),
	})
}
