package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Every key of when, each and combined, over 12 calls.
func TestWhen(t *testing.T) {
	for when, want := range map[string]string{
		``:                                 "xxxxxxxxxxxx",
		`calls = 3`:                        "..x.........",
		`calls = "1..2"`:                   "xx..........",
		`calls = "5.."`:                    "....xxxxxxxx",
		`every = 1`:                        "xxxxxxxxxxxx",
		`every = 4`:                        "...x...x...x",
		`every = 4, calls = "5..8"`:        ".......x....",
		`probability = 1`:                  "xxxxxxxxxxxx",
		`probability = 0`:                  "............",
		`probability = 1.0, calls = "2.."`: ".xxxxxxxxxxx",
		`window = "0s..1s"`:                "xxxxxxxxxxxx", // The clock stands.
		`window = "1s.."`:                  "............",
		`window = "0s..1s", calls = 2`:     ".x..........",
	} {
		if got := fires(newWorld(t, replyRule("x", "when = { "+when+" }")), 12, chat("qianfan-v1")); got != want {
			t.Errorf("when = { %s }: got %s, want %s", when, got, want)
		}
	}
}

// fires writes x for a call that the scenario answered, "." for another.
func fires(w *world, n int, r *Request) string {
	var b strings.Builder
	for range n {
		if answerOf(w.decide(r)) == "." {
			b.WriteByte('.')
		} else {
			b.WriteByte('x')
		}
	}
	return b.String()
}

// A probability fires exactly where Roll says, whatever else must hold.
func TestProbabilityFollowsRoll(t *testing.T) {
	for _, when := range []string{"", "every = 3, ", `calls = "10..90", `, `per = "key", `} {
		w := newWorld(t, "seed = 9\n"+replyRule("r", "when = { "+when+"probability = 0.4 }"))
		counted := ""
		if strings.Contains(when, "key") {
			counted = "k:sk-1"
		}
		fired := 0
		for n := uint64(1); n <= 200; n++ {
			d := w.decide(chat("qianfan-v1"))
			roll := Roll(9, "r", counted, n)
			want := roll < 0.4
			if strings.Contains(when, "every") && n%3 != 0 || strings.Contains(when, "calls") && (n < 10 || n > 90) {
				want = false
			}
			if got := d.Cause == ByRule; got != want {
				t.Fatalf("when = { %s}: call %d with roll %v fires: %v", when, n, roll, got)
			}
			if want {
				fired++
				if f := d.Fired[0]; f.N != n || f.Roll != roll || f.Rule != "r" || f.Probability != 0.4 {
					t.Errorf("the firing is %+v, want n %d and roll %v", f, n, roll)
				}
			}
		}
		if fired == 0 {
			t.Errorf("when = { %s}: never fired", when)
		}
	}
}

func TestPer(t *testing.T) {
	k1, k2 := key("sk-1"), key("sk-2")
	m1, m2 := model("a"), model("b")
	f1, f2 := fingerprint("1"), fingerprint("2")
	n1, n2 := namespace("one"), namespace("two")
	for _, test := range []struct {
		per          string
		first, other func(*Request)
		want         string
	}{
		{"namespace", k1, k2, ".x.."}, {"namespace", m1, m2, ".x.."}, {"namespace", f1, f2, ".x.."}, {"namespace", n1, n2, "..xx"},
		{"key", k1, k2, "..xx"}, {"key", m1, m2, ".x.."}, {"key", f1, f2, ".x.."}, {"key", n1, n2, "..xx"},
		{"model", k1, k2, ".x.."}, {"model", m1, m2, "..xx"}, {"model", f1, f2, ".x.."}, {"model", n1, n2, "..xx"},
		{"request", k1, k2, ".x.."}, {"request", m1, m2, ".x.."}, {"request", f1, f2, "..xx"}, {"request", n1, n2, "..xx"},
	} {
		w := newWorld(t, replyRule("r", `when = { calls = 2, per = "`+test.per+`" }`))
		a, b := chat("qianfan-v1", test.first), chat("qianfan-v1", test.other)
		got := ""
		for _, r := range []*Request{a, b, a, b} {
			got += fires(w, 1, r)
		}
		if got != test.want {
			t.Errorf("per = %q: %v then %v, twice: got %s, want %s", test.per, a, b, got, test.want)
		}
	}
}

