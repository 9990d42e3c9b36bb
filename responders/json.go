package responders

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object builds a JSON object on one line, its keys in the order in which
// they are added: the vendors' order is part of their bytes. Some methods are
// not to be inlined: in the hundreds of places where they are called that makes a
// hundredth of the binary.
type object struct {
	text   []byte
	escape bool // Whether <, > and & are escaped, as some encoders do.
}

func (o *object) key(name string) {
	if len(o.text) == 0 {
		o.text = append(make([]byte, 0, 256), '{')
	} else if o.text[len(o.text)-1] != '{' { // Nothing but an object that was just opened ends so.
		o.text = append(o.text, ',')
	}
	o.text = append(appendQuoted(o.text, name), ':')
}

func (o *object) str(name, value string) *object {
	o.key(name)
	start := len(o.text)
	o.text = appendQuoted(o.text, value)
	if o.escape {
		o.text = append(o.text[:start], htmlEscaper.Replace(string(o.text[start:]))...)
	}
	return o
}

var htmlEscaper = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`)

func (o *object) num(name string, value int64) *object {
	o.key(name)
	o.text = strconv.AppendInt(o.text, value, 10)
	return o
}

func (o *object) boolean(name string, value bool) *object {
	o.key(name)
	o.text = strconv.AppendBool(o.text, value)
	return o
}

func (o *object) null(name string) *object {
	o.key(name)
	o.text = append(o.text, "null"...)
	return o
}

// raw adds a value that is JSON already.
//
//go:noinline
func (o *object) raw(name string, value []byte) *object {
	o.key(name)
	o.text = append(o.text, value...)
	return o
}

// optional adds a number if there is one.
func (o *object) optional(name string, value *int) *object {
	if value != nil {
		o.num(name, int64(*value))
	}
	return o
}

// open starts an object within the object, up to the next close.
func (o *object) open(name string) *object {
	o.key(name)
	o.text = append(o.text, '{')
	return o
}

// list starts a list of objects within the object, up to endList.
func (o *object) list(name string) *object {
	o.key(name)
	o.text = append(o.text, '[')
	return o
}

// item starts the next object of a list, up to the next close.
func (o *object) item() *object {
	if o.text[len(o.text)-1] != '[' {
		o.text = append(o.text, ',')
	}
	o.text = append(o.text, '{')
	return o
}

func (o *object) endList() *object {
	o.text = append(o.text, ']')
	return o
}

// close ends the object that was opened last.
func (o *object) close() *object {
	o.text = append(o.text, '}')
	return o
}

// end returns the finished object, which must not be added to any more.
//
//go:noinline
func (o *object) end() []byte {
	if len(o.text) == 0 {
		return []byte("{}")
	}
	return append(o.text, '}')
}

// obj starts an object.
func obj() *object { return &object{} }

// sized starts an object that is likely as long as that.
func sized(length int) *object { return &object{text: append(make([]byte, 0, length), '{')} }

// total is how long values are.
func total(values [][]byte) (n int) {
	for _, v := range values {
		n += len(v)
	}
	return n
}

// array joins values that are JSON already.
//
//go:noinline
func array(values ...[]byte) []byte {
	text := append(make([]byte, 0, total(values)+len(values)+1), '[')
	for i, v := range values {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, v...)
	}
	return append(text, ']')
}

// plain reports whether a text stands in JSON as it is.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends a JSON string. Only what must be is escaped; invalid
// UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b = append(slices.Grow(b, len(s)+2), '"')
	if plain(s) {
		b = append(b, s...)
		return append(b, '"')
	}
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', byte(c))
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return append(b, '"')
}
