package scenarios

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

// What exactly is promised, for the same seed and the same requests:
//
//  1. Per rule, the set of (n, fires, roll, step) is the same in any order of
//     arrival and at any concurrency. n runs through 1..number of matching
//     calls, once each, and the rest follows from n alone.
//  2. Which request gets which n depends on arrival, if n is counted for more
//     than that request (namespace, key, model). So does what comes out at the
//     end, where several rules match: a rule that fires may stand behind one
//     that answers, for one request or for another.
//  3. If every rule counts per request, and requests of one fingerprint are
//     alike in all that the rules match, then also the outcome of the k-th
//     repetition of each request is the same. So it is with one namespace for
//     each client that sends one request after the other.
//  4. A rule that is added in front, between or behind changes nothing of the
//     others' (n, fires, roll, step), only what is seen of them.
const promised = `seed = 2026

[[rule]]
name = "chance"
when.probability = 0.2
reply.text = "chance"

[[rule]]
name = "early"
match.model = "m0"
when.calls = "3..40"
reply.text = "early"

[[rule]]
name = "every"
match.key = "k[13]"
when = { every = 7, per = "key" }
reply.text = "every"

[[rule]]
name = "steps"
when = { probability = 0.5, per = "model" }
then = "loop"
step = [ { reply.text = "s1", times = 2 }, { reply.text = "s2" }, { reply.text = "s3" } ]

[[rule]]
name = "per request"
when = { calls = "2..3", per = "request" }
reply.text = "again"

[[rule]]
name = "windowed"
when = { window = "0s..1h", probability = 0.3, calls = "5.." }
step = [ { reply.text = "w1", times = 20 }, { reply.text = "w2", times = 30 } ]
`

// mix returns 2,000 requests of 40 fingerprints; key and model follow from the
// fingerprint, as they do when the whole request is hashed.
func mix() []*Request {
	random := rand.New(rand.NewPCG(1, 2))
	requests := make([]*Request, 2000)
	for i := range requests {
		f := random.IntN(40)
		requests[i] = chat("qianfan-v1", fingerprint(fmt.Sprint("f", f)), key(fmt.Sprint("k", f%4)), model(fmt.Sprint("m", f%3)))
	}
	return requests
}

// call is what became of one rule at one of its calls, seen or not.
type call struct {
	key   string
	n     uint64
	roll  float64
	fires bool
	step  int
}

// askAll sends a request and asks every matching rule, also those behind the
// one that answers, which a Decision does not show.
func (e *Engine) askAll(r *Request) (map[string]call, error) {
	matched := e.matching(r, nil)
	if _, err := e.count(context.Background(), start, r, matched); err != nil {
		return nil, err
	}
	all := map[string]call{}
	for i := range matched {
		c := &matched[i]
		f, o := c.fire()
		all[c.rule.Name] = call{c.key, f.N, f.Roll, o != nil, f.Step}
	}
	return all, nil
}

// send sends the requests, by so many senders at a time, and collects what
// visit makes of each.
func send[T any](t *testing.T, requests []*Request, senders int, visit func(*Request) (T, error)) []T {
	t.Helper()
	queue := make(chan *Request)
	var mu sync.Mutex
	var all []T
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for r := range queue {
				v, err := visit(r)
				mu.Lock()
				if err != nil {
					t.Error(err)
				}
				all = append(all, v)
				mu.Unlock()
			}
		})
	}
	for _, r := range requests {
		queue <- r
	}
	close(queue)
	wg.Wait()
	return all
}

// schedules sends the requests and returns, for each rule, the multiset of
// what became of it.
func schedules(t *testing.T, text string, requests []*Request, senders int) map[string]map[call]int {
	t.Helper()
	e := NewEngine(mustLoad(t, text), Settings{}, NewMemory())
	all := map[string]map[call]int{}
	for _, rules := range send(t, requests, senders, e.askAll) {
		for rule, a := range rules {
			if all[rule] == nil {
				all[rule] = map[call]int{}
			}
			all[rule][a]++
		}
	}
	return all
}

func sameSchedules(t *testing.T, what string, got, want map[string]map[call]int) {
	t.Helper()
	for rule := range want {
		if !maps.Equal(got[rule], want[rule]) {
			t.Errorf("%s: rule %q has another schedule: %d entries against %d", what, rule, len(got[rule]), len(want[rule]))
		}
	}
}

func backwards(requests []*Request) []*Request {
	requests = slices.Clone(requests)
	slices.Reverse(requests)
	return requests
}

// Promise 1.
func TestSchedulesDoNotDependOnOrder(t *testing.T) {
	promised := strings.Replace(promised, `"k[13]"`, `"k?"`, 1)
	want := schedules(t, promised, mix(), 1)
	for rule, calls := range want {
		fired := 0
		for a, times := range calls {
			if times != 1 {
				t.Errorf("rule %q: %+v came %d times; every n comes once", rule, a, times)
			}
			if a.fires {
				fired++
			}
		}
		// Else the test would compare nothing with nothing.
		if fired == 0 || fired == len(calls) {
			t.Errorf("rule %q fires %d times in %d", rule, fired, len(calls))
		}
	}
	if len(want) != 6 {
		t.Fatalf("%d rules were asked, want 6", len(want))
	}
	sameSchedules(t, "again", schedules(t, promised, mix(), 1), want)
	sameSchedules(t, "backwards", schedules(t, promised, backwards(mix()), 1), want)
	for range 3 {
		sameSchedules(t, "32 at a time", schedules(t, promised, mix(), 32), want)
	}
	other := schedules(t, strings.Replace(promised, "2026", "2027", 1), mix(), 1)
	if maps.Equal(other["chance"], want["chance"]) {
		t.Error("another seed gives the same chance")
	}
	if !maps.Equal(other["early"], want["early"]) {
		t.Error("another seed changes a rule without chance")
	}
}

