package scenarios

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

func TestLocate(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       map[string]int
	}{
		{"plain", "a = 1\n\nb = 2", map[string]int{"a": 1, "b": 3}},
		{"dotted", "a.b.c = 1\na.d = 2", map[string]int{"a": 1, "a.b": 1, "a.b.c": 1, "a.d": 2}},
		{"spaces around dots", " a . \"b\" . 'c' = 1", map[string]int{"a": 1, "a.b": 1, "a.b.c": 1}},
		{"table", "[a]\nb = 1\n[c.d]\ne = 1", map[string]int{"a": 1, "a.b": 2, "c": 3, "c.d": 3, "c.d.e": 4}},
		{"arrays of tables", "[[r]]\nn = 1\n[[r]]\nn = 2\n[r.m]\nx = 1\n[[r.s]]\ny = 1\n[[r.s]]\ny = 2",
			map[string]int{"r": 1, "r[0]": 1, "r[0].n": 2, "r[1]": 3, "r[1].n": 4, "r[1].m": 5, "r[1].m.x": 6, "r[1].s": 7, "r[1].s[0]": 7, "r[1].s[0].y": 8, "r[1].s[1]": 9, "r[1].s[1].y": 10}},
		{"tables inside array tables", "[[r]]\n[[r.s]]\n[[r.s.t]]\nx = 1\n[[r.s]]\n[[r.s.t]]\nx = 2",
			map[string]int{"r": 1, "r[0]": 1, "r[0].s": 2, "r[0].s[0]": 2, "r[0].s[0].t": 3, "r[0].s[0].t[0]": 3, "r[0].s[0].t[0].x": 4, "r[0].s[1]": 5, "r[0].s[1].t": 6, "r[0].s[1].t[0]": 6, "r[0].s[1].t[0].x": 7}},
		{"arrays over lines", "a = [\n1, # ]\n\n2,\n[3,\n4]\n]\nb = 1", map[string]int{"a": 1, "a[0]": 2, "a[1]": 4, "a[2]": 5, "a[2][0]": 5, "a[2][1]": 6, "b": 8}},
		{"inline tables", "a = [ {x = 1},\n{x = 2, y = {z = 3}} ]\nb = {}", map[string]int{"a": 1, "a[0]": 1, "a[0].x": 1, "a[1]": 2, "a[1].x": 2, "a[1].y": 2, "a[1].y.z": 2, "b": 3}},
		{"brackets in strings", "a = \"[x]\"\nb = '{'\nc = ['],', \"}\"]\nd = 1", map[string]int{"a": 1, "b": 2, "c": 3, "c[0]": 3, "c[1]": 3, "d": 4}},
		{"several lines", "a = \"\"\"\n[[r]]\nb = 1\n\"\"\"\nc = '''\nd = 1'''\ne = 1", map[string]int{"a": 1, "c": 5, "e": 7}},
		{"quotes at the end", "a = \"\"\"x\"\"\"\"\"\nb = '''y'''''\nc = \"\\\\\"\nd = \"\\\"\"\ne = \"\"", map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}},
		{"escaped end of line", "a = \"\"\"x \\\n\n   y\"\"\"\nb = 1", map[string]int{"a": 1, "b": 4}},
		{"windows", "a = 1\r\n[b]\r\nc = [\r\n1\r\n]\r\n", map[string]int{"a": 1, "b": 2, "b.c": 3, "b.c[0]": 4}},
		{"quoted keys", "\"a b\" = 1\n'c\"d' = 2\n\"\\u00e9\" = 3\n\"e#=\" = 4", map[string]int{"a b": 1, `"c\"d"`: 2, "é": 3, "e#=": 4}},
		// Once a bug: quotes that belong to the key are trimmed.
		{"keys with quotes in them", "\"'q'\" = 1\n\"'\" = 2", map[string]int{"'q'": 1, "'": 2}},
		{"dates and numbers", "a = 1979-05-27 07:32:00\nb = 1e3 # x\nc = -inf", map[string]int{"a": 1, "b": 2, "c": 3}},
		{"empty", "# nothing\n\n", map[string]int{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var tree map[string]any
			if _, err := toml.Decode(test.text, &tree); err != nil {
				t.Fatalf("the test's text is no TOML: %v", err)
			}
			got, _ := locate(test.text)
			for path, line := range test.want {
				if got[path] != line {
					t.Errorf("%s is on line %d, want %d", path, got[path], line)
				}
			}
			for path, line := range got {
				if _, ok := test.want[path]; !ok {
					t.Errorf("there is no %s (line %d)", path, line)
				}
			}
		})
	}
}

