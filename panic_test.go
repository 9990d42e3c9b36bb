package mockllm

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// A lines buffer keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// logged is an option, and what it has the server log.
func logged() (Option, *lines) {
	l := new(lines)
	return WithLogger(slog.New(slog.NewTextHandler(l, nil))), l
}

// wantStack looks for the one line that tells of a panic, and where it was.
func (l *lines) wantStack(t *testing.T, value, function string) {
	t.Helper()
	var found []string
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, "level=ERROR") {
			found = append(found, line)
		}
	}
	if len(found) != 1 || !strings.Contains(found[0], value) || !strings.Contains(found[0], function) {
		t.Errorf("logged %q, want one line with %q and %s", found, value, function)
	}
}

// A tripwire panics at the n-th step from when it was armed.
type tripwire struct {
	mu   sync.Mutex
	left int
	with any
	ever bool // And at every step behind that.
}

func (w *tripwire) arm(steps int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.left = steps
}

func (w *tripwire) step() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left--; w.left == 0 || w.left < 0 && w.ever {
		panic(w.with)
	}
}

// trippedState panics when something is counted.
type trippedState struct {
	scenarios.State
	*tripwire
}

func (s trippedState) Visit(ctx context.Context, ns string, now time.Time, c *scenarios.Call) (bool, error) {
	s.step()
	return s.State.Visit(ctx, ns, now, c)
}

// trippedClock panics when somebody waits: for a moment, as scenarios say, or
// long, as for the next message.
type trippedClock struct {
	play.Clock
	*tripwire
	long bool
}

func (c trippedClock) Sleep(ctx context.Context, d time.Duration) error {
	if (d > 100*time.Millisecond) == c.long {
		c.step()
	}
	return c.Clock.Sleep(ctx, d)
}

func tripped(left int, with any) *tripwire { return &tripwire{left: left, with: with} }

const slowCall = `
	[[rule]]
	name    = "slow"
	latency = "1ms"`

const everyCall = `
	[[rule]]
	name  = "counts"
	when  = { calls = "1.." }
	error = "Throttling"`

// TestPanicIsOneExchanges500: a panic before anything is sent is told to the
// client in a body of our own, to the log with its stack and to the journal, and
// nobody else notices.
func TestPanicIsOneExchanges500(t *testing.T) {
	log, told := logged()
	wire := tripped(0, "the state is upside down")
	srv := RunT(t, log, ScenarioText(everyCall), WithState(trippedState{scenarios.NewMemory(), wire}))
	for i, want := range []int{429, 500, 429} {
		if want == 500 {
			wire.arm(1)
		}
		status, body := post(t, srv.URL()+chatPath, hello)
		if status != want {
			t.Errorf("call %d: %d %s, want %d", i+1, status, body, want)
		}
		if want == 500 && (!strings.HasPrefix(body, `{"mockllm":{"status":500,"problem":"panic"`) || !strings.Contains(body, "upside down")) {
			t.Errorf("body %s", body)
		}
	}
	found, err := srv.AwaitExchanges(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	e := found[1]
	if e.Status != 500 || e.Failed != "panic: the state is upside down" || e.Cause != "server" || e.Dialect != "dashscope-compatible" ||
		!strings.Contains(e.Body, "Say hello") {
		t.Errorf("journal: %+v", e)
	}
	told.wantStack(t, "upside down", "trippedState")
}

// TestPanicInTheAnswer: what has begun is broken off, so that no client takes it
// for whole; what has not begun is a 500.
func TestPanicInTheAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		at     int // Which wait panics.
		fault  string
		status int
		frames int
	}{
		"before the header":         {1, "", 500, 0},
		"in the stream":             {2, "", 200, 0},
		"behind a frame":            {3, "", 200, 1},
		"taken over, at the header": {1, `fault = "cut"`, 500, 0},
		"taken over, in the stream": {3, `fault = { kind = "cut", after_frames = 3 }`, 200, 1},
	} {
		t.Run(name, func(t *testing.T) {
			log, told := logged()
			srv := RunT(t, log, WithClock(trippedClock{play.Real(), tripped(c.at, "no more time"), false}), ScenarioText(`
				[[rule]]
				name    = "slow"
				latency = { first_byte = "1ms", first_frame = "1ms", frame = "1ms" }
				reply   = { frames = ["a", "b", "c", "d"] }
				`+c.fault))
			req, _ := http.NewRequest("POST", srv.URL()+chatPath, strings.NewReader(strings.Replace(hello, "{", `{"stream":true,`, 1)))
			req.Header.Set("Authorization", "Bearer k")
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if answer.StatusCode != c.status || (err == nil) != (c.status == 500) {
				t.Errorf("%s, %v: %s", answer.Status, err, body)
			}
			e := onlyExchange(t, srv)
			if e.Failed != "panic: no more time" || e.Status != c.status || e.SentFrames != c.frames {
				t.Errorf("journal: status %d, %d frames, failed %q", e.Status, e.SentFrames, e.Failed)
			}
			told.wantStack(t, "no more time", "trippedClock")
			if status, _ := post(t, srv.URL()+"/nowhere", ""); status != 404 {
				t.Errorf("the server answers %d from then on", status)
			}
		})
	}
}

// TestPanicGivesBackWhatWasTaken: a call that ends in a panic does not stay
// under way for a limit.
func TestPanicGivesBackWhatWasTaken(t *testing.T) {
	log, _ := logged()
	srv := RunT(t, log, WithClock(trippedClock{play.Real(), tripped(1, "no more time"), false}), ScenarioText(`
		[[limit]]
		concurrency = 1
		[[rule]]
		name    = "slow"
		latency = "1ms"`))
	for i, want := range []int{500, 200} {
		if status, body := post(t, srv.URL()+chatPath, hello); status != want {
			t.Errorf("call %d: %d %s, want %d", i+1, status, body, want)
		}
	}
}

