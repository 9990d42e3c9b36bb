package mockllm

import (
	"fmt"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/verdict"
)

// TestVerdictOfRealCalls lets clients behave well and badly, and holds that
// the journal of a real server is enough to tell.
func TestVerdictOfRealCalls(t *testing.T) {
	const say = `{"model": "qwen-plus", "stream": true, "messages": [{"role": "user", "content": "Hi"}%s]}`
	first, second := fmt.Sprintf(say, ""), fmt.Sprintf(say, `, {"role": "assistant", "content": "half"}, {"role": "user", "content": "More"}`)
	for _, c := range []struct {
		name, scenario string
		bodies         []string
		pause          time.Duration
		want           string
	}{
		{"Retry-After disobeyed", `[[rule]]
			name        = "busy"
			when        = { calls = 1 }
			error       = "Throttling.RateQuota"
			retry_after = "1500ms"`, []string{first, first}, 1900 * time.Millisecond, "FAIL too-early"},
		{"Retry-After obeyed", `[[rule]]
			name        = "busy"
			when        = { calls = 1 }
			error       = "Throttling.RateQuota"
			retry_after = "1500ms"`, []string{first, first}, 2 * time.Second, "PASS"},
		{"a limit asks to wait", `[[limit]]
			rpm         = 1
			retry_after = true`, []string{second, first, first}, 30 * time.Second, "PASS"},
		{"a limit is ignored", `[[limit]]
			rpm         = 1
			retry_after = true`, []string{second, first, first}, 10 * time.Second, "FAIL too-early"},
		{"half an answer taken for all", `[[rule]]
			name  = "half"
			when  = { calls = 1 }
			fault = "early-end"`, []string{first, second}, time.Second, "FAIL early-end-taken-for-success"},
		{"half an answer asked for again", `[[rule]]
			name  = "half"
			when  = { calls = 1 }
			fault = "early-end"`, []string{first, first, second}, time.Second, "PASS"},
		{"moderation repeated", `[[rule]]
			name  = "moderation"
			error = "DataInspectionFailed"`, []string{first, first}, time.Second, "FAIL hopeless-retry"},
		{"an error in the stream taken for the answer", `[[rule]]
			name     = "moderation"
			when     = { calls = 1 }
			error    = "DataInspectionFailed"
			delivery = "mid-stream"`, []string{first, second}, time.Second, "FAIL error-taken-for-success"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := scenarios.Load(c.name, []byte(c.scenario))
			if err != nil {
				t.Fatal(err)
			}
			clock := play.NewManual(goldenTime)
			srv := RunT(t, WithScenario(s), WithClock(clock))
			for _, body := range c.bodies {
				post(t, srv.URL()+chatPath, body)
				srv.exchanges.Wait()
				clock.Advance(c.pause)
			}
			exchanges, evicted := srv.Admin().History().Exchanges("")
			v := verdict.Judge(verdict.Input{Scenario: s, Exchanges: exchanges, Evicted: evicted})
			got := string(v.Status)
			for _, f := range v.Findings {
				got += " " + string(f.Kind)
			}
			if got != c.want {
				t.Errorf("got %s, want %s: %+v", got, c.want, v)
			}
		})
	}
}

// TestKeysThatLookTheSame holds that the journal tells keys apart that are the
// same when redacted.
func TestKeysThatLookTheSame(t *testing.T) {
	srv := RunT(t)
	for _, key := range []string{"sk-0123456789ab", "sk-0xxxxxxxxxab", "sk-0123456789ab"} {
		call(t, srv.URL()+chatPath, key)
	}
	all := srv.Journal()
	if all[0].Key != all[1].Key || all[0].KeyHash == all[1].KeyHash || all[0].KeyHash != all[2].KeyHash || len(all[0].KeyHash) != 8 {
		t.Errorf("%q %q, %q %q, %q", all[0].Key, all[0].KeyHash, all[1].Key, all[1].KeyHash, all[2].KeyHash)
	}
}
