package scenarios

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
)

// recheck reports values that were set in Go and that no file could hold: each
// is read once more, as if it stood in one. Zero values are keys that are not
// given.
func recheck(path string, v reflect.Value, r *report) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			recheck(path, v.Elem(), r)
		}
	case reflect.Slice:
		for i := range v.Len() {
			recheck(path+index(i), v.Index(i), r)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, key := range keys {
			recheck(join(path, key.String()), v.MapIndex(key), r)
		}
	case reflect.Struct:
		if written, ok := v.Interface().(interface{ built() error }); ok {
			if err := written.built(); err != nil {
				r.add(path, "%v", err)
			}
		}
		for _, f := range reflect.VisibleFields(v.Type()) {
			if name := f.Tag.Get("toml"); name != "" {
				recheck(join(path, name), v.FieldByIndex(f.Index), r)
			}
		}
	default:
		recheckScalar(path, v, r)
	}
}

func recheckScalar(path string, v reflect.Value, r *report) {
	again, ok := reflect.New(v.Type()).Interface().(toml.Unmarshaler)
	if !ok || v.IsZero() {
		return
	}
	var written any
	switch d, isDuration := v.Interface().(Duration); {
	case isDuration:
		written = time.Duration(d).String()
	case v.Kind() == reflect.String:
		written = v.String()
	case v.CanInt():
		written = v.Int()
	case v.CanUint():
		written = int64(v.Uint())
	case v.CanFloat():
		written = v.Float()
	default:
		return
	}
	if err := again.UnmarshalTOML(written); err != nil {
		r.add(path, "%v", err)
	}
}
