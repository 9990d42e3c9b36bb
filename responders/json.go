package responders

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// object builds a JSON object on one line, its keys in the order in which
// they are added: the vendors' order is part of their bytes.
type object struct {
	text   []byte
	escape bool // Whether <, > and & are escaped, as some encoders do.
}

func (o *object) key(name string) {
	if len(o.text) == 0 {
		o.text = append(make([]byte, 0, 256), '{')
	} else {
		o.text = append(o.text, ',')
	}
	o.text = appendQuoted(o.text, name)
	o.text = append(o.text, ':')
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

func (o *object) null(name string) *object { return o.raw(name, []byte("null")) }

// raw adds a value that is JSON already.
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

// end returns the finished object, which must not be added to any more.
func (o *object) end() []byte {
	if len(o.text) == 0 {
		return []byte("{}")
	}
	return append(o.text, '}')
}

// obj starts an object.
func obj() *object { return &object{} }

// escapedObject starts an object whose strings escape <, > and &.
func escapedObject() *object { return &object{escape: true} }

// array joins values that are JSON already.
func array(values ...[]byte) []byte {
	text := []byte{'['}
	for i, v := range values {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(text, v...)
	}
	return append(text, ']')
}

const hexDigits = "0123456789abcdef"

// appendQuoted appends a JSON string. Only what must be is escaped; invalid
// UTF-8 becomes U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
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
