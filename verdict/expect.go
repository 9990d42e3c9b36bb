package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
)

// held is what one key of an expectation came to.
type held struct {
	status   Status
	text     string
	evidence []Evidence
	mixed    bool // A call failed of which nothing is certain.
}

// picked is what an expectation is about.
type picked struct {
	*scenarios.Expect
	exchanges []*journal.Exchange
	calls     []*call // Those with such an exchange.
	evicted   bool
	seen      map[scenarios.FindingKind][]Evidence
}

// hold holds one [[expect]] against the journal, key by key.
func (q *inquest) hold(i int, x *scenarios.Expect, evicted bool, seen map[scenarios.FindingKind][]Evidence) (all []Expectation) {
	p := q.pick(x)
	p.evicted, p.seen = evicted, seen
	for _, key := range []struct {
		name, want string
		given      bool
		check      func(*picked) held
	}{
		{"min_calls", number(x.MinCalls), x.MinCalls != nil, minCalls},
		{"max_calls", number(x.MaxCalls), x.MaxCalls != nil, maxCalls},
		{"max_attempts", fmt.Sprint(x.MaxAttempts), x.MaxAttempts > 0, maxAttempts},
		{"max_accepted", fmt.Sprint(x.MaxAccepted), x.MaxAccepted > 0, maxAccepted},
		{"min_gap", duration(x.MinGap), x.MinGap != nil, minGap},
		{"max_wait", duration(x.MaxWait), x.MaxWait != nil, q.maxWait},
		{"final", string(x.Final), x.Final != "", final},
		{"order", strings.Join(x.Order, ", "), x.Order != nil, q.order},
		{"never", joined(x.Never), x.Never != nil, q.never},
	} {
		if !key.given {
			continue
		}
		h, decided := p.withoutCalls(key.name)
		if !decided {
			h = key.check(p)
		}
		all = append(all, Expectation{
			Number: i + 1, Line: x.Line, About: x.String(), Key: key.name, Want: key.want,
			Status: h.status, Text: h.text, Evidence: h.evidence[:min(len(h.evidence), maxEvidence)],
		})
	}
	return all
}

// pick finds what the expectation is about. Fetching a token is part of a
// call, not a call, unless it is asked for by name.
func (q *inquest) pick(x *scenarios.Expect) *picked {
	p := &picked{Expect: x}
	for _, e := range q.all {
		if selects(x, e) {
			p.exchanges = append(p.exchanges, e)
		}
	}
	for _, c := range q.calls {
		if slices.ContainsFunc(c.attempts, func(e *journal.Exchange) bool { return selects(x, e) }) {
			p.calls = append(p.calls, c)
		}
	}
	return p
}

func selects(x *scenarios.Expect, e *journal.Exchange) bool {
	fired := slices.ContainsFunc(e.Rules, func(f journal.Firing) bool { return x.Names(f.Rule) })
	switch {
	case x.OfAll():
		return !isToken(e)
	case x.Operation != "" && string(x.Operation) != e.Operation:
		return false
	default:
		return x.Rule == "" && x.Rules == nil || fired
	}
}

// touches reports whether the evidence is about a call that the expectation is
// about. One about all calls is about everything.
func (q *inquest) touches(x *scenarios.Expect, e Evidence) bool {
	if x.OfAll() {
		return true
	}
	return slices.ContainsFunc(e.Exchanges, func(id uint64) bool { return selects(x, q.byID[id]) })
}

// withoutCalls decides on an expectation about calls that never came: nothing
// was tried then, unless that is what is expected.
func (p *picked) withoutCalls(key string) (held, bool) {
	switch {
	case len(p.exchanges) > 0 || key == "order":
		return held{}, false
	case p.MayRest():
		return held{status: Pass, text: "was never called"}, true
	case key == "min_calls" && p.Rule == "" && p.Rules == nil && p.Operation != "" && !p.evicted:
		return held{}, false // The client did not call it.
	default:
		return held{status: Inconclusive, text: "was never called"}, true
	}
}

func minCalls(p *picked) held {
	h := held{status: Pass, text: counted(len(p.exchanges), "call")}
	if uint64(len(p.exchanges)) < uint64(*p.MinCalls) {
		h.status = Fail
		if p.evicted {
			h.status = Inconclusive
		}
	}
	return h
}

func maxCalls(p *picked) held {
	h := held{status: Pass, text: counted(len(p.exchanges), "call")}
	if most := uint64(*p.MaxCalls); uint64(len(p.exchanges)) > most {
		h.status = Fail
		h.evidence = []Evidence{of("the calls beyond", p.exchanges[most:]...)}
	}
	return h
}

func maxAttempts(p *picked) held {
	h, most := held{status: Pass}, 0
	for _, c := range p.calls {
		n := len(c.attempts)
		most = max(most, n)
		if uint64(n) > uint64(p.MaxAttempts) {
			h.failCall(c, of(describe(c.last())+" took "+counted(n, "attempt"), c.attempts...))
		}
	}
	h.text = "the most was " + counted(most, "attempt")
	return h.settled()
}

