package scenarios

import (
	"context"
	"time"

	"github.com/mockllm/mockllm/catalog"
)

// Looks is the part of a [State] that tells how things stand. Looking counts
// nothing: a call that comes after it is decided on as if nobody had looked.
type Looks interface {
	// Look tells how things stand in a namespace. One that nobody called is
	// not made by it.
	Look(ctx context.Context, namespace string, now time.Time, q Question) (Answer, error)
}

// A Question is what somebody who looks wants to know.
type Question struct {
	Counters []Counter
	Claims   []Claim // What they ask for is not taken; their Amount is not looked at.
	Holds    []Hold
}

// An Answer tells of each thing that a [Question] names, in its order.
type Answer struct {
	Called bool          // Whether anything was counted in the namespace yet.
	Age    time.Duration // Since its first visit.
	Counts []uint64
	Rooms  []Room
	Holds  []Holding
}

// A Room is what is left of a limit.
type Room struct {
	Left  uint64
	Opens time.Duration // How long it takes until all of it is there again; 0 if it is, or never will be.
}

// A Holding tells whether a sticky rule holds for somebody.
type Holding struct {
	Holds bool
	Until time.Time // Zero is until it is released.
}

// Look implements [Looks].
func (m *memory) Look(_ context.Context, namespace string, now time.Time, q Question) (Answer, error) {
	m.mu.Lock()
	s, found := m.spaces.peek(namespace)
	m.mu.Unlock()
	if !found {
		s = &space{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := Answer{Called: !s.born.IsZero()}
	if a.Called {
		a.Age = max(now.Sub(s.born), 0)
	}
	for _, c := range q.Counters {
		n := s.rules[c]
		if c.Key != "" {
			n, _ = s.keyed.peek(c)
		}
		a.Counts = append(a.Counts, n)
	}
	for _, c := range q.Claims {
		a.Rooms = append(a.Rooms, s.room(c, a.Age))
	}
	for _, h := range q.Holds {
		until, ok := s.holds.peek(h)
		a.Holds = append(a.Holds, Holding{Holds: ok && (until.IsZero() || now.Before(until)), Until: until})
	}
	return a, nil
}

// room tells how much is left of what the claim is about.
func (s *space) room(c Claim, age time.Duration) Room {
	key := bucketKey{c.Limit, c.Unit, c.Key}
	b := bucket{used: s.slots[key]}
	if c.Unit != catalog.UnitConcurrency {
		b, _ = s.buckets.peek(key)
		b = b.at(c, age)
	}
	r := Room{Left: left(c, b, age)}
	switch {
	case r.Left >= c.Max:
	case c.Unit == catalog.UnitBurst:
		r.Opens = max(b.next-age, 0)
	case c.Window > 0:
		r.Opens = time.Duration(b.window+1)*c.Window - age
	}
	return r
}

// peek returns what get does, and uses nothing: who looks must not keep alive
// what nobody calls for.
func (g *generations[K, V]) peek(k K) (V, bool) {
	if v, ok := g.young[k]; ok {
		return v, true
	}
	v, ok := g.old[k]
	return v, ok
}
