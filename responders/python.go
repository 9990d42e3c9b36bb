package responders

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pythonText writes a text as Python shows it.
func pythonText(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b := []byte{quote}
	for _, c := range s {
		switch {
		case c == rune(quote) || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case !unicode.IsPrint(c) && c < 0x100:
			b = fmt.Appendf(b, `\x%02x`, c)
		case !unicode.IsPrint(c) && c < 0x10000:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return string(append(b, quote))
}

// fromPython returns the text that Python shows so; what is none stays as it is.
func fromPython(shown string) string {
	if len(shown) < 2 || shown[0] != '\'' && shown[0] != '"' || shown[len(shown)-1] != shown[0] {
		return shown
	}
	var text []byte
	for rest := shown[1 : len(shown)-1]; rest != ""; {
		c, _, tail, err := strconv.UnquoteChar(rest, shown[0])
		if err != nil {
			return shown
		}
		text, rest = utf8.AppendRune(text, c), tail
	}
	return string(text)
}
