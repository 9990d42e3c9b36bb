package scenarios

import (
	"slices"
	"time"

	"github.com/mockllm/mockllm/sentences"
)

// A Pass is a rule whose match held and that did not fire.
type Pass struct {
	Rule string
	N    uint64        // The number of the call, as the rule counts.
	Roll float64       // The chance drawn; 0 for rules without a probability.
	Age  time.Duration // How old the namespace was, on the clock.
}

// pass notes a rule that matches and does not fire.
func (d *Decision) pass(c *encounter, f Firing) {
	if !c.only {
		d.Passed = append(d.Passed, Pass{Rule: f.Rule, N: f.N, Roll: f.Roll, Age: c.age})
	}
}

// A Past is a request that was decided on.
type Past struct {
	Request *Request
	Cut     bool // Its body and its turns were not kept.
	Cause   Cause
	Fired   []string // The names of the rules that fired.
	Passed  []Pass

	Redact func(string) string // Hides secrets in what the request has.
}

// Near tells why rules did not fire on a request in the past, the nearest
// first: those that matched, then those of which the fewest conditions did not
// hold. It counts nothing.
func (e *Engine) Near(p Past) (found []RuleTrace) {
	for i := range e.scenario.Rules {
		rule := &e.scenario.Rules[i]
		if slices.Contains(p.Fired, rule.Name) {
			continue
		}
		t := RuleTrace{Rule: rule.Name}
		t.Why, t.Distance = e.distance(rule, &p)
		t.Behind = t.Distance == 0 && p.isBehind(rule)
		found = append(found, t)
	}
	slices.SortStableFunc(found, func(a, b RuleTrace) int { return a.Distance - b.Distance })
	return found
}

// elsewhere is the distance of rules that are about other dialects or
// operations: behind all that are not.
const elsewhere = 1 << 20

// distance says why the rule did not fire, and how many conditions were in the
// way.
func (e *Engine) distance(rule *Rule, p *Past) (why sentences.Sentence, n int) {
	if !rule.routes[route{p.Request.Dialect, p.Request.Operation}] {
		why, n = rule.elsewhere(p.Request)
		return why, elsewhere + n
	}
	for i := range rule.Match.conditions {
		c := &rule.Match.conditions[i]
		unknown := p.Cut && c.aboutContent()
		if !unknown && c.holds(p.Request) {
			continue
		}
		switch n++; {
		case n > 1: // The first is told.
		case unknown:
			why = sentences.New("match.%s wants %q, and the request's body was too long to be kept", c.key, c.want)
		default:
			why = c.miss(p.Redact(c.got(p.Request)))
		}
	}
	if n > 0 {
		return why, n
	}
	return e.whyPassed(rule, p), 0
}

// whyPassed says why a rule that matches did not fire.
func (e *Engine) whyPassed(rule *Rule, p *Past) sentences.Sentence {
	if p.Cause == ByCaller || p.Cause == ByIdentity {
		return notAsked(rule, p.Request, p.Cause)
	}
	if p.isBehind(rule) {
		return sentences.New("it matches, but a rule before it answers")
	}
	passed := p.Passed[p.passedAt(rule)]
	for _, c := range e.rules.at(route{p.Request.Dialect, p.Request.Operation}) {
		if c.rule == rule {
			return e.whyNot(&encounter{candidate: c, age: passed.Age}, Firing{N: passed.N, Roll: passed.Roll}, nil)
		}
	}
	return notAsked(rule, p.Request, "")
}

// passedAt finds the rule among those that matched and did not fire; -1 if it is
// none of them.
func (p *Past) passedAt(rule *Rule) int {
	return slices.IndexFunc(p.Passed, func(f Pass) bool { return f.Rule == rule.Name })
}

// isBehind reports whether a rule that matches was not even asked, because one
// before it answered.
func (p *Past) isBehind(rule *Rule) bool {
	return p.Cause != ByCaller && p.Cause != ByIdentity && p.passedAt(rule) < 0
}
