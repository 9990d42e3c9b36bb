package mockllm

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The rooms and the only direction in which they may know each other; see
// docs/architecture.md.
var line = []string{"sentences", "catalog", "scenarios", "scenarios/statetest", "responders", "play", "journal", "recordings", "verdict", "admin", ".", "metrics", "redisstate", "redisstate/redistest", "cmd/mockllm"}

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
	{"verdict", "net/http", "the verdict judges what the journal says, and sees no server"},
	{"verdict", module + "/play", "the verdict judges what the journal says, and sees no server"},
	{"verdict", module + "/responders", "the verdict judges what the journal says, and sees no server"},
	{"admin", module, "admin knows the server as an interface only"},
	{".", "github.com/BurntSushi/toml", "the root wires; the language is read in scenarios"},
	{".", "github.com/gorilla/websocket", "play opens WebSockets and writes to them"},
	{"responders", "github.com/gorilla/websocket", "responders are pure"},
}

// forbiddenNames are what no room may name, in a call or as a value, whatever
// the import is called there. Where one must, excuses says so.
var forbiddenNames = []struct {
	pkg string
	is  func(name string) bool
	why string
}{
	{"time", among("Now", "Since", "Until"), "the time is an argument, which play.Clock tells"},
	{"time", among("Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"), "only play.Clock waits"},
	{"math/rand", allBut(), "chance is a function of the seed"},
	{"math/rand/v2", allBut("New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "PCG", "ChaCha8", "Zipf", "Source"), "chance is a function of the seed"},
	{"crypto/rand", allBut(), "chance is a function of the seed"},
	{"hash/maphash", allBut(), "its hashes differ from run to run"},
	{"github.com/google/uuid", among("New", "NewString", "NewRandom", "NewUUID", "NewV6", "NewV7", "NewV7FromReader",
		"NewDCESecurity", "NewDCEPerson", "NewDCEGroup"), "ids are a function of the seed"},
}

// wireWords are what only a provider's request or answer holds: names of
// fields and headers, hosts, parts of paths. They belong to the responders.
// They are written in small letters here and found in any.
var wireWords = []string{
	"error_code", "error_msg", "error_description", "request_id", "requestid", "finish_reason", "need_clear_history",
	"prompt_tokens", "input_tokens", "output_tokens", "reasoning_content", "access_token",
	"x-dashscope-", "x-bce-", "bce-auth", "x-ratelimit-", "baidubce.com", "aliyuncs.com",
	"/compatible-mode", "/rpc/2.0", "/wenxinworkshop", "/oauth/2.0", "/chat/completions", "/services/",
	"/apps/anthropic",
}

// wireless are the rooms that know no provider's wire.
var wireless = []string{"scenarios", "play", "journal", "recordings", "verdict", "admin", ".", "metrics", "cmd/mockllm"}

// An excuse allows one declaration of one room what is forbidden elsewhere.
type excuse struct{ room, in, what, why string }

const netDeadline = "a deadline of net.Conn is in real time, whatever the mock's clock says"

var excuses = []excuse{
	{"play", "realClock.Now", "time.Now", "this is the clock"},
	{"play", "realClock.sleepUntil", "time.NewTimer", "this is the clock"},
	{"play", "end", "time.Now", netDeadline},
	{"play", "taken.fin", "time.Now", netDeadline},
	{"play", "within", "time.Now", netDeadline},
	{"play", "refuseRequest", "time.Now", netDeadline},
	{".", "exchange.receive", "time.Now", netDeadline},
	{"admin", "sse.send", "time.Now", netDeadline},
	{"cmd/mockllm", "tlsFlags.certificate", "time.Now", "clients check a certificate against real time"},
	{".", "NewCertificate", "crypto/rand.Reader", "a key that the seed tells would be no secret"},
	{".", "newAuthority", "crypto/rand.Reader", "a key that the seed tells would be no secret"},
}

var wireExcuses = []excuse{
	{"scenarios", "Reply", "finish_reason", "a key of the language, of the same name"},
	{"scenarios", "Reply", "need_clear_history", "a key of the language, of the same name"},
	{"scenarios", "Usage", "prompt_tokens", "a key of the language, of the same name"},
	{"scenarios", "Scenario.Notices", "bce-auth", "tells the user which calls cannot pass upstream"},
	{"journal", "signers", "bce-auth", "a signature holds its signer's key, wherever it is quoted"},
	{"cmd/mockllm", "banner", "/compatible-mode", "tells the user the base URL to paste"},
	{"cmd/mockllm", "banner", "/apps/anthropic", "tells the user the base URL to paste"},
	{"cmd/mockllm", "credentials", "access_token", "a variable of an SDK is called so"},
	{"cmd/mockllm", "stage.variables", "/chat/completions", "a variable of an SDK holds the whole URL"},
}

func among(names ...string) func(string) bool {
	return func(name string) bool { return slices.Contains(names, name) }
}

func allBut(names ...string) func(string) bool {
	return func(name string) bool { return !slices.Contains(names, name) }
}

// excused returns a look-up in a list of excuses. An excuse that nobody needed
// by the end of the test is an error, so that the list stays true.
func excused(t *testing.T, list []excuse) func(room, in, what string) bool {
	used := map[excuse]bool{}
	t.Cleanup(func() {
		for _, e := range list {
			if !used[e] {
				t.Errorf("%s of %s does not need %s any more: drop the excuse", e.in, e.room, e.what)
			}
		}
	})
	return func(room, in, what string) bool {
		at := slices.IndexFunc(list, func(e excuse) bool { return e.room == room && e.in == in && e.what == what })
		if at >= 0 {
			used[list[at]] = true
		}
		return at >= 0
	}
}

// TestEveryRoomInLine holds that no folder with code escapes the rules. A
// module of its own (e2e) is no part of ours.
func TestEveryRoomInLine(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, noModule := os.Stat(filepath.Join(path, "go.mod"))
			unseen := strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_") || d.Name() == "testdata" // By the go command too.
			if path != "." && (unseen || noModule == nil) {
				return fs.SkipDir
			}
			return nil
		}
		room := filepath.ToSlash(filepath.Dir(path))
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !slices.Contains(line, room) {
			t.Errorf("%s stands in %s, which has no place in the line of rooms", path, room)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestImportsPointOneWay(t *testing.T) {
	for at, room := range line {
		for _, file := range goFiles(t, room, false) {
			for _, spec := range parse(t, file).Imports {
				path := strings.Trim(spec.Path.Value, `"`)
				if spec.Name != nil && spec.Name.Name == "." {
					t.Errorf("%s imports %s with a dot, which hides where names come from", file, path)
				}
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

func TestForbiddenNames(t *testing.T) {
	mayUse := excused(t, excuses)
	for _, room := range line {
		files, info := check(t, room)
		for in, node := range declarations(files) {
			for id, obj := range names(node, info) {
				if obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() {
					continue // A local, a field, a method, or of the language itself.
				}
				what := obj.Pkg().Path() + "." + obj.Name()
				for _, f := range forbiddenNames {
					if f.pkg == obj.Pkg().Path() && f.is(obj.Name()) && !mayUse(room, in, what) {
						t.Errorf("%s: %s uses %s: %s", fset.Position(id.Pos()), in, what, f.why)
					}
				}
			}
		}
	}
}

// TestNoWireWords holds that what a provider's wire looks like is known to the
// responders only.
func TestNoWireWords(t *testing.T) {
	mayUse := excused(t, wireExcuses)
	for _, room := range wireless {
		files, _ := check(t, room)
		for in, node := range declarations(files) {
			ast.Inspect(node, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				for _, word := range wireWords {
					if strings.Contains(strings.ToLower(text), word) && !mayUse(room, in, word) {
						t.Errorf("%s: %s names %q, which is a matter of the responders", fset.Position(lit.Pos()), in, word)
					}
				}
				return true
			})
		}
	}
}

// TestNoPackageVarIsWritten holds that what a package declares stays as it was
// at start: two servers in one process share it.
func TestNoPackageVarIsWritten(t *testing.T) {
	for _, room := range line {
		files, info := check(t, room)
		for in, node := range declarations(files) {
			ast.Inspect(node, func(n ast.Node) bool {
				for _, target := range written(n, info) {
					if v := packageVar(target, info); v != nil {
						t.Errorf("%s: %s writes the package variable %s", fset.Position(n.Pos()), in, v.Name())
					}
				}
				return true
			})
		}
	}
}

// written returns what a piece of code writes, or may write later because it
// takes the address.
func written(n ast.Node, info *types.Info) []ast.Expr {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			return n.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{n.X}
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			return []ast.Expr{n.Key, n.Value}
		}
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			return []ast.Expr{n.X}
		}
	case *ast.SelectorExpr:
		if takesAddress(info.Selections[n]) {
			return []ast.Expr{n.X}
		}
	case *ast.CallExpr:
		id, _ := ast.Unparen(n.Fun).(*ast.Ident)
		if _, ok := info.Uses[id].(*types.Builtin); ok && among("delete", "clear", "copy")(id.Name) {
			return n.Args[:1]
		}
	}
	return nil
}

// takesAddress reports whether a method gets a pointer to a variable that is
// none itself: mutex.Lock and counter.Add change what they are called on.
func takesAddress(s *types.Selection) bool {
	if s == nil || s.Kind() != types.MethodVal {
		return false
	}
	_, wants := s.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
	_, has := s.Recv().Underlying().(*types.Pointer)
	return wants && !has
}

// packageVar returns the variable at the root of what is written, as m in
// m.field[key], if a package declares it, ours or another.
func packageVar(e ast.Expr, info *types.Info) *types.Var {
	switch e := e.(type) {
	case *ast.Ident:
		if v, ok := info.Uses[e].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
			return v
		}
	case *ast.SelectorExpr:
		if v := packageVar(e.Sel, info); v != nil {
			return v // Of another package.
		}
		return packageVar(e.X, info)
	case *ast.IndexExpr:
		return packageVar(e.X, info)
	case *ast.SliceExpr:
		return packageVar(e.X, info)
	case *ast.StarExpr:
		return packageVar(e.X, info)
	case *ast.ParenExpr:
		return packageVar(e.X, info)
	case *ast.TypeAssertExpr:
		return packageVar(e.X, info)
	}
	return nil
}

// TestOnlyPlayWrites holds that sockets are written to in one place.
func TestOnlyPlayWrites(t *testing.T) {
	for _, room := range []string{"catalog", "scenarios", "responders", "journal", "verdict", ".", "metrics"} {
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

// TestHouseRules holds what is the same everywhere: no init, exported names
// documented, functions and files of a readable size.
func TestHouseRules(t *testing.T) {
	const longestFunction, longestFile = 70, 400
	for _, room := range line {
		for _, file := range goFiles(t, room, false) {
			f := parse(t, file)
			if lines := fset.Position(f.FileEnd).Line; lines > longestFile {
				t.Errorf("%s has %d lines, more than %d: is it about one thing?", file, lines, longestFile)
			}
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
			}
			reportUndocumented(t, file, f)
		}
	}
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
				for _, name := range undocumented(spec) {
					if name.IsExported() && d.Doc == nil {
						t.Errorf("%s: %s has no doc comment", file, name.Name)
					}
				}
			}
		}
	}
}

