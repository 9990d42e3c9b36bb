package mockllm

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/recordings"
	"github.com/mockllm/mockllm/scenarios"
)

// TestLearnsNothingOfItself records the mock itself, in all golden exchanges
// without a scenario, and holds that it answers as it would have.
func TestLearnsNothingOfItself(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*/*.http")
	if err != nil {
		t.Fatal(err)
	}
	upstream := RunT(quiet{t}, WithClock(play.NewManual(goldenTime)))
	r := recorded(t, upstream.URL(), func(front *Server) {
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			recordGolden(t, front, filepath.Base(file), string(text))
		}
	})
	s, err := scenarios.Load("r.toml", r.Text)
	if err != nil {
		t.Fatal(err)
	}
	learned, err := Learn(t.Context(), s, WithClock(play.NewManual(goldenTime)))
	if err != nil || len(learned) < 200 {
		t.Fatalf("%d answers are compared (%v)", len(learned), err)
	}
	for _, l := range learned {
		for _, d := range l.Differences {
			t.Errorf("%s on %s %s, asked %s %s: %s: %s", l.Entry(), l.Dialect, l.Operation, l.Asked.Method, l.Asked.URL, d.Part, d.Text)
		}
	}
}

// recordGolden sends the requests of a golden file that has no scenario.
func recordGolden(t *testing.T, front *Server, name, text string) {
	parts := strings.Split(text, "### ")
	scenario := strings.TrimSpace(section(t, parts[1], "scenario"))
	if scenario != "" || strings.Contains(text, "X-Mockllm-Error") || strings.HasPrefix(name, "task-") || strings.HasPrefix(name, "transcription") ||
		slices.Contains([]string{"listed.http", "conversation.http", "conversation-items.http", "import.http"}, name) {
		return // How a task fares, and what is listed, depends on what was asked before.
	}
	for _, part := range parts[2:] {
		if request, found := strings.CutPrefix(part, "request\n"); found {
			exchangeRaw(t, front.URL(), request)
		}
	}
}

// quiet is a test whose log nobody needs.
type quiet struct{ *testing.T }

func (quiet) Logf(string, ...any) {}

// TestLearns records a vendor that has changed, and holds what is told of it.
func TestLearns(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := w.Header()
		h.Set("Content-Type", "application/json")
		switch ask := string(body); {
		case strings.Contains(ask, "new code"):
			w.WriteHeader(418)
			io.WriteString(w, `{"error":{"message":"Brewing.","type":"x","param":null,"code":"teapot_error"},"request_id":"1"}`)
		case strings.Contains(ask, "new text"):
			w.WriteHeader(402)
			io.WriteString(w, `{"error":{"message":"Pay up.","type":"Arrearage","param":null,"code":"Arrearage"},"request_id":"1"}`)
		case strings.Contains(ask, `"stream":true`):
			h.Set("Content-Type", "text/event-stream")
			io.WriteString(w, "id: 1\ndata:{\"id\":\"1\",\"choices\":[]}\n\n")
		default:
			io.WriteString(w, `{"id":"1","choices":[{"index":"0","message":{"role":"assistant","content":"hi","new":1}}]}`)
		}
	}))
	defer upstream.Close()
	ask := func(prompt, more string) string {
		return fmt.Sprintf(`{"model":"qwen-plus"%s,"messages":[{"role":"user","content":%q}]}`, more, prompt)
	}
	r := recorded(t, upstream.URL, func(front *Server) {
		for _, body := range []string{ask("new code", ""), ask("new text", ""), ask("hi", `,"stream":true`), ask("hi", "")} {
			post(t, front.URL()+chatPath, body)
		}
	})
	s, err := scenarios.Load("r.toml", r.Text)
	if err != nil {
		t.Fatal(err)
	}
	learned, err := Learn(t.Context(), s)
	if err != nil || len(learned) != 4 {
		t.Fatalf("%v %+v", err, learned)
	}
	for i, want := range [][]string{
		{`unknown error "teapot_error"`, `entry: the catalogue has no error "teapot_error" on dashscope-compatible chat: "Brewing."`},
		{"dashscope/model/Arrearage", `message: "Pay up." is none of the`, "status: recorded 402, mockllm 400", "header: mockllm only: "},
		{"success", `framing: recorded events of "id: " "data:", mockllm events of "data: ", with an end mark`},
		{"success", "body: mockllm only: object", "body: order: recorded id, choices; mockllm choices, id", `body: choices[].message: recorded only: new`,
			`body: choices[].message: order: recorded role, content; mockllm content, role`, "body: choices[].index: recorded string, mockllm number"},
	} {
		var got strings.Builder
		fmt.Fprintln(&got, learned[i].Entry())
		for _, d := range learned[i].Differences {
			fmt.Fprintf(&got, "%s: %s\n", d.Part, d.Text)
		}
		for _, w := range want {
			if !strings.Contains(got.String(), w) {
				t.Errorf("answer %d: no %s in\n%s", i+1, w, got.String())
			}
		}
	}
	if len(recordings.Lessons(&scenarios.Scenario{Rules: []scenarios.Rule{{Name: "not recorded"}}})) != 0 {
		t.Error("a rule that was not recorded is a lesson")
	}
}
