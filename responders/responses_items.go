package responders

import (
	"cmp"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// The items that a response was asked with can be listed as long as it is kept:
// what the call itself says, behind all that was said and answered before it.

const (
	inputItemsSuffix = "/input_items"

	// mostInputItems and usualInputItems are how many one list shows, at most and
	// unless the client says how many.
	mostInputItems, usualInputItems = 100, 20

	// forInputItems is the purpose of chance that ids of input items are drawn with.
	forInputItems uint64 = 5 << 32

	maxInputPart = 1 << 10 // Bytes of a part that is no text; of a longer one its type alone is kept.
)

// inputItems writes what a call says, each item with the id that the caller gave
// it or one that is drawn.
func (m Meta) inputItems(vendor responsesVendor, input gjson.Result) [][]byte {
	if input.Type == gjson.String {
		return [][]byte{writeInputMessage(input, "user", vendor.itemID(m, forInputItems))}
	}
	var items [][]byte
	for i, item := range elements(input) {
		id := cmp.Or(clipped(item.Get("id").String()), vendor.itemID(m, forInputItems+uint64(i)))
		if written := writeInputItem(item, id); written != nil {
			items = append(items, written)
		}
	}
	return items
}

// writeInputItem writes an item as lists show it, its keys sorted as
// DashScope sorts those of a response; nil is one that is not listed.
func writeInputItem(item gjson.Result, id string) []byte {
	text := func(name string) string { return clipped(item.Get(name).String()) }
	switch kind := text("type"); {
	case !item.IsObject():
		return nil
	case kind == "message", kind == "":
		return writeInputMessage(item.Get("content"), text("role"), id)
	case kind == "function_call":
		return obj().str("arguments", item.Get("arguments").String()).str("call_id", text("call_id")).str("id", id).
			str("name", text("name")).str("status", "completed").str("type", kind).end()
	case kind == "function_call_output":
		return obj().str("call_id", text("call_id")).str("id", id).raw("output", echo(item, "output", `""`)).
			str("status", "completed").str("type", kind).end()
	}
	return nil
}

// writeInputMessage writes a message whose content is a text or parts.
func writeInputMessage(content gjson.Result, role, id string) []byte {
	var parts [][]byte
	if content.Type == gjson.String {
		parts = append(parts, saidText(content.Str, role))
	}
	for _, part := range elements(content) {
		if part.IsObject() {
			parts = append(parts, writeInputPart(part))
		}
	}
	return obj().raw("content", array(parts...)).str("id", id).str("role", role).str("status", "completed").str("type", "message").end()
}

// saidText writes a text as the part that it is of who says it.
func saidText(text, role string) []byte {
	if role == "assistant" {
		return obj().raw("annotations", []byte("[]")).str("text", text).str("type", "output_text").end()
	}
	return obj().str("text", text).str("type", "input_text").end()
}

// writeInputPart writes a text in the service's keys, and any other part as it
// was sent, on one line. A picture is not kept.
func writeInputPart(part gjson.Result) []byte {
	switch text := part.Get("text").String(); part.Get("type").String() {
	case "input_text":
		return saidText(text, "user")
	case "output_text":
		return saidText(text, "assistant")
	}
	if part.Get("text").Type != gjson.String && len(part.Raw) > maxInputPart {
		return obj().str("type", clipped(part.Get("type").String())).end()
	}
	return compact(part.Raw)
}

// newestItems returns the last of the items, as many as fit into so many bytes.
func newestItems(items [][]byte, left int) [][]byte {
	for i, item := range slices.Backward(items) {
		if left -= len(item); left < 0 {
			return items[i+1:]
		}
	}
	return items
}

// answered returns what of a response's output was said: thoughts are not listed.
func answered(output gjson.Result) []gjson.Result {
	var items []gjson.Result
	for _, item := range output.Array() {
		if item.Get("type").Str != "reasoning" {
			items = append(items, item)
		}
	}
	return items
}

// An inputList is which of a response's input items are asked for.
type inputList struct {
	after     string // The id of the item that they come behind; "" is from the first.
	limit     int
	ascending bool // Else the newest come first.
}

func readInputList(in *Incoming) *inputList {
	return &inputList{
		after: clipped(first(in.Query, "after")), ascending: first(in.Query, "order") == "asc",
		limit: min(queryNumber(in, "limit", usualInputItems, 1), mostInputItems),
	}
}

// A listed is what a list shows of items.
type listed struct {
	data        []byte
	first, last string // The ids of the first item and the last; "" if there is none.
	more        bool
}

// pick returns what the list shows of all items, the oldest of which come first.
// Hidden ones are not shown, but may be what the list is counted from.
func (l *inputList) pick(all, hidden []gjson.Result) listed {
	if !l.ascending {
		slices.Reverse(all)
	}
	all, _ = page(all, itemID, l.after, len(all))
	all = slices.DeleteFunc(all, func(item gjson.Result) bool {
		return slices.ContainsFunc(hidden, func(h gjson.Result) bool { return itemID(h) == itemID(item) })
	})
	some, more := page(all, itemID, "", l.limit)
	return listOf(some, more)
}

func itemID(item gjson.Result) string { return item.Get("id").Str }

// listOf shows all of the items.
func listOf(items []gjson.Result, more bool) listed {
	shown := listed{data: array(rawItems(items)...), more: more}
	if len(items) > 0 {
		shown.first, shown.last = itemID(items[0]), itemID(items[len(items)-1])
	}
	return shown
}

func rawItems(items []gjson.Result) [][]byte {
	raw := make([][]byte, len(items))
	for i, item := range items {
		raw[i] = []byte(item.Raw)
	}
	return raw
}

// shown returns what is listed of the items that a kept response was asked
// with, without what it answered.
func (l *inputList) shown(kept gjson.Result) listed {
	own := answered(kept.Get("body.output"))
	return l.pick(slices.Concat(kept.Get("items").Array(), own), own)
}

// earlier returns the items up to the response that this one goes on from, its
// answer included; if it is none in particular, there are none.
func (c *responsesChat) earlier(m Meta) (items [][]byte, found bool) {
	if c.previous == "" {
		return nil, true
	}
	kept, found := m.response(c.vendor, c.previous)
	return rawItems(slices.Concat(kept.Get("items").Array(), answered(kept.Get("body.output")))), found
}

// turnsOf returns what was said in the items.
func turnsOf(items [][]byte) []scenarios.Turn {
	return readItems(gjson.ParseBytes(array(items...)))
}