// Promise 4. The added rules take every call, or some, or delay.
func TestOtherRulesChangeNoSchedule(t *testing.T) {
	want := schedules(t, promised, mix(), 1)
	added := "[[rule]]\nname = \"added\"\nwhen.probability = 0.9\nreply.text = \"added\"\n"
	slow := "[[rule]]\nname = \"slow\"\nlatency = \"1s\"\n"
	seed, rules, _ := strings.Cut(promised, "\n")
	front, back, _ := strings.Cut(rules, "[[rule]]\nname = \"steps\"")
	for name, text := range map[string]string{
		"in front":  seed + "\n" + added + rules,
		"behind":    promised + added,
		"between":   seed + "\n" + front + added + "[[rule]]\nname = \"steps\"" + back,
		"latency":   seed + "\n" + slow + rules,
		"per other": seed + "\n" + strings.Replace(added, "when.", "when.per = \"request\"\nwhen.", 1) + rules,
	} {
		sameSchedules(t, name, schedules(t, text, mix(), 1), want)
		sameSchedules(t, name+", 32 at a time", schedules(t, text, mix(), 32), want)
	}
}

// k-th repetition of a request, by its entropy, which stands for nothing else.
type repetition struct {
	namespace, fingerprint string
	entropy                [2]uint64
}

// outcomes sends the requests and returns what came out of each.
func outcomesOf(t *testing.T, text string, requests []*Request, senders int) map[repetition]string {
	t.Helper()
	e := NewEngine(mustLoad(t, text), Settings{}, NewMemory())
	type one struct {
		repetition
		outcome string
	}
	all := map[repetition]string{}
	for _, o := range send(t, requests, senders, func(r *Request) (one, error) {
		d, err := e.Decide(context.Background(), start, r)
		return one{repetition{r.Namespace, r.Fingerprint, d.Entropy}, fmt.Sprint(d.Cause, answerOf(d), d.Fired)}, err
	}) {
		if _, twice := all[o.repetition]; twice {
			t.Errorf("entropy came twice: %+v", o.repetition)
		}
		all[o.repetition] = o.outcome
	}
	return all
}

// Promise 3, first half.
func TestPerRequestOutcomesDoNotDependOnOrder(t *testing.T) {
	text := promised
	for _, per := range []string{`, per = "key"`, `, per = "model"`, `, per = "request"`} {
		text = strings.ReplaceAll(text, per, "")
	}
	// Every when gets per = "request".
	text = strings.NewReplacer("when.probability = 0.2", `when = { per = "request", probability = 0.2 }`,
		`when.calls = "3..40"`, `when = { per = "request", calls = "3..40" }`, "when = { ", `when = { per = "request", `).Replace(text)
	if n := strings.Count(text, "[[rule]]"); n != 6 || strings.Count(text, `per = "request"`) != n {
		t.Fatalf("not every rule counts per request:\n%s", text)
	}
	want := outcomesOf(t, text, mix(), 1)
	if len(want) != 2000 {
		t.Fatalf("%d outcomes for 2,000 requests", len(want))
	}
	for name, got := range map[string]map[repetition]string{
		"backwards":    outcomesOf(t, text, backwards(mix()), 1),
		"32 at a time": outcomesOf(t, text, mix(), 32),
	} {
		if !maps.Equal(got, want) {
			t.Errorf("%s: other outcomes", name)
		}
	}
}

// Promise 3, second half: each client has a namespace and sends one request
// after the other; how the clients interleave does not matter.
func TestOneNamespacePerClient(t *testing.T) {
	const clients = 32
	run := func(atOnce bool) map[string]string {
		e := NewEngine(mustLoad(t, promised), Settings{}, NewMemory())
		var mu sync.Mutex
		all := map[string]string{}
		client := func(c int) {
			var log strings.Builder
			for i, r := range mix()[:200] {
				own := *r
				own.Namespace = fmt.Sprint("client", c)
				if (i+c)%5 == 0 { // Clients do different things.
					continue
				}
				d, err := e.Decide(context.Background(), start, &own)
				if err != nil {
					t.Error(err)
				}
				fmt.Fprintln(&log, answerOf(d), d.Fired, d.Entropy)
			}
			mu.Lock()
			defer mu.Unlock()
			all[fmt.Sprint(c)] = log.String()
		}
		var wg sync.WaitGroup
		for c := range clients {
			if atOnce {
				wg.Go(func() { client(c) })
			} else {
				client(c)
			}
		}
		wg.Wait()
		return all
	}
	if !maps.Equal(run(true), run(false)) {
		t.Error("what a client gets depends on the others, though each has its namespace")
	}
}

// Promise 2, the other way round: this is what depends on arrival. DESIGN 4
// promises "the multiset of (request fingerprint, rule, n, outcome)" at any
// concurrency, which no counting in order of arrival can keep; this is the
// smallest case.
func TestWhatDependsOnArrival(t *testing.T) {
	text := replyRule("one", "match.model = \"a\"\nwhen.calls = 1") + replyRule("two", "when.calls = 2")
	a, b := chat("qianfan-v1", model("a"), fingerprint("a")), chat("qianfan-v1", model("b"), fingerprint("b"))
	w := newWorld(t, text)
	if got := w.pattern(1, a) + " " + w.pattern(1, b); got != "one two" {
		t.Errorf("a then b: got %s", got)
	}
	w = newWorld(t, text)
	if got := w.pattern(1, b) + " " + w.pattern(1, a); got != ". one" {
		t.Errorf("b then a: got %s: two fires for a, but stands behind one", got)
	}
}
