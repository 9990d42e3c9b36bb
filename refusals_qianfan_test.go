package mockllm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// TestQianfanRefusals sends the requests of the tables in testdata/refusals over a
// real socket: what a vendor refuses by itself is refused with these very
// bytes, and answered where refusals are off. A case begins with ### and its
// name. Lines with > are its scenario, then come the request and, behind ===,
// the status, what a refusal without a body says in its header, and the body.
func TestQianfanRefusals(t *testing.T) {
	files, err := filepath.Glob("testdata/refusals/qianfan-*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			cases := strings.Split(string(text), "### ")
			for i, c := range cases[1:] {
				name, rest, _ := strings.Cut(c, "\n")
				t.Run(name, func(t *testing.T) { cases[i+1] = name + "\n" + qianfanRefusal(t, rest) })
			}
			if *update {
				if err := os.WriteFile(file, []byte(strings.Join(cases, "### ")), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// qianfanRefusal runs a case and returns it with the answer that came.
func qianfanRefusal(t *testing.T, text string) string {
	t.Helper()
	asked, want, found := strings.Cut(text, "=== ")
	if !found {
		t.Fatal("there is no answer behind ===")
	}
	var scenario, request []string
	for _, line := range strings.SplitAfter(asked, "\n") {
		if rule, is := strings.CutPrefix(line, "> "); is {
			scenario = append(scenario, rule)
		} else {
			request = append(request, line)
		}
	}
	on, off := strings.Join(scenario, ""), `refusals = "off"`+"\n"+strings.Join(scenario, "")
	if strings.HasPrefix(on, "refusals = {") {
		off = strings.Replace(on, "{", `{ mode = "off",`, 1)
	}
	sent := strings.TrimSuffix(strings.Join(request, ""), "\n")
	srv := RunT(t, ScenarioText(on), WithClock(play.NewManual(goldenTime)))
	got := shortened(exchangeRaw(t, srv.URL(), sent))
	if want = strings.TrimRight(want, "\n"); got != want && !*update {
		t.Errorf("\n--- got\n%s\n--- want\n%s", got, want)
	}
	if cause := lastCause(t, srv); cause != string(scenarios.ByBody) && cause != string(scenarios.ByIdentity) && !strings.Contains(got, `"flag":`) {
		t.Errorf("the answer is made by %s", cause)
	}
	lax := RunT(t, ScenarioText(off), WithClock(play.NewManual(goldenTime)))
	exchangeRaw(t, lax.URL(), sent)
	if cause := lastCause(t, lax); cause != string(scenarios.BySuccess) {
		t.Errorf("with refusals off, the answer is made by %s", cause)
	}
	return asked + "=== " + got + "\n\n"
}

// shortened cuts an answer to what makes it a refusal.
func shortened(answer string) string {
	head, body, _ := strings.Cut(answer, "\n\n")
	lines := strings.Split(head, "\n")
	short := []string{strings.TrimPrefix(lines[0], "HTTP/1.1 ")}
	for _, line := range lines[1:] {
		if strings.HasPrefix(line, "X-Bce-Error-") {
			short = append(short, line)
		}
	}
	return strings.TrimRight(strings.Join(append(short, body), "\n"), "\n")
}

func lastCause(t *testing.T, srv *Server) string {
	t.Helper()
	exchanges := srv.Journal()
	if len(exchanges) == 0 {
		t.Fatal("the journal is empty")
	}
	return exchanges[len(exchanges)-1].Cause
}
