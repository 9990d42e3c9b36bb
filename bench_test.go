package mockllm

import (
	"bytes"
	"fmt"
	"net"
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

// benchmarkSocket answers over real sockets, which is the one to profile:
//
//	go test -run '^$' -bench Socket -cpuprofile cpu.out -memprofile mem.out .
func benchmarkSocket(b *testing.B, scenario string, want int) {
	srv, err := Run(ScenarioText(scenario))
	if err != nil {
		b.Fatal(err)
	}
	defer srv.Close()
	address := strings.TrimPrefix(srv.URL(), "http://")
	request := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer sk-bench\r\nContent-Length: %d\r\n\r\n%s",
		chatPath, address, len(hello), hello)
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		status, answer := fmt.Appendf(nil, "HTTP/1.1 %d ", want), make([]byte, 16<<10)
		for pb.Next() {
			conn.Write(request)
			if n, err := conn.Read(answer); err != nil || !bytes.HasPrefix(answer[:n], status) {
				b.Errorf("want status %d: %.200q: %v", want, answer[:n], err)
				return
			}
		}
	})
}

func BenchmarkSocketError(b *testing.B) {
	benchmarkSocket(b, `
		[[rule]]
		name  = "always"
		error = "Throttling.RateQuota"`, http.StatusTooManyRequests)
}

func BenchmarkSocketSuccess(b *testing.B) { benchmarkSocket(b, "", http.StatusOK) }
