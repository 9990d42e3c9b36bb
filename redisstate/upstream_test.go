package redisstate_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/redisstate/redistest"
)

// TestReplicasPassUpstream holds that rules and limits count over all replicas
// for calls that pass, each once, whoever the caller is.
func TestReplicasPassUpstream(t *testing.T) {
	var passed atomic.Int64
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		passed.Add(1)
		io.WriteString(w, "passed")
	}))
	defer upstream.Close()
	two := replicas(t, redistest.Run(t), 2, mockllm.ScenarioText(fmt.Sprintf(`
upstream = %q

[[rule]]
name  = "every third"
match = { model = "qwen-plus" }
when  = { every = 3 }
error = "Throttling.RateQuota"

[[limit]]
name  = "ever"
match = { model = "qwen-max" }
per   = "namespace"
total = 3
`, upstream.URL)))
	for model, want := range map[string]string{"qwen-plus": "200 200 429 200 200 429", "qwen-max": "200 200 200 429 429 429"} {
		var got []string
		for i := range 6 {
			body := strings.NewReader(fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":"hi"}]}`, model))
			answer, err := http.Post(two[i%2].URL()+"/compatible-mode/v1/chat/completions", "application/json", body)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			got = append(got, fmt.Sprint(answer.StatusCode))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", model, got, want)
		}
	}
	if n := passed.Load(); n != 7 {
		t.Errorf("%d calls passed", n)
	}
}
