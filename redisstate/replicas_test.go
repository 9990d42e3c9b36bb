package redisstate_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/verdict"
)

const deployed = `
seed = 7

[[rule]]
name    = "slow by chance"
when    = { probability = 0.3 }
latency = "1ms"

[[rule]]
name  = "fails twice"
match = { model = "qwen-plus" }
when  = { calls = "1..2", per = "request" }
error = "Throttling.RateQuota"

[[rule]]
name  = "steps"
match = { model = "qwen-max" }
when  = { every = 3 }
then  = "loop"
step  = [ { error = "dashscope/model/InternalError", times = 2 }, { error = "Arrearage" } ]

[[limit]]
name  = "ever"
match = { model = "qwen-turbo" }
per   = "namespace"
total = 70
`

// replicas serves the scenario by n servers that share a Redis.
func replicas(t *testing.T, redis *redistest.Server, n int, options ...mockllm.Option) []*mockllm.Server {
	t.Helper()
	var all []*mockllm.Server
	for range n {
		state := open(t, redis, patient, redisstate.Options{})
		all = append(all, mockllm.RunT(t, append(options, mockllm.WithState(state))...))
	}
	return all
}

// bodies are 600 calls, of which 20 are alike each.
func bodies() []string {
	var all []string
	models := []string{"qwen-plus", "qwen-max", "qwen-turbo"}
	for i := range 600 {
		all = append(all, fmt.Sprintf(`{"model":%q,"input":{"messages":[{"role":"user","content":"question %d"}]}}`, models[i%3], i%30))
	}
	return all
}

// load sends the calls by eight clients, each to the next server in turn.
func load(t *testing.T, servers []*mockllm.Server, calls []string) {
	t.Helper()
	next := make(chan int)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for i := range next {
				srv := servers[i%len(servers)]
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL()+"/api/v1/services/aigc/text-generation/generation", strings.NewReader(calls[i]))
				if err != nil {
					t.Error(err)
					continue
				}
				req.Header.Set("Authorization", "Bearer sk-any")
				req.Header.Set("Content-Type", "application/json")
				res, err := srv.Client().Do(req)
				if err != nil {
					t.Error(err)
					continue
				}
				res.Body.Close()
			}
		})
	}
	for i := range calls {
		next <- i
	}
	close(next)
	wait.Wait()
}

// over waits until a journal tells of so many exchanges that are over. A client
// may have read its answer before its exchange is.
func over(t *testing.T, srv *mockllm.Server, n int) []journal.Exchange {
	t.Helper()
	for {
		all := srv.Journal()
		done := 0
		for _, e := range all {
			if e.Done {
				done++
			}
		}
		if done >= n {
			return all
		}
		if err := play.Real().Sleep(t.Context(), 10*time.Millisecond); err != nil {
			t.Fatalf("%d of %d exchanges are over", done, n)
		}
	}
}

// firings sorts what fired: all of each rule, and of each call what a rule that
// counts per request did.
func firings(all []journal.Exchange) []string {
	var told []string
	for _, e := range all {
		for _, f := range e.Rules {
			line := fmt.Sprintf("%s n=%d roll=%v step=%d", f.Rule, f.N, f.Roll, f.Step)
			if f.Rule == "fails twice" {
				line += " of " + e.Fingerprint + " " + e.Error
			}
			if f.Rule == "steps" {
				line += " " + e.Error
			}
			told = append(told, line)
		}
	}
	slices.Sort(told)
	return told
}

// TestThreeReplicas: three servers do what one does: the same n fire with the same
// rolls and steps, limits let in as many, and each of them tells of all.
func TestThreeReplicas(t *testing.T) {
	redis := redistest.Run(t)
	calls := bodies()
	clock := play.Real()
	one := mockllm.RunT(t, mockllm.ScenarioText(deployed), mockllm.WithClock(clock))
	load(t, []*mockllm.Server{one}, calls)
	three := replicas(t, redis, 3, mockllm.ScenarioText(deployed))
	load(t, three, calls)
	want := over(t, one, len(calls))
	for i, srv := range three {
		got := over(t, srv, len(calls))
		if a, b := firings(got), firings(want); !slices.Equal(a, b) {
			t.Fatalf("replica %d tells of %d firings, one server of %d, or they differ:\n%s\nwant\n%s", i+1, len(a), len(b), strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
		causes, ids, entropy := map[string]int{}, map[uint64]bool{}, map[uint64]int{}
		for _, e := range got {
			causes[e.Cause]++
			ids[e.ID] = true
			entropy[e.ID>>32]++
		}
		wanted := map[string]int{}
		for _, e := range want {
			wanted[e.Cause]++
		}
		if !maps.Equal(causes, wanted) || causes["limit"] != 130 {
			t.Errorf("replica %d tells of the causes %v, one server of %v", i+1, causes, wanted)
		}
		if len(ids) != len(calls) || len(entropy) != 3 {
			t.Errorf("replica %d tells of %d ids of %d servers", i+1, len(ids), len(entropy))
		}
		if v := srv.Verdict(); v.Exchanges != len(calls) || v.Evicted != 0 {
			t.Errorf("the verdict of replica %d is about %d exchanges, %d are missing", i+1, v.Exchanges, v.Evicted)
		}
		first := slices.MinFunc(got, func(a, b journal.Exchange) int { return int(a.ID>>32) - int(b.ID>>32) })
		for _, e := range []journal.Exchange{first, got[0], got[1], got[2]} {
			known, near, err := srv.Admin().Near("", e.ID)
			if mine := e.ID>>32 == srv.Admin().History().Replica(); err != nil || known.ID != e.ID || (near != nil) != mine {
				t.Errorf("replica %d tells of exchange %d: %v, %v", i+1, e.ID, known.ID, near)
			}
		}
		found, err := srv.Admin().History().Verify("", journal.Claim{Pattern: journal.Pattern{Cause: "limit"}, AtLeast: 130, AtMost: 130})
		if err != nil || !found.OK {
			t.Errorf("replica %d: %+v, %v", i+1, found.Count, err)
		}
	}
	if err := three[2].Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, srv := range three {
		if v := srv.Verdict(); v.Exchanges != 0 || v.Evicted != 0 || v.Status != verdict.Inconclusive {
			t.Errorf("after a reset by another, replica %d tells of %d exchanges", i+1, v.Exchanges)
		}
	}
}

// TestOneShotsOfReplicas: a shot that one replica was given is thrown by any, as
// often as it says.
func TestOneShotsOfReplicas(t *testing.T) {
	redis := redistest.Run(t)
	three := replicas(t, redis, 3)
	three[0].Fail("Arrearage", 17)
	three[1].Fail("Throttling.RateQuota", 5)
	calls := bodies()[:100]
	load(t, three, calls)
	thrown := map[string]int{}
	for _, e := range over(t, three[2], len(calls)) {
		if e.Cause == "one-shot" {
			thrown[e.Error[strings.LastIndex(e.Error, "/")+1:]]++
		}
	}
	if thrown["Arrearage"] != 17 || thrown["Throttling.RateQuota"] != 5 || len(thrown) != 2 {
		t.Errorf("thrown: %v", thrown)
	}
}

// TestKeysOfReplicas: a key that was revoked on one replica is bad on all at once,
// and a token that one gave out is good on all.
func TestKeysOfReplicas(t *testing.T) {
	redis := redistest.Run(t)
	two := replicas(t, redis, 2)
	status := func(srv *mockllm.Server) int {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL()+"/api/v1/services/aigc/text-generation/generation", strings.NewReader(bodies()[0]))
		req.Header.Set("Authorization", "Bearer sk-revoked")
		req.Header.Set("Content-Type", "application/json")
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if a, b := status(two[0]), status(two[1]); a != 200 || b != 200 {
		t.Fatalf("before: %d and %d", a, b)
	}
	if err := two[0].Admin().Revoke(t.Context(), "", "sk-revoked"); err != nil {
		t.Fatal(err)
	}
	if a, b := status(two[0]), status(two[1]); a != 401 || b != 401 {
		t.Errorf("revoked: %d and %d", a, b)
	}
	if err := two[1].Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, b := status(two[0]), status(two[1]); a != 200 || b != 200 {
		t.Errorf("after a reset: %d and %d", a, b)
	}
}

// TestHundredReplicas: a hundred count as one.
func TestHundredReplicas(t *testing.T) {
	const many, each = 100, 10
	server := redistest.Run(t)
	var mu sync.Mutex
	seen, numbers := map[uint64]bool{}, map[uint64]bool{}
	var wait sync.WaitGroup
	for range many {
		state := open(t, server, patient, redisstate.Options{})
		numbers[state.Replica()] = true
		wait.Go(func() {
			e := engine(t, every, state)
			for range each {
				d, err := e.Decide(t.Context(), time.Unix(1, 0), chat())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[d.Fired[0].N] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(seen) != many*each || !seen[1] || !seen[many*each] || len(numbers) != many {
		t.Errorf("%d replicas counted %d calls of %d", len(numbers), len(seen), many*each)
	}
}