// A window is in vendor time since the namespace's first request; its end is
// not part of it.
func TestWindow(t *testing.T) {
	for _, test := range []struct {
		top, window string
		at          []time.Duration
		want        string
	}{
		{"", "10s..40s", []time.Duration{0, 9_999 * time.Millisecond, 10 * time.Second, 39 * time.Second, 40 * time.Second, time.Hour}, "..xx.."},
		{"speed = 60\n", "1m..2m", []time.Duration{0, 999 * time.Millisecond, time.Second, 1_999 * time.Millisecond, 2 * time.Second}, "..xx."},
		{"speed = 0.5\n", "1s..2s", []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second}, "..x."},
		{"", "1m..", []time.Duration{0, time.Minute, 24 * time.Hour, 29 * 24 * time.Hour}, ".xxx"},
		// Once a bug: an open window closes after 720 hours of vendor time…
		{"", "1m..", []time.Duration{0, 31 * 24 * time.Hour}, ".x"},
		// … which are 26 seconds at this speed.
		{"speed = 100_000\n", "1m..", []time.Duration{0, time.Second, 30 * time.Second}, ".xx"},
		// The end is as far as a duration goes, and it is an end.
		{"", "1h..720h", []time.Duration{0, time.Hour, 721 * time.Hour}, ".x."},
	} {
		w := newWorld(t, test.top+replyRule("r", `when.window = "`+test.window+`"`))
		got := ""
		for _, at := range test.at {
			w.now = start.Add(at)
			got += fires(w, 1, chat("qianfan-v1"))
		}
		if got != test.want {
			t.Errorf("%swindow %s at %v: got %s, want %s", test.top, test.window, test.at, got, test.want)
		}
	}
}

// Reset, and only Reset, starts a namespace's time anew; each namespace has
// its own.
func TestWindowAndReset(t *testing.T) {
	w := newWorld(t, replyRule("r", `when = { window = "10s..20s", calls = "2.." }`))
	a, b := chat("qianfan-v1", namespace("a")), chat("qianfan-v1", namespace("b"))
	w.decide(a)
	w.now = start.Add(15 * time.Second)
	if got := fires(w, 1, a) + fires(w, 2, b); got != "x.." {
		t.Errorf("15 s: got %s, want x..: the first request of b starts its time", got)
	}
	if err := w.engine.state.Reset(context.Background(), "a"); err != nil {
		t.Fatal(err)
	}
	w.now = start.Add(26 * time.Second)
	if got := fires(w, 2, a) + fires(w, 1, b); got != "..x" {
		t.Errorf("after the reset of a: got %s, want ..x", got)
	}
	w.now = start.Add(36 * time.Second)
	if got := fires(w, 1, a); got != "x" {
		t.Errorf("10 s after the reset: got %s, want x", got)
	}
}

// A request that is not let in, or chose its error, is a request all the same:
// the namespace's time begins with it.
func TestFirstRequestOfAnyKindStartsTime(t *testing.T) {
	w := newWorld(t, replyRule("r", `when.window = "10s.."`))
	w.decide(chat("qianfan-v1", func(r *Request) { r.Asked = "18" }))
	w.now = start.Add(10 * time.Second)
	if got := fires(w, 1, chat("qianfan-v1")); got != "x" {
		t.Errorf("got %s, want x", got)
	}
}

// A clock set back must do no harm.
func TestClockGoesBack(t *testing.T) {
	w := newWorld(t, replyRule("r", `when.window = "0s..10s"`))
	w.decide(chat("qianfan-v1"))
	w.now = start.Add(-time.Hour)
	w.decide(chat("qianfan-v1"))
	w.now = start.Add(time.Second)
	if got := fires(w, 1, chat("qianfan-v1")); got != "x" {
		t.Errorf("got %s, want x", got)
	}
}

