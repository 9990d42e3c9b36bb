package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/catalog"
)

var (
	badKey  = &Refusal{ID: "qianfan/capability/110"}
	badBody = &Refusal{ID: "qianfan/capability/336002"}
)

// The order of things: what the caller chose, then who he is, then the rules,
// then the body, then success.
func TestOrder(t *testing.T) {
	rule := "[[rule]]\nname = \"r\"\nmatch.dialect = \"qianfan-v1\"\nmatch.model = \"m\"\nerror = \"18\"\n"
	refuse := "unmatched = \"refuse\"\n"
	always := &Refusal{ID: badKey.ID, Always: true}
	for _, test := range []struct {
		name, scenario string
		edit           func(*Request)
		cause          Cause
		answer         string
	}{
		{"nothing wrong", "", nil, BySuccess, "."},
		{"asked", rule, func(r *Request) { r.Asked, r.Identity, r.Refused = "17", badKey, badBody }, ByCaller, "17"},
		{"asked, unmatched refused", refuse, func(r *Request) { r.Asked = "17" }, ByCaller, "17"},
		{"identity before rule", rule, func(r *Request) { r.Identity, r.Refused = badKey, badBody }, ByIdentity, "110"},
		{"identity before unmatched", refuse, func(r *Request) { r.Identity = badKey }, ByIdentity, "110"},
		{"rule before body", rule, func(r *Request) { r.Refused = badBody }, ByRule, "18"},
		{"body before success", rule, func(r *Request) { r.Refused, r.Model = badBody, "x" }, ByBody, "336002"},
		{"unmatched before body", refuse + rule, func(r *Request) { r.Refused, r.Model = badBody, "x" }, ByUnmatched, "problem"},
		{"unmatched before success", refuse + rule, func(r *Request) { r.Model = "x" }, ByUnmatched, "problem"},
		{"matched does not mean fired", refuse + "[[rule]]\nname = \"r\"\nwhen.calls = 9\nreply = {}", nil, BySuccess, "."},
		{"matched only for its latency", refuse + "[[rule]]\nname = \"r\"\nlatency = \"1s\"", nil, BySuccess, "."},
		{"refusals off: identity", "refusals = \"off\"", func(r *Request) { r.Identity = badKey }, BySuccess, "."},
		{"refusals off: body", "refusals = \"off\"", func(r *Request) { r.Refused = badBody }, BySuccess, "."},
		{"refusals off: rule", "refusals = \"off\"\n" + rule, func(r *Request) { r.Identity, r.Refused = badKey, badBody }, ByRule, "18"},
		{"refusals off: asked", "refusals = \"off\"", func(r *Request) { r.Asked = "17" }, ByCaller, "17"},
		{"refusals off, but always", "refusals = \"off\"\n" + rule, func(r *Request) { r.Identity = always }, ByIdentity, "110"},
		{"always before rule", rule, func(r *Request) { r.Identity = always }, ByIdentity, "110"},
		{"reply before body", replyRule("fine", ""), func(r *Request) { r.Refused = badBody }, ByRule, "fine"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := chat("qianfan-v1")
			if test.edit != nil {
				test.edit(r)
			}
			d := newWorld(t, test.scenario).decide(r)
			if d.Cause != test.cause || answerOf(d) != test.answer {
				t.Errorf("got %s by %s, want %s by %s", answerOf(d), d.Cause, test.answer, test.cause)
			}
			if d.Problem != nil && d.Failure != nil {
				t.Error("both our own problem and a vendor's error")
			}
		})
	}
}

// An Always refusal of the body has nothing behind it either.
func TestAlwaysRefusalOfTheBody(t *testing.T) {
	w := newWorld(t, `refusals = "off"`)
	d := w.decide(chat("qianfan-v1", func(r *Request) { r.Refused = &Refusal{ID: badBody.ID, Always: true} }))
	if d.Cause != ByBody {
		t.Errorf("caused by %s, want %s: Always says \"even if refusals are off\"", d.Cause, ByBody)
	}
}

