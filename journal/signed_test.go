package journal

import (
	"strings"
	"testing"
)

// TestWritten holds which parts of texts are taken for secrets, and that a long
// text made to be slow is not.
func TestWritten(t *testing.T) {
	r := Redactor{}
	for text, want := range map[string]string{
		"a?b=1&Signature=abcdef&c=2":                      "a?b=1&Signature=***&c=2",
		"a?token=abc;d?key=efgh x":                        "a?token=*** x",
		"(see https://h/?sig=1&signature=abcdefg), ok":    "(see https://h/?sig=1&signature=***), ok",
		"use token=abcdefghi or ?max_tokens=1234567":      "use token=abcdefghi or ?max_tokens=1234567",
		"http://u:secret@h and mailto:a@b, 10:30 @ noon":  "http://u:***@h and mailto:a@b, 10:30 @ noon",
		"a bearer of bad news, Basic understanding of it": "a bearer of bad news, Basic understanding of it",
		"Bearer 0123456789abcdef.":                        "Bearer ***",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got := r.Text(strings.Repeat("?key=", 1<<18)); got != "?key=***" {
		t.Errorf("%d bytes are left", len(got))
	}
}
