package scenarios

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mockllm/mockllm/catalog"
)

// TestLimitErrors holds what each dialect says when nothing is left of a unit:
// the code, and that there is one for every unit where calls cost something.
func TestLimitErrors(t *testing.T) {
	for dialect, want := range map[string]string{
		catalog.QianfanV1: "4 336503 18 336501 336502 17 19",
		catalog.QianfanV2: "cluster_rate_limit_exceeded preemptible_rate_limit_exceeded user_rate_limit_exceeded rpm_rate_limit_exceeded " +
			"tpm_rate_limit_exceeded user_rate_limit_exceeded account_overdue",
		catalog.QianfanAnthropic: "cluster_rate_limit_exceeded preemptible_rate_limit_exceeded user_rate_limit_exceeded rpm_rate_limit_exceeded " +
			"tpm_rate_limit_exceeded user_rate_limit_exceeded account_overdue",
		catalog.QianfanResponses: "cluster_rate_limit_exceeded preemptible_rate_limit_exceeded user_rate_limit_exceeded rpm_rate_limit_exceeded " +
			"tpm_rate_limit_exceeded user_rate_limit_exceeded account_overdue",
		catalog.DashScopeNative: "Throttling.Concurrency Throttling.BurstRate Throttling.RateQuota Throttling.RateQuota " +
			"Throttling.AllocationQuota Throttling.AllocationQuota Throttling.AllocationQuota",
		catalog.DashScopeCompatible: "Throttling.Concurrency limit_burst_rate limit_requests limit_requests " +
			"insufficient_quota insufficient_quota insufficient_quota",
	} {
		var got []string
		for _, unit := range catalog.Units() {
			w := newWorld(t, fmt.Sprintf("[[limit]]\n%s = 1\nmatch.dialect = %q", unit, dialect))
			call := chat(dialect, func(r *Request) { r.InputTokens = 1 })
			if first := answerOf(w.decide(call)); first != "." {
				t.Errorf("%s %s: the first call got %s", dialect, unit, first)
			}
			d := w.decide(call)
			if d.Cause != ByLimit || d.Limit != "#1" || d.Failure == nil {
				t.Fatalf("%s %s: the second call got %+v", dialect, unit, d)
			}
			known, _ := catalog.DialectNamed(dialect)
			got = append(got, d.Failure.Entry.CodeOn(known))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s:\ngot  %s\nwant %s", dialect, strings.Join(got, " "), want)
		}
	}
}

// spread sends n calls, one after each pause, and writes "." for each that
// passes and "x" for each that is refused.
func (w *world) spread(n int, pause time.Duration, r *Request) string {
	w.tb.Helper()
	var b strings.Builder
	for range n {
		d := w.decide(r)
		if err := w.engine.Done(context.Background(), r.Namespace, &d); err != nil {
			w.tb.Fatal(err)
		}
		b.WriteString(map[bool]string{true: "x", false: "."}[d.Cause == ByLimit])
		w.now = w.now.Add(pause)
	}
	return b.String()
}

func TestLimitWindows(t *testing.T) {
	for _, test := range []struct {
		limit string
		n     int
		pause time.Duration
		want  string
	}{
		{"rpm = 3", 7, 10 * time.Second, "...xxx."},
		{"qps = 2", 8, 250 * time.Millisecond, "..xx..xx"},
		{"per_day = 2", 6, 8 * time.Hour, "..x..x"},
		{"total = 2", 4, 100 * time.Hour, "..xx"},
		{"burst = 2", 6, 0, "..xxxx"},
		{"burst = 2", 6, 500 * time.Millisecond, "......"},
		{"burst = 2", 7, 250 * time.Millisecond, "...x.x."},
		{"concurrency = 1", 3, 0, "..."},
		{"rpm = 2\nqps = 1", 6, 500 * time.Millisecond, ".x.xxx"},
	} {
		w := newWorld(t, "[[limit]]\n"+test.limit)
		if got := w.spread(test.n, test.pause, chat(catalog.DashScopeNative)); got != test.want {
			t.Errorf("%s: got %s, want %s", strings.ReplaceAll(test.limit, "\n", ", "), got, test.want)
		}
	}
	w := newWorld(t, "speed = 60\n[[limit]]\nrpm = 2")
	if got := w.spread(6, 300*time.Millisecond, chat(catalog.DashScopeNative)); got != "..xx.." {
		t.Errorf("a minute that takes a second: got %s, want ..xx..", got)
	}
}