// What the caller asks for wrongly is his mistake towards us: a 400 of ours.
func TestAskedWrongly(t *testing.T) {
	for asked, want := range map[string]string{
		"nonsense-nobody-wrote": "unknown error",
		"NetworkError":          "error cannot arrive here",
		"invalid_client":        "error cannot arrive here",
	} {
		d := newWorld(t, "").decide(chat("qianfan-v1", func(r *Request) { r.Asked = asked }))
		if d.Cause != ByCaller || d.Failure != nil || d.Problem == nil || d.Problem.Status != 400 || d.Problem.Title != want || d.Problem.Detail == "" {
			t.Errorf("%s: got %+v by %s, want a 400 %q", asked, d.Problem, d.Cause, want)
		}
	}
}

func TestUnmatchedNamesTheRequest(t *testing.T) {
	d := newWorld(t, "name = \"strict\"\nunmatched = \"refuse\"").decide(chat("qianfan-v1", model("ernie")))
	for _, want := range []string{`"strict"`, "POST /chat", "qianfan-v1", "chat", `"ernie"`} {
		if d.Problem == nil || d.Problem.Status != 404 || !strings.Contains(d.Problem.Detail, want) {
			t.Errorf("problem %+v does not say %s", d.Problem, want)
		}
	}
}

// A vendor's refusal that the catalogue does not have is our own bug: an
// error, not a wrong answer.
func TestBrokenRefusalIsAnError(t *testing.T) {
	for name, edit := range map[string]func(*Request){
		"identity, unknown": func(r *Request) { r.Identity = &Refusal{ID: "qianfan/capability/none"} },
		"body, unknown":     func(r *Request) { r.Refused = &Refusal{ID: "qianfan/capability/none"} },
		"body, no message":  func(r *Request) { r.Refused = &Refusal{ID: "qianfan/capability/18", Variant: "no such text"} },
	} {
		e := NewEngine(mustLoad(t, ""), Settings{}, NewMemory())
		if d, err := e.Decide(context.Background(), start, chat("qianfan-v1", edit)); err == nil {
			t.Errorf("%s: no error, but %s", name, answerOf(d))
		}
	}
}

func TestRefusalComesThrough(t *testing.T) {
	d := newWorld(t, "").decide(chat("qianfan-v1", func(r *Request) {
		r.Refused = &Refusal{ID: "qianfan/capability/336003", Variant: "prompt len invalid", Args: map[string]string{"len": "7"}}
	}))
	if got := d.Failure.Text(); got != "prompt len invalid, len 7" {
		t.Errorf("the message is %q", got)
	}
}

// broken is a State that fails.
type broken struct{ State }

func (broken) Count(context.Context, string, time.Time, []Counter, []uint64) (time.Duration, error) {
	return 0, errors.New("the disk is on fire")
}

func TestStateErrorIsReturned(t *testing.T) {
	e := NewEngine(mustLoad(t, ""), Settings{}, broken{})
	if _, err := e.Decide(context.Background(), start, chat("qianfan-v1")); err == nil || !strings.Contains(err.Error(), "on fire") {
		t.Errorf("got %v, want the state's error", err)
	}
}

// counting is a State that notes how often it is called.
type counting struct {
	State
	calls int
}

func (c *counting) Count(ctx context.Context, ns string, now time.Time, counters []Counter, values []uint64) (time.Duration, error) {
	c.calls++
	if len(counters) != len(values) {
		panic("values has another length than counters")
	}
	return c.State.Count(ctx, ns, now, counters, values)
}

// A request makes one call to the state, however many rules there are: with
// Redis every call is a round trip.
func TestOneStateCallPerRequest(t *testing.T) {
	s := &counting{State: NewMemory()}
	e := NewEngine(mustLoad(t, replyRule("a", `when = { calls = 9, window = "1s.." }`)+replyRule("b", `when = { calls = 9, per = "key" }`)), Settings{}, s)
	for range 5 {
		if _, err := e.Decide(context.Background(), start, chat("qianfan-v1")); err != nil {
			t.Fatal(err)
		}
	}
	if s.calls != 5 {
		t.Errorf("%d calls to the state for 5 requests", s.calls)
	}
}