// Text that is no TOML must do no harm: the walk ends and stays in the text.
func TestLocateOfNonsense(t *testing.T) {
	for _, text := range []string{
		"", "=", "a", "a =", "[", "[[", "[[a", "[a", "]", "a = [", "a = {", "a = {b", "a = {b =", "a = [{", `a = "`, `a = """`, `a = "\`, "a = '", `"a`, `"`, ".", "a.", "a..b = 1", ",", "a = ,", "a = [,,]", "a = }", "a = ]", "\x00", "a = \"\"\"\"", "[]\n[]", "[[]]", "#", "a = 1 b = 2", "{", "}",
	} {
		lines, _ := locate(text)
		for path, line := range lines {
			if line < 1 || line > 1+strings.Count(text, "\n") {
				t.Errorf("locate(%q): %q is on line %d", text, path, line)
			}
		}
	}
}

// Once a bug: "at the bracket of the other kind" the walk stood still and
// filled the memory. Found by FuzzLocate. It must end, so a process of its own
// that can be stopped does it.
func TestLocateEnds(t *testing.T) {
	texts := []string{"p=[ error = \"NetworkError\" } ]", "a = [}", "a = [1 }", "a = {x = ]}", "a = [{]}", "a = {b = }", "a = [=", "a = [ # ", "[a]]]]", "a = [\n#}", "\"\\", "\"a\" = #\n0.\"000\\", "a = \"\"\"\\"}
	if os.Getenv("MOCKLLM_TEST_LOCATE") != "" {
		for _, text := range texts {
			locate(text)
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestLocateEnds$")
	child.Env = append(os.Environ(), "MOCKLLM_TEST_LOCATE=1", "GORACE=")
	if out, err := child.CombinedOutput(); err != nil {
		t.Errorf("the walk over one of %q does not end: %v\n%s", texts, err, out)
	}
}

// For valid TOML, each key of the tree has a line, and that line shows the key.
func FuzzLocate(f *testing.F) {
	addFiles(f)
	for _, seed := range []string{
		"[a.b]\nc = 1\n[a]\nd = 2", "[[a]]\n[[a.b]]\n[a.b.c]\nd = 1\n[[a]]\nb = 1", "a = [[1, 2], [{b = [{}]}]]",
		"\"'a'\" = 1", "'\"a\"' = 1", "\"\" = 1", "a.\"\" = 1", "\"a\\tb\" = 1", "a = '''\n'''''\nb = 1", "a = \"\"\"\\\"\"\"\"\nb = 1", "a = { b.c = 1, \"d e\".f = [ 1 ] }",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text := strings.TrimPrefix(string(data), "\xef\xbb\xbf") // As Load does.
		var tree map[string]any
		if !utf8.ValidString(text) || len(text) > 1<<16 {
			return
		}
		if _, err := toml.Decode(text, &tree); err != nil {
			locate(text) // Must end, and not panic.
			return
		}
		lines, _ := locate(text)
		c := located{t: t, text: text, lines: lines, rows: strings.Split(text, "\n")}
		c.table("", tree)
	})
}

// located walks a tree and looks up its keys.
type located struct {
	t     *testing.T
	text  string
	lines map[string]int
	rows  []string
}

func (c *located) table(path string, table map[string]any) {
	for key, value := range table {
		at := join(path, key)
		if at == "" { // The empty key at the top has no path; see testdata/bad/empty-key.toml.
			continue
		}
		line, ok := c.lines[at]
		if !ok {
			c.t.Errorf("%q has no line in:\n%s", at, c.text)
			return
		}
		if line < 1 || line > len(c.rows) {
			c.t.Errorf("%q is on line %d of %d", at, line, len(c.rows))
			return
		}
		// Dots and brackets in keys make paths that mean two things, escapes
		// make keys that look otherwise: where they are, no look at the line.
		if !strings.ContainsAny(c.text, `\`) && !strings.ContainsAny(at, `"'`) && plain(c.lines) && !strings.Contains(c.rows[line-1], key) {
			c.t.Errorf("%q is said to be on line %d, which is %q, in:\n%s", at, line, c.rows[line-1], c.text)
		}
		c.value(at, value)
	}
}

