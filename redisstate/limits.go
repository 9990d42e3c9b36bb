package redisstate

import (
	"context"
	"strconv"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Spend implements [scenarios.Allowances].
func (s *State) Spend(ctx context.Context, namespace string, at time.Time, claims []scenarios.Claim) error {
	a := args{}
	a.moment(at)
	a.number(uint64(len(claims)))
	for _, c := range claims {
		a.text(bucketField(c.Limit, c.Unit, c.Key))
		a.number(c.Amount)
		a.span(c.Window)
	}
	return s.do(ctx, s.scripts.spend, namespace, a, func(m scenarios.State) error { return m.Spend(ctx, namespace, at, claims) })
}

// ofOurs marks the slots of the state in memory that decides while Redis cannot
// be reached.
const ofOurs = 1 << 63

// ownSlots marks slots that were taken in memory: each outage has a memory of its
// own.
func (s *State) ownSlots(c *scenarios.Call) {
	epoch := s.currentEpoch()
	for i := range c.Taken.Slots {
		c.Taken.Slots[i].World |= ofOurs | epoch<<worldBits
	}
}

// Free implements [scenarios.Allowances]. A slot that was taken in memory is given
// back there.
func (s *State) Free(ctx context.Context, namespace string, slots []scenarios.Slot) error {
	epoch := s.currentEpoch()
	a, current := args{}, 0
	for _, slot := range slots {
		of, life := slot.World&^ofOurs>>worldBits, slot.World&(1<<worldBits-1)
		if slot.World&ofOurs != 0 {
			if local := s.local(); local != nil && of == epoch {
				slot.World = life
				local.Free(ctx, namespace, []scenarios.Slot{slot})
			}
			continue
		}
		a.text(s.holder(of), bucketField(slot.Limit, catalog.UnitConcurrency, slot.Key), strconv.FormatUint(life, 10))
		if of == epoch {
			current++
		}
	}
	if len(a) == 0 {
		return nil
	}
	s.holding(namespace, -current)
	_, err := s.run(ctx, s.scripts.free, namespace, a)
	return s.refusal(err)
}

// Hold implements [scenarios.Holds].
func (s *State) Hold(ctx context.Context, namespace string, h scenarios.Hold, until time.Time) error {
	a := args{}
	a.text(holdField(h))
	a.moment(until)
	return s.do(ctx, s.scripts.hold, namespace, a, func(m scenarios.State) error { return m.Hold(ctx, namespace, h, until) })
}

// Release implements [scenarios.Holds].
func (s *State) Release(ctx context.Context, namespace, rule string) error {
	a := args{}
	a.text(field(rule, ""))
	return s.do(ctx, s.scripts.release, namespace, a, func(m scenarios.State) error { return m.Release(ctx, namespace, rule) })
}
