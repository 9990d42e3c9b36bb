package responders

import (
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// anthropicFinish returns Anthropic's word for why an answer ends; other words
// are the scenario's.
func anthropicFinish(out completion) string {
	switch {
	case out.stopped != "":
		return "stop_sequence"
	case out.finish == finishStop:
		return "end_turn"
	case out.finish == finishLength:
		return "max_tokens"
	case out.finish == finishTools:
		return "tool_use"
	}
	return out.finish
}

// An anthropicAnswer is a message before it is written.
type anthropicAnswer struct {
	id, model string
	out       completion
	blocks    []anthropicBlock
	used      usage
}

func (c *anthropicChat) complete(r *scenarios.Request, m Meta, reply *scenarios.Reply, id string) anthropicAnswer {
	outs, used := completeAll(r, c.chat, m, reply)
	a := anthropicAnswer{id: id, model: r.Model, out: completion{finish: finishStop}, blocks: anthropicBlocks(outs), used: used}
	if len(outs) > 0 { // An answer without a choice has no content.
		a.out = outs[0]
	}
	return a
}

// whole writes the message at once.
func (a anthropicAnswer) whole() []byte {
	content := make([][]byte, len(a.blocks))
	for i, b := range a.blocks {
		content[i] = b.whole()
	}
	return obj().str("id", a.id).str("type", "message").str("role", "assistant").
		str("model", a.model).raw("content", array(content...)).str("stop_reason", anthropicFinish(a.out)).nullable("stop_sequence", a.out.stopped).
		raw("usage", anthropicUsage(a.used)).end()
}

func anthropicUsage(u usage) []byte {
	return obj().num("input_tokens", int64(u.prompt)).num("output_tokens", int64(u.completion)).
		num("cache_creation_input_tokens", 0).num("cache_read_input_tokens", 0).end()
}

// An anthropicBlock is one part of a message.
type anthropicBlock struct {
	kind   string // "thinking", "text" or "tool_use".
	text   string // Of a tool_use, its arguments.
	pieces pieces
	call   toolCall
}

// anthropicBlocks cuts the answer into blocks. A text that says nothing is left
// out if there is a call.
func anthropicBlocks(outs []completion) []anthropicBlock {
	var blocks []anthropicBlock
	for _, out := range outs {
		if out.reasoning != "" {
			blocks = append(blocks, anthropicBlock{kind: "thinking", text: out.reasoning, pieces: cut(out.reasoning, 0)})
		}
		if out.text != "" || len(out.calls) == 0 {
			blocks = append(blocks, anthropicBlock{kind: "text", text: out.text, pieces: out.pieces})
		}
		for _, call := range out.calls {
			blocks = append(blocks, anthropicBlock{kind: "tool_use", text: call.arguments, pieces: cut(call.arguments, 0), call: call})
		}
	}
	return blocks
}

// whole writes a block with all of its text.
func (b anthropicBlock) whole() []byte {
	o := obj().str("type", b.kind)
	switch b.kind {
	case "thinking":
		return o.str("thinking", b.text).str("signature", "").end()
	case "text":
		return o.str("text", b.text).end()
	}
	input := []byte("{}")
	if gjson.Valid(b.text) {
		input = compact(b.text) // Arguments that a scenario breaks cannot stand in a body.
	}
	return o.str("id", b.call.id).str("name", b.call.name).raw("input", input).end()
}

// begun writes a block that has no text yet.
func (b anthropicBlock) begun() []byte {
	b.text = ""
	return b.whole()
}

// delta writes what a piece adds.
func (b anthropicBlock) delta(piece string) []byte {
	switch b.kind {
	case "thinking":
		return obj().str("type", "thinking_delta").str("thinking", piece).end()
	case "text":
		return obj().str("type", "text_delta").str("text", piece).end()
	}
	return obj().str("type", "input_json_delta").str("partial_json", piece).end()
}

// anthropicEvents is a stream while it is written. Keys stand in the order of a
// capture; how a frame looks is the vendor's.
type anthropicEvents struct {
	form   string // Of a frame: for the event's name and its JSON.
	frames []Frame
	tokens []int
}

func (e *anthropicEvents) add(kind string, tokens int, json []byte) {
	e.frames = append(e.frames, anthropicFrame(e.form, kind, json))
	e.tokens = append(e.tokens, tokens)
}

func anthropicFrame(form, kind string, json []byte) Frame { return fmt.Appendf(nil, form, kind, json) }

// anthropicEnding is how many frames say that a message ends.
const anthropicEnding = 2

// events writes the message's beginning, its blocks one behind the other, and
// why it ends. A ping comes once, where the vendors send one now and then.
func (a anthropicAnswer) events(form string) *anthropicEvents {
	e := &anthropicEvents{form: form}
	started := obj().str("model", a.model).str("id", a.id).str("role", "assistant").str("type", "message").
		raw("content", []byte("[]")).raw("usage", obj().num("input_tokens", int64(a.used.prompt)).num("output_tokens", 0).end()).end()
	e.add("message_start", 0, obj().raw("message", started).str("type", "message_start").end())
	for i, b := range a.blocks {
		e.block(int64(i), b)
	}
	delta := obj().str("stop_reason", anthropicFinish(a.out)).nullable("stop_sequence", a.out.stopped).end()
	e.add("message_delta", 0, obj().raw("delta", delta).str("type", "message_delta").raw("usage", anthropicUsage(a.used)).end())
	e.add("message_stop", 0, obj().str("type", "message_stop").end())
	return e
}

func (e *anthropicEvents) block(index int64, b anthropicBlock) {
	delta := func(tokens int, json []byte) {
		e.add("content_block_delta", tokens, obj().raw("delta", json).str("type", "content_block_delta").num("index", index).end())
	}
	e.add("content_block_start", 0, obj().str("type", "content_block_start").raw("content_block", b.begun()).num("index", index).end())
	if index == 0 {
		e.add("ping", 0, obj().str("type", "ping").end())
	}
	for piece := range b.pieces.all() {
		delta(countTokens(piece), b.delta(piece))
	}
	if b.kind == "thinking" {
		delta(0, obj().str("type", "signature_delta").str("signature", "").end())
	}
	e.add("content_block_stop", 0, obj().str("type", "content_block_stop").num("index", index).end())
}
