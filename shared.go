package mockllm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// An agreement is what all servers of a deployment agree on for the world of a
// namespace. It stands in the state that they share.
type agreement struct {
	Scenario string          `json:"scenario,omitempty"` // The text of its own scenario; "" is none.
	Clock    play.Adjustment `json:"clock"`
}

// agreedOn takes over what was agreed on for the namespace and for the default
// one, whose scenario others follow.
func (s *Server) agreedOn(at *visit, view scenarios.SharedView) error {
	if at.world != s.worlds.main {
		if err := s.agree(s.worlds.main, view.DefaultWorld()); err != nil {
			return err
		}
	}
	if err := s.agree(at.world, view.World()); err != nil {
		return err
	}
	at.engine = s.worlds.engine(at.world)
	return nil
}

// agree makes a world what was agreed on, if that is not what it is. A scenario is
// read once, however many calls learn of it.
func (s *Server) agree(w *world, text []byte) error {
	if s.worlds.agrees(w, text) {
		return nil
	}
	w.agreeing.Lock()
	defer w.agreeing.Unlock()
	if s.worlds.agrees(w, text) {
		return nil
	}
	a, err := agreementOf(text)
	if err != nil {
		return fmt.Errorf("what the servers agreed on: %w", err)
	}
	engine := s.worlds.engineOfText(w, a.Scenario)
	if engine == nil && a.Scenario != "" {
		scenario, err := scenarios.Load("scenario.toml", []byte(a.Scenario))
		if err != nil {
			return fmt.Errorf("the scenario that the servers agreed on: %w", err)
		}
		engine = scenarios.NewEngine(scenario, s.settings, s.state)
	}
	s.worlds.settle(w, text, engine, a)
	return nil
}

// told returns the world of a namespace as all servers agreed on it now, for who
// changes it.
func (s *Server) told(ctx context.Context, namespace string) (visit, error) {
	return s.agreedNow(ctx, s.world(namespace))
}

// agreedNow makes of a world what all servers agreed on until now.
func (s *Server) agreedNow(ctx context.Context, at visit) (visit, error) {
	shared, is := s.state.(scenarios.Shared)
	if !is {
		return at, nil
	}
	for _, w := range []*world{s.worlds.main, at.world} {
		text, err := shared.World(ctx, w.name)
		if err == nil {
			err = s.agree(w, text)
		}
		if err != nil {
			return at, fmt.Errorf("mockllm: %w", err)
		}
	}
	at.engine = s.worlds.engine(at.world)
	return at, nil
}

// changings bounds how often a change is tried: whoever comes in between has
// made one.
const changings = 1000

// change changes the world of a namespace, on all servers if there are several. A
// change of somebody else is never lost: this one is made to what that left, and
// asks how once more.
func (s *Server) change(ctx context.Context, at visit, how func(*agreement, *scenarios.Scenario) error) error {
	shared, is := s.state.(scenarios.Shared)
	if !is {
		return nil
	}
	for range changings {
		before, followed := s.worlds.agreed(at.world)
		a, err := agreementOf(before)
		if err == nil {
			err = how(&a, followed)
		}
		if err != nil {
			return err
		}
		var text []byte
		if a != (agreement{}) {
			if text, err = json.Marshal(a); err != nil {
				return err
			}
		}
		done, err := shared.SetWorld(ctx, at.world.name, before, text)
		if err != nil {
			return fmt.Errorf("mockllm: %w", err)
		}
		if at, err = s.told(ctx, at.world.name); done || err != nil {
			return err
		}
	}
	return fmt.Errorf("mockllm: namespace %q is changed by too many at once", at.world.name)
}

// engine returns what a world follows.
func (w *worlds) engine(at *world) *scenarios.Engine {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.engineOf(at)
}

// agrees reports whether a world is what was agreed on.
func (w *worlds) agrees(at *world, text []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	same := len(text) == len(at.agreed) && (len(text) == 0 || &text[0] == &at.agreed[0] || bytes.Equal(text, at.agreed))
	if same {
		at.agreed = text
	}
	return same
}

// engineOfText returns what a world follows if that is the scenario of a text that
// was agreed on, or else nil.
func (w *worlds) engineOfText(at *world, source string) *scenarios.Engine {
	w.mu.Lock()
	defer w.mu.Unlock()
	if source == "" || source != at.source {
		return nil
	}
	return at.engine
}

// settle has a world follow what was agreed on, its clock as well: two that settle
// at once leave no mixture. Without a scenario of its own the default namespace
// follows what the server began with.
func (w *worlds) settle(at *world, text []byte, engine *scenarios.Engine, a agreement) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if engine == nil && at == w.main {
		engine = w.began
	}
	at.agreed, at.source, at.engine = text, a.Scenario, engine
	at.clock.Adjust(a.Clock)
}

// agreed returns what was agreed on for a world, and the scenario that it follows
// by that.
func (w *worlds) agreed(at *world) ([]byte, *scenarios.Scenario) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return at.agreed, w.engineOf(at).Scenario()
}

// agreementOf reads what was agreed on.
func agreementOf(text []byte) (a agreement, err error) {
	if text != nil {
		err = json.Unmarshal(text, &a)
	}
	return a, err
}

// follows notes what the default namespace follows by itself, such as a file that
// was read anew: each server has its own.
func (w *worlds) follows(engine *scenarios.Engine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.began = engine
}

// isAgreed reports whether the servers agreed on a scenario for the default
// namespace.
func (w *worlds) isAgreed() bool {
	text, _ := w.agreed(w.main)
	a, err := agreementOf(text)
	return err == nil && a.Scenario != ""
}

// advanced is a clock that was moved forward.
func advanced(by time.Duration) func(*agreement, *scenarios.Scenario) error {
	return func(a *agreement, _ *scenarios.Scenario) error {
		if a.Clock.Stopped != nil {
			at := a.Clock.Stopped.Add(by)
			a.Clock.Stopped = &at
			return nil
		}
		a.Clock.Ahead += by
		return nil
	}
}
