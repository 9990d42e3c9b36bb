package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every file in testdata/bad says in its first lines, "# want: …", what Load
// must complain about: all of it, in order, and nothing else.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.toml")
	if err != nil || len(files) < 45 {
		t.Fatalf("found %d bad files (%v), want at least 45", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".toml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, got := wantedProblems(text), []string{}
			for _, p := range problemsOf(t, file, text) {
				got = append(got, strings.TrimSpace(p.String()))
			}
			if len(want) == 0 {
				t.Fatal("the file does not say what is wrong with it")
			}
			// Problems of one line have no order that the reader could rely
			// on; TestProblemsInOneOrder looks at that.
			sortEqualLines(want)
			sortEqualLines(got)
			if !slices.Equal(got, want) {
				t.Errorf("got:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
			}
		})
	}
}

// wantedProblems reads the "# want:" comments at the top of a file.
func wantedProblems(text []byte) []string {
	want := []string{}
	for line := range strings.Lines(string(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))) {
		w, ok := strings.CutPrefix(line, "# want: ")
		if !ok {
			break
		}
		want = append(want, strings.TrimRight(w, "\r\n"))
	}
	return want
}

func sortEqualLines(problems []string) {
	lineOf := func(p string) string { line, _, _ := strings.Cut(p, ":"); return line }
	slices.SortStableFunc(problems, func(a, b string) int {
		if lineOf(a) != lineOf(b) {
			return 0
		}
		return strings.Compare(a, b)
	})
}

// The line of a problem shows the key that it is about: of all that a message
// says, a wrong line costs people the most time.
func TestBadFilesLinesShowTheirKeys(t *testing.T) {
	files, _ := filepath.Glob("testdata/bad/*.toml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for _, p := range problemsOf(t, file, text) {
			if p.Line == 0 || p.Line > len(lines) {
				t.Errorf("%s: problem without a line: %v", file, p)
				continue
			}
			last := p.Key[strings.LastIndexByte(p.Key, '.')+1:]
			last, _, _ = strings.Cut(last, "[")
			// A key with a tab or a quote stands there escaped.
			if last != "" && !strings.ContainsAny(last, "\t\"") && !strings.Contains(lines[p.Line-1], last) {
				t.Errorf("%s: line %d is %q, which has no %q: %v", file, p.Line, lines[p.Line-1], last, p)
			}
		}
	}
}

// Two mistakes on one line are reported in the same order every time: people
// compare the output of two runs.
func TestProblemsInOneOrder(t *testing.T) {
	text := []byte(`rule = [ { name = "a", match = { a1 = 1, b1 = 2, c1 = 3, d1 = 4 }, aa = 1, bb = 2, cc = 3 } ]`)
	first := fmt.Sprint(problemsOf(t, "x", text))
	for range 50 {
		if again := fmt.Sprint(problemsOf(t, "x", text)); again != first {
			t.Fatalf("the order of the problems changes:\n%s\n%s", first, again)
		}
	}
}

// Line ends as Windows writes them shift no line.
func TestLinesWithCRLF(t *testing.T) {
	text := "name = \"x\"\r\n\r\n[[rule]]\r\nname = \"a\"\r\nreply.text = \"\"\"\r\n[[rule]]\r\n\"\"\"\r\nstpe = 1\r\n"
	got := problemsOf(t, "x.toml", []byte(text))
	want := `8: rule "a": stpe: unknown key; did you mean "step"?`
	if len(got) != 1 || got[0].String() != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestErrorNamesFileAndLine(t *testing.T) {
	_, err := Load("dir/a.toml", []byte("sede = 1\n\n[[rule]]\nname = \"r\"\nreply = 3\n"))
	want := "dir/a.toml:1: sede: unknown key; did you mean \"seed\"?\ndir/a.toml:5: rule \"r\": reply: must be a table, not a whole number"
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

func TestNameFromFile(t *testing.T) {
	for _, test := range []struct{ file, text, want string }{
		{"a.toml", "", "a"},
		{"dir/throttle.toml", "", "throttle"},
		{"dir/a.b.toml", "", "a.b"},
		{"plain", "", "plain"},
		{"a.toml", `name = "given"`, "given"},
	} {
		s, err := Load(test.file, []byte(test.text))
		if err != nil || s.Name != test.want {
			t.Errorf("Load(%q, %q) = name %q, %v; want %q", test.file, test.text, s.Name, err, test.want)
		}
	}
	// Without a usable file name there must be some name that reads as one.
	for _, file := range []string{"", ".toml", "/"} {
		s, err := Load(file, nil)
		if err != nil || strings.Trim(s.Name, "./") == "" {
			t.Errorf("Load(%q) gives the name %q, %v; want a word", file, s.Name, err)
		}
	}
}

// Every file in testdata/good loads.
func TestGoodFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no good files: %v", err)
	}
	for _, file := range files {
		if _, err := LoadFile(file); err != nil {
			t.Errorf("%v", err)
		}
	}
}

