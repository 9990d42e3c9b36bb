package statetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

const source = `{"error": "Throttling"}`

func (s *subject) queue(namespace string, left uint64, until time.Time) uint64 {
	s.Helper()
	id, err := s.state.Queue(s.Context(), namespace, scenarios.Queued{Left: left, Until: until, Source: []byte(source)})
	s.must(err)
	return id
}

// asks visits, and says what came of it.
func (s *subject) asks(after time.Duration, passed, shot uint64) string {
	s.Helper()
	c := scenarios.Call{Passed: passed, Shot: shot, Counters: []scenarios.Counter{{Rule: "r"}}}
	done, err := s.state.Visit(s.Context(), "", start.Add(after), &c)
	s.must(err)
	if done {
		return fmt.Sprint("n ", c.Values[0])
	}
	text := "waiting"
	for _, q := range c.Waiting {
		if string(q.Source) != source {
			s.Errorf("shot %d is written %s", q.ID, q.Source)
		}
		text += fmt.Sprint(" ", q.ID, "x", q.Left)
	}
	return text
}

func shots(s *subject) {
	if got := s.asks(0, 0, 0); got != "n 1" {
		s.Errorf("none waits: %s", got)
	}
	s.queue("", 2, time.Time{})
	s.queue("", 1, start.Add(time.Second))
	s.queue("elsewhere", 1, time.Time{})
	for i, test := range []struct {
		after        time.Duration
		passed, shot uint64
		want         string
	}{
		{0, 0, 0, "waiting 1x2 2x1"}, // Nothing was counted.
		{0, 1, 0, "waiting 2x1"},
		{0, 2, 0, "n 2"},
		{0, scenarios.NoShots, 0, "n 3"},
		{0, 0, 1, "n 4"}, // Thrown.
		{0, 0, 0, "waiting 1x1 2x1"},
		{0, 1, 2, "n 5"},
		{0, 1, 2, "waiting"}, // Another call was faster.
		{0, 0, 2, "waiting 1x1"},
		{time.Hour, 0, 1, "n 6"},
		{time.Hour, 0, 0, "n 7"},
	} {
		if got := s.asks(test.after, test.passed, test.shot); got != test.want {
			s.Errorf("%d: %s, want %s", i, got, test.want)
		}
	}
	id := s.queue("", 1, start.Add(time.Second))
	if got := s.asks(time.Second, 0, id); id != 3 || got != "waiting" {
		s.Errorf("shot %d after its time: %s", id, got)
	}
	s.queue("", 1, time.Time{})
	last := s.queue("", 3, start.Add(time.Hour))
	waiting, err := s.state.Queued(s.Context(), "", start)
	if s.must(err); len(waiting) != 2 || waiting[1].ID != last || waiting[1].Left != 3 || !waiting[1].Until.Equal(start.Add(time.Hour)) || string(waiting[0].Source) != source {
		s.Errorf("there wait %+v", waiting)
	}
	for _, test := range []struct {
		id   uint64
		want bool
	}{{last, true}, {last, false}, {0, true}, {0, false}} {
		if found, err := s.state.Unqueue(s.Context(), "", test.id); err != nil || found != test.want {
			s.Errorf("unqueue %d: %t, %v", test.id, found, err)
		}
	}
	if got := s.asks(0, 0, 0); got != "n 8" {
		s.Errorf("all taken back: %s", got)
	}
}

// manyShots: each is thrown as often as it says, whoever claims it.
func manyShots(s *subject) {
	const times = 20
	s.queue("", times, time.Time{})
	var thrown atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range times {
				c := scenarios.Call{Shot: 1}
				done, err := s.state.Visit(s.Context(), "", start, &c)
				if err != nil {
					s.Error(err)
				}
				if done {
					thrown.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if thrown.Load() != times {
		s.Errorf("thrown %d times, want %d", thrown.Load(), times)
	}
}

func fullQueue(s *subject) {
	for range 1000 {
		s.queue("", 1, time.Time{})
	}
	if _, err := s.state.Queue(s.Context(), "", scenarios.Queued{Left: 1, Source: []byte(source)}); !errors.Is(err, scenarios.ErrQueueFull) {
		s.Errorf("the 1001st: %v", err)
	}
	s.queue("other", 1, time.Time{})
	s.must(s.state.Reset(s.Context(), ""))
	if id := s.queue("", 1, time.Time{}); id != 1 {
		s.Errorf("the first after a reset is %d", id)
	}
}
