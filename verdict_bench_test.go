package mockllm

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/admin"
)

// benchmarkVerdict asks the admin API to judge a full journal: clients with
// conversations of their own, most of whose calls are tried again. Who asks has
// the verdict already if that is the status.
func benchmarkVerdict(b *testing.B, status int) {
	const exchanges = 10_000
	srv, err := New(ScenarioText(`
		[[rule]]
		name  = "twice"
		when  = { calls = "1..2", per = "request" }
		error = "Throttling.RateQuota"
		[[expect]]
		max_attempts = 3`))
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Close()
	handler, api := srv.Handler(), srv.AdminHandler(admin.Options{})
	for i := range exchanges {
		call := i / 4 // Two are refused, one is answered, and one comes too many.
		body := fmt.Sprintf(`{"model":"qwen-plus","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"question %d: %s"}]}`, call, strings.Repeat("why? ", 40))
		req := httptest.NewRequest(http.MethodPost, chatPath, strings.NewReader(body))
		req.Header.Set("Authorization", fmt.Sprintf("Bearer sk-bench-%d", call%50))
		handler.ServeHTTP(httptest.NewRecorder(), req)
	}
	if v := srv.Verdict(); v.Exchanges != exchanges {
		b.Fatalf("%d exchanges are judged", v.Exchanges)
	}
	b.ReportAllocs()
	tag := ""
	for b.Loop() {
		req := httptest.NewRequest(http.MethodGet, "/api/v1/verdict", nil)
		req.Host = "127.0.0.1:8081"
		req.Header.Set("If-None-Match", `"none"`+tag)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, req)
		if status == http.StatusNotModified && tag == "" {
			tag = "," + w.Header().Get("ETag")
		} else if w.Code != status {
			b.Fatalf("%d: %.300s", w.Code, w.Body)
		}
	}
}

func BenchmarkVerdict(b *testing.B) { benchmarkVerdict(b, http.StatusOK) }

func BenchmarkVerdictUnchanged(b *testing.B) { benchmarkVerdict(b, http.StatusNotModified) }
