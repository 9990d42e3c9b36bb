package mockllm

import (
	"context"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/mockllm/mockllm/play"
)

// TestSocketIdle closes a reused connection behind a task that went well.
func TestSocketIdle(t *testing.T) {
	srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-ws\"\nfault = \"idle-close\""))
	s := openSocket(t, srv)
	s.send(runSpeech, continueTask("One sentence."), finishTask)
	if got := s.events() + ", " + s.hear(); got != oneSentence+", EOF" {
		t.Error(got)
	}
}

// TestSocketSilence holds how long a client may be silent, in vendor time.
func TestSocketSilence(t *testing.T) {
	for name, c := range map[string]struct {
		send string
		wait time.Duration
		want string
	}{
		"in a task":     {runSpeech, 23 * time.Second, "failed:CLIENT_ERROR closed 1000"},
		"between tasks": {"", time.Minute, "closed 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			clock := play.NewManual(goldenTime)
			srv := RunT(t, WithClock(clock))
			s := openSocket(t, srv)
			if c.send != "" {
				s.send(c.send)
				s.hear()
			}
			ctx, heard := context.WithCancel(t.Context())
			var advancing sync.WaitGroup
			advancing.Go(func() {
				for clock.Await(ctx, 1) == nil { // Who waits may be the one of before the last message.
					clock.Advance(c.wait)
				}
			})
			if got := s.events(); got != c.want {
				t.Error(got)
			}
			heard()
			advancing.Wait()
		})
	}
}

// TestSocketPing holds that pings are answered, also while nothing else is.
func TestSocketPing(t *testing.T) {
	srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-ws\"\nfault = \"hang\""))
	s := openSocket(t, srv)
	ponged := make(chan string, 1)
	s.conn.SetPongHandler(func(data string) error { ponged <- data; return nil })
	s.send(runSpeech)
	if err := s.conn.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	go s.conn.ReadMessage()
	if got := <-ponged; got != "there?" {
		t.Error(got)
	}
}

// TestSocketClientLeaves writes down that the client left in a task.
func TestSocketClientLeaves(t *testing.T) {
	srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-ws\"\nfault = { kind = \"stall\", after_frames = 1 }"))
	s := openSocket(t, srv)
	s.send(runSpeech, continueTask("One sentence. "))
	s.hear()
	s.hear()
	s.conn.Close()
	for len(srv.Journal()) == 0 || !srv.Journal()[0].Done {
		runtime.Gosched()
	}
	if e := srv.Journal()[0]; !e.ClientLeft || e.Failed != "" || len(e.Script) != 4 {
		t.Errorf("exchange %+v", e)
	}
}

// TestManySockets opens many at once, and looks for what they leave behind.
func TestManySockets(t *testing.T) {
	const many = 500
	srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-ws\"\nwhen.every = 2\nfault = { kind = \"cut\", after_frames = 2 }"))
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	var all, opened sync.WaitGroup
	opened.Add(many)
	dialer := websocket.Dialer{NetDialContext: (&net.Dialer{}).DialContext}
	ended := make(chan string, many)
	for range many {
		all.Go(func() {
			conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(srv.URL(), "http")+inference, anyKey)
			opened.Done()
			if err != nil {
				ended <- err.Error()
				return
			}
			defer conn.Close()
			opened.Wait() // All are open at once.
			conn.SetReadDeadline(time.Now().Add(time.Minute))
			c := &listener{t: t, conn: conn}
			c.send(runSpeech, continueTask("One sentence."), finishTask)
			words := strings.Fields(c.events())
			ended <- words[len(words)-1]
		})
	}
	all.Wait()
	count := map[string]int{}
	for range many {
		count[<-ended]++
	}
	if count["finished"] != many/2 || count["EOF"] != many/2 {
		t.Errorf("ended %v", count)
	}
	settle(t, "goroutines", goroutines, runtime.NumGoroutine)
	settle(t, "descriptors", descriptors, func() int { return openDescriptors(t) })
}

// TestCloseWithOpenSockets ends sockets in every state, and leaves nothing.
func TestCloseWithOpenSockets(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	for name, stop := range map[string]func(*Server){
		"close": func(s *Server) { s.Close() },
		"shutdown": func(s *Server) {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			s.Shutdown(ctx)
		},
	} {
		srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-ws\"\nwhen.calls = 1\nfault = { kind = \"stall\", after_frames = 0 }"))
		stalled, waiting, idle := openSocket(t, srv), openSocket(t, srv), openSocket(t, srv)
		stalled.send(runSpeech)
		stalled.hear()
		waiting.send(runSpeech)
		waiting.hear()
		stop(srv)
		for _, c := range []*listener{stalled, waiting} {
			if got := c.hear(); got != "EOF" && got != "reset" {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := idle.hear(); got != "EOF" && got != "reset" && got != "closed 1001" {
			t.Errorf("%s: the idle one: %s", name, got)
		}
		for _, e := range srv.Journal() {
			if !e.Done || e.ClientLeft || e.Failed == "" {
				t.Errorf("%s: exchange %+v", name, e)
			}
		}
		stalled.conn.Close()
		waiting.conn.Close()
		idle.conn.Close()
	}
	settle(t, "goroutines", goroutines, runtime.NumGoroutine)
}

// TestShutdownClosesIdleSockets says goodbye where no call is under way.
func TestShutdownClosesIdleSockets(t *testing.T) {
	srv := RunT(t)
	s := openSocket(t, srv)
	go srv.Shutdown(t.Context())
	if got := s.hear(); got != "closed 1001" {
		t.Error(got)
	}
}

// TestTooBigWhileWaiting: a message that is too long is refused with the
// documented close also while an answer is on its way.
func TestTooBigWhileWaiting(t *testing.T) {
	srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-ws\"\nlatency = \"1h\""))
	s := openSocket(t, srv)
	s.send(runSpeech)
	for len(srv.Journal()) == 0 {
		runtime.Gosched()
	}
	s.send(strings.Repeat(" ", 1<<20+1))
	if got := s.hear(); !strings.HasPrefix(got, "closed 1009") {
		t.Error(got)
	}
	if e := srv.Journal()[0]; e.ClientLeft || e.Failed == "" {
		t.Errorf("exchange %+v", e)
	}
}
