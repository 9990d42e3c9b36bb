package mockllm

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
)

// symptom is what a fault looks like to clients. It is a contract: the same
// words that other tools use for faults must mean the same here.
type symptom struct {
	name   string
	fault  string // The rule's outcome.
	stream bool
	goErr  string // What Go's client says: a word of symptomOf.
	curl   int    // curl's exit code.
}

// symptoms is the contract. Reset, empty, bad chunk, garbage and truncation are
// those of WireMock and Toxiproxy, as their users know them.
var symptoms = []symptom{
	{"none", `reply = {}`, false, "ok", 0},
	{"none, stream", `reply = {}`, true, "ok", 0},
	{"reset", `fault = "reset"`, false, "reset", 56},
	{"reset, stream", `fault = "reset"`, true, "reset", 56},
	{"reset after the header", `fault = { kind = "reset", at = "after-headers" }`, false, "200 then reset", 56},
	{"reset after two frames", `fault = { kind = "reset", after_frames = 2 }`, true, "200 then reset", 56},
	{"empty", `fault = "empty"`, false, "eof", 52},
	{"garbage", `fault = "garbage"`, false, "malformed", 1},
	{"cut", `fault = { kind = "cut", after_frames = 2 }`, true, "200 then unexpected eof", 18},
	{"early end", `fault = "early-end"`, true, "ok", 0},
	{"truncate", `fault = "truncate"`, false, "200 then unexpected eof", 18},
	{"bad chunk", `fault = { kind = "bad-chunk", after_frames = 2 }`, true, "200 then bad chunk", 56},
	{"bad JSON", `fault = "bad-json"`, false, "ok", 0},
	{"bad SSE", `fault = "bad-sse"`, true, "ok", 0},
	{"drop done", `fault = "drop-done"`, true, "ok", 0},
	{"duplicate", `fault = "duplicate"`, true, "ok", 0},
	{"reorder", `fault = "reorder"`, true, "ok", 0},
	{"split", `fault = "split"`, true, "ok", 0},
	{"wrong length", `fault = "wrong-length"`, false, "200 then unexpected eof", 18},
	{"wrong type", `fault = "wrong-type"`, false, "ok", 0},
	{"empty body", `fault = "empty-body"`, false, "ok", 0},
	{"gateway page", `fault = "gateway-html"`, false, "ok", 0},
	{"gzip cut", `fault = "gzip-cut"`, false, "200 then unexpected eof", 0},
	{"idle close", `fault = "idle-close"`, false, "ok", 0},
	{"stall", `fault = { kind = "stall", for = "30ms" }`, false, "200 then unexpected eof", 18},
	{"hang", `fault = { kind = "hang", for = "30ms" }`, false, "eof", 52},
	{"mid-stream, cut", "error = \"DataInspectionFailed\"\ndelivery = \"mid-stream\"\nfault = { kind = \"cut\", after_frames = 3 }", true, "200 then unexpected eof", 18},
}

// scenario lets one call pass before the fault, so that it can strike a reused
// connection.
func (s symptom) scenario() string {
	match := fmt.Sprintf("match = { stream = %t }\n", s.stream)
	return "[[rule]]\nname = \"fault\"\n" + match + "when = { calls = \"2..\" }\n" + s.fault + "\n"
}

func (s symptom) body() string {
	if s.stream {
		return strings.Replace(hello, "{", `{"stream":true,`, 1)
	}
	return hello
}

// TestSymptoms drives Go's client into every fault: plain and under TLS, on a
// fresh connection and on one that was used before, with a small body and one
// of which the fault leaves most unread.
func TestSymptoms(t *testing.T) {
	for _, s := range symptoms {
		for _, secure := range []bool{false, true} {
			for _, reused := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/tls=%t/reused=%t", s.name, secure, reused), func(t *testing.T) {
					t.Parallel()
					srv, client := start(t, s.scenario(), secure)
					client.Transport.(*http.Transport).DisableKeepAlives = !reused
					if got := callOnce(client, srv.URL()+chatPath, s.body()); got != "ok" {
						t.Fatalf("the call before the fault: %s", got)
					}
					if got := callOnce(client, srv.URL()+chatPath, s.body()); got != s.goErr {
						t.Errorf("got %q, want %q", got, s.goErr)
					}
				})
			}
		}
	}
}

// start runs a server and a client that trusts it and never retries.
func start(t *testing.T, scenario string, secure bool) (*Server, *http.Client) {
	t.Helper()
	transport := &http.Transport{}
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	t.Cleanup(client.CloseIdleConnections)
	if !secure {
		return RunT(t, ScenarioText(scenario)), client
	}
	certificate, err := NewCertificate(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(certificate.CA)
	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	srv, err := New(ScenarioText(scenario))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv.setURL("https://" + l.Addr().String())
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.ServeTLS(l, certificate.TLS)
	}()
	t.Cleanup(func() {
		srv.Close()
		<-done
	})
	return srv, client
}