// n is the number of the matching call, for every rule: also for one that
// stands behind the rule that answers, and for none that the call is not about.
func TestCountsBehindTheAnswer(t *testing.T) {
	w := newWorld(t, replyRule("first", `when.calls = "1..2"`)+replyRule("second", "when.calls = 3")+replyRule("other", "match.model = \"x\"\nwhen.calls = 2"))
	if got := w.pattern(4, chat("qianfan-v1")); got != "first first second ." {
		t.Errorf("got %s", got)
	}
	if got := w.pattern(3, chat("qianfan-v1", model("x"))); got != ". other ." {
		t.Errorf("model x: got %s", got)
	}
}

// What never reaches the rules does not raise n.
func TestEarlyAnswersCountForNoRule(t *testing.T) {
	w := newWorld(t, replyRule("second", "when.calls = 2"))
	w.decide(chat("qianfan-v1"))
	w.decide(chat("qianfan-v1", func(r *Request) { r.Asked = "18" }))
	w.decide(chat("qianfan-v1", func(r *Request) { r.Asked = "nonsense" }))
	w.decide(chat("qianfan-v1", func(r *Request) { r.Identity = badKey }))
	if got := w.pattern(2, chat("qianfan-v1")); got != "second ." {
		t.Errorf("got %s, want second .", got)
	}
	// What the vendor refuses of the body did reach the rules.
	w = newWorld(t, replyRule("second", "when.calls = 2"))
	w.decide(chat("qianfan-v1", func(r *Request) { r.Refused = badBody }))
	if got := w.pattern(2, chat("qianfan-v1")); got != "second ." {
		t.Errorf("after a refused body: got %s, want second .", got)
	}
}

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
				if f := d.Fired[0]; f.N != n || f.Roll != roll || f.Rule != "r" {
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
	if err := w.engine.Reset(context.Background(), "a"); err != nil {
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

// A step that cannot be on this dialect keeps the whole rule from it: n of the
// others is not touched.
func TestRuleIsNarrowedToItsDialects(t *testing.T) {
	text := "[[rule]]\nname = \"r\"\nwhen.calls = 2\nerror = \"qianfan/capability/18\"\n" +
		"[[rule]]\nname = \"s\"\nwhen.calls = 1\nstep = [ { reply = {} }, { error = \"Throttling.RateQuota\" } ]\n" +
		"[[rule]]\nname = \"thinks\"\nwhen.calls = \"2..\"\nreply = { reasoning = \"hm\", text = \"thinks\" }\n"
	w := newWorld(t, text)
	if got := w.pattern(1, chat("qianfan-v1")); got != "." {
		t.Errorf("qianfan: got %s", got)
	}
	if got := w.pattern(1, chat("dashscope-native")); got != "reply" {
		t.Errorf("dashscope: got %s, want the reply of s: the qianfan call did not count for it", got)
	}
	if got := w.pattern(2, chat("qianfan-v1")); got != "18 ." {
		t.Errorf("qianfan: got %s, want 18 .: the dashscope call did not count for r", got)
	}
	if got := w.pattern(1, chat("dashscope-compatible")); got != "thinks" {
		t.Errorf("dashscope: got %s", got)
	}
}

// A rule that only delays shapes the answer of whatever comes; the first
// latency given wins.
func TestLatencyComposes(t *testing.T) {
	slow := "[[rule]]\nname = \"slow\"\nlatency = \"1s\"\n"
	slower := "[[rule]]\nname = \"slower\"\nlatency = \"2s\"\n"
	for _, test := range []struct {
		name, text string
		edit       func(*Request)
		answer     string
		cause      Cause
		latency    time.Duration
		fired      string
	}{
		{"success", slow, nil, ".", BySuccess, time.Second, "slow"},
		{"a later answer", slow + replyRule("r", ""), nil, "r", ByRule, time.Second, "slow r"},
		{"a later answer with its own", slow + replyRule("r", `latency = "3s"`), nil, "r", ByRule, time.Second, "slow r"},
		{"its own only", replyRule("r", `latency = "3s"`), nil, "r", ByRule, 3 * time.Second, "r"},
		{"two that delay", slow + slower, nil, ".", BySuccess, time.Second, "slow"},
		{"the vendor's refusal", slow, func(r *Request) { r.Refused = badBody }, "336002", ByBody, time.Second, "slow"},
		{"behind the answer", replyRule("r", "when.calls = 1") + slow, nil, "r", ByRule, 0, "r"},
		{"does not fire", strings.Replace(slow, "latency", "when.calls = 2\nlatency", 1) + slower, nil, ".", BySuccess, 2 * time.Second, "slower"},
		{"of a step", "[[rule]]\nname = \"s\"\nlatency = \"1s\"\nstep = [ { reply = {}, latency = \"5s\" } ]", nil, "reply", ByRule, 5 * time.Second, "s"},
		{"of the steps' rule", "[[rule]]\nname = \"s\"\nlatency = \"1s\"\nstep = [ { reply = {} } ]", nil, "reply", ByRule, time.Second, "s"},
		{"who is not let in waits for nothing", slow, func(r *Request) { r.Identity = badKey }, "110", ByIdentity, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := chat("qianfan-v1")
			if test.edit != nil {
				test.edit(r)
			}
			d := newWorld(t, test.text).decide(r)
			var latency time.Duration
			if d.Delay != nil {
				latency = time.Duration(d.Delay.FirstByte())
			}
			var fired []string
			for _, f := range d.Fired {
				fired = append(fired, f.Rule)
			}
			if answerOf(d) != test.answer || d.Cause != test.cause || latency != test.latency || strings.Join(fired, " ") != test.fired {
				t.Errorf("got %s by %s after %v, fired %v; want %s by %s after %v, fired %s", answerOf(d), d.Cause, latency, fired, test.answer, test.cause, test.latency, test.fired)
			}
		})
	}
}

// Steps that are used up no longer delay either.
func TestUsedUpStepsDoNotDelay(t *testing.T) {
	w := newWorld(t, "[[rule]]\nname = \"s\"\nlatency = \"1s\"\nstep = [ { reply = {} } ]")
	w.decide(chat("qianfan-v1"))
	if d := w.decide(chat("qianfan-v1")); d.Delay != nil || len(d.Fired) != 0 {
		t.Errorf("delay %v, fired %v", d.Delay, d.Fired)
	}
}

func TestOutcomeComesThrough(t *testing.T) {
	for _, test := range []struct {
		name, keys string
		text       string
		status     int
	}{
		{"as documented", `error = "336003"`, "", 0},
		{"variant by number", "error = \"18\"\nvariant = 2", "qps request limit by APP ID reached", 0},
		{"variant by text", "error = \"18\"\nvariant = \"APP ID\"", "qps request limit by APP ID reached", 0},
		{"variant by an alias", "error = \"336003\"\nvariant = \"prompt len invalid, len xxx\"", "prompt len invalid, len 20480", 0},
		{"args", "error = \"336003\"\nvariant = \"prompt len invalid\"\nargs.len = \"9\"", "prompt len invalid, len 9", 0},
		{"args that look like holes", "error = \"336003\"\nvariant = \"prompt len invalid\"\nargs.len = \"{len}\"", "prompt len invalid, len {len}", 0},
		{"status", "error = \"18\"\nstatus = 429", "Open api qps request limit reached", 429},
		{"message", "error = \"18\"\nmessage = \"my {own}\"", "my {own}", 0},
		{"the whole id", `error = "qianfan/capability/18"`, "Open api qps request limit reached", 0},
		{"provider and code", `error = "qianfan/18"`, "Open api qps request limit reached", 0},
		{"in a step", `step = [ { error = "18", variant = 2, status = 500 } ]`, "qps request limit by APP ID reached", 500},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newWorld(t, "[[rule]]\nname = \"r\"\nmatch.dialect = \"qianfan-v1\"\n"+test.keys).decide(chat("qianfan-v1"))
			if d.Failure == nil || d.Failure.Entry == nil || d.Failure.Variant == nil {
				t.Fatalf("no error comes out: %+v", d)
			}
			if test.text != "" && d.Failure.Text() != test.text {
				t.Errorf("the message is %q, want %q", d.Failure.Text(), test.text)
			}
			if d.Failure.Status != test.status {
				t.Errorf("the status is %d, want %d", d.Failure.Status, test.status)
			}
		})
	}
	d := newWorld(t, "[[rule]]\nname = \"r\"\nmatch.dialect = \"qianfan-v1\"\nerror = \"18\"\nretry_after = \"0s\"").decide(chat("qianfan-v1"))
	if d.Failure.RetryAfter == nil || *d.Failure.RetryAfter != 0 {
		t.Errorf("retry_after = 0s comes through as %v", d.Failure.RetryAfter)
	}
	d = newWorld(t, "[[rule]]\nname = \"r\"\nraw = { status = 503, body = \"down\", header.X = \"y\" }").decide(chat("qianfan-v1"))
	if d.Raw == nil || d.Raw.Status != 503 || d.Raw.Body != "down" || d.Raw.Header["X"] != "y" {
		t.Errorf("raw comes through as %+v", d.Raw)
	}
}

