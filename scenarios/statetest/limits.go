package statetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

func claim(unit catalog.Unit, most, amount uint64) scenarios.Claim {
	return scenarios.Claim{Limit: "l", Unit: unit, Key: "k:sk", Max: most, Amount: amount, Window: scenarios.UnitWindow(unit)}
}

// told says what became of a claim: what is left, and the rest if it is refused.
func told(t scenarios.Taken) string {
	if t.Refused < 0 {
		return fmt.Sprint(t.Left, t.Wait)
	}
	return fmt.Sprint(t.Left, t.Wait, " refused ", t.Refused, " opens ", t.Opens)
}

func windows(s *subject) {
	for i, test := range []struct {
		after time.Duration
		claim scenarios.Claim
		want  string
	}{
		{0, claim(catalog.UnitRPM, 2, 1), "[1] 0s"},
		{59 * time.Second, claim(catalog.UnitRPM, 2, 1), "[0] 0s"},
		{59 * time.Second, claim(catalog.UnitRPM, 2, 1), "[0] 0s refused 0 opens 1s"},
		{60 * time.Second, claim(catalog.UnitRPM, 2, 1), "[1] 0s"},
		{30 * time.Second, claim(catalog.UnitRPM, 2, 1), "[0] 0s"}, // A clock that is behind counts in the newest window.
		{0, claim(catalog.UnitTPM, 100, 60), "[40] 0s"},
		{0, claim(catalog.UnitTPM, 100, 41), "[40] 0s refused 0 opens 1m0s"},
		{0, claim(catalog.UnitTPM, 100, 101), "[40] 0s refused 0 opens 0s"}, // Never.
		{0, claim(catalog.UnitTPM, 100, 40), "[0] 0s"},
		{0, claim(catalog.UnitTPM, 100, 0), "[0] 0s"},
		{0, claim(catalog.UnitTotal, 2, 1), "[1] 0s"},
		{time.Hour, claim(catalog.UnitTotal, 2, 1), "[0] 0s"},
		{48 * time.Hour, claim(catalog.UnitTotal, 2, 1), "[0] 0s refused 0 opens 0s"},
	} {
		if got := told(s.take(test.after, test.claim)); got != test.want {
			s.Errorf("%d: after %v, %s: %s, want %s", i, test.after, test.claim.Unit, got, test.want)
		}
	}
	short := claim(catalog.UnitRPM, 2, 1)
	short.Window = time.Second // Another scenario goes faster: its windows are others.
	if got := told(s.take(61*time.Second, short)); got != "[1] 0s" {
		s.Errorf("a window of another length: %s", got)
	}
}

func allOrNothing(s *subject) {
	first, second := claim(catalog.UnitRPM, 10, 1), claim(catalog.UnitTotal, 1, 1)
	if got := told(s.take(0, first, second)); got != "[9 0] 0s" {
		s.Errorf("first: %s", got)
	}
	if got := told(s.take(0, first, second)); got != "[9 0] 0s refused 1 opens 0s" {
		s.Errorf("second: %s", got)
	}
	if got := told(s.take(0)); got != "[] 0s" {
		s.Errorf("none: %s", got)
	}
}

func bursts(s *subject) {
	c := claim(catalog.UnitBurst, 4, 1)
	for i, want := range []string{"[3] 0s", "[2] 0s", "[1] 0s", "[0] 0s", "[0] 0s refused 0 opens 250ms"} {
		if got := told(s.take(0, c)); got != want {
			s.Errorf("%d: %s, want %s", i, got, want)
		}
	}
	c.Patience = 300 * time.Millisecond
	if got := told(s.take(0, c)); got != "[0] 250ms" {
		s.Errorf("patient: %s", got)
	}
	if got := told(s.take(100*time.Millisecond, c)); got != "[0] 300ms refused 0 opens 100ms" {
		s.Errorf("not patient enough: %s", got)
	}
	if got := told(s.take(2*time.Second, c)); got != "[3] 0s" {
		s.Errorf("later: %s", got)
	}
}

// late: what answers cost is taken from the window of their call, though there is
// not as much.
func late(s *subject) {
	c := claim(catalog.UnitTPM, 100, 10)
	s.take(0, c)
	spent := c
	spent.Amount = 200
	s.must(s.state.Spend(s.Context(), "", start, []scenarios.Claim{spent}))
	if got := told(s.take(0, c)); got != "[0] 0s refused 0 opens 1m0s" {
		s.Errorf("after 210 of 100: %s", got)
	}
	s.take(time.Minute, c)
	s.must(s.state.Spend(s.Context(), "", start, []scenarios.Claim{spent})) // That window is over.
	if got := told(s.take(time.Minute, c)); got != "[80] 0s" {
		s.Errorf("in the next window: %s", got)
	}
}

func concurrency(s *subject) {
	c := claim(catalog.UnitConcurrency, 3, 1)
	var under, most atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 30 {
				call := scenarios.Call{Claims: []scenarios.Claim{c}}
				if _, err := s.state.Visit(s.Context(), "", start, &call); err != nil {
					s.Error(err)
					return
				}
				if call.Taken.Refused >= 0 {
					continue
				}
				now := under.Add(1)
				for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
				}
				under.Add(-1)
				if err := s.state.Free(s.Context(), "", call.Taken.Slots); err != nil {
					s.Error(err)
				}
			}
		})
	}
	wait.Wait()
	if most.Load() > 3 {
		s.Errorf("%d places of 3 were taken at once", most.Load())
	}
	if got := told(s.take(0, c)); got != "[2] 0s" {
		s.Errorf("when all were given back: %s", got)
	}
}

// staleSlots: a place that was taken before a reset is not given back after it.
func staleSlots(s *subject) {
	c := claim(catalog.UnitConcurrency, 2, 1)
	old := s.take(0, c).Slots
	s.must(s.state.Reset(s.Context(), ""))
	now := s.take(0, c).Slots
	s.must(s.state.Free(s.Context(), "", old))
	if got := told(s.take(0, c)); got != "[0] 0s" {
		s.Errorf("with one place of the life that is over: %s", got)
	}
	s.must(s.state.Free(s.Context(), "", now))
	s.must(s.state.Free(s.Context(), "", nil))
	if got := told(s.take(0, c)); got != "[0] 0s" {
		s.Errorf("with one given back: %s", got)
	}
}

func holds(s *subject) {
	h := func(rule, whom string) scenarios.Hold { return scenarios.Hold{Rule: rule, For: whom} }
	held := func(after time.Duration, want string, asked ...scenarios.Hold) {
		s.Helper()
		c := scenarios.Call{Holds: asked}
		if s.visit("", after, &c); fmt.Sprint(c.Held) != want {
			s.Errorf("after %v: %v, want %s", after, c.Held, want)
		}
	}
	held(0, "[false]", h("a", ""))
	s.must(s.state.Hold(s.Context(), "", h("a", ""), time.Time{}))
	s.must(s.state.Hold(s.Context(), "", h("a", "k:1"), start.Add(time.Second)))
	s.must(s.state.Hold(s.Context(), "", h("ab", ""), time.Time{}))
	held(time.Second-1, "[true true false true]", h("a", ""), h("a", "k:1"), h("a", "k:2"), h("ab", ""))
	held(time.Second, "[true false]", h("a", ""), h("a", "k:1"))
	s.must(s.state.Release(s.Context(), "", "a"))
	held(0, "[false false true]", h("a", ""), h("a", "k:1"), h("ab", ""))
}