// callOnce makes a call whose body cannot be sent again, so that Go's client
// does not retry it by itself, and says how it ended.
func callOnce(client *http.Client, url, body string) string {
	req, err := http.NewRequest(http.MethodPost, url, io.MultiReader(strings.NewReader(body)))
	if err != nil {
		return err.Error()
	}
	req.ContentLength = int64(len(body))
	req.Header.Set("Authorization", "Bearer k")
	answer, err := client.Do(req)
	if err != nil {
		return symptomOf(err)
	}
	defer answer.Body.Close()
	if _, err = io.Copy(io.Discard, answer.Body); err != nil {
		return fmt.Sprintf("%d then %s", answer.StatusCode, symptomOf(err))
	}
	return "ok"
}

func symptomOf(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "unexpected eof"
	case errors.Is(err, io.EOF), strings.Contains(err.Error(), "server closed idle connection"):
		return "eof"
	case strings.Contains(err.Error(), "malformed HTTP"):
		return "malformed"
	case strings.Contains(err.Error(), "invalid byte in chunk length"):
		return "bad chunk"
	default:
		return err.Error()
	}
}

// TestSymptomsOfCurl looks at the same faults through curl's exit codes.
func TestSymptomsOfCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("NOTE: there is no curl, so its exit codes are not tested")
	}
	for _, s := range symptoms {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			srv := RunT(t, ScenarioText(strings.Replace(s.scenario(), `"2.."`, `"1.."`, 1)))
			err := exec.Command(curl, "-sN", "-m", "20", "-o", os.DevNull, "-H", "Authorization: Bearer k", "-d", s.body(), srv.URL()+chatPath).Run()
			code := 0
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != s.curl {
				t.Errorf("curl exits %d, want %d", code, s.curl)
			}
		})
	}
}

// TestFinStaysFin sends much more than a fault reads: the end of the
// connection must still be a FIN, although unread bytes turn a close into a RST.
func TestFinStaysFin(t *testing.T) {
	for _, fault := range []string{`"empty"`, `"garbage"`, `"truncate"`, `{ kind = "hang", for = "10ms" }`, `"wrong-length"`} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nfault = "+fault))
			conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL(), "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			body := hello + strings.Repeat(" ", 100_000)
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: %d\r\n\r\n%s", chatPath, len(body), body)
			// A second request that nobody will read.
			conn.Write([]byte(strings.Repeat("x", 200_000)))
			if _, err := io.ReadAll(conn); err != nil {
				t.Errorf("the connection ends with %v, want a FIN", err)
			}
		})
	}
}

// TestConnectionFaults strikes before any byte of a request is read, and lets
// later connections be.
func TestConnectionFaults(t *testing.T) {
	for kind, want := range map[string]string{`"refuse"`: "reset", `"close"`: "eof", `{ kind = "stall", for = "20ms" }`: "eof"} {
		t.Run(kind, func(t *testing.T) {
			srv, client := start(t, "[[connection]]\nname = \"first two\"\nwhen = { calls = \"1..2\" }\nfault = "+kind, false)
			client.Transport.(*http.Transport).DisableKeepAlives = true
			for i := range 2 {
				if got := readOnce(t, srv); got != want {
					t.Errorf("connection %d: got %q, want %q", i+1, got, want)
				}
			}
			for range 2 {
				if got := callOnce(client, srv.URL()+chatPath, hello); got != "ok" {
					t.Errorf("behind them: got %q", got)
				}
			}
			j := srv.Journal()
			if len(j) != 4 || j[0].Cause != "connection" || j[0].Rules[0].Rule != "first two" || j[3].Cause != "success" {
				t.Errorf("journal: %+v", j)
			}
		})
	}
}

// TestConnectionFaultOfAnotherScenario waits by the scenario that is followed
// now, not by the one with which the server began to listen.
func TestConnectionFaultOfAnotherScenario(t *testing.T) {
	clock := play.NewManual(time.Unix(1_779_955_200, 0))
	srv := RunT(t, WithClock(clock))
	if err := srv.Follow(mustLoad(t, "speed = 1000\nscale_wire = true\n[[connection]]\nname = \"slow\"\nfault = { kind = \"stall\", for = \"1000s\" }\n")); err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 1)
	go func() { ended <- readOnce(t, srv) }()
	if err := clock.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Second)
	select {
	case got := <-ended:
		if got != "eof" {
			t.Error(got)
		}
	case <-time.After(10 * time.Second):
		t.Error("the connection stalls on")
	}
}

// readOnce reads from a new connection, without a word: a client that writes
// would race with the server's end.
func readOnce(t *testing.T, srv *Server) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL(), "http://"))
	if err == nil {
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1))
	}
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case errors.Is(err, io.EOF):
		return "eof"
	default:
		return fmt.Sprint(err)
	}
}