// undocumented returns the names of a type, constant or variable that has no
// comment of its own; its group may still have one.
func undocumented(spec ast.Spec) []*ast.Ident {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		if s.Doc == nil {
			return []*ast.Ident{s.Name}
		}
	case *ast.ValueSpec:
		if s.Doc == nil {
			return s.Names
		}
	}
	return nil
}

// receiver returns the name of a method's type.
func receiver(d *ast.FuncDecl) string {
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	switch generic := typ.(type) {
	case *ast.IndexExpr:
		typ = generic.X
	case *ast.IndexListExpr:
		typ = generic.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// light are the modules that every Go test that imports us compiles, each with
// the reason why there is no way around it.
var light = []struct{ module, why string }{
	{module, "the server"},
	{"github.com/BurntSushi/toml", "scenarios are written in TOML, and the catalogue is"},
	{"github.com/google/uuid", "the vendors' request ids are UUIDs"},
	{"github.com/gorilla/mux", "the vendors' paths"},
	{"github.com/gorilla/websocket", "the one protocol of the vendors that is not HTTP"},
	{"github.com/tidwall/gjson", "bodies of any shape, and paths in them"},
	{"github.com/tidwall/match", "gjson needs it"},
	{"github.com/tidwall/pretty", "gjson needs it"},
}

// TestImportGraph holds what a Go test that imports us compiles: these modules,
// and none of the heavy libraries that only the command needs.
func TestImportGraph(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", module).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	needed := map[string]bool{}
	for _, dep := range deps {
		if domain, _, _ := strings.Cut(dep, "/"); !strings.Contains(domain, ".") {
			continue // Of the standard library.
		}
		i := slices.IndexFunc(light, func(l struct{ module, why string }) bool { return strings.HasPrefix(dep+"/", l.module+"/") })
		if i < 0 {
			t.Errorf("the package compiles %s: every Go test that imports us would", dep)
			continue
		}
		needed[light[i].module] = true
	}
	for _, l := range light {
		if !needed[l.module] {
			t.Errorf("the package does not compile %s any more (%s): drop it from the list", l.module, l.why)
		}
	}
	if !slices.Contains(deps, module+"/scenarios") {
		t.Fatal("go list shows no package of ours: the test looks at nothing")
	}
	for _, heavy := range []struct{ prefix, why string }{
		{"github.com/spf13/", "the command line is cmd's"},
		{"github.com/redis/", "shared state is for replicas"},
		{"github.com/prometheus/", "metrics are for operators"},
		{"github.com/invopop/", "the schema is made by a test of cmd's"},
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

// declarations goes through what the files of a room declare: functions,
// methods as type.method, and each type, constant and variable by itself.
func declarations(files []*ast.File) iter.Seq2[string, ast.Node] {
	return func(yield func(string, ast.Node) bool) {
		for _, f := range files {
			for _, decl := range f.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && !yield(functionName(fn), fn) {
					return
				}
				group, _ := decl.(*ast.GenDecl)
				for _, spec := range specs(group) {
					if !yield(specName(spec), spec) {
						return
					}
				}
			}
		}
	}
}

func specs(group *ast.GenDecl) []ast.Spec {
	if group == nil || group.Tok == token.IMPORT {
		return nil
	}
	return group.Specs
}

func functionName(fn *ast.FuncDecl) string {
	if fn.Recv == nil {
		return fn.Name.Name
	}
	return receiver(fn) + "." + fn.Name.Name
}

func specName(spec ast.Spec) string {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		return s.Name.Name
	case *ast.ValueSpec:
		return s.Names[0].Name
	}
	return ""
}

// names goes through the names that a piece of code uses, with what each means.
func names(node ast.Node, info *types.Info) iter.Seq2[*ast.Ident, types.Object] {
	return func(yield func(*ast.Ident, types.Object) bool) {
		for n := range ast.Preorder(node) {
			id, ok := n.(*ast.Ident)
			if obj := info.Uses[id]; ok && obj != nil && !yield(id, obj) {
				return
			}
		}
	}
}

// check reads a room as the compiler does, so that a name means what it means
// and not what it looks like: imports may be renamed, and locals may hide what
// the package declares.
func check(t *testing.T, room string) ([]*ast.File, *types.Info) {
	t.Helper()
	compiled, err := compiledPackages()
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, file := range goFiles(t, room, false) {
		here, err := build.Default.MatchFile(room, filepath.Base(file))
		if err != nil {
			t.Fatal(err)
		}
		if here { // Not of another platform.
			files = append(files, parse(t, file))
		}
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}
	config := types.Config{Importer: compiled}
	if _, err := config.Check(packagePath(room), fset, files, info); err != nil {
		t.Fatalf("%s: %v", room, err)
	}
	return files, info
}

// compiledPackages finds what our packages import in the go command's cache of
// compiled packages, where the types of all stand ready: reading the sources
// of net/http for each room would take seconds.
var compiledPackages = sync.OnceValues(func() (types.Importer, error) {
	out, err := exec.Command("go", "list", "-deps", "-export", "-f", "{{.ImportPath}}\t{{.Export}}", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	files := map[string]string{}
	for row := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSuffix(row, "\n"), "\t")
		files[path] = file
	}
	return importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	}), nil
})
