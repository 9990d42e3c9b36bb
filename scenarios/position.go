package scenarios

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"
)

// locate returns the line of every key of a TOML text, by path: "seed",
// "rule[0].match.dialect", "rule[0].step[1].error". Of text that is not valid
// TOML the result is unspecified but harmless. If tables and arrays stand within
// each other too deep, it stops and returns that line, else 0.
//
// The TOML library knows positions of syntax errors only, and none inside
// arrays of tables: hence this walk over the text. It looks at structure alone,
// never at values.
func locate(text string) (lines map[string]int, tooDeep int) {
	l := locator{text: text, line: 1, lines: map[string]int{}, counts: map[string]int{}}
	l.document()
	return l.lines, l.tooDeep
}

// deepest bounds how deep tables and arrays may stand within each other. The
// language itself needs less than ten.
const deepest = 100

type locator struct {
	text   string
	at     int
	line   int
	lines  map[string]int
	counts map[string]int // From the path of an array of tables to its length so far.

	depth   int // Of values within values.
	tooDeep int // The line on which it became too much.
}

func (l *locator) document() {
	table := ""
	for l.skip(" \t\r\n"); l.at < len(l.text); l.skip(" \t\r\n") {
		if l.peek() == '[' {
			table = l.header()
			continue
		}
		if !l.pair(table) {
			return
		}
	}
}

// header reads [a.b] or [[a.b]] and returns its path.
func (l *locator) header() string {
	line := l.line
	l.at++
	array := l.peek() == '['
	if array {
		l.at++
	}
	parts := l.key()
	path := ""
	for i, part := range parts {
		path = join(path, part)
		l.note(path, line)
		if n, ok := l.counts[path]; ok && (i < len(parts)-1 || !array) {
			path += index(n - 1)
			l.note(path, line)
		}
	}
	if array {
		l.counts[path]++
		path += index(l.counts[path] - 1)
	}
	l.note(path, line)
	for l.peek() == ']' {
		l.at++
	}
	return path
}

// pair reads key = value and reports whether it moved on.
func (l *locator) pair(table string) bool {
	start, line := l.at, l.line
	path := table
	for _, part := range l.key() {
		path = join(path, part)
		l.note(path, line)
	}
	l.skip(" \t")
	if l.peek() != '=' {
		return false
	}
	l.at++
	l.value(path)
	return l.at > start
}

// key reads a dotted key, quoted parts included.
func (l *locator) key() []string {
	var parts []string
	for {
		l.skip(" \t")
		switch c := l.peek(); c {
		case '"', '\'':
			start := l.at
			l.quoted(c)
			parts = append(parts, unquote(l.text[start:l.at]))
		default:
			start := l.at
			for l.at < len(l.text) && !strings.ContainsRune(" \t\r\n.=]#", rune(l.peek())) {
				l.at++
			}
			parts = append(parts, l.text[start:l.at])
		}
		l.skip(" \t")
		if l.peek() != '.' {
			return parts
		}
		if len(parts) > deepest {
			l.giveUp()
			return parts
		}
		l.at++
	}
}

// unquote returns what a quoted key says, as the TOML library reads it.
func unquote(part string) string {
	var one struct{ K string }
	if _, err := toml.Decode("K = "+part, &one); err == nil {
		return one.K
	}
	return part
}

func (l *locator) value(path string) {
	l.skip(" \t")
	if l.depth++; l.depth > deepest {
		l.giveUp()
	}
	defer func() { l.depth-- }()
	switch c := l.peek(); c {
	case '"', '\'':
		l.quoted(c)
	case '[':
		l.at++
		for i, before := 0, -1; l.more(']') && l.at > before; i++ {
			before = l.at
			l.note(path+index(i), l.line)
			l.value(path + index(i))
		}
	case '{':
		l.at++
		for l.more('}') && l.pair(path) {
			continue
		}
	default:
		for l.at < len(l.text) && !strings.ContainsRune(",]}#\n", rune(l.peek())) {
			l.at++
		}
	}
}

// giveUp ends the walk: everything is too deep from here.
func (l *locator) giveUp() {
	if l.tooDeep == 0 {
		l.tooDeep = l.line
	}
	l.at = len(l.text)
}

// more moves to the next element of an array or inline table; at the closing
// bracket it steps over it and reports false.
func (l *locator) more(closing byte) bool {
	l.skip(" \t\r\n,")
	if l.at >= len(l.text) {
		return false
	}
	if l.peek() == closing {
		l.at++
		return false
	}
	return true
}

// quoted steps over a string of one line or several.
func (l *locator) quoted(quote byte) {
	end := strings.Repeat(string(quote), 3)
	if !strings.HasPrefix(l.text[l.at:], end) {
		end = string(quote)
	}
	for l.at += len(end); l.at < len(l.text); l.advance() {
		if strings.HasPrefix(l.text[l.at:], end) {
			l.at += len(end)
			for len(end) == 3 && l.peek() == quote { // Up to two quotes may belong to the string.
				l.at++
			}
			return
		}
		if quote == '"' && l.peek() == '\\' {
			l.advance()
		}
	}
}

// skip steps over the characters given, and over comments if line ends are
// among them.
func (l *locator) skip(chars string) {
	for l.at < len(l.text) {
		switch c := l.peek(); {
		case strings.IndexByte(chars, c) >= 0:
			l.advance()
		case c == '#' && strings.Contains(chars, "\n"):
			for l.at < len(l.text) && l.peek() != '\n' {
				l.at++
			}
		default:
			return
		}
	}
}

func (l *locator) advance() {
	if l.at >= len(l.text) {
		return
	}
	if l.text[l.at] == '\n' {
		l.line++
	}
	l.at++
}

func (l *locator) peek() byte {
	if l.at >= len(l.text) {
		return 0
	}
	return l.text[l.at]
}

func (l *locator) note(path string, line int) {
	if _, ok := l.lines[path]; !ok {
		l.lines[path] = line
	}
}

// join returns the path of a key in a table. A key that could be mistaken for
// more than a key, or would not print, is quoted.
func join(table, key string) string {
	if key == "" || strings.ContainsFunc(key, func(c rune) bool { return strings.ContainsRune(`.[]"`, c) || !unicode.IsPrint(c) }) {
		key = strconv.Quote(key)
	}
	if table == "" {
		return key
	}
	return table + "." + key
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }
