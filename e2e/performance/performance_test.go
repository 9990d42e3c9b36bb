package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The servers that are compared are this program again.
func TestMain(m *testing.M) {
	if standIn() || play() {
		return
	}
	os.Exit(m.Run())
}

const root = "../.."

// TestEveryFigure measures next to nothing of everything, so that the program
// does not rot. What comes out says nothing, and is not judged. The peers are
// stand-ins, which are here without a network.
func TestEveryFigure(t *testing.T) {
	p := plan{
		folder: t.TempDir(), files: descriptors(), given: standIns(t),
		turns: 2, slice: 20 * time.Millisecond,
		paced: 5, frames: 6, rounds: 1, idleStreams: 5, idleEvery: 20 * time.Millisecond, starts: 1,
	}
	p.binary = filepath.Join(p.folder, "mockllm")
	build := exec.Command("go", "build", "-o", p.binary, "./cmd/mockllm")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, f := range figures() {
		rows, err := f.measure(p)
		if err != nil || len(rows) == 0 {
			t.Errorf("%s: %d rows, %v", f.name, len(rows), err)
		}
		for _, r := range rows {
			if strings.Contains(r.figure, "lost") && r.missed || strings.Contains(r.figure, "idle") && r.missed {
				t.Errorf("%s: %s, wanted %s", r.figure, r.result, r.wanted) // Nothing is lost, however busy the machine is.
			}
			if f.name == "peers" && strings.HasPrefix(r.result, "NOT MEASURED") {
				t.Errorf("%s: %s", r.figure, r.result)
			}
			t.Log(r.figure, r.result)
		}
	}
}

// TestRelease builds the release binary as the target does.
func TestRelease(t *testing.T) {
	for _, tool := range []string{"tar", "zip", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("NOT TESTED: %v", err)
		}
	}
	binary, err := build(root, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(binary, "version").CombinedOutput(); err != nil || !strings.Contains(string(out), "v0.0.0-performance") {
		t.Errorf("version: %v\n%s", err, out)
	}
}

func TestAnswerEnd(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: x\r\n\r\n"
	for _, c := range []struct {
		text string
		want int
		bad  bool
	}{
		{"", 0, false},
		{"HTTP/1.1 200 OK\r\nContent-Le", 0, false},
		{head, len(head) + 5, false},
		{head + "hello", len(head) + 5, false},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 43, false},
		{"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", 0, true},
	} {
		got, err := answerEnd([]byte(c.text))
		if got != c.want && !c.bad || (err != nil) != c.bad {
			t.Errorf("%q ends at %d, %v, want %d", c.text, got, err, c.want)
		}
	}
}

func TestQuantile(t *testing.T) {
	values := []time.Duration{5, 1, 4, 2, 3}
	for share, want := range map[float64]time.Duration{0: 1, 0.5: 3, 0.99: 5, 1: 5} {
		if got := quantile(values, share); got != want {
			t.Errorf("%v of %v is %v, want %v", share, values, got, want)
		}
	}
	if !slices.Equal(values, []time.Duration{5, 1, 4, 2, 3}) {
		t.Errorf("the values are now %v", values)
	}
	us, them := &contestant{slices: []float64{10, 100, 1}}, &contestant{slices: []float64{10, 200, 1}}
	if got := us.against(them); got != 1 {
		t.Errorf("the median of the ratios is %v", got)
	}
}

func TestRewrite(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	text, err := os.ReadFile(filepath.Join(root, "docs", "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, text, 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // Once more changes nothing.
		if err := rewrite(page, "THE RESULTS\n"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil || strings.Count(string(got), "THE RESULTS") != 1 || !strings.HasPrefix(string(got), string(text[:200])) {
		t.Errorf("%v\n%s", err, got)
	}
	if err := rewrite(os.Args[0], ""); err == nil {
		t.Error("a page without a place for results is rewritten")
	}
}

func TestChosen(t *testing.T) {
	all, err := chosen("")
	if err != nil || len(all) != len(figures()) {
		t.Errorf("%d figures, %v", len(all), err)
	}
	some, err := chosen("rules,idle")
	if err != nil || len(some) != 2 || some[0].name != "rules" || some[1].name != "idle" {
		t.Errorf("%v, %v", some, err)
	}
	if _, err := chosen("ruels"); err == nil {
		t.Error("a figure that does not exist is measured")
	}
}
