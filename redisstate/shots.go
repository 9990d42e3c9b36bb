package redisstate

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// maxShots bounds the shots that wait in a namespace, as in memory.
const maxShots = 1000

// Queue implements [scenarios.Shots].
func (s *State) Queue(ctx context.Context, namespace string, q scenarios.Queued) (uint64, error) {
	if local := s.local(); local != nil {
		return local.Queue(ctx, namespace, q)
	}
	a := args{}
	a.number(q.Left)
	a.moment(q.Until)
	a = append(a, q.Source, strconv.Itoa(maxShots))
	id, err := s.count(ctx, s.scripts.queue, namespace, a)
	switch {
	case err != nil:
		return fall(s, err, func(m scenarios.State) (uint64, error) { return m.Queue(ctx, namespace, q) })
	case id == 0:
		return 0, scenarios.ErrQueueFull
	}
	return uint64(id), nil
}

// Queued implements [scenarios.Shots].
func (s *State) Queued(ctx context.Context, namespace string, now time.Time) ([]scenarios.Queued, error) {
	if local := s.local(); local != nil {
		return local.Queued(ctx, namespace, now)
	}
	all, err := s.hgetall(ctx, namespace, "shots")
	if err != nil {
		return fall(s, err, func(m scenarios.State) ([]scenarios.Queued, error) { return m.Queued(ctx, namespace, now) })
	}
	var found []scenarios.Queued
	for id, text := range all {
		number, err := strconv.ParseUint(id, 10, 64)
		if err != nil {
			return nil, err
		}
		q, err := queuedOf(number, text)
		if err != nil {
			return nil, err
		}
		if q.Until.IsZero() || now.Before(q.Until) {
			found = append(found, q)
		}
	}
	slices.SortFunc(found, func(a, b scenarios.Queued) int { return cmp.Compare(a.ID, b.ID) })
	return s.withSources(ctx, namespace, "", found)
}

// withSources adds how shots are written. What a number stands for in one world
// never changes, so that each source is read once and kept compiled. A shot that
// was used up meanwhile is left out.
func (s *State) withSources(ctx context.Context, namespace, world string, shots []scenarios.Queued) ([]scenarios.Queued, error) {
	var missing []string
	for _, q := range shots {
		if _, known := s.shots.get(namespace, world, q.ID); !known {
			missing = append(missing, strconv.FormatUint(q.ID, 10))
		}
	}
	read := map[uint64]scenarios.Queued{}
	if len(missing) > 0 {
		texts, err := s.hmget(ctx, namespace, "sources", missing)
		if err != nil {
			return nil, s.refusal(err)
		}
		for i, text := range texts {
			source, found := text.(string)
			if !found {
				continue
			}
			id, _ := strconv.ParseUint(missing[i], 10, 64)
			q, err := scenarios.Requeued([]byte(source))
			if err != nil {
				return nil, err
			}
			read[id] = q
			s.shots.put(namespace, world, id, q)
		}
	}
	kept := shots[:0]
	for _, q := range shots {
		known, found := read[q.ID]
		if !found {
			known, found = s.shots.get(namespace, world, q.ID)
		}
		if found {
			known.ID, known.Left, known.Until = q.ID, q.Left, q.Until
			kept = append(kept, known)
		}
	}
	return kept, nil
}

// Unqueue implements [scenarios.Shots].
func (s *State) Unqueue(ctx context.Context, namespace string, id uint64) (bool, error) {
	if local := s.local(); local != nil {
		return local.Unqueue(ctx, namespace, id)
	}
	a := args{}
	a.text(strconv.FormatUint(id, 10))
	found, err := s.count(ctx, s.scripts.unqueue, namespace, a)
	if err != nil {
		return fall(s, err, func(m scenarios.State) (bool, error) { return m.Unqueue(ctx, namespace, id) })
	}
	return found > 0, nil
}
