package mockllm

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// benchmarkServe answers one call after the other without a socket, so that
// what is measured is ours. Times of one machine mean nothing by themselves;
// compare runs side by side.
func benchmarkServe(b *testing.B, scenario string, want int) {
	srv, err := New(ScenarioText(scenario))
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Close()
	handler := srv.Handler()
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequest(http.MethodPost, chatPath, strings.NewReader(hello))
		req.Header.Set("Authorization", "Bearer sk-bench")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		if w.Code != want {
			b.Fatalf("status %d, want %d: %s", w.Code, want, w.Body)
		}
	}
}

func BenchmarkServeError(b *testing.B) {
	benchmarkServe(b, `
		[[rule]]
		name  = "always"
		error = "Throttling.RateQuota"`, http.StatusTooManyRequests)
}

func BenchmarkServeSuccess(b *testing.B) { benchmarkServe(b, "", http.StatusOK) }
