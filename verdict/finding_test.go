package verdict

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

const (
	rate       = "err=dashscope/model/Throttling.RateQuota"
	allocation = "err=dashscope/model/Throttling.AllocationQuota"
	moderated  = "err=dashscope/model/DataInspectionFailed"
	arrears    = "err=dashscope/model/Arrearage"
	busy       = "dialect=qianfan-v1 err=qianfan/capability/18"
	stale      = "dialect=qianfan-v1 err=qianfan/capability/111"
	daily      = "dialect=qianfan-v1 err=qianfan/capability/17"
	emptyRule  = "[[rule]]\nname = 'empty'\nmatch.operation = 'chat'\nreply = { text = '' }\n"
	fetch      = "op=token dialect=qianfan-oauth model= key="
)

// Every kind of finding, in a naive client's journal and in a resilient one's.
var findingCases = []struct {
	name     string
	scenario string
	journal  string
	want     string // All kinds that are found, ! behind warnings.
}{
	{"hopeless-retry: moderation repeated", "", `
		0s   say=bad ` + moderated + `
		1s   say=bad ` + moderated + `
		3s   say=bad ` + moderated, "hopeless-retry"},
	{"hopeless-retry: the same bytes cannot have been put right", "", `
		0s   say=bad ` + moderated + `
		1s   say=bad`, "hopeless-retry"},
	{"hopeless-retry: account wall", "", `
		0s   say=hi ` + arrears + `
		1s   say=hi ` + arrears, "hopeless-retry"},
	{"resilient: account was topped up meanwhile", "", `
		0s   say=hi ` + arrears + `
		1s   say=hi`, ""},
	{"resilient: the request was changed", "", `
		0s   say=bad fp=1 ` + moderated + `
		1s   say=bad fp=2`, ""},
	{"resilient: another key", "", `
		0s   say=hi key=a ` + arrears + `
		1s   say=hi key=b ` + arrears, ""},
	{"resilient: an hour later it is another call", "", `
		0s   say=bad ` + moderated + `
		1h   say=bad ` + moderated, ""},
	{"resilient: the client never saw the error", "", `
		0s   say=bad fault=reset status=0 ` + moderated + ` status=0
		1s   say=bad ` + moderated, ""},

	{"gave-up: throttled", "", `0s say=hi ` + allocation, "gave-up"},
	{"gave-up: token", "", `0s say=hi ` + stale, "gave-up"},
	{"gave-up: an answer with nothing in it", emptyRule, `
		0s say=hi rule=empty cause=rule
		1s say=you`, "gave-up"},
	{"resilient: asked again after an answer with nothing in it", emptyRule, `
		0s say=hi rule=empty cause=rule
		1s say=hi`, ""},
	{"resilient: asked again, and got nothing again", emptyRule, `
		0s say=hi rule=empty cause=rule
		1s say=hi rule=empty cause=rule`, ""},
	{"resilient: nothing was there for a reason", strings.Replace(emptyRule, "}", ", finish_reason = 'length' }", 1), `
		0s say=hi rule=empty cause=rule`, ""},
	{"resilient: asked another model", "", `
		0s   say=hi ` + allocation + `
		1s   say=hi model=qwen-max`, ""},
	{"resilient: nobody waits for tomorrow", "", `0s say=hi ` + daily, ""},
	{"resilient: a limit of a day", "[[limit]]\nname = 'cap'\nper_day = 5", `0s say=hi ` + allocation + ` limit=cap`, ""},
	{"resilient: half of the answer was shown already", "", `0s say=hi ` + rate + ` delivery=mid-stream`, ""},

	{"too-early: Retry-After", "", `
		0s   say=hi ` + rate + ` after=10s
		2s   say=hi`, "too-early"},
	{"resilient: Retry-After obeyed", "", `
		0s   say=hi ` + rate + ` after=2s
		2.1s say=hi ` + rate + ` after=2s
		4.2s say=hi ` + rate + ` after=2s
		6.3s say=hi`, ""},
	{"too-early: all attempts inside of a minute", "", `
		0s   say=hi ` + allocation + `
		1s   say=hi ` + allocation + `
		3s   say=hi ` + allocation, "too-early"},
	{"resilient: a minute is a second", "speed = 60", `
		0s   say=hi ` + allocation + `
		1s   say=hi ` + allocation + `
		3s   say=hi ` + allocation, ""},
	{"resilient: growing pauses through the window", "", `
		0s   say=hi ` + allocation + `
		1s   say=hi ` + allocation + `
		3s   say=hi ` + allocation + `
		60s  say=hi`, ""},
	{"too-early: a daily limit", "", `
		0s   say=hi ` + daily + `
		60s  say=hi ` + daily, "too-early"},
	{"resilient: a clock that stands still tells nothing", "", `
		0s   took=0s say=hi ` + allocation + ` after=9s
		0s   took=0s say=hi ` + allocation + ` after=9s
		0s   took=0s say=hi ` + allocation, ""},

	{"no-backoff: at once", "", `
		0s    say=hi ` + rate + `
		2ms   say=hi ` + rate + `
		5ms   say=hi`, "no-backoff"},
	{"no-backoff: always a second", "", `
		0s     say=hi ` + busy + ` err=qianfan/capability/336100
		1.001s say=hi ` + busy + ` err=qianfan/capability/336100
		2.002s say=hi dialect=qianfan-v1`, "no-backoff"},
	{"no-backoff: always 300 ms, on a busy machine", "", `
		0s     say=hi ` + busy + ` err=qianfan/capability/336100
		0.302s say=hi ` + busy + ` err=qianfan/capability/336100
		0.625s say=hi ` + busy + ` err=qianfan/capability/336100
		0.932s say=hi dialect=qianfan-v1`, "no-backoff"},
	{"resilient: a factor of a half more", "", `
		0s     say=hi ` + busy + ` err=qianfan/capability/336100
		0.021s say=hi ` + busy + ` err=qianfan/capability/336100
		0.052s say=hi ` + busy + ` err=qianfan/capability/336100
		0.098s say=hi dialect=qianfan-v1`, ""},
	{"no-backoff: broken answers", "", `
		0s     say=hi fault=reset status=0
		1s     say=hi fault=reset status=0
		2s     say=hi`, "no-backoff"},
	{"no-backoff: a task that is looked after without a pause", "", `
		0s   op=task method=GET fp=a ` + rate + `
		5ms  op=task method=GET fp=a ` + rate + `
		10ms op=task method=GET fp=a`, "no-backoff"},
	{"resilient: a task that is looked after at one pace", "", `
		0s   op=task method=GET fp=a ` + rate + `
		0.5s op=task method=GET fp=a ` + rate + `
		1s   op=task method=GET fp=a`, ""},
	{"no-backoff: one hasty call among patient ones", "", `
		0s    say=a ` + rate + `
		10s   say=a ` + rate + `
		30s   say=a
		40s   say=b ` + rate + `
		40.5s say=b ` + rate + `
		41s   say=b ` + rate + `
		41.5s say=b`, "no-backoff"},
	{"resilient: two pauses alike by chance among others", "", `
		0s    say=a ` + rate + `
		0.2s  say=a ` + rate + `
		0.9s  say=a
		40s   say=b ` + rate + `
		40.5s say=b ` + rate + `
		41s   say=b`, ""},
	{"resilient: growing", "", `
		0s   say=hi ` + rate + `
		0.5s say=hi ` + rate + `
		1.6s say=hi`, ""},
	{"resilient: chance alone", "", `
		0s   say=hi ` + rate + `
		0.9s say=hi ` + rate + `
		1.5s say=hi`, ""},
	{"resilient: the window of a second is sat out", "", `
		0s   say=hi ` + busy + `
		1.1s say=hi ` + busy + `
		2.2s say=hi dialect=qianfan-v1`, ""},

	{"no-jitter: three workers", "", `
		0s     say=a conn=1 ` + rate + `
		0.01s  say=b conn=2 ` + rate + `
		0.02s  say=c conn=3 ` + rate + `
		1.001s say=a conn=1
		1.011s say=b conn=2
		1.021s say=c conn=3`, "no-jitter!"},
	{"no-jitter: twelve workers, on a busy machine", "", crowd(12, 2*time.Millisecond), "no-jitter!"},
	{"resilient: twelve workers with chance", "", crowd(12, 20*time.Millisecond), ""},
	{"resilient: three workers with chance", "", `
		0s     say=a conn=1 ` + rate + `
		0.01s  say=b conn=2 ` + rate + `
		0.02s  say=c conn=3 ` + rate + `
		0.8s   say=a conn=1
		1.1s   say=b conn=2
		1.3s   say=c conn=3`, ""},
	{"resilient: one worker on one connection", "", `
		0s     say=a conn=1 ` + rate + `
		0.01s  say=b conn=1 ` + rate + `
		0.02s  say=c conn=1 ` + rate + `
		1.001s say=a conn=1
		1.011s say=b conn=1
		1.021s say=c conn=1`, ""},

	{"retry-storm: eleven attempts", "", growing(11, rate), "retry-storm"},
	{"resilient: ten attempts", "", growing(10, rate), ""},
	{"retry-storm: all calls together", "", manyCalls(10, 7), "retry-storm"},
	{"resilient: few retries over all", "", manyCalls(10, 6), ""},

	{"token-not-refreshed: same call, same token", "", `
		0s   say=hi key=a ` + stale + `
		1s   say=hi key=a dialect=qianfan-v1`, "token-not-refreshed"},
	{"token-not-refreshed: later calls", "", `
		0s   say=hi  key=a ` + stale + `
		0.1s ` + fetch + `
		0.2s say=hi  key=b dialect=qianfan-v1
		9s   say=now key=a ` + stale + `
		9.1s say=now key=b dialect=qianfan-v1`, "token-not-refreshed"},
	{"resilient: one fetch, one repetition", "", `
		0s   say=hi key=a ` + stale + `
		0.1s ` + fetch + `
		0.2s say=hi key=b dialect=qianfan-v1`, ""},
	{"resilient: workers in flight", "", `
		0s    say=hi  key=a ` + stale + `
		0.01s say=you key=a ` + stale + `
		0.1s  ` + fetch + `
		0.2s  say=hi  key=b dialect=qianfan-v1
		0.2s  say=you key=b dialect=qianfan-v1`, ""},

	{"token-stampede", "", `
		0s    say=a key=old conn=1 ` + stale + `
		0s    say=b key=old conn=2 ` + stale + `
		0s    say=c key=old conn=3 ` + stale + `
		10ms  ` + fetch + `
		11ms  ` + fetch + `
		12ms  ` + fetch + `
		20ms  say=a key=1 dialect=qianfan-v1
		20ms  say=b key=2 dialect=qianfan-v1
		20ms  say=c key=3 dialect=qianfan-v1`, "token-stampede"},
	{"resilient: each new token was refused in between", "", `
		10ms  ` + fetch + `
		20ms  say=a key=1 ` + stale + `
		30ms  ` + fetch + `
		40ms  say=a key=2 ` + stale + `
		50ms  ` + fetch + `
		60ms  say=a key=3 dialect=qianfan-v1`, ""},

	{"paid-twice: answer lost", "", `
		0s   op=video fp=v fault=reset status=0
		1s   op=video fp=v`, "paid-twice"},
	{"paid-twice: the client left", "", `
		0s   op=image say=cat left took=5s
		6s   op=image say=cat`, "paid-twice"},
	{"paid-twice: a gateway's page", "", `
		0s   op=image say=cat fault=gateway-html status=502
		6s   op=image say=cat`, "paid-twice"},
	{"resilient: another picture of the same", "", `
		0s   op=image say=cat
		6s   op=image say=cat`, ""},
	{"resilient: the first was refused", "", `
		0s   op=video fp=v ` + rate + `
		2s   op=video fp=v`, ""},
	{"resilient: a chat may be repeated", "", `
		0s   say=hi fault=reset status=0
		1s   say=hi`, ""},

	{"poison-resent: moderation", "", `
		0s   say=bad ` + moderated + `
		9s   say=bad/sorry/nice ` + moderated, "poison-resent"},
	{"poison-resent: a rule about content", "[[rule]]\nname='args'\nmatch={history='x'}\nerror='dashscope/model/InvalidParameter'", `
		0s   say=cut rule=args err=dashscope/model/InvalidParameter
		9s   say=cut/sorry/nice rule=args err=dashscope/model/InvalidParameter`, "poison-resent"},
	{"poison-resent: the vendor said to clear the history", "[[rule]]\nname='clear'\nmatch={dialect='qianfan-v1', operation='chat'}\nreply={need_clear_history=true}", `
		0s   say=bad dialect=qianfan-v1 rule=clear cause=rule
		9s   say=bad/no/nice dialect=qianfan-v1`, "poison-resent"},
	{"resilient: the history was cleared", "[[rule]]\nname='clear'\nmatch={dialect='qianfan-v1', operation='chat'}\nreply={need_clear_history=true}", `
		0s   say=bad dialect=qianfan-v1 rule=clear cause=rule
		9s   say=nice dialect=qianfan-v1`, ""},
	{"resilient: the turn is gone", "", `
		0s   say=bad ` + moderated + `
		9s   say=nice`, ""},
	{"resilient: a bad parameter is no poison", "", `
		0s   say=hi err=dashscope/model/InvalidParameter
		9s   say=hi/ho/more err=dashscope/model/InvalidParameter`, ""},

	{"error-taken-for-success", "", `
		0s   say=hi dialect=qianfan-v1 err=qianfan/capability/336003
		9s   say=hi/oops/more dialect=qianfan-v1`, "error-taken-for-success"},
	{"resilient: the error had its own status", "", `
		0s   say=hi ` + moderated + ` status=400
		9s   say=hi/oops/more`, ""},
	{"resilient: the question was answered later", "", `
		0s   say=hi dialect=qianfan-v1 err=qianfan/capability/336003
		1s   say=hi fp=2 dialect=qianfan-v1
		9s   say=hi/fine/more dialect=qianfan-v1`, ""},
	{"resilient: the same words earlier in the conversation", "", `
		0s   say=hi/ho/hi dialect=qianfan-v1 err=qianfan/capability/336003
		9s   say=hi/ho/bye dialect=qianfan-v1`, ""},

	{"early-end-taken-for-success", "", `
		0s   say=hi fault=early-end
		9s   say=hi/half/more`, "early-end-taken-for-success"},
	{"early-end-taken-for-success: no end mark but the last frame", "", `
		0s   say=hi fault=drop-done dialect=dashscope-native
		9s   say=hi/half/more dialect=dashscope-native`, "early-end-taken-for-success"},
	{"resilient: the finish reason was there", "", `
		0s   say=hi fault=drop-done
		9s   say=hi/all/more`, ""},
	{"resilient: asked again", "", `
		0s   say=hi fault=cut
		1s   say=hi
		9s   say=hi/all/more`, ""},
	{"resilient: the turn was dropped", "", `
		0s   say=hi fault=cut
		9s   say=more`, ""},

	{"no-read-timeout: the server ended it", "", `0s say=hi fault=stall took=2m`, "no-read-timeout"},
	{"no-read-timeout: it still waits", "", `
		0s   say=hi fault=hang open
		2m   say=you`, "no-read-timeout left-open!"},
	{"no-read-timeout: a scaled minute", "speed = 60\nscale_wire = true", `0s say=hi fault=stall took=2s`, "no-read-timeout"},
	{"resilient: the client left", "", `
		0s   say=hi fault=stall took=90s left
		91s  say=hi`, ""},
	{"resilient: a short silence", "", `0s say=hi fault=stall took=20s`, ""},

	{"left-open", "", `0s say=hi open`, "left-open!"},
	{"resilient: an ordinary conversation", "", `
		0s   say=hi
		1s   say=hi/ho/more
		1s   op=models fp=m
		2s   op=models fp=m`, ""},
}

