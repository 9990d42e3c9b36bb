package tcmockllm_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// requireVariable names what must be there: a test that needs it fails then,
// instead of being skipped. The e2e module knows the same words.
const requireVariable = "MOCKLLM_E2E_REQUIRE"

// required returns the words of the variable, or an error for one that no test
// would ever look at.
func required() ([]string, error) {
	known := []string{"chromium", "clients", "docker", "java", "node", "python3", "redis", "release"}
	words := strings.FieldsFunc(os.Getenv(requireVariable), func(r rune) bool { return r == ',' })
	for _, word := range words {
		if !slices.Contains(known, word) {
			return nil, fmt.Errorf("%s: unknown word %q; it is one of %s", requireVariable, word, strings.Join(known, ", "))
		}
	}
	return words, nil
}

// missing skips the test loudly, or fails it if the thing is required.
func missing(t *testing.T, what, why string) {
	t.Helper()
	if words, _ := required(); slices.Contains(words, what) {
		t.Fatalf("%s is required and missing: %s", what, why)
	}
	fmt.Fprintf(os.Stderr, "SKIPPED %s: no %s: %s\n", t.Name(), what, why)
	t.Skipf("no %s: %s", what, why)
}
