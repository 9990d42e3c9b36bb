//go:build unix

package redisstate_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/scenarios"
)

// benched are what decisions cost by.
var benched = []struct{ name, text string }{
	{"no rules", ""},
	{"3 rules, 2 limits", `
[[rule]]
name = "chance"
when = { probability = 0.1 }
latency = "1ms"
[[rule]]
name = "per request"
when = { calls = "1..2", per = "request" }
error = "Throttling.RateQuota"
[[rule]]
name = "windowed"
when = { window = "0s..1h", every = 7 }
error = "Throttling.RateQuota"
[[limit]]
rpm = 1_000_000_000
tpm = 1_000_000_000
`},
}

// BenchmarkDecide tells what a decision costs in memory and with Redis, alone and
// with many at once, and how much of a processor Redis itself takes for it, which
// bounds how many it carries.
func BenchmarkDecide(b *testing.B) {
	server := redistest.Run(b)
	shared, err := redisstate.Open(b.Context(), server.URL()+"?"+patient, redisstate.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer shared.Close()
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer client.Close()
	for _, c := range benched {
		for _, on := range []struct {
			name  string
			state scenarios.State
		}{{"memory", scenarios.NewMemory()}, {"redis", shared}} {
			s, err := scenarios.Load("bench.toml", []byte(c.text))
			if err != nil {
				b.Fatal(err)
			}
			e := scenarios.NewEngine(s, scenarios.Settings{}, on.state)
			decide := func(namespace string) {
				r := chat()
				r.Namespace = namespace
				if _, err := e.Decide(context.Background(), time.Unix(1, 0), r); err != nil {
					b.Fatal(err)
				}
			}
			b.Run(fmt.Sprint(c.name, "/", on.name, "/one"), func(b *testing.B) {
				for b.Loop() {
					decide("one")
				}
			})
			b.Run(fmt.Sprint(c.name, "/", on.name, "/many"), func(b *testing.B) {
				before, ours := spent(b, client), processor(b)
				b.SetParallelism(32)
				b.RunParallel(func(p *testing.PB) {
					for p.Next() {
						decide("many")
					}
				})
				b.ReportMetric((processor(b)-ours)*1e6/float64(b.N), "cpu-us/op")
				if on.name == "redis" {
					b.ReportMetric((spent(b, client)-before)*1e6/float64(b.N), "redis-cpu-us/op")
				}
			})
		}
	}
}

// spent returns how many seconds of a processor Redis has taken, as it says itself:
// what else the machine does changes little of it.
func spent(b *testing.B, client *redis.Client) (seconds float64) {
	info, err := client.Info(b.Context(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`(?m)^used_cpu_(?:user|sys):([\d.]+)`).FindAllStringSubmatch(info, -1) {
		part, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			b.Fatal(err)
		}
		seconds += part
	}
	return seconds
}
