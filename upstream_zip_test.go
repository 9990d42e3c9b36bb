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
	"testing"

	"github.com/mockllm/mockllm/recordings"
)

// zipping compresses what it answers, whatever it is asked for: a stream of
// three frames, each as soon as it is there, or a whole.
func zipping(t *testing.T) string {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Encoding", "gzip")
		if r.Method == http.MethodHead {
			return
		}
		z := gzip.NewWriter(w)
		if !strings.Contains(string(body), "stream") {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(z, `{"a":1}`)
			z.Close()
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			fmt.Fprintf(z, "data: {\"n\":%d}\n\n", i)
			z.Flush()
			w.(http.Flusher).Flush()
		}
		z.Close()
	}))
	t.Cleanup(upstream.Close)
	return upstream.URL
}

// askZipped takes a compressed answer, and returns as much of it as comes.
func askZipped(t *testing.T, url, body string) (http.Header, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip, deflate")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	got, _ := io.ReadAll(answer.Body)
	return answer.Header, string(got)
}

const threeFrames = "data: {\"n\":0}\n\ndata: {\"n\":1}\n\ndata: {\"n\":2}\n\n"

// TestZippedAnswerIsRecorded records the answers of an upstream that compresses
// them all the same, to clients that take that, and replays them.
func TestZippedAnswerIsRecorded(t *testing.T) {
	ask := func(s *Server, body string) string {
		_, answer := askZipped(t, s.URL()+chatPath, body)
		return answer
	}
	r := recorded(t, zipping(t), func(front *Server) {
		ask(front, liveStream)
		ask(front, liveWhole)
		answer, err := http.Head(front.URL() + chatPath)
		if err != nil || answer.StatusCode != 200 {
			t.Errorf("%v %v", answer, err)
		}
	})
	if r.Takes != 3 || len(r.Skipped) != 0 {
		t.Fatalf("%d exchanges, skipped %v\n%s", r.Takes, r.Skipped, r.Text)
	}
	replay := RunT(t, ScenarioText(string(r.Text)), WithQuietWire())
	if stream, whole := ask(replay, liveStream), ask(replay, liveWhole); stream != threeFrames || whole != `{"a":1}` {
		t.Errorf("replayed %q and %q", stream, whole)
	}
}

// TestZippedAnswerIsDamaged strikes the frames of compressed answers, and lets
// those pass as they are to which nothing is done.
func TestZippedAnswerIsDamaged(t *testing.T) {
	upstream := zipping(t)
	for name, c := range map[string]struct{ rule, body, want string }{
		"a frame":        {"fault = { kind = \"early-end\", after_frames = 2 }", liveStream, threeFrames[:len(threeFrames)*2/3]},
		"a whole answer": {"fault = { kind = \"truncate\", after_bytes = 3 }", liveWhole, `{"a`},
		"between frames": {"latency.frame = \"1ns\"", liveStream, threeFrames},
	} {
		t.Run(name, func(t *testing.T) {
			front := inFrontOf(t, upstream, "[[rule]]\nname = \"r\"\nmatch.operation = \"chat\"\nmatch.stream = "+fmt.Sprint(c.body == liveStream)+"\n"+c.rule)
			header, answer := askZipped(t, front.URL()+chatPath, c.body)
			if answer != c.want || header.Get("Content-Encoding") != "" {
				t.Errorf("%q, %v", answer, header)
			}
		})
	}
	header, answer := askZipped(t, inFrontOf(t, upstream, "").URL()+chatPath, liveStream)
	z, err := gzip.NewReader(strings.NewReader(answer))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(z); string(plain) != threeFrames || err != nil || header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%q %v, %v", plain, err, header)
	}
}

// TestZippedBomb: what is read as a whole is bounded by what it is unpacked.
func TestZippedBomb(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 11<<20))
	z.Close()
	front := inFrontOf(t, bareUpstream(t, says("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"+bomb.String())),
		"[[rule]]\nname = \"r\"\nmatch.operation = \"chat\"\nmatch.stream = false\nfault = \"truncate\"")
	if status, body := post(t, front.URL()+chatPath, hello); status != 501 || !strings.Contains(body, "too long") {
		t.Errorf("%d %.200s", status, body)
	}
}

// TestBadZip: what cannot be uncompressed breaks off.
func TestBadZip(t *testing.T) {
	var whole bytes.Buffer
	z := gzip.NewWriter(&whole)
	io.WriteString(z, threeFrames)
	z.Close()
	for name, body := range map[string]string{
		"no gzip": threeFrames, "half of the head": whole.String()[:5], "half of it": whole.String()[:whole.Len()/2], "a wrong sum": whole.String()[:whole.Len()-1] + "!",
	} {
		t.Run(name, func(t *testing.T) {
			recorder := recordings.NewRecorder()
			front := inFrontOf(t, bareUpstream(t, func(conn net.Conn) {
				io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n"+body)
			}), "", WithRecorder(recorder))
			answer, err := http.Post(front.URL()+chatPath, "application/json", strings.NewReader(hello))
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if got, err := io.ReadAll(answer.Body); err == nil || answer.StatusCode != 200 {
				t.Errorf("%d %q ends properly", answer.StatusCode, got)
			}
			front.AwaitExchanges(t.Context(), 1)
			if e := lastOf(front); e.Upstream.Failed == "" || recorder.Skipped()["broken off"] != 1 {
				t.Errorf("%+v, skipped %v", e.Upstream, recorder.Skipped())
			}
		})
	}
}
