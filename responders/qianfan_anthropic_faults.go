package responders

import (
	"math"
	"mime"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// What is wrong with the form of a body, as the framework behind Qianfan's
// Messages API tells it: all of it at once, each with the value that is wrong.

// A bodyFault is one thing that is wrong.
type bodyFault struct {
	code  string
	at    string // The parameter; "" is the body as a whole.
	input []byte
}

// messageNeeds are the parameters that every message has.
var messageNeeds = []struct {
	name, code string
	fits       func(v gjson.Result) bool
}{
	{"model", "string_type", func(v gjson.Result) bool { return v.Type == gjson.String }},
	{"max_tokens", "int_type", func(v gjson.Result) bool { return v.Type == gjson.Number && v.Num == math.Trunc(v.Num) }},
	{"messages", "list_type", gjson.Result.IsArray},
}

// faultsOf returns what is wrong with a body.
func faultsOf(in *Incoming, r *scenarios.Request, body *jsonBody) []bodyFault {
	switch {
	case len(in.Body) == 0 && in.State == BodyComplete:
		return []bodyFault{{code: "missing", input: []byte("null")}}
	case in.State == BodyComplete && !saysJSON(in.Header.Get("Content-Type")):
		return []bodyFault{{code: "model_attributes_type", input: shortText(in.Body)}}
	case in.State != BodyComplete || !r.JSON:
		return []bodyFault{{code: "json_invalid", input: []byte("{}")}}
	case !body.IsObject():
		return []bodyFault{{code: "model_attributes_type", input: shortJSON(body.Result)}}
	}
	var faults []bodyFault
	for _, need := range messageNeeds {
		switch v := body.Get(need.name); {
		case !v.Exists():
			faults = append(faults, bodyFault{"missing", need.name, shortJSON(body.Result)})
		case !need.fits(v):
			faults = append(faults, bodyFault{need.code, need.name, shortJSON(v)})
		}
	}
	return faults
}

// saysJSON reports whether a body of that type is read as JSON: one of no type
// is, but one of another is a text.
func saysJSON(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	return contentType == "" || err == nil && (kind == "application/json" || strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json"))
}

// shortText returns a body as a text. One that is too long to be told is {}.
func shortText(body []byte) []byte {
	if len(body) > maxKept {
		return []byte("{}")
	}
	return appendQuoted(nil, string(body))
}

// shortJSON returns a value on one line. One that is too long to be told is {}.
func shortJSON(v gjson.Result) []byte {
	if len(v.Raw) > maxKept {
		return []byte("{}")
	}
	return compact(v.Raw)
}

// writeFaults writes what is wrong with the body; where it is a scenario that
// says so, it is about the first parameter.
func writeFaults(r *scenarios.Request, f *scenarios.Failure) []byte {
	ask, _ := r.Detail.(*messageAsk) // A sample has none.
	if ask == nil || len(ask.faults) == 0 || ask.faults[0].code != f.Entry.Code || f.Message != "" {
		return array(writeFault(bodyFault{code: f.Entry.Code, at: messageNeeds[0].name, input: []byte("{}")}, fill(f, r)))
	}
	written := make([][]byte, len(ask.faults))
	for i, fault := range ask.faults {
		e := failureOf(&scenarios.Refusal{ID: messageCodes + fault.code}, r.Dialect)
		written[i] = writeFault(fault, fill(e, r))
	}
	return array(written...)
}

func writeFault(fault bodyFault, message string) []byte {
	at := [][]byte{[]byte(`"body"`)}
	switch {
	case fault.code == "json_invalid":
		at = append(at, []byte("0"))
	case fault.at != "":
		at = append(at, appendQuoted(nil, fault.at))
	}
	o := obj().str("type", fault.code).raw("loc", array(at...)).str("msg", message).raw("input", fault.input)
	if fault.code == "json_invalid" {
		o.raw("ctx", obj().str("error", "Expecting value").end())
	}
	return o.end()
}
