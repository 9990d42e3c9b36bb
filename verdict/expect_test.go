package verdict

import (
	"fmt"
	"strings"
	"testing"
)

const busyRule = `
[[rule]]
name  = "busy"
error = "dashscope/model/Throttling.RateQuota"
`

const fullRule = `
[[rule]]
name  = "full"
error = "qianfan/capability/336100"
`

func TestExpectations(t *testing.T) {
	const retried = `
		0s   say=hi rule=busy ` + rate + `
		1s   say=hi rule=busy ` + rate + `
		3s   say=hi`
	cases := []struct {
		expect  string
		journal string
		want    Status
		text    string // A part of what is said.
	}{
		{`rule = "busy"` + "\nmin_calls = 2", retried, Pass, "2 requests"},
		{`rule = "busy"` + "\nmin_calls = 3", retried, Fail, "2 requests"},
		{`rule = "busy"` + "\nmin_calls = 1", `0s say=hi`, Inconclusive, "never fired"},
		{`operation = "embedding"` + "\nmin_calls = 1", retried, Fail, "0 requests"},
		{`operation = "embedding"` + "\nmin_calls = 1", "0s say=hi", Inconclusive, "never called"}, // The rule never fired, either.
		{`operation = "chat"` + "\nmin_calls = 2", "0s say=hi", Inconclusive, "1 request"},
		{`operation = "chat"` + "\nmin_calls = 2", "", Inconclusive, "never called"},
		{`min_calls = 1`, ``, Inconclusive, "never called"},
		{`rule = "busy"` + "\nmin_calls = 0", `0s say=hi`, Pass, "never fired"},
		{`operation = "image"` + "\nmax_calls = 0", retried, Pass, "never called"},
		{`operation = "chat"` + "\nmax_calls = 2", retried, Fail, "3 requests"},
		{`operation = "token"` + "\nmax_calls = 1", retried + "\n4s " + fetch + "\n9s " + fetch, Fail, "2 requests"},
		{`max_calls = 3`, retried + "\n4s " + fetch, Pass, "3 requests"},

		{`max_attempts = 3`, retried, Pass, "the most was 3 attempts"},
		{`rule = "busy"` + "\nmax_attempts = 2", retried, Fail, "3 attempts"},
		{`rule = "busy"` + "\nmax_attempts = 2", `0s say=hi`, Inconclusive, "never fired"},

		{`max_accepted = 1`, retried, Pass, "1 time"},
		{`max_accepted = 1`, "0s say=hi fault=reset status=0\n1s say=hi", Fail, "2 times"},

		{`min_gap = "500ms"`, retried, Pass, "the shortest was 999ms"},
		{`min_gap = "1s"`, retried, Fail, "the shortest was 999ms"},
		{`min_gap = "1s"`, `0s say=hi`, Pass, "nothing was tried again"},
		{`min_gap = "1s"`, "0s say=hi took=0s " + rate + "\n0s say=hi", Inconclusive, "stood still"},
		{`min_gap = "1s"`, "0s say=hi key=a " + stale + "\n10ms " + fetch + "\n20ms say=hi key=b dialect=qianfan-v1", Pass, "nothing"},

		{`max_wait = "30s"`, `0s say=hi took=20s`, Pass, "the longest was 20s"},
		{`max_wait = "30s"`, `0s say=hi took=40s left fault=stall`, Fail, "the longest was 40s"},

		{`final = "success"`, retried, Pass, "1 of 1 call ended"},
		{`final = "success"`, "0s say=hi fault=cut", Fail, "0 of 1 call"},
		{`final = "error"`, retried, Fail, "1 of 1 call"},
		{`final = "error"`, "0s say=hi " + moderated, Pass, "0 of 1 call"},
		{`final = "error"`, "0s say=hi open", Inconclusive, "under way"},

		{`order = ["token", "chat"]`, "0s " + fetch + "\n1s say=hi", Pass, "in this order"},
		{`order = ["token", "chat"]`, "0s say=hi\n1s " + fetch, Fail, "chat came before token"},
		{`order = ["chat", "busy"]`, "0s say=hi", Inconclusive, "busy was never called"},
		{`order = ["chat", "busy"]`, "0s say=hi\n1s say=you rule=busy " + rate, Pass, "in this order"},

		{`never = ["no-jitter"]`, retried, Pass, "found 0 times"},
		{`never = ["left-open"]`, "0s say=hi open", Fail, "found 1 time"},
		{`rule = "busy"` + "\n" + `never = ["left-open"]`, retried + "\n9s say=you open", Pass, "found 0 times"},
	}
	for i, c := range cases {
		t.Run(fmt.Sprint(i, c.expect), func(t *testing.T) {
			v := judged(t, busyRule+"[[expect]]\n"+c.expect, c.journal)
			if len(v.Expectations) != 1 {
				t.Fatalf("%d expectations", len(v.Expectations))
			}
			e := v.Expectations[0]
			if e.Status != c.want || !strings.Contains(e.Text, c.text) {
				t.Errorf("%s %q, want %s %q", e.Status, e.Text, c.want, c.text)
			}
			if e.Status == Fail && v.Status != Fail {
				t.Errorf("the verdict is %s although an expectation failed", v.Status)
			}
			if e.Line != 5 || e.Number != 1 {
				t.Errorf("it stands in line %d as #%d", e.Line, e.Number)
			}
		})
	}
}

