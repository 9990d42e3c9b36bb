package redisstate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/scenarios"
)

// A Failure says what becomes of calls while Redis cannot be reached.
type Failure string

// The values of [Failure].
const (
	Refuse Failure = "refuse" // They get our own 503, which says so.
	Local  Failure = "local"  // Each replica decides by itself, on a state in memory that begins as new.
)

// probeEvery is how often Redis is asked whether it is there again.
const probeEvery = 200 * time.Millisecond

// health is whether Redis can be reached.
type health struct {
	failure Failure

	guard  sync.Mutex
	cause  error           // Why it cannot; nil while it can.
	missed string          // The namespace of which that was noticed: others may be on nodes of a cluster that are there.
	memory scenarios.State // What decides meanwhile, if anything.
	epoch  uint64          // How often it could not.
	wake   context.CancelFunc
	stats  Stats
	lost   map[volume]uint64 // Exchanges that nobody was told of yet.
}

// Stats count how Redis was.
type Stats struct {
	Up      bool   // Whether it can be reached now.
	Outages uint64 // How often it could not be reached any more.
	Refused uint64 // How many times something was asked of it that it was not there for.
	Dropped uint64 // Exchanges that no other replica can read, because Redis was too slow for them or gone.
}

// Stats returns how Redis was so far.
func (s *State) Stats() Stats {
	s.guard.Lock()
	defer s.guard.Unlock()
	stats := s.stats
	stats.Up = s.cause == nil
	return stats
}

// down returns why Redis cannot be reached, nil while it can.
func (s *State) down() error {
	s.guard.Lock()
	defer s.guard.Unlock()
	if s.cause != nil {
		s.stats.Refused++
	}
	return s.cause
}

// local returns the state that decides while Redis cannot be reached, or nil.
func (s *State) local() scenarios.State {
	s.guard.Lock()
	defer s.guard.Unlock()
	return s.memory
}

// judge takes note of an error, of what was asked of a namespace, that says that
// Redis cannot be reached, and returns every error as it is.
func (s *State) judge(namespace string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || !isOutage(err) {
		return err
	}
	s.guard.Lock()
	defer s.guard.Unlock()
	if s.cause != nil {
		return err
	}
	s.cause, s.missed = err, namespace
	s.epoch++
	s.stats.Outages++
	outcome := "calls are refused"
	if s.failure == Local {
		s.memory, outcome = scenarios.NewMemory(), "this replica decides by itself, and counts from 1"
	}
	if s.wake != nil {
		s.wake()
	}
	s.log.Error("redis cannot be reached: "+outcome+" until it is there again", "redis", s.where, "error", err)
	return err
}

// recovered takes note that Redis is there again.
func (s *State) recovered() {
	s.guard.Lock()
	defer s.guard.Unlock()
	if s.cause != nil {
		s.cause, s.memory = nil, nil
		s.log.Warn("redis is there again: what all replicas counted goes on", "redis", s.where)
	}
}

// isOutage reports whether the error says that Redis is not there, or does not
// take what is written. What it answers otherwise is a mistake of ours.
func isOutage(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) || errors.Is(err, redis.Nil) {
		return !errors.Is(err, redis.Nil)
	}
	for _, prefix := range []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "OOM", "BUSY", "NOREPLICAS", "MISCONF", "TRYAGAIN", "MOVED ", "ASK ", "NOAUTH", "WRONGPASS", "NOPERM", "ERR max number of clients"} {
		if strings.HasPrefix(reply.Error(), prefix) || strings.Contains(reply.Error(), "-"+prefix) {
			return true
		}
	}
	return false
}

// refusal is what a call is told when Redis did not do what it should.
func (s *State) refusal(err error) error {
	switch {
	case err == nil, errors.Is(err, scenarios.ErrUnavailable):
		return err
	case !isOutage(err):
		return fmt.Errorf("redis at %s: %w", s.where, err)
	}
	return fmt.Errorf("%w: redis at %s: %w", scenarios.ErrUnavailable, s.where, err)
}

// fall does in memory what Redis was not there for, if that is the rule, or else
// refuses.
func fall[T any](s *State, err error, do func(scenarios.State) (T, error)) (T, error) {
	if local := s.local(); local != nil {
		return do(local)
	}
	var none T
	return none, s.refusal(err)
}