// growing is one call with growing pauses, of which the last attempt succeeds.
func growing(attempts int, err string) string {
	var b strings.Builder
	for i := range attempts - 1 {
		fmt.Fprintf(&b, "%dms say=hi %s\n", 100*i*i, err)
	}
	fmt.Fprintf(&b, "%dms say=hi\n", 100*attempts*attempts)
	return b.String()
}

// crowd is so many workers that are turned away at once and come back 300 ms
// later, each by a step later than the one before.
func crowd(workers int, step time.Duration) string {
	var away, back strings.Builder
	for i := range workers {
		fmt.Fprintf(&away, "0s say=hi%d conn=%d %s\n", i, i+1, rate)
		fmt.Fprintf(&back, "%s say=hi%d conn=%d\n", 300*time.Millisecond+time.Duration(i)*step, i, i+1)
	}
	return away.String() + back.String()
}

// manyCalls is calls one after the other, each with so many attempts.
func manyCalls(calls, attempts int) string {
	var b strings.Builder
	for c := range calls {
		for i := range attempts {
			err := rate
			if i == attempts-1 {
				err = ""
			}
			fmt.Fprintf(&b, "%dms say=hi%d %s\n", 100_000*c+100*i*i, c, err)
		}
	}
	return b.String()
}

func TestFindings(t *testing.T) {
	named := map[scenarios.FindingKind]bool{}
	for _, c := range findingCases {
		kind, _, _ := strings.Cut(c.name, ":")
		named[scenarios.FindingKind(kind)] = true
		t.Run(c.name, func(t *testing.T) {
			v := judged(t, c.scenario, c.journal)
			if got := kinds(v); got != c.want {
				t.Errorf("found %q, want %q:\n%s", got, c.want, textOf(t, v))
			}
			if failing := c.want != "" && c.want != "no-jitter!" && c.want != "left-open!"; failing != (v.Status == Fail) {
				t.Errorf("the status is %s", v.Status)
			}
		})
	}
	for _, kind := range scenarios.FindingKinds() {
		if !named[kind] {
			t.Errorf("no journal shows %s", kind)
		}
	}
}

