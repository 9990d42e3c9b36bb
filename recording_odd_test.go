package mockllm

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/recordings"
)

// TestOddAnswerIsLeftOut holds that an answer that no scenario can say is left
// out and counted, and costs no other its place.
func TestOddAnswerIsLeftOut(t *testing.T) {
	for name, c := range map[string]struct{ answer, why string }{
		"a status":    {"HTTP/1.1 600 Odd\r\nContent-Length: 2\r\n\r\n{}", "what no scenario can say"},
		"many frames": {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + strings.Repeat("a\n\n", 10_001), "what no scenario can say"},
		"a header":    {"HTTP/1.1 200 OK\r\nX Y: 1\r\nContent-Length: 2\r\n\r\n{}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var odd atomic.Bool
			upstream := bareUpstream(t, func(conn net.Conn) {
				if odd.Load() {
					io.WriteString(conn, c.answer)
					return
				}
				io.WriteString(conn, okHead+"Connection: close\r\nContent-Length: 2\r\n\r\n{}")
			})
			r := recorded(t, upstream, func(front *Server) {
				post(t, front.URL()+chatPath, `{"n":1}`)
				odd.Store(true)
				post(t, front.URL()+chatPath, `{"n":2}`)
			})
			want := map[string]int{}
			if c.why != "" {
				want[c.why] = 1
			}
			if fmt.Sprint(r.Skipped) != fmt.Sprint(want) || r.Takes != 2-len(want) {
				t.Errorf("%d exchanges, skipped %v", r.Takes, r.Skipped)
			}
		})
	}
}

// FuzzRecording holds that whatever an upstream answers, its recording is a
// scenario that answers the same bytes.
func FuzzRecording(f *testing.F) {
	f.Add("text/event-stream", "X-A", "b", []byte("data: {\"a\":\"\\u0000\"}\r\n\r\n: c\n\ndata\n\nrest"), []byte(`{"stream":true}`))
	f.Add("application/json", "Retry-After", "\t1 \x80é", []byte("\x00\x1b\"'''\\\u007f\u0085\ufeff\U0001f642\r\n\t\"\"\""), []byte("\x00\xff"))
	f.Add("text/event-stream", "Server", "", []byte("\xff\xfe\n\n"), []byte(`{"model":"`+"\\u007f\x7f"+`","stream":true}`))
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	io.WriteString(z, threeFrames)
	z.Close()
	f.Add("text/event-stream", "Content-Encoding", "gzip", zipped.Bytes(), []byte(liveStream))
	f.Add("text/event-stream", "Content-Encoding", "gzip", []byte(threeFrames), []byte(liveStream))
	var kind, name, value string
	var body []byte
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header()[name] = []string{value}
		w.Header()["Content-Type"] = []string{kind}
		w.Write(body)
	}))
	f.Cleanup(upstream.Close)
	call := func(h http.Handler, asked []byte) (int, []byte) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, chatPath, bytes.NewReader(asked)))
		return w.Code, w.Body.Bytes()
	}
	f.Fuzz(func(t *testing.T, k, n, v string, answer, asked []byte) {
		kind, name, value, body = k, http.CanonicalHeaderKey(n), v, answer
		recorder := recordings.NewRecorder()
		front, err := New(ScenarioText("upstream = \""+upstream.URL+"\""), WithRecorder(recorder), WithClock(newWound()))
		if err != nil {
			t.Fatal(err)
		}
		status, got := call(front.Handler(), asked)
		front.Close()
		r, err := recorder.Write("fuzz", "v0")
		if err != nil {
			t.Fatalf("%v\n%s", err, r.Text)
		}
		if r.Takes == 0 || status != http.StatusOK || changes(got) || strings.Contains(string(r.Text), "\nfault = ") {
			return
		}
		replay, err := New(ScenarioText(string(r.Text)), WithClock(newWound()))
		if err != nil {
			t.Fatal(err)
		}
		defer replay.Close()
		if status, again := call(replay.Handler(), asked); status != http.StatusOK || !bytes.Equal(again, got) {
			t.Errorf("%d %q, want %q\n%s", status, again, got, r.Text)
		}
	})
}

// changes reports whether something of an answer would be redacted.
func changes(answer []byte) bool {
	from := 0
	for _, to := range append(play.FrameEnds(answer), len(answer)) {
		if text := string(answer[from:to]); new(journal.Redactor).Answer(text) != text {
			return true
		}
		from = to
	}
	return new(journal.Redactor).Answer(string(answer)) != string(answer)
}
