package statetest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

func counters(s *subject) {
	a, b, keyed := scenarios.Counter{Rule: "a"}, scenarios.Counter{Rule: "b"}, scenarios.Counter{Rule: "a", Key: "k"}
	for n := uint64(1); n <= 3; n++ {
		if got := s.count("x", 0, a, keyed); got[0] != n || got[1] != n {
			s.Errorf("round %d: %v", n, got)
		}
	}
	for _, test := range []struct {
		namespace string
		counters  []scenarios.Counter
		want      string
	}{
		{"x", []scenarios.Counter{b, {Rule: "b", Key: "k"}, {Rule: "a", Key: "l"}, a}, "[1 1 1 4]"},
		{"y", []scenarios.Counter{a, keyed}, "[1 1]"},
		{"z", []scenarios.Counter{a, a, keyed, keyed}, "[1 2 1 2]"}, // The same twice is raised twice.
		{"z", nil, "[]"},
		{"names", []scenarios.Counter{{Rule: "a", Key: "b:c"}, {Rule: "a:b", Key: "c"}, {Rule: "1:a", Key: "x"}, {Key: "a"}}, "[1 1 1 1]"},
		{"names", []scenarios.Counter{{Rule: "ä\x00\n", Key: "界\x00 {}"}, {Rule: "ä\x00\n", Key: "界\x00 {}"}}, "[1 2]"},
		{"", []scenarios.Counter{a}, "[1]"},
		{"\x00connections", []scenarios.Counter{a}, "[1]"},
	} {
		if got := fmt.Sprint(s.count(test.namespace, 0, test.counters...)); got != test.want {
			s.Errorf("%q %v: %s, want %s", test.namespace, test.counters, got, test.want)
		}
	}
}

func age(s *subject) {
	at := func(namespace string, after, want time.Duration) {
		s.Helper()
		var c scenarios.Call
		if s.visit(namespace, after, &c); c.Age != want {
			s.Errorf("%s after %v is %v old, want %v", namespace, after, c.Age, want)
		}
	}
	at("x", 0, 0)
	at("x", time.Second+7, time.Second+7)
	at("y", time.Minute, 0)
	at("x", 100*24*time.Hour, 100*24*time.Hour)
	at("x", -time.Minute, 0) // Clocks may differ: nothing is younger than new.
	at("y", time.Minute+time.Nanosecond, 1)
	s.must(s.state.Reset(s.Context(), "x"))
	at("x", time.Hour, 0)
	at("y", 2*time.Minute, time.Minute)
}

// bounds: a counter with bounds stands still outside of them, and tells its value
// all the same.
func bounds(s *subject) {
	const sec = time.Second
	open := time.Duration(1<<63 - 1)
	for _, key := range []string{"", "k"} {
		namespace := "ns" + key
		c := scenarios.Counter{Rule: "r", Key: key, From: 10 * sec, To: 20 * sec}
		for _, test := range []struct {
			at   time.Duration
			want uint64
		}{{0, 0}, {10*sec - 1, 0}, {10 * sec, 1}, {20*sec - 1, 2}, {20 * sec, 2}, {time.Hour, 2}} {
			if got := s.count(namespace, test.at, c); got[0] != test.want {
				s.Errorf("%q at %v: %d, want %d", key, test.at, got[0], test.want)
			}
		}
		others := []scenarios.Counter{{Rule: "r", Key: key}, {Rule: "r", Key: key, From: 10 * sec, To: 30 * sec}, {Rule: "r", Key: key, From: sec, To: open}}
		if got := fmt.Sprint(s.count(namespace, 25*sec, others...)); got != "[1 1 1]" {
			s.Errorf("%q with other bounds: %s", key, got)
		}
	}
}

func reset(s *subject) {
	a, k := scenarios.Counter{Rule: "a"}, scenarios.Counter{Rule: "a", Key: "k"}
	s.count("x", 0, a, k)
	s.count("y", 0, a, k)
	s.must(s.state.Reset(s.Context(), "x"))
	s.must(s.state.Reset(s.Context(), "never seen"))
	if got := fmt.Sprint(s.count("x", 0, a, k), s.count("y", 0, a, k)); got != "[1 1] [2 2]" {
		s.Errorf("after the reset of x: %s", got)
	}
}

// exact: no count is lost or seen twice, and what is raised together stays so.
func exact(s *subject) {
	const senders, each = 16, 100
	raised := []scenarios.Counter{{Rule: "a"}, {Rule: "b"}, {Rule: "a", Key: "k"}, {Key: "f"}}
	var mu sync.Mutex
	var seen []uint64
	var wait sync.WaitGroup
	for range senders {
		wait.Go(func() {
			c := scenarios.Call{Counters: raised}
			for range each {
				if done, err := s.state.Visit(s.Context(), "x", start, &c); err != nil || !done {
					s.Errorf("visit: %t, %v", done, err)
					return
				}
				if slices.Min(c.Values) != slices.Max(c.Values) {
					s.Errorf("raised together and different: %v", c.Values)
				}
				mu.Lock()
				seen = append(seen, c.Values[0])
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	slices.Sort(seen)
	for i, n := range seen {
		if n != uint64(i+1) {
			s.Fatalf("n %d stands where %d should", n, i+1)
		}
	}
}
