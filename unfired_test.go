package mockllm

import (
	"strings"
	"testing"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/verdict"
)

// TestVerdictSaysWhyNothingFired holds that a verdict that is not conclusive says
// of each rule that never fired what was missing, as far as the journal knows.
func TestVerdictSaysWhyNothingFired(t *testing.T) {
	const error18 = "\nerror = \"18\"\n"
	rule := func(name, rest string) string {
		return "[[rule]]\nname = \"" + name + "\"\nmatch.operation = \"chat\"\n" + rest + "\n"
	}
	one := rule("busy", "when = { calls = \"6..\" }\nerror = \"Throttling\"")
	several := one + rule("V1 is busy", "match.dialect = \"qianfan-v1\""+error18) + "[[expect]]\nrules = [\"V1 is busy\", \"busy\"]\nfinal = \"success\"\n"
	for name, c := range map[string]struct {
		scenario, body string
		calls          int
		want           string // All reasons.
	}{
		"too few calls":  {one, hello, 3, `rule "busy" never fired: it matched 3 calls; on #3: when.calls starts at 6, this is call 3`},
		"another model":  {rule("busy", "match.model = \"glm-*\"\nerror = \"Throttling\""), hello, 2, `rule "busy" never fired: no call matched, the nearest to it was #2: match.model wants "glm-*", the request has "qwen-plus"`},
		"not streamed":   {rule("cut", "match.stream = true\nfault = \"reset\""), hello, 1, `rule "cut" never fired: no call matched, the nearest to it was #1: match.stream wants "true", the request has "false"`},
		"other vendor":   {rule("busy", "match.dialect = \"qianfan-v1\""+error18), hello, 1, `rule "busy" never fired: no call matched, the nearest to it was #1: match.dialect wants "qianfan-v1", the request has "dashscope-compatible"`},
		"window to come": {rule("busy", "when.window = \"1h..2h\"\nerror = \"Throttling\""), hello, 1, `rule "busy" never fired: it matched 1 call; on #1: when.window is 1h0m0s to 2h0m0s, the namespace is 0s old`},
		"no luck":        {rule("busy", "when.probability = 0.0\nerror = \"Throttling\""), hello, 1, `rule "busy" never fired: it matched 1 call; on #1: when.probability is 0, the roll of call 1 is 0.`},
		"one of several": {several, hello, 2, `none of the rules "V1 is busy", "busy" fired, and one has to: rule "busy" matched 2 calls; on #2: when.calls starts at 6, this is call 2`},
		"behind another": {
			rule("first", "when = { calls = 2 }\nerror = \"Throttling\"") + one, hello, 2,
			`rule "busy" never fired: it matched 2 calls; on #1: when.calls starts at 6, this is call 1`,
		},
		"always behind": {
			rule("first", "when = { calls = \"1..9\" }\nerror = \"Throttling\"") + rule("second", "error = \"Throttling\""), hello, 2,
			`rule "second" never fired: it matched 2 calls; on #2: it matches, but a rule before it answers`,
		},
		"nothing called": {one, hello, 0, "nothing was called"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := RunT(t, WithClock(play.NewManual(goldenTime)), ScenarioText(c.scenario))
			for range c.calls {
				post(t, srv.URL()+chatPath, c.body)
			}
			if got := strings.Join(srv.Verdict().Reasons, "\n"); !strings.HasPrefix(got, c.want) || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestLibraryAccusesNobodyOfTooLittle holds that a client that does nothing wrong is
// not accused where too little happened to say that all is well.
func TestLibraryAccusesNobodyOfTooLittle(t *testing.T) {
	for _, name := range scenarios.Library() {
		for about, drive := range map[string]func(*testbed){
			"nothing":      func(*testbed) {},
			"one question": asks(careful(1), compatible, true, 1), "one question of V1": asks(careful(1), ernieV1, true, 1),
		} {
			if v, _ := (trial{scenario: name, drive: drive}).run(t); v.Status == verdict.Fail || about == "nothing" && v.Status == verdict.Pass {
				t.Errorf("%s, %s: %s", name, about, textOf(t, v))
			}
		}
	}
}