// TestChargesInOrder holds that the judge knows every kind of the language.
func TestChargesInOrder(t *testing.T) {
	var got []scenarios.FindingKind
	for _, c := range charges() {
		got = append(got, c.kind)
	}
	if !slices.Equal(got, scenarios.FindingKinds()) {
		t.Errorf("the charges are %v", got)
	}
}

// TestModerationIsDocumented holds that the errors of moderation are in the
// catalogue, as errors that another text cures.
func TestModerationIsDocumented(t *testing.T) {
	for _, id := range moderation {
		entry, err := catalog.Resolve(id, catalog.Scope{})
		if err != nil {
			t.Error(err)
		} else if entry.Variants[0].Retry != catalog.RetryAfterFix {
			t.Errorf("%s may be retried: %s", id, entry.Variants[0].Retry)
		}
	}
}

// TestManyWorkersWithOneQuestion holds that workers who ask the same at the
// same time are not taken for one that repeats itself.
func TestManyWorkersWithOneQuestion(t *testing.T) {
	var b strings.Builder
	for i := range 20 {
		fmt.Fprintf(&b, "%dus say=hi conn=%d took=5ms %s\n", i*100, i+1, rate)
	}
	for i := range 20 {
		fmt.Fprintf(&b, "%dms say=hi conn=%d took=5ms\n", 500+37*i, i+1)
	}
	v := judged(t, "", b.String())
	if v.Calls != 20 || v.Status != Pass {
		t.Errorf("%s", textOf(t, v))
	}
}

