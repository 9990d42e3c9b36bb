package play

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

func duration(d time.Duration) scenarios.Duration { return scenarios.Duration(d) }

func asIs(d scenarios.Duration) time.Duration { return time.Duration(d) }

// TestPlan needs no socket: a script is data.
func TestPlan(t *testing.T) {
	whole := responders.Message{Status: 429, Header: http.Header{}, Frames: []responders.Frame{responders.Frame("body")}}
	stream := responders.Message{Status: 200, Header: http.Header{}, Stream: true,
		Frames: []responders.Frame{responders.Frame("one"), responders.Frame("two"), responders.Frame("three")}}
	closing := whole
	closing.Close = true
	all := &scenarios.Latency{FirstByte: duration(1 * time.Second), FirstFrame: duration(2 * time.Second), Frame: duration(3 * time.Second)}
	for name, c := range map[string]struct {
		message  responders.Message
		decision scenarios.Decision
		want     string
	}{
		"whole":          {whole, scenarios.Decision{}, "head write"},
		"whole, late":    {whole, scenarios.Decision{Latency: all}, "wait1s head wait2s write"},
		"stream":         {stream, scenarios.Decision{}, "head write write write"},
		"stream, paced":  {stream, scenarios.Decision{Latency: all}, "wait1s head wait2s write wait3s write wait3s write"},
		"closing":        {closing, scenarios.Decision{}, "head write close"},
		"without a body": {responders.Message{Status: 404, Header: http.Header{}}, scenarios.Decision{}, "head"},
	} {
		var got []string
		for _, step := range Plan(c.message, c.decision, asIs) {
			text := string(step.Kind)
			if step.Kind == Wait {
				text += step.For.String()
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", name, got, c.want)
		}
	}
}

func TestRuleHeader(t *testing.T) {
	m := responders.Message{Status: 200, Header: http.Header{}}
	d := scenarios.Decision{Fired: []scenarios.Firing{{Rule: "slow, 50%"}, {Rule: "限流"}}}
	script := Plan(m, d, asIs)
	if got, want := script[0].Header.Get(RuleHeader), "slow%2C 50%25,%E9%99%90%E6%B5%81"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHijackedBytes reads what a script with a close really sends, and finds
// the FIN behind it, whatever the client has left unread on its side.
func TestHijackedBytes(t *testing.T) {
	for name, c := range map[string]struct {
		script Script
		want   string
	}{
		"whole": {
			Script{{Kind: Head, Status: 413, Header: http.Header{"x-lower": {"a"}}}, {Kind: Write, Data: []byte("body")}, {Kind: Close}},
			"HTTP/1.1 413 Request Entity Too Large\r\nx-lower: a\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody",
		},
		"stream": {
			Script{{Kind: Head, Status: 200, Header: http.Header{}, Stream: true}, {Kind: Write, Data: []byte("hello")}, {Kind: Close}},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			sent := make(chan Sent, 1)
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				sent <- Play(context.Background(), w, c.script, Real())
			}))
			defer srv.Close()
			conn, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			// More than the server reads: closing with it unread would send a RST.
			io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 50_000))
			got, err := io.ReadAll(conn)
			if err != nil || string(got) != c.want {
				t.Errorf("got %q, %v\nwant %q", got, err, c.want)
			}
			conn.Close()
			if s := <-sent; s.Err != nil || s.ClientLeft || s.Frames != 1 || s.Status == 0 {
				t.Errorf("sent: %+v", s)
			}
		})
	}
}

// TestNoConnection answers a script that needs the connection where there is
// none to take over: nothing is sent, and the journal can say why.
func TestNoConnection(t *testing.T) {
	script := Script{{Kind: Head, Status: 200, Header: http.Header{}}, {Kind: Close}}
	w := httptest.NewRecorder()
	sent := Play(context.Background(), w, script, Real())
	if sent.Err == nil || sent.ClientLeft {
		t.Errorf("sent: %+v", sent)
	}
	if w.Code != http.StatusNotImplemented || !strings.Contains(w.Body.String(), `{"mockllm":`) {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

// TestSleepInABubble holds that the real clock follows a test's own time.
func TestSleepInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if err := Real().Sleep(t.Context(), time.Hour); err != nil || time.Since(start) != time.Hour {
			t.Errorf("slept %v, %v", time.Since(start), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go cancel()
		if err := Real().Sleep(ctx, time.Hour); err != context.Canceled {
			t.Errorf("a sleep whose context ended returns %v", err)
		}
	})
}

func TestManualClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2026, 5, 28, 0, 0, 0, 0, time.UTC)
		clock := NewManual(start)
		woken := make(chan time.Duration, 2)
		for _, d := range []time.Duration{time.Second, time.Minute} {
			go func() {
				clock.Sleep(t.Context(), d)
				woken <- d
			}()
		}
		synctest.Wait()
		clock.Advance(time.Second)
		if d := <-woken; d != time.Second {
			t.Errorf("%v woke first", d)
		}
		if clock.Waiting() != 1 || !clock.Now().Equal(start.Add(time.Second)) {
			t.Errorf("%d sleep, now %v", clock.Waiting(), clock.Now())
		}
		clock.Advance(time.Hour)
		<-woken
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := clock.Sleep(ctx, time.Second); err == nil || clock.Waiting() != 0 {
			t.Errorf("a sleep whose context ended returns %v and leaves %d", err, clock.Waiting())
		}
	})
}

func TestTranscript(t *testing.T) {
	script := Script{{Kind: Wait, For: time.Hour}, {Kind: Head, Status: 200, Header: http.Header{"A": {"b"}}}, {Kind: Write, Data: []byte("x")}}
	if got, want := string(script.Transcript()), "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 1\r\n\r\nx"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
