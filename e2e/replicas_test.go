package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mockllm/mockllm/redisstate/redistest"
)

const replicated = `
[[rule]]
name  = "first"
when  = { calls = "1..50" }
error = "Throttling.RateQuota"

[[limit]]
name  = "ever"
per   = "namespace"
total = 200
`

// TestReplicaIsKilled: of three processes that share a Redis one dies in the
// middle. What the others count goes on without it, and nothing fires twice.
func TestReplicaIsKilled(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		missing(t, "redis", err.Error())
	}
	redis := redistest.Run(t)
	file := filepath.Join(t.TempDir(), "scenario.toml")
	if err := os.WriteFile(file, []byte(replicated), 0o600); err != nil {
		t.Fatal(err)
	}
	var replicas []*process
	for range 3 {
		p, err := serve([]string{"MOCKLLM_STATE=" + redis.URL() + "?timeout=1m"}, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--scenario", file, "--quiet")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.kill)
		replicas = append(replicas, p)
	}
	client := &http.Client{Transport: &http.Transport{}}
	const calls, killedAt = 300, 90
	var mu sync.Mutex
	answers, failed := map[string]int{}, 0
	next := make(chan int)
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			for i := range next {
				answer, err := generate(client, replicas[i%3].vendors)
				if err != nil { // It died. Nobody knows whether it had counted.
					mu.Lock()
					failed++
					mu.Unlock()
					answer, err = generate(client, replicas[i%2].vendors)
				}
				mu.Lock()
				if err != nil {
					t.Error(err)
				}
				answers[answer]++
				mu.Unlock()
			}
		})
	}
	for i := range calls {
		if i == killedAt {
			if err := replicas[2].cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
		next <- i
	}
	close(next)
	wait.Wait()
	replicas[2].cmd.Wait()
	within := func(what string, got, want int) {
		t.Helper()
		if got > want || got < want-failed {
			t.Errorf("%s: %d, want %d, or up to %d less", what, got, want, failed)
		}
	}
	within("answers of the rule", answers["429 first"], 50)
	within("calls that the limit let in", answers["429 first"]+answers["200 "], 200)
	if answers["429 "] != calls-answers["429 first"]-answers["200 "] || failed == 0 {
		t.Errorf("%v, %d failed", answers, failed)
	}
	client.CloseIdleConnections()
	one, other := "one", "other"
	for end := time.Now().Add(processTime); one != other && time.Now().Before(end); { // What is over is told to the others a moment later.
		one, other = told(t, replicas[0].server), told(t, replicas[1].server)
	}
	if one != other || one == "" {
		t.Errorf("one tells of\n%s\nthe other of\n%s", one, other)
	}
	for _, p := range replicas[:2] {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	}
}

// generate sends a call and returns status and rule of its answer.
func generate(client *http.Client, base string) (string, error) {
	req, err := http.NewRequest(http.MethodPost, base+"/api/v1/services/aigc/text-generation/generation", strings.NewReader(`{"model":"qwen-plus","input":{"prompt":"hi"}}`))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer sk-any")
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	return res.Status[:3] + " " + res.Header.Get("X-Mockllm-Rule"), nil
}

// told lists what a journal tells, once nothing is under way, and demands that no
// call of the rule stands there twice.
func told(t *testing.T, s server) string {
	t.Helper()
	for {
		var text strings.Builder
		under, seen := 0, map[uint64]bool{}
		for _, e := range s.exchanges(t, "") {
			if !e.Done {
				under++
			}
			text.WriteString(e.Time.String() + " " + e.Cause + "\n")
			for _, f := range e.Rules {
				if seen[f.N] {
					t.Errorf("call %d of the rule stands there twice", f.N)
				}
				seen[f.N] = true
			}
		}
		if under == 0 {
			return text.String()
		}
	}
}
