package scenarios

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// decode fills out, a struct with toml tags, from a parsed TOML table. Unknown
// keys, wrong types and bad values are reported under their paths, all of them.
//
// A type with UnmarshalTOML reads its own value and says in plain words what
// is wrong with it. If such a type is a struct, that method reads its
// shorthand only, and a table goes to its fields.
func decode(path string, in any, out reflect.Value, r *report) {
	if u, ok := out.Addr().Interface().(toml.Unmarshaler); ok && !(isTable(in) && hasKeys(out.Type())) {
		if err := u.UnmarshalTOML(in); err != nil {
			r.add(path, "%v", err)
		}
		return
	}
	switch out.Kind() {
	case reflect.Pointer:
		out.Set(reflect.New(out.Type().Elem()))
		decode(path, in, out.Elem(), r)
	case reflect.Struct:
		decodeTable(path, in, out, r)
	case reflect.Map:
		decodeMap(path, in, out, r)
	case reflect.Slice:
		decodeArray(path, in, out, r)
	default:
		decodeScalar(path, in, out, r)
	}
}

func decodeTable(path string, in any, out reflect.Value, r *report) {
	table, ok := in.(map[string]any)
	if !ok {
		r.add(path, "must be a table, not %s", kindOf(in))
		return
	}
	fields := map[string]reflect.Value{}
	needText := map[string]bool{}
	var names []string
	for _, f := range reflect.VisibleFields(out.Type()) {
		if name := f.Tag.Get("toml"); name != "" && name != "-" {
			fields[name] = out.FieldByIndex(f.Index)
			needText[name] = f.Tag.Get("need") == "text"
			names = append(names, name)
		}
	}
	for _, key := range sortedKeys(table) {
		value := table[key]
		field, known := fields[key]
		if !known {
			r.add(join(path, key), "unknown key%s", hint(out.Type(), key, names))
			continue
		}
		if value == "" && needText[key] {
			r.add(join(path, key), "must not be empty")
			continue
		}
		decode(join(path, key), value, field, r)
	}
}

// hint says where the key belongs or, if nowhere, what was perhaps meant. Whoever
// writes a plural means the table of that name.
func hint(t reflect.Type, key string, names []string) sentences.Sentence {
	if one, plural := strings.CutSuffix(key, "s"); plural && slices.Contains(names, one) {
		return catalog.DidYouMean(key, []string{one})
	}
	if in := belongs(t, key); in.Form != "" {
		return in
	}
	return catalog.DidYouMean(key, names)
}

// belongs names the tables within a type of table that have the key.
func belongs(t reflect.Type, key string) sentences.Sentence {
	var tables []string
	for _, f := range reflect.VisibleFields(t) {
		inner, name := f.Type, f.Tag.Get("toml")
		if inner.Kind() == reflect.Slice {
			name = "[[" + name + "]]"
		}
		if k := inner.Kind(); k == reflect.Slice || k == reflect.Pointer {
			inner = inner.Elem()
		}
		if key != "" && f.Tag.Get("toml") != "" && hasKey(inner, key) {
			tables = append(tables, name)
		}
	}
	if len(tables) == 0 {
		return sentences.Sentence{}
	}
	return sentences.New("; it belongs in %s", strings.Join(tables, " or "))
}

func hasKey(t reflect.Type, key string) bool {
	return t.Kind() == reflect.Struct && slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		return f.Tag.Get("toml") == key
	})
}

func decodeMap(path string, in any, out reflect.Value, r *report) {
	table, ok := in.(map[string]any)
	if !ok {
		r.add(path, "must be a table, not %s", kindOf(in))
		return
	}
	out.Set(reflect.MakeMap(out.Type()))
	for _, key := range sortedKeys(table) {
		element := reflect.New(out.Type().Elem()).Elem()
		decode(join(path, key), table[key], element, r)
		out.SetMapIndex(reflect.ValueOf(key), element)
	}
}

func decodeArray(path string, in any, out reflect.Value, r *report) {
	all := elements(in)
	if all == nil && !isArray(in) {
		r.add(path, "must be an array, not %s", kindOf(in))
		return
	}
	out.Set(reflect.MakeSlice(out.Type(), len(all), len(all)))
	for i, e := range all {
		decode(path+index(i), e, out.Index(i), r)
	}
}

func decodeScalar(path string, in any, out reflect.Value, r *report) {
	switch v := in.(type) {
	case string:
		if out.Kind() == reflect.String {
			out.SetString(v)
			return
		}
	case bool:
		if out.Kind() == reflect.Bool {
			out.SetBool(v)
			return
		}
	case int64:
		if out.CanInt() && !out.OverflowInt(v) {
			out.SetInt(v)
			return
		}
		if out.CanUint() && v >= 0 && !out.OverflowUint(uint64(v)) {
			out.SetUint(uint64(v))
			return
		}
		if out.CanUint() && v < 0 {
			r.add(path, "must not be negative")
			return
		}
		if out.CanFloat() {
			out.SetFloat(float64(v))
			return
		}
	case float64:
		if out.CanFloat() {
			out.SetFloat(v)
			return
		}
	}
	r.add(path, "must be %s, not %s", wanted(out.Kind()), kindOf(in))
}

// elements returns what is in an array, which the library makes of two types.
func elements(in any) []any {
	switch a := in.(type) {
	case []any:
		return a
	case []map[string]any:
		all := make([]any, len(a))
		for i, table := range a {
			all[i] = table
		}
		return all
	}
	return nil
}

func isArray(in any) bool { return reflect.TypeOf(in).Kind() == reflect.Slice }

// hasKeys reports whether the type is a table of the language.
func hasKeys(t reflect.Type) bool {
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

func isTable(in any) bool {
	_, ok := in.(map[string]any)
	return ok
}

func wanted(k reflect.Kind) sentences.Sentence {
	switch k {
	case reflect.String:
		return sentences.New("a string")
	case reflect.Bool:
		return sentences.New("true or false")
	case reflect.Float64:
		return sentences.New("a number")
	default:
		return sentences.New("a whole number")
	}
}

// kindOf names the kind of a parsed TOML value.
func kindOf(in any) sentences.Sentence {
	switch in.(type) {
	case string:
		return sentences.New("a string")
	case bool:
		return sentences.New("a boolean")
	case int64:
		return sentences.New("a whole number")
	case float64:
		return sentences.New("a number with a fraction")
	case time.Time:
		return sentences.New("a date")
	case map[string]any:
		return sentences.New("a table")
	default:
		if isArray(in) {
			return sentences.New("an array")
		}
		return sentences.New("something else")
	}
}