// On each dialect that it can arrive on, an error has a message of that
// dialect.
func TestVariantFitsTheDialect(t *testing.T) {
	w := newWorld(t, "[[rule]]\nname = \"r\"\nmatch.provider = \"dashscope\"\nerror = \"InvalidApiKey\"")
	for _, dialect := range []string{"dashscope-native", "dashscope-compatible"} {
		d := w.decide(chat(dialect))
		if d.Failure == nil || !d.Failure.Variant.CarriedBy(dialect) {
			t.Errorf("%s: got %+v", dialect, d.Failure)
		}
	}
}

// Ids are made of entropy: another for each repetition, namespace, seed and
// request, the same in a second run.
func TestEntropy(t *testing.T) {
	run := func(seed uint64, edit ...func(*Request)) [3][2]uint64 {
		e := NewEngine(mustLoad(t, ""), Settings{Seed: &seed}, NewMemory())
		var all [3][2]uint64
		for i := range all {
			d, err := e.Decide(context.Background(), start.Add(time.Duration(i)*time.Hour), chat("qianfan-v1", edit...))
			if err != nil {
				t.Fatal(err)
			}
			all[i] = d.Entropy
		}
		return all
	}
	if first, second := run(1), run(1); first != second {
		t.Error("a second run has other entropy")
	}
	if run(1) != run(1, model("x"), key("y")) {
		t.Error("the entropy depends on more than fingerprint, namespace and seed")
	}
	seen := map[uint64]bool{}
	for _, all := range [][3][2]uint64{run(1), run(2), run(1, namespace("x")), run(1, fingerprint("g")), run(1, namespace("xf"), fingerprint(""))} {
		for _, e := range all {
			if seen[e[0]] || seen[e[1]] || e[0] == e[1] {
				t.Errorf("entropy %v came before", e)
			}
			seen[e[0]], seen[e[1]] = true, true
		}
	}
}

