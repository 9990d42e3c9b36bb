package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A Problem is one thing that is wrong in a scenario.
type Problem struct {
	Line int    // Line in the file, from 1; 0 if it has none.
	Rule string // The name of the rule that it is in, if any.
	Key  string // The key within the rule or the file, such as "match.dialect".
	Text string // What is wrong, in lower case.
}

// An InvalidError lists everything that is wrong in one scenario.
type InvalidError struct {
	File     string
	Problems []Problem // Sorted by line; at least one.
}

// Error returns one line for each problem:
//
//	file:line: rule "name": key: what is wrong; did you mean "…"?
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = e.File + ":" + p.String()
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
	if p.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", p.Rule)
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
	lines    map[string]int // From path to line, as locate returns.
	names    []string       // The rules' names by index.
	problems []Problem
	seen     map[Problem]bool
	failed   map[int]bool // The rules with problems, by index.
}

// add notes a problem with the value at the path, such as
// "rule[0].match.dialect".
func (r *report) add(path, format string, args ...any) {
	rule, key := r.split(path)
	p := Problem{Line: r.line(path), Rule: rule, Key: key, Text: fmt.Sprintf(format, args...)}
	if r.seen == nil {
		r.seen, r.failed = map[Problem]bool{}, map[int]bool{}
	}
	if i, ok := ruleIndex(path); ok {
		r.failed[i] = true
	}
	if !r.seen[p] {
		r.seen[p] = true
		r.problems = append(r.problems, p)
	}
}

// ruleIndex returns the index of the rule that the path leads into.
func ruleIndex(path string) (int, bool) {
	var i int
	n, _ := fmt.Sscanf(path, "rule[%d]", &i)
	return i, n == 1
}

// line returns the line of the path, or of the nearest table around it.
func (r *report) line(path string) int {
	for path != "" {
		if line, ok := r.lines[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

// split takes "rule[1].match.dialect" apart into the rule's name and
// "match.dialect".
func (r *report) split(path string) (rule, key string) {
	index, ok := ruleIndex(path)
	if !ok {
		return "", path
	}
	_, key, _ = strings.Cut(path, "]")
	key = strings.TrimPrefix(key, ".")
	if index < len(r.names) && r.names[index] != "" {
		return r.names[index], key
	}
	return fmt.Sprintf("#%d", index+1), key
}

// err returns what was reported as an error, or nil.
func (r *report) err(file string) error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
	return &InvalidError{File: file, Problems: r.problems}
}
