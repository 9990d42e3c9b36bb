package scenarios

import (
	"context"
	"time"

	"github.com/mockllm/mockllm/sentences"
)

// A Trace tells what became of every rule.
type Trace []RuleTrace

// A RuleTrace tells why a rule did not fire; Why says nothing of one that did.
type RuleTrace struct {
	Rule string
	Why  sentences.Sentence

	// Of [Engine.Near]:
	Distance int  // How many conditions were in the way; 0 if it matches.
	Behind   bool // It matches, and a rule before it answered.
}

// Explain decides as [Engine.Decide] does, counting included, and tells what
// became of every rule, in file order.
func (e *Engine) Explain(ctx context.Context, now time.Time, r *Request) (Decision, Trace, error) {
	var asked Trace
	d, err := e.decide(ctx, now, r, &asked)
	if err != nil {
		return d, nil, err
	}
	why := map[string]sentences.Sentence{}
	for _, t := range asked {
		why[t.Rule] = t.Why
	}
	var all Trace
	for i := range e.scenario.Rules {
		rule := &e.scenario.Rules[i]
		reason, known := why[rule.Name]
		if !known {
			reason = notAsked(rule, r, d.Cause)
		}
		all = append(all, RuleTrace{Rule: rule.Name, Why: reason})
	}
	return d, all, nil
}

func notAsked(rule *Rule, r *Request, cause Cause) sentences.Sentence {
	switch {
	case cause == ByCaller:
		return sentences.New("the caller chose its error itself")
	case cause == ByShot:
		return sentences.New("a one-shot answers")
	case cause == ByIdentity:
		return sentences.New("the caller is not let in")
	case !rule.routes[route{r.Dialect, r.Operation}]:
		why, _ := rule.elsewhere(r)
		return why
	default:
		return sentences.New("not asked")
	}
}

// elsewhere says that the rule is about other dialects or operations, and in how
// many of what its match names the request differs.
func (r *Rule) elsewhere(q *Request) (why sentences.Sentence, n int) {
	m := &r.Match
	for _, c := range []struct{ key, want, got string }{
		{"dialect", string(m.Dialect), q.Dialect}, {"provider", string(m.Provider), q.Provider}, {"operation", string(m.Operation), q.Operation},
	} {
		if c.want == "" || c.want == c.got {
			continue
		}
		if n++; n == 1 { // The first is told.
			why = (&condition{demand: demand{key: c.key, want: c.want}}).miss(c.got)
		}
	}
	if n == 0 {
		why = sentences.New("it is not about %s on %s", q.Operation, q.Dialect)
	}
	return why, n
}

// note keeps why a rule did not fire, or that it did.
func (t *Trace) note(rule *Rule, why sentences.Sentence) {
	if t != nil {
		*t = append(*t, RuleTrace{Rule: rule.Name, Why: why})
	}
}

// behind notes the rules that match but stand behind the one that answers.
func (t *Trace) behind(rest []encounter) {
	for _, c := range rest {
		t.note(c.rule, sentences.New("it matches, but a rule before it answers"))
	}
}

// whyNot says in words why the rule did not fire; nothing if it did.
func (e *Engine) whyNot(c *encounter, f Firing, o *outcome) sentences.Sentence {
	w := &c.rule.When
	switch {
	case o != nil:
		return sentences.Sentence{}
	case c.only:
		return sentences.New("it is sticky by content, and no turn is one on which it fired")
	case !c.open(c.age):
		return sentences.New("when.window is %v to %v, the namespace is %v old", w.Window.From, w.Window.To, time.Duration(float64(c.age)*e.speed))
	case w.Calls != nil && f.N < w.Calls.From:
		return sentences.New("when.calls starts at %d, this is call %d", w.Calls.From, f.N)
	case w.Calls != nil && f.N > w.Calls.To:
		return sentences.New("when.calls ended at %d, this is call %d", w.Calls.To, f.N)
	case w.Every > 0 && f.N%uint64(w.Every) != 0:
		return sentences.New("when.every is %d, this is call %d", w.Every, f.N)
	case w.Probability != nil && f.Roll >= float64(*w.Probability):
		return sentences.New("when.probability is %v, the roll of call %d is %.6f", *w.Probability, f.N, f.Roll)
	default:
		return sentences.New("its steps are used up")
	}
}
