package verdict

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
)

var update = flag.Bool("update", false, "write the golden reports")

func textOf(t testing.TB, v *Verdict) string {
	t.Helper()
	return written(t, v, WriteText)
}

func written(t testing.TB, v *Verdict, write func(io.Writer, *Verdict) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// reports is every form, by the ending of its golden file.
var reports = map[string]func(io.Writer, *Verdict) error{
	"txt": WriteText, "json": WriteJSON, "xml": WriteJUnit, "github": WriteGitHub, "md": WriteMarkdown,
}

// reported is a verdict of each status.
func reported(t testing.TB) map[string]*Verdict {
	return map[string]*Verdict{
		"pass": judged(t, "name = 'calm'\n"+busyRule+"[[expect]]\nrule = 'busy'\nmax_attempts = 3\nfinal = 'success'", `
			0s   say=hi rule=busy `+rate+`
			1s   say=hi`),
		"fail": judged(t, "name = 'rough'\n"+busyRule+"[[expect]]\nrule = 'busy'\nmax_attempts = 2\nmin_gap = '500ms'\n[[expect]]\nallow = ['gave-up']", `
			0s   say=hi rule=busy `+rate+`
			2ms  say=hi rule=busy `+rate+`
			5ms  say=hi rule=busy `+rate+`
			1s   say=you model=a|b,<i>%:: `+allocation+`
			2s   say=bad `+moderated+`
			3s   say=bad `+moderated+`
			4s   say=now open`),
		"inconclusive": judged(t, "name = 'quiet'\n"+busyRule+"[[expect]]\nrule = 'busy'\nmin_calls = 1", `
			0s   say=hi
			1s   cause=server dialect= status=404`),
	}
}

func TestGoldenReports(t *testing.T) {
	for name, v := range reported(t) {
		for ending, write := range reports {
			file := filepath.Join("testdata", name+"."+ending)
			got := written(t, v, write)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s has changed:\n%s", file, got)
			}
		}
	}
}

// TestJUnitReadBack holds that the counts of the report are those of its cases,
// and that what fails a verdict fails the report.
func TestJUnitReadBack(t *testing.T) {
	for name, v := range reported(t) {
		var read suites
		if err := xml.Unmarshal([]byte(written(t, v, WriteJUnit)), &read); err != nil {
			t.Fatal(err)
		}
		s := read.Suites[0]
		failures, errors := 0, 0
		names := map[string]bool{}
		for _, c := range s.Cases {
			if names[c.Class+c.Name] {
				t.Errorf("%s: two cases are called %s", name, c.Name)
			}
			names[c.Class+c.Name] = true
			if c.Failure != nil {
				failures++
			}
			if c.Error != nil {
				errors++
			}
		}
		if s.Tests != len(s.Cases) || s.Failures != failures || s.Errors != errors {
			t.Errorf("%s: %d tests, %d failures, %d errors, but there are %d, %d, %d", name, s.Tests, s.Failures, s.Errors, len(s.Cases), failures, errors)
		}
		if want := 1 + len(v.Expectations) + len(charges()); s.Tests != want {
			t.Errorf("%s: %d cases, want %d", name, s.Tests, want)
		}
		if (failures > 0) != (v.Status == Fail) || (errors > 0) != (v.Status == Inconclusive) {
			t.Errorf("%s: %d failures and %d errors for %s", name, failures, errors, v.Status)
		}
	}
}

// TestJSONReadBack holds that no list is null and nothing is lost.
func TestJSONReadBack(t *testing.T) {
	for name, v := range reported(t) {
		text := written(t, v, WriteJSON)
		var read Verdict
		if err := json.Unmarshal([]byte(text), &read); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text, "null") || fmt.Sprintf("%+v", read) != fmt.Sprintf("%+v", *v) {
			t.Errorf("%s became %s", name, text)
		}
	}
}

// TestAnnotationsStayOnTheirLine holds that nothing that a caller chooses ends
// a workflow command or begins another.
func TestAnnotationsStayOnTheirLine(t *testing.T) {
	e := journalOf(t, "0s say=hi "+rate)
	e[0].Model = "a\n::error::b\r,c:%0A"
	in := Input{Scenario: scenarioOf(t, busyRule), File: "dir,a:b.toml", Exchanges: e}
	v := Judge(in)
	got := written(t, v, WriteGitHub)
	want := `::error file=dir%2Ca%3Ab.toml,title=mockllm%3A gave-up::The client gave up at once on what passes by itself. (1 time)` +
		`%0Achat a%0A::error::b%0D,c:%250A was not tried again after dashscope/model/Throttling.RateQuota, which passes when its window is over (#1)` +
		`%0AA resilient client: It tries again after a pause, or with a new token.` + "\n"
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if text := textOf(t, v); strings.Count(text, "\n") != 7 || strings.ContainsRune(text, '\r') {
		t.Errorf("the text has other lines than its own:\n%q", text)
	}
}