// Steps go on with each firing, not with each call.
func TestSteps(t *testing.T) {
	steps := `step = [ { reply.text = "a", times = 2 }, { reply.text = "b" } ]`
	for _, test := range []struct{ name, keys, want string }{
		{"pass by default", steps, "a a b . . . . ."},
		{"pass", steps + "\nthen = \"pass\"", "a a b . . . . ."},
		{"repeat", steps + "\nthen = \"repeat\"", "a a b b b b b b"},
		{"loop", steps + "\nthen = \"loop\"", "a a b a a b a a"},
		{"every", steps + "\nwhen.every = 2", ". a . a . b . ."},
		{"every, loop", steps + "\nwhen.every = 2\nthen = \"loop\"", ". a . a . b . a"},
		{"calls", steps + "\nwhen.calls = \"3..6\"\nthen = \"repeat\"", ". . a a b b . ."},
		{"calls, every", steps + "\nwhen = { calls = \"3..\", every = 2 }", ". . . a . a . b"},
		{"one step, loop", "step = [ { reply.text = \"a\" } ]\nthen = \"loop\"", "a a a a a a a a"},
		{"one step of many times", "step = [ { reply.text = \"a\", times = 9_223_372_036_854_775_807 } ]\nthen = \"loop\"", "a a a a a a a a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, "[[rule]]\nname = \"r\"\n"+test.keys)
			if got := w.pattern(8, chat("qianfan-v1")); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// The k-th firing has the k-th step, whatever chance and counting decide which
// call that is.
func TestStepsWithProbability(t *testing.T) {
	for _, per := range []string{"namespace", "key", "request"} {
		w := newWorld(t, fmt.Sprintf("seed = 3\n[[rule]]\nname = \"r\"\nwhen = { probability = 0.5, per = %q }\nthen = \"loop\"\nstep = [ { reply.text = \"a\", times = 2 }, { reply.text = \"b\" } ]", per))
		fired := map[string]int{}
		for i := range 300 {
			// Two callers take turns, so that nothing that is remembered of one
			// is used for the other.
			r := chat("qianfan-v1", key(fmt.Sprint(i%2)), fingerprint(fmt.Sprint(i%2)))
			d := w.decide(r)
			if d.Cause != ByRule {
				continue
			}
			who := r.Key
			if per == "namespace" {
				who = ""
			}
			want := []string{"a", "a", "b"}[fired[who]%3]
			if got := answerOf(d); got != want {
				t.Fatalf("per %s: firing %d of %q answers %s, want %s", per, fired[who]+1, who, got, want)
			}
			if step := d.Fired[0].Step; step != map[string]int{"a": 1, "b": 2}[want] {
				t.Errorf("per %s: the firing says step %d", per, step)
			}
			fired[who]++
		}
	}
}

// Calls before the window used up no step: they did not fire.
func TestStepsStartWithTheWindow(t *testing.T) {
	for _, when := range []string{"", ", every = 2", ", probability = 0.5", ", calls = \"1..60\""} {
		w := newWorld(t, "seed = 5\n[[rule]]\nname = \"r\"\nwhen = { window = \"10s..20s\""+when+" }\nstep = [ { reply.text = \"a\", times = 2 }, { reply.text = \"b\" } ]")
		if got := fires(w, 15, chat("qianfan-v1")); strings.Contains(got, "x") {
			t.Fatalf("when%s: fires before its window: %s", when, got)
		}
		w.now = start.Add(10 * time.Second)
		var got []string
		for range 40 {
			if a := answerOf(w.decide(chat("qianfan-v1"))); a != "." {
				got = append(got, a)
			}
		}
		if strings.Join(got, " ") != "a a b" {
			t.Errorf("window%s: the steps in the window are %v, want a a b", when, got)
		}
		w.now = start.Add(20 * time.Second)
		if got := fires(w, 5, chat("qianfan-v1")); strings.Contains(got, "x") {
			t.Errorf("when%s: fires behind its window: %s", when, got)
		}
	}
}