func TestLoadFileMissing(t *testing.T) {
	if _, err := LoadFile(filepath.Join(t.TempDir(), "none.toml")); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("got %v, want an error that says that the file does not exist", err)
	}
	if _, err := LoadFile(t.TempDir()); err == nil {
		t.Error("a folder loads as a scenario")
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
}

func TestTooLarge(t *testing.T) {
	text := append([]byte("name = 'x' #"), bytes.Repeat([]byte{'x'}, maxFile)...)
	if got := problemsOf(t, "x.toml", text); len(got) != 1 || !strings.Contains(got[0].Text, "at most") {
		t.Errorf("got %v, want one problem about the size", got)
	}
	if _, err := Load("x.toml", text[:maxFile]); err != nil {
		t.Errorf("a file of just the largest size: %v", err)
	}
	file := filepath.Join(t.TempDir(), "x.toml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadFile(file); err == nil {
		t.Error("LoadFile cut a file that is too large instead of refusing it")
	}
}

// Once a bug: the paths of nested values are kept whole, so that memory grows
// with the square of the depth: 3,000 brackets take 30 ms and 9 MB, 100,000
// (a file of 200 KB) took the machine's memory. A file that deep must be
// refused before.
func TestDeepNestingIsRefused(t *testing.T) {
	const depth = 500
	for name, text := range map[string]string{
		"arrays":        "a = " + strings.Repeat("[", depth) + strings.Repeat("]", depth),
		"inline tables": "a = " + strings.Repeat("{a=", depth) + "1" + strings.Repeat("}", depth),
		"dotted key":    strings.Repeat("a.", depth) + "a = 1",
		"header":        "[" + strings.Repeat("a.", depth) + "a]",
	} {
		got := problemsOf(t, "x.toml", []byte(text))
		if len(got) != 1 || !strings.Contains(got[0].Text, "deep") {
			t.Errorf("%s: got %.200v, want one problem that says that it is too deep", name, got)
		}
	}
}