// TestEvidenceIsBounded holds that a report stays readable whatever happened.
func TestEvidenceIsBounded(t *testing.T) {
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "%dms say=hi%d %s\n", i*100, i, rate)
	}
	v := judged(t, "[[expect]]\nfinal = 'success'", b.String())
	if n := len(v.Findings[0].Evidence); n != maxEvidence || v.Findings[0].Count != 500 {
		t.Errorf("%d places of %d", n, v.Findings[0].Count)
	}
	if n := len(v.Expectations[0].Evidence); n != maxEvidence {
		t.Errorf("%d places of an expectation", n)
	}
	if text := textOf(t, v); !strings.Contains(text, "… 490 more") {
		t.Errorf("nothing tells that there are more:\n%s", text)
	}
	v = judged(t, "", growing(30, rate))
	if n := len(v.Seen); n != maxSeen+1 || !strings.HasPrefix(v.Seen[1], "0.100s  #2 POST /x qwen-plus → 429") || v.Seen[maxSeen] != "… 10 more" {
		t.Errorf("told of %d exchanges: %q", n, v.Seen)
	}
}

// TestEvidenceIsSaidOnce: what a finding shows stands there alone, though an
// [[expect]] forbids it too; what no finding shows stands with the [[expect]].
func TestEvidenceIsSaidOnce(t *testing.T) {
	const place = "was never finished"
	for _, c := range []struct{ name, expect string }{
		{"a warning", "[[expect]]\nnever = ['left-open']"},
		{"allowed for others", "[[expect]]\nnever = ['left-open']\n[[expect]]\noperation = 'chat'\nallow = ['left-open']"},
	} {
		v := judged(t, c.expect, "0s say=hi open")
		if n := strings.Count(textOf(t, v), place); n != 1 || v.Status != Fail {
			t.Errorf("%s: %s, and it is said %d times:\n%s", c.name, v.Status, n, textOf(t, v))
		}
		if e := v.Expectations[0].Evidence; len(e) != 1 || len(v.Seen) != 1 {
			t.Errorf("%s: the expectation lost its evidence: %v, %q", c.name, e, v.Seen)
		}
	}
	v := judged(t, "[[expect]]\nnever = ['hopeless-retry']", "0s say=bad "+moderated+"\n1s say=bad "+moderated)
	if n := strings.Count(written(t, v, WriteMarkdown), "was sent again unchanged"); n != 1 {
		t.Errorf("in Markdown it is said %d times:\n%s", n, written(t, v, WriteMarkdown))
	}
}

// TestJudgeNothing: no input is too little for a verdict.
func TestJudgeNothing(t *testing.T) {
	for name, in := range map[string]Input{
		"nothing": {}, "no scenario": {Exchanges: journalOf(t, "0s say=bad "+moderated+"\n1s say=bad "+moderated)},
		"no exchanges": {Scenario: scenarioOf(t, busyRule)}, "zero exchanges": {Exchanges: make([]journal.Exchange, 3)},
		"the zero scenario": {Scenario: &scenarios.Scenario{Expect: make([]scenarios.Expect, 2)}, Exchanges: make([]journal.Exchange, 3), Speed: -1},
	} {
		v := Judge(in)
		for _, write := range reports {
			written(t, v, write)
		}
		if want := (map[bool]Status{true: Fail, false: Inconclusive})[name == "no scenario"]; v.Status != want {
			t.Errorf("%s: %s, want %s", name, v.Status, want)
		}
	}
}

// FuzzJudge holds that no journal breaks the judge or a report.
func FuzzJudge(f *testing.F) {
	for _, c := range findingCases {
		seed, err := json.Marshal(journalOf(f, c.journal))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	s := scenarioOf(f, busyRule+"[[expect]]\nmax_attempts = 2\nmin_gap = '1s'\nfinal = 'success'\nmax_accepted = 1\nmax_wait = '1s'\n"+
		"[[expect]]\norder = ['token', 'busy']\n[[expect]]\nrule = 'busy'\nallow = ['gave-up']\nmax_calls = 1\nfinal = 'shortened'")
	f.Fuzz(func(t *testing.T, text []byte) {
		var all []journal.Exchange
		if json.Unmarshal(text, &all) != nil {
			return
		}
		v := Judge(Input{Scenario: s, Exchanges: all})
		for _, write := range reports {
			written(t, v, write)
		}
		var read suites
		if err := xml.Unmarshal([]byte(written(t, v, WriteJUnit)), &read); err != nil {
			t.Errorf("the JUnit report is no XML: %v", err)
		}
	})
}
