package journal

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// RedactBody redacts the secrets in a request's body, which may be cut or no
// JSON at all: the values of a form, and the strings of JSON, also those in
// arrays, whose names are those of secrets. All else stays as it is, byte for
// byte: the journal is there to show what was really sent.
func RedactBody(body string) string {
	if start := strings.TrimLeft(body, " \t\r\n\ufeff"); start == "" || !strings.ContainsRune(`{["`, rune(start[0])) {
		body = redactQuery(body)
	}
	s := scanner{text: body}
	return s.redact()
}

// A scanner reads JSON only as far as it must to tell names from values, so
// that it can go on behind any mistake.
type scanner struct {
	text   string
	out    strings.Builder
	kept   int    // Up to where the text is in out.
	secret bool   // Whether a value that comes now is a secret.
	outer  []bool // The same for the containers around.
	last   byte   // The last character that is no space.
}

func (s *scanner) redact() string {
	for i := 0; i < len(s.text); i++ {
		c := s.text[i]
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '"':
			i = s.quoted(i)
		case '{', '[':
			s.outer = append(s.outer, s.secret)
			s.secret = s.secret && c == '[' // The fields of an object have names of their own.
		case '}', ']':
			s.leave()
		}
		s.last = c
	}
	if s.kept == 0 {
		return s.text
	}
	return s.out.String() + s.text[s.kept:]
}

func (s *scanner) leave() {
	if n := len(s.outer); n > 0 {
		s.secret, s.outer = s.outer[n-1], s.outer[:n-1]
	}
}

// quoted deals with the string that begins at start and returns where it ends.
func (s *scanner) quoted(start int) int {
	end := closing(s.text, start)
	inside := s.text[start+1 : end]
	switch {
	case s.last != ':' && s.isName(end):
		s.secret = scenarios.IsSecret(unquoted(inside))
	case s.secret:
		s.out.WriteString(s.text[s.kept : start+1])
		s.out.WriteString(redactString(inside))
		s.kept = end
	}
	return end
}

// isName reports whether a colon follows the string that ends there.
func (s *scanner) isName(end int) bool {
	rest := strings.TrimLeft(s.text[min(end+1, len(s.text)):], " \t\r\n")
	return strings.HasPrefix(rest, ":")
}

// closing returns where the string that begins at start has its closing quote;
// where it is cut off, the end of the text.
func closing(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

// unquoted returns what the inside of a JSON string means.
func unquoted(inside string) string {
	if !strings.Contains(inside, `\`) {
		return inside
	}
	return gjson.Parse(`"` + inside + `"`).String()
}

// redactString redacts the inside of a JSON string. No part is kept of one with
// escapes, which must not be cut apart.
func redactString(inside string) string {
	if strings.Contains(inside, `\`) {
		return "***"
	}
	return RedactKey(inside)
}
