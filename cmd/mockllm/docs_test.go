package main

import (
	"flag"
	"os"
	"testing"
)

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
