package scenarios

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

func count(t *testing.T, s State, ns string, now time.Time, counters ...Counter) ([]uint64, time.Duration) {
	t.Helper()
	c := Call{Counters: counters}
	if done, err := s.Visit(context.Background(), ns, now, &c); err != nil || !done {
		t.Fatal(done, err)
	}
	return c.Values, c.Age
}

func TestMemoryCounts(t *testing.T) {
	m := NewMemory()
	a, b, keyed := Counter{Rule: "a"}, Counter{Rule: "b"}, Counter{Rule: "a", Key: "k"}
	for n := uint64(1); n <= 3; n++ {
		got, _ := count(t, m, "x", start, a, keyed)
		if got[0] != n || got[1] != n {
			t.Errorf("round %d: got %v", n, got)
		}
	}
	if got, _ := count(t, m, "x", start, b, Counter{Rule: "b", Key: "k"}, Counter{Rule: "a", Key: "l"}, a); fmt.Sprint(got) != "[1 1 1 4]" {
		t.Errorf("other counters: got %v, want [1 1 1 4]", got)
	}
	if got, _ := count(t, m, "y", start, a, keyed); fmt.Sprint(got) != "[1 1]" {
		t.Errorf("another namespace: got %v, want [1 1]", got)
	}
	// The same counter twice in one call is raised twice, as it says.
	if got, _ := count(t, m, "z", start, a, a, keyed, keyed); fmt.Sprint(got) != "[1 2 1 2]" {
		t.Errorf("twice in one call: got %v, want [1 2 1 2]", got)
	}
}

func TestMemoryAge(t *testing.T) {
	m := NewMemory()
	for _, test := range []struct {
		ns   string
		at   time.Duration
		want time.Duration
	}{{"x", 0, 0}, {"x", time.Second, time.Second}, {"y", time.Minute, 0}, {"x", time.Hour, time.Hour}, {"y", 2 * time.Minute, time.Minute}} {
		if _, age := count(t, m, test.ns, start.Add(test.at)); age != test.want {
			t.Errorf("%s at %v is %v old, want %v", test.ns, test.at, age, test.want)
		}
	}
	if err := m.Reset(context.Background(), "x"); err != nil {
		t.Fatal(err)
	}
	if _, age := count(t, m, "x", start.Add(2*time.Hour)); age != 0 {
		t.Errorf("after Reset x is %v old, want 0", age)
	}
	if _, age := count(t, m, "y", start.Add(2*time.Minute)); age != time.Minute {
		t.Errorf("after Reset of x, y is %v old, want 1m", age)
	}
}

// A counter with bounds stands still outside them and says its value all the
// same.
func TestMemoryBounds(t *testing.T) {
	m := NewMemory()
	for _, c := range []Counter{{Rule: "r", From: 10 * time.Second, To: 20 * time.Second}, {Rule: "r", Key: "k", From: 10 * time.Second, To: 20 * time.Second}} {
		ns := "ns" + c.Key
		for _, test := range []struct {
			at   time.Duration
			want uint64
		}{{0, 0}, {9_999 * time.Millisecond, 0}, {10 * time.Second, 1}, {19 * time.Second, 2}, {20 * time.Second, 2}, {time.Hour, 2}} {
			if got, _ := count(t, m, ns, start.Add(test.at), c); got[0] != test.want {
				t.Errorf("%+v at %v: got %d, want %d", c, test.at, got[0], test.want)
			}
		}
		// The same rule's counter without bounds is another one.
		if got, _ := count(t, m, ns, start, Counter{Rule: "r", Key: c.Key}); got[0] != 1 {
			t.Errorf("without bounds: got %d, want 1", got[0])
		}
	}
}

func TestMemoryReset(t *testing.T) {
	m := NewMemory()
	a, k := Counter{Rule: "a"}, Counter{Rule: "a", Key: "k"}
	count(t, m, "x", start, a, k)
	count(t, m, "y", start, a, k)
	for _, ns := range []string{"x", "never seen"} {
		if err := m.Reset(context.Background(), ns); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := count(t, m, "x", start, a, k); fmt.Sprint(got) != "[1 1]" {
		t.Errorf("x after its reset: got %v, want [1 1]", got)
	}
	if got, _ := count(t, m, "y", start, a, k); fmt.Sprint(got) != "[2 2]" {
		t.Errorf("y after the reset of x: got %v, want [2 2]", got)
	}
}

// No count is lost or seen twice, and counters raised together stay together.
func TestMemoryIsExact(t *testing.T) {
	const senders, each = 64, 1_000
	m := NewMemory()
	counters := []Counter{{Rule: "a"}, {Rule: "b"}, {Rule: "a", Key: "k"}, {Key: "f"}}
	seen := make([][]uint64, senders)
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			c := Call{Counters: counters}
			for range each {
				if _, err := m.Visit(context.Background(), "x", start, &c); err != nil {
					t.Error(err)
				}
				for _, v := range c.Values {
					if v != c.Values[0] {
						t.Errorf("counters raised together differ: %v", c.Values)
					}
				}
				seen[i] = append(seen[i], c.Values[0])
			}
		})
	}
	wg.Wait()
	all := make([]bool, senders*each+1)
	for _, values := range seen {
		last := uint64(0)
		for _, v := range values {
			if v <= last || v > senders*each || all[v] {
				t.Fatalf("%d came twice, or after %d", v, last)
			}
			all[v], last = true, v
		}
	}
}

