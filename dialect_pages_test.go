package mockllm

import (
	"os"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/catalog"
)

// TestDialectPages holds that every dialect stands where people look for it.
func TestDialectPages(t *testing.T) {
	for file, form := range map[string]string{
		"doc.go": "//\t%s ", "README.md": "`%s`", "README.zh.md": "`%s`", "example_dialects_test.go": `BaseURL("%s")`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range catalog.Dialects() {
			if name := strings.Replace(form, "%s", d.Name, 1); !strings.Contains(string(text), name) {
				t.Errorf("%s has no %s", file, name)
			}
		}
	}
}
