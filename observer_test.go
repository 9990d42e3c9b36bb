package mockllm

import (
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
)

// seen keeps what it is told.
type seen struct {
	mu  sync.Mutex
	all []Observation
}

func (s *seen) Observe(o Observation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, o)
}

// only returns the one observation that there is as soon as the journal says
// that n exchanges are over.
func (s *seen) only(t *testing.T, srv *Server) Observation {
	t.Helper()
	if _, err := srv.AwaitExchanges(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) != 1 {
		t.Fatalf("%d observations, want 1", len(s.all))
	}
	return s.all[0]
}

const slowly = `
[[rule]]
name    = "slow"
latency = { first_byte = "2s", first_frame = "1s" }

[[rule]]
name  = "busy"
error = "Throttling.RateQuota"
`

// TestObserve: what is asked for and what is delivered are both told, and who
// answered.
func TestObserve(t *testing.T) {
	seen, clock := &seen{}, play.NewManual(goldenTime)
	srv := RunT(t, ScenarioText(slowly), WithClock(clock), WithObserver(seen))
	const body = `{"model":"qwen-plus","input":{"prompt":"Hello!"}}`
	var answered sync.WaitGroup
	answered.Go(func() { post(t, srv.URL()+"/api/v1/services/aigc/text-generation/generation", body) })
	for range 2 { // The head, and the body behind it.
		if err := clock.Await(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		clock.Advance(2 * time.Second)
	}
	answered.Wait()
	want := Observation{
		Dialect: "dashscope-native", Operation: "chat", Cause: "rule", Error: "dashscope/model/Throttling.RateQuota",
		Rules: []string{"slow", "busy"}, Status: 429,
		FirstByte: 2 * time.Second, FirstByteAsked: 2 * time.Second, Took: 4 * time.Second, TookAsked: 3 * time.Second,
		Received: int64(len(body)), Sent: 149,
	}
	if got := seen.only(t, srv); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestObserveSocket: each call on a WebSocket is told, with all messages that
// came for it.
func TestObserveSocket(t *testing.T) {
	seen := &seen{}
	srv := RunT(t, WithObserver(seen))
	s := openSocket(t, srv)
	if stats := srv.Stats(); stats.Streams != 1 || stats.Open != 1 {
		t.Errorf("%+v, want one WebSocket open", stats)
	}
	sent := []string{runSpeech, continueTask("One sentence."), finishTask}
	s.send(sent...)
	s.events()
	got := seen.only(t, srv)
	if want := int64(len(strings.Join(sent, ""))); got.Received != want || got.Sent == 0 || got.Dialect != "dashscope-ws" || got.Operation != "speech" || got.Cause != "success" || got.Status != 101 {
		t.Errorf("%+v, want %d bytes received", got, want)
	}
	s.conn.Close()
	srv.Close()
	if stats := srv.Stats(); stats.Streams != 0 || stats.Open != 0 {
		t.Errorf("%+v after the end", stats)
	}
}

// TestObserveConnection: what befalls a connection is told, though there is no
// call.
func TestObserveConnection(t *testing.T) {
	seen := &seen{}
	srv := RunT(t, ScenarioText("[[connection]]\nname = \"door\"\nfault = { kind = \"close\" }\nwhen = { calls = 1 }"), WithObserver(seen))
	if resp, err := (&http.Client{Transport: &http.Transport{}}).Post(srv.URL(), "", http.NoBody); err == nil {
		resp.Body.Close()
		t.Fatal("the connection was not closed")
	}
	want := Observation{Cause: "connection", Fault: "close", Rules: []string{"door"}}
	if got := seen.only(t, srv); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

// TestStats counts what was forgotten to keep the bounds.
func TestStats(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithJournal(2, 1<<20), WithClock(clock))
	for _, path := range []string{"/ns/a/x", "/ns/b/x", "/x"} {
		post(t, srv.URL()+path, "")
	}
	stats := srv.Stats()
	if stats.Namespaces != 3 || stats.JournalExchanges != 2 || stats.EvictedExchanges != 1 || stats.JournalBytes == 0 {
		t.Errorf("%+v", stats)
	}
	clock.Advance(idleTime + time.Minute)
	post(t, srv.URL()+"/ns/c/x", "")
	if stats := srv.Stats(); stats.Namespaces != 2 || stats.EvictedNamespaces != 2 {
		t.Errorf("%+v after an hour", stats)
	}
}

// TestNoObserverCostsNothing: nobody pays for what nobody counts.
func TestNoObserverCostsNothing(t *testing.T) {
	srv, err := New()
	if err != nil {
		t.Fatal(err)
	}
	e := &journal.Exchange{Rules: []journal.Firing{{Rule: "r"}}}
	if n := testing.AllocsPerRun(100, func() { srv.observe(e, play.Script{{Kind: play.Wait, For: 1}}.Waits(), 1) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if _, err := New(WithObserver(nil)); err == nil || !strings.Contains(err.Error(), "observer is nil") {
		t.Errorf("no observer: %v", err)
	}
}
