package scenarios

import (
	"context"
	"errors"
	"maps"
	"math"
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
	// Visit does what a call asks for, all at once, and fills in what it gets.
	// It reports whether it did. If not, it did nothing: one-shots wait that the
	// caller has to look at first, and stand in the call. It fails with
	// [ErrStale], and has done nothing either, if what the call read of its
	// records before is not so any more.
	Visit(ctx context.Context, namespace string, now time.Time, c *Call) (bool, error)

	// Reset forgets all of a namespace.
	Reset(ctx context.Context, namespace string) error

	// Forget says that this server has forgotten a namespace, because nobody
	// called it here. A state that other servers use too keeps it for them.
	Forget(ctx context.Context, namespace string) error

	Records
	Holds
	Allowances
	Shots
	Looks
}

// ErrStale says that records by which a caller was judged have changed since
// they were read. The call is to be read and judged anew.
var ErrStale = errors.New("the records have changed meanwhile")

// ErrUnavailable says that a state cannot be reached now.
var ErrUnavailable = errors.New("the state cannot be reached")

// A Call is what one request asks of a [State], and what it gets. The slices
// belong to the caller, who uses them again; a state keeps none of them.
type Call struct {
	Records  View      // By which the caller was judged; nil if by none.
	Passed   uint64    // The newest one-shot that is known not to be for the call.
	Shot     uint64    // The one-shot that is thrown at the call; 0 for none.
	Counters []Counter // What is raised by one.
	Holds    []Hold    // Of what is asked whether it holds.
	Claims   []Claim   // What is taken of limits: all of it, or nothing if too little is left of one.

	// Waiting are the one-shots behind Passed, oldest first, that keep a visit
	// from being done: any if there is no Shot, else only if that is gone.
	Waiting []Queued

	Volume string        // Which volume of the namespace's journal is written: emptying it begins another; "" if nobody else writes it.
	Age    time.Duration // Of the namespace: since its first visit, or since the first after a reset.
	Values []uint64      // Of the counters. One whose bounds do not hold keeps its value, which is told all the same.
	Held   []bool        // Whether the holds hold now.
	Taken  Taken         // What became of the claims.
}

// NoShots passes by all one-shots, whatever comes.
const NoShots uint64 = math.MaxUint64

// Bounds of the state in memory. Counters of a namespace as such are as many
// as it has rules; those with a key of their own come from clients.
const (
	maxNamespaces = 10_000
	maxKeyed      = 1 << 20 // Per namespace; half of them, the least used, are forgotten beyond.
	maxHolds      = 1 << 16 // Per namespace, likewise.
	maxBuckets    = 1 << 18 // Per namespace, likewise.
)

// memory is a [State] in memory.
type memory struct {
	mu     sync.Mutex
	spaces generations[string, *space]
	made   uint64 // How many spaces there have been.
}

// space is what is known of one namespace.
type space struct {
	mu    sync.Mutex
	born  time.Time
	rules map[Counter]uint64
	keyed generations[Counter, uint64]
	shelf shelf
	holds generations[Hold, time.Time]

	shots []Queued
	shot  uint64 // The newest shot's number.

	world   uint64 // The number of this space.
	buckets generations[bucketKey, bucket]
	slots   map[bucketKey]uint64 // As many as calls are under way; none is forgotten.
}

// NewMemory returns a [State] in memory. It keeps at most 10,000 namespaces
// and a million counters of keys, models and requests in each; beyond, those
// that were not used for the longest time are forgotten.
func NewMemory() State {
	return &memory{spaces: generations[string, *space]{limit: maxNamespaces / 2}}
}

// Visit implements [State].
func (m *memory) Visit(_ context.Context, namespace string, now time.Time, c *Call) (bool, error) {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.throw(now, c) {
		return false, nil
	}
	c.Age = s.age(now)
	c.Values = c.Values[:0]
	for _, counter := range c.Counters {
		c.Values = append(c.Values, s.raise(counter, c.Age))
	}
	c.Held = c.Held[:0]
	for _, h := range c.Holds {
		c.Held = append(c.Held, s.holding(h, now))
	}
	s.take(c)
	return true, nil
}

// raise raises a counter by one, if its bounds hold, and returns its value.
func (s *space) raise(c Counter, age time.Duration) uint64 {
	step := uint64(1)
	if c.To != 0 && (age < c.From || age >= c.To) {
		step = 0
	}
	if c.Key == "" {
		s.rules[c] += step
		return s.rules[c]
	}
	n, _ := s.keyed.get(c)
	s.keyed.put(c, n+step)
	return n + step
}

// Reset implements [State].
func (m *memory) Reset(_ context.Context, namespace string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spaces.remove(namespace)
	return nil
}

// Forget implements [State]. Nobody else uses it.
func (m *memory) Forget(ctx context.Context, namespace string) error {
	return m.Reset(ctx, namespace)
}

func (m *memory) space(namespace string) *space {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s, ok := m.spaces.get(namespace); ok {
		return s
	}
	m.made++
	s := &space{
		rules: map[Counter]uint64{}, keyed: generations[Counter, uint64]{limit: maxKeyed / 2},
		holds: generations[Hold, time.Time]{limit: maxHolds / 2},
		world: m.made, buckets: generations[bucketKey, bucket]{limit: maxBuckets / 2}, slots: map[bucketKey]uint64{},
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
