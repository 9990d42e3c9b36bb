package mockllm

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The rooms and the only direction in which they may know each other; see
// docs/architecture.md.
var line = []string{"catalog", "scenarios", "responders", "play", "journal", "admin", ".", "cmd/mockllm"}

const module = "github.com/mockllm/mockllm"

// forbidden are packages that a room must never import, each with the reason.
var forbidden = []struct{ room, pkg, why string }{
	{"catalog", "net/http", "the catalogue is data: what is served is not its business"},
	{"scenarios", "net/http", "decisions are about calls, whatever carries them"},
	{"scenarios", "net", "decisions are about calls, whatever carries them"},
	{"responders", "net/http/httptest", "responders are pure"},
	{"responders", "os", "responders are pure"},
	{"play", "github.com/BurntSushi/toml", "play performs scripts and knows no language"},
	{"journal", "net/http", "the journal remembers, it does not serve"},
	{"admin", module, "admin knows the server as an interface only"},
	{".", "github.com/BurntSushi/toml", "the root wires; the language is read in scenarios"},
}

// forbiddenCalls are functions that a room must never call.
var forbiddenCalls = []struct{ room, call, why string }{
	{"catalog", "time.Now", "data has no time"},
	{"scenarios", "time.Now", "the time is an argument"},
	{"scenarios", "time.Since", "the time is an argument"},
	{"scenarios", "time.Sleep", "only play waits"},
	{"scenarios", "rand.IntN", "chance is a function of the seed"},
	{"scenarios", "rand.Float64", "chance is a function of the seed"},
	{"scenarios", "rand.Uint64", "chance is a function of the seed"},
	{"responders", "time.Now", "the time is an argument"},
	{"responders", "time.Sleep", "only play waits"},
	{"responders", "rand.Uint64", "chance is a function of the seed"},
	{"journal", "time.Now", "the time is an argument"},
	{".", "time.Sleep", "only play waits"},
}

func TestImportsPointOneWay(t *testing.T) {
	for at, room := range line {
		for _, file := range goFiles(t, room, false) {
			for _, spec := range parse(t, file).Imports {
				path := strings.Trim(spec.Path.Value, `"`)
				for _, later := range line[at+1:] {
					if path == packagePath(later) {
						t.Errorf("%s imports %s, which stands behind %s in the line", file, path, room)
					}
				}
				for _, f := range forbidden {
					if f.room == room && f.pkg == path {
						t.Errorf("%s imports %s: %s", file, path, f.why)
					}
				}
			}
		}
	}
}

func TestForbiddenCalls(t *testing.T) {
	for _, f := range forbiddenCalls {
		for _, file := range goFiles(t, f.room, false) {
			ast.Inspect(parse(t, file), func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				if s, ok := call.Fun.(*ast.SelectorExpr); ok {
					if x, ok := s.X.(*ast.Ident); ok && x.Name+"."+s.Sel.Name == f.call {
						t.Errorf("%s calls %s: %s", file, f.call, f.why)
					}
				}
				return true
			})
		}
	}
}

// TestOnlyPlayWrites holds that sockets are written to in one place.
func TestOnlyPlayWrites(t *testing.T) {
	for _, room := range []string{"catalog", "scenarios", "responders", "journal", "."} {
		for _, file := range goFiles(t, room, false) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), ".Hijack(") || strings.Contains(string(text), ".Flush()") {
				t.Errorf("%s takes over or flushes a connection: only play does", file)
			}
		}
	}
}

// TestHouseRules holds what is the same everywhere: no init, no package
// variable written after start, exported names documented, functions and files
// of a readable size.
func TestHouseRules(t *testing.T) {
	const longestFunction, longestFile = 70, 400
	for _, room := range line {
		for _, file := range goFiles(t, room, false) {
			f := parse(t, file)
			if lines := fset.Position(f.FileEnd).Line; lines > longestFile {
				t.Errorf("%s has %d lines, more than %d: is it about one thing?", file, lines, longestFile)
			}
			globals := packageVars(t, room)
			for _, decl := range f.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if !ok {
					continue
				}
				if fn.Name.Name == "init" && fn.Recv == nil {
					t.Errorf("%s has an init function", file)
				}
				if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line; n > longestFunction {
					t.Errorf("%s: %s has %d lines", file, fn.Name.Name, n)
				}
				reportWrites(t, file, fn, globals)
			}
			reportUndocumented(t, file, f)
		}
	}
}

