package verdict

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// held is what one key of an expectation came to.
type held struct {
	status   Status
	said     sentences.Sentence
	evidence []Evidence
	mixed    bool // A call failed of which nothing is certain.
}

// picked is what an expectation is about.
type picked struct {
	*scenarios.Expect
	exchanges []*journal.Exchange
	calls     []*call // Those with such an exchange.
	evicted   bool
	little    bool // Too little happened: nothing was called, or a rule never fired that has to.
	seen      map[scenarios.FindingKind][]Evidence
}

// hold holds one [[expect]] against the journal, key by key.
func (q *inquest) hold(i int, x *scenarios.Expect, evicted bool, seen map[scenarios.FindingKind][]Evidence) (all []Expectation) {
	p := q.pick(x)
	p.evicted, p.seen = evicted, seen
	p.little = len(q.all) == 0 || len(q.unfired(nil)) > 0
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
		{"final", string(x.Final), x.Final != "", q.final},
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
			Number: i + 1, Line: x.Line, About: x.String(), AboutSaid: x.Said(), Key: key.name, Want: key.want,
			Status: h.status, Text: h.said.String(), Said: h.said, Evidence: h.evidence[:min(len(h.evidence), maxEvidence)],
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
	ofRule := p.Rule != "" || p.Rules != nil
	said := sentences.New("was never called")
	if ofRule {
		said = sentences.New("never fired")
	}
	switch {
	case len(p.exchanges) > 0 || key == "order":
		return held{}, false
	case p.MayRest():
		return held{status: Pass, said: said}, true
	case key == "min_calls" && !ofRule && p.Operation != "" && !p.evicted && !p.little:
		return held{}, false // The client did not call it.
	default:
		return held{status: Inconclusive, said: said}, true
	}
}

func minCalls(p *picked) held {
	h := held{status: Pass, said: counted(len(p.exchanges), "%d request", "%d requests")}
	if uint64(len(p.exchanges)) < uint64(*p.MinCalls) {
		h.status = Fail
		if p.evicted || p.little {
			h.status = Inconclusive
		}
	}
	return h
}

func maxCalls(p *picked) held {
	h := held{status: Pass, said: counted(len(p.exchanges), "%d request", "%d requests")}
	if most := uint64(*p.MaxCalls); uint64(len(p.exchanges)) > most {
		beyond := p.exchanges[most:]
		h.status = Fail
		h.evidence = []Evidence{of(counted(len(beyond), "%d request too many", "%d requests too many"), beyond...)}
	}
	return h
}

func maxAttempts(p *picked) held {
	h, most := held{status: Pass}, 0
	for _, c := range p.calls {
		n := len(c.attempts)
		most = max(most, n)
		if uint64(n) > uint64(p.MaxAttempts) {
			h.failCall(c, of(sentences.New("%s took %s", describe(c.last()), counted(n, "%d attempt", "%d attempts")), c.attempts...))
		}
	}
	h.said = sentences.New("the most was %s", counted(most, "%d attempt", "%d attempts"))
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
			h.fail(of(sentences.New("%s was accepted %d times", describe(e), len(all)), all...))
		}
	}
	h.said = sentences.New("the same call was accepted %s", counted(most, "%d time", "%d times"))
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
					h.failCall(c, of(sentences.New("%s came back after %s", describe(before), pause(paused)), before, after))
				}
			}
			return true
		})
	}
	switch {
	case still && h.status == Pass:
		return held{status: Inconclusive, said: sentences.New("the clock stood still")}
	case shortest < 0:
		h.said = sentences.New("nothing was tried again")
	default:
		h.said = sentences.New("the shortest was %s", pause(shortest))
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
		return held{status: Inconclusive, said: sentences.New("several workers asked the same at once: their attempts cannot be told apart")}
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
			h.fail(of(sentences.New("%s took %s", describe(e), pause(waited)), e))
		}
	}
	h.said = sentences.New("the longest was %s", pause(longest))
	return h
}

func (q *inquest) final(p *picked) held {
	if p.Final == scenarios.FinalShortened {
		return q.shortened(p)
	}
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
			said := sentences.New("%s ended with an answer", describe(last))
			if !ok {
				said = sentences.New("%s ended with %s", describe(last), because(last))
			}
			h.fail(of(said, c.attempts...))
		}
	}
	h.said = sentences.New("%d of %s ended with an answer", well, counted(len(p.calls), "%d call", "%d calls"))
	if unknown && h.status == Pass {
		h.status, h.said = Inconclusive, sentences.New("calls are still under way")
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
			return held{status: Inconclusive, said: sentences.New("%s was never called", next)}
		}
		if first := q.all[at]; before != nil && first.ID <= before.ID {
			h := held{status: Fail, said: sentences.New("%s came before %s", next, name), evidence: []Evidence{of(sentences.New("the first call of each"), first, before)}}
			if p.evicted {
				h.status = Inconclusive
			}
			return h
		}
		before, name = q.all[at], next
	}
	return held{status: Pass, said: sentences.New("they came in this order")}
}

func (q *inquest) isRule(name string) bool {
	return slices.ContainsFunc(q.scenario.Rules, func(r scenarios.Rule) bool { return r.Name == name })
}

func (q *inquest) never(p *picked) held {
	h := held{status: Pass}
	for _, kind := range p.Never {
		for _, e := range p.seen[kind] {
			if q.touches(p.Expect, e) {
				e.Said = forbidden(kind, e)
				e.Text = e.Said.String()
				h.fail(e)
			}
		}
	}
	h.said = sentences.New("found %s", counted(len(h.evidence), "%d time", "%d times"))
	return h
}

// forbidden says of a finding's evidence what it is evidence of.
func forbidden(kind scenarios.FindingKind, e Evidence) sentences.Sentence {
	return sentences.New("%s: %s", kind, e.Said)
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
	return spelt(time.Duration(*d))
}

func joined(kinds []scenarios.FindingKind) string {
	var words []string
	for _, k := range kinds {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}

// counted says how many there are, in the format for one or for more.
func counted(n int, one, more string) sentences.Sentence {
	if n == 1 {
		more = one
	}
	return sentences.New(more, n)
}
