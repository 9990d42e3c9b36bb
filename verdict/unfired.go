package verdict

import (
	"cmp"
	"math"
	"slices"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// unfired says which rules never fired although they have to, and why as far as
// that is known.
func (q *inquest) unfired(missed map[string]journal.Missed) (said []sentences.Sentence) {
	told := map[string]bool{}
	for i := range q.scenario.Rules {
		name := q.scenario.Rules[i].Name
		if told[name] || q.fired[name] || q.mayRest(name) {
			continue
		}
		never, it, rules := sentences.New("rule %q never fired", name), sentences.New("it"), []string{name}
		if several := q.several(name); several != nil {
			rules = several.Rules
			name = nearest(rules, missed)
			never, it = sentences.New("none of the %s fired, and one has to", several.Said()), sentences.New("rule %q", name)
		}
		for _, rule := range rules {
			told[rule] = true
		}
		m, known := missed[name]
		switch {
		case !known:
		case m.Calls > 0:
			never = sentences.New("%s: %s matched %s; on #%d: %s", never, it, counted(m.Calls, "%d call", "%d calls"), m.Exchange, m.Why)
		default:
			never = sentences.New("%s: no call matched, the nearest to %s was #%d: %s", never, it, m.Exchange, m.Why)
		}
		said = append(said, never)
	}
	return said
}

// mayRest reports whether nothing is missing if the rule does not fire: of several
// that an expectation is about, one is enough.
func (q *inquest) mayRest(rule string) bool {
	return slices.ContainsFunc(q.scenario.Expect, func(x scenarios.Expect) bool {
		return x.Names(rule) && (x.MayRest() || slices.ContainsFunc(x.Rules, func(other string) bool { return q.fired[other] }))
	})
}

// several returns the expectation that is about the rule and others, or nil.
func (q *inquest) several(rule string) *scenarios.Expect {
	for i := range q.scenario.Expect {
		if x := &q.scenario.Expect[i]; slices.Contains(x.Rules, rule) {
			return x
		}
	}
	return nil
}

// nearest returns the rule that matched most or, if none did, missed by least.
func nearest(rules []string, missed map[string]journal.Missed) string {
	far := func(rule string) int {
		switch m, known := missed[rule]; {
		case !known:
			return math.MaxInt
		case m.Calls > 0:
			return -m.Calls
		default:
			return m.Distance
		}
	}
	return slices.MinFunc(rules, func(a, b string) int { return cmp.Compare(far(a), far(b)) })
}
