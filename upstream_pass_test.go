package mockllm

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"

	"strings"
	"sync"
	"testing"
	"time"
)

// TestUpstreamSeesTheCall holds that the request arrives as it was sent:
// method, path, query, header, body and trailer, without what is said to us.
func TestUpstreamSeesTheCall(t *testing.T) {
	seen := make(chan string, 1)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s %s\nlength %d %v\n", r.Method, r.RequestURI, r.Host, r.ContentLength, r.TransferEncoding)
		r.Header.Write(&b)
		fmt.Fprintf(&b, "\n%s\ntrailer %v", body, r.Trailer)
		seen <- b.String()
		w.Header().Set("Trailer", "X-Sum")
		w.Header()["X-Own"] = []string{"1", "2"}
		w.Header().Set("Connection", "X-Hop")
		w.Header().Set("X-Hop", "of the connection")
		w.WriteHeader(299)
		io.WriteString(w, "done")
		w.Header().Set("X-Sum", "4")
	}))
	defer upstream.Close()
	host := hostOf(t, upstream.URL)
	for name, c := range map[string]struct{ request, want string }{
		"a strange one": {"PATCH /ns/blue/v2/a%2Fb;c/%E4%BD%A0?q=a+b&q=%zz&access_token=24.secret HTTP/1.1\r\nHost: mock\r\nAuthorization: Bearer sk-secret\r\n" +
			"X-Mockllm-Namespace: blue\r\nX-Two: 1\r\nX-Two: 2\r\nConnection: close, X-Mine\r\nX-Mine: hop\r\nProxy-Authorization: Basic x\r\nContent-Length: 3\r\n\r\na\x00b",
			"PATCH /base/v2/a%2Fb;c/%E4%BD%A0?q=a+b&q=%zz&access_token=24.secret " + host + "\nlength 3 []\nAuthorization: Bearer sk-secret\r\nContent-Length: 3\r\nX-Two: 1\r\nX-Two: 2\r\n\na\x00b\ntrailer map[]"},
		"no body":  {"GET /anything? HTTP/1.1\r\nHost: mock\r\nUser-Agent: x\r\nConnection: close\r\n\r\n", "GET /base/anything? " + host + "\nlength 0 []\nUser-Agent: x\r\n\n\ntrailer map[]"},
		"no bytes": {"POST /v2/models HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "POST /base/v2/models " + host + "\nlength 0 []\nContent-Length: 0\r\n\n\ntrailer map[]"},
		"in chunks, with a trailer": {"POST /v2/chat/completions HTTP/1.1\r\nHost: mock\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Check\r\n\r\n2\r\n{}\r\n0\r\nX-Check: 2\r\n\r\n",
			"POST /base/v2/chat/completions " + host + "\nlength -1 [chunked]\n\n{}\ntrailer map[X-Check:[2]]"},
	} {
		t.Run(name, func(t *testing.T) {
			front := inFrontOf(t, upstream.URL+"/base/", "")
			conn, err := net.Dial("tcp", hostOf(t, front.URL()))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, c.request)
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(answer.Body)
			if got := <-seen; got != c.want {
				t.Errorf("upstream sees\n%q\nwant\n%q", got, c.want)
			}
			if err != nil || answer.StatusCode != 299 || string(body) != "done" || answer.Trailer.Get("X-Sum") != "4" ||
				fmt.Sprint(answer.Header["X-Own"]) != "[1 2]" || answer.Header.Get("X-Hop") != "" {
				t.Errorf("%s %v %q %v %v", answer.Status, answer.Header, body, answer.Trailer, err)
			}
		})
	}
}

