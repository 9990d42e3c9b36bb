package scenarios

import (
	"context"
	"errors"
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
		if d.Cause != ByCaller || d.Failure != nil || d.Problem == nil || d.Problem.Status != 400 || d.Problem.Title.String() != want || d.Problem.Detail.String() == "" {
			t.Errorf("%s: got %+v by %s, want a 400 %q", asked, d.Problem, d.Cause, want)
		}
	}
}

func TestUnmatchedNamesTheRequest(t *testing.T) {
	d := newWorld(t, "name = \"strict\"\nunmatched = \"refuse\"").decide(chat("qianfan-v1", model("ernie")))
	for _, want := range []string{`"strict"`, "POST /chat", "qianfan-v1", "chat", `"ernie"`} {
		if d.Problem == nil || d.Problem.Status != 404 || !strings.Contains(d.Problem.Detail.String(), want) {
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

func (broken) Visit(context.Context, string, time.Time, *Call) (bool, error) {
	return false, errors.New("the disk is on fire")
}

func TestStateErrorIsReturned(t *testing.T) {
	e := NewEngine(mustLoad(t, ""), Settings{}, broken{NewMemory()})
	if _, err := e.Decide(context.Background(), start, chat("qianfan-v1")); err == nil || !strings.Contains(err.Error(), "on fire") {
		t.Errorf("got %v, want the state's error", err)
	}
}

// counting is a State that notes how often it is called.
type counting struct {
	State
	calls int
}

func (c *counting) Visit(ctx context.Context, ns string, now time.Time, call *Call) (bool, error) {
	c.calls++
	return c.State.Visit(ctx, ns, now, call)
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
	if err := s.compile(); err != nil {
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

// Deciding costs no memory but what the decision itself is made of. (The race
// detector lets pools forget, so that there is more to allocate.)
func TestDecideAllocates(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       float64
	}{
		{"no rules", "", 0},
		{"rules for others", replyRule("r", `match = { model = "x" }`) + replyRule("s", `match = { prompt = "refund" }`), 0},
		{"a limit ever", "[[limit]]\nper = \"namespace\"\ntotal = 1_000_000_000", 0},
		{"a rule that fires: which one", replyRule("r", "when.every = 1"), 1},
		{"rules that match and do not fire: which ones", replyRule("r", `when = { calls = "1000000000..", per = "request" }`) +
			replyRule("s", `when = { calls = 1000000000, window = "0s..1h" }`), 2},
		{"a limit per minute: what is left", "[[limit]]\nper = \"namespace\"\nrpm = 1_000_000_000", 2},
	} {
		e := NewEngine(mustLoad(t, test.text), Settings{}, NewMemory())
		r := chat("qianfan-v1", func(r *Request) { r.Turns = []Turn{{"user", "hello"}} })
		got := testing.AllocsPerRun(1000, func() {
			if _, err := e.Decide(context.Background(), start, r); err != nil {
				t.Fatal(err)
			}
		})
		if got > test.want && !raced {
			t.Errorf("%s: %v allocations, want at most %v", test.name, got, test.want)
		}
	}
}
