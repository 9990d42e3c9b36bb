package scenarios

import (
	"context"
	"maps"
	"sync"
	"time"
)

// A Counter names something that is counted in a namespace.
type Counter struct {
	Rule string // The rule whose calls are counted; "" counts a request's repetitions.
	Key  string // For whom; "" for all calls of the namespace together.

	// From and To bound the namespace's age within which the counter is
	// raised; both are 0 for one that always is.
	From, To time.Duration
}

// A State holds everything that changes while an engine runs. Its methods may
// be called at the same time.
type State interface {
	// Count raises the counters of a namespace by one, all at once, and stores
	// their new values in values, which is as long as counters. A counter
	// whose bounds do not hold keeps its value, which is stored all the same.
	// It returns the namespace's age: the time since its first Count, or since
	// the first after a Reset.
	Count(ctx context.Context, namespace string, now time.Time, counters []Counter, values []uint64) (age time.Duration, err error)

	// Reset forgets all of a namespace.
	Reset(ctx context.Context, namespace string) error

	Records
	Holds
}

// Bounds of the state in memory. Counters of a namespace as such are as many
// as it has rules; those with a key of their own come from clients.
const (
	maxNamespaces = 10_000
	maxKeyed      = 1 << 20 // Per namespace; half of them, the least used, are forgotten beyond.
	maxHolds      = 1 << 16 // Per namespace, likewise.
)

// memory is a [State] in memory.
type memory struct {
	mu     sync.Mutex
	spaces generations[string, *space]
}

// space is what is known of one namespace.
type space struct {
	mu    sync.Mutex
	born  time.Time
	rules map[Counter]uint64
	keyed generations[Counter, uint64]
	shelf shelf
	holds generations[Hold, time.Time]
}

// NewMemory returns a [State] in memory. It keeps at most 10,000 namespaces
// and a million counters of keys, models and requests in each; beyond, those
// that were not used for the longest time are forgotten.
func NewMemory() State {
	return &memory{spaces: generations[string, *space]{limit: maxNamespaces / 2}}
}

// Count implements [State].
func (m *memory) Count(_ context.Context, namespace string, now time.Time, counters []Counter, values []uint64) (time.Duration, error) {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.born.IsZero() {
		s.born = now
	}
	age := now.Sub(s.born)
	for i, c := range counters {
		step := uint64(1)
		if c.To != 0 && (age < c.From || age >= c.To) {
			step = 0
		}
		if c.Key == "" {
			s.rules[c] += step
			values[i] = s.rules[c]
			continue
		}
		n, _ := s.keyed.get(c)
		values[i] = n + step
		s.keyed.put(c, n+step)
	}
	return age, nil
}

// Reset implements [State].
func (m *memory) Reset(_ context.Context, namespace string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces.remove(namespace)
	return nil
}

func (m *memory) space(namespace string) *space {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.spaces.get(namespace); ok {
		return s
	}
	s := &space{
		rules: map[Counter]uint64{}, keyed: generations[Counter, uint64]{limit: maxKeyed / 2},
		holds: generations[Hold, time.Time]{limit: maxHolds / 2},
	}
	m.spaces.put(namespace, s)
	return s
}

// generations is a map that forgets what was not used for long. It has a young
// and an old half; using a key brings it into the young one. When that is
// full, it becomes the old one, and what the old one held is forgotten.
type generations[K comparable, V any] struct {
	limit      int // Of each half.
	young, old map[K]V
}

func (g *generations[K, V]) get(k K) (V, bool) {
	if v, ok := g.young[k]; ok {
		return v, true
	}
	v, ok := g.old[k]
	if ok {
		delete(g.old, k)
		g.put(k, v)
	}
	return v, ok
}

func (g *generations[K, V]) put(k K, v V) {
	if _, ok := g.young[k]; !ok && len(g.young) >= g.limit {
		g.old, g.young = g.young, nil
	}
	if g.young == nil {
		g.young = map[K]V{}
	}
	g.young[k] = v
}

func (g *generations[K, V]) remove(k K) {
	delete(g.young, k)
	delete(g.old, k)
}

func (g *generations[K, V]) removeFunc(gone func(K) bool) {
	maps.DeleteFunc(g.young, func(k K, _ V) bool { return gone(k) })
	maps.DeleteFunc(g.old, func(k K, _ V) bool { return gone(k) })
}
