package mockllm

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"
)

// BenchmarkUpstream measures calls that pass, beside the same calls through a
// bare httputil.ReverseProxy in the same run, and reports how many times longer
// ours take: "x-proxy". See docs/upstream.md.
func BenchmarkUpstream(b *testing.B) {
	upstream, err := Run()
	if err != nil {
		b.Fatal(err)
	}
	defer upstream.Close()
	front, err := Run(ScenarioText("upstream = \"" + upstream.URL() + "\""))
	if err != nil {
		b.Fatal(err)
	}
	defer front.Close()
	to, _ := url.Parse(upstream.URL())
	proxy := httputil.NewSingleHostReverseProxy(to)
	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		http.NewResponseController(w).EnableFullDuplex() // Or an answer that comes before it has looked for the body's end breaks.
		proxy.ServeHTTP(w, req)
	}))
	defer bare.Close()
	for name, body := range map[string]string{"whole": hello, "stream": liveStream} {
		b.Run(name, func(b *testing.B) {
			var ours, theirs time.Duration
			for b.Loop() { // One after the other, so that both meet the same noise.
				theirs += timeOf(b, bare.URL, body)
				ours += timeOf(b, front.URL(), body)
			}
			b.ReportMetric(float64(ours)/float64(theirs), "x-proxy")
			b.ReportMetric(float64(theirs.Microseconds())/float64(b.N), "µs-proxy")
			b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "µs-mockllm")
		})
	}
}

func timeOf(b *testing.B, address, body string) time.Duration {
	start := time.Now()
	req, _ := http.NewRequest(http.MethodPost, address+chatPath, bytes.NewReader([]byte(body)))
	req.Header.Set("Authorization", "Bearer sk-any")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		b.Fatal(answer.Status, err)
	}
	return time.Since(start)
}
