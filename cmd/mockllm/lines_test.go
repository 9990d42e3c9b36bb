package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/journal"
)

const lineScenario = `
[[rule]]
name  = "bu\u202Esy <b>"
match = { model = "qwen-max" }
error = "Throttling.RateQuota"

[[rule]]
name    = "slow"
match   = { model = "qwen-turbo" }
latency = "1ms"

[[rule]]
name  = "dead"
match = { model = "qwen-long" }
fault = "reset"

[[limit]]
name  = "little"
match = { model = "qwen-flash" }
rpm   = 1
`

// TestLines compares what is logged of real calls, but for times.
func TestLines(t *testing.T) {
	var out bytes.Buffer
	srv, err := mockllm.Run(mockllm.ScenarioText(lineScenario), mockllm.WithLogger(slog.New(newLines(&out, nil))))
	if err != nil {
		t.Fatal(err)
	}
	call := func(path, model, key string) {
		r, _ := http.NewRequest("POST", srv.URL()+path, strings.NewReader(`{"model":"`+model+`","messages":[{"role":"user","content":"Hello!"}]}`))
		r.Header.Set("Authorization", key)
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
		}
	}
	const chat, key = "/compatible-mode/v1/chat/completions", "Bearer sk-0123456789abcdef"
	call(chat, "qwen-plus", key)
	call(chat, "qwen-max", key)
	call(chat, "qwen-turbo", key)
	call(chat, "qwen-long", key)
	call(chat, "qwen-flash", key)
	call("/ns/blue"+chat, "qwen-plus", "")
	call("/nothing", "", key)
	call(chat+"?%0a", `a\u001b]8;;http://evil\u0007\r\n b`, key)
	call("/长"+strings.Repeat("x", 500), "", key)
	srv.Close() // From here on nobody writes.
	about := "POST /compatible-mode/v1/chat/completions  dashscope-compatible chat "
	want := []string{
		`#1  200  ` + about + `qwen-plus  ok`,
		`#2  429  ` + about + `qwen-max  rule "bu\u202esy <b>" #1  dashscope/model/Throttling.RateQuota`,
		`#3  200  ` + about + `qwen-turbo  ok, rule "slow" #1`,
		`#4  ---  ` + about + `qwen-long  ok, rule "dead" #1  fault reset`,
		`#5  200  ` + about + `qwen-flash  ok`,
		`#6  401  [blue]  ` + about + `qwen-plus  refused: identity  dashscope/model/InvalidApiKey`,
		`#7  404  POST /nothing  refused: no such path: /nothing is no path of any vendor`,
		`#8  404  POST /compatible-mode/v1/chat/completions?%0a  dashscope-compatible chat "a\x1b]8;;http://evil\a\r\n b"  refused: body  dashscope/model/ModelNotFound`,
		`#9  404  POST /%E9%95%BF` + strings.Repeat("x", 110) + `…  refused: no such path: /%E9%95%BF` + strings.Repeat("x", 276) + `…`,
	}
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d:\n%s", len(got), len(want), out.String())
	}
	// The line of one that was broken off may come later.
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(a[strings.Index(a, "#"):], b[strings.Index(b, "#"):]) })
	times := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)  (.*)  [0-9.]+(?:s|ms|µs)$`)
	for i, line := range got {
		if at := strings.IndexFunc(line, func(c rune) bool { return !unicode.IsPrint(c) }); at >= 0 {
			t.Errorf("line %d has %q", i+1, line[at:min(at+8, len(line))])
		}
		if match := times.FindStringSubmatch(line); match == nil || match[1] != want[i] {
			t.Errorf("got  %s\nwant %s", line, want[i])
		}
	}
}

// TestLineOfAnything: what is no exchange is a line of its own, too, with all
// that it has to say.
func TestLineOfAnything(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newLines(&out, nil)).With("a", "b c").WithGroup("g").With("in", 1)
	log.Warn("the \x1b[31mscenario\nchanged", "why", errors.New("line 1\nline 2"), slog.Group("deep", "n", 2), "none", nil)
	log.Debug("nothing of it")
	_, got, _ := strings.Cut(out.String(), "  ")
	want := `WARN  the \x1b[31mscenario\nchanged  a="b c"  g.in=1  g.why="line 1\nline 2"  g.deep.n=2  g.none=<nil>` + "\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
}

// TestLineColours: the colour tells how it went, also of an error at 200.
func TestLineColours(t *testing.T) {
	for name, c := range map[string]struct {
		attrs []any
		want  string
	}{
		"success":      {[]any{"status", 200, "cause", "success"}, green + "200" + reset},
		"refused":      {[]any{"status", 400, "cause", "body"}, yellow + "400" + reset},
		"broken":       {[]any{"status", 503, "cause", "rule", "error", "a/b/c"}, red + "503" + reset},
		"error at 200": {[]any{"status", 200, "cause", "rule", "error", "a/b/c"}, yellow + "200" + reset},
		"fault":        {[]any{"status", 200, "cause", "success", "fault", "cut"}, red + "fault cut" + reset},
		"no status":    {[]any{"status", 0, "cause", "success", "fault", "reset"}, red + "---" + reset},
		"the end":      {[]any{"status", 200, "cause", "success", "took_ns", int64(1_500_000)}, dim + "1.5ms" + reset + "\n"},
		"limit":        {[]any{"status", 429, "cause", "limit", "limit", "#1"}, `  limit "#1"`},
		"held":         {[]any{"status", 429, "cause", "rule", "rules", []journal.Firing{{Rule: "a", N: 1}, {Rule: "b", N: 2}}}, `  rule "a" #1, rule "b" #2`},
		"client left":  {[]any{"status", 200, "cause", "success", "client_left", true}, yellow + "the client left" + reset},
		"failed":       {[]any{"status", 200, "cause", "success", "failed", "it\x07broke"}, red + `failed: it\abroke` + reset},
	} {
		var out bytes.Buffer
		h := newLines(&out, nil)
		h.colour = true
		slog.New(h).Info("exchange", c.attrs...)
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %q has no %q", name, out.String(), c.want)
		}
	}
}

func TestShowsColour(t *testing.T) {
	for environ, want := range map[string]bool{
		"": true, "TERM=xterm": true, "TERM=dumb": false, "NO_COLOR=1": false, "NO_COLOR=": true, "NO_COLOR=0": false,
	} {
		if got := showsColour([]string{environ}); got != want {
			t.Errorf("%s: %t", environ, got)
		}
	}
}

// Once a bug: every device was taken for a terminal.
func TestNoTerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, f := range []*os.File{file, null} {
		if isTerminal(f) || newLines(f, nil).colour {
			t.Errorf("%s is taken for a terminal", f.Name())
		}
	}
}

// TestQuiet leaves out lines of exchanges, and no warning.
func TestQuiet(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(warnings{newLines(&out, nil)})
	log.Info("exchange", "status", 200)
	log.Warn("too many records")
	if log.Enabled(context.Background(), slog.LevelInfo) || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), "WARN  too many records") {
		t.Errorf("%q", out.String())
	}
	r := slog.NewRecord(time.Time{}, slog.LevelError, "no time", 0)
	out.Reset()
	if err := log.Handler().Handle(t.Context(), r); err != nil || out.String() != "ERROR  no time\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
