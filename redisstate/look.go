package redisstate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// Look implements [scenarios.Looks].
func (s *State) Look(ctx context.Context, namespace string, now time.Time, q scenarios.Question) (scenarios.Answer, error) {
	if local := s.local(); local != nil {
		return local.Look(ctx, namespace, now, q)
	}
	reply, err := s.run(ctx, s.scripts.look, namespace, lookArgs(now, q))
	if err != nil {
		return fall(s, err, func(m scenarios.State) (scenarios.Answer, error) { return m.Look(ctx, namespace, now, q) })
	}
	return readLook(&reader{values: reply}, now, q)
}

// lookArgs says what is asked, in the order in which the script reads.
func lookArgs(now time.Time, q scenarios.Question) args {
	a := args{}
	a.moment(now)
	for _, n := range []int{len(q.Counters), len(q.Claims), len(q.Holds)} {
		a.number(uint64(n))
	}
	for _, c := range q.Counters {
		a.text(counterField(c), keyed(c))
	}
	for _, c := range q.Claims {
		a.text(kindOf(c.Unit), bucketField(c.Limit, c.Unit, c.Key))
		a.number(c.Max)
		a.span(c.Window)
	}
	for _, h := range q.Holds {
		a.text(holdField(h))
	}
	return a
}

// readLook reads how things stand.
func readLook(r *reader, now time.Time, q scenarios.Question) (scenarios.Answer, error) {
	a := scenarios.Answer{Called: r.number() == 1, Age: time.Duration(r.number())}
	for range q.Counters {
		a.Counts = append(a.Counts, uint64(r.number()))
	}
	for range q.Claims {
		a.Rooms = append(a.Rooms, scenarios.Room{Left: uint64(r.number()), Opens: time.Duration(r.number())})
	}
	for range q.Holds {
		text := r.text()
		if text == "" {
			a.Holds = append(a.Holds, scenarios.Holding{})
			continue
		}
		parts := strings.Fields(text)
		if len(parts) != 2 {
			return a, fmt.Errorf("redis: a hold reads %q", text)
		}
		until := momentOf(parts[0], parts[1])
		a.Holds = append(a.Holds, scenarios.Holding{Holds: until.IsZero() || now.Before(until), Until: until})
	}
	return a, r.err
}
