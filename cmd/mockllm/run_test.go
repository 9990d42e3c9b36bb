package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/verdict"
)

func openTestStage(t *testing.T) *stage {
	t.Helper()
	s, err := openStage([]mockllm.Option{mockllm.WithScenario(&scenarios.Scenario{Name: "quiet"})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// Each SDK finds the server by the variables that it really reads.
func TestVariables(t *testing.T) {
	s := openTestStage(t)
	for name, want := range map[string]string{
		"QIANFAN_BASE_URL": "URL", "QIANFAN_CONSOLE_API_BASE_URL": "URL", "QIANFAN_CONSOLE_BASE_URL": "URL", "QIANFAN_IAM_BASE_URL": "URL",
		"QIANFAN_BEAR_TOKEN_URL": "URL/v1/BCE-BEARER/token", "QIANFAN_V2_BASE_URL": "URL/v2/chat/completions", "ERNIE_API_BASE": "URL",
		"DASHSCOPE_HTTP_BASE_URL": "URL/api/v1", "DASHSCOPE_COMPATIBLE_BASE_URL": "URL/compatible-mode/v1",
		"DASHSCOPE_WEBSOCKET_BASE_URL": "ws" + strings.TrimPrefix(s.vendors, "http") + "/api-ws/v1/inference",
		"OPENAI_BASE_URL":              "URL/compatible-mode/v1", "OPENAI_API_BASE": "URL/compatible-mode/v1",
		"ANTHROPIC_BASE_URL": "URL/apps/anthropic",
		"MOCKLLM_URL":        "URL", "MOCKLLM_ADMIN_URL": s.admin, "MOCKLLM_SCENARIO_NAME": "quiet",
	} {
		got := lookUp(clientEnvironment(nil, s.variables("dashscope")), name)
		if want = strings.Replace(want, "URL", s.vendors, 1); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{"OPENAI_BASE_URL": "/v2", "OPENAI_API_BASE": "/v2", "ANTHROPIC_BASE_URL": "/anthropic"} {
		if got := lookUp(clientEnvironment(nil, s.variables("qianfan")), name); got != s.vendors+want {
			t.Errorf("%s is %q on Qianfan", name, got)
		}
	}
}

func TestClientEnvironment(t *testing.T) {
	all := []string{"QIANFAN_ACCESS_KEY", "QIANFAN_SECRET_KEY", "QIANFAN_AK", "QIANFAN_SK", "DASHSCOPE_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"}
	without := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(name string) bool { return slices.Contains(names, name) })
	}
	for _, c := range []struct {
		name    string
		environ []string
		madeUp  []string
		direct  string // NO_PROXY and no_proxy.
	}{
		{"nothing", nil, all, "127.0.0.1,localhost"},
		{"empty is unset", []string{"OPENAI_API_KEY="}, all, "127.0.0.1,localhost"},
		{"a key", []string{"OPENAI_API_KEY=sk-own"}, without("OPENAI_API_KEY"), "127.0.0.1,localhost"},
		// With an access key the SDK signs; with AK and SK it fetches a token.
		{"one way to ask Qianfan", []string{"QIANFAN_AK=a", "QIANFAN_SK=b"}, without(all[:4]...), "127.0.0.1,localhost"},
		{"another one", []string{"QIANFAN_BEARER_TOKEN=a"}, without(all[:4]...), "127.0.0.1,localhost"},
		{"a token for Anthropic", []string{"ANTHROPIC_AUTH_TOKEN=a"}, without("ANTHROPIC_API_KEY"), "127.0.0.1,localhost"},
		{"a proxy", []string{"HTTP_PROXY=http://p", "NO_PROXY=a, .b"}, all, "a,.b,127.0.0.1,localhost"},
		{"both spellings", []string{"no_proxy=a,localhost", "NO_PROXY=b,a"}, all, "b,a,localhost,127.0.0.1"},
		{"all direct", []string{"NO_PROXY=*"}, all, "*"},
	} {
		got := clientEnvironment(append(c.environ, "HOME=/h", "OPENAI_BASE_URL=https://elsewhere"), []variable{{"OPENAI_BASE_URL", "http://here"}})
		for _, name := range all {
			if made := slices.Contains(got, name+"=mockllm-any"); made != slices.Contains(c.madeUp, name) {
				t.Errorf("%s: %s is made up: %t", c.name, name, made)
			}
		}
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			if hosts := lookUp(got, name); hosts != c.direct {
				t.Errorf("%s: %s is %q, want %q", c.name, name, hosts, c.direct)
			}
		}
		if !slices.Contains(got, "HOME=/h") || slices.Contains(got, "OPENAI_BASE_URL=https://elsewhere") || !slices.Contains(got, "OPENAI_BASE_URL=http://here") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestQuoted(t *testing.T) {
	for word, want := range map[string]string{
		"plain-1.0_a/b=c,d:e@f%g+h": "plain-1.0_a/b=c,d:e@f%g+h",
		"":                          "''", "two words": "'two words'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "a;b": "'a;b'", "*": "'*'", "千帆": "'千帆'", "~": "'~'", "a\nb": "'a\nb'",
	} {
		if got := quoted(word); got != want {
			t.Errorf("%q becomes %s, want %s", word, got, want)
		}
		if out, err := exec.Command("sh", "-c", "printf %s "+want).Output(); err != nil || string(out) != word {
			t.Errorf("a shell reads %s as %q, %v", want, out, err)
		}
	}
}

// A fence that the command contains would end the block.
func TestWriteAgain(t *testing.T) {
	var b bytes.Buffer
	if err := writeAgain(&b, "x ```y```"); err != nil || !strings.Contains(b.String(), "\n````sh\nx ```y```\n````\n") {
		t.Errorf("%q, %v", b.String(), err)
	}
}

func TestExit(t *testing.T) {
	for _, c := range []struct {
		code   int
		caught os.Signal
		status verdict.Status
		want   int
		why    string
	}{
		{0, nil, verdict.Pass, 0, "the verdict's"},
		{0, nil, verdict.Fail, 3, "the verdict's"},
		{0, nil, verdict.Inconclusive, 4, "the verdict's"},
		{1, nil, verdict.Fail, 1, "CMD's"},
		{137, nil, verdict.Inconclusive, 137, "CMD's"},
		{0, syscall.SIGTERM, verdict.Pass, 143, "that of the signal"},
		{2, os.Interrupt, verdict.Fail, 2, "CMD's"},
	} {
		r := result{ended: ended{code: c.code, caught: c.caught}, verdict: &verdict.Verdict{Status: c.status}}
		if code, why := r.exit(); code != c.want || why != c.why {
			t.Errorf("%+v: %d, %s", c, code, why)
		}
	}
}

func TestScorecardExit(t *testing.T) {
	pass, fail, unclear := row{Status: verdict.Pass}, row{Status: verdict.Fail}, row{Status: verdict.Inconclusive}
	failed := row{Scenario: "x", Status: verdict.Pass, Exit: 9}
	for _, c := range []struct {
		card scorecard
		want int
	}{
		{scorecard{rows: []row{pass, pass}}, 0},
		{scorecard{rows: []row{pass, unclear, pass}}, 4},
		{scorecard{rows: []row{fail, unclear, pass}}, 3},
		{scorecard{rows: []row{unclear, fail}}, 3},
		{scorecard{rows: []row{pass, failed, {Exit: 8, Status: verdict.Pass}}}, 9},
		{scorecard{rows: []row{failed, unclear}}, 4},
		{scorecard{rows: []row{fail}, caught: os.Interrupt, left: 1}, 130},
	} {
		if code, _ := c.card.exit(); code != c.want {
			t.Errorf("%+v: %d, want %d", c.card.rows, code, c.want)
		}
	}
	card := scorecard{rows: []row{pass, fail, fail, unclear}, left: 2}
	if got := card.totals(); got != "1 PASS, 2 FAIL, 1 INCONCLUSIVE, 2 not run" {
		t.Errorf("totals %s", got)
	}
}

// One file holds the suites of all, each as it would stand alone.
func TestScorecardJUnit(t *testing.T) {
	var b bytes.Buffer
	card := scorecard{rows: []row{
		{Verdict: &verdict.Verdict{Scenario: `a <&"> b`, Status: verdict.Pass}},
		{Verdict: &verdict.Verdict{Scenario: "b", Status: verdict.Inconclusive, Reasons: []string{"nothing was called"}}},
	}}
	if err := card.writeJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var read struct {
		Suites []struct {
			Name   string `xml:"name,attr"`
			Errors int    `xml:"errors,attr"`
			Cases  []struct {
				Name string `xml:"name,attr"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if len(read.Suites) != 2 || read.Suites[0].Name != `mockllm: a <&"> b` || read.Suites[1].Errors != 1 || len(read.Suites[1].Cases) < 10 {
		t.Errorf("%+v\n%s", read, b.String())
	}
}

func TestNotStarted(t *testing.T) {
	for err, want := range map[error]int{
		exec.ErrNotFound: 127, fs.ErrNotExist: 127, &fs.PathError{Err: syscall.ENOENT}: 127,
		fs.ErrPermission: 126, &fs.PathError{Err: syscall.ENOEXEC}: 126, exec.ErrDot: 126,
	} {
		var exit *exitError
		if !errors.As(notStarted(err), &exit) || exit.code != want || exit.Error() != err.Error() {
			t.Errorf("%v: %v, want %d", err, exit, want)
		}
	}
}

// An error counts once, however many attributes stand behind it.
func TestCounter(t *testing.T) {
	c := &counter{}
	log := c.logger()
	log.Info("exchange", "cause", "rule", "error", "x", "rule", "y")
	log.Info("exchange", "cause", "success")
	log.Info("namespaces forgotten", "error", "x")
	if got := progressOf(c); got != "mockllm: 2 calls, 1 error thrown" {
		t.Errorf("%s", got)
	}
}

func TestAtTheEnd(t *testing.T) {
	if got := atTheEnd("text", true); got != "\x1b7\x1b[999C\x1b[3D\x1b[2mtext\x1b[0m\x1b8" {
		t.Errorf("%q", got)
	}
	if got := atTheEnd("text", false); got != "\x1b7\x1b[999C\x1b[3Dtext\x1b8" {
		t.Errorf("without colour %q", got)
	}
}

// Nothing is drawn where nobody sees it.
func TestNoProgressInAFile(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	clock := play.NewManual(time.Unix(0, 0))
	var b bytes.Buffer
	showProgress(f, nil, &counter{}, clock)()
	showProgress(&b, nil, &counter{}, clock)()
	if info, err := f.Stat(); err != nil || info.Size() > 0 || b.Len() > 0 {
		t.Errorf("%d bytes in a file, %q elsewhere, %v", info.Size(), b.String(), err)
	}
}

// Standard input that is no file reaches CMD, and one that never ends does not
// hold it up.
func TestStdin(t *testing.T) {
	var out bytes.Buffer
	c := child{args: []string{"cat"}, in: strings.NewReader("words"), out: &out, clock: play.Real()}
	if e, err := c.run(context.Background()); err != nil || e.code != 0 || out.String() != "words" {
		t.Errorf("%+v, %v, %q", e, err, out.String())
	}
	endless, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer endless.Close()
	c = child{args: []string{"true"}, in: struct{ *os.File }{endless}, out: &out, clock: play.Real()}
	if e, err := c.run(context.Background()); err != nil || e.code != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}
