package redisstate

import (
	"context"

	"github.com/mockllm/mockllm/scenarios"
)

var _ scenarios.Shared = (*State)(nil)

// The world of a namespace stands in a hash of its own, which a reset leaves.
const (
	keptHash   = "kept"
	worldField = "world"
)

// worldName is what the world is called among what a replica saw.
const worldName = "0:" + worldField

// World implements [scenarios.Shared].
func (s *State) World(ctx context.Context, namespace string) ([]byte, error) {
	text, found, err := s.hget(ctx, namespace, keptHash, worldField)
	if err != nil {
		return nil, err
	}
	return s.learnWorld(namespace, text, found)
}

// learnWorld takes over what the servers agreed on. What is the same stays the
// same slice.
func (s *State) learnWorld(namespace, text string, found bool) ([]byte, error) {
	if !found {
		s.seen.forget(namespace, worldName)
		return nil, nil
	}
	now, err := recordOf("", "", text)
	if err != nil {
		return nil, err
	}
	if before := s.seen.get(namespace, worldName); before.version == now.version {
		return before.record.Value, nil
	}
	s.seen.put(namespace, worldName, now)
	return now.record.Value, nil
}

// SetWorld implements [scenarios.Shared].
func (s *State) SetWorld(ctx context.Context, namespace string, was, world []byte) error {
	done, err := s.eval(ctx, s.scripts.keep, namespace, args{world, was})
	if err != nil {
		return s.refusal(err)
	}
	if done.Val() == "stale" {
		return scenarios.ErrStale
	}
	return nil
}

// World implements [scenarios.SharedView].
func (v *view) World() []byte {
	known := v.state.seen.get(v.namespace, worldName)
	v.read(reading{keptHash, worldField, known.version})
	return known.record.Value
}

// DefaultWorld implements [scenarios.SharedView].
func (v *view) DefaultWorld() []byte { return v.state.seen.get("", worldName).record.Value }
