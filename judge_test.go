package mockllm_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/verdict"
)

// Each namespace is judged by its own scenario and its own journal.
func TestVerdict(t *testing.T) {
	srv := mockllm.RunT(t, mockllm.WithSeed(11), mockllm.ScenarioText(`
name = "busy"
[[rule]]
name  = "twice"
match = { dialect = "dashscope-compatible" }
when  = { calls = "1..2" }
error = "InvalidApiKey"
`))
	if v := srv.Verdict(); v.Status != verdict.Inconclusive || v.Scenario != "busy" || v.Seed != 11 || v.Exchanges != 0 {
		t.Errorf("before any call: %+v", v)
	}
	blue := srv.Namespace("blue")
	for range 2 {
		req, err := http.NewRequest("POST", blue.BaseURL("dashscope-compatible")+"/chat/completions",
			strings.NewReader(`{"model":"qwen-plus","messages":[{"role":"user","content":"hi"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer sk-any")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	v := blue.Verdict()
	if v.Status != verdict.Fail || v.Exchanges != 2 || v.Calls != 1 {
		t.Errorf("a wrong key that is sent again: %+v", v)
	}
	if v := srv.Verdict(); v.Status != verdict.Inconclusive || v.Exchanges != 0 {
		t.Errorf("another namespace: %+v", v)
	}
}
