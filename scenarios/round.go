package scenarios

import (
	"context"
	"time"
)

// A round is what deciding on one request works with. It is used again for
// another request: a decision costs no memory but its own.
type round struct {
	call    Call
	matched []encounter
	about   []int  // Which of matched each hold of the call is about.
	of      []held // Which limit each claim of the call is about.
}

// begin returns a round that nobody uses.
func (e *Engine) begin() *round {
	if a, ok := e.rounds.Get().(*round); ok {
		return a
	}
	return &round{}
}

// end gives a round back, without what it knows of the request.
func (e *Engine) end(a *round) {
	c := &a.call
	clear(c.Counters)
	clear(c.Holds)
	clear(c.Claims)
	clear(c.Waiting)
	clear(a.matched)
	*c = Call{
		Counters: c.Counters[:0], Holds: c.Holds[:0], Claims: c.Claims[:0], Waiting: c.Waiting[:0],
		Values: c.Values[:0], Held: c.Held[:0], Taken: Taken{Left: c.Taken.Left[:0]},
	}
	a.matched, a.about, a.of = a.matched[:0], a.about[:0], a.of[:0]
	e.rounds.Put(a)
}

// visit raises what the request counts for, throws a one-shot at it, and takes
// from its limits: in one visit to the state, unless one-shots wait. It notes in
// the decision if the caller, a one-shot or the gateway answers: then no rule is
// asked.
func (e *Engine) visit(ctx context.Context, now time.Time, a *round, d *Decision, r *Request, trace *Trace) error {
	a.call.Records = r.Records
	if d.Cause == ByCaller {
		a.call.Passed = NoShots
	}
	var shot *Rule
	for done := false; !done; {
		answered := d.Cause == ByCaller || shot != nil && shot.outcomes[0].answers()
		e.prepare(a, r, answered, trace)
		var err error
		if done, err = e.state.Visit(ctx, r.Namespace, now, &a.call); err != nil {
			return err
		}
		if !done {
			if shot, err = a.aim(r); err != nil {
				return err
			}
		}
	}
	d.Volume = a.call.Volume
	if shot != nil {
		d.hit(a.call.Shot, shot, r.Dialect)
	}
	if d.Cause == "" && e.refusesCaller(r) {
		d.Cause = ByIdentity
	}
	a.read()
	return nil
}

// prepare says what the request asks of the state. One that is answered before
// the rules counts for none, and one that the gateway refuses against no limit.
func (e *Engine) prepare(a *round, r *Request, answered bool, trace *Trace) {
	c := &a.call
	c.Counters = append(c.Counters[:0], Counter{Key: r.Fingerprint})
	c.Holds, c.Claims = c.Holds[:0], c.Claims[:0]
	a.matched, a.about, a.of = a.matched[:0], a.about[:0], a.of[:0]
	if trace != nil {
		*trace = nil
	}
	if !answered {
		if e.refusesCaller(r) {
			return
		}
		a.matched = e.matching(r, trace, a.matched...)
		a.counters(r)
		a.holds(r)
	}
	a.claims(e, r)
}

// counters lists what is counted of the matching rules.
func (a *round) counters(r *Request) {
	for i := range a.matched {
		c := &a.matched[i]
		if c.only {
			continue
		}
		raised := c.rule.counter(r)
		c.key = raised.Key
		a.call.Counters = append(a.call.Counters, raised)
		if c.rule.When.Window != nil {
			raised.From, raised.To = c.window.From, c.window.To
			a.call.Counters = append(a.call.Counters, raised)
		}
	}
}

// read tells the matching rules what the visit found.
func (a *round) read() {
	values := a.call.Values[1:]
	for i := range a.matched {
		c := &a.matched[i]
		if c.age = a.call.Age; c.only {
			continue
		}
		c.n, c.inWindow, values = values[0], values[0], values[1:]
		if c.rule.When.Window != nil {
			c.inWindow, values = values[0], values[1:]
		}
	}
	for i, held := range a.call.Held {
		c := &a.matched[a.about[i]]
		c.held = c.held || held
	}
}

// repetition is how often the request came, this time included.
func (a *round) repetition() uint64 { return a.call.Values[0] }
