package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/mockllm/mockllm/sentences"
)

// A Problem is one thing that is wrong in a scenario.
type Problem struct {
	Line int                // Line in the file, from 1; 0 if it has none.
	In   string             // The kind of table that it is in: "rule", "connection", "limit", "expect", "key", or "" for the file itself.
	Name string             // The name of that rule, connection or limit, or its number such as "#2"; of a key as much as may be shown.
	Key  string             // The key within the table or the file, such as "match.dialect".
	Text string             // What is wrong, in lower case.
	Said sentences.Sentence // The same.
}

// An InvalidError lists what is wrong in one scenario.
type InvalidError struct {
	File     string
	Problems []Problem // Sorted by line; at least one, and of very many the first hundred.
	More     int       // How many there are besides.
}

// Bounds of what is told of one scenario: how many problems, how many characters
// of a name or key, and of a text that is quoted in a sentence of so many bytes.
const mostProblems, longestName, longestQuote, longSentence = 100, 200, 400, 2000

// Error returns one line for each problem:
//
//	file:line: rule "name": key: what is wrong; did you mean "…"?
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = e.File + ":" + p.String()
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more", e.File, e.More))
	}
	return strings.Join(lines, "\n")
}

// String returns the problem without the name of its file.
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:", p.Line)
	}
	b.WriteByte(' ')
	if p.In != "" {
		fmt.Fprintf(&b, "%s %q: ", p.In, p.Name)
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Text)
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return '\uFFFD' // A problem is one line, whatever it quotes.
		}
		return c
	}, b.String())
}

// report collects problems under the paths of their keys.
type report struct {
	lines    map[string]int      // From path to line, as locate returns.
	names    map[string][]string // The names of rules and connections, by kind and index.
	problems []Problem
	seen     map[string]bool
	wrong    map[string]bool // The paths at which, or below which, something is wrong.
}

// add notes a problem with the value at the path, such as
// "rule[0].match.dialect".
func (r *report) add(path, format string, args ...any) {
	in, name, key := r.split(path)
	said := bounded(sentences.New(format, args...))
	p := Problem{Line: r.line(path), In: in, Name: name, Key: key, Text: said.String(), Said: said}
	if r.seen == nil {
		r.seen, r.wrong = map[string]bool{}, map[string]bool{}
	}
	for at := path; at != "" && !r.wrong[at]; at = around(at) {
		r.wrong[at] = true
	}
	if whole := p.String(); !r.seen[whole] {
		r.seen[whole] = true
		r.problems = append(r.problems, p)
	}
}

// addAt notes a problem of the whole file, at a line that no key has.
func (r *report) addAt(line int, format string, args ...any) {
	said := bounded(sentences.New(format, args...))
	r.problems = append(r.problems, Problem{Line: line, Text: said.String(), Said: said})
}

// bounded leaves out the end of what a sentence quotes if it is very long.
func bounded(said sentences.Sentence) sentences.Sentence {
	if len(said.String()) <= longSentence {
		return said
	}
	return said.Filled(func(text string) string { return clip(text, longestQuote) })
}

// tableOf returns the kind and index of the table that the path leads into,
// "rule" and 1 for "rule[1].match"; the kind of the file itself is "".
func tableOf(path string) (in string, i int) {
	for _, kind := range []string{"rule", "connection", "limit", "expect", shotName} {
		if n, _ := fmt.Sscanf(path, kind+"[%d]", &i); n == 1 {
			return kind, i
		}
	}
	return "", 0
}

// within reports whether something is wrong at the path or below it.
func (r *report) within(path string) bool { return r.wrong[path] }

// line returns the line of the path, or of the nearest table around it.
func (r *report) line(path string) int {
	for path != "" {
		if line, ok := r.lines[path]; ok {
			return line
		}
		path = around(path)
	}
	return 0
}

// around returns the path of the table or array around that of something, "" for
// the file.
func around(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

// split takes "rule[1].match.dialect" apart into "rule", the rule's name and
// "match.dialect", of each as much as is told.
func (r *report) split(path string) (in, name, key string) {
	path = clip(path, longestName)
	in, i := tableOf(path)
	if in == "" {
		return splitKey(path)
	}
	_, key, _ = strings.Cut(path, "]")
	key = strings.TrimPrefix(key, ".")
	if in == shotName {
		return "", "", key // It stands in nothing.
	}
	if names := r.names[in]; i < len(names) && names[i] != "" {
		return in, clip(names[i], longestName), key
	}
	return in, fmt.Sprintf("#%d", i+1), key
}

// splitKey takes "keys.sk-1.state" apart into "key", as much of the API key as
// may be shown, and "state".
func splitKey(path string) (in, name, key string) {
	name, found := strings.CutPrefix(path, "keys.")
	if !found {
		return "", "", path
	}
	if at := strings.LastIndexByte(name, '.'); at >= 0 {
		name, key = name[:at], name[at+1:]
	}
	return "key", RedactKey(strings.Trim(name, `"`)), key
}

// err returns what was reported as an error, or nil.
func (r *report) err(file string) error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
	told := r.problems[:min(len(r.problems), mostProblems)]
	return &InvalidError{File: file, Problems: told, More: len(r.problems) - len(told)}
}
