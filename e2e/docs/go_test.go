package docs

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	_ "github.com/mockllm/mockllm/metrics" // Pages name it, and what it needs must be known to this module.
)

// imports are what the pages' code may name without saying where it is from.
var imports = map[string]string{
	"testing": "testing", "http": "net/http", "fmt": "fmt", "log": "log", "slog": "log/slog", "net": "net", "time": "time", "context": "context",
	"synctest": "testing/synctest", "strings": "strings",
	"mockllm": "github.com/mockllm/mockllm", "scenarios": "github.com/mockllm/mockllm/scenarios", "play": "github.com/mockllm/mockllm/play",
	"admin": "github.com/mockllm/mockllm/admin", "metrics": "github.com/mockllm/mockllm/metrics",
	"openai": "github.com/openai/openai-go/v3", "option": "github.com/openai/openai-go/v3/option",
}

// own is what the readers have of their own in the pages' code.
const own = `package page
import "net/http"
func NewClient(baseURL string) *http.Client { return nil }
`

// TestGoOnPages compiles every block of Go on the pages, be it a file, some
// declarations or some statements.
func TestGoOnPages(t *testing.T) {
	fset := token.NewFileSet()
	compiled := compiledPackages(t, fset)
	for _, b := range blocks(t, "go") {
		t.Run(fmt.Sprintf("%s:%d", b.page, b.line), func(t *testing.T) {
			file, err := fileOf(fset, b.text)
			if err != nil {
				t.Fatal(err)
			}
			files := []*ast.File{file}
			if file.Name.Name == "page" {
				mine, err := parser.ParseFile(fset, "own.go", own, 0)
				if err != nil {
					t.Fatal(err)
				}
				files = append(files, mine)
			}
			config := types.Config{Importer: compiled, Error: func(err error) {
				if e, ok := err.(types.Error); !ok || !e.Soft { // A page may leave a variable to its reader.
					t.Error(err)
				}
			}}
			config.Check("page", fset, files, nil)
		})
	}
}

// fileOf makes a file of a block.
func fileOf(fset *token.FileSet, text string) (*ast.File, error) {
	var first error
	for _, frame := range [][2]string{{"", ""}, {"package page\n", ""}, {"package page\nfunc _() {\n", "}\n"}} {
		whole := frame[0] + text + frame[1]
		file, err := parser.ParseFile(fset, "page.go", whole, 0)
		if err == nil {
			return parser.ParseFile(fset, "page.go", withImports(file, whole), 0)
		}
		if frame[0] != "" && first == nil {
			first = err
		}
	}
	return nil, first
}

// withImports adds the imports that the block takes for granted.
func withImports(file *ast.File, text string) string {
	given := map[string]bool{}
	for _, spec := range file.Imports {
		given[strings.Trim(spec.Path.Value, `"`)] = true
	}
	var missing []string
	for _, name := range file.Unresolved {
		if path := imports[name.Name]; path != "" && !given[path] {
			given[path] = true
			missing = append(missing, fmt.Sprintf("import %s %q;", name.Name, path))
		}
	}
	clause := "package " + file.Name.Name
	return strings.Replace(text, clause, clause+"; "+strings.Join(missing, " "), 1)
}

// compiledPackages imports from the go command's cache of compiled packages.
func compiledPackages(t *testing.T, fset *token.FileSet) types.Importer {
	t.Helper()
	args := []string{"list", "-deps", "-export", "-f", "{{.ImportPath}}\t{{.Export}}"}
	for _, path := range imports {
		args = append(args, path)
	}
	slices.Sort(args[5:])
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	files := map[string]string{}
	for row := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSuffix(row, "\n"), "\t")
		files[path] = file
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("%s is not among the imports of this test", path)
		}
		return os.Open(files[path])
	})
}
