package mockllm

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// bareUpstream answers every connection with what the function does to it, once
// a call came on it.
func bareUpstream(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	return bareListener(t, func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			answer(conn)
		}
	})
}

// bareListener has the function do all that is done to every connection.
func bareListener(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// says writes a text and ends the connection.
func says(text string) func(net.Conn) {
	return func(conn net.Conn) { io.WriteString(conn, text) }
}

// abort ends a connection with a RST.
func abort(conn net.Conn) { conn.(*net.TCPConn).SetLinger(0) }

const (
	okHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	sse    = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)

// TestUpstreamThatFails passes calls to servers that are slow, die or lie about
// their length: the client sees what a client of theirs would see or, before
// anything was sent, a problem of ours; the journal says which.
func TestUpstreamThatFails(t *testing.T) {
	for name, c := range map[string]struct {
		upstream func(net.Conn)
		status   int    // 0 if no answer comes.
		body     string // How it begins.
		broken   bool   // Whether the client sees that it is broken off.
		failed   string // What the journal says of upstream.
		problem  string // And of us.
	}{
		"whole":            {says(okHead + "Content-Length: 2\r\n\r\n{}"), 200, "{}", false, "", ""},
		"until close":      {says(okHead + "\r\n{\"a\":1}"), 200, `{"a":1}`, false, "", ""},
		"an old protocol":  {says("HTTP/1.0 200 OK\r\n\r\nold"), 200, "old", false, "", ""},
		"too short":        {says(okHead + "Content-Length: 20\r\n\r\n{\"a\""), 200, `{"a"`, true, "unexpected EOF", ""},
		"too long":         {says(okHead + "Content-Length: 2\r\n\r\n{}{}{}"), 200, "{}", false, "", ""},
		"dies in a stream": {says(sse + "11\r\ndata: {\"a\":1}\n\nda\r\n"), 200, "data: {\"a\":1}\n\nda", true, "unexpected EOF", ""},
		"bad chunk":        {says(sse + "11\r\ndata: {\"a\":1}\n\nda\r\nzz\r\n"), 200, "data: {\"a\":1}\n\nda", true, "invalid byte in chunk length", ""},
		"resets a stream":  {nil, 200, "data: {\"a\":1}\n\nda", true, "reset by peer", ""},
		"nothing":          {func(net.Conn) {}, 502, `{"mockllm":{"status":502,"problem":"upstream failed","detail":"EOF"}}`, false, "EOF", "upstream failed: EOF"},
		"a reset":          {abort, 502, `{"mockllm":{"status":502,"problem":"upstream failed","detail":"`, false, "reset by peer", "upstream failed"},
		"no HTTP":          {says("SSH-2.0-OpenSSH\r\n\r\n"), 502, `{"mockllm":{"status":502,"problem":"upstream failed"`, false, "malformed HTTP", "upstream failed"},
		"no status":        {says("HTTP/1.1 000 Odd\r\nContent-Length: 2\r\n\r\n{}"), 502, `{"mockllm":{"status":502,"problem":"upstream failed","detail":"000 is no status that ends an exchange"}}`, false, "000 is no status", "upstream failed"},
		"a low status":     {says("HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\n{}"), 502, `{"mockllm":{"status":502,"problem":"upstream failed","detail":"099 is no status`, false, "099 is no status", "upstream failed"},
		"unasked upgrade":  {says("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello"), 502, `{"mockllm":{"status":502,"problem":"upstream failed","detail":"it changes the protocol to \"websocket\", and was asked for \"\""}}`, false, "it changes the protocol", "upstream failed"},
		"a huge header":    {says(okHead + "A: " + strings.Repeat("a", 300<<10) + "\r\n\r\n"), 502, `{"mockllm":`, false, "exceeded", "upstream failed"},
		"too slow":         {func(conn net.Conn) { conn.Read(make([]byte, 1)) }, 504, `{"mockllm":{"status":504,"problem":"upstream too slow","detail":"no header came in time, which is 100ms"}}`, false, "no header came in time", "upstream too slow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			upstream := c.upstream
			if name == "resets a stream" {
				upstream = func(conn net.Conn) {
					io.WriteString(conn, sse+"11\r\ndata: {\"a\":1}\n\nda\r\n")
					<-release
					abort(conn)
				}
			}
			timeout := "20s"
			if c.status == 504 {
				timeout = "100ms"
			}
			front := inFrontOf(t, bareUpstream(t, upstream), "timeout = \""+timeout+"\"")
			answer, err := http.Post(front.URL()+chatPath, "application/json", strings.NewReader(hello))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			got := make([]byte, len(c.body))
			io.ReadFull(answer.Body, got)
			close(release)
			_, err = io.Copy(io.Discard, answer.Body)
			if answer.StatusCode != c.status || string(got) != c.body || (err != nil) != c.broken {
				t.Errorf("%s %q %v", answer.Status, got, err)
			}
			if c.broken && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("broken off with %v", err)
			}
			front.AwaitExchanges(t.Context(), 1)
			e := onlyExchange(t, front)
			if e.Upstream == nil || !strings.Contains(e.Upstream.Failed, c.failed) || (e.Upstream.Failed == "") != (c.failed == "") ||
				!strings.HasPrefix(e.Problem, c.problem) || (e.Failed != "") != c.broken || e.ClientLeft || e.Cause != "upstream" {
				t.Errorf("the journal says %+v, upstream %+v", e, e.Upstream)
			}
		})
	}
}