func reportWrites(t *testing.T, file string, fn *ast.FuncDecl, globals map[string]bool) {
	if fn.Body == nil {
		return
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if !ok || assign.Tok == token.DEFINE {
			return true
		}
		for _, left := range assign.Lhs {
			if id, ok := left.(*ast.Ident); ok && globals[id.Name] && id.Obj != nil && id.Obj.Kind == ast.Var && isGlobal(id) {
				t.Errorf("%s: %s writes the package variable %s", file, fn.Name.Name, id.Name)
			}
		}
		return true
	})
}

// isGlobal reports whether the identifier was declared by a package-level var
// of the same file.
func isGlobal(id *ast.Ident) bool {
	spec, ok := id.Obj.Decl.(*ast.ValueSpec)
	return ok && spec != nil
}

func reportUndocumented(t *testing.T, file string, f *ast.File) {
	if f.Name.Name == "main" {
		return
	}
	for _, decl := range f.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d))) {
				t.Errorf("%s: %s has no doc comment", file, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
					t.Errorf("%s: %s has no doc comment", file, ts.Name.Name)
				}
			}
		}
	}
}

func receiver(d *ast.FuncDecl) string {
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexListExpr); ok {
		typ = generic.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// TestImportGraph holds what a Go test that imports us compiles: none of the
// heavy libraries that only the command needs.
func TestImportGraph(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", module).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/scenarios") {
		t.Fatal("go list shows no package of ours: the test looks at nothing")
	}
	for _, heavy := range []struct{ prefix, why string }{
		{"github.com/spf13/", "the command line is cmd's"},
		{"github.com/redis/", "shared state is for replicas"},
		{"github.com/prometheus/", "metrics are for operators"},
		{"github.com/invopop/", "the schema is cmd's"},
		{"testing", "a server is not a test"},
		{"net/http/httptest", "a server is not a test"},
	} {
		for _, dep := range deps {
			if dep == heavy.prefix || strings.HasSuffix(heavy.prefix, "/") && strings.HasPrefix(dep, heavy.prefix) {
				t.Errorf("the package compiles %s: %s", dep, heavy.why)
			}
		}
	}
}

// TestOnePackageDoc holds that every room has one package comment.
func TestOnePackageDoc(t *testing.T) {
	for _, room := range line {
		var with []string
		for _, file := range goFiles(t, room, false) {
			if parse(t, file).Doc != nil {
				with = append(with, file)
			}
		}
		if len(with) != 1 {
			t.Errorf("%s has %d package comments, not one: %v", room, len(with), with)
		}
	}
}

var fset = token.NewFileSet()

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func packagePath(room string) string {
	if room == "." {
		return module
	}
	return module + "/" + room
}

// goFiles lists the Go files of one folder; there must be some.
func goFiles(t *testing.T, room string, tests bool) []string {
	t.Helper()
	entries, err := fs.ReadDir(os.DirFS("."), room)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".go") && (tests || !strings.HasSuffix(e.Name(), "_test.go")) {
			files = append(files, filepath.Join(room, e.Name()))
		}
	}
	if len(files) == 0 {
		t.Fatalf("room %s holds no Go file: the rules look at nothing", room)
	}
	return files
}

func packageVars(t *testing.T, room string) map[string]bool {
	vars := map[string]bool{}
	for _, file := range goFiles(t, room, false) {
		for _, decl := range parse(t, file).Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.VAR {
				for _, spec := range d.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names {
						vars[name.Name] = true
					}
				}
			}
		}
	}
	return vars
}
