package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/invopop/jsonschema"

	"github.com/mockllm/mockllm/scenarios"
)

// Where the schema stands: in the program, and where people and editors find it.
const (
	schemaInProgram = "mockllm.schema.json"
	schemaPublished = "../../docs/mockllm.schema.json"
)

// The schema says what the types say, and the program prints it.
func TestSchema(t *testing.T) {
	want := makeSchema(t)
	for _, file := range []string{schemaInProgram, schemaPublished} {
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the types of package scenarios say (%v): run make docs", file, err)
		}
	}
	if !*update && ok(t, "schema") != string(want) {
		t.Error("mockllm schema prints something else")
	}
}

// makeSchema makes the schema of the language from its Go types. A key is what
// has a toml tag, its description the comment of the field.
func makeSchema(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{
		FieldNameTag: "toml", RequiredFromJSONSchemaTags: true, ExpandedStruct: true, Anonymous: true,
		KeyNamer: func(name string) string {
			if unicode.IsUpper(rune(name[0])) {
				return "" // A field without a tag is no key.
			}
			return name
		},
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if isTable(t) {
				return nil
			}
			return anyOf(schemasOf(t))
		},
	}
	for _, dir := range []string{"../../scenarios", "../../catalog"} {
		if err := r.AddGoComments("github.com/mockllm/mockllm/cmd/mockllm", dir, jsonschema.WithFullComment()); err != nil {
			t.Fatal(err)
		}
	}
	for of, comment := range r.CommentMap {
		r.CommentMap[of] = oneLine(comment)
	}
	root := reflect.TypeFor[scenarios.Scenario]()
	s := r.ReflectFromType(root)
	s.Version, s.Title = "http://json-schema.org/draft-07/schema#", "A scenario of mockllm"
	for of := range tables(root) {
		def := s.Definitions[of.Name()]
		if of == root {
			def = s
		}
		finish(of, def)
		if short := schemasOf(of); short != nil {
			s.Definitions[of.Name()] = &jsonschema.Schema{AnyOf: append(short, def)}
		}
	}
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	out = bytes.ReplaceAll(out, []byte(`"$defs"`), []byte(`"definitions"`)) // As it is called in draft-07.
	return append(bytes.ReplaceAll(out, []byte(`"#/$defs/`), []byte(`"#/definitions/`)), '\n')
}

// finish adds to the schema of a table what the library does not know.
func finish(t reflect.Type, table *jsonschema.Schema) {
	for _, f := range reflect.VisibleFields(t) {
		key, found := table.Properties.Get(f.Tag.Get("toml"))
		if !found {
			continue
		}
		if f.Tag.Get("need") == "text" {
			key.MinLength = new(uint64(1))
		}
		if f.Type.Kind() == reflect.Uint64 || f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Uint64 {
			key.Minimum = cmp.Or(key.Minimum, "0")
		}
		if key.Ref != "" { // In draft-07, what stands beside a reference is not read.
			key.AllOf, key.Ref = []*jsonschema.Schema{{Ref: key.Ref}}, ""
		}
	}
}

// schemasOf says how a value that reads itself may be written; of a table, its
// shorthands.
func schemasOf(t reflect.Type) []*jsonschema.Schema {
	var all []*jsonschema.Schema
	for _, f := range scenarios.FormsOf(t) {
		all = append(all, schemaOf(f))
	}
	return all
}

func schemaOf(f scenarios.Form) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: string(f.Type), Pattern: f.Pattern}
	for _, w := range f.Words {
		s.Enum = append(s.Enum, w)
	}
	if f.Filled {
		s.MinLength = new(uint64(1))
	}
	switch {
	case f.Type == scenarios.FormTrue:
		s.Type, s.Const = "boolean", true
	case f.Type == scenarios.FormTexts:
		s.Items = &jsonschema.Schema{Type: "string"}
		s.MinItems, s.MaxItems = new(uint64(f.Min)), new(uint64(f.Max))
	case f.Min != 0 || f.Max != 0:
		s.Minimum = decimal(f.Min)
		if !math.IsInf(f.Max, 1) {
			s.Maximum = decimal(f.Max)
		}
	}
	return s
}

func decimal(v float64) json.Number { return json.Number(strconv.FormatFloat(v, 'f', -1, 64)) }

func anyOf(all []*jsonschema.Schema) *jsonschema.Schema {
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	default:
		return &jsonschema.Schema{AnyOf: all}
	}
}

// tables returns every type of table that is reached from one.
func tables(root reflect.Type) map[reflect.Type]bool {
	found := map[reflect.Type]bool{}
	var walk func(reflect.Type)
	walk = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(t.Elem())
		case reflect.Struct:
			if found[t] || !isTable(t) {
				return
			}
			found[t] = true
			for _, f := range reflect.VisibleFields(t) {
				if f.Tag.Get("toml") != "" {
					walk(f.Type)
				}
			}
		}
	}
	walk(root)
	return found
}

func isTable(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("toml") != "" {
			return true
		}
	}
	return false
}

// link is a name in a doc comment that leads to its documentation.
var link = regexp.MustCompile(`\[([A-Za-z.]+)\]`)

// oneLine makes one line of a comment, without links to Go.
func oneLine(comment string) string {
	return strings.Join(strings.Fields(link.ReplaceAllString(comment, "$1")), " ")
}

// Every key is explained, and every value that reads itself says how it is
// written: nothing new may be forgotten.
func TestSchemaSaysAll(t *testing.T) {
	var s jsonschema.Schema
	if err := json.Unmarshal(bytes.ReplaceAll(makeSchema(t), []byte(`"definitions"`), []byte(`"$defs"`)), &s); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for of := range tables(reflect.TypeFor[scenarios.Scenario]()) {
		def := s.Definitions[of.Name()]
		switch {
		case of == reflect.TypeFor[scenarios.Scenario]():
			def = &s
		case len(def.AnyOf) > 0:
			def = def.AnyOf[len(def.AnyOf)-1]
		}
		for _, f := range reflect.VisibleFields(of) {
			name := f.Tag.Get("toml")
			if name == "" || name == "-" {
				continue
			}
			seen++
			key, found := def.Properties.Get(name)
			if !found || key.Description == "" {
				t.Errorf("%s.%s: the key %s has no description: the field needs a comment", of, f.Name, name)
			}
			if value := valueOf(f.Type); value.PkgPath() != "" && !isTable(value) && scenarios.FormsOf(value) == nil {
				t.Errorf("%s does not say how it is written: it needs a method forms", value)
			}
		}
	}
	if seen < 100 {
		t.Errorf("found %d keys only: the test looks at nothing", seen)
	}
}

// valueOf returns the type of the values in pointers, arrays and maps.
func valueOf(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}
