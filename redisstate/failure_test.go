package redisstate_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/scenarios"
)

// a moment is how long to wait before something is tried again.
const moment = 5 * time.Millisecond

func engine(t *testing.T, text string, state scenarios.State) *scenarios.Engine {
	t.Helper()
	s, err := scenarios.Load("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return scenarios.NewEngine(s, scenarios.Settings{}, state)
}

func chat() *scenarios.Request {
	return &scenarios.Request{
		Provider: "dashscope", Dialect: catalog.DashScopeNative, Operation: catalog.OpChat, Method: "POST", Path: "/chat",
		Fingerprint: "f", Model: "m", Key: "sk",
	}
}

// tally is what became of calls.
type tally struct {
	mu      sync.Mutex
	seen    map[uint64]int // How often each n of the rule was seen,
	shots   int            // one-shots were thrown,
	refused int            // and calls were refused.
}

func (c *tally) note(d scenarios.Decision, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, scenarios.ErrUnavailable):
		c.refused++
	case err != nil:
		return err
	case d.Shot > 0:
		c.shots++
	default:
		c.seen[d.Fired[0].N]++
	}
	return nil
}

const every = "[[rule]]\nname = \"every\"\nwhen.every = 1\nreply.text = \"x\"\n"

// storm has three replicas decide on calls until each of them decided on so many,
// while between happens in the middle.
func storm(t *testing.T, states []*redisstate.State, each int, between func()) *tally {
	t.Helper()
	c := &tally{seen: map[uint64]int{}}
	half := make(chan struct{})
	var halves, wait sync.WaitGroup
	for _, state := range states {
		halves.Add(1)
		wait.Go(func() {
			e, r := engine(t, every, state), chat()
			for n := 0; n < each; {
				d, err := e.Decide(t.Context(), time.Unix(1, 0), r)
				if wrong := c.note(d, err); wrong != nil {
					t.Error(wrong)
					return
				}
				if err != nil {
					play.Real().Sleep(t.Context(), moment)
					continue
				}
				if n++; n == each/2 {
					halves.Done()
				}
			}
		})
	}
	go func() {
		halves.Wait()
		close(half)
	}()
	select {
	case <-half:
		between()
	case <-t.Context().Done():
	}
	wait.Wait()
	return c
}

func three(t *testing.T, server *redistest.Server, o redisstate.Options) []*redisstate.State {
	t.Helper()
	var states []*redisstate.State
	for range 3 {
		states = append(states, open(t, server, patient, o))
	}
	return states
}

// TestRedisRestarts: calls are refused while it is gone, and then it goes on where
// it was: nothing fires twice, and what is left out are calls that were refused.
func TestRedisRestarts(t *testing.T) {
	server := redistest.Run(t, "--appendonly", "yes", "--appendfsync", "always")
	states := three(t, server, redisstate.Options{})
	if _, err := engine(t, every, states[0]).Throw(t.Context(), "", time.Unix(1, 0), []byte(`{"error": "Throttling", "times": 1000}`)); err != nil {
		t.Fatal(err)
	}
	const each = 1000
	c := storm(t, states, each, func() {
		server.Stop()
		for c := chat(); ; { // It is noticed.
			if _, err := engine(t, every, states[0]).Decide(t.Context(), time.Unix(1, 0), c); errors.Is(err, scenarios.ErrUnavailable) {
				break
			}
		}
		server.Restart()
	})
	most := uint64(0)
	for n, times := range c.seen {
		if times > 1 {
			t.Errorf("call %d fired %d times", n, times)
		}
		most = max(most, n)
	}
	lost := int(most) - len(c.seen) + 1000 - c.shots
	if len(c.seen)+c.shots != 3*each || lost < 0 || lost > c.refused {
		t.Errorf("of %d calls %d fired, the newest is %d, %d one-shots were thrown, and %d were refused", 3*each, len(c.seen), most, c.shots, c.refused)
	}
	for i, s := range states {
		if stats := s.Stats(); !stats.Up || stats.Outages < 1 && stats.Refused > 0 {
			t.Errorf("replica %d: %+v", i, stats)
		}
	}
}

