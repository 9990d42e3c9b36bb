package redisstate

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Visit implements [scenarios.State].
func (s *State) Visit(ctx context.Context, namespace string, now time.Time, c *scenarios.Call) (bool, error) {
	if local := s.local(); local != nil {
		done, err := local.Visit(ctx, namespace, now, c)
		s.ownSlots(c)
		return done, err
	}
	view, _ := c.Records.(*view)
	epoch := s.currentEpoch()
	reply, err := s.run(ctx, s.scripts.visit, namespace, s.visitArgs(now, c, view, epoch))
	if err != nil {
		return fall(s, err, func(m scenarios.State) (bool, error) {
			done, err := m.Visit(ctx, namespace, now, c)
			s.ownSlots(c)
			return done, err
		})
	}
	r := &reader{values: reply}
	switch outcome := r.text(); outcome {
	case "stale":
		view.learn(r.values)
		return false, scenarios.ErrStale
	case "waiting":
		return false, s.readWaiting(ctx, namespace, r, c)
	case "done":
		s.readDone(namespace, r, c, epoch)
		if view != nil {
			view.settled = true
		}
		return true, r.err
	default:
		return false, fmt.Errorf("redis: the script answers %q", outcome)
	}
}

// visitArgs says what a call asks for, in the order in which the script reads.
func (s *State) visitArgs(now time.Time, c *scenarios.Call, v *view, epoch uint64) args {
	a := make(args, 0, 12+3*len(c.Counters)+len(c.Holds)+6*len(c.Claims))
	a.moment(now)
	passed := "-1"
	if c.Passed != scenarios.NoShots {
		passed = strconv.FormatUint(c.Passed, 10)
	}
	a.text(passed, strconv.FormatUint(c.Shot, 10), s.holder(epoch), s.lease)
	reads := v.readings()
	for _, n := range []int{len(reads), len(c.Counters), len(c.Holds), len(c.Claims)} {
		a.number(uint64(n))
	}
	for _, read := range reads {
		a.text(read.hash, read.field, read.version)
	}
	for _, counter := range c.Counters {
		a.text(counterField(counter), keyed(counter))
		a.span(counter.From, counter.To)
	}
	for _, h := range c.Holds {
		a.text(holdField(h))
	}
	for _, claim := range c.Claims {
		a.text(kindOf(claim.Unit), bucketField(claim.Limit, claim.Unit, claim.Key))
		a.number(claim.Max)
		a.number(claim.Amount)
		a.span(claim.Window, claim.Patience)
	}
	return a
}

func counterField(c scenarios.Counter) string { return "n" + field(c.Rule, c.Key, bounds(c)) }

// keyed says whether the counter is one of those that may be forgotten.
func keyed(c scenarios.Counter) string {
	if c.Key == "" {
		return "0"
	}
	return "1"
}

// bounds tells counters of one name and other bounds from each other.
func bounds(c scenarios.Counter) string {
	if c.From == 0 && c.To == 0 {
		return ""
	}
	return strconv.FormatInt(int64(c.From), 36) + "." + strconv.FormatInt(int64(c.To), 36)
}

func kindOf(unit catalog.Unit) string {
	switch unit {
	case catalog.UnitConcurrency:
		return "c"
	case catalog.UnitBurst:
		return "b"
	default:
		return "w"
	}
}

func bucketField(limit string, unit catalog.Unit, key string) string {
	return field(limit, string(unit), key)
}

func holdField(h scenarios.Hold) string { return field(h.Rule, h.For) }

// readDone reads what a call got.
func (s *State) readDone(namespace string, r *reader, c *scenarios.Call, epoch uint64) {
	c.Waiting = c.Waiting[:0]
	c.Age = time.Duration(r.number())
	life, emptied := r.text(), r.text()
	world, _ := strconv.ParseUint(life, 10, 64)
	c.Volume = volumeName(life, emptied)
	c.Values = c.Values[:0]
	for range c.Counters {
		c.Values = append(c.Values, uint64(r.number()))
	}
	c.Held = c.Held[:0]
	for range c.Holds {
		c.Held = append(c.Held, r.number() == 1)
	}
	t := &c.Taken
	*t = scenarios.Taken{Refused: int(r.number()), Wait: time.Duration(r.number()), Opens: time.Duration(r.number()), Left: t.Left[:0]}
	for _, claim := range c.Claims {
		t.Left = append(t.Left, uint64(r.number()))
		if t.Refused < 0 && claim.Unit == catalog.UnitConcurrency {
			t.Slots = append(t.Slots, scenarios.Slot{Limit: claim.Limit, Key: claim.Key, World: world | epoch<<worldBits})
		}
	}
	s.holding(namespace, len(t.Slots))
}

// readWaiting reads which one-shots wait.
func (s *State) readWaiting(ctx context.Context, namespace string, r *reader, c *scenarios.Call) error {
	world := r.text()
	c.Waiting = c.Waiting[:0]
	for len(r.values) > 0 && r.err == nil {
		id := uint64(r.number())
		q, err := queuedOf(id, r.text())
		if err != nil {
			return err
		}
		c.Waiting = append(c.Waiting, q)
	}
	if r.err != nil {
		return r.err
	}
	var err error
	c.Waiting, err = s.withSources(ctx, namespace, world, c.Waiting)
	return err
}

// queuedOf reads how often a shot is left, and until when it waits.
func queuedOf(id uint64, text string) (scenarios.Queued, error) {
	parts := strings.Fields(text)
	if len(parts) != 3 {
		return scenarios.Queued{}, fmt.Errorf("redis: one-shot %d reads %q", id, text)
	}
	left, err := strconv.ParseUint(parts[0], 10, 64)
	return scenarios.Queued{ID: id, Left: left, Until: momentOf(parts[1], parts[2])}, err
}

// A reader reads what a script answered.
type reader struct {
	values []any
	err    error
}

func (r *reader) next() any {
	if len(r.values) == 0 {
		r.err = fmt.Errorf("redis: the script's answer is too short")
		return nil
	}
	v := r.values[0]
	r.values = r.values[1:]
	return v
}

func (r *reader) text() string {
	switch v := r.next().(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	default:
		return ""
	}
}

func (r *reader) number() int64 {
	switch v := r.next().(type) {
	case int64:
		return v
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			r.err = fmt.Errorf("redis: the script answers %q for a number", v)
		}
		return n
	default:
		return 0
	}
}