// TestUpstreamDiesBeforeDamage holds that an answer that was to be damaged as a
// whole, and never came as a whole, is a problem of ours: nothing was sent yet.
func TestUpstreamDiesBeforeDamage(t *testing.T) {
	front := inFrontOf(t, bareUpstream(t, says(okHead+"Content-Length: 20\r\n\r\n{\"a\"")), "[[rule]]\nname = \"r\"\nmatch.operation = \"chat\"\nfault = \"truncate\"")
	if status, body := post(t, front.URL()+chatPath, hello); status != 502 || !strings.Contains(body, `"upstream failed"`) {
		t.Errorf("%d %s", status, body)
	}
	if up := onlyExchange(t, front).Upstream; up.Status != 200 || up.Bytes != 4 || !strings.Contains(up.Failed, "unexpected EOF") {
		t.Errorf("the journal says %+v", up)
	}
}

// TestUpstreamErrorIsKnown holds that the journal names the documented error
// that upstream answered with, and what may be expected of it.
func TestUpstreamErrorIsKnown(t *testing.T) {
	upstream := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-compatible\"\nerror = \"Arrearage\""))
	front := inFrontOf(t, upstream.URL(), "")
	post(t, front.URL()+chatPath, hello)
	front.AwaitExchanges(t.Context(), 1)
	upstream.AwaitExchanges(t.Context(), 1)
	if got, want := onlyExchange(t, front), onlyExchange(t, upstream); got.Error != want.Error || got.Retry != want.Retry || got.Error == "" {
		t.Errorf("the journal says %s, %s", got.Error, got.Retry)
	}
}

// TestUpstreamGone passes a call to where nobody listens.
func TestUpstreamGone(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	front := inFrontOf(t, "http://"+l.Addr().String(), "")
	if status, body := post(t, front.URL()+chatPath, hello); status != 502 || !strings.Contains(body, "connection refused") {
		t.Errorf("%d %s", status, body)
	}
}

// TestUpstreamIsItself refuses to ask itself again and again.
func TestUpstreamIsItself(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := New(ScenarioText("upstream = \"http://" + l.Addr().String() + "\""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	go srv.Serve(l)
	if status, body := post(t, "http://"+l.Addr().String()+chatPath, hello); status != 502 || !strings.Contains(body, "this server's own") {
		t.Errorf("%d %s", status, body)
	}
}

// TestRingOfTwo ends a call that two servers pass to one another, and serves
// the next one, also if each puts a path in front.
func TestRingOfTwo(t *testing.T) {
	for _, base := range []string{"", "/base"} {
		t.Run("base "+base, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			second := inFrontOf(t, "http://"+l.Addr().String()+base, "")
			first, err := New(ScenarioText("upstream = \"" + second.URL() + base + base + "\""))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { first.Close() })
			first.upstream.waiting.most = 10
			go first.Serve(l)
			for range 2 {
				if status, body := post(t, "http://"+l.Addr().String()+chatPath, hello); status != 508 || !strings.Contains(body, "10 equal calls wait for upstream") {
					t.Errorf("%d %s", status, body)
				}
			}
			first.upstream.waiting.mu.Lock()
			defer first.upstream.waiting.mu.Unlock()
			if n := len(first.upstream.waiting.calls); n != 0 {
				t.Errorf("%d calls still wait", n)
			}
		})
	}
}

// TestHugeLength holds that a length beyond what 32 bits hold passes as it was
// declared, true or not.
func TestHugeLength(t *testing.T) {
	front := inFrontOf(t, bareUpstream(t, says(okHead+"Content-Length: 5000000000\r\n\r\n{}")), "")
	answer, err := http.Post(front.URL()+chatPath, "application/json", strings.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.ContentLength != 5_000_000_000 || string(body) != "{}" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%d %q %v", answer.ContentLength, body, err)
	}
}

// TestClientLeavesUpstream lets go of upstream when the client does.
func TestClientLeavesUpstream(t *testing.T) {
	for _, at := range []string{"before the header", "in the body"} {
		t.Run(at, func(t *testing.T) {
			asked, gone := make(chan struct{}), make(chan error, 1)
			front := inFrontOf(t, bareUpstream(t, func(conn net.Conn) {
				if at == "in the body" {
					io.WriteString(conn, sse+"b\r\ndata: {}\n\n:\r\n")
				}
				close(asked)
				_, err := conn.Read(make([]byte, 1))
				gone <- err
			}), "[[rule]]\nname = \"r\"\nlatency = \"1ns\"")
			conn, err := net.Dial("tcp", hostOf(t, front.URL()))
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(conn, "GET "+chatPath+" HTTP/1.1\r\nHost: x\r\n\r\n")
			<-asked
			conn.Close()
			if err := <-gone; err == nil {
				t.Error("upstream was sent something")
			}
			front.AwaitExchanges(t.Context(), 1)
			if e := onlyExchange(t, front); !e.ClientLeft || e.Failed != "" || e.Upstream.Failed != "" {
				t.Errorf("%+v, upstream %+v", e, e.Upstream)
			}
		})
	}
}

// TestCloseUpstream ends calls that wait for upstream when the server closes.
func TestCloseUpstream(t *testing.T) {
	asked := make(chan struct{})
	front := inFrontOf(t, bareUpstream(t, func(conn net.Conn) {
		close(asked)
		conn.Read(make([]byte, 1))
	}), "")
	over := make(chan error, 1)
	go func() {
		_, err := http.Post(front.URL()+chatPath, "application/json", strings.NewReader(hello))
		over <- err
	}()
	<-asked
	front.Close()
	if err := <-over; err == nil {
		t.Error("the client got an answer")
	}
	if e := onlyExchange(t, front); e.Failed != "the server closed" || e.ClientLeft || e.Upstream.Failed != "" {
		t.Errorf("%+v, upstream %+v", e, e.Upstream)
	}
}