// TestRedisIsFlushed: the state begins anew, once, and nothing fails.
func TestRedisIsFlushed(t *testing.T) {
	server := redistest.Run(t)
	admin := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
	defer admin.Close()
	c := storm(t, three(t, server, redisstate.Options{}), 300, func() {
		if err := admin.FlushAll(t.Context()).Err(); err != nil {
			t.Error(err)
		}
		if err := admin.ScriptFlush(t.Context()).Err(); err != nil {
			t.Error(err)
		}
	})
	total, top := 0, uint64(0)
	for n, times := range c.seen {
		if total += times; times > 2 {
			t.Errorf("call %d fired %d times in two lives", n, times)
		}
		top = max(top, n)
	}
	if total != 900 || top >= 900 || c.refused != 0 || c.seen[1] != 2 {
		t.Errorf("%d calls, up to %d, 1 came %d times, %d were refused", total, top, c.seen[1], c.refused)
	}
}

// TestWithoutRedis: what calls are told while it is gone, that this is logged once,
// and that it goes on by itself.
func TestWithoutRedis(t *testing.T) {
	for _, test := range []struct {
		failure redisstate.Failure
		status  int
		log     string
	}{
		{"", http.StatusServiceUnavailable, "calls are refused"},
		{redisstate.Refuse, http.StatusServiceUnavailable, "calls are refused"},
		{redisstate.Local, http.StatusOK, "decides by itself"},
	} {
		t.Run("failure "+string(test.failure), func(t *testing.T) {
			server := redistest.Run(t)
			var log syncBuffer
			state := open(t, server, patient, redisstate.Options{Failure: test.failure, Log: slog.New(slog.NewTextHandler(&log, nil))})
			srv := mockllm.RunT(t, mockllm.WithState(state), mockllm.ScenarioText("[[limit]]\nconcurrency = 5\n"+every))
			call := func() (int, string) {
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL()+"/api/v1/services/aigc/text-generation/generation", strings.NewReader(bodies()[0]))
				req.Header.Set("Authorization", "Bearer sk")
				req.Header.Set("Content-Type", "application/json")
				res, err := srv.Client().Do(req)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				var body bytes.Buffer
				body.ReadFrom(res.Body)
				return res.StatusCode, body.String()
			}
			if status, body := call(); status != 200 {
				t.Fatalf("before: %d %s", status, body)
			}
			server.Kill()
			for range 20 {
				status, body := call()
				if status != test.status || status != 200 && (!strings.Contains(body, "mockllm") || !strings.Contains(body, "cannot be reached")) {
					t.Fatalf("without Redis: %d %s", status, body)
				}
			}
			if v := srv.Verdict(); len(v.Reasons) == 0 || !strings.Contains(strings.Join(v.Reasons, " "), "cannot be read") {
				t.Errorf("the verdict without Redis: %v", v.Reasons)
			}
			server.Restart()
			await(t, func() bool { return state.Stats().Up })
			if status, body := call(); status != 200 {
				t.Errorf("afterwards: %d %s", status, body)
			}
			stats := state.Stats()
			if told := strings.Count(log.String(), "\n"); stats.Outages == 0 || told != 2*int(stats.Outages) || strings.Count(log.String(), test.log) != told/2 {
				t.Errorf("%+v, and the log says\n%s", stats, log.String())
			}
		})
	}
}

// TestLossesOfOutages: what a replica could not put while Redis was gone is told of
// without anybody asking that replica.
func TestLossesOfOutages(t *testing.T) {
	server := redistest.Run(t)
	states := three(t, server, redisstate.Options{})
	server.Kill()
	await(t, func() bool {
		states[1].Put(journal.Exchange{ID: 2<<32 + 1, Done: true})
		return states[1].Stats().Dropped > 0
	})
	server.Restart()
	await(t, func() bool {
		kept, err := states[0].Kept(t.Context(), "")
		return err == nil && kept.Lost > 0
	})
}

// TestPlacesOfOutages: a place that was taken in memory belongs to that outage
// alone.
func TestPlacesOfOutages(t *testing.T) {
	server := redistest.Run(t)
	state := open(t, server, patient, redisstate.Options{Failure: redisstate.Local})
	e := engine(t, "[[limit]]\nper = \"namespace\"\nconcurrency = 1\n", state)
	decide := func() scenarios.Decision {
		d, err := e.Decide(t.Context(), time.Unix(1, 0), chat())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	var before []scenarios.Decision
	for range 2 {
		server.Kill()
		var taken []scenarios.Decision
		await(t, func() bool {
			if d := decide(); len(d.Slots) == 1 {
				taken = append(taken, d)
			}
			return !state.Stats().Up
		})
		for i := range before {
			if err := e.Done(t.Context(), "", &before[i]); err != nil {
				t.Fatal(err)
			}
		}
		if d := decide(); len(taken) != 1 || d.Cause != scenarios.ByLimit {
			t.Errorf("%d took the only place, and another call is answered by %s", len(taken), d.Cause)
		}
		before = taken
		server.Restart()
		await(t, func() bool { return state.Stats().Up })
	}
}

// TestRedisHangs: nobody waits for it longer than its timeout, and those that come
// while it hangs not at all.
func TestRedisHangs(t *testing.T) {
	server := redistest.Run(t)
	state := open(t, server, "timeout=50ms", redisstate.Options{})
	e := engine(t, every, state)
	await(t, func() bool { _, err := e.Decide(t.Context(), time.Unix(1, 0), chat()); return err == nil })
	server.Pause()
	defer server.Resume()
	for range 100 { // A hundred waits would be seconds; only the first waits.
		if _, err := e.Decide(t.Context(), time.Unix(1, 0), chat()); !errors.Is(err, scenarios.ErrUnavailable) {
			t.Fatalf("while it hangs: %v", err)
		}
	}
	server.Resume()
	await(t, func() bool { _, err := e.Decide(t.Context(), time.Unix(1, 0), chat()); return err == nil })
}

// TestDeadReplica: the places that it held come back when its lease is over.
func TestDeadReplica(t *testing.T) {
	server := redistest.Run(t)
	dead, alive := open(t, server, patient, redisstate.Options{Lease: time.Second}), open(t, server, patient, redisstate.Options{Lease: time.Second})
	const limited = "[[limit]]\nper = \"namespace\"\nconcurrency = 2\n"
	d, err := engine(t, limited, dead).Decide(t.Context(), time.Unix(1, 0), chat())
	if err != nil || len(d.Slots) != 1 {
		t.Fatal(d, err)
	}
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	e := engine(t, limited, alive)
	decide := func() scenarios.Decision {
		d, err := e.Decide(t.Context(), time.Unix(1, 0), chat())
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := decide()
	if first.Cause != scenarios.BySuccess {
		t.Fatalf("the second place: %s", first.Cause)
	}
	await(t, func() bool { // Both places are its own at last, though it has held one all the time.
		d := decide()
		if d.Cause == scenarios.BySuccess {
			if err := e.Done(t.Context(), "", &d); err != nil {
				t.Fatal(err)
			}
		}
		return d.Cause == scenarios.BySuccess
	})
}

// TestOpenSaysWhatIsWrong, and never the password.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct{ address, want string }{
		{"", "no URL such as redis://"},
		{"localhost:6379", "no URL such as redis://"},
		{"http://:hunter2@localhost", "no URL such as redis://"},
		{"redis://:hunter2@%zz/", "no URL such as redis://"},
		{"redis://:hunter2@localhost:6379/x", "not understood"},
		{"redis://localhost/0?prefix=a{b}", "letters, digits"},
		{"redis://localhost/0?prefix=", "letters, digits"},
		{"redis://localhost/0?timeout=5", "no duration"},
		{"redis://localhost/0?cluster=maybe", "true or false"},
		{"redis://localhost/0?nonsense=1", "nonsense"},
		{"redis://:hunter2@127.0.0.1:1/0?timeout=1s", "redis at 127.0.0.1:1/0: "},
	} {
		_, err := redisstate.Open(t.Context(), test.address, redisstate.Options{})
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", test.address, err)
		}
	}
}

// await tries again until it is so.
func await(t *testing.T, so func() bool) {
	t.Helper()
	for !so() {
		if err := play.Real().Sleep(t.Context(), moment); err != nil {
			t.Fatal(err)
		}
	}
}

// syncBuffer is a buffer for many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
