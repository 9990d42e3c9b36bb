package scorecards

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/scenarios"
)

var update = flag.Bool("update", false, "rewrite docs/scorecards.md")

// pageFile is the page that the test keeps true.
const pageFile = "../../docs/scorecards.md"

//go:embed testdata/head.md
var head string

// TestScorecards drives every client through every incident that it can meet,
// and holds the page against what became of it.
func TestScorecards(t *testing.T) {
	results := map[string]map[string]result{}
	for _, l := range libraries() {
		results[l.name] = map[string]result{}
		for _, c := range trials() {
			if l.does(c) {
				t.Run(l.name+"/"+c.scenario, func(t *testing.T) { results[l.name][c.scenario] = try(t, l, c) })
			}
		}
	}
	if t.Failed() {
		return
	}
	now := page(t, results)
	if *update {
		if err := os.WriteFile(pageFile, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	was, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(now, "\n") {
		if !slices.Contains(strings.Split(string(was), "\n"), line) {
			t.Errorf("measured, and not on the page: %s", line)
		}
	}
	if !t.Failed() && now != string(was) {
		t.Error("the page says more than was measured; run make scorecards")
	}
}

// TestTrials: every incident of the library is on the page.
func TestTrials(t *testing.T) {
	var tried []string
	for _, c := range trials() {
		tried = append(tried, c.scenario)
	}
	slices.Sort(tried)
	if !slices.Equal(tried, scenarios.Library()) {
		t.Errorf("the page is about %q, the library has %q", tried, scenarios.Library())
	}
}

// page writes the page.
func page(t *testing.T, results map[string]map[string]result) string {
	var b strings.Builder
	b.WriteString(head)
	writeTable(&b, results)
	versions := modules(t)
	for _, l := range libraries() {
		fmt.Fprintf(&b, "\n## %s\n\n`%s` %s, speaks %s. %s\n", l.name, l.module, versions[l.module], l.dialect, l.note)
		writeFindings(&b, results[l.name])
	}
	return b.String()
}

func writeTable(b *strings.Builder, results map[string]map[string]result) {
	first, line := "| scenario | needs |", "|---|---|"
	for _, l := range libraries() {
		first += " " + l.name + " |"
		line += "---|"
	}
	fmt.Fprintf(b, "%s\n%s\n", first, line)
	for _, c := range trials() {
		fmt.Fprintf(b, "| [%s](incidents/%[1]s.md) | %s: %s |", c.scenario, c.operation, strings.Join(c.dialects, ", "))
		for _, l := range libraries() {
			r, tried := results[l.name][c.scenario]
			if !tried {
				r.status = "–"
			}
			fmt.Fprintf(b, " %s |", r.status)
		}
		b.WriteString("\n")
	}
}

// writeFindings writes why a client did not pass.
func writeFindings(b *strings.Builder, of map[string]result) {
	b.WriteString("\n")
	for _, c := range trials() {
		if of[c.scenario].evidence == nil {
			continue
		}
		fmt.Fprintf(b, "- **%s**\n", c.scenario)
		for _, e := range of[c.scenario].evidence {
			fmt.Fprintf(b, "  - %s\n", e)
		}
	}
}

// modules returns the versions that go.mod asks for.
func modules(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if words := strings.Fields(line); len(words) >= 2 {
			versions[words[0]] = words[1]
		}
	}
	return versions
}
