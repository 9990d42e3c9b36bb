package mockllm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// visit begins an exchange in a namespace. One with an impossible name is
// refused later, and belongs to the default one until then.
func (s *Server) visit(namespace string) visit {
	if !responders.ValidNamespace(namespace) {
		namespace = ""
	}
	at, gone := s.worlds.visit(namespace)
	s.forget(gone...)
	return at
}

// world returns what a namespace has of its own.
func (s *Server) world(namespace string) visit {
	at, gone := s.worlds.in(namespace)
	s.forget(gone...)
	return at
}

// forget forgets what is kept of namespaces that are no more.
func (s *Server) forget(namespaces ...string) {
	for _, name := range namespaces {
		if err := s.state.Forget(s.alive, name); err != nil {
			s.log.Error("namespace not forgotten", "namespace", name, "error", err)
		}
	}
	s.journal.Reset(namespaces...)
	if len(namespaces) > 0 {
		s.vanished.Add(uint64(len(namespaces)))
		s.log.Info("namespaces forgotten", "count", len(namespaces))
	}
}

// Reset makes a namespace as new: counters, windows, limits, one-shots,
// records and journal. Its scenario and its clock stay. "" is the default
// namespace.
func (s *Server) Reset(ctx context.Context, namespace string) error {
	if err := s.state.Reset(ctx, namespace); err != nil {
		return fmt.Errorf("mockllm: reset: %w", err)
	}
	if err := s.journal.Empty(ctx, namespace); err != nil {
		return fmt.Errorf("mockllm: reset: %w", err)
	}
	return nil
}

// Forget removes a namespace with all that belongs to it, and reports whether
// there was one. The default namespace cannot be removed.
func (s *Server) Forget(ctx context.Context, namespace string) (bool, error) {
	if namespace == "" {
		return false, errors.New("mockllm: the default namespace cannot be removed, only reset")
	}
	if err := s.change(ctx, s.world(namespace), forgotten); err != nil {
		return false, err
	}
	found := s.worlds.drop(namespace)
	return found, s.Reset(ctx, namespace)
}

// forgotten is a world of which nothing was agreed.
func forgotten(a *agreement, _ *scenarios.Scenario) error {
	*a = agreement{}
	return nil
}

// Namespaces implements [admin.Server].
func (s *Server) Namespaces() []admin.Namespace { return s.worlds.list() }

// Seed returns the seed of all chance.
func (s *Server) Seed() uint64 { return s.world("").engine.Seed() }

// Release ends what a sticky rule holds for in a namespace. The error wraps
// [scenarios.ErrNotSticky] if there is no such rule.
func (s *Server) Release(ctx context.Context, namespace, rule string) error {
	at, err := s.told(ctx, namespace)
	if err != nil {
		return err
	}
	return at.engine.Release(ctx, namespace, rule)
}

// Revoke makes a key or an access token bad in a namespace, whatever the
// scenario says of it, until the namespace is reset.
func (s *Server) Revoke(ctx context.Context, namespace, key string) error {
	at := s.world(namespace)
	if err := at.engine.Revoke(ctx, namespace, key, at.clock.Now()); err != nil {
		return fmt.Errorf("mockllm: revoke: %w", err)
	}
	return nil
}

// Clock implements [admin.Server].
func (s *Server) Clock(namespace string) admin.Clock {
	at := s.now(namespace)
	return admin.Clock{Now: at.clock.Now(), Stopped: at.world.clock.Stopped(), Speed: at.engine.Speed()}
}

// AdvanceClock moves the clock of a namespace forward, for vendor time and
// waits on the wire alike.
// The error is that of a state that servers share.
func (s *Server) AdvanceClock(namespace string, d time.Duration) error {
	at, err := s.told(s.alive, namespace)
	if err != nil {
		return err
	}
	if _, shared := s.state.(scenarios.Shared); shared {
		return s.change(s.alive, at, advanced(d))
	}
	at.world.clock.Advance(d)
	return nil
}

