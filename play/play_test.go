package play

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// decide returns the decision of a scenario with one rule, for any call.
func decide(t *testing.T, rule string) scenarios.Decision {
	t.Helper()
	s, err := scenarios.Load("test.toml", []byte("[[rule]]\nname = \"r\"\n"+rule))
	if err != nil {
		t.Fatal(err)
	}
	r := &scenarios.Request{Dialect: "dashscope-compatible", Operation: "chat", Stream: strings.Contains(rule, "stream = true")}
	d, err := scenarios.NewEngine(s, scenarios.Settings{}, scenarios.NewMemory()).Decide(t.Context(), time.Time{}, r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func asIs(d scenarios.Duration) time.Duration { return time.Duration(d) }

func stream(frames ...string) responders.Message {
	m := responders.Message{Status: 200, Header: http.Header{}, Stream: true, Ending: 2, Marks: 1}
	for _, f := range frames {
		m.Frames = append(m.Frames, responders.Frame(f))
	}
	return m
}

func whole(body string) responders.Message {
	return responders.Message{Status: 200, Header: http.Header{}, Frames: []responders.Frame{responders.Frame(body)}}
}

// brief is a script in few words: writes show their bytes, waits their time.
func brief(s Script) string {
	var words []string
	for _, step := range s {
		switch word := step.Kind.String(); step.Kind {
		case Wait:
			words = append(words, step.For.String())
		case Hang:
			words = append(words, strings.Join(strings.Fields(step.String()), "-"))
		case Head:
			words = append(words, fmt.Sprintf("%d/%d", step.Status, step.Length))
		case Write, Raw:
			mark := ""
			if step.Part {
				mark = "…"
			}
			words = append(words, strconv.Quote(string(step.Data))+mark)
		default:
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// TestPlan needs no socket: a script is data. The rule decides, the message is
// what would be sent.
func TestPlan(t *testing.T) {
	five := stream("a", "b", "c", "end", "done")
	closing := whole("body")
	closing.Close = true
	for name, c := range map[string]struct {
		rule    string
		message responders.Message
		want    string
	}{
		"as it is":            {`reply = {}`, whole("body"), `200/4 "body" end`},
		"stream":              {`reply = {}`, five, `200/-1 "a" "b" "c" "end" "done" end`},
		"closing":             {`reply = {}`, closing, `200/4 "body" end close`},
		"late":                {`latency = "1s"`, whole("x"), `1s 200/1 "x" end`},
		"paced":               {`latency = { first_byte = "1s", first_frame = "2s", frame = "3s" }`, stream("a", "b", "c"), `1s 200/-1 2s "a" 3s "b" 3s "c" end`},
		"reset":               {`fault = "reset"`, whole("x"), `reset`},
		"reset, late":         {"latency = \"1s\"\nfault = \"reset\"", whole("x"), `1s reset`},
		"reset after header":  {`fault = { kind = "reset", at = "after-headers" }`, whole("x"), `200/1 reset`},
		"reset after bytes":   {`fault = { kind = "reset", after_bytes = 2 }`, whole("abcd"), `200/4 "ab"… reset`},
		"reset after all":     {`fault = { kind = "reset", after_bytes = 9 }`, whole("abcd"), `200/4 "abcd" reset`},
		"reset in a stream":   {"match = { stream = true }\nfault = { kind = \"reset\", after_frames = 2 }", five, `200/-1 "a" "b" reset`},
		"reset after a time":  {"latency = { frame = \"1s\" }\nfault = { kind = \"reset\", after = \"1500ms\" }", five, `200/-1 "a" 1s "b" 500ms reset`},
		"reset after the end": {`fault = { kind = "reset", after = "1s" }`, whole("x"), `200/1 "x" 1s reset`},
		"empty":               {`fault = "empty"`, five, `close`},
		"hang":                {`fault = { kind = "hang", for = "3s" }`, five, `hang-3s close`},
		"hang for ever":       {`fault = "hang"`, five, `hang-until-the-client-leaves close`},
		"garbage":             {`fault = "garbage"`, five, `"\x05\x00\x7fthis is not HTTP\r\n\r\n" close`},
		"stall":               {"match = { stream = true }\nfault = \"stall\"", five, `200/-1 "a" hang-until-the-client-leaves close`},
		"stall, whole":        {`fault = { kind = "stall", for = "1s" }`, whole("abcd"), `200/4 hang-1s close`},
		"stall, kept alive":   {"match = { stream = true }\nfault = { kind = \"stall\", after_frames = 0, keep_alive = \"5s\" }", five, `200/-1 hang-until-the-client-leaves,-a-comment-every-5s close`},
		"cut":                 {"match = { stream = true }\nfault = { kind = \"cut\", after_frames = 3 }", five, `200/-1 "a" "b" "c" close`},
		"early end":           {"match = { stream = true }\nfault = \"early-end\"", five, `200/-1 "a" "b" "c" end`},
		"early end, mark":     {"match = { stream = true }\nfault = { kind = \"early-end\", at = \"before-mark\" }", five, `200/-1 "a" "b" "c" "end" end`},
		"truncate":            {`fault = "truncate"`, whole("abcd"), `200/4 "ab"… close`},
		"bad chunk":           {"match = { stream = true }\nfault = { kind = \"bad-chunk\", after_frames = 1 }", five, `200/-1 "a" "zz\r\n" close`},
		"bad JSON":            {`fault = "bad-json"`, whole(`{"a":"bc"}`), `200/5 "{\"a\":" end`},
		"bad JSON, stream":    {"match = { stream = true }\nfault = \"bad-json\"", stream("x", "data: {\"a\":1}\n\n", "y"), `200/-1 "x" "data: {\"a\n\n" end`},
		"bad SSE":             {"match = { stream = true }\nfault = { kind = \"bad-sse\", after_frames = 0 }", stream("data: {}\n\n", "y"), `200/-1 "data {}\n" end`},
		"duplicate":           {"match = { stream = true }\nfault = { kind = \"duplicate\", after_frames = 1 }", five, `200/-1 "a" "b" "b" "c" "end" "done" end`},
		"reorder, at the end": {"match = { stream = true }\nfault = { kind = \"reorder\", after_frames = 99 }", five, `200/-1 "a" "b" "c" "done" "end" end`},
		"reorder":             {"match = { stream = true }\nfault = { kind = \"reorder\", after_frames = 1 }", five, `200/-1 "a" "c" "b" "end" "done" end`},
		"drop done":           {"match = { stream = true }\nfault = \"drop-done\"", five, `200/-1 "a" "b" "c" "end" end`},
		"wrong length":        {`fault = "wrong-length"`, whole("abcd"), `200/20 "abcd" end close`},
		"empty body":          {`fault = "empty-body"`, whole("abcd"), `200/0 end`},
		"empty body, stream":  {"match = { stream = true }\nfault = \"empty-body\"", five, `200/-1 end`},
		"idle close":          {`fault = "idle-close"`, whole("abcd"), `200/4 "abcd" end close`},
		"split in a rune":     {`fault = "split"`, whole(`{"a":"你好"}`), `200/14 "{\"a\":\"\xe4"… "\xbd\xa0好\"}" end`},
		"split in a string":   {`fault = "split"`, whole(`{"a":"bcde"}`), `200/12 "{\"a\":\"bc"… "de\"}" end`},
		"cut in a rune":       {"match = { stream = true }\nfault = { kind = \"cut\", at = \"inside-rune\", after_frames = 1 }", stream("你", "a", "b你", "c"), `200/-1 "你" "a" "b\xe4"… close`},
		"truncate in string":  {`fault = { kind = "truncate", at = "inside-string" }`, whole(`{"key":"ab"}`), `200/12 "{\"k"… close`},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.message
			m.Header = http.Header{}
			d := decide(t, c.rule)
			if got := brief(Plan(m, d, asIs)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestPlanBreaksOff puts the error of a mid-stream delivery where it belongs.
func TestPlanBreaksOff(t *testing.T) {
	for moment, want := range map[string]string{
		"":                            `200/-1 "a" "error 2" end`,
		", after_frames = 0":          `200/-1 "error 1" end`,
		", after_frames = 2":          `200/-1 "a" "b" "error 3" end`,
		", after_frames = 99":         `200/-1 "a" "b" "c" "error 4" end`,
		", after_bytes = 2":           `200/-1 "a" "b" "error 3" end`,
		", after = \"2s\"":            `200/-1 "a" "b" "c" 2s "error 4" end`,
		", at = \"after-headers\"":    `200/-1 "error 1" end`,
		", at = \"before-end\"":       `200/-1 "a" "b" "c" "error 4" end`,
		", at = \"before-mark\"":      `200/-1 "a" "b" "c" "error 4" end`,
		"}\nfault = { kind = \"cut\"": `200/-1 "a" "error 2" close`,
	} {
		m := stream("a", "b", "c", "end", "done")
		m.Break = func(n int) responders.Frame { return fmt.Appendf(nil, "error %d", n) }
		d := decide(t, "match = { stream = true }\nerror = \"DataInspectionFailed\"\ndelivery = { mode = \"mid-stream\""+moment+" }")
		if got := brief(Plan(m, d, asIs)); got != want {
			t.Errorf("%s: got %s\nwant %s", moment, got, want)
		}
	}
}

// TestDamagedHeaders looks at the faults that lie in the header.
func TestDamagedHeaders(t *testing.T) {
	for rule, want := range map[string]struct{ name, value string }{
		`fault = "wrong-type"`:                              {"Content-Type", "text/event-stream"},
		"match = { stream = true }\nfault = \"wrong-type\"": {"Content-Type", "application/json"},
		`fault = "gzip-cut"`:                                {"Content-Encoding", "gzip"},
		`fault = "gateway-html"`:                            {"Server", "nginx"},
	} {
		m := whole(strings.Repeat("abcd", 100))
		if strings.Contains(rule, "stream = true") {
			m = stream("a")
		}
		script := Plan(m, decide(t, rule), nil)
		if got := script[0].Header.Get(want.name); got != want.value {
			t.Errorf("%s: %s is %q, want %q", rule, want.name, got, want.value)
		}
		if script[0].Length != Chunked && int(script[0].Length) != len(script[1].Data) {
			t.Errorf("%s: %d bytes declared, %d sent", rule, script[0].Length, len(script[1].Data))
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
			Script{{Kind: Head, Status: 413, Header: http.Header{"x-lower": {"a"}}, Length: 4}, {Kind: Write, Data: []byte("body")}, {Kind: End}, {Kind: Close}},
			"HTTP/1.1 413 Request Entity Too Large\r\nx-lower: a\r\nContent-Length: 4\r\n\r\nbody",
		},
		"stream": {
			Script{{Kind: Head, Status: 200, Header: http.Header{}, Length: Chunked}, {Kind: Write, Data: []byte("hello")}, {Kind: End}, {Kind: Close}},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		},
		"cut": {
			Script{{Kind: Head, Status: 200, Header: http.Header{}, Length: Chunked}, {Kind: Write, Data: []byte("hello")}, {Kind: Close}},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		},
		"bad chunk": {
			Script{{Kind: Head, Status: 200, Header: http.Header{}, Length: Chunked}, {Kind: Write, Data: []byte("hello")}, {Kind: Raw, Data: []byte("zz\r\n")}, {Kind: Close}},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
		},
		"pieces": {
			Script{{Kind: Head, Status: 200, Header: http.Header{}, Length: Chunked}, {Kind: Write, Data: []byte("hello"), Piece: 2}, {Kind: End}, {Kind: Close}},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n2\r\nll\r\n1\r\no\r\n0\r\n\r\n",
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

// TestPacedAnswersLeaveBitByBit looks at when bytes arrive: a test's own time
// passes only while everybody waits, so that the moments are exact.
func TestPacedAnswersLeaveBitByBit(t *testing.T) {
	head := Step{Kind: Head, Status: 200, Header: http.Header{}, Length: 6}
	for name, c := range map[string]struct {
		script Script
		want   string // When which bytes of the body came.
	}{
		"at once":       {Script{head, {Kind: Write, Data: []byte("abcdef")}, {Kind: End}}, "0s abcdef"},
		"after a wait":  {Script{head, {Kind: Wait, For: time.Second}, {Kind: Write, Data: []byte("abcdef")}, {Kind: End}}, "1s abcdef"},
		"dripping":      {Script{head, {Kind: Write, Data: []byte("abcdef"), Rate: 2}, {Kind: End}}, "500ms a, 1s b, 1.5s c, 2s d, 2.5s e, 3s f"},
		"the head late": {Script{{Kind: Wait, For: time.Second}, head, {Kind: Write, Data: []byte("abcdef")}, {Kind: End}}, "1s abcdef"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				l := &oneConn{conn: server, closed: make(chan struct{})}
				srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					Play(r.Context(), w, c.script, Real())
				})}
				go srv.Serve(l)
				start := time.Now()
				go io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				answer, err := http.ReadResponse(bufio.NewReaderSize(client, 16), nil)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for buf := make([]byte, 64); ; {
					n, err := answer.Body.Read(buf)
					if n > 0 {
						got = append(got, time.Since(start).String()+" "+string(buf[:n]))
					}
					if err != nil {
						break
					}
				}
				if strings.Join(got, ", ") != c.want {
					t.Errorf("got %q, want %s", got, c.want)
				}
				client.Close()
				srv.Close()
			})
		})
	}
}

// oneConn is a listener with one connection.
type oneConn struct {
	conn   net.Conn
	taken  atomic.Bool
	once   sync.Once
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if l.taken.CompareAndSwap(false, true) {
		return l.conn, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

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
		if clock.waiting() != 1 || !clock.Now().Equal(start.Add(time.Second)) {
			t.Errorf("%d sleep, now %v", clock.waiting(), clock.Now())
		}
		clock.Advance(time.Hour)
		<-woken
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := clock.Sleep(ctx, time.Second); err == nil || clock.waiting() != 0 {
			t.Errorf("a sleep whose context ended returns %v and leaves %d", err, clock.waiting())
		}
	})
}

func TestManualClockAwaits(t *testing.T) {
	clock := new(Manual)
	for range 2 {
		go clock.Sleep(t.Context(), time.Second)
	}
	if err := clock.Await(t.Context(), 2); err != nil || clock.waiting() != 2 {
		t.Errorf("%v, %d sleep", err, clock.waiting())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := clock.Await(ctx, 3); err == nil {
		t.Error("a third sleeper was found")
	}
	clock.Advance(time.Second)
	if clock.waiting() != 0 {
		t.Errorf("%d still sleep", clock.waiting())
	}
}

func TestTranscript(t *testing.T) {
	script := Script{{Kind: Wait, For: time.Hour}, {Kind: Head, Status: 200, Header: http.Header{"A": {"b"}}, Length: 1}, {Kind: Write, Data: []byte("x")}}
	if got, want := string(script.Transcript()), "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 1\r\n\r\nx"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
