package mockllm_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mockllm/mockllm"
)

// In a bubble of testing/synctest, time passes as soon as everybody waits: an
// answer that takes an hour is read in a moment, and takes an hour by every
// clock in the bubble. [mockllm.InMemory] is what such a test needs.
func TestAnHourInNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := mockllm.RunT(t, mockllm.InMemory(), mockllm.ScenarioText(`
			[[rule]]
			name    = "a frame every six minutes"
			reply   = { frames = 10, text = "It takes its time." }
			latency = { first_byte = "6m", frame = "6m" }`))

		begin := time.Now()
		answer, err := srv.Client().Do(streaming(t, srv))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if waited := time.Since(begin); waited != 6*time.Minute {
			t.Errorf("the first byte took %v", waited)
		}
		events := 0
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "data:") {
				events++
			}
		}
		if took := time.Since(begin); took < time.Hour || took > 2*time.Hour {
			t.Errorf("%d events took %v", events, took)
		}
	})
}

// A client that gives up in time, against a line that is dead for an hour.
func TestPatienceInNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := mockllm.RunT(t, mockllm.InMemory(), mockllm.ScenarioText(`
			[[rule]]
			name  = "goes dead"
			match = { stream = true }
			fault = { kind = "stall", after_frames = 2, for = "1h" }`))
		client := srv.Client()
		client.Timeout = 90 * time.Second

		begin := time.Now()
		answer, err := client.Do(streaming(t, srv))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		_, err = io.Copy(io.Discard, answer.Body)
		var timeout interface{ Timeout() bool }
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(begin) != client.Timeout {
			t.Errorf("the client gave up with %v behind %v", err, time.Since(begin))
		}
		synctest.Wait()
		if e := srv.Journal()[0]; !e.ClientLeft {
			t.Errorf("the journal does not see the client leave: %s", e.Line())
		}
	})
}

// A vendor's windows pass in the bubble, too: a limit is over behind a minute.
func TestAMinuteInNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := mockllm.RunT(t, mockllm.InMemory(), mockllm.ScenarioText("[[limit]]\nrpm = 1"))
		for _, want := range []int{200, 429, 200} {
			answer, err := srv.Client().Do(streaming(t, srv))
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			if answer.StatusCode != want {
				t.Errorf("status %d, want %d", answer.StatusCode, want)
			}
			if want == 429 {
				time.Sleep(time.Minute)
			}
		}
	})
}

// streaming is a call that asks for a stream.
func streaming(t *testing.T, srv *mockllm.Server) *http.Request {
	t.Helper()
	body := `{"model": "qwen-plus", "stream": true, "messages": [{"role": "user", "content": "Hello!"}]}`
	req, err := http.NewRequest(http.MethodPost, srv.BaseURL("dashscope-compatible")+"/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer any")
	return req
}
