package responders

import (
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// anthropicFinish returns Anthropic's word for why an answer ends; other words
// are the scenario's.
func anthropicFinish(out completion) string {
	switch out.finish {
	case finishStop:
		return "end_turn"
	case finishLength:
		return "max_tokens"
	case finishTools:
		return "tool_use"
	}
	return out.finish
}

func (c *anthropicChat) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	outs, used := completeAll(r, c.chat, m, reply)
	out := completion{finish: finishStop} // An answer without a choice has no content.
	if len(outs) > 0 {
		out = outs[0]
	}
	blocks := anthropicBlocks(outs)
	if r.Stream {
		return c.stream(r, m, out, blocks, used).bringing(used)
	}
	content := make([][]byte, len(blocks))
	for i, b := range blocks {
		content[i] = b.whole()
	}
	return m.dashScopeWhole(r, obj().str("id", m.anthropicID()).str("type", "message").str("role", "assistant").
		str("model", r.Model).raw("content", array(content...)).str("stop_reason", anthropicFinish(out)).null("stop_sequence").
		raw("usage", anthropicUsage(used)).end()).bringing(used)
}

func (m Meta) anthropicID() string { return "msg_" + m.requestUUID() }

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
// capture, and no blank behind the colons.
type anthropicEvents struct {
	frames []Frame
	tokens []int
}

func (e *anthropicEvents) add(kind string, tokens int, json []byte) {
	e.frames = append(e.frames, fmt.Appendf(nil, "event:%s\ndata:%s\n\n", kind, json))
	e.tokens = append(e.tokens, tokens)
}

// stream writes the message's beginning, its blocks one behind the other, and
// why it ends. A ping comes once, where the vendor sends one now and then.
func (c *anthropicChat) stream(r *scenarios.Request, m Meta, out completion, blocks []anthropicBlock, u usage) Message {
	var e anthropicEvents
	started := obj().str("model", r.Model).str("id", m.anthropicID()).str("role", "assistant").str("type", "message").
		raw("content", []byte("[]")).raw("usage", obj().num("input_tokens", int64(u.prompt)).num("output_tokens", 0).end()).end()
	e.add("message_start", 0, obj().raw("message", started).str("type", "message_start").end())
	for i, b := range blocks {
		e.block(int64(i), b)
	}
	delta := obj().str("stop_reason", anthropicFinish(out)).null("stop_sequence").end()
	e.add("message_delta", 0, obj().raw("delta", delta).str("type", "message_delta").raw("usage", anthropicUsage(u)).end())
	e.add("message_stop", 0, obj().str("type", "message_stop").end())
	message := m.dashScopeStream(r, e.frames, 2)
	message.Tokens = e.tokens
	return message
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