// StopClock has the clock of a namespace stand still, or go on. The error is that
// of a state that servers share.
func (s *Server) StopClock(namespace string, stopped bool) error {
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

// now returns the world of a namespace as all servers agreed on it, or as this one
// knows it if their state cannot be reached.
func (s *Server) now(namespace string) visit {
	at, err := s.told(s.alive, namespace)
	if err != nil {
		s.log.Error("told as this server knows it", "namespace", namespace, "error", err)
	}
	return at
}

// Throw throws a one-shot at the next calls of a namespace that match. It is
// written in JSON with the keys of a rule; see [scenarios.Shot]. An error is a
// [*scenarios.InvalidError] or wraps [scenarios.ErrQueueFull].
func (s *Server) Throw(ctx context.Context, namespace string, source []byte) (uint64, error) {
	at := s.world(namespace)
	return at.engine.Throw(ctx, namespace, at.clock.Now(), source)
}

// Thrown implements [admin.Server].
func (s *Server) Thrown(ctx context.Context, namespace string) ([]scenarios.Queued, error) {
	at := s.world(namespace)
	return at.engine.Queued(ctx, namespace, at.clock.Now())
}

// TakeBack takes a one-shot back, or with 0 all of a namespace, and reports
// whether there was one.
func (s *Server) TakeBack(ctx context.Context, namespace string, id uint64) (bool, error) {
	return s.world(namespace).engine.Unqueue(ctx, namespace, id)
}

// mostSeen is in how many calls is looked for callers.
const mostSeen = 500

// Stand implements [admin.Server].
func (s *Server) Stand(ctx context.Context, namespace string) (scenarios.Standing, error) {
	at := s.world(namespace)
	seen, of := s.journal.Pasts(namespace, mostSeen)
	standing, err := at.engine.Stand(ctx, namespace, at.clock.Now(), seen)
	standing.Seen, standing.Of = len(seen), of
	return standing, err
}

// Scenario returns the scenario that a namespace follows.
func (s *Server) Scenario(namespace string) *scenarios.Scenario {
	return s.now(namespace).engine.Scenario()
}

// Follow has a namespace follow a scenario from its next call on; nil follows
// the default namespace's again. Counters go on where rules keep their names:
// [Server.Reset] begins anew. Namespaces without a scenario of their own follow
// the default one's.
func (s *Server) Follow(namespace string, scenario *scenarios.Scenario) error {
	return s.FollowIf(namespace, scenario, func(*scenarios.Scenario) bool { return true })
}

// FollowIf does as [Server.Follow] if the function says so of the scenario that is
// followed until then, so that nobody undoes what somebody else changed meanwhile;
// otherwise the error is [admin.ErrChanged]. The function may be called more than
// once, and must not ask the server.
func (s *Server) FollowIf(namespace string, scenario *scenarios.Scenario, still func(*scenarios.Scenario) bool) error {
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

// follow has a namespace follow a scenario, on all servers if several share their
// state; nil follows the default namespace's again.
func (s *Server) follow(namespace string, scenario *scenarios.Scenario, still func(*scenarios.Scenario) bool) error {
	if _, shared := s.state.(scenarios.Shared); !shared {
		return s.replace(namespace, scenario, still)
	}
	at, err := s.told(s.alive, namespace)
	if err != nil {
		return err
	}
	text := ""
	if scenario != nil {
		if text = string(scenario.Source()); text == "" {
			return sentences.Errorf("mockllm: a scenario that was built in Go cannot be told to other servers: it has no text")
		}
	}
	return s.change(s.alive, at, func(a *agreement, followed *scenarios.Scenario) error {
		if !still(followed) {
			return admin.ErrChanged
		}
		a.Scenario = text
		return nil
	})
}

// replace has a namespace follow a scenario on this server.
func (s *Server) replace(namespace string, scenario *scenarios.Scenario, still func(*scenarios.Scenario) bool) error {
	var engine *scenarios.Engine
	if scenario != nil {
		engine = scenarios.NewEngine(scenario, s.settings, s.state)
	}
	gone, replaced := s.worlds.replace(namespace, engine, still)
	s.forget(gone...)
	if !replaced {
		return admin.ErrChanged
	}
	return nil
}

// FollowHere has the default namespace of this server alone follow a scenario, such
// as a file that was read anew: where several share their state, each has its own
// file. What they agreed on by [Server.Follow] goes before it.
func (s *Server) FollowHere(scenario *scenarios.Scenario) error {
	ready, err := scenario.Compiled()
	if err != nil {
		return fmt.Errorf("mockllm: %w", err)
	}
	if s.worlds.isAgreed() {
		s.worlds.follows(scenarios.NewEngine(ready, s.settings, s.state))
		return nil
	}
	return s.replace("", ready, func(*scenarios.Scenario) bool { return true })
}

// Info implements [admin.Server].
func (s *Server) Info() admin.Info {
	engine := s.now("").engine
	scenario := engine.Scenario()
	return admin.Info{
		Version: Version(), Go: runtime.Version(),
		Scenario: scenario.Name, Hash: scenario.Hash(), Rules: len(scenario.Rules), Limits: len(scenario.Limits),
		Connections: len(scenario.Connections), Seed: engine.Seed(), Speed: engine.Speed(), Edition: string(engine.Edition()),
		EvictedRecords: s.forgotten.Load(), URL: cmp.Or(s.publicURL, s.URL()),
	}
}
