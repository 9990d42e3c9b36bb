package sentences

import (
	"strconv"
	"strings"
)

// parts returns the form of a format, and the verbs that stand in its holes. It is
// asked for every sentence, so that it is no regular expression.
func parts(format string) (form string, verbs []string) {
	if strings.IndexByte(format, '%') < 0 {
		return format, nil
	}
	var b strings.Builder
	b.Grow(len(format) + 8) // A hole is a letter longer than most verbs.
	for at := 0; at < len(format); {
		verb := verbAt(format[at:])
		switch verb {
		case "":
			b.WriteByte(format[at])
			at++
			continue
		case "%%":
			b.WriteByte('%')
		default:
			verbs = append(verbs, verb)
			b.WriteByte('{')
			b.WriteString(strconv.Itoa(len(verbs)))
			b.WriteByte('}')
		}
		at += len(verb)
	}
	return b.String(), verbs
}

// verbAt returns the verb with which the text begins, %% included; "" is none.
func verbAt(text string) string {
	if text[0] != '%' {
		return ""
	}
	at := past(text, past(text, 1, "-+# 0"), digits)
	if at < len(text) && text[at] == '.' {
		if decimals := past(text, at+1, digits); decimals > at+1 {
			at = decimals
		}
	}
	if at == len(text) || text[at] != '%' && !isLetter(text[at]) {
		return ""
	}
	return text[:at+1]
}

const digits = "0123456789"

// past returns where the first byte stands that is none of these.
func past(text string, at int, these string) int {
	for at < len(text) && strings.IndexByte(these, text[at]) >= 0 {
		at++
	}
	return at
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