// TestLargeBodiesPass passes bodies that are longer than what is read of them
// for matching, both ways.
func TestLargeBodiesPass(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
	}))
	defer upstream.Close()
	front := inFrontOf(t, upstream.URL, "")
	body := bytes.Repeat([]byte("0123456789abcdef"), (defaultMaxBody+3<<20)/16)
	answer, err := http.Post(front.URL()+"/v1/files", "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	h := sha256.New()
	n, err := io.Copy(h, answer.Body)
	if want := sha256.Sum256(body); err != nil || n != int64(len(body)) || !bytes.Equal(h.Sum(nil), want[:]) {
		t.Errorf("%d bytes of %d come back (%v)", n, len(body), err)
	}
}

// TestStreamPassesAsItComes holds that no frame waits for the next one.
func TestStreamPassesAsItComes(t *testing.T) {
	for name, rule := range map[string]string{
		"as it is":        "",
		"frame by frame":  "[[rule]]\nname = \"r\"\nlatency = { frame = \"1ns\" }",
		"with an error":   "[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-compatible\"\nerror = \"data_inspection_failed\"\ndelivery = { mode = \"mid-stream\", after_frames = 4 }",
		"cut in the end":  "[[rule]]\nname = \"r\"\nfault = { kind = \"cut\", after_frames = 4 }",
		"cut at some end": "[[rule]]\nname = \"r\"\nfault = { kind = \"cut\", at = \"before-end\" }",
	} {
		t.Run(name, func(t *testing.T) {
			next := make(chan struct{})
			upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
				w.(http.Flusher).Flush()
				for range 3 {
					<-next
					io.WriteString(w, "data: {}\n\n")
					w.(http.Flusher).Flush()
				}
			}))
			defer upstream.Close()
			front := inFrontOf(t, upstream.URL, rule)
			req, _ := http.NewRequest(http.MethodPost, front.URL()+chatPath, strings.NewReader(liveStream))
			answer, err := http.DefaultClient.Do(req) // The header alone has come.
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			lines := bufio.NewReader(answer.Body)
			for range 3 {
				next <- struct{}{}
				if line, err := lines.ReadString('\n'); err != nil || line != "data: {}\n" {
					t.Fatalf("%q %v", line, err)
				}
				lines.ReadString('\n')
			}
		})
	}
}

