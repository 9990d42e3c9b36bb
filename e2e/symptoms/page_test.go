package symptoms

import (
	_ "embed"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/symptoms.md")

// pageFile is the page that the test keeps true.
const pageFile = "../../docs/symptoms.md"

//go:embed testdata/head.md
var head string

// A fault is a row of the table of faults in docs/scenarios.md.
type fault struct{ name, sees, calls string }

// faults reads that table.
func faults(t *testing.T) (all []fault) {
	t.Helper()
	text, err := os.ReadFile("../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| kind | what the client sees | for |")
	if !found {
		t.Fatal("docs/scenarios.md has no table of faults")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	for _, row := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(row, " | ")
		all = append(all, fault{strings.Trim(cells[0], "| `"), cells[1], cells[2]})
	}
	return all
}

// page writes the page.
func page(t *testing.T, all []*sight, versions map[string]string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(head)
	b.WriteString("\n| client | version |\n|---|---|\n")
	for _, c := range clients() {
		fmt.Fprintln(&b, versionRow(c.name, versions[c.name]))
	}
	writeOverview(&b, all)
	for _, f := range faults(t) {
		if why, out := left[f.name]; out {
			fmt.Fprintf(&b, "\n## `%s`\n\nNot here: %s.\n", f.name, why)
			continue
		}
		fmt.Fprintf(&b, "\n## `%s`\n\nOn the wire: %s.\n", f.name, f.sees)
		for _, stream := range []bool{false, true} {
			writeSights(&b, f, stream, all)
		}
	}
	return b.String()
}

func versionRow(name, version string) string { return fmt.Sprintf("| %s | %s |", name, version) }

func writeSights(b *strings.Builder, f fault, stream bool, all []*sight) {
	i := slices.IndexFunc(all, func(s *sight) bool { return s.kind == f.name && s.stream == stream })
	if i < 0 {
		return
	}
	fmt.Fprintf(b, "\n| %s | says |\n|---|---|\n", kindOf(stream))
	for _, row := range all[i].rows() {
		fmt.Fprintln(b, row)
	}
}

// writeOverview tells in a table who notices what.
func writeOverview(b *strings.Builder, all []*sight) {
	b.WriteString("\n## Who notices\n\n| fault |")
	for _, c := range clients() {
		fmt.Fprintf(b, " %s |", c.name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(clients())) + "\n")
	for _, s := range all {
		fmt.Fprintf(b, "| `%s`, %s |", s.kind, kindOf(s.stream))
		for _, c := range clients() {
			fmt.Fprintf(b, " %s |", s.seen[c.name].noticed())
		}
		b.WriteString("\n")
	}
}

func kindOf(stream bool) string {
	if stream {
		return "a stream"
	}
	return "a plain call"
}

// rows returns what the clients say, in one row if that is the same for all.
func (s *sight) rows() (rows []string) {
	said := map[string]bool{}
	for _, c := range clients() {
		said[s.seen[c.name].symptom()] = true
		rows = append(rows, s.row(c.name, c.name))
	}
	if len(said) == 1 {
		return []string{s.row("all", clients()[0].name)}
	}
	return rows
}

func (s *sight) row(title, client string) string {
	return fmt.Sprintf("| %s | %s |", title, strings.ReplaceAll(s.seen[client].symptom(), "|", `\|`))
}

// compare holds the page against what was seen, or writes it anew.
func compare(t *testing.T, all []*sight, versions map[string]string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(pageFile, []byte(page(t, all, versions)), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	was, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	sections := sectionsOf(string(was))
	for _, c := range clients() {
		version, asked := versions[c.name]
		if !asked {
			continue
		}
		if !strings.Contains(string(was), versionRow(c.name, version)+"\n") {
			fmt.Fprintf(os.Stderr, "NOT COMPARED: %s %s: docs/symptoms.md is about another version\n", c.name, version)
			continue
		}
		for _, s := range all {
			section, row := sections[s.kind+kindOf(s.stream)], s.row(c.name, c.name)
			if !slices.Contains(section, row) && !slices.Contains(section, s.row("all", c.name)) {
				t.Errorf("%s, %s: seen, and not on the page: %s", s.kind, kindOf(s.stream), row)
			}
		}
	}
}

// sectionsOf returns the lines of a page by fault and kind of call.
func sectionsOf(page string) map[string][]string {
	sections := map[string][]string{}
	kind, calls := "", ""
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		if name, found := strings.CutPrefix(line, "## `"); found {
			kind = strings.TrimSuffix(name, "`")
		}
		if strings.HasSuffix(line, " | says |") {
			calls = strings.TrimSuffix(strings.TrimPrefix(line, "| "), " | says |")
		}
		sections[kind+calls] = append(sections[kind+calls], line)
	}
	return sections
}
