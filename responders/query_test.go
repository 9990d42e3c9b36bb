package responders

import (
	"net/url"
	"reflect"
	"testing"
)

// TestParseQuery reads what Go's own reader drops, and all else as that does.
func TestParseQuery(t *testing.T) {
	for raw, want := range map[string]map[string][]string{
		"":                  {},
		"a=1&b=2&a=3":       {"a": {"1", "3"}, "b": {"2"}},
		"a;b=c;d&e":         {"a;b": {"c;d"}, "e": {""}},
		"a=b%3Bc+d":         {"a": {"b;c d"}},
		"a=100%&b%zz=%20&c": {"a": {"100%"}, "b%zz": {" "}, "c": {""}},
		"&&=x&a=b=c":        {"": {"x"}, "a": {"b=c"}},
	} {
		if got := ParseQuery(raw); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func FuzzParseQuery(f *testing.F) {
	for _, raw := range []string{"", "a=1&a=2;b", "%zz=%", "a+b=%3b"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got := ParseQuery(raw)
		if want, err := url.ParseQuery(raw); err == nil && !reflect.DeepEqual(got, map[string][]string(want)) {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	})
}