// TestPanicOnWebSocket ends its connection only, and the call stands in the
// journal.
func TestPanicOnWebSocket(t *testing.T) {
	for name, of := range map[string]func(*tripwire) []Option{
		"decided": func(w *tripwire) []Option {
			return []Option{ScenarioText(everyCall), WithState(trippedState{scenarios.NewMemory(), w})}
		},
		"performed": func(w *tripwire) []Option {
			return []Option{ScenarioText(slowCall), WithClock(trippedClock{play.Real(), w, false})}
		},
	} {
		t.Run(name, func(t *testing.T) {
			log, told := logged()
			wire := tripped(0, "gone mad")
			srv := RunT(t, append(of(wire), log)...)
			other, broken := openSocket(t, srv), openSocket(t, srv)
			wire.arm(1)
			broken.send(runSpeech)
			if got := broken.events(); got != "EOF" && got != "reset" {
				t.Errorf("the client hears %q", got)
			}
			found, err := srv.AwaitExchanges(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if e := found[0]; e.Failed != "panic: gone mad" || e.Operation != "speech" {
				t.Errorf("journal: %+v", e)
			}
			told.wantStack(t, "gone mad", "tripped")
			other.send(runSpeech)
			if got := other.hear(); !strings.Contains(got, `"event":"task-`) {
				t.Errorf("the other client hears %q", got)
			}
		})
	}
}

// TestPanicWhileIdle is one of the wait for the next message, which nobody waits
// for in the foreground.
func TestPanicWhileIdle(t *testing.T) {
	log, told := logged()
	wire := &tripwire{left: 1, with: "gone mad", ever: true}
	srv := RunT(t, log, WithClock(trippedClock{play.Real(), wire, true}))
	broken := openSocket(t, srv)
	if got := broken.hear(); got != "EOF" && got != "reset" {
		t.Errorf("the client hears %q", got)
	}
	srv.exchanges.Wait()
	told.wantStack(t, "gone mad", "trippedClock")
}

// TestPanicOfAConnection: what decides on a connection runs where it takes the
// whole server down.
func TestPanicOfAConnection(t *testing.T) {
	log, told := logged()
	wire := tripped(1, "gone mad")
	srv := RunT(t, log, WithState(trippedState{scenarios.NewMemory(), wire}), ScenarioText(`
		[[connection]]
		name  = "second"
		when  = { calls = 2 }
		fault = "refuse"`))
	if status, _ := post(t, srv.URL()+chatPath, hello); status != 200 {
		t.Errorf("status %d", status)
	}
	told.wantStack(t, "gone mad", "trippedState")
	if found := srv.Journal(); found[0].Failed != "panic: gone mad" || found[0].Cause != "connection" {
		t.Errorf("journal: %+v", found)
	}
}

// TestAbortStaysAbort: who mounts the handler may break off with the panic that
// net/http has for it.
func TestAbortStaysAbort(t *testing.T) {
	log, told := logged()
	srv, err := New(log, WithClock(trippedClock{play.Real(), tripped(1, http.ErrAbortHandler), false}), ScenarioText(slowCall))
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	mounted := httptest.NewServer(srv.Handler())
	defer mounted.Close()
	req, _ := http.NewRequest("POST", mounted.URL+chatPath, strings.NewReader(hello))
	req.Header.Set("Authorization", "Bearer k")
	if answer, err := http.DefaultClient.Do(req); err == nil {
		t.Errorf("answered %s", answer.Status)
	}
	if e := onlyExchange(t, srv); e.Failed == "" || e.Status != 0 {
		t.Errorf("journal: %+v", e)
	}
	if strings.Contains(told.String(), "level=ERROR") {
		t.Errorf("logged %s", told)
	}
}

// brokenJournal panics when the admin API looks for the journal.
type brokenJournal struct{ admin.Server }

func (brokenJournal) History() *journal.Journal { panic("no history") }

// TestPanicOnTheAdminPort is a 500 and a line with the stack as well.
func TestPanicOnTheAdminPort(t *testing.T) {
	log, told := logged()
	srv := RunT(t, log)
	s := httptest.NewServer(admin.Handler(brokenJournal{srv.Admin()}, admin.Options{Log: srv.log}))
	defer s.Close()
	answer, err := http.Get(s.URL + "/api/v1/journal")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != 500 || !strings.Contains(string(text), "no history") ||
		answer.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %s", answer.Status, text)
	}
	told.wantStack(t, "no history", "brokenJournal")
}

// TestNoDescriptors: a listener that cannot accept is told of once, and serves
// again when it can.
func TestNoDescriptors(t *testing.T) {
	log, told := logged()
	srv, err := New(log)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		srv.Serve(&exhausted{Listener: l, times: 3})
	}()
	if status, _ := post(t, "http://"+l.Addr().String()+"/nowhere", ""); status != 404 {
		t.Errorf("status %d", status)
	}
	srv.Close()
	<-served
	if text := told.String(); strings.Count(text, "too many open files") != 1 || strings.Count(text, "accepted again") != 1 {
		t.Errorf("logged %s", text)
	}
}

// exhausted has no descriptor for the first connections.
type exhausted struct {
	net.Listener
	times int
}

func (e *exhausted) Accept() (net.Conn, error) {
	if e.times--; e.times >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return e.Listener.Accept()
}