// Namespaces made, used and reset all at once: for the race detector.
func TestMemoryWithManyNamespacesAtOnce(t *testing.T) {
	m := &memory{spaces: generations[string, *space]{limit: 4}}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			var c Call
			for j := range 500 {
				ns := fmt.Sprint((i + j) % 20)
				c.Counters = []Counter{{Rule: "a"}, {Rule: "a", Key: ns}}
				if _, err := m.Visit(context.Background(), ns, start, &c); err != nil || c.Values[0] == 0 {
					t.Errorf("count %v, %v", c.Values, err)
				}
				if j%50 == 0 {
					if err := m.Reset(context.Background(), ns); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := len(m.spaces.young) + len(m.spaces.old); n > 8 {
		t.Errorf("%d namespaces are kept, want at most 8", n)
	}
}

// Beyond the limit, the namespaces that were not used for long are forgotten,
// and those that were used are not.
func TestMemoryForgetsNamespaces(t *testing.T) {
	m := &memory{spaces: generations[string, *space]{limit: 5}}
	a := Counter{Rule: "a"}
	for i := range 100 {
		count(t, m, fmt.Sprint("once ", i), start, a)
		got, _ := count(t, m, "busy", start, a)
		if got[0] != uint64(i+1) {
			t.Fatalf("the busy namespace was forgotten: its count is %d, want %d", got[0], i+1)
		}
		if n := len(m.spaces.young) + len(m.spaces.old); n > 10 {
			t.Fatalf("%d namespaces are kept, want at most 10", n)
		}
	}
	for i, want := range map[int]uint64{0: 1, 99: 2} {
		if got, _ := count(t, m, fmt.Sprint("once ", i), start, a); got[0] != want {
			t.Errorf("namespace %d counts %d, want %d", i, got[0], want)
		}
	}
}

// However many keys clients make up, the rules' own counters stay.
func TestMemoryForgetsKeysButNoRules(t *testing.T) {
	s := &space{rules: map[Counter]uint64{}, keyed: generations[Counter, uint64]{limit: 5}}
	m := &memory{spaces: generations[string, *space]{limit: 5}}
	m.spaces.put("x", s)
	rules := make([]Counter, 50)
	for i := range rules {
		rules[i] = Counter{Rule: fmt.Sprint(i)}
	}
	busy := Counter{Rule: "0", Key: "busy"}
	for i := range 200 {
		got, _ := count(t, m, "x", start, append([]Counter{busy, {Key: fmt.Sprint("request ", i)}}, rules...)...)
		for j, n := range got {
			if j != 1 && n != uint64(i+1) {
				t.Fatalf("after %d calls counter %d is %d", i+1, j, n)
			}
		}
		if n := len(s.keyed.young) + len(s.keyed.old); n > 10 {
			t.Fatalf("%d counters with keys are kept, want at most 10", n)
		}
	}
	if len(s.rules) != len(rules) {
		t.Errorf("%d counters without keys, want %d", len(s.rules), len(rules))
	}
	if got, _ := count(t, m, "x", start, Counter{Key: "request 0"}); got[0] != 1 {
		t.Errorf("request 0 was not forgotten: it counts %d", got[0])
	}
}

// The real bounds hold too.
func TestMemoryBoundsAreAsDocumented(t *testing.T) {
	m := NewMemory().(*memory)
	for i := range 3 * maxNamespaces {
		count(t, m, fmt.Sprint(i), start)
	}
	if n := len(m.spaces.young) + len(m.spaces.old); n > maxNamespaces || n < maxNamespaces/2 {
		t.Errorf("%d namespaces are kept, want %d to %d", n, maxNamespaces/2, maxNamespaces)
	}
	if maxNamespaces != 10_000 || maxKeyed != 1<<20 {
		t.Error("the bounds are not those of NewMemory's comment")
	}
}

func TestGenerations(t *testing.T) {
	g := generations[int, string]{limit: 2}
	for _, k := range []int{1, 2, 3} {
		g.put(k, fmt.Sprint(k))
	}
	// 1 and 2 are old now; 1 is used and so young again.
	if v, ok := g.get(1); !ok || v != "1" {
		t.Errorf("get(1) = %q, %v", v, ok)
	}
	g.put(4, "4") // 3 and 1 become old; 2 is forgotten.
	for k, want := range map[int]bool{1: true, 2: false, 3: true, 4: true} {
		if _, ok := g.young[k]; ok {
			if !want {
				t.Errorf("%d is kept", k)
			}
			continue
		}
		if _, ok := g.old[k]; ok != want {
			t.Errorf("%d is kept: %v, want %v", k, ok, want)
		}
	}
	g.put(4, "four")
	if v, _ := g.get(4); v != "four" {
		t.Errorf("get(4) = %q after it was replaced", v)
	}
	g.remove(4)
	g.remove(1)
	if _, ok := g.get(4); ok {
		t.Error("4 was removed from the young half and is there")
	}
	if _, ok := g.get(1); ok {
		t.Error("1 was removed from the old half and is there")
	}
}
