package mockllm

import (
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/types"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// sayers are the functions that make sentences, and which of their arguments are
// formats. What they pass on to each other is not looked at.
var sayers = map[string][]int{
	module + "/sentences.New":    {0},
	module + "/sentences.Errorf": {0},
	module + "/sentences.Plain":  {0},
	module + "/sentences.Form":   {0},

	"(*" + module + "/scenarios.report).add":   {1},
	"(*" + module + "/scenarios.report).addAt": {1},
	module + "/verdict.counted":                {1, 2},
	module + "/admin.problem":                  {3},
}

// TestConsoleSaysEverything holds that the console has every sentence of ours in
// Chinese, with the same holes, and no other.
func TestConsoleSaysEverything(t *testing.T) {
	chinese := chineseSentences(t)
	said := map[string]bool{}
	for _, room := range line[1:] { // The first only holds them.
		for form, where := range forms(t, room) {
			said[form] = true
			zh, known := chinese[form]
			switch {
			case !known && regexp.MustCompile(`[A-Za-z]`).MatchString(form):
				t.Errorf("%s: the console has no Chinese for %q: put it into admin/console/chinese.js", where, form)
			case known && !slices.Equal(holes(form), holes(zh)):
				t.Errorf("%q is filled in otherwise in Chinese: %q", form, zh)
			}
		}
	}
	for _, text := range slices.Concat(abouts(t), clientSides(), findingNames(), systemTexts()) {
		said[text] = true
		if chinese[text] == "" {
			t.Errorf("the console has no Chinese for what the library, the catalogue, a finding or the system says: %q", text)
		}
	}
	for form, zh := range chinese {
		if !said[form] {
			t.Errorf("nobody says %q any more", form)
		}
		if !regexp.MustCompile(`[\p{Han}，：]`).MatchString(zh) {
			t.Errorf("%q is not Chinese: %q", form, zh)
		}
	}
	if len(said) < 200 {
		t.Errorf("%d sentences: the test looks at nothing", len(said))
	}
}

// chineseSentences reads what the console has, which is JSON but for its frame.
func chineseSentences(t *testing.T) (all map[string]string) {
	t.Helper()
	text, err := os.ReadFile("admin/console/chinese.js")
	if err != nil {
		t.Fatal(err)
	}
	object := string(text[strings.Index(string(text), "= {")+2:])
	object = object[:strings.LastIndex(object, ";")]
	if err := json.Unmarshal([]byte(object), &all); err != nil {
		t.Fatalf("chinese.js: %v", err)
	}
	if lines := strings.Count(object, "\": \""); lines != len(all) {
		t.Errorf("chinese.js has %d lines and %d sentences: one is there twice", lines, len(all))
	}
	return all
}

// abouts lists what the scenarios of the library are about, as the API says it.
func abouts(t *testing.T) (all []string) {
	t.Helper()
	for _, name := range scenarios.Library() {
		s, err := scenarios.FromLibrary(name)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(s.Source()), "\n")
		all = append(all, strings.TrimLeft(first, "# "))
	}
	return all
}

// clientSides lists why errors of the catalogue are never on the wire.
func clientSides() (all []string) {
	for _, e := range catalog.All() {
		if e.ClientSide != "" {
			all = append(all, e.ClientSide)
		}
	}
	return all
}

// findingNames lists what findings are called in scenarios and reports.
func findingNames() (all []string) {
	for _, kind := range scenarios.FindingKinds() {
		all = append(all, string(kind))
	}
	return all
}

// systemTexts lists what operating systems say that is likely to come up.
func systemTexts() []string {
	return []string{
		"no such file or directory", "file exists", "permission denied", "operation not permitted", "is a directory",
		"not a directory", "no space left on device", "too many open files",
		"connection refused", "connection reset by peer", "connection timed out", "no route to host", "network is unreachable",
		"broken pipe", "address already in use", "cannot assign requested address",
	}
}

// forms returns the forms of all sentences of a room, each with where it stands.
func forms(t *testing.T, room string) map[string]string {
	found := map[string]string{}
	files, info := check(t, room)
	for _, file := range files {
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is && sayers[fullName(info.Defs[f.Name])] != nil {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				call, is := n.(*ast.CallExpr)
				if !is {
					return true
				}
				for _, at := range sayers[callee(call, info)] {
					format := info.Types[call.Args[at]].Value
					if format == nil {
						t.Errorf("%s: what is said here is no constant: nobody can look it up in another language", fset.Position(call.Pos()))
						continue
					}
					found[sentences.Form(constant.StringVal(format))] = fset.Position(call.Pos()).String()
				}
				return true
			})
		}
	}
	return found
}

func callee(call *ast.CallExpr, info *types.Info) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return fullName(info.Uses[f])
	case *ast.SelectorExpr:
		return fullName(info.Uses[f.Sel])
	}
	return ""
}

func fullName(object types.Object) string {
	if f, is := object.(*types.Func); is {
		return f.FullName()
	}
	return ""
}

func holes(form string) []string {
	found := map[string]bool{}
	for _, hole := range regexp.MustCompile(`\{\d+\}`).FindAllString(form, -1) {
		found[hole] = true
	}
	return slices.Sorted(maps.Keys(found))
}
