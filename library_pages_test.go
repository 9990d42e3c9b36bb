package mockllm

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// libraryNames are the scenarios that people rely on by name.
var libraryNames = []string{
	"account-wall", "bailian-tpm-throttle", "burst-ramp", "capacity-503-in-disguise", "context-overflow", "embedding-429-sawtooth",
	"empty-200", "ernie-daily-cap", "ernie-qps-200", "ernie-stream-json-error", "ernie-strict-roles", "ernie-token-expiry",
	"moderation-mid-stream", "moderation-poisoned-history", "sse-error-as-200", "stream-cut", "stream-stall",
	"task-ambiguous-create", "toolcall-args-poison", "tts-ws-task-failed",
}

// TestLibraryIsComplete: each scenario loads, says how a client must behave, and
// has a page that the index names; and there is nothing else.
func TestLibraryIsComplete(t *testing.T) {
	if got := scenarios.Library(); !slices.Equal(got, libraryNames) {
		t.Errorf("the library has %q, want %q", got, libraryNames)
	}
	index := readText(t, "docs/incidents/README.md")
	for _, name := range scenarios.Library() {
		s, err := scenarios.FromLibrary(name)
		if err != nil {
			t.Error(err)
			continue
		}
		text := readText(t, "scenarios/library/"+name+".toml")
		if s.Name != name || len(s.Expect) == 0 || !strings.HasPrefix(text, "# ") {
			t.Errorf("%s: is called %q, expects %d things, begins with %.20q", name, s.Name, len(s.Expect), text)
		}
		page := readText(t, "docs/incidents/"+name+".md")
		for _, part := range []string{"# " + name + "\n", "mockllm run --scenario " + name + " -- ", "https://github.com/", "```"} {
			if !strings.Contains(page, part) {
				t.Errorf("the page of %s has no %q", name, part)
			}
		}
		if !strings.Contains(index, "["+name+"]("+name+".md)") {
			t.Errorf("the index does not name %s", name)
		}
	}
	pages, err := filepath.Glob("docs/incidents/*.md")
	if err != nil || len(pages) != len(libraryNames)+1 {
		t.Errorf("%d pages, %v", len(pages), err)
	}
}

func readText(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shown finds what a page shows: behind a comment that says what becomes of it
// (the n-th call, or only its script), a request and the answer; or what is said
// on a WebSocket.
var shown = regexp.MustCompile("(?s)<!-- (call|script|said)( \\d+)? -->\n+```\\w*\n(.*?)```(\n+```\\w*\n(.*?)```)?")

// TestLibraryPages holds that what the pages show is what is sent. All that a
// page shows happens on one server, one behind the other.
func TestLibraryPages(t *testing.T) {
	for _, name := range scenarios.Library() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := scenarios.FromLibrary(name)
			if err != nil {
				t.Fatal(err)
			}
			srv := RunT(t, WithScenario(s), WithClock(play.NewManual(goldenTime)))
			file := "docs/incidents/" + name + ".md"
			page := readText(t, file)
			if !shown.MatchString(page) {
				t.Error("the page shows no exchange")
			}
			real := shown.ReplaceAllStringFunc(page, func(part string) string { return showAgain(t, srv, part) })
			switch {
			case real == page:
			case *update:
				if err := os.WriteFile(file, []byte(real), 0o644); err != nil {
					t.Fatal(err)
				}
			default:
				t.Errorf("--- sent\n%s\n--- shown\n%s", real, page)
			}
		})
	}
}

// showAgain returns the part of the page as it really is.
func showAgain(t *testing.T, srv *Server, part string) string {
	m := shown.FindStringSubmatch(part)
	asked, answered := m[3], m[5]
	if m[1] == "said" {
		c, _, err := dialSocket(t, srv, inference, anyKey)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Replace(part, asked, converseGolden(c, asked), 1)
	}
	times, err := strconv.Atoi(strings.TrimSpace(m[2]))
	if err != nil {
		t.Fatalf("%q: %v", m[2], err)
	}
	for range times - 1 {
		if res, err := http.DefaultClient.Do(parsedRequest(t, srv, asked)); err == nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	}
	var now string
	if m[1] == "call" {
		now = exchangeRaw(t, srv.URL(), asked)
	} else {
		x, err := srv.Explain(t.Context(), parsedRequest(t, srv, asked))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range x.Script {
			now += fmt.Sprintln(step)
		}
	}
	before, _ := strings.CutSuffix(part, answered+"```")
	return before + now + "```"
}

// parsedRequest reads a request as the pages show it.
func parsedRequest(t *testing.T, srv *Server, text string) *http.Request {
	t.Helper()
	head, body, _ := strings.Cut(text, "\n\n")
	body = strings.TrimSuffix(body, "\n")
	raw := fmt.Sprintf("%s\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", strings.ReplaceAll(head, "\n", "\r\n"), len(body), body)
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Scheme, req.URL.Host, req.RequestURI = "http", strings.TrimPrefix(srv.URL(), "http://"), ""
	return req.WithContext(t.Context())
}

// TestLibraryRepeats drives each scenario twice and finds the same, call by
// call.
func TestLibraryRepeats(t *testing.T) {
	for _, c := range trials() {
		if c.client != "" {
			continue // One for each scenario is enough.
		}
		t.Run(c.scenario, func(t *testing.T) {
			t.Parallel()
			if one, other := c.trace(t), c.trace(t); one != other {
				t.Errorf("--- once\n%s\n--- and again\n%s", one, other)
			}
		})
	}
}

// trace says what was asked and what became of it, without time.
func (c trial) trace(t *testing.T) string {
	t.Helper()
	v, all := c.run(t)
	var b strings.Builder
	for _, e := range all {
		fmt.Fprintln(&b, e.Dialect, e.Operation, e.Fingerprint, e.Cause, e.Error, e.Fault, e.Status, e.Rules)
	}
	fmt.Fprintln(&b, v.Status)
	return b.String()
}
