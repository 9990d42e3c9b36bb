// Package statetest holds what every [scenarios.State] must do: a table of tests
// that one in memory and one elsewhere pass alike.
package statetest

import (
	"testing"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// start is when every test begins.
var start = time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.UTC)

// Run tests the states that open makes. Each is new, or as good as new.
func Run(t *testing.T, open func(t *testing.T) scenarios.State) {
	for _, test := range []struct {
		name string
		run  func(*subject)
	}{
		{"counters", counters},
		{"age", age},
		{"bounds of counters", bounds},
		{"reset", reset},
		{"exact", exact},
		{"windows", windows},
		{"all or nothing", allOrNothing},
		{"bursts", bursts},
		{"tokens known late", late},
		{"concurrency", concurrency},
		{"places of a life that is over", staleSlots},
		{"holds", holds},
		{"looks", looks},
		{"one-shots", shots},
		{"one-shots of many at once", manyShots},
		{"too many one-shots", fullQueue},
		{"records", records},
		{"records of callers", callers},
		{"records beyond the bounds", forgotten},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(&subject{T: t, state: open(t)}) })
	}
}

// A subject is a state under test.
type subject struct {
	*testing.T
	state scenarios.State
}

// visit makes a visit that must be done.
func (s *subject) visit(namespace string, after time.Duration, c *scenarios.Call) {
	s.Helper()
	if done, err := s.state.Visit(s.Context(), namespace, start.Add(after), c); err != nil || !done {
		s.Fatalf("visit: %t, %v", done, err)
	}
}

func (s *subject) count(namespace string, after time.Duration, counters ...scenarios.Counter) []uint64 {
	s.Helper()
	c := scenarios.Call{Counters: counters}
	s.visit(namespace, after, &c)
	return c.Values
}

func (s *subject) take(after time.Duration, claims ...scenarios.Claim) scenarios.Taken {
	s.Helper()
	c := scenarios.Call{Claims: claims}
	s.visit("", after, &c)
	return c.Taken
}

func (s *subject) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}
