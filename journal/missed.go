package journal

import (
	"maps"
	"slices"

	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// A Missed tells why a rule never fired.
type Missed struct {
	Calls    int                // How many exchanges it matched.
	Exchange uint64             // The last of them that no rule before it answered or, without any, of those that it missed by least,
	Why      sentences.Sentence // and why it did not fire there.
	Distance int                // By how many conditions it missed that one; see [scenarios.Engine.Near].

	behind bool // A rule before it answered that one.
}

// Missed tells of those of the rules that fired on no exchange of the page why
// they did not, as near finds it. It knows nothing of what other servers
// answered.
func (p Page) Missed(rules []scenarios.Rule, near func(scenarios.Past) []scenarios.RuleTrace) map[string]Missed {
	missed := map[string]Missed{}
	fired := p.fired()
	if !slices.ContainsFunc(rules, func(r scenarios.Rule) bool { return !fired[r.Name] }) {
		return missed
	}
	names := slices.Collect(maps.Keys(fired))
	for i := range p.found {
		e := &p.found[i]
		if e.Raw == nil || e.Dialect == "" {
			continue
		}
		past := e.Raw.view().past(e)
		past.Fired = names // On whatever exchange.
		for _, t := range near(past) {
			m, seen := missed[t.Rule]
			if t.Distance == 0 {
				m.Calls++
			}
			if !seen || t.Distance < m.Distance || t.Distance == m.Distance && (m.behind || !t.Behind) {
				m.Exchange, m.Why, m.Distance, m.behind = e.ID, t.Why, t.Distance, t.Behind
			}
			missed[t.Rule] = m
		}
	}
	return missed
}

// fired tells which rules fired on some exchange.
func (p Page) fired() map[string]bool {
	fired := map[string]bool{}
	for i := range p.found {
		for _, f := range p.found[i].Rules {
			fired[f.Rule] = true
		}
	}
	return fired
}