// The entropy does not depend on how a request was answered, else an id would
// change with a rule that has nothing to do with it.
func TestEntropyIsTheSameForAllCauses(t *testing.T) {
	want := newWorld(t, "").decide(chat("qianfan-v1")).Entropy
	for name, d := range map[string]Decision{
		"rule":     newWorld(t, replyRule("r", "")).decide(chat("qianfan-v1")),
		"asked":    newWorld(t, "").decide(chat("qianfan-v1", func(r *Request) { r.Asked = "18" })),
		"identity": newWorld(t, "").decide(chat("qianfan-v1", func(r *Request) { r.Identity = badKey })),
		"body":     newWorld(t, "").decide(chat("qianfan-v1", func(r *Request) { r.Refused = badBody })),
	} {
		if d.Entropy != want {
			t.Errorf("by %s: entropy %v, want %v", name, d.Entropy, want)
		}
	}
}

func TestSettings(t *testing.T) {
	zero, nine := uint64(0), uint64(9)
	text := "seed = 5\nspeed = 2\nedition = \"2026-05\""
	for _, test := range []struct {
		text     string
		settings Settings
		seed     uint64
		speed    float64
		edition  catalog.Edition
	}{
		{"", Settings{}, DefaultSeed, 1, catalog.EditionSeed},
		{text, Settings{}, 5, 2, catalog.Edition202605},
		{text, Settings{Seed: &nine, Speed: 3, Edition: catalog.EditionLate26}, 9, 3, catalog.EditionLate26},
		{text, Settings{Seed: &zero}, 0, 2, catalog.Edition202605}, // 0 is a seed.
		{"seed = 0", Settings{}, 0, 1, catalog.EditionSeed},
	} {
		e := NewEngine(mustLoad(t, test.text), test.settings, NewMemory())
		if e.Seed() != test.seed || e.Speed() != test.speed || e.Edition() != test.edition {
			t.Errorf("%q with %+v: seed %d, speed %v, edition %s", test.text, test.settings, e.Seed(), e.Speed(), e.Edition())
		}
		d, err := e.Decide(context.Background(), start, chat("qianfan-v1"))
		if err != nil || d.Seed != test.seed || d.Edition != test.edition {
			t.Errorf("the decision says seed %d, edition %s (%v)", d.Seed, d.Edition, err)
		}
	}
}