func maxAccepted(p *picked) held {
	h, most := held{status: Pass}, 0
	same := map[string][]*journal.Exchange{}
	for _, e := range p.exchanges {
		if accepted(e) {
			same[identity(e)] = append(same[identity(e)], e)
		}
	}
	for _, e := range p.exchanges {
		all := same[identity(e)]
		most = max(most, len(all))
		if uint64(len(all)) > uint64(p.MaxAccepted) && all[0] == e {
			h.fail(of(fmt.Sprintf("%s was accepted %d times", describe(e), len(all)), all...))
		}
	}
	h.text = "the same call was accepted " + counted(most, "time")
	return h
}

func minGap(p *picked) held {
	h, shortest, still := held{status: Pass}, time.Duration(-1), false
	for _, c := range p.calls {
		c.pairs(func(before, after *journal.Exchange) bool {
			switch paused := gap(before, after); {
			case refusedToken(before):
			case stoodStill(before, after):
				still = true
			default:
				if shortest < 0 || paused < shortest {
					shortest = paused
				}
				if paused < time.Duration(*p.MinGap) {
					h.failCall(c, of(fmt.Sprintf("%s came back after %s", describe(before), pause(paused)), before, after))
				}
			}
			return true
		})
	}
	switch {
	case still && h.status == Pass:
		return held{status: Inconclusive, text: "the clock stood still"}
	case shortest < 0:
		h.text = "nothing was tried again"
	default:
		h.text = "the shortest was " + pause(shortest)
	}
	return h.settled()
}

// failCall fails the expectation for a call, unless its attempts may be those of
// several workers.
func (h *held) failCall(c *call, e Evidence) {
	if c.mixed {
		h.mixed = true
		return
	}
	h.fail(e)
}

// settled is inconclusive if only calls failed of which nothing is certain.
func (h held) settled() held {
	if h.mixed && h.status == Pass {
		return held{status: Inconclusive, text: "several workers asked the same at once: their attempts cannot be told apart"}
	}
	return h
}

// stoodStill reports whether no time at all passed between two attempts, as
// happens only on a clock that is advanced by hand.
func stoodStill(before, after *journal.Exchange) bool { return after.Time.Equal(ended(before)) }

func (q *inquest) maxWait(p *picked) held {
	h, longest := held{status: Pass}, time.Duration(0)
	for _, e := range p.exchanges {
		waited := q.waited(e)
		longest = max(longest, waited)
		if waited > time.Duration(*p.MaxWait) {
			h.fail(of(fmt.Sprintf("%s took %s", describe(e), pause(waited)), e))
		}
	}
	h.text = "the longest was " + pause(longest)
	return h
}

func final(p *picked) held {
	h, unknown, well := held{status: Pass}, false, 0
	for _, c := range p.calls {
		last := c.last()
		if arrived(last) == pending {
			unknown = true
			continue
		}
		ok := succeeded(last)
		if ok {
			well++
		}
		if ok != (p.Final == scenarios.FinalSuccess) {
			text := describe(last) + " ended with an answer"
			if !ok {
				text = describe(last) + " ended with " + because(last)
			}
			h.fail(of(text, c.attempts...))
		}
	}
	h.text = fmt.Sprintf("%d of %s ended with an answer", well, counted(len(p.calls), "call"))
	if unknown && h.status == Pass {
		h.status, h.text = Inconclusive, "calls are still under way"
	}
	return h
}

// order looks at the first call of each rule or operation.
func (q *inquest) order(p *picked) held {
	var before *journal.Exchange
	var name string
	for _, next := range p.Order {
		x := &scenarios.Expect{Operation: scenarios.OperationName(next)}
		if q.isRule(next) {
			x = &scenarios.Expect{Rule: next}
		}
		at := slices.IndexFunc(q.all, func(e *journal.Exchange) bool { return selects(x, e) })
		if at < 0 {
			return held{status: Inconclusive, text: next + " was never called"}
		}
		if first := q.all[at]; before != nil && first.ID <= before.ID {
			h := held{status: Fail, text: next + " came before " + name, evidence: []Evidence{of("the first call of each", first, before)}}
			if p.evicted {
				h.status = Inconclusive
			}
			return h
		}
		before, name = q.all[at], next
	}
	return held{status: Pass, text: "they came in this order"}
}

func (q *inquest) isRule(name string) bool {
	return slices.ContainsFunc(q.scenario.Rules, func(r scenarios.Rule) bool { return r.Name == name })
}

func (q *inquest) never(p *picked) held {
	h := held{status: Pass}
	for _, kind := range p.Never {
		for _, e := range p.seen[kind] {
			if q.touches(p.Expect, e) {
				e.Text = string(kind) + ": " + e.Text
				h.fail(e)
			}
		}
	}
	h.text = "found " + counted(len(h.evidence), "time")
	return h
}

func (h *held) fail(e Evidence) {
	h.status = Fail
	h.evidence = append(h.evidence, e)
}

func number(n *scenarios.Index) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

func duration(d *scenarios.Duration) string {
	if d == nil {
		return ""
	}
	return time.Duration(*d).String()
}

func joined(kinds []scenarios.FindingKind) string {
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
