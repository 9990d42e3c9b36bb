package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// TestLimits has the vendors' SDKs meet a limit, and come back when its window
// is over: the clock is moved, nobody waits.
func TestLimits(t *testing.T) { runCases(t, limitCases) }

const twoAMinute = `
	[[limit]]
	rpm = 2
	match = { operation = "chat" }`

var limitCases = []testCase{
	{"Qianfan's SDK", twoAMinute, func(t *testing.T, s server) {
		configure(t, s)
		for range 2 {
			must(ask())(t)
		}
		_, err := ask()
		wantAPIError(t, err, 336501, "Rate limit reached for RPM")
		s.advance(t, "30s")
		_, err = ask()
		wantAPIError(t, err, 336501, "Rate limit reached for RPM")
		s.advance(t, "30s")
		must(ask())(t)
	}},
	{"OpenAI's SDK", twoAMinute, func(t *testing.T, s server) {
		call := func() error {
			_, err := s.openai(option.WithMaxRetries(0)).New(t.Context(), chat())
			return err
		}
		for range 2 {
			if err := call(); err != nil {
				t.Fatal(err)
			}
		}
		if e := wantError[*openai.Error](t, call()); e.StatusCode != 429 || e.Code != "limit_requests" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
		s.advance(t, "1m")
		if err := call(); err != nil {
			t.Errorf("in the next minute: %v", err)
		}
	}},
}

// advance moves the clock of the default namespace forward.
func (s server) advance(t *testing.T, by string) {
	t.Helper()
	answer, err := http.Post(s.admin+"/api/v1/clock/advance", "application/json", strings.NewReader(`{"by": "`+by+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("advance: %s", answer.Status)
	}
}
