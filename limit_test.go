package mockllm

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
)

// call sends a question as the key's owner and returns the answer's status.
func call(t *testing.T, url, key string, header ...string) (int, http.Header) {
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(hello))
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	req.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	answer.Body.Close()
	return answer.StatusCode, answer.Header
}

// TestLimitOf64Clients lets 64 clients call as fast as they can: no call too
// many passes, and none too few, minute after minute.
func TestLimitOf64Clients(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), ScenarioText("[[limit]]\nrpm = 100\nper = \"namespace\""))
	for minute := range 2 {
		var mu sync.Mutex
		statuses := map[int]int{}
		var wait sync.WaitGroup
		for i := range 64 {
			wait.Go(func() {
				for range 4 {
					status, _ := call(t, srv.URL()+chatPath, fmt.Sprint("sk-", i))
					mu.Lock()
					statuses[status]++
					mu.Unlock()
				}
			})
		}
		wait.Wait()
		if statuses[200] != 100 || statuses[429] != 156 {
			t.Errorf("minute %d: %v, want 100 answers and 156 refusals", minute, statuses)
		}
		clock.Advance(time.Minute)
	}
	refused := srv.Journal()[len(srv.Journal())-1]
	for _, e := range srv.Journal() {
		if e.Status == 429 {
			refused = e
		}
	}
	if refused.Cause != "limit" || refused.Limit != "#1" || refused.Error != "dashscope/model/Throttling.RateQuota" {
		t.Errorf("the journal says cause %s, limit %q, error %s", refused.Cause, refused.Limit, refused.Error)
	}
}

// TestConcurrency holds two answers back and finds no place for a third until
// they are over, however they end.
func TestConcurrency(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), ScenarioText(`
		[[limit]]
		concurrency = 2
		[[rule]]
		name    = "slow"
		when    = { calls = "1..2" }
		latency = "1m"`))
	url := srv.URL() + chatPath
	var slow sync.WaitGroup
	for range 2 {
		slow.Go(func() { call(t, url, "slow") })
	}
	if err := clock.Await(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if status, _ := call(t, url, "slow"); status != 429 {
		t.Errorf("a third call at once: %d, want 429", status)
	}
	if status, _ := call(t, url, "other"); status != 200 {
		t.Errorf("the call of another key: %d, want 200", status)
	}
	clock.Advance(time.Minute)
	slow.Wait()
	srv.exchanges.Wait()
	for range 3 {
		if status, _ := call(t, url, "other"); status != 200 {
			t.Errorf("one after the other: %d, want 200", status)
		}
		srv.exchanges.Wait()
	}
}

// TestQueue has the gateway queue a call for as long as its header says.
func TestQueue(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), ScenarioText("[[limit]]\nburst = 1"))
	url := srv.URL() + chatPath
	if status, _ := call(t, url, "k"); status != 200 {
		t.Fatalf("the first call: %d", status)
	}
	if status, _ := call(t, url, "k", "X-DashScope-Wait-Timeout", "0"); status != 429 {
		t.Errorf("a second one without patience: %d, want 429", status)
	}
	queued := make(chan int)
	go func() {
		status, _ := call(t, url, "k", "X-DashScope-Wait-Timeout", "2")
		queued <- status
	}()
	if err := clock.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Second)
	if status := <-queued; status != 200 {
		t.Errorf("a patient one: %d, want 200 after a second", status)
	}
}

// TestQueueOnEveryAPI: every API of the vendor's that is spoken over HTTP has the
// same gateway.
func TestQueueOnEveryAPI(t *testing.T) {
	for path, body := range map[string]string{
		"/api/v1/services/aigc/text-generation/generation": `{"model":"qwen-plus","input":{"prompt":"hi"}}`,
		chatPath:                        hello,
		"/compatible-mode/v1/responses": `{"model":"qwen-plus","input":"hi"}`,
		"/apps/anthropic/v1/messages":   `{"model":"qwen-plus","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`,
	} {
		clock := play.NewManual(goldenTime)
		srv := RunT(t, WithClock(clock), ScenarioText("[[limit]]\nburst = 1"))
		post(t, srv.URL()+path, body, "Authorization", "Bearer k")
		queued := make(chan int)
		go func() {
			status, _ := post(t, srv.URL()+path, body, "Authorization", "Bearer k", "X-DashScope-Wait-Timeout", "2")
			queued <- status
		}()
		select {
		case status := <-queued:
			t.Errorf("%s: a patient call is answered at once, with %d", path, status)
			continue
		case <-awaited(t, clock):
		}
		clock.Advance(time.Second)
		if status := <-queued; status != http.StatusOK {
			t.Errorf("%s: a patient call: %d, want 200 after a second", path, status)
		}
	}
}

// awaited is closed when somebody waits on the clock.
func awaited(t *testing.T, clock *play.Manual) <-chan struct{} {
	waits := make(chan struct{})
	go func() {
		if clock.Await(t.Context(), 1) == nil {
			close(waits)
		}
	}()
	return waits
}

// TestRetryAfterOfLimits: the header has whole seconds, and not one too few.
func TestRetryAfterOfLimits(t *testing.T) {
	for text, want := range map[string]string{"retry_after = true": "45", "retry_after = \"1500ms\"": "2", "": ""} {
		clock := play.NewManual(goldenTime)
		srv := RunT(t, WithClock(clock), ScenarioText("[[limit]]\nrpm = 1\n"+text))
		call(t, srv.URL()+chatPath, "k")
		clock.Advance(15500 * time.Millisecond)
		if status, header := call(t, srv.URL()+chatPath, "k"); status != 429 || header.Get("Retry-After") != want {
			t.Errorf("%q: %d with Retry-After %q, want %q", text, status, header.Get("Retry-After"), want)
		}
	}
}

// TestQuotaHeaders reads what is left off V1's answers, as the vendor's SDKs do.
func TestQuotaHeaders(t *testing.T) {
	srv := RunT(t, WithClock(play.NewManual(goldenTime)), ScenarioText("[[limit]]\nrpm = 3\ntpm = 1000"))
	var got []string
	for range 4 {
		_, header := call(t, srv.URL()+v1Path+"?access_token=24.x", "k")
		got = append(got, fmt.Sprintf("%s/%s", header.Get("X-Ratelimit-Remaining-Requests"), header.Get("X-Ratelimit-Limit-Requests")))
		if limit := header.Get("X-Ratelimit-Limit-Tokens"); limit != "1000" {
			t.Errorf("tokens a minute: %s, want 1000", limit)
		}
	}
	if want := "2/3 1/3 0/3 0/3"; strings.Join(got, " ") != want {
		t.Errorf("requests left: %s, want %s", strings.Join(got, " "), want)
	}
	fresh := RunT(t)
	if _, header := call(t, fresh.URL()+v1Path+"?access_token=24.x", "k"); header.Get("X-Ratelimit-Remaining-Requests") != "299" {
		t.Errorf("without a limit: %v", header)
	}
}