// TestSharedQuestionAccusesNobody holds that what looks like one hasty client is
// no finding, nor a broken expectation, if several ask the same at once.
func TestSharedQuestionAccusesNobody(t *testing.T) {
	const hasty = `
		0s  say=hi conn=1 ` + moderated + `
		2ms say=hi conn=1 ` + moderated + `
		4ms say=hi conn=1 ` + moderated + `
		6ms say=hi conn=1 ` + rate + `
		8ms say=hi conn=1 ` + rate + `
		10ms say=hi conn=1 ` + rate + `
		12ms say=hi conn=1 ` + rate + `
		14ms say=hi conn=1 ` + rate
	const expect = "[[expect]]\nmax_attempts = 2\n[[expect]]\nmin_gap = '1s'"
	if v := judged(t, expect, hasty); kinds(v) != "hopeless-retry no-backoff" || v.Expectations[0].Status != Fail {
		t.Errorf("one client is not accused:\n%s", textOf(t, v))
	}
	for _, other := range []string{
		"\n14.5ms say=hi conn=2 took=5ms",                              // At the same time.
		"\n20ms say=hi conn=2\n30ms say=hi conn=1\n40ms say=hi conn=2", // In turn.
	} {
		v := judged(t, expect, hasty+other)
		if kinds(v) != "" || v.Status != Inconclusive || v.Expectations[0].Status != Inconclusive || v.Expectations[1].Status != Inconclusive {
			t.Errorf("several clients are accused:\n%s", textOf(t, v))
		}
	}
}
