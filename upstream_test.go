package mockllm

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
)

// inFrontOf starts a server in front of another one.
func inFrontOf(t *testing.T, upstream, rules string, options ...Option) *Server {
	t.Helper()
	return RunT(t, append([]Option{ScenarioText("[upstream]\nurl = \"" + upstream + "\"\n" + rules)}, options...)...)
}

// hostOf returns host and port of a URL.
func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

// TestGoldenThrough has every golden exchange pass through a server in front:
// status line, header and body must be the same bytes.
func TestGoldenThrough(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/*/*.http")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	passed := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "bce-auth-v1") || strings.Contains(string(text), "/ns/") || strings.Contains(string(text), "mockllm-ns-") ||
			strings.Contains(string(text), "X-Mockllm-Namespace") {
			continue // What is signed cannot pass, and a namespace is of the server in front.
		}
		passed++
		t.Run(strings.TrimPrefix(file, "testdata/golden/"), func(t *testing.T) {
			t.Parallel()
			through(t, string(text))
		})
	}
	if passed < 300 {
		t.Errorf("only %d exchanges pass", passed)
	}
}

func through(t *testing.T, text string) {
	parts := strings.Split(text, "### ")
	clock := play.NewManual(goldenTime)
	upstream := RunT(t, ScenarioText(section(t, parts[1], "scenario")), WithClock(clock), WithPublicURL("http://localhost"))
	front := inFrontOf(t, upstream.URL(), "", WithClock(play.NewManual(goldenTime)))
	request := section(t, parts[2], "request")
	for _, part := range parts[3:] {
		kind, want, _ := strings.Cut(part, "\n")
		if kind == "request" {
			request = want
			continue
		}
		if wait, found := strings.CutPrefix(kind, "advance "); found {
			d, _ := time.ParseDuration(wait)
			clock.Advance(d)
			continue
		}
		got := exchangeRaw(t, front.URL(), request)
		if got, want := canonical(got), canonical(want); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// canonical spells and sorts the names of a header as Go's server does: what
// passes through is spelt so, see docs/deviations.md.
func canonical(answer string) string {
	head, body, _ := strings.Cut(answer, "\n\n")
	lines := strings.Split(head, "\n")
	for i, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		lines[i+1] = http.CanonicalHeaderKey(name) + ":" + value
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n") + "\n\n" + body
}
