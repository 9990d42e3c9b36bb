package main

import (
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestJSONPage: programs rely on the fields of --json, which docs/run.md lists.
func TestJSONPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/run.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n### JSON\n")
	section, _, _ = strings.Cut(section, "\n### ")
	var listed, real []string
	for line := range strings.Lines(section) {
		if field, is := strings.CutPrefix(line, "| `"); is {
			field, _, _ = strings.Cut(field, "`")
			listed = append(listed, field)
		}
	}
	for field := range reflect.TypeFor[row]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		real = append(real, name)
	}
	if !reflect.DeepEqual(listed, real) {
		t.Errorf("docs/run.md lists %q, there are %q", listed, real)
	}
}

// update writes the page instead of comparing it:
//
//	go test ./cmd/mockllm -run TestErrorsPage -update
var update = flag.Bool("update", false, "rewrite docs/errors.md")

// errorsPage is the page and errorsHeader what stands above the list in it.
const (
	errorsPage   = "../../docs/errors.md"
	errorsHeader = "# The documented errors\n" +
		"\n" +
		"`make docs` makes this file from `mockllm catalog list --format markdown`; do not edit it.\n"
)

// The page is for readers who have no mockllm at hand, and of use only as
// long as it says what mockllm says.
func TestErrorsPage(t *testing.T) {
	want := errorsHeader + ok(t, "catalog", "list", "--format", "markdown")
	if *update {
		if err := os.WriteFile(errorsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(errorsPage)
	if err != nil {
		t.Fatalf("%v; make docs writes it", err)
	}
	if string(got) != want {
		t.Error("docs/errors.md is not what the catalogue says: run make docs")
	}
}
