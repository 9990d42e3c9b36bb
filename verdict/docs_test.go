package verdict

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/scenarios"
)

// TestDocs holds that every kind of finding is described, with its severity,
// and every key of an expectation.
func TestDocs(t *testing.T) {
	page := read(t, "../docs/verdict.md")
	for _, c := range charges() {
		if row := fmt.Sprintf("\n| `%s` | %s | ", c.kind, c.severity); !strings.Contains(page, row) {
			t.Errorf("docs/verdict.md has no row %q", row)
		}
	}
	for _, kind := range scenarios.FindingKinds() {
		if n := strings.Count(page, fmt.Sprintf("\n| `%s` |", kind)); n != 1 {
			t.Errorf("docs/verdict.md describes %s %d times", kind, n)
		}
	}
	_, language, _ := strings.Cut(read(t, "../docs/scenarios.md"), "## `[[expect]]`")
	for _, f := range reflect.VisibleFields(reflect.TypeFor[scenarios.Expect]()) {
		if key := f.Tag.Get("toml"); key != "" && !strings.Contains(language, "`"+key+"`") {
			t.Errorf("docs/scenarios.md does not describe %s of [[expect]]", key)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