// TestSocketPasses talks to a WebSocket behind, which hears and says what it
// does without anybody in front.
func TestSocketPasses(t *testing.T) {
	upstream := RunT(t)
	front := inFrontOf(t, upstream.URL(), "")
	var heard []string
	for _, srv := range []*Server{upstream, front} {
		conn := openSocket(t, srv)
		conn.send(runSpeech, continueTask("hello"), finishTask)
		heard = append(heard, conn.events())
		conn.conn.Close()
	}
	if heard[0] != heard[1] || !strings.HasSuffix(heard[1], "finished") {
		t.Errorf("heard %q", heard)
	}
	if _, err := upstream.AwaitExchanges(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	all, err := front.AwaitExchanges(t.Context(), 1)
	if err != nil || len(all) != 1 || all[0].Status != 101 || all[0].Cause != "upstream" || all[0].SentBytes == 0 {
		t.Errorf("%v %+v", err, all)
	}
}

// TestHandshakePassesDamaged has rules strike the handshake of a WebSocket that
// would pass, and refuses those about the calls on it, which nobody sees.
func TestHandshakePassesDamaged(t *testing.T) {
	upstream := RunT(t)
	front := inFrontOf(t, upstream.URL(), "[[rule]]\nname = \"r\"\nmatch.operation = \"handshake\"\nfault = \"reset\"")
	if _, _, err := dialSocket(t, front, inference, anyKey); err == nil || !strings.Contains(err.Error(), "reset by peer") {
		t.Error(err)
	}
	_, err := New(ScenarioText("upstream = \"http://localhost\"\n[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-ws\"\nfault = \"ws-close\"\nfault.code = 1011"))
	if err == nil {
		t.Error("a rule about calls on a WebSocket that passes is taken")
	}
}

// TestSignedCalls refuses calls that are signed for another host, and passes
// those that are signed for the very host.
func TestSignedCalls(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "passed") }))
	defer upstream.Close()
	var log bytes.Buffer
	front := inFrontOf(t, upstream.URL, "", WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if !strings.Contains(log.String(), "signed with bce-auth-v1 cannot pass to another host") {
		t.Errorf("nothing is said when it is loaded: %s", &log)
	}
	for name, c := range map[string]struct {
		host, path, want string
	}{
		"for us":           {"localhost", "/wenxinworkshop/service/list", `502 {"mockllm":{"status":502,"problem":"signed for another host"`},
		"for upstream":     {hostOf(t, upstream.URL), "/wenxinworkshop/service/list", "200 passed"},
		"with a namespace": {hostOf(t, upstream.URL), "/ns/a/wenxinworkshop/service/list", `502 {"mockllm":`},
	} {
		req, _ := http.NewRequest(http.MethodPost, front.URL()+c.path, strings.NewReader("{}"))
		req.Host = c.host
		req.Header.Set("Authorization", "bce-auth-v1/ak/2026-05-28T08:00:00Z/1800/host/0123")
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if got := fmt.Sprint(answer.StatusCode, " ", string(body)); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestPerDialect sends each dialect where it belongs, and answers here what has
// no upstream.
func TestPerDialect(t *testing.T) {
	named := func(name string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, name) }))
		t.Cleanup(s.Close)
		return s.URL
	}
	front := RunT(t, ScenarioText(fmt.Sprintf("[upstream]\ndashscope = %q\ndashscope-native = { url = %q }", named("dashscope"), named("native"))))
	for path, want := range map[string]string{
		chatPath:                        "dashscope",
		nativePath:                      "native",
		"/api-ws/v1/nothing":            "native", // It is DashScope's, and no WebSocket.
		v1Path + "?access_token=24.any": `{"id":"as-`,
		"/nothing":                      `{"mockllm":{"status":404`,
	} {
		if _, body := post(t, front.URL()+path, `{"model":"qwen-plus","messages":[{"role":"user","content":"hi"}]}`); !strings.HasPrefix(body, want) {
			t.Errorf("%s: %s", path, body)
		}
	}
}

// TestBeforeUpstream holds what comes before: the caller's choice, one-shots,
// rules and limits. Whether a caller is let in is upstream's to say.
func TestBeforeUpstream(t *testing.T) {
	var mu sync.Mutex
	calls := 0
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		io.WriteString(w, "upstream")
	}))
	defer upstream.Close()
	front := inFrontOf(t, upstream.URL, "[[limit]]\nmatch.model = \"qwen-max\"\ntotal = 1\n[[rule]]\nname = \"busy\"\nmatch.dialect = \"dashscope-compatible\"\nwhen.calls = 4\nerror = \"Throttling\"")
	if _, err := front.Admin().Throw(t.Context(), "", []byte(`{"match":{"dialect":"dashscope-compatible"},"raw":{"status":418}}`)); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		body, header, want string
	}{
		{hello, "", "418 "},
		{"no JSON", "", "200 upstream"},
		{hello, "Arrearage", "400 "},
		{`{"model":"qwen-max"}`, "", "200 upstream"},
		{`{"model":"qwen-max"}`, "", "429 "},
		{hello, "", "429 "},
		{hello, "", "200 upstream"},
	} {
		req, _ := http.NewRequest(http.MethodPost, front.URL()+chatPath, strings.NewReader(c.body)) // Without any key.
		if c.header != "" {
			req.Header.Set("X-Mockllm-Error", c.header)
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if got := fmt.Sprint(answer.StatusCode, " ", string(body)); !strings.HasPrefix(got, c.want) {
			t.Errorf("call %d: %s, want %s", i+1, got, c.want)
		}
	}
	if calls != 3 {
		t.Errorf("upstream was asked %d times", calls)
	}
}

