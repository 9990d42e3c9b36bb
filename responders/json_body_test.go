package responders

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestBodyFields: what stands in a body, wherever it stands; the last of two
// counts.
func TestBodyFields(t *testing.T) {
	many := strings.Repeat(`"x":0,`, keptFields)
	for _, test := range []struct{ body, path, want string }{
		{`{"a":1,"b":2}`, "a", "1"},
		{`{"a":1}`, "b", ""},
		{`{"a":{"b":[1,2]}}`, "a.b.1", "2"},
		{`{"a":1,"b":2,"a":3}`, "a", "3"},
		{`{"a":1,"a":null}`, "a", "null"},
		{`{"a":{"b":1},"a":{"c":2}}`, "a.b", ""},
		{`{"a":1,"\u0061":2}`, "a", "2"},
		{`{` + many + `"a":1}`, "a", "1"},
		{`{"a":1,` + many + `"a":2}`, "a", "1"}, // Among so many it is not looked for.
		{`[{"a":1}]`, "a", ""},
		{`"a"`, "a", ""},
	} {
		if got := newJSONBody(gjson.Parse(test.body)).Get(test.path); got.Raw != test.want {
			t.Errorf("%s: %s is %q, want %q", test.body, test.path, got.Raw, test.want)
		}
	}
}
