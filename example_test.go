package mockllm_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

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