// TestCannotBeDone answers loudly what cannot be done to an answer from
// upstream, and never does something weaker.
func TestCannotBeDone(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		if r.URL.Query().Get("zip") != "" {
			w.Header().Set("Content-Encoding", "br")
		}
		io.WriteString(w, "data: {}\n\n")
	}))
	defer upstream.Close()
	rule := func(rest string) string { return "[[rule]]\nname = \"r\"\nmatch.operation = \"chat\"\n" + rest }
	for rest, path := range map[string]string{
		"fault = \"truncate\"":                       chatPath,
		"fault = \"cut\"\nmatch.stream = true":       chatPath + "?zip=1",
		"fault = \"gzip-cut\"\nmatch.stream = false": chatPath,
	} {
		front := inFrontOf(t, upstream.URL, rule(rest))
		body := hello
		if strings.Contains(rest, "cut\"\nmatch.stream = true") {
			body = liveStream
		}
		if status, body := post(t, front.URL()+path, body); status != 501 || !strings.Contains(body, `"cannot be done upstream"`) {
			t.Errorf("%s: %d %s", rest, status, body)
		}
		if e := onlyExchange(t, front); e.Upstream.Status != 200 || !strings.HasPrefix(e.Problem, "cannot be done upstream") {
			t.Errorf("%s: the journal says %+v %+v", rest, e, e.Upstream)
		}
	}
	if _, err := New(ScenarioText("upstream = \"http://localhost\"\n" + rule("latency.tokens_per_second = 10"))); err == nil {
		t.Error("tokens per second of real answers are taken")
	}
}

// TestUpstreamInJournal holds what the journal shows of what came from
// upstream, secrets redacted, and how explain tells it.
func TestUpstreamInJournal(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Set-Cookie", "session=0123456789abcdef")
		w.Header().Set("Retry-After", "7")
		io.WriteString(w, "data: {\"access_token\":\"24.0123456789abcdef\"}\n\n: a comment\n\ndata: {\"a\":1}\n\n")
	}))
	defer upstream.Close()
	front := inFrontOf(t, upstream.URL, "[[rule]]\nname = \"slow\"\nlatency = \"1ns\"")
	post(t, front.URL()+chatPath, liveStream)
	e := onlyExchange(t, front)
	up := e.Upstream
	if up == nil || up.URL != upstream.URL || up.Status != 200 || up.Bytes != 74 || up.Frames != 2 || up.Failed != "" || up.FirstByte <= 0 {
		t.Errorf("upstream %+v", up)
	}
	text := fmt.Sprintf("%+v", e)
	if strings.Contains(text, "0123456789abcdef") || !strings.Contains(e.AnswerBody, `data: {"a":1}`) || e.RetryAfter != 7*time.Second {
		t.Errorf("the journal says %s", text)
	}
	if last := e.Script[len(e.Script)-2]; !strings.HasPrefix(last, "copy    2 frames, 74 bytes from upstream \"data: ") {
		t.Errorf("script %q", e.Script)
	}
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, front.URL()+chatPath, strings.NewReader(liveStream))
	x, err := front.Explain(t.Context(), req)
	if err != nil || x.Upstream != upstream.URL || len(x.Script) != 4 || x.Script[1].String() != "head    as it comes from upstream" ||
		x.Script[2].String() != "copy    all that comes from upstream" {
		t.Errorf("%v %v", err, x.Script)
	}
}

// TestUpstreamUnderTLS checks the certificate unless it is told not to.
func TestUpstreamUnderTLS(t *testing.T) {
	upstream := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	upstream.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	defer upstream.Close()
	if status, body := post(t, inFrontOf(t, upstream.URL, "").URL()+chatPath, hello); status != 502 || !strings.Contains(body, "certificate") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := post(t, inFrontOf(t, upstream.URL, "tls_verify = false").URL()+chatPath, hello); status != 200 || body != "HTTP/1.1" {
		t.Errorf("%d %s", status, body)
	}
}
