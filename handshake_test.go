package mockllm

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/mockllm/mockllm/play"
)

// TestHandshakeRefused refuses clients before there is a WebSocket.
func TestHandshakeRefused(t *testing.T) {
	rule := func(rest string) string { return "[[rule]]\nname = \"r\"\n" + rest }
	asks := func(code string) http.Header {
		return http.Header{"Authorization": anyKey["Authorization"], "X-Mockllm-Error": {code}}
	}
	for name, c := range map[string]struct {
		scenario string
		header   http.Header
		want     string
	}{
		"no key":          {"", nil, `401 {"code":"InvalidApiKey","message":"No API-key provided.","request_id":"`},
		"a wrong key":     {rule(`error = "InvalidApiKey"`), anyKey, `401 {"code":"InvalidApiKey","message":"Invalid API-key provided.","request_id":"`},
		"no access":       {rule("match.dialect = \"dashscope-ws\"\nerror = \"AccessDenied\""), anyKey, `403 {"code":"AccessDenied","message":"Access denied.","request_id":"`},
		"unavailable":     {rule(`error = "ModelUnavailable"`), anyKey, `503 {"code":"ModelUnavailable","message":"Model is unavailable, please try again later.","request_id":"`},
		"by status":       {rule("error = \"Throttling.RateQuota\"\ndelivery = \"status\""), anyKey, `429 {"code":"Throttling.RateQuota",`},
		"by operation":    {rule("match.operation = \"handshake\"\nerror = \"Throttling\""), anyKey, `429 {"code":"Throttling",`},
		"asked for":       {"", asks("InvalidApiKey"), `401 {"code":"InvalidApiKey","message":"Invalid API-key provided.",`},
		"asked wrongly":   {"", asks("InvalidApiKeys"), `400 {"mockllm":{"status":400,"problem":"unknown error"`},
		"written out":     {rule("match.operation = \"handshake\"\nraw = { status = 502, body = \"no\" }"), anyKey, `502 no`},
		"by a gateway":    {rule("match.operation = \"handshake\"\nfault = \"gateway-html\""), anyKey, "502 <html>"},
		"once":            {rule("match.operation = \"handshake\"\nwhen.calls = 2\nraw = { status = 502 }"), anyKey, "101"},
		"about the calls": {rule("match.dialect = \"dashscope-ws\"\nerror = \"Arrearage\""), anyKey, "101"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := RunT(t, ScenarioText(c.scenario))
			_, answer, err := dialSocket(t, srv, inference, c.header)
			if answer == nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(answer.Body)
			got := strings.TrimSpace(fmt.Sprint(answer.StatusCode, " ", string(body)))
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
			if id := answer.Header.Get("X-Request-Id"); strings.Contains(got, "request_id") && !strings.Contains(got, `"request_id":"`+id+`"`) {
				t.Errorf("the header has id %s, the body %s", id, got)
			}
			if entries := len(srv.Journal()); (err == nil) != (entries == 0) {
				t.Errorf("%d exchanges, %v", entries, err)
			}
		})
	}
}

// TestHandshakeFaults breaks connections before there is a WebSocket.
func TestHandshakeFaults(t *testing.T) {
	for fault, want := range map[string]string{"reset": "reset by peer", "empty": "EOF", "garbage": "malformed HTTP"} {
		srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch.operation = \"handshake\"\nfault = \""+fault+"\""))
		if _, _, err := dialSocket(t, srv, inference, anyKey); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", fault, err)
		}
	}
}

// TestHandshakeBytes holds that the answer is the same in each run.
func TestHandshakeBytes(t *testing.T) {
	var first string
	for range 5 {
		srv := RunT(t, WithClock(play.NewManual(goldenTime)))
		conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL(), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(conn, "GET "+inference+" HTTP/1.1\r\nHost: x\r\nAuthorization: bearer k\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		var head []byte
		for one := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, one...) {
			if _, err := conn.Read(one); err != nil {
				t.Fatal(err)
			}
		}
		if first == "" {
			first = string(head)
		}
		if string(head) != first {
			t.Errorf("got %q, first %q", head, first)
		}
	}
	for _, want := range []string{"HTTP/1.1 101 Switching Protocols\r\n", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "\r\nX-Request-ID: "} {
		if !strings.Contains(first, want) {
			t.Errorf("no %q in %q", want, first)
		}
	}
}

// TestSocketOverTLS breaks connections below TLS, on a server of somebody else.
func TestSocketOverTLS(t *testing.T) {
	for fault, want := range map[string]string{
		`"reset"`: "reset", `{ kind = "cut", after_frames = 1 }`: "started begin EOF",
		`{ kind = "split", bytes = 5 }`: oneSentence, `{ kind = "ws-close", code = 1011, after_frames = 1 }`: "started begin closed 1011",
	} {
		s, err := New(ScenarioText("[[rule]]\nname = \"r\"\nmatch = { dialect = \"dashscope-ws\", operation = \"speech\" }\nfault = " + fault))
		if err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewTLSServer(s.Handler())
		dialer := websocket.Dialer{TLSClientConfig: srv.Client().Transport.(*http.Transport).TLSClientConfig}
		conn, _, err := dialer.Dial("wss"+strings.TrimPrefix(srv.URL, "https")+inference, anyKey)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		c := &listener{t: t, conn: conn}
		c.send(runSpeech, continueTask("One sentence."), finishTask)
		if got := c.events(); got != want {
			t.Errorf("%s: %s", fault, got)
		}
		conn.Close()
		s.Close()
		srv.Close()
	}
}

// TestNoConnectionBelow answers our own 501 where there is none to take over.
func TestNoConnectionBelow(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, upgrade())
	if w.Code != http.StatusNotImplemented || !strings.Contains(w.Body.String(), `{"mockllm":`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if e := s.Journal(); len(e) != 1 || e[0].Failed == "" {
		t.Errorf("journal %+v", e)
	}
}

func TestNoHandshake(t *testing.T) {
	srv := RunT(t, ScenarioText(`refusals = "off"`))
	for _, header := range []http.Header{{}, {"Connection": {"upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"12"}}} {
		req, _ := http.NewRequest("GET", srv.URL()+inference, nil)
		req.Header = header
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != 400 || !strings.Contains(string(body), "url error") {
			t.Errorf("%d %s", answer.StatusCode, body)
		}
	}
}

// TestSocketBaseURL dials what the server says.
func TestSocketBaseURL(t *testing.T) {
	srv := RunT(t)
	conn, _, err := websocket.DefaultDialer.Dial(srv.BaseURL("dashscope-ws"), anyKey)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// TestExplainHandshake says what a handshake comes to.
func TestExplainHandshake(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.Explain(t.Context(), upgrade())
	if err != nil || len(x.Script) != 1 || !strings.HasPrefix(x.Script[0].String(), "upgrade") {
		t.Errorf("%v, %v", x.Script, err)
	}
}

// upgrade asks for a WebSocket.
func upgrade() *http.Request {
	req := httptest.NewRequest("GET", inference, nil)
	req.Header = http.Header{"Authorization": anyKey["Authorization"], "Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	return req
}
