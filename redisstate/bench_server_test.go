//go:build unix

package redisstate_test

import (
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
)

// BenchmarkCall tells what a whole call costs the processor, client included, in
// memory and with Redis: its decision, and its exchange in the journal of the
// deployment.
func BenchmarkCall(b *testing.B) {
	server := redistest.Run(b)
	shared, err := redisstate.Open(b.Context(), server.URL()+"?"+patient, redisstate.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer shared.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	for _, on := range []struct {
		name    string
		options []mockllm.Option
	}{{"memory", nil}, {"redis", []mockllm.Option{mockllm.WithState(shared)}}} {
		b.Run(on.name, func(b *testing.B) {
			srv, err := mockllm.Run(append(on.options, mockllm.ScenarioText(benched[1].text))...)
			if err != nil {
				b.Fatal(err)
			}
			defer srv.Close()
			srv.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 64
			before, redisBefore, droppedBefore := processor(b), spent(b, client), shared.Stats().Dropped
			b.SetParallelism(16)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					call(b, srv)
				}
			})
			b.ReportMetric((processor(b)-before)*1e6/float64(b.N), "cpu-us/op")
			b.ReportMetric((spent(b, client)-redisBefore)*1e6/float64(b.N), "redis-cpu-us/op")
			b.ReportMetric(float64(shared.Stats().Dropped-droppedBefore)/float64(b.N), "dropped/op")
		})
	}
}

func call(b *testing.B, srv *mockllm.Server) {
	const body = `{"model":"qwen-max","input":{"messages":[{"role":"user","content":"question"}]}}`
	req, err := http.NewRequest(http.MethodPost, srv.URL()+"/api/v1/services/aigc/text-generation/generation", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk-any")
	req.Header.Set("Content-Type", "application/json")
	res, err := srv.Client().Do(req)
	if err != nil {
		b.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
}

// processor returns how many seconds of a processor this process has taken.
func processor(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