// TestStickyRules holds after firing once, for whom it fired, until released.
func TestStickyRules(t *testing.T) {
	srv := RunT(t, ScenarioText(`
		[[rule]]
		name   = "poisoned"
		match  = { prompt = "bad word" }
		sticky = "content"
		error  = "DataInspectionFailed"

		[[rule]]
		name   = "wall"
		match  = { key = "sk-poor*" }
		when   = { calls = 2 }
		sticky = "key"
		error  = "Arrearage"`))
	say := func(key string, turns ...string) int {
		var messages []string
		for i, text := range turns {
			messages = append(messages, fmt.Sprintf(`{"role":%q,"content":%q}`, []string{"user", "assistant"}[i%2], text))
		}
		status, _ := post(t, srv.URL()+chatPath, `{"model":"qwen-plus","messages":[`+strings.Join(messages, ",")+`]}`, "Authorization", "Bearer "+key)
		return status
	}
	for i, c := range []struct {
		want  int
		key   string
		turns []string
	}{
		{200, "k", []string{"hi"}},
		{400, "k", []string{"a bad word"}},
		{400, "k", []string{"a bad word", "sorry", "and now?"}}, // The turn is still in the history.
		{200, "k", []string{"and now?"}},                        // The client has dropped it.
		{200, "sk-poor-1", []string{"a"}},
		{400, "sk-poor-1", []string{"b"}},
		{400, "sk-poor-1", []string{"c"}},
		{200, "k", []string{"d"}},
	} {
		if got := say(c.key, c.turns...); got != c.want {
			t.Errorf("call %d: status %d, want %d", i+1, got, c.want)
		}
	}
	if err := srv.Admin().Release(t.Context(), "", "wall"); err != nil {
		t.Fatal(err)
	}
	if got := say("sk-poor-1", "e"); got != 200 {
		t.Errorf("after the release: status %d, want 200", got)
	}
	if err := srv.Admin().Release(t.Context(), "", "wal"); err == nil || !strings.Contains(err.Error(), `did you mean "wall"?`) {
		t.Errorf("releasing an unknown rule: %v", err)
	}
}

// TestNothingLeaks makes a thousand calls that are aborted, hung or reset, and
// finds goroutines and descriptors back where they were.
func TestNothingLeaks(t *testing.T) {
	srv := RunT(t, ScenarioText(`
		[[rule]]
		name  = "one of four"
		then  = "loop"
		step  = [ { fault = "reset" }, { fault = "hang" }, { fault = { kind = "stall", keep_alive = "1ms" } }, { fault = "cut" } ]`))
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors(t)
	limit := make(chan struct{}, 50)
	done := make(chan struct{}, 1000)
	for range 1000 {
		limit <- struct{}{}
		go func() {
			defer func() { <-limit; done <- struct{}{} }()
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			req, _ := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL()+chatPath, strings.NewReader(strings.Replace(hello, "{", `{"stream":true,`, 1)))
			req.Header.Set("Authorization", "Bearer k")
			if answer, err := client.Do(req); err == nil {
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		}()
	}
	for range 1000 {
		<-done
	}
	settle(t, "goroutines", goroutines, runtime.NumGoroutine)
	settle(t, "descriptors", descriptors, func() int { return openDescriptors(t) })
	left := 0
	for _, e := range srv.Journal() {
		if e.Failed != "" {
			t.Fatalf("an exchange failed on our side: %+v", e)
		}
		if e.ClientLeft {
			left++
		}
	}
	if left == 0 {
		t.Error("no exchange says that its client left")
	}
}

// settle waits until a count is back near where it was.
func settle(t *testing.T, what string, before int, now func() int) {
	t.Helper()
	const slack = 5
	for deadline := time.Now().Add(15 * time.Second); now() > before+slack; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			var stacks bytes.Buffer
			buf := make([]byte, 1<<20)
			stacks.Write(buf[:runtime.Stack(buf, true)])
			t.Fatalf("%d %s, %d before\n%.8000s", now(), what, before, stacks.String())
		}
	}
}

func openDescriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("NOTE: descriptors cannot be counted here: %v", err)
	}
	return len(entries)
}

// TestShutdownEndsHangs closes a server under hung calls: they end within the
// bound, and the journal blames the server.
func TestShutdownEndsHangs(t *testing.T) {
	for _, fault := range []string{`"hang"`, `{ kind = "stall", after_frames = 1 }`} {
		srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch = { stream = true }\nfault = "+fault))
		ended := make(chan string, 1)
		go func() {
			ended <- callOnce(&http.Client{}, srv.URL()+chatPath, strings.Replace(hello, "{", `{"stream":true,`, 1))
		}()
		for len(srv.Journal()) == 0 {
			runtime.Gosched()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		srv.Shutdown(ctx)
		cancel()
		if got := <-ended; got == "ok" {
			t.Errorf("%s: the call succeeded", fault)
		}
		var e journal.Exchange = srv.Journal()[0]
		if !e.Done || e.ClientLeft || e.Failed == "" {
			t.Errorf("%s: journal %+v", fault, e)
		}
	}
}
