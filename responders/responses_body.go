package responders

import (
	"github.com/tidwall/gjson"
)

// responseState is how far a response is.
type responseState struct {
	status  string
	reason  string // Why it is incomplete, if it is.
	output  []byte // nil is none.
	usage   []byte // nil as long as nothing is counted.
	failure []byte // nil if nothing failed.
	kept    bool   // It is asked for later.
}

// finished returns the state of a response that ends like this. A completion
// that ends for any other reason than these is incomplete.
func finished(outs []completion) responseState {
	state := responseState{status: "completed"}
	for _, out := range outs {
		switch out.finish {
		case finishStop, finishTools:
		case finishLength:
			state = responseState{status: "incomplete", reason: "max_output_tokens"}
		default:
			state = responseState{status: "incomplete", reason: out.finish}
		}
	}
	return state
}

// A responseItem is one of the things that a response consists of: thoughts, a
// message or a call.
type responseItem struct {
	kind   string // "reasoning", "message" or "function_call".
	id     string
	pieces pieces // Of its text or of its arguments.
	text   string // All of them.
	call   toolCall
}

// forItems is the purpose of chance that ids of items are drawn with.
const forItems uint64 = 4 << 32

// responseItems cuts the answer into items. A message that says nothing is left
// out if there is a call.
func (m Meta) responseItems(vendor responsesVendor, outs []completion) []responseItem {
	var items []responseItem
	add := func(i responseItem) {
		i.id = vendor.itemID(m, forItems+uint64(len(items)))
		items = append(items, i)
	}
	for _, out := range outs {
		if out.reasoning != "" {
			add(responseItem{kind: "reasoning", text: out.reasoning, pieces: cut(out.reasoning, 0)})
		}
		if out.text != "" || len(out.calls) == 0 {
			add(responseItem{kind: "message", text: out.text, pieces: out.pieces})
		}
		for _, call := range out.calls {
			add(responseItem{kind: "function_call", text: call.arguments, pieces: cut(call.arguments, 0), call: call})
		}
	}
	return items
}

func writeItems(vendor responsesVendor, items []responseItem) []byte {
	written := make([][]byte, len(items))
	for i, item := range items {
		written[i] = vendor.item(item, "completed")
	}
	return array(written...)
}

// A retold is a response while what the caller said of it is written back.
type retold struct {
	*object
	asked *jsonBody
}

// retell starts a response. call is nil where nobody asked.
func retell(call *responsesChat) retold {
	if call == nil {
		return retold{obj(), &jsonBody{whole: true}}
	}
	return retold{obj(), call.body}
}

// given writes what was said under the names.
func (t retold) given(names ...string) {
	for _, name := range names {
		if isGiven(t.asked.Get(name)) {
			t.raw(name, echo(t.asked, name, "null"))
		}
	}
}

// or writes what was said under the name, or the default.
func (t retold) or(name, fallback string) { t.raw(name, echo(t.asked, name, fallback)) }

// fields are what has members: a body, or an object in it.
type fields interface {
	Get(path string) gjson.Result
}

// echo returns what the caller sent under the name, on one line, or the default
// if that is nothing or too long: streams repeat it.
func echo(asked fields, name, fallback string) []byte {
	if v := asked.Get(name); isGiven(v) && len(v.Raw) <= maxKept {
		return compact(v.Raw)
	}
	return []byte(fallback)
}

func orJSON(json []byte, fallback string) []byte {
	if json == nil {
		return []byte(fallback)
	}
	return json
}
