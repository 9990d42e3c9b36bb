package responders

import (
	"github.com/mockllm/mockllm/scenarios"
)

const inProgress = "in_progress"

// responseEvents is a stream while it is written. Each event has its number,
// from 0; its keys stand in the order of captures.
type responseEvents struct {
	vendor responsesVendor
	frames []Frame
	tokens []int
}

func (e *responseEvents) add(kind string, tokens int, json []byte) {
	e.frames = append(e.frames, e.vendor.frame(len(e.frames)+1, kind, json))
	e.tokens = append(e.tokens, tokens)
}

// numbered starts an event.
func (e *responseEvents) numbered() *object {
	return obj().num("sequence_number", int64(len(e.frames)))
}

// whole tells of the response itself.
func (e *responseEvents) whole(kind string, response []byte) {
	e.add(kind, 0, e.numbered().str("type", kind).raw("response", response).end())
}

// item tells that an item begins or is done.
func (e *responseEvents) item(kind string, index int, item []byte) {
	e.add(kind, 0, e.numbered().raw("item", item).num("output_index", int64(index)).str("type", kind).end())
}

// stream puts the response's beginning into the message, its items one behind
// the other, and the response once more, whole.
func (c *responsesChat) stream(message *Message, r *scenarios.Request, m Meta, items []responseItem, done responseState) {
	e := responseEvents{vendor: c.vendor}
	e.whole("response.created", c.vendor.object(c, r, m, responseState{status: "queued"}))
	e.whole("response.in_progress", c.vendor.object(c, r, m, responseState{status: inProgress}))
	said := len(e.frames) // Up to the last piece.
	for index, item := range items {
		e.item("response.output_item.added", index, c.vendor.item(item, inProgress))
		switch item.kind {
		case "message":
			said = e.message(index, item)
		case "reasoning":
			said = e.pieces("response.reasoning_text", "text", index, item)
		default:
			said = e.pieces("response.function_call_arguments", "arguments", index, item)
		}
		e.item("response.output_item.done", index, c.vendor.item(item, "completed"))
	}
	e.whole("response."+done.status, c.vendor.object(c, r, m, done))
	message.Frames, message.Tokens = e.frames, e.tokens
	message.Stream, message.Ending, message.Marks = true, len(e.frames)-said, 1
}

// message writes a message's only part. It returns how many events there are up
// to the last piece of text.
func (e *responseEvents) message(index int, item responseItem) int {
	part := func(kind, text string) {
		e.add(kind, 0, e.numbered().num("output_index", int64(index)).str("type", kind).num("content_index", 0).
			str("item_id", item.id).raw("part", e.vendor.outputText(text)).end())
	}
	text := func(kind, name, value string, tokens int) {
		e.add(kind, tokens, e.numbered().num("content_index", 0).str("item_id", item.id).str(name, value).
			num("output_index", int64(index)).str("type", kind).raw("logprobs", []byte("[]")).end())
	}
	part("response.content_part.added", "")
	for piece := range item.pieces.all() {
		text("response.output_text.delta", "delta", piece, countTokens(piece))
	}
	said := len(e.frames)
	text("response.output_text.done", "text", item.text, 0)
	part("response.content_part.done", item.text)
	return said
}

// pieces writes thoughts or arguments, which have no parts; all of them stand
// under the name in the last event. It returns how many events there are up to
// the last piece.
func (e *responseEvents) pieces(kind, name string, index int, item responseItem) int {
	for piece := range item.pieces.all() {
		e.add(kind+".delta", countTokens(piece), obj().str("delta", piece).num("sequence_number", int64(len(e.frames))).
			num("output_index", int64(index)).str("type", kind+".delta").str("item_id", item.id).end())
	}
	said := len(e.frames)
	e.add(kind+".done", 0, e.numbered().str(name, item.text).num("output_index", int64(index)).str("type", kind+".done").
		str("item_id", item.id).end())
	return said
}

// failedEvent writes the event with which a stream says that its response failed.
func failedEvent(vendor responsesVendor, r *scenarios.Request, m Meta, failure []byte, n int) Frame {
	call, _ := r.Detail.(*responsesChat) // A sample has none.
	response := vendor.object(call, r, m, responseState{status: "failed", failure: failure})
	const kind = "response.failed"
	return vendor.frame(n, kind, obj().num("sequence_number", int64(n-1)).str("type", kind).raw("response", response).end())
}
