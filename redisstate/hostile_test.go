package redisstate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/scenarios"
)

// odd are texts that no key, field, pattern or argument may trip over.
func odd() []string {
	return []string{
		"", "{", "}", "{a}", "a}b{", ":", "1:a", "h1.0:x", "n", "world", "born", "used", "\x00", "a\x00b", "\n", "a b", "%s", "[", "\xff\xfe",
		"名前", "-1", "1e9", strings.Repeat("k", 64<<10),
	}
}

// TestOddNames: whatever names and keys hold, Redis counts each by itself, as
// memory does.
func TestOddNames(t *testing.T) {
	server := redistest.Run(t)
	memory, shared := scenarios.NewMemory(), open(t, server, patient, redisstate.Options{})
	now := time.Unix(1_800_000_000, 0)
	for round := range 3 {
		for _, name := range odd() {
			for _, key := range odd() {
				c := scenarios.Call{
					Passed: scenarios.NoShots, Counters: []scenarios.Counter{{Rule: name, Key: key}}, Holds: []scenarios.Hold{{Rule: name, For: key}},
					Claims: []scenarios.Claim{
						{Limit: name, Unit: catalog.UnitConcurrency, Key: key, Max: 2, Amount: 1},
						{Limit: name, Unit: catalog.UnitRPM, Key: key, Max: 100, Amount: 1, Window: time.Minute},
					},
				}
				var told []string
				for _, s := range []scenarios.State{memory, shared} {
					mine := c
					if _, err := s.Visit(t.Context(), "", now, &mine); err != nil {
						t.Fatalf("%.20q of %.20q: %v", key, name, err)
					}
					if round == 0 && len(key) == 1 {
						if err := s.Hold(t.Context(), "", c.Holds[0], time.Time{}); err != nil {
							t.Fatal(err)
						}
					}
					told = append(told, fmt.Sprint(mine.Values, mine.Held, mine.Taken.Refused, mine.Taken.Left))
				}
				if told[0] != told[1] {
					t.Fatalf("%.20q of %.20q, round %d: memory tells %s, Redis %s", key, name, round, told[0], told[1])
				}
			}
		}
	}
}

// TestGreatNumbers: numbers beyond those that scripts count with exactly neither
// fail nor count backwards.
func TestGreatNumbers(t *testing.T) {
	server := redistest.Run(t)
	for name, state := range map[string]scenarios.State{"memory": scenarios.NewMemory(), "redis": open(t, server, patient, redisstate.Options{})} {
		e := engine(t, fmt.Sprintf("seed = %d\n[[limit]]\nname = \"l\"\ntotal = %d\nrpm = %[2]d\nper = \"namespace\"\n%s", uint64(1)<<62, uint64(1)<<62, every), state)
		for _, times := range []uint64{1 << 62, 1 << 53, 1e14} {
			id, err := e.Throw(t.Context(), "", time.Unix(1, 0), fmt.Appendf(nil, `{"error":"Throttling","times":%d}`, times))
			if err != nil {
				t.Fatalf("%s: thrown %d times: %v", name, times, err)
			}
			for range 3 {
				if d, err := e.Decide(t.Context(), time.Unix(1, 0), chat()); err != nil || d.Shot != id {
					t.Fatalf("%s: thrown %d times: %d, %v", name, times, d.Shot, err)
				}
			}
			if found, err := e.Unqueue(t.Context(), "", id); err != nil || !found {
				t.Fatalf("%s: %v %v", name, found, err)
			}
		}
		for n, at := range []time.Time{time.Unix(1, 0), time.Unix(1, 0).Add(200 * 365 * 24 * time.Hour), time.Unix(1, 0).Add(1<<63 - 1).Add(1<<63 - 1)} {
			d, err := e.Decide(t.Context(), at, chat())
			if err != nil || len(d.Fired) != 1 || d.Fired[0].N != uint64(n+1) {
				t.Errorf("%s: at %v: %v, %v", name, at, d.Fired, err)
			}
		}
	}
}

// TestTwoDeployments share a Redis, and nothing else.
func TestTwoDeployments(t *testing.T) {
	server := redistest.Run(t)
	for _, prefix := range []string{"a", "a.b", "A"} {
		e := engine(t, every, open(t, server, patient+"&prefix="+prefix, redisstate.Options{}))
		for want := range uint64(3) {
			if d, err := e.Decide(t.Context(), time.Unix(1, 0), chat()); err != nil || d.Fired[0].N != want+1 {
				t.Errorf("prefix %s: %v, %v, want call %d", prefix, d.Fired, err, want+1)
			}
		}
	}
}

// TestFullRedis: one that takes nothing more is gone for those who count, and is
// there again by itself.
func TestFullRedis(t *testing.T) {
	server := redistest.Run(t)
	admin := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
	defer admin.Close()
	state := open(t, server, patient, redisstate.Options{})
	e := engine(t, every, state)
	for want, limit := range []string{"0", "1"} {
		if err := admin.ConfigSet(t.Context(), "maxmemory", limit).Err(); err != nil {
			t.Fatal(err)
		}
		_, err := e.Decide(t.Context(), time.Unix(1, 0), chat())
		if full := want == 1; full != (err != nil && strings.Contains(err.Error(), "OOM")) || state.Stats().Up == full {
			t.Errorf("maxmemory %s: %v, %+v", limit, err, state.Stats())
		}
	}
	if err := state.Reset(t.Context(), "blue"); err != nil { // It makes room, if anything does.
		t.Errorf("reset while it is full: %v", err)
	}
	if err := admin.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return state.Stats().Up })
	if d, err := e.Decide(t.Context(), time.Unix(1, 0), chat()); err != nil || d.Fired[0].N != 2 {
		t.Errorf("afterwards: %v, %v", d.Fired, err)
	}
}

// TestReadOnlyRedis: a Redis that becomes a copy of another is gone, too.
func TestReadOnlyRedis(t *testing.T) {
	server := redistest.Run(t)
	admin := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
	defer admin.Close()
	state := open(t, server, patient, redisstate.Options{Failure: redisstate.Local})
	e := engine(t, every, state)
	if err := admin.Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if d, err := e.Decide(t.Context(), time.Unix(1, 0), chat()); err != nil || d.Fired[0].N != 1 || state.Stats().Up {
		t.Errorf("as a copy: %v, %v, %+v", d.Fired, err, state.Stats())
	}
	if _, err := redisstate.Open(t.Context(), server.URL(), redisstate.Options{}); err == nil || !strings.Contains(err.Error(), "READONLY") {
		t.Errorf("opened as a copy: %v", err)
	}
	if err := admin.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return state.Stats().Up })
}

// TestAccess: what is wrong with password, user or number of the database is told
// when a replica starts; a password that changes under way is an outage.
func TestAccess(t *testing.T) {
	server := redistest.Run(t, "--requirepass", "hunter2")
	for _, test := range []struct{ address, want string }{
		{"redis://" + server.Addr() + "/0", "NOAUTH"},
		{"redis://:wrong@" + server.Addr() + "/0", "WRONGPASS"},
		{"redis://nobody:hunter2@" + server.Addr() + "/0", "WRONGPASS"},
		{"redis://:hunter2@" + server.Addr() + "/99", "out of range"},
	} {
		_, err := redisstate.Open(t.Context(), test.address+"?"+patient, redisstate.Options{})
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", test.address, err)
		}
	}
	state, err := redisstate.Open(t.Context(), "redis://:hunter2@"+server.Addr()+"/3?"+patient, redisstate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	e := engine(t, every, state)
	if d, err := e.Decide(t.Context(), time.Unix(1, 0), chat()); err != nil || d.Fired[0].N != 1 {
		t.Errorf("%v, %v", d.Fired, err)
	}
}
