package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

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
		{"other dialect", replyRule("r", `match.dialect = "dashscope-native"`), 0, 0, nil, `match.dialect wants "dashscope-native", the request has "qianfan-v1"`},
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
			if len(trace) != 1 || !trace[0].is("r", test.want) {
				t.Errorf("got  %+v\nwant %q", trace, test.want)
			}
		})
	}
	w := newWorld(t, replyRule("z", "when.calls = 1")+replyRule("a", ""))
	if _, trace := w.explain(chat("qianfan-v1")); len(trace) != 2 || !trace[0].is("z", "") || !trace[1].is("a", "it matches, but a rule before it answers") {
		t.Errorf("behind the answer: got %+v", trace)
	}
	// In file order, whatever the names.
	if _, trace := w.explain(chat("qianfan-v1")); len(trace) != 2 || trace[0].Rule != "z" || trace[0].is("z", "") || !trace[1].is("a", "") {
		t.Errorf("second call: got %+v", trace)
	}
}

// is reports whether that rule did not fire for that reason.
func (t RuleTrace) is(rule, why string) bool { return t.Rule == rule && t.Why.String() == why }

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
