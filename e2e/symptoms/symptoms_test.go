package symptoms

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mockllm/mockllm"
)

// A sight is a fault on a call of one kind, and what the clients see of it, by
// their names.
type sight struct {
	kind   string
	stream bool
	srv    *mockllm.Server
	seen   map[string]answer
}

// The text of the answer, in three frames.
const text = "onetwothree"

// needed are keys without which a fault is not valid.
var needed = map[string]string{"drip": ", bytes_per_second = 5000"}

// late are the faults of streams that strike behind “onetwo”. (A reset that comes
// then may overtake it, or not.)
var late = []string{"stall", "cut", "early-end", "bad-chunk", "bad-json", "bad-sse"}

// left are the faults that the page is silent on, and why.
var left = map[string]string{
	"ws-close":   "it is about WebSockets",
	"idle-close": "what the next call on the connection sees depends on who is faster",
}

// sights makes a server for each fault and each kind of call that it is about.
func sights(t *testing.T, kinds []fault) (all []*sight) {
	t.Helper()
	for _, kind := range kinds {
		if _, out := left[kind.name]; out {
			continue
		}
		for _, stream := range []bool{false, true} {
			if kind.calls == "both" || strings.HasPrefix(kind.calls, "both;") || (kind.calls == "streams") == stream {
				all = append(all, &sight{kind: kind.name, stream: stream, srv: serve(t, kind.name, stream), seen: map[string]answer{}})
			}
		}
	}
	return all
}

func serve(t *testing.T, kind string, stream bool) *mockllm.Server {
	t.Helper()
	keys := fmt.Sprintf("kind = %q", kind) + needed[kind]
	if stream && slices.Contains(late, kind) {
		keys += ", after_frames = 3"
	}
	srv, err := mockllm.Run(mockllm.ScenarioText(`
		[[rule]]
		name  = "broken"
		match = { dialect = "dashscope-compatible" }
		fault = { ` + keys + ` }

		[[rule]]
		name    = "said"
		match   = { dialect = "dashscope-compatible" }
		reply   = { frames = ["one", "two", "three"] }
		latency = { first_frame = "200ms" }  # A real stream's header comes by itself.`))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Close() })
	return srv
}

// TestSymptoms asks every client and holds the page against what it says.
func TestSymptoms(t *testing.T) {
	all := sights(t, faults(t))
	var calls []call
	for _, s := range all {
		calls = append(calls, call{URL: s.srv.BaseURL("dashscope-compatible") + "/chat/completions", Stream: s.stream})
	}
	versions := map[string]string{}
	var mu sync.Mutex
	var wait sync.WaitGroup // Not in parallel tests, of which there are as many as cores: most of the time these wait.
	for _, c := range clients() {
		if err := c.missing(); err != nil {
			skip(t, c, err)
			continue
		}
		wait.Go(func() {
			version, err := c.version()
			var answers []answer
			if err == nil {
				answers, err = c.ask(t.Context(), calls)
			}
			if err != nil || len(answers) != len(all) {
				t.Errorf("%s: %d answers to %d calls: %v", c.name, len(answers), len(all), err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			versions[c.name] = version
			for i, s := range all {
				s.seen[c.name] = answers[i]
			}
		})
	}
	wait.Wait()
	if struck(t, all); !t.Failed() {
		compare(t, all, versions)
	}
}

// skip leaves a client out, loudly, or fails the test if they are required.
func skip(t *testing.T, c client, why error) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("MOCKLLM_E2E_REQUIRE"), ","), "clients") || *update {
		t.Errorf("%s is required and missing: %v", c.name, why)
		return
	}
	fmt.Fprintf(os.Stderr, "SKIPPED %s: %s is not installed\n", t.Name(), c.name)
}

// struck looks whether every call met its fault.
func struck(t *testing.T, all []*sight) {
	t.Helper()
	for _, s := range all {
		exchanges := s.srv.Journal()
		if len(exchanges) != len(s.seen) {
			t.Errorf("%s: %d clients made %d calls: one asks again by itself", s.kind, len(s.seen), len(exchanges))
		}
		for _, e := range exchanges {
			if e.Fault != s.kind {
				t.Errorf("%s, stream %t: a call met %q", s.kind, s.stream, e.Fault)
			}
		}
	}
}

// symptom says in a few words what became of a call.
func (a answer) symptom() string {
	switch {
	case a.Error != "" && a.Text != "":
		return fmt.Sprintf("`%s`, behind “%s”", scrubbed(a.Error), a.Text)
	case a.Error != "":
		return "`" + scrubbed(a.Error) + "`"
	case a.Done && a.Text == text:
		return "complete"
	case a.Done:
		return fmt.Sprintf("**no error**, but “%s”", a.Text)
	case a.Text == "":
		return "**no error**, and nothing"
	default:
		return fmt.Sprintf("**no error**, no `[DONE]`, behind “%s”", a.Text)
	}
}

// noticed says it in a word.
func (a answer) noticed() string {
	switch {
	case strings.HasPrefix(a.Error, "waits on"):
		return "**hangs**"
	case a.Error != "":
		return "error"
	case a.Done && a.Text == text:
		return "complete"
	default:
		return "**no error**"
	}
}

// What differs from run to run in what clients say.
var (
	addresses   = regexp.MustCompile(`http://127\.0\.0\.1:\d+[^\s"',)]*|127\.0\.0\.1:\d+|host='127\.0\.0\.1', port=\d+`)
	unprintable = regexp.MustCompile(`[\x00-\x1f\x7f]`)
	cuts        = regexp.MustCompile(`(JSONDecodeError|SyntaxError): .*`) // Where the text ends differs, too.
	waits       = regexp.MustCompile(`\b2\d\d\d milliseconds`)
)

// most is how much of what a client says is shown, in characters.
const most = 140

func scrubbed(s string) string {
	s = addresses.ReplaceAllString(s, "…")
	s = cuts.ReplaceAllString(s, "$1: …")
	s = waits.ReplaceAllString(s, "2000 milliseconds")
	s = strings.Join(strings.Fields(strings.ReplaceAll(s, "`", "'")), " ")
	s = unprintable.ReplaceAllStringFunc(s, func(c string) string { return fmt.Sprintf(`\x%02x`, c[0]) })
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return strings.TrimSuffix(strings.TrimSpace(s), ":")
}
