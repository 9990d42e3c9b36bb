package mockllm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// A manager is the server as it is managed. What its methods do stands at
// [admin.Server].
type manager struct{ *Server }

// Admin returns all that the admin API can do, for programs in Go: what single
// tests need of it is at hand as methods of [Namespace]. Where it takes the name
// of a namespace, "" is the default one.
func (s *Server) Admin() admin.Server { return manager{s} }

// AdminHandler returns the admin API.
func (s *Server) AdminHandler(o admin.Options) http.Handler {
	o.Log = cmp.Or(o.Log, s.log)
	return admin.Handler(s.Admin(), o)
}

func (s manager) Info() admin.Info {
	engine := s.now("").engine
	scenario := engine.Scenario()
	return admin.Info{
		Version: Version(), Go: runtime.Version(),
		Scenario: scenario.Name, Hash: scenario.Hash(), Rules: len(scenario.Rules), Limits: len(scenario.Limits),
		Connections: len(scenario.Connections), Seed: engine.Seed(), Speed: engine.Speed(), Edition: string(engine.Edition()),
		EvictedRecords: s.forgotten.Load(), URL: cmp.Or(s.publicURL, s.URL()),
	}
}

func (s manager) History() *journal.Journal { return s.journal }

func (s manager) Near(namespace string, id uint64) (journal.Exchange, []journal.Near, error) {
	return s.journal.Look(namespace, id, s.worlds.look(namespace).engine.Near)
}

func (s manager) Pause(ctx context.Context, d time.Duration) error {
	return s.worlds.base.Sleep(ctx, d)
}

func (s manager) Reset(ctx context.Context, namespace string) error {
	if err := s.state.Reset(ctx, namespace); err != nil {
		return fmt.Errorf("mockllm: reset: %w", err)
	}
	if err := s.journal.Empty(ctx, namespace); err != nil {
		return fmt.Errorf("mockllm: reset: %w", err)
	}
	return nil
}

func (s manager) Release(ctx context.Context, namespace, rule string) error {
	at, err := s.told(ctx, namespace)
	if err != nil {
		return err
	}
	return at.engine.Release(ctx, namespace, rule)
}

func (s manager) Revoke(ctx context.Context, namespace, key string) error {
	at := s.world(namespace)
	if err := at.engine.Revoke(ctx, namespace, key, at.clock.Now()); err != nil {
		return fmt.Errorf("mockllm: revoke: %w", err)
	}
	return nil
}

func (s manager) Namespaces() []admin.Namespace { return s.worlds.list() }

func (s manager) Forget(ctx context.Context, namespace string) (bool, error) {
	if namespace == "" {
		return false, errors.New("mockllm: the default namespace cannot be removed, only reset")
	}
	found, err := s.exists(ctx, namespace)
	if err == nil {
		err = s.change(ctx, s.world(namespace), forgotten)
	}
	if err != nil {
		return false, err
	}
	s.worlds.drop(namespace)
	return found, s.Reset(ctx, namespace)
}

// exists reports whether anybody called a namespace or told it something, if only
// on another server.
func (s manager) exists(ctx context.Context, namespace string) (bool, error) {
	if s.worlds.has(namespace) {
		return true, nil
	}
	at, err := s.agreedNow(ctx, s.worlds.look(namespace))
	if err != nil {
		return false, err
	}
	agreed, _ := s.worlds.agreed(at.world)
	now, err := s.state.Look(ctx, namespace, at.clock.Now(), scenarios.Question{})
	return agreed != nil || now.Called, err
}

// forgotten is a world of which nothing was agreed.
func forgotten(a *agreement, _ *scenarios.Scenario) error {
	*a = agreement{}
	return nil
}

func (s manager) Clock(namespace string) admin.Clock {
	at := s.now(namespace)
	return admin.Clock{Now: at.clock.Now(), Stopped: at.world.clock.Stopped(), Speed: at.engine.Speed()}
}

// mostAhead bounds how far a clock goes ahead of all worlds'.
const mostAhead = 100 * 365 * 24 * time.Hour

func (s manager) AdvanceClock(namespace string, d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("mockllm: a clock cannot be moved back, by %v", d)
	}
	at, err := s.told(s.alive, namespace)
	if err != nil {
		return err
	}
	if at.clock.Now().Sub(s.worlds.base.Now()) > mostAhead-d {
		return fmt.Errorf("mockllm: %w", admin.ErrTooFar)
	}
	if _, shared := s.state.(scenarios.Shared); shared {
		return s.change(s.alive, at, advanced(d))
	}
	at.world.clock.Advance(d)
	return nil
}

func (s manager) StopClock(namespace string, stopped bool) error {
	at, err := s.told(s.alive, namespace)
	if err != nil {
		return err
	}
	clock := at.world.clock
	if _, shared := s.state.(scenarios.Shared); shared {
		return s.change(s.alive, at, func(a *agreement, _ *scenarios.Scenario) error {
			a.Clock = clock.Adjustment(stopped)
			return nil
		})
	}
	if stopped {
		clock.Stop()
	} else {
		clock.Resume()
	}
	return nil
}

func (s manager) Throw(ctx context.Context, namespace string, source []byte) (uint64, error) {
	at := s.world(namespace)
	return at.engine.Throw(ctx, namespace, at.clock.Now(), source)
}

func (s manager) Thrown(ctx context.Context, namespace string) ([]scenarios.Queued, error) {
	at := s.worlds.look(namespace)
	return at.engine.Queued(ctx, namespace, at.clock.Now())
}

func (s manager) TakeBack(ctx context.Context, namespace string, id uint64) (bool, error) {
	return s.worlds.look(namespace).engine.Unqueue(ctx, namespace, id)
}

func (s manager) Scenario(namespace string) *scenarios.Scenario {
	return s.now(namespace).engine.Scenario()
}

// mostSeen is in how many calls is looked for callers.
const mostSeen = 500

func (s manager) Stand(ctx context.Context, namespace string) (scenarios.Standing, error) {
	at := s.worlds.look(namespace)
	seen, of := s.journal.Pasts(namespace, mostSeen)
	standing, err := at.engine.Stand(ctx, namespace, at.clock.Now(), seen)
	standing.Seen, standing.Of = len(seen), of
	return standing, err
}

func (s manager) FollowIf(namespace string, scenario *scenarios.Scenario, still func(*scenarios.Scenario) bool) error {
	if scenario == nil {
		if namespace == "" {
			return sentences.Errorf("mockllm: the default namespace needs a scenario")
		}
		return s.follow(namespace, nil, still)
	}
	ready, err := scenario.Compiled()
	if err != nil {
		return fmt.Errorf("mockllm: %w", err)
	}
	if err := s.follow(namespace, ready, still); err != nil {
		return err
	}
	s.notice(ready)
	return nil
}