func TestAllow(t *testing.T) {
	const lines = `
		0s say=hi rule=busy ` + rate + `
		9s say=you ` + rate
	for _, c := range []struct{ expect, want string }{
		{``, "gave-up"},
		{"[[expect]]\nallow = ['gave-up']", "gave-up-"},
		{"[[expect]]\nrule = 'busy'\nallow = ['gave-up']", "gave-up"}, // The other call is still there.
		{"[[expect]]\noperation = 'chat'\nallow = ['gave-up']", "gave-up-"},
		{"[[expect]]\noperation = 'image'\nallow = ['gave-up']", "gave-up"},
	} {
		v := judged(t, busyRule+c.expect, lines)
		if got := kinds(v); got != c.want {
			t.Errorf("%s: found %q, want %q", c.expect, got, c.want)
		}
	}
}

func TestStatus(t *testing.T) {
	const fired = "0s say=hi rule=busy " + rate + "\n1s say=hi"
	for _, c := range []struct {
		name, scenario, journal string
		evicted                 uint64
		want                    Status
		reason                  string
	}{
		{"well", busyRule, fired, 0, Pass, ""},
		{"nothing called", busyRule, "", 0, Inconclusive, "nothing was called"},
		{"never fired", busyRule, "0s say=hi", 0, Inconclusive, `rule "busy" never fired`},
		{"one of several", busyRule + fullRule + "[[expect]]\nrules = ['full', 'busy']\nfinal = 'success'", "0s say=hi rule=busy " + rate + "\n1s say=hi", 0, Pass, ""},
		{"none of several", busyRule + fullRule + "[[expect]]\nrules = ['full', 'busy']\nfinal = 'success'", "0s say=hi", 0, Inconclusive, `none of the rules "full", "busy" fired, and one has to`},
		{"none of one of several", busyRule + fullRule + "[[expect]]\nrules = ['full', 'busy']\nfinal = 'success'", "0s say=hi rule=busy " + rate, 0, Fail, ""},
		{"need not fire", busyRule + "[[expect]]\nrule = 'busy'\nmin_calls = 0", "0s say=hi", 0, Pass, ""},
		{"evicted", busyRule, fired, 3, Inconclusive, "no room for 3"},
		{"wrong path", busyRule, fired + "\n2s cause=server dialect= status=404", 0, Inconclusive, "itself refused 1 request"},
		{"unmatched", busyRule, fired + "\n2s cause=unmatched status=404", 0, Inconclusive, "itself refused 1 request"},
		{"evidence counts although some is gone", busyRule, "0s say=hi rule=busy " + rate, 3, Fail, "no room"},
		{"absence does not", busyRule + "[[expect]]\nmin_calls = 9", fired, 3, Inconclusive, "no room"},
		{"warning", "", "0s say=hi open", 0, Pass, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := Judge(Input{Scenario: scenarioOf(t, c.scenario), Exchanges: journalOf(t, c.journal), Evicted: c.evicted})
			if got := strings.Join(v.Reasons, "; "); v.Status != c.want || !strings.Contains(got, c.reason) || c.reason == "" && got != "" {
				t.Errorf("%s %q, want %s %q\n%s", v.Status, got, c.want, c.reason, textOf(t, v))
			}
		})
	}
}

// TestKeySwitch holds that a client that changes its key goes on with its call,
// and that two clients with the same question do not share one.
func TestKeySwitch(t *testing.T) {
	for _, c := range []struct {
		name, journal string
		calls         int
	}{
		{"switched", "0s say=hi key=a " + arrears + "\n1s say=hi key=b", 1},
		{"two tenants", "0s say=hi key=a " + rate + "\n1s say=hi key=b " + rate + "\n2s say=hi key=a\n2s say=hi key=b", 2},
		{"moderation is no matter of the key", "0s say=hi key=a " + moderated + "\n1s say=hi key=b", 2},
		{"token", "0s say=hi key=a " + stale + "\n1s say=hi key=b dialect=qianfan-v1", 1},
		{"other words", "0s say=hi " + rate + "\n1s say=you", 2},
		{"other ids", "0s say=hi fp=1 " + rate + "\n1s say=hi fp=2", 1},
		{"done and asked again", "0s say=hi\n1s say=hi", 2},
		{"at the same time", "0s say=hi took=1s " + rate + "\n500ms say=hi", 2},
		{"left, and the server noticed late", "0s say=hi took=10s left\n9900ms say=hi", 1},
		{"broken off, and the server was slow to close", "0s say=hi took=10ms fault=empty status=0\n8ms say=hi", 1},
		{"one connection", "0s say=hi took=10ms conn=1 " + rate + "\n8ms say=hi conn=1", 1},
		{"own key first", "0s say=hi key=a " + stale + "\n0s say=hi key=b " + busy + "\n1s say=hi key=b dialect=qianfan-v1\n1s say=hi key=c dialect=qianfan-v1", 2},
		{"much later", "0s say=hi " + rate + "\n10m say=hi", 2},
		{"as late as it was asked to", "0s say=hi after=10m " + rate + "\n11m say=hi", 1},
	} {
		if v := judged(t, "", c.journal); v.Calls != c.calls {
			t.Errorf("%s: %d calls, want %d", c.name, v.Calls, c.calls)
		}
	}
}
