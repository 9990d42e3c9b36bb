package mockllm

import (
	"go/ast"
	"go/parser"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/responders"
)

// A host that compose.yaml forgets would lead an application to the vendor.
func TestComposeKnowsAllHosts(t *testing.T) {
	text, err := os.ReadFile("compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range responders.Hosts() {
		if !strings.Contains(string(text), "          - "+host+"\n") {
			t.Errorf("compose.yaml has no alias %s", host)
		}
	}
}

// The module for testcontainers imports nothing of ours, so it has a table of
// base paths of its own.
func TestContainerModuleKnowsAllDialects(t *testing.T) {
	file, err := parser.ParseFile(fset, "tcmockllm/dialects.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if pair, ok := n.(*ast.KeyValueExpr); ok {
			path, _ := strconv.Unquote(pair.Value.(*ast.BasicLit).Value)
			dialect := catalog.DashScopeWS // The one that has a name of its own there.
			if key, ok := pair.Key.(*ast.BasicLit); ok {
				dialect, _ = strconv.Unquote(key.Value)
			}
			paths[dialect] = path
		}
		return true
	})
	for _, d := range catalog.Dialects() {
		if path, ok := paths[d.Name]; !ok || path != d.BasePath {
			t.Errorf("tcmockllm/dialects.go says %q (%v) for %s, want %q", path, ok, d.Name, d.BasePath)
		}
	}
}
