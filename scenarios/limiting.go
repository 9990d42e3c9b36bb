package scenarios

import (
	"context"
	"time"

	"github.com/mockllm/mockllm/catalog"
)

// held is a limit of a unit that a request counts against.
type held struct {
	limit   *Limit
	failure *Failure
}

// refusal is what is answered when nothing is left of a limit.
type refusal struct {
	limit   string
	failure *Failure
	queued  time.Duration // How long the call waited in vain.
}

// limit notes in the decision what the call took of its limits and what is
// left. If too little is left of one, it returns what is answered.
func (a *round) limit(d *Decision) *refusal {
	claims, taken := a.call.Claims, &a.call.Taken
	if len(claims) == 0 {
		return nil
	}
	d.Slots = taken.Slots
	d.Quota = quotaOf(claims, taken.Left)
	if taken.Refused < 0 {
		d.Queued = taken.Wait
		d.spends = spends(claims)
		return nil
	}
	refused := a.of[taken.Refused]
	failure := *refused.failure
	if after := refused.limit.RetryAfter; after != nil && !(after.Real && taken.Opens == 0) {
		fixed := after.Fixed
		if after.Real {
			fixed = Duration(taken.Opens)
		}
		failure.RetryAfter = &fixed
	}
	return &refusal{limit: refused.limit.name, failure: &failure, queued: taken.Wait}
}

// claims lists what the request takes, in the order of the file and of the
// units.
func (a *round) claims(e *Engine, r *Request) {
	for i := range e.scenario.Limits {
		l := &e.scenario.Limits[i]
		failures := l.refusals[route{r.Dialect, r.Operation}]
		if failures == nil || !l.Match.holds(r) {
			continue
		}
		for _, unit := range e.units {
			failure, limited := failures[unit]
			if !limited {
				continue
			}
			claim := Claim{Limit: l.name, Unit: unit, Key: l.whom(r), Max: l.max(unit), Amount: 1, Window: e.window(unit)}
			switch unit {
			case catalog.UnitTPM:
				claim.Amount = uint64(max(r.InputTokens, 0))
			case catalog.UnitBurst:
				claim.Patience = e.wall(r.Patience)
			}
			a.call.Claims, a.of = append(a.call.Claims, claim), append(a.of, held{l, failure})
		}
	}
}

// window returns how long the unit's window is on the clock, at least an
// instant if there is one.
func (e *Engine) window(unit catalog.Unit) time.Duration {
	if w := UnitWindow(unit); w > 0 {
		return max(e.wall(w), 1)
	}
	return 0
}

// spends keeps the claims on tokens: the answer's tokens are taken when it is
// written.
func spends(claims []Claim) []Claim {
	var kept []Claim
	for _, c := range claims {
		if c.Unit == catalog.UnitTPM {
			kept = append(kept, c)
		}
	}
	return kept
}

// Spends reports whether the tokens of the call's answer are taken from a limit.
func (d *Decision) Spends() bool { return len(d.spends) > 0 }

// quotaOf tells what is left of the limits per minute; of several, of the
// tightest.
func quotaOf(claims []Claim, left []uint64) *Quota {
	var requests, tokens *Left
	for i, c := range claims {
		switch c.Unit {
		case catalog.UnitRPM:
			requests = tightest(requests, Left{c.Max, left[i]})
		case catalog.UnitTPM:
			tokens = tightest(tokens, Left{c.Max, left[i]})
		}
	}
	if requests == nil && tokens == nil {
		return nil
	}
	return &Quota{Requests: requests, Tokens: tokens}
}

// Spend takes the tokens of an answer from the limits that its request counts
// against.
func (e *Engine) Spend(ctx context.Context, namespace string, at time.Time, d *Decision, tokens int) error {
	if !d.Spends() || tokens <= 0 {
		return nil
	}
	claims := make([]Claim, len(d.spends))
	for i, c := range d.spends {
		c.Amount = uint64(tokens)
		claims[i] = c
	}
	return e.state.Spend(ctx, namespace, at, claims)
}

// Done gives back what an exchange held while it was under way.
func (e *Engine) Done(ctx context.Context, namespace string, d *Decision) error {
	if len(d.Slots) == 0 {
		return nil
	}
	return e.state.Free(ctx, namespace, d.Slots)
}