// A rule that only looks alike is not unreachable: 3 and "3" are different
// conditions on a JSON body.
func TestReachableIsNotRefused(t *testing.T) {
	for name, text := range map[string]string{
		"number and text": replyRule("a", "match.body.n = 3") + replyRule("b", `match.body.n = "3"`),
		"bool and text":   replyRule("a", "match.body.n = true") + replyRule("b", `match.body.n = "true"`),
		"probability":     replyRule("a", "when.probability = 0.999") + replyRule("b", ""),
		"every":           replyRule("a", "when.every = 2") + replyRule("b", ""),
		"calls":           replyRule("a", `when.calls = "2.."`) + replyRule("b", ""),
		"window":          replyRule("a", `when.window = "1ns.."`) + replyRule("b", ""),
		"latency":         "[[rule]]\nname = \"a\"\nlatency = \"1s\"\n" + replyRule("b", ""),
		"steps that pass": "[[rule]]\nname = \"a\"\nstep = [{ reply = {} }]\n" + replyRule("b", ""),
		"other model":     replyRule("a", `match.model = "x"`) + replyRule("b", `match.model = "y"`),
		"narrower first":  replyRule("a", `match = { model = "x", stream = true }`) + replyRule("b", `match.model = "x"`),
		"other dialect":   replyRule("a", `match.dialect = "qianfan-v1"`) + replyRule("b", ""),
		// Once a bug: steps that only damage are taken for an answer.
		"steps that only damage": "[[rule]]\nname = \"a\"\nthen = \"loop\"\nstep = [{ latency = \"1s\" }]\n" + replyRule("b", ""),
		"last step answers not":  "[[rule]]\nname = \"a\"\nthen = \"repeat\"\nstep = [{ reply = {} }, { latency = \"1s\" }]\n" + replyRule("b", ""),
		// The error narrows the first rule to one dialect.
		"narrowed": "[[rule]]\nname = \"a\"\nerror = \"qianfan/capability/18\"\n" + replyRule("b", ""),
	} {
		if _, err := Load("x.toml", []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Once a bug: every rule was held against all before it, route by route, so that
// 10,000 took two minutes and a file of the largest size hours. What is never
// reached is found all the same.
func TestManyRules(t *testing.T) {
	var text strings.Builder
	for i := range 10_000 {
		text.WriteString(replyRule(fmt.Sprint("r", i), fmt.Sprintf(`match = { model = "m-%d", prompt = "of %d" }`, i, i%100)))
	}
	text.WriteString(replyRule("once more", `match = { model = "m-3", prompt = "of 3", stream = true }`))
	began := time.Now()
	_, err := Load("x.toml", []byte(text.String()))
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
	if err == nil || !strings.HasSuffix(err.Error(), `rule "once more": is never reached: rule "r3" answers every call that it matches`) {
		t.Error(err)
	}
}

// What is built in Go has the same meaning as what is read, once compiled.
func TestCompileOfWhatIsBuiltInGo(t *testing.T) {
	text := "hello"
	build := func(m Match) *Scenario {
		return &Scenario{Name: "go", Rules: []Rule{{Name: "r", Match: m, Outcome: Outcome{Reply: &Reply{Text: &text}}}}}
	}
	for name, test := range map[string]struct {
		match Match
		want  string
	}{
		"plain":              {Match{Model: "m"}, "hello"},
		"other model":        {Match{Model: "x"}, "."},
		"condition":          {Match{Body: map[string]Condition{"n": {Text: "> 3"}}}, "hello"},
		"condition fails":    {Match{Body: map[string]Condition{"n": {Text: "> 5"}}}, "."},
		"regular expression": {Match{Prompt: &Pattern{Text: "/^re.und$/"}}, "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			// Once a bug: a Condition or regular Pattern built in Go has its
			// compiled half missing, and Compile does not make it.
			defer func() {
				if e := recover(); e != nil {
					t.Errorf("panic: %v", e)
				}
			}()
			s := build(test.match)
			if err := s.compile(); err != nil {
				t.Fatal(err)
			}
			w := &world{tb: t, engine: NewEngine(s, Settings{}, NewMemory()), now: start}
			got := answerOf(w.decide(chat("qianfan-v1", func(r *Request) {
				r.Body, r.JSON = []byte(`{"n":4}`), true
				r.Turns = []Turn{{"user", "refund"}}
			})))
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Compile reports what Load would, with the rule's name and without lines.
func TestCompileReports(t *testing.T) {
	s := &Scenario{Name: "go", Rules: []Rule{{Name: "r"}, {Name: "r", Outcome: Outcome{Error: "18", Reply: &Reply{}}}}}
	err := s.compile()
	want := `go: rule "r": does nothing: it needs one of error, reply, raw, step, latency or fault
go: rule "r": name: another rule has this name; names must be unique
go: rule "r": reply: does not go with error: a call has one answer`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
}

// A scenario that has no name is called so where something is wrong with it.
func TestCompileReportsOfNobody(t *testing.T) {
	s := &Scenario{Rules: []Rule{{Name: "r"}}}
	if got, err := s.Compiled(); got != nil || err == nil || !strings.HasPrefix(err.Error(), `scenario: rule "r": does nothing`) {
		t.Errorf("%v, %v", got, err)
	}
}

// Expectations that were built in Go are held to the same rules.
func TestCompileReportsExpectations(t *testing.T) {
	s := &Scenario{Name: "go", Expect: []Expect{{Rule: "x", MaxAttempts: 1}, {Never: []FindingKind{"sloth"}}}}
	err := s.compile()
	if err == nil || !strings.Contains(err.Error(), `go: expect "#1": rule: there is no rule "x"`) || !strings.Contains(err.Error(), `go: expect "#2": never[0]: unknown value "sloth"`) {
		t.Errorf("got: %v", err)
	}
}

// Compiling twice changes nothing: a host may do so.
func TestCompileTwice(t *testing.T) {
	s := mustLoad(t, replyRule("a", `match = { model = "m", stream = false }`))
	if err := s.compile(); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Rules[0].Match.conditions); n != 2 {
		t.Errorf("the rule has %d conditions after compiling again, want 2", n)
	}
}

// Once a bug: thousands of mistakes were all told, and names and keys as long as
// they were written.
func TestManyProblems(t *testing.T) {
	var text strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&text, "[[rule]]\nname = \"r%d\"\nbogus = 1\n", i)
	}
	_, err := Load("a.toml", []byte(text.String()))
	var invalid *InvalidError
	if !errors.As(err, &invalid) || len(invalid.Problems) != 100 || len(invalid.Problems)+invalid.More < 5000 {
		t.Fatalf("%d problems are told, and of %d how many they are", len(invalid.Problems), invalid.More)
	}
	lines := strings.Split(err.Error(), "\n")
	if want := fmt.Sprintf("a.toml: and %d more", invalid.More); len(lines) != 101 || lines[100] != want {
		t.Errorf("got %d lines, the last %q; want 101, the last %q", len(lines), lines[len(lines)-1], want)
	}
}

func TestLongTextsInProblems(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, text := range []string{
		long + " = 1", "[[rule]]\nname = \"" + long + "\"\nbogus = 1", "[[rule]]\nmatch." + long + " = 1",
		"[[rule]]\nerror = \"" + long + "\"", "[[rule]]\nmatch.dialect = \"" + long + "\"", "[[rule]]\nmatch.prompt = \"/(" + long + "/\"",
		"[[rule]]\nlatency = \"" + long + "\"", "[[expect]]\nrule = \"" + long + "\"", "edition = \"" + long + "\"", "[keys.\"" + long + "\"]\nbogus = 1",
		"[[rule]]\nerror = \"18\"\nvariant = \"" + long + "\"", "[[rule]]\nwhen.calls = \"" + long + "\"", "[[rule]]\nraw.header.\"" + long + " \" = \"a\"",
		"[[rule]]\nmatch.body.\"" + long + "[\" = \"a\"", "[[rule]]\nmatch.body.a = \"> " + long + "\"", "[[rule]]\nmatch.path = \"[" + long + "\"",
		"upstream = \"" + long + "\"", "[[rule]]\nmatch.fingerprint = \"" + long + "\"", "[models.\"" + long + "\"]\nbogus = 1", "seed = " + strings.Repeat("9", 100_000),
		"a = \"" + long, "[[limit]]\nrpm = 1\nerror = \"" + long + "\"", "[[rule]]\nmatch.operation = \"" + long + "\"", "[[rule]]\nfault.kind = \"" + long + "\"",
		"[[expect]]\nnever = [\"" + long + "\"]", "[[rule]]\nmatch.action = 1\n[" + long + "]\n[" + long + "]",
	} {
		if _, err := Load("a.toml", []byte(text)); err == nil || len(err.Error()) > 5000 {
			t.Errorf("%.60s…: %d bytes are told: %.200s", text, len(fmt.Sprint(err)), fmt.Sprint(err))
		}
	}
}
