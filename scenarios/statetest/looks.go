package statetest

import (
	"reflect"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// looks tells how things stand, and counts nothing.
func looks(s *subject) {
	plain, keyed := scenarios.Counter{Rule: "r"}, scenarios.Counter{Rule: "r", Key: "k:sk"}
	early := scenarios.Counter{Rule: "r", To: time.Second}
	minute, burst := claim(catalog.UnitRPM, 5, 2), claim(catalog.UnitBurst, 4, 1)
	at, total := claim(catalog.UnitConcurrency, 3, 1), claim(catalog.UnitTotal, 9, 1)
	lasting, short := scenarios.Hold{Rule: "r", For: "k:sk"}, scenarios.Hold{Rule: "s"}
	q := scenarios.Question{
		Counters: []scenarios.Counter{plain, keyed, early, {Rule: "never"}},
		Claims:   []scenarios.Claim{minute, burst, at, total},
		Holds:    []scenarios.Hold{lasting, short, {Rule: "never"}},
	}
	s.sees(0, q, scenarios.Answer{
		Counts: make([]uint64, 4), Rooms: []scenarios.Room{{Left: 5}, {Left: 4}, {Left: 3}, {Left: 9}}, Holds: make([]scenarios.Holding, 3),
	})
	call := scenarios.Call{Counters: []scenarios.Counter{plain, keyed, early}, Claims: []scenarios.Claim{minute, burst, at, total}}
	s.visit("", 0, &call)
	call.Claims, call.Taken = nil, scenarios.Taken{}
	s.visit("", 2*time.Second, &call)
	until := start.Add(time.Minute)
	s.must(s.state.Hold(s.Context(), "", lasting, time.Time{}))
	s.must(s.state.Hold(s.Context(), "", short, until))
	want := scenarios.Answer{
		Called: true, Age: 2 * time.Second, Counts: []uint64{2, 2, 1, 0},
		Rooms: []scenarios.Room{{Left: 3, Opens: 58 * time.Second}, {Left: 4}, {Left: 2}, {Left: 8}},
		Holds: []scenarios.Holding{{Holds: true}, {Holds: true, Until: until}, {}},
	}
	s.sees(2*time.Second, q, want)
	s.sees(2*time.Second, q, want) // Looking changes nothing.
	want.Age, want.Rooms[0] = time.Minute, scenarios.Room{Left: 5}
	want.Holds[1].Holds = false
	s.sees(time.Minute, q, want)
}

// sees wants an answer to a question.
func (s *subject) sees(after time.Duration, q scenarios.Question, want scenarios.Answer) {
	s.Helper()
	got, err := s.state.Look(s.Context(), "", start.Add(after), q)
	s.must(err)
	for i := range got.Holds {
		got.Holds[i].Until, want.Holds[i].Until = got.Holds[i].Until.UTC(), want.Holds[i].Until.UTC()
	}
	if !reflect.DeepEqual(got, want) {
		s.Errorf("after %v:\n%+v, want\n%+v", after, got, want)
	}
}