func (c *located) value(path string, value any) {
	switch v := value.(type) {
	case map[string]any:
		c.table(path, v)
	case []map[string]any:
		for i, e := range v {
			c.table(path+index(i), e)
		}
	case []any:
		for i, e := range v {
			if _, ok := c.lines[path+index(i)]; !ok {
				c.t.Errorf("%q has no line in:\n%s", path+index(i), c.text)
				return
			}
			c.value(path+index(i), e)
		}
	}
}

// plain reports whether no two keys of the text can have the same path: no
// quoted key has a dot, a bracket or nothing in it.
func plain(lines map[string]int) bool {
	for path := range lines {
		for part := range strings.SplitSeq(path, ".") {
			name, _, _ := strings.Cut(part, "[")
			if name == "" || strings.ContainsFunc(name, func(r rune) bool {
				return !(r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
			}) {
				return false
			}
		}
	}
	return true
}

// Whatever is in a file, Load does not panic, says what is wrong as it
// promises, and a scenario that loads can be run.
func FuzzLoad(f *testing.F) {
	addFiles(f)
	for _, seed := range []string{
		"[[rule]]\nname = \"a\"\nreply = {}\n[rule.match.body]\nn = 3", "[[rule]]\nname='a'\nstep=[{error='18'}]\nwhen={probability=0.5,window='1s..'}",
		"rule = []", "\xef\xbb\xbf", "\x00", "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<14 { // Size and depth are other tests' business.
			return
		}
		s, err := Load("f.toml", text)
		if err == nil {
			runScenario(t, s)
			return
		}
		var invalid *InvalidError
		if !errors.As(err, &invalid) || len(invalid.Problems) == 0 || s != nil {
			t.Fatalf("Load gives %v, %T: %v", s, err, err)
		}
		last := 0
		for _, p := range invalid.Problems {
			if p.Line < last || p.Line > 1+bytes.Count(text, []byte("\n")) {
				t.Errorf("line %d after line %d, in a file of %d: %v", p.Line, last, 1+bytes.Count(text, []byte("\n")), p)
			}
			if p.Text == "" {
				t.Errorf("a problem without words: %+v", p)
			}
			last = p.Line
		}
	})
}

// runScenario sends some requests of every kind.
func runScenario(t *testing.T, s *Scenario) {
	e := NewEngine(s, Settings{}, NewMemory())
	for range 3 {
		for _, d := range []string{"qianfan-v1", "dashscope-native", "dashscope-compatible"} {
			r := chat(d, func(r *Request) {
				r.Body, r.JSON = []byte(`{"n":4,"messages":[{"role":"user","content":"refund"}],"a":{"b":[1,2]}}`), true
				r.Turns = []Turn{{"user", "refund"}}
			})
			if _, _, err := e.Explain(context.Background(), start, r); err != nil {
				t.Errorf("Explain: %v", err)
			}
		}
	}
}

func addFiles(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/*/*.toml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
}

// A problem is one line of output, whatever is in the file: a key or a value
// with a line end must not look like a second problem.
func TestProblemIsOneLine(t *testing.T) {
	for _, text := range []string{
		`"a\nb" = 1`, `"a\u001b[31m" = 1`,
		"[[rule]]\nname = \"a\\nb\"\nreply = 3",
		"[[rule]]\nname = \"a\"\nreply = {}\nmatch.prompt = \"/(\\n/\"",
		"[[rule]]\nname = \"a\"\nmatch.dialect = \"qianfan-v1\"\nerror = \"1\\n8\"",
		"[[rule]]\nname = \"a\"\nraw.header.\"X\\nY\" = \"\"",
		"seed = \"\n",
	} {
		for _, p := range problemsOf(t, "x", []byte(text)) {
			if strings.ContainsAny(p.String(), "\n\r\x1b") {
				t.Errorf("%q: the problem has more than one line or a control character: %q", text, p.String())
			}
		}
	}
}
