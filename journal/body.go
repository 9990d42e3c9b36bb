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
	return cover(body, secretStrings(body, scenarios.IsSecret), 0, len(body))
}

// isSecretAnswer reports whether a field of an answer must not be shown. What
// is a one-time code in a request is the name of an error there.
func isSecretAnswer(name string) bool {
	return !strings.EqualFold(name, "code") && scenarios.IsSecret(name)
}

// secretStrings finds the strings of JSON that are secrets.
func secretStrings(text string, isSecret func(name string) bool) []span {
	s := scanner{text: text, isSecret: isSecret}
	s.scan()
	return s.found
}

// A scanner reads JSON only as far as it must to tell names from values, so
// that it can go on behind any mistake.
type scanner struct {
	text     string
	isSecret func(name string) bool
	found    []span
	secret   bool   // Whether a value that comes now is a secret.
	outer    []bool // The same for the containers around.
	last     byte   // The last character that is no space.
}

func (s *scanner) scan() {
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
		s.secret = s.isSecret(unquoted(inside))
	case s.secret:
		s.found = append(s.found, span{start + 1, end, redactString(inside)})
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
