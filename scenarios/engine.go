package scenarios

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// DefaultSeed is the seed when neither the scenario nor its user gives one.
const DefaultSeed uint64 = 1

// Settings are what the user of a scenario may override.
type Settings struct {
	Seed    *uint64         // Instead of the scenario's.
	Speed   float64         // Instead of the scenario's; 0 keeps that.
	Edition catalog.Edition // Instead of the scenario's; "" keeps that.
}

// An Engine decides what happens to requests. It is safe for use by many
// goroutines and keeps no state of its own.
type Engine struct {
	scenario *Scenario
	state    State
	seed     uint64
	speed    float64
	edition  catalog.Edition
	rules    rulebook
	units    []catalog.Unit
	rounds   sync.Pool // Of *round.

	upstreams map[string]*Upstream // By dialect.
}

// candidate is a rule as the engine asks it.
type candidate struct {
	rule     *Rule
	place    int // In the file.
	schedule *schedule
	window   Counter // Counts the calls in the rule's window; zero without one.
}

// NewEngine returns an engine for the scenario, which must come from [Load] or
// [Scenario.Compiled]: no rule of another ever fires.
func NewEngine(s *Scenario, settings Settings, state State) *Engine {
	e := &Engine{
		scenario: s,
		state:    state,
		seed:     DefaultSeed,
		speed:    cmp.Or(settings.Speed, float64(s.Speed), 1),
		edition:  cmp.Or(settings.Edition, s.Edition, catalog.EditionSeed),
		rules:    rulebook{},
		units:    catalog.Units(),

		upstreams: upstreamsOf(s),
	}
	if given := cmp.Or(settings.Seed, s.Seed); given != nil {
		e.seed = *given
	}
	for i := range s.Rules {
		rule := &s.Rules[i]
		c := &candidate{rule: rule, place: i, schedule: &schedule{seed: e.seed, rule: rule}}
		if w := rule.When.Window; w != nil {
			c.window = Counter{From: e.wall(w.From), To: e.wall(w.To)}
		}
		for at := range rule.routes {
			e.rules.put(at, c)
		}
	}
	return e
}

// wall converts vendor time to time on the clock.
func (e *Engine) wall(d time.Duration) time.Duration {
	if v := float64(d) / e.speed; v < float64(forever) {
		return time.Duration(v)
	}
	return forever
}

// Vendor converts vendor time, such as the life of a batch, to time on the
// clock.
func (e *Engine) Vendor(d time.Duration) time.Duration { return e.wall(d) }

// Scenario returns the scenario that the engine follows.
func (e *Engine) Scenario() *Scenario { return e.scenario }

// Seed returns the seed of all chance.
func (e *Engine) Seed() uint64 { return e.seed }

// Speed returns how many times faster vendor time goes.
func (e *Engine) Speed() float64 { return e.speed }

// Edition returns whose statuses are sent.
func (e *Engine) Edition() catalog.Edition { return e.edition }

// Wire converts a wait on the wire to time on the clock.
func (e *Engine) Wire(d Duration) time.Duration {
	if e.scenario.ScaleWire {
		return e.wall(time.Duration(d))
	}
	return time.Duration(d)
}

// Decide returns what happens to the request: a caller's own wish first, then
// what is thrown next, what the vendor's gateway refuses, the rules, the limits,
// and what its model service refuses. Every call of it counts. The error is the
// state's; after [ErrStale] nothing was counted, and the request is to be read
// anew.
func (e *Engine) Decide(ctx context.Context, now time.Time, r *Request) (Decision, error) {
	return e.decide(ctx, now, r, nil)
}

func (e *Engine) decide(ctx context.Context, now time.Time, r *Request, trace *Trace) (Decision, error) {
	d := Decision{Seed: e.seed, Edition: e.edition}
	if r.Asked != "" {
		d.Cause = ByCaller
		d.Failure, d.Problem = asked(r)
	}
	a := e.begin()
	defer e.end(a)
	if err := e.visit(ctx, now, a, &d, r, trace); err != nil {
		return d, sentences.Errorf("scenario %s: state: %w", e.scenario.Name, err)
	}
	d.Entropy = e.entropy(r, a.repetition())
	if d.Cause == ByIdentity {
		var err error
		d.Failure, err = failureOf(r.Identity, r)
		return d, err
	}
	answered, err := e.ask(ctx, now, &d, r, a.matched, trace)
	if err != nil {
		return d, sentences.Errorf("scenario %s: state: %w", e.scenario.Name, err)
	}
	return d, e.conclude(&d, r, a, answered)
}

// conclude says who answers if neither the caller nor a one-shot nor the
// gateway does.
func (e *Engine) conclude(d *Decision, r *Request, a *round, answered bool) (err error) {
	limited := a.limit(d)
	switch {
	case d.Cause != "":
	case answered:
		d.Cause = ByRule
	case limited != nil:
		d.Cause, d.Limit, d.Failure, d.Queued = ByLimit, limited.limit, limited.failure, limited.queued
	case e.passes(r):
		d.Cause = ByUpstream
	case len(a.matched) == 0 && e.scenario.Unmatched == "refuse" && isCall(r):
		d.Cause, d.Problem = ByUnmatched, e.unmatched(r)
	case r.Refused != nil && (e.refuses() || r.Refused.Always):
		d.Cause = ByBody
		d.Failure, err = failureOf(r.Refused, r)
	default:
		d.Cause = BySuccess
	}
	return err
}

// isCall reports whether the request is one that rules can be about.
func isCall(r *Request) bool {
	op := (route{r.Dialect, r.Operation}).operationOf()
	return op.Name != "" && !op.Opens
}

// refuses reports whether the vendor's own refusals are on.
func (e *Engine) refuses() bool { return e.scenario.Refusals.Mode != "off" }

// refusesCaller reports whether the vendor's gateway refuses the request.
func (e *Engine) refusesCaller(r *Request) bool {
	return r.Identity != nil && !e.passes(r) && (e.refuses() || r.Identity.Always)
}

// An encounter is a request as one rule sees it.
type encounter struct {
	*candidate
	key      string // The counting key.
	n        uint64 // The number of this call.
	inWindow uint64 // How many calls came in the rule's window.
	age      time.Duration
	held     bool // The rule is sticky and holds for this request.
	only     bool // It does not match, and can only be held.
}

// matching returns the rules whose match holds, in file order, and the sticky
// ones that may hold for what the conversation said before. It puts them behind
// those that it is given, so that their place can be used again.
func (e *Engine) matching(r *Request, trace *Trace, matched ...encounter) []encounter {
	rules := e.rules.about(r)
	if trace != nil { // Who explains wants to know of all why they do not match.
		rules = reading{e.rules.at(route{r.Dialect, r.Operation})}
	}
	for c := rules.next(); c != nil; c = rules.next() {
		switch sticky := c.rule.Sticky; {
		case c.rule.Match.holds(r):
			matched = append(matched, encounter{candidate: c})
		case sticky != nil && sticky.By == ByContent && c.rule.Match.holdsApart(r):
			matched = append(matched, encounter{candidate: c, only: true})
		case trace != nil:
			trace.note(c.rule, c.rule.Match.miss(r))
		}
	}
	return matched
}

// ask asks the matching rules one after the other and reports whether one of
// them answers. Rules that only delay or damage shape whatever is answered; of
// several such, the first wins.
func (e *Engine) ask(ctx context.Context, now time.Time, d *Decision, r *Request, matched []encounter, trace *Trace) (bool, error) {
	for i := range matched {
		c := &matched[i]
		firing, o := c.fire()
		if trace != nil {
			trace.note(c.rule, e.whyNot(c, firing, o))
		}
		if o == nil {
			d.pass(c, firing)
			continue
		}
		if c.rule.Sticky != nil && !c.held {
			if err := e.hold(ctx, now, r, c.rule); err != nil {
				return false, err
			}
		}
		if d.shape(o, c) || o.answers() {
			d.Fired = append(d.Fired, firing)
		}
		if o.answers() {
			d.answer(o, r.Dialect)
			trace.behind(matched[i+1:])
			return true, nil
		}
	}
	return false, nil
}

// fire asks the rule; without an outcome it does not fire.
func (c *encounter) fire() (Firing, *outcome) {
	firing := Firing{Rule: c.rule.Name, N: c.n, Held: c.held}
	if c.held {
		return firing, c.rule.outcomes[0]
	}
	if c.only {
		return firing, nil
	}
	fires, roll := c.schedule.fires(c.key, c.n)
	firing.Roll = roll
	firing.Probability = c.rule.When.odds()
	if !fires || !c.open(c.age) {
		return firing, nil
	}
	o, step := c.schedule.outcome(c.key, c.n, c.inWindow)
	firing.Step = step
	return firing, o
}

// open reports whether the rule's window holds at that age of the namespace.
func (c *candidate) open(age time.Duration) bool {
	return c.rule.When.Window == nil || age >= c.window.From && age < c.window.To
}

func (e *Engine) entropy(r *Request, repetition uint64) [2]uint64 {
	of := func(kind string) uint64 {
		h := fnv1a(offset64).text(kind).zero().text(r.Namespace).zero().text(r.Fingerprint).zero()
		return first(e.seed, h.number(repetition))
	}
	return [2]uint64{of("id"), of("id2")}
}

func (e *Engine) unmatched(r *Request) *Mistake {
	return &Mistake{
		Status: 404, Title: sentences.Plain("no rule matches"),
		Detail: sentences.New(`scenario %q has unmatched = "refuse" and no rule for %s %s (dialect %s, operation %s, model %q); a rule with reply = {} lets it succeed`,
			e.scenario.Name, r.Method, r.Path, r.Dialect, r.Operation, r.Model),
	}
}
