package mockllm

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/mockllm/mockllm/journal"
)

// heard is a test that writes down what it is told.
type heard struct {
	mu       sync.Mutex
	lines    []string
	errors   []string
	cleanups []func()
	over     bool
	late     int // How often it was told something after its end.
	fatal    int // How often it was ended at once, which only its own goroutine may do.
}

func (h *heard) Helper() {}

func (h *heard) Logf(format string, args ...any) { h.add(&h.lines, format, args) }

func (h *heard) Errorf(format string, args ...any) { h.add(&h.errors, format, args) }

func (h *heard) Fatalf(format string, args ...any) {
	h.fatal++
	h.add(&h.errors, format, args)
}

func (h *heard) Cleanup(f func()) { h.cleanups = append(h.cleanups, f) }

func (h *heard) add(to *[]string, format string, args []any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over {
		h.late++
	}
	*to = append(*to, fmt.Sprintf(format, args...))
}

// end does what package testing does behind a test.
func (h *heard) end() {
	for i := len(h.cleanups) - 1; i >= 0; i-- {
		h.cleanups[i]()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
}

// fuzzed and measured are tests of the other kinds, as far as RunT tells them.
type (
	fuzzed   struct{ heard }
	measured struct{ heard }
)

func (*fuzzed) Fuzz(any)        {}
func (*measured) ReportAllocs() {}

var (
	_ T = (*testing.T)(nil)
	_ T = (*testing.B)(nil)
	_ T = (*testing.F)(nil)
)

const throttledOnce = `
	[[rule]]
	name  = "throttled once"
	match = { model = "qwen-*" }
	when  = { calls = 1 }
	error = "Throttling.RateQuota"`

func TestRunTLogs(t *testing.T) {
	h := &heard{}
	srv := RunT(h, ScenarioText(throttledOnce))
	post(t, srv.URL()+chatPath, hello)
	post(t, srv.URL()+"/ns/other"+nativePath, "{}")
	h.end()
	if len(h.lines) != 2 || h.late > 0 || len(h.errors) > 0 {
		t.Fatalf("the test was told %q, %d too late, errors %q", h.lines, h.late, h.errors)
	}
	if want := `mockllm: #1 POST /compatible-mode/v1/chat/completions qwen-plus → 429 dashscope/model/Throttling.RateQuota, rule "throttled once" (call 1)`; !strings.HasPrefix(h.lines[0], want) {
		t.Errorf("got  %s\nwant %s…", h.lines[0], want)
	}
	if want := `mockllm: #2 [other] POST /api/v1/services/aigc/text-generation/generation → 400`; !strings.HasPrefix(h.lines[1], want) {
		t.Errorf("got  %s\nwant %s…", h.lines[1], want)
	}
}

// TestRunTEndsUnderWay breaks off what still runs when a test ends, and tells
// it before the end.
func TestRunTEndsUnderWay(t *testing.T) {
	h := &heard{}
	srv := RunT(h, ScenarioText("[[rule]]\nname = \"dead\"\nfault = \"hang\""))
	answered := make(chan error)
	go func() {
		_, err := srv.Client().Post(srv.URL()+v1Path+"?access_token=x", "application/json", strings.NewReader(hello))
		answered <- err
	}()
	for len(srv.Journal()) == 0 {
		runtime.Gosched()
	}
	h.end()
	if err := <-answered; err == nil {
		t.Error("the call ended well")
	}
	if len(h.lines) != 1 || !strings.Contains(h.lines[0], "fault hang") || h.late > 0 {
		t.Errorf("the test was told %q, %d too late", h.lines, h.late)
	}
}

// TestRunTSilent holds that a benchmark is not drowned and that no method of a
// fuzz test is called while it tries inputs, which would be a panic.
func TestRunTSilent(t *testing.T) {
	b, f := &measured{}, &fuzzed{}
	for _, kind := range []T{b, f} {
		srv := RunT(kind, FailUnmatched(), ScenarioText(throttledOnce))
		post(t, srv.URL()+v1Path+"?access_token=x", hello)
	}
	if len(f.errors) > 0 || len(b.errors) != 1 {
		t.Errorf("before the end, the fuzz test has heard %q and the benchmark %q", f.errors, b.errors)
	}
	b.end()
	f.end()
	if len(b.lines)+len(f.lines) > 0 || len(f.errors) != 1 {
		t.Errorf("got lines %q and %q, errors of the fuzz test %q", b.lines, f.lines, f.errors)
	}
}

// FuzzRunT and TestRunTInBenchmark have RunT meet the real things.
func FuzzRunT(f *testing.F) {
	srv := RunT(f)
	f.Add("hello")
	f.Fuzz(func(t *testing.T, content string) {
		body := fmt.Sprintf(`{"model":"qwen-plus","messages":[{"role":"user","content":%q}]}`, content)
		if status, answer := post(t, srv.URL()+chatPath, body); status >= 500 {
			t.Errorf("%d %s", status, answer)
		}
	})
}

func TestRunTInBenchmark(t *testing.T) {
	result := testing.Benchmark(func(b *testing.B) {
		srv := RunT(b, InMemory())
		if srv.tester.log(&journal.Exchange{}); !srv.tester.silent {
			b.Error("a benchmark is told of each exchange")
		}
	})
	if result.N == 0 {
		t.Error("the benchmark failed")
	}
}

func TestFailUnmatched(t *testing.T) {
	for name, c := range map[string]struct {
		path, body string
		header     []string
		want       []string // Parts of the one failure; none if the test does not fail.
	}{
		"matched": {path: chatPath, body: hello},
		"another model": {
			path: chatPath, body: strings.Replace(hello, "qwen-plus", "deepseek-v3", 1),
			want: []string{
				`no rule matches POST /compatible-mode/v1/chat/completions (dialect dashscope-compatible, operation chat, model "deepseek-v3")`,
				"\n  rule \"throttled\": match.model wants \"qwen-*\", the request has \"deepseek-v3\"\n  rule \"two off\": match.",
				`rule "elsewhere": match.dialect wants "qianfan-v1", the request has "dashscope-compatible"`,
			},
		},
		"no path":         {path: "/v9/chat/completions", body: hello, want: []string{"POST /v9/chat/completions: no such path: ", "did you mean"}},
		"path of nobody":  {path: "/v2/chat/completion", body: hello, want: []string{"no rule can match POST /v2/chat/completion: qianfan-v2 has no such path"}},
		"caller's choice": {path: v1Path + "?access_token=x", body: hello, header: []string{"X-Mockllm-Error", "336003"}},
		"no key":          {path: chatPath, body: strings.Replace(hello, "qwen-plus", "x", 1), header: []string{"Authorization", ""}},
		"refused body":    {path: chatPath, body: "{", want: []string{"no rule matches"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := &heard{}
			srv := RunT(h, FailUnmatched(), ScenarioText(`
				[[rule]]
				name  = "two off"
				match = { model = "glm-*", stream = true }
				reply = {}
				[[rule]]
				name  = "elsewhere"
				match = { dialect = "qianfan-v1", model = "x-*", stream = true }
				reply = {}
				[[rule]]
				name  = "throttled"
				match = { model = "qwen-*" }
				when  = { calls = "9.." }
				error = "Throttling.RateQuota"`))
			post(t, srv.URL()+c.path, c.body, c.header...)
			h.end()
			if failed := len(h.errors) > 0; failed != (c.want != nil) {
				t.Fatalf("the test fails with %q", h.errors)
			}
			for _, part := range c.want {
				if len(h.errors) != 1 || !strings.Contains(h.errors[0], part) {
					t.Errorf("got %q\nwant %q", h.errors, part)
				}
			}
		})
	}
}

// TestFailUnmatchedNearest tells of three rules at most, and of a WebSocket's
// calls but not of its handshake.
func TestFailUnmatchedNearest(t *testing.T) {
	h := &heard{}
	var scenario strings.Builder
	for i := range 5 {
		fmt.Fprintf(&scenario, "[[rule]]\nname = \"r%d\"\nmatch = { dialect = \"dashscope-ws\", model = \"m%d\" }\nreply = {}\n", i, i)
	}
	srv := RunT(h, InMemory(), FailUnmatched(), ScenarioText(scenario.String()))
	dialer := websocket.Dialer{NetDialContext: srv.DialContext}
	conn, resp, err := dialer.DialContext(t.Context(), srv.BaseURL("dashscope-ws"), http.Header{"Authorization": {"Bearer any"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	defer conn.Close()
	if len(h.errors) > 0 {
		t.Errorf("the handshake fails the test: %q", h.errors)
	}
	conn.WriteMessage(websocket.TextMessage, []byte(`{"header":{"action":"run-task","task_id":"01234567-89ab-cdef-0123-456789abcdef","streaming":"duplex"},"payload":{"task_group":"audio","task":"tts","function":"SpeechSynthesizer","model":"cosyvoice-v2","parameters":{"text_type":"PlainText","voice":"longxiaochun_v2"},"input":{}}}`))
	if _, _, err := conn.ReadMessage(); err != nil {
		t.Fatal(err)
	}
	if len(h.errors) != 1 || strings.Count(h.errors[0], "\n") != 3 {
		t.Errorf("got %q, want a failure with three rules", h.errors)
	}
	h.end()
}

func TestFailUnmatchedNeedsTest(t *testing.T) {
	for name, make := range map[string]func(...Option) (*Server, error){"New": New, "Run": Run} {
		if _, err := make(FailUnmatched()); err == nil || !strings.Contains(err.Error(), "RunT") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(InMemory()); err == nil {
		t.Error("New takes InMemory, which it cannot serve")
	}
}

// TestRunEnds lets Run be called by those who have no test, and leaves nothing.
func TestRunEnds(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, options := range [][]Option{nil, {InMemory()}} {
		srv, err := Run(options...)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := srv.Client().Get(srv.BaseURL("qianfan-v2") + "/models")
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if _, err := srv.Client().Get(srv.URL()); err == nil {
			t.Error("a closed server answers")
		}
	}
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines before, %d behind it", before, runtime.NumGoroutine())
		}
		runtime.Gosched()
	}
}

// TestMemoryFaults holds that memory shows the faults that it can, and answers
// the others with our own 501, never with a weaker one.
func TestMemoryFaults(t *testing.T) {
	for fault, status := range map[string]int{
		`fault = "reset"`: http.StatusNotImplemented,
		`fault = { kind = "reset", after_frames = 2 }`: http.StatusNotImplemented,
		`fault = "empty"`:                                 0,
		`fault = "garbage"`:                               0,
		`fault = { kind = "cut", after_frames = 2 }`:      http.StatusOK,
		`fault = { kind = "bad-json", after_frames = 2 }`: http.StatusOK,
	} {
		t.Run(fault, func(t *testing.T) {
			srv := RunT(t, InMemory(), ScenarioText("[[rule]]\nname = \"broken\"\n"+fault))
			body := strings.Replace(hello, "{", `{"stream":true,`, 1)
			req, err := http.NewRequest(http.MethodPost, srv.URL()+chatPath, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer any")
			resp, err := srv.Client().Do(req)
			if got := statusOf(resp); got != status {
				t.Fatalf("status %d, %v; want %d", got, err, status)
			}
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			over, waited := srv.AwaitExchanges(t.Context(), 1)
			if waited != nil {
				t.Fatal(waited)
			}
			if status == http.StatusNotImplemented && !strings.Contains(over[0].Failed, "connection") {
				t.Errorf("the journal says %q", over[0].Failed)
			}
			if cut := strings.Contains(fault, "cut"); cut && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the stream ends with %v", err)
			}
		})
	}
}

func statusOf(resp *http.Response) int {
	if resp == nil {
		return 0
	}
	return resp.StatusCode
}

func TestMemoryConnectionFaults(t *testing.T) {
	for kind, want := range map[string]string{"refuse": "HTTP/1.1 501 ", "close": ""} {
		srv := RunT(t, InMemory(), ScenarioText("[[connection]]\nname = \"x\"\nfault = \""+kind+"\""))
		conn, err := srv.DialContext(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		go fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if kind == "close" {
			conn.SetDeadline(time.Now().Add(10 * time.Second))
		}
		line, _ := bufio.NewReader(conn).ReadString('\n')
		conn.Close()
		if !strings.HasPrefix(line, want) || want == "" && line != "" {
			t.Errorf("%s: got %q", kind, line)
		}
		if j := srv.Journal(); len(j) != 1 || (j[0].Failed != "") != (want != "") {
			t.Errorf("%s: the journal says %+v", kind, j)
		}
	}
}

// TestClientReachesServer lets a client whose addresses cannot be changed come
// to the server.
func TestClientReachesServer(t *testing.T) {
	srv := RunT(t)
	resp, err := srv.Client().Get("http://qianfan.baidubce.com/v2/models")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	srv.WantCalls(t, 1)
	idle, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := idle.Client().Get("http://x/"); err == nil || !strings.Contains(err.Error(), "does not listen yet") {
		t.Errorf("a server without listener: %v", err)
	}
}

func TestAssertions(t *testing.T) {
	srv := RunT(t, ScenarioText(throttledOnce))
	post(t, srv.URL()+chatPath, hello)
	post(t, srv.URL()+chatPath, hello)
	post(t, srv.URL()+"/ns/b"+chatPath, hello)
	h := &heard{}
	srv.WantCalls(h, 2)
	srv.WantError(h, "Throttling.RateQuota", 1)
	srv.WantError(h, "dashscope/model/Throttling.RateQuota", 1)
	srv.WantError(h, "InternalError", 0) // Of both vendors.
	srv.Namespace("b").WantCalls(h, 1)
	srv.Namespace("b").WantError(h, "Throttling.RateQuota", 1)
	if len(h.errors) > 0 {
		t.Errorf("what is so fails: %q", h.errors)
	}
	srv.WantCalls(h, 3)
	srv.WantError(h, "RateQuota", 1)
	srv.Namespace("c").WantCalls(h, 1)
	if len(h.errors) != 3 {
		t.Fatalf("what is not so passes: %q", h.errors)
	}
	for i, want := range []string{
		"mockllm: got 2 calls, want 3; the journal:\n  #1 POST /compatible-mode/v1/chat/completions qwen-plus → 429 ",
		"mockllm: no documented error is called \"RateQuota\"",
		"mockllm: got 0 calls, want 1; the journal: empty",
	} {
		if !strings.HasPrefix(h.errors[i], want) {
			t.Errorf("got  %s\nwant %s…", h.errors[i], want)
		}
	}
	srv.Fail("18", 1) // Qianfan's, whom nobody calls.
	srv.PrintJournal(h, 2)
	if got := h.lines[0]; !strings.Contains(got, `no call has met yet, 1 times: {"error":"18"`) {
		t.Errorf("what waits is printed as %s", got)
	}
	if got := h.lines[0]; strings.Count(got, "#") != 2 || strings.Count(got, "\n      ") < 2 || !strings.Contains(got, "\n      head    200") {
		t.Errorf("the journal with the script of one is printed as %s", got)
	}
}
