package redisstate_test

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
	"github.com/mockllm/mockllm/scenarios"
)

// between stands before a Redis, passes on what both say, and as long as it is
// told to, only the first byte of each answer.
func between(t *testing.T, server *redistest.Server, stuck *atomic.Bool) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			redis, err := net.Dial("tcp", server.Addr())
			if err != nil {
				client.Close()
				continue
			}
			go func() {
				io.Copy(redis, client)
				redis.Close()
			}()
			go pass(client, redis, stuck)
		}
	}()
	return "redis://" + l.Addr().String() + "/0"
}

func pass(client, redis net.Conn, stuck *atomic.Bool) {
	defer client.Close()
	piece := make([]byte, 4096)
	for {
		n, err := redis.Read(piece)
		if err != nil {
			return
		}
		if stuck.Load() {
			client.Write(piece[:1])
			io.Copy(io.Discard, redis)
			return
		}
		if _, err := client.Write(piece[:n]); err != nil {
			return
		}
	}
}

// TestHangsInTheMiddle: a Redis that falls silent in the middle of an answer is
// gone after its timeout, and nothing that came late is taken for another answer.
func TestHangsInTheMiddle(t *testing.T) {
	server := redistest.Run(t)
	var stuck atomic.Bool
	state, err := redisstate.Open(t.Context(), between(t, server, &stuck)+"?timeout=1s", redisstate.Options{})
	for err != nil { // A loaded machine may need longer than that.
		state, err = redisstate.Open(t.Context(), between(t, server, &stuck)+"?timeout=1s", redisstate.Options{})
	}
	defer state.Close()
	e := engine(t, every, state)
	decide := func() (uint64, error) {
		d, err := e.Decide(t.Context(), time.Unix(1, 0), chat())
		if err != nil {
			return 0, err
		}
		return d.Fired[0].N, nil
	}
	var before uint64
	await(t, func() (ok bool) { before, err = decide(); return err == nil })
	for range 2 {
		stuck.Store(true)
		for err = nil; err == nil; {
			_, err = decide()
		}
		if !errors.Is(err, scenarios.ErrUnavailable) {
			t.Errorf("in the middle of an answer: %v", err)
		}
		stuck.Store(false)
		var after uint64
		await(t, func() (ok bool) { after, err = decide(); return err == nil })
		if after <= before {
			t.Errorf("call %d comes behind %d", after, before)
		}
		before = after
	}
}

// TestSkew: clocks that differ by seconds change when windows begin, and nothing
// that is counted.
func TestSkew(t *testing.T) {
	server := redistest.Run(t)
	const scenario = "[[limit]]\nper = \"namespace\"\nrpm = 10\n[[rule]]\nname = \"every\"\nlatency = \"1ms\"\n"
	var engines []*scenarios.Engine
	for range 3 {
		engines = append(engines, engine(t, scenario, open(t, server, patient, redisstate.Options{})))
	}
	let, seen := 0, []uint64{}
	for i := range 60 {
		skew := []time.Duration{0, 3 * time.Second, -3 * time.Second}[i%3]
		d, err := engines[i%3].Decide(t.Context(), time.Unix(1_800_000_000, 0).Add(time.Duration(i)*100*time.Millisecond+skew), chat())
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, d.Fired[0].N)
		if d.Cause == scenarios.BySuccess {
			let++
		}
	}
	if !slices.IsSorted(seen) || seen[0] != 1 || seen[59] != 60 || let != 10 {
		t.Errorf("%d calls were let in; counted %v", let, seen)
	}
}

// TestChangesUnderLoad: while three replicas are called, one of them is told other
// scenarios and resets. Each call is answered by one of the scenarios, and in the
// end all follow the last and count from 1.
func TestChangesUnderLoad(t *testing.T) {
	server := redistest.Run(t)
	three := replicas(t, server, 3)
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for _, srv := range three {
		for range 2 {
			wait.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if got := ask(t, srv, "blue"); !slices.Contains([]string{"200", "400arrears", "429busy"}, got) {
						t.Errorf("under load: %s", got)
						return
					}
				}
			})
		}
	}
	for i := range 30 {
		text := []string{arrears, busy}[i%2]
		if err := three[i%3].Namespace("blue").Follow(loaded(t, text)); err != nil {
			t.Error(err)
		}
		if i%3 == 0 {
			if err := three[(i+1)%3].Namespace("blue").Reset(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	close(stop)
	wait.Wait()
	for i, srv := range three {
		if got := ask(t, srv, "blue"); got != "429busy" {
			t.Errorf("replica %d follows another scenario: %s", i+1, got)
		}
	}
	if err := three[0].Namespace("blue").Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range uint64(3) {
		ask(t, three[n], "blue")
	}
	var fired []uint64
	await(t, func() bool {
		fired = nil
		for _, e := range three[1].Namespace("blue").Journal() {
			if e.Done {
				fired = append(fired, e.Rules[0].N)
			}
		}
		return len(fired) >= 3
	})
	if slices.Sort(fired); !slices.Equal(fired, []uint64{1, 2, 3}) {
		t.Errorf("after the reset the calls %d are told of", fired)
	}
}

// TestOtherRules: replicas whose files differ, as while they are replaced, count
// together what has the same name, and the rest apart.
func TestOtherRules(t *testing.T) {
	server := redistest.Run(t)
	old := engine(t, every, open(t, server, patient, redisstate.Options{}))
	other := engine(t, "[[rule]]\nname = \"new\"\nlatency = \"1ms\"\n"+every, open(t, server, patient, redisstate.Options{}))
	var told []string
	for i := range 6 {
		d, err := []*scenarios.Engine{old, other}[i%2].Decide(t.Context(), time.Unix(1, 0), chat())
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, f := range d.Fired {
			words = append(words, f.Rule+string(rune('0'+f.N)))
		}
		told = append(told, strings.Join(words, " "))
	}
	if want := []string{"every1", "new1 every2", "every3", "new2 every4", "every5", "new3 every6"}; !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
}