// Who shares a limit, and whom it is about.
func TestLimitPer(t *testing.T) {
	calls := []*Request{
		chat(catalog.DashScopeNative), chat(catalog.DashScopeNative, key("sk-2")), chat(catalog.DashScopeNative, model("n")),
		chat(catalog.QianfanV2), chat(catalog.DashScopeNative, func(r *Request) { r.Account = "sk-1"; r.Key = "made anew" }),
	}
	for limit, want := range map[string]string{
		"per = \"key\"":                  ". . x x x",
		"":                               ". . x x x",
		"per = \"model\"":                ". x . x x",
		"per = \"namespace\"":            ". x x x x",
		"match.dialect = \"qianfan-v2\"": ". . . . .",
		"match.model = \"n\"":            ". . . . .",
		"match = { model = \"m\", key = \"sk-2\" }\nper = \"namespace\"": ". . . . .",
		"match.provider = \"dashscope\"":                                 ". . x . x",
	} {
		w := newWorld(t, "[[limit]]\nrpm = 1\n"+limit)
		var got []string
		for _, r := range calls {
			mark := "."
			if w.decide(r).Cause == ByLimit {
				mark = "x"
			}
			got = append(got, mark)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %s, want %s", limit, strings.Join(got, " "), want)
		}
	}
}

// A call that is refused takes nothing, of no limit.
func TestRefusedTakesNothing(t *testing.T) {
	w := newWorld(t, "[[limit]]\nname = \"wide\"\nrpm = 2\nper = \"namespace\"\n[[limit]]\nname = \"narrow\"\nrpm = 1\nmatch.key = \"sk-1\"")
	var got []string
	for _, k := range []string{"sk-1", "sk-1", "sk-1", "sk-2", "sk-3"} {
		got = append(got, w.decide(chat(catalog.DashScopeNative, key(k))).Limit)
	}
	if want := ",narrow,narrow,,wide"; strings.Join(got, ",") != want {
		t.Errorf("got %s, want %s", strings.Join(got, ","), want)
	}
}

// Every call that is let in counts, whoever answers it; who is not let in does
// not.
func TestWhatCounts(t *testing.T) {
	w := newWorld(t, "[[limit]]\nrpm = 4\n"+replyRule("r", "when.calls = \"1..3\""))
	refused := chat(catalog.DashScopeNative, func(r *Request) {
		r.Identity = &Refusal{ID: "dashscope/model/InvalidApiKey"}
	})
	asked := chat(catalog.DashScopeNative, func(r *Request) { r.Asked = "Arrearage" })
	var got []string
	for _, r := range []*Request{chat(catalog.DashScopeNative), refused, asked, chat(catalog.DashScopeNative), chat(catalog.DashScopeNative), asked, chat(catalog.DashScopeNative)} {
		got = append(got, string(w.decide(r).Cause))
	}
	if want := "rule identity caller rule rule caller limit"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}
}

func TestTokensPerMinute(t *testing.T) {
	w := newWorld(t, "[[limit]]\ntpm = 100")
	call := func(n int) Decision {
		return w.decide(chat(catalog.QianfanV1, func(r *Request) { r.InputTokens = n }))
	}
	first := call(30)
	if first.Quota == nil || first.Quota.Tokens == nil || *first.Quota.Tokens != (Left{100, 70}) || first.Quota.Requests != nil {
		t.Errorf("left after the question: %+v", first.Quota)
	}
	if err := w.engine.Spend(context.Background(), "", w.now, &first, 50); err != nil {
		t.Fatal(err)
	}
	if d := call(21); d.Cause != ByLimit || d.Quota.Tokens.Remaining != 20 {
		t.Errorf("80 of 100 are used, 21 more: %s, %+v left", d.Cause, d.Quota.Tokens)
	}
	if d := call(20); d.Cause == ByLimit {
		t.Error("80 of 100 are used, 20 more are refused")
	}
	w.now = w.now.Add(time.Minute)
	late := call(10)
	if err := w.engine.Spend(context.Background(), "", w.now.Add(-time.Second), &late, 90); err != nil {
		t.Fatal(err)
	}
	if d := call(90); d.Cause == ByLimit {
		t.Error("an answer of the minute before counts in this one")
	}
	if d := call(101); d.Cause != ByLimit {
		t.Error("101 of 100 passed")
	}
}

// The gateway queues a burst as long as the caller has patience.
func TestPatience(t *testing.T) {
	w := newWorld(t, "[[limit]]\nburst = 2\nretry_after = true")
	patient := chat(catalog.DashScopeNative, func(r *Request) { r.Patience = 1200 * time.Millisecond })
	var got []string
	for range 5 {
		d := w.decide(patient)
		got = append(got, fmt.Sprintf("%s %v", d.Cause, d.Queued))
	}
	want := "success 0s, success 0s, success 500ms, success 1s, limit 1.2s"
	if strings.Join(got, ", ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), want)
	}
	d := w.decide(chat(catalog.DashScopeNative))
	if d.Cause != ByLimit || d.Queued != 0 || d.Failure.RetryAfter == nil || time.Duration(*d.Failure.RetryAfter) != 1500*time.Millisecond {
		t.Errorf("without patience: %s, queued %v, retry after %v", d.Cause, d.Queued, d.Failure.RetryAfter)
	}
}

func TestLimitRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{"retry_after = true": 44500 * time.Millisecond, "retry_after = \"7s\"": 7 * time.Second, "": -1} {
		w := newWorld(t, "[[limit]]\nrpm = 1\n"+text)
		w.decide(chat(catalog.QianfanV2))
		w.now = w.now.Add(15500 * time.Millisecond)
		got := time.Duration(-1)
		if after := w.decide(chat(catalog.QianfanV2)).Failure.RetryAfter; after != nil {
			got = time.Duration(*after)
		}
		if got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// Where nobody knows when there is something again, nothing tells the caller to
// come back at once.
func TestNoRetryAfter(t *testing.T) {
	for _, unit := range []string{"total = 1", "concurrency = 1", "tpm = 100"} {
		w := newWorld(t, "[[limit]]\nretry_after = true\n"+unit)
		long := chat(catalog.QianfanV2, func(r *Request) { r.InputTokens = 101 })
		w.decide(long)
		if d := w.decide(long); d.Cause != ByLimit || d.Failure.RetryAfter != nil {
			t.Errorf("%s: %s, retry after %v", unit, d.Cause, d.Failure.RetryAfter)
		}
	}
}

// A reset begins everything anew, and what was under way then cannot give back
// what belongs to those behind it.
func TestResetOfLimits(t *testing.T) {
	w := newWorld(t, "[[limit]]\nconcurrency = 1")
	before := w.decide(chat(catalog.DashScopeNative))
	if err := w.engine.state.Reset(context.Background(), ""); err != nil {
		t.Fatal(err)
	}
	after := w.decide(chat(catalog.DashScopeNative))
	if after.Cause == ByLimit {
		t.Fatal("a reset does not empty the limit")
	}
	for _, d := range []Decision{before, before} {
		if err := w.engine.Done(context.Background(), "", &d); err != nil {
			t.Fatal(err)
		}
	}
	if w.decide(chat(catalog.DashScopeNative)).Cause != ByLimit {
		t.Error("an exchange from before the reset gave back the slot of another")
	}
	if err := w.engine.Done(context.Background(), "", &after); err != nil {
		t.Fatal(err)
	}
	if w.decide(chat(catalog.DashScopeNative)).Cause == ByLimit {
		t.Error("the slot was not given back")
	}
}

// A scenario that takes the place of one whose time went faster has longer
// windows: what was used in a short one does not count until their numbers meet.
func TestWindowsOfAnotherLength(t *testing.T) {
	fast := newWorld(t, "speed = 60\n[[limit]]\nrpm = 1")
	fast.decide(chat(catalog.DashScopeNative))
	fast.now = fast.now.Add(30 * time.Second)
	fast.decide(chat(catalog.DashScopeNative)) // The 31st window.
	slow := &world{tb: t, engine: NewEngine(mustLoad(t, "[[limit]]\nrpm = 1"), Settings{}, fast.engine.state), now: fast.now}
	for range 2 {
		slow.now = slow.now.Add(time.Minute)
		for _, want := range []Cause{BySuccess, ByLimit} {
			if d := slow.decide(chat(catalog.DashScopeNative)); d.Cause != want {
				t.Errorf("a minute later: %s, want %s", d.Cause, want)
			}
		}
	}
}

// However calls interleave, exactly as many pass as there are.
func TestLimitsAreExact(t *testing.T) {
	w := newWorld(t, "[[limit]]\nrpm = 1000\n[[limit]]\nconcurrency = 7\nmatch.model = \"held\"")
	ctx := context.Background()
	var mu sync.Mutex
	passed, under, most := 0, 0, 0
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			for k := range 40 {
				r := chat(catalog.DashScopeCompatible, fingerprint(fmt.Sprint(i, k)), model([]string{"m", "held"}[k%2]))
				d, err := w.engine.Decide(ctx, start, r)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if d.Cause != ByLimit {
					passed++
				}
				under += len(d.Slots)
				most = max(most, under)
				mu.Unlock()
				runtime.Gosched() // Others come while this one is under way.
				mu.Lock()
				under -= len(d.Slots)
				mu.Unlock()
				if err := w.engine.Done(ctx, "", &d); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for w.decide(chat(catalog.DashScopeCompatible)).Cause != ByLimit {
		passed++
	}
	if passed != 1000 {
		t.Errorf("%d passed, want 1000", passed)
	}
	if most > 7 {
		t.Errorf("%d were under way at once, want at most 7", most)
	}
}
