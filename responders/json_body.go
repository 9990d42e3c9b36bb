package responders

import (
	"strings"

	"github.com/tidwall/gjson"
)

// A jsonBody is the JSON body of a request. The vendors' rules ask for dozens of
// its fields, most of which are not there; so they are found once, and not by
// going through the text again for each.
type jsonBody struct {
	gjson.Result
	fields []member // The first ones, in order.
	whole  bool     // Whether these are all.
}

// member is one field of a body.
type member struct {
	name  string
	value gjson.Result
}

// keptFields is how many fields are found at once. Calls have fewer;
// a body that is made of nothing but fields must not take a multiple of its
// size.
const keptFields = 32

func newJSONBody(text gjson.Result) *jsonBody {
	d := &jsonBody{Result: text, whole: true}
	if !text.IsObject() {
		return d
	}
	d.fields = make([]member, 0, 6)
	text.ForEach(func(name, value gjson.Result) bool {
		if d.whole = len(d.fields) < keptFields; d.whole {
			d.fields = append(d.fields, member{name.String(), value})
		}
		return d.whole
	})
	return d
}

// Get returns what stands at a path, the first name of which must be plain. Of a
// name that stands there twice the last counts, as in the servers' own parsers.
func (d *jsonBody) Get(path string) gjson.Result {
	name, rest, nested := strings.Cut(path, ".")
	for i := len(d.fields) - 1; i >= 0; i-- {
		switch {
		case d.fields[i].name != name:
		case nested:
			return d.fields[i].value.Get(rest)
		default:
			return d.fields[i].value
		}
	}
	if d.whole {
		return gjson.Result{}
	}
	return d.Result.Get(path)
}
