package responders

import (
	"strings"

	"github.com/tidwall/gjson"
)

// An exampler makes up a JSON value that fits a JSON Schema, as far as types,
// enums, defaults, references and required properties go.
type exampler struct {
	root gjson.Result
	left int // How many values more it makes: references can go round in circles.
}

// example makes up a value that fits the schema.
func example(schema gjson.Result) []byte {
	const most = 1000
	e := exampler{root: schema, left: most}
	return e.value(schema, 0)
}

// value makes up a value. A very long default is passed over, since a stream may
// repeat it in each frame.
func (e *exampler) value(schema gjson.Result, depth int) []byte {
	const deepest = 8
	e.left--
	for _, name := range []string{"const", "default", "enum.0"} {
		if v := schema.Get(name); v.Exists() && len(v.Raw) <= maxKept {
			return compact(v.Raw)
		}
	}
	over := depth >= deepest || e.left <= 0
	for _, other := range []gjson.Result{e.named(schema.Get("$ref").String()), schema.Get("anyOf.0"), schema.Get("oneOf.0"), schema.Get("allOf.0")} {
		if other.IsObject() && !over {
			return e.value(other, depth+1)
		}
	}
	kind := schema.Get("type")
	if kind.IsArray() {
		kind = kind.Get("0")
	}
	switch kind := kind.String(); {
	case kind == "string":
		return []byte(`"example"`)
	case kind == "number" || kind == "integer":
		return []byte(exampleNumber(schema))
	case kind == "boolean":
		return []byte("true")
	case kind == "null":
		return []byte("null")
	case kind == "array" && over:
		return []byte("[]")
	case kind == "array":
		return array(e.value(schema.Get("items"), depth+1))
	case over:
		return []byte("{}")
	}
	return e.object(schema, depth)
}

// named returns the part of the whole schema that a reference names.
func (e *exampler) named(reference string) gjson.Result {
	at, local := strings.CutPrefix(reference, "#/")
	part := e.root
	if !local {
		return gjson.Result{}
	}
	for name := range strings.SplitSeq(at, "/") {
		part = part.Get(gjson.Escape(name))
	}
	return part
}

// object fills in the required properties, or all if none is required.
func (e *exampler) object(schema gjson.Result, depth int) []byte {
	required := map[string]bool{}
	schema.Get("required").ForEach(func(_, name gjson.Result) bool {
		required[name.String()] = true
		return true
	})
	o := obj()
	schema.Get("properties").ForEach(func(name, property gjson.Result) bool {
		if len(required) == 0 || required[name.String()] {
			o.raw(name.String(), e.value(property, depth+1))
		}
		return true
	})
	return o.end()
}

func exampleNumber(schema gjson.Result) string {
	if least := schema.Get("minimum"); least.Type == gjson.Number && least.Num > 1 && len(least.Raw) <= maxKept {
		return least.Raw
	}
	return "1"
}