// Once a bug: Scenario has two fields for the edition, and the one that
// reads like it is ignored.
func TestEditionOfAScenarioBuiltInGo(t *testing.T) {
	s := &Scenario{Name: "go", Edition: catalog.Edition202605}
	if err := s.Compile(); err != nil {
		t.Fatal(err)
	}
	if got := NewEngine(s, Settings{}, NewMemory()).Edition(); got != catalog.Edition202605 {
		t.Errorf("the edition is %s, want %s", got, catalog.Edition202605)
	}
}

func TestWire(t *testing.T) {
	second := Duration(time.Second)
	if got := NewEngine(mustLoad(t, "speed = 10"), Settings{}, NewMemory()).Wire(second); got != time.Second {
		t.Errorf("a wait on the wire is %v, want 1s: speed does not touch it", got)
	}
	if got := NewEngine(mustLoad(t, "speed = 10\nscale_wire = true"), Settings{}, NewMemory()).Wire(second); got != time.Second/10 {
		t.Errorf("with scale_wire it is %v, want 100ms", got)
	}
}

// Explain gives a reason for every way of not firing, and none for what fires.
func TestExplain(t *testing.T) {
	for _, test := range []struct {
		name, rule string
		before     int // Calls that come before the one explained.
		after      time.Duration
		edit       func(*Request)
		want       string
	}{
		{"fires", replyRule("r", ""), 0, 0, nil, ""},
		{"delays", "[[rule]]\nname = \"r\"\nlatency = \"1s\"\n", 0, 0, nil, ""},
		{"other dialect", replyRule("r", `match.dialect = "dashscope-native"`), 0, 0, nil, "it is not about chat on qianfan-v1"},
		{"narrowed", "[[rule]]\nname = \"r\"\nerror = \"Throttling.RateQuota\"\n", 0, 0, nil, "it is not about chat on qianfan-v1"},
		{"match", replyRule("r", `match.model = "x-*"`), 0, 0, nil, `match.model wants "x-*", the request has "m"`},
		{"match stream", replyRule("r", `match.stream = true`), 0, 0, nil, `match.stream wants "true", the request has "false"`},
		{"match header", replyRule("r", `match.header.X-A = "b"`), 0, 0, nil, `match.header.X-A wants "b", the request has ""`},
		{"match prompt", replyRule("r", `match.prompt = "refund"`), 0, 0, func(r *Request) { r.Turns = []Turn{{"user", strings.Repeat("é", 100)}} }, `match.prompt wants "refund", the request has "` + strings.Repeat("é", 60) + `…"`},
		{"match history", replyRule("r", `match.history = "refund"`), 0, 0, func(r *Request) { r.Turns = []Turn{{"user", "x"}, {"assistant", "y"}} }, `match.history wants "refund", the request has "2 turns"`},
		{"match body", replyRule("r", `match.body.n = "> 3"`), 0, 0, func(r *Request) { r.Body, r.JSON = []byte(`{"n":2}`), true }, `match.body.n wants "> 3", the request has "2"`},
		{"match method", replyRule("r", `match.method = "GET"`), 0, 0, nil, `match.method wants "GET", the request has "POST"`},
		{"match path", replyRule("r", `match.path = "/x"`), 0, 0, nil, `match.path wants "/x", the request has "/chat"`},
		{"calls, too early", replyRule("r", `when.calls = "5.."`), 1, 0, nil, "when.calls starts at 5, this is call 2"},
		{"calls, too late", replyRule("r", `when.calls = 1`), 1, 0, nil, "when.calls ended at 1, this is call 2"},
		{"every", replyRule("r", `when.every = 3`), 1, 0, nil, "when.every is 3, this is call 2"},
		{"probability", replyRule("r", `when.probability = 0`), 1, 0, nil, fmt.Sprintf("when.probability is 0, the roll of call 2 is %.6f", Roll(1, "r", "", 2))},
		{"window", "speed = 2\n" + replyRule("r", `when.window = "1m..2m"`), 1, 3 * time.Second, nil, "when.window is 1m0s to 2m0s, the namespace is 6s old"},
		{"steps", "[[rule]]\nname = \"r\"\nstep = [{ reply = {} }]\n", 1, 0, nil, "its steps are used up"},
		{"asked", replyRule("r", "when.calls = 9"), 0, 0, func(r *Request) { r.Asked = "18" }, "the caller chose its error itself"},
		{"identity", replyRule("r", "when.calls = 9"), 0, 0, func(r *Request) { r.Identity = badKey }, "the caller is not let in"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, test.rule)
			r := chat("qianfan-v1")
			if test.edit != nil {
				test.edit(r)
			}
			for range test.before {
				w.decide(r)
			}
			w.now = w.now.Add(test.after)
			_, trace := w.explain(r)
			if len(trace) != 1 || trace[0] != (RuleTrace{"r", test.want}) {
				t.Errorf("got  %+v\nwant %q", trace, test.want)
			}
		})
	}
	w := newWorld(t, replyRule("z", "when.calls = 1")+replyRule("a", ""))
	if _, trace := w.explain(chat("qianfan-v1")); len(trace) != 2 || trace[0] != (RuleTrace{"z", ""}) || trace[1] != (RuleTrace{"a", "it matches, but a rule before it answers"}) {
		t.Errorf("behind the answer: got %+v", trace)
	}
	// In file order, whatever the names.
	if _, trace := w.explain(chat("qianfan-v1")); len(trace) != 2 || trace[0].Rule != "z" || trace[0].Why == "" || trace[1] != (RuleTrace{"a", ""}) {
		t.Errorf("second call: got %+v", trace)
	}
}

// Explain decides as Decide does, counting included.
func TestExplainDecidesAlike(t *testing.T) {
	text := "seed = 4\n" + replyRule("a", "when.probability = 0.3") + replyRule("b", "when.every = 3") + "[[rule]]\nname = \"c\"\nlatency = \"1s\"\n"
	one, two := newWorld(t, text), newWorld(t, text)
	for i := range 50 {
		d := one.decide(chat("qianfan-v1"))
		e, _ := two.explain(chat("qianfan-v1"))
		if answerOf(d) != answerOf(e) || fmt.Sprint(d.Fired) != fmt.Sprint(e.Fired) || d.Entropy != e.Entropy {
			t.Fatalf("call %d: Decide gives %+v, Explain %+v", i+1, d, e)
		}
	}
}
