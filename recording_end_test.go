package mockllm

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/recordings"
)

// TestRecordsEnds holds what becomes of answers of which not all was sent: one
// that the client left behind its end mark is whole, as clients of streams do;
// all others are left out, and it is told why.
func TestRecordsEnds(t *testing.T) {
	for name, c := range map[string]struct {
		last    string // The last event that comes.
		rule    string
		end     func(front *Server, answer *http.Response)
		skipped string // "" if it is recorded.
	}{
		"the client has enough":    {"[DONE]", "", leave, ""},
		"the client leaves":        {"{}", "", leave, "client left"},
		"the recorder stops":       {"{}", "", func(front *Server, _ *http.Response) { front.Close() }, "not over when the recorder stopped"},
		"stops behind the end":     {"[DONE]", "", func(front *Server, _ *http.Response) { front.Close() }, ""},
		"a rule cuts it":           {"{}", "[[rule]]\nname = \"r\"\nfault = { kind = \"early-end\", after_frames = 2 }", drain, "cut short by a rule"},
		"a rule takes all of it":   {"{}", "[[rule]]\nname = \"r\"\nfault = \"empty-body\"", drain, "cut short by a rule"},
		"a rule answers in middle": {"{}", "[[rule]]\nname = \"r\"\nmatch.dialect = \"dashscope-compatible\"\nerror = \"Throttling\"\ndelivery = { mode = \"mid-stream\", after_frames = 2 }", drain, "cut short by a rule"},
	} {
		t.Run(name, func(t *testing.T) {
			upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprintf(w, "data: {}\n\ndata: {\"n\":2}\n\ndata: %s\n\n", c.last)
				w.(http.Flusher).Flush()
				<-r.Context().Done() // It never ends by itself.
			}))
			defer upstream.Close()
			recorder := recordings.NewRecorder()
			front := inFrontOf(t, upstream.URL, c.rule, WithRecorder(recorder))
			answer, err := http.Post(front.URL()+chatPath, "application/json", strings.NewReader(liveStream))
			if err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(answer.Body)
			for line := ""; c.rule == "" && line != "data: "+c.last+"\n"; {
				if line, err = lines.ReadString('\n'); err != nil {
					t.Fatal(err)
				}
			}
			if c.rule == "" {
				lines.ReadString('\n')
			}
			c.end(front, answer)
			answer.Body.Close()
			front.AwaitExchanges(t.Context(), 1)
			front.Close()
			r, err := recorder.Write("x", "v0")
			if err != nil {
				t.Fatal(err)
			}
			if c.skipped == "" && (r.Takes != 1 || strings.Contains(string(r.Text), "fault")) || c.skipped != "" && r.Skipped[c.skipped] != 1 {
				t.Errorf("%d exchanges, skipped %v\n%s", r.Takes, r.Skipped, r.Text)
			}
		})
	}
}

func leave(_ *Server, answer *http.Response) { answer.Body.Close() }

func drain(_ *Server, answer *http.Response) { io.Copy(io.Discard, answer.Body) }

// TestReplaysEnds holds that a stream is replayed with its end, proper or not,
// wherever that was: also without any frame.
func TestReplaysEnds(t *testing.T) {
	for name, end := range map[string]string{
		"it ends":                 "0\r\n\r\n",
		"it breaks off":           "",
		"behind a frame":          oneFrame,
		"within a frame":          oneFrame + "6\r\ndata: \r\n",
		"behind the end mark":     oneFrame + "e\r\ndata: [DONE]\n\n\r\n",
		"behind a reason":         "2b\r\ndata: {\"choices\":[{\"finish_reason\":\"a\"}]}\n\n\r\n",
		"behind a comment":        oneFrame + "5\r\n: c\n\n\r\n",
		"a whole without a frame": "5\r\n: c\n\n\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			var want string
			r := recorded(t, bareUpstream(t, says(sse+end)), func(front *Server) { want = onTheWire(t, front.URL(), liveStream) })
			if r.Takes != 1 {
				t.Fatalf("%d exchanges, skipped %v", r.Takes, r.Skipped)
			}
			want = strings.Replace(want, "Connection: close\n", "", 1) // It is of the connection, and not of the answer.
			if got := onTheWire(t, RunT(t, ScenarioText(string(r.Text)), WithQuietWire()).URL(), liveStream); strings.Replace(got, "Connection: close\n", "", 1) != want {
				t.Errorf("replayed\n%s\nwant\n%s\nof\n%s", got, want, r.Text)
			}
		})
	}
	r := recorded(t, bareUpstream(t, says("HTTP/1.1 204 No Content\r\nContent-Type: text/event-stream\r\n\r\n")), func(front *Server) { onTheWire(t, front.URL(), liveStream) })
	if r.Takes != 1 {
		t.Errorf("no content: %d exchanges, skipped %v", r.Takes, r.Skipped)
	}
}
