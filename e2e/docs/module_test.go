package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The least that a user writes.
const leastTest = `package fresh

import (
	"testing"

	"github.com/mockllm/mockllm"
)

func TestModels(t *testing.T) {
	srv := mockllm.RunT(t)
	srv.Client().Get(srv.BaseURL("qianfan-v2") + "/models")
	srv.WantCalls(t, 1)
}
`

// TestOneGoGet makes a module in which one go get is all that a test needs.
func TestOneGoGet(t *testing.T) {
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":        "module fresh\n\ngo 1.26.0\n\nreplace github.com/mockllm/mockllm v0.0.0 => " + here + "\n",
		"fresh_test.go": leastTest,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{
		{"get", "github.com/mockllm/mockllm@v0.0.0"}, {"vet", "./..."}, {"test", "./..."}, {"mod", "tidy"}, {"test", "-mod=readonly", "./..."},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil && unreachable(string(out)) {
			t.Skipf("NOT TESTED: no module proxy can be reached: go %s: %s", strings.Join(args, " "), out)
		}
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, heavy := range []string{"spf13", "fsnotify", "invopop", "santhosh-tekuri", "prometheus", "go-redis"} {
		if strings.Contains(string(mod), heavy) {
			t.Errorf("a user's go.mod names %s:\n%s", heavy, mod)
		}
	}
}

// unreachable reports whether the go command failed for want of a network.
func unreachable(out string) bool {
	for _, sign := range []string{"dial tcp", "no such host", "connection refused", "i/o timeout", "proxyconnect", "403 Forbidden", "module lookup disabled"} {
		if strings.Contains(out, sign) {
			return true
		}
	}
	return false
}
