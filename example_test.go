package mockllm_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mockllm/mockllm"
)

// A client's base URL is all that a test has to change.
func Example() {
	srv, err := mockllm.Run(mockllm.ScenarioText(`
		[[rule]]
		name  = "throttled once"
		when  = { calls = 1 }
		error = "Throttling.RateQuota"`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	for range 2 {
		fmt.Println(ask(srv.BaseURL("dashscope-compatible")))
	}
	for _, e := range srv.Journal() {
		fmt.Println(e.Cause, e.Error)
	}
	// Output:
	// 429 Too Many Requests
	// 200 OK
	// rule dashscope/model/Throttling.RateQuota
	// success
}

// A client that gives up on a line that goes dead, in a bubble of package
// testing/synctest: its minute passes at once.
func ExampleInMemory() {
	var t *testing.T // The test's.

	synctest.Test(t, func(t *testing.T) {
		srv := mockllm.RunT(t, mockllm.InMemory(), mockllm.ScenarioText(`
			[[rule]]
			name  = "goes dead"
			fault = { kind = "hang", for = "1h" }`))
		client := srv.Client()
		client.Timeout = time.Minute
		req, err := http.NewRequest("POST", srv.BaseURL("qianfan-v2")+"/chat/completions", strings.NewReader(`{"model": "ernie-4.0-8k",
			"messages": [{"role": "user", "content": "Hello!"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer any")

		began := time.Now()
		if answer, err := client.Do(req); err == nil {
			answer.Body.Close()
			t.Error("the client was answered")
		}
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("the client gave up after %v", waited)
		}
		srv.WantCalls(t, 1)
	})
}

// ask is a client, such as an OpenAI SDK would be.
func ask(baseURL string) string {
	body := `{"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello!"}]}`
	req, err := http.NewRequest(http.MethodPost, baseURL+"/chat/completions", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Authorization", "Bearer any")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	io.Copy(io.Discard, answer.Body)
	return answer.Status
}
