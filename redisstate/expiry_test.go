package redisstate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/scenarios"
)

// TestEverythingExpires: whatever a deployment does, no key of it stays in Redis
// for ever, each begins with its prefix, and those of one namespace are in one slot
// of a cluster.
func TestEverythingExpires(t *testing.T) {
	server := redistest.Run(t)
	state := open(t, server, patient+"&prefix=load-7", redisstate.Options{})
	srv := mockllm.RunT(t, mockllm.WithState(state), mockllm.ScenarioText(everything))
	for namespace, calls := range map[string]int{"": 7, "blue": 4} { // Five are thrown at.
		srv.Namespace(namespace).Fail("Arrearage", 5)
		if err := srv.Admin().Revoke(t.Context(), namespace, "sk-bad"); err != nil {
			t.Fatal(err)
		}
		if err := srv.Namespace(namespace).Follow(loaded(t, everything)); err != nil {
			t.Fatal(err)
		}
		for range calls {
			ask(t, srv, namespace)
		}
	}
	over(t, srv, 7)
	// What is told to live on, besides what is made.
	if _, err := state.Visit(t.Context(), "blue", time.Unix(1, 0), &scenarios.Call{Passed: scenarios.NoShots}); err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
	defer client.Close()
	all, err := client.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, name := range all {
		ttl, err := client.TTL(t.Context(), name).Result()
		if err != nil {
			t.Fatal(err)
		}
		if ttl <= 0 && ttl != -2 { // -2 is gone by now.
			t.Errorf("%s stays for ever: %v", name, ttl)
		}
		tag, kind, tagged := strings.Cut(name, "}:")
		if tagged {
			kinds[kind] = true
		}
		if tagged && !strings.HasPrefix(tag, "{load-7:") || !tagged && !strings.HasPrefix(name, "load-7:") {
			t.Errorf("%s does not begin with the prefix", name)
		}
		if ttl > 2*time.Hour && name != "load-7:replicas" {
			t.Errorf("%s stays for %v", name, ttl)
		}
	}
	for _, kind := range []string{"main", "counters:young", "buckets:young", "holds:young", "slots", "leases", "shots", "sources", "records", "order", "kept", "journal", "told"} {
		if !kinds[kind] && kind != "slots" { // Those are given back.
			t.Errorf("no key %s is there: the test looks at too little", kind)
		}
	}
}

const everything = `
[[rule]]
name   = "held"
match  = { model = "qwen-plus" }
when   = { calls = "1..", per = "key" }
sticky = "key"
latency = "1ms"

[[limit]]
concurrency = 5
rpm = 100
`

// TestJournalIsCapped: beyond the bound the oldest go, and it is told how many.
func TestJournalIsCapped(t *testing.T) {
	server := redistest.Run(t)
	two := replicas(t, server, 2)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
	defer client.Close()
	for i := range 3 {
		ask(t, two[i%2], "")
	}
	over(t, two[0], 3)
	if err := client.XTrimMaxLen(t.Context(), "{mockllm:}:journal", 1).Err(); err != nil {
		t.Fatal(err)
	}
	for i, srv := range two {
		v := srv.Verdict()
		if v.Exchanges != 1 || v.Evicted != 2 || !strings.Contains(fmt.Sprint(v.Reasons), "no room for 2 exchanges") {
			t.Errorf("replica %d tells of %d exchanges, %d are missing: %v", i+1, v.Exchanges, v.Evicted, v.Reasons)
		}
	}
}

// Once a bug: each key has a life of its own, and those that outlived the others by
// a minute stood in the namespace's next life.
func TestNothingOutlivesItsNamespace(t *testing.T) {
	server := redistest.Run(t)
	state := open(t, server, patient, redisstate.Options{})
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
	defer client.Close()
	record := scenarios.Change{Kind: "k", ID: "a", Value: []byte("{}")}
	visit := func() uint64 {
		t.Helper()
		c := scenarios.Call{Passed: scenarios.NoShots, Counters: []scenarios.Counter{{Rule: "r", Key: "k"}}}
		if _, err := state.Visit(t.Context(), "blue", time.Unix(1, 0), &c); err != nil {
			t.Fatal(err)
		}
		return c.Values[0]
	}
	visit()
	if _, err := state.Commit(t.Context(), "blue", time.Unix(1, 0), []scenarios.Change{record}); err != nil {
		t.Fatal(err)
	}
	if err := client.Del(t.Context(), "{mockllm:blue}:main").Err(); err != nil {
		t.Fatal(err)
	}
	if n := visit(); n != 1 {
		t.Errorf("the first call of another life is number %d", n)
	}
	if left, err := client.Exists(t.Context(), "{mockllm:blue}:records").Result(); left != 0 || err != nil {
		t.Errorf("records are left: %d, %v", left, err)
	}
}

// Once a bug: where records were gone before what counts their bytes, no other
// could ever be kept.
func TestRecordsThatAreGone(t *testing.T) {
	server := redistest.Run(t)
	state := open(t, server, patient, redisstate.Options{})
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
	defer client.Close()
	for i, id := range []string{"a", "b", "c"} {
		forgotten, err := state.Commit(t.Context(), "blue", time.Unix(1, 0), []scenarios.Change{{Kind: "k", ID: id, Value: make([]byte, 40<<20)}})
		if err != nil || forgotten != 0 {
			t.Fatalf("commit %d: %d records are forgotten, %v", i, forgotten, err)
		}
		if err := client.Del(t.Context(), "{mockllm:blue}:records", "{mockllm:blue}:order", "{mockllm:blue}:ends").Err(); err != nil {
			t.Fatal(err)
		}
	}
}
