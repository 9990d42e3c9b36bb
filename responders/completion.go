package responders

import (
	"strconv"
	"strings"

	"github.com/mockllm/mockllm/scenarios"
)

// The neutral reasons for which a completion ends; dialects have their own
// words for some.
const (
	finishStop   = "stop"
	finishLength = "length"
	finishTools  = "tool_calls"
)

// completion is one choice of a chat answer, before any dialect writes it.
type completion struct {
	reasoning string
	text      string
	calls     []toolCall
	finish    string // A neutral reason, or
	scripted  bool   // the words of the scenario.
	stopped   string // The caller's stop word that ended it, if one did.
	pieces    pieces // Of the text, in a stream.
	usage     usage
	null      bool   // The content is null.
	safety    safety // What Qianfan says of it.
}

// safety is what Qianfan says of a content at HTTP 200.
type safety struct {
	clearHistory   bool
	banRound, flag *int
	unsafe         bool // is_safe is 0.
	withheld       bool // Nothing of the answer is said.
	late           bool // It shows at the end of a stream only.
}

// completeAll makes the answer up, choice by choice; a reply without choices
// has none, but its usage counts.
func completeAll(r *scenarios.Request, c *chat, m Meta, reply *scenarios.Reply) (outs []completion, u usage) {
	outs = make([]completion, c.choices)
	for i := range outs {
		outs[i].makeUp(r, c, m, reply, i)
	}
	u = sum(outs)
	if reply != nil && reply.Choices != nil {
		outs = nil
	}
	return outs, u
}

type toolCall struct{ id, name, arguments string }

// usage counts tokens.
type usage struct {
	prompt, completion, reasoning, total int
}

// complete makes an answer of one choice up.
func complete(r *scenarios.Request, c *chat, m Meta, reply *scenarios.Reply) (out completion) {
	out.makeUp(r, c, m, reply, 0)
	return out
}

// makeUp makes the answer of a choice up from the request, and from the reply
// where that says something.
func (out *completion) makeUp(r *scenarios.Request, c *chat, m Meta, reply *scenarios.Reply, choice int) {
	scripted := reply != nil
	if !scripted {
		reply = &scenarios.Reply{}
	}
	scriptedText := reply.Text != nil || reply.Frames != nil && reply.Frames.Pieces != nil
	out.think(r, c, reply)
	out.speak(r, c, m, reply, choice, scriptedText)
	out.finish = finishStop
	if out.calls != nil {
		out.finish = finishTools
	}
	if !scriptedText {
		out.limit(c)
	}
	if reply.FinishReason != "" {
		out.finish, out.scripted, out.stopped = reply.FinishReason, true, ""
	}
	if reply.NullContent {
		out.text, out.null = "", true
	}
	out.safety = safety{
		clearHistory: reply.NeedClearHistory, banRound: reply.BanRound, flag: reply.Flag,
		unsafe: reply.IsSafe != nil && *reply.IsSafe == 0,
	}
	if c.review != nil && !scripted {
		out.reviewed(*c.review)
	}
	if r.Stream {
		out.pieces = piecesOf(out.text, reply.Frames)
	}
	out.count(r, reply.Usage)
}

// think makes up the thoughts.
func (out *completion) think(r *scenarios.Request, c *chat, reply *scenarios.Reply) {
	switch {
	case reply.Reasoning != nil:
		out.reasoning = *reply.Reasoning
	case c.thinking:
		out.reasoning = thought(r.Prompt())
	}
}

// speak makes up what is said, which is a text or the calls of tools.
func (out *completion) speak(r *scenarios.Request, c *chat, m Meta, reply *scenarios.Reply, choice int, scriptedText bool) {
	switch {
	case reply.ToolCalls != nil:
		out.calls = scriptedCalls(m, reply.ToolCalls)
	case !scriptedText && c.wantsTool(r):
		out.calls = []toolCall{c.madeUpCall(m)}
	}
	switch {
	case reply.Text != nil:
		out.text = *reply.Text
	case scriptedText:
		out.text = strings.Join(reply.Frames.Pieces, "")
	case out.calls == nil:
		out.text = c.madeUpText(r, choice)
	}
}

// content writes the text as it stands in a whole message.
func (out *completion) content() []byte {
	if out.null {
		return []byte("null")
	}
	return appendQuoted(nil, out.text)
}

// limit ends made-up text where the caller's stop words or bound say.
func (out *completion) limit(c *chat) {
	for _, stop := range c.stop {
		if at := strings.Index(out.text, stop); at >= 0 && stop != "" {
			out.text, out.stopped = out.text[:at], stop
		}
	}
	if c.maxTokens > 0 && c.maxTokens < len(out.text) { // No token is shorter than a byte.
		if parts := tokens(out.text); len(parts) > c.maxTokens {
			out.text, out.finish, out.stopped = strings.Join(parts[:c.maxTokens], ""), finishLength, ""
		}
	}
}

// count fills in the usage; what a scenario gives is kept.
func (out *completion) count(r *scenarios.Request, given *scenarios.Usage) {
	u := &out.usage
	for _, t := range r.Turns {
		u.prompt += countTokens(t.Text)
	}
	u.prompt = max(u.prompt, 1)
	u.reasoning = countTokens(out.reasoning)
	u.completion = u.reasoning + countTokens(out.text)
	for _, call := range out.calls {
		u.completion += countTokens(call.name) + countTokens(call.arguments)
	}
	if given != nil {
		u.prompt, u.completion = given.PromptTokens, given.CompletionTokens
		u.reasoning = min(u.reasoning, u.completion)
	}
	u.total = u.prompt + u.completion
	if given != nil && given.TotalTokens != nil {
		u.total = *given.TotalTokens
	}
}

// so returns the usage when only some of the completion's tokens are out.
func (u usage) so(completion int) usage {
	completion = min(completion, u.completion)
	return usage{prompt: u.prompt, completion: completion, reasoning: min(u.reasoning, completion), total: u.prompt + completion}
}

func piecesOf(text string, frames *scenarios.Frames) pieces {
	switch {
	case frames == nil:
		return cut(text, 0)
	case frames.Pieces != nil:
		return asPieces(frames.Pieces)
	default:
		return cut(text, frames.Number)
	}
}

func (c *chat) madeUpText(r *scenarios.Request, choice int) string {
	if c.schema.IsObject() {
		return string(example(c.schema))
	}
	made := madeUp(r.Fingerprint+strconv.Itoa(choice), r.Prompt())
	if c.jsonMode {
		return string(obj().str("answer", made).end())
	}
	return made
}

// wantsTool reports whether a default answer calls a tool: if the caller sent
// any, does not forbid it, and the last turn is not a tool's result.
func (c *chat) wantsTool(r *scenarios.Request) bool {
	if len(c.tools) == 0 || c.noTools || len(r.Turns) == 0 {
		return false
	}
	return r.Turns[len(r.Turns)-1].Role == "user"
}

func (c *chat) madeUpCall(m Meta) toolCall {
	chosen := c.tools[0]
	for _, t := range c.tools {
		if t.name == c.mustCall {
			chosen = t
		}
	}
	return toolCall{id: callID(m, 0), name: chosen.name, arguments: string(example(chosen.parameters))}
}

func scriptedCalls(m Meta, given []scenarios.ToolCall) []toolCall {
	calls := make([]toolCall, len(given))
	for i, g := range given {
		calls[i] = toolCall{id: g.ID, name: g.Name, arguments: string(g.Arguments)}
		if g.ID == "" {
			calls[i].id = callID(m, i)
		}
		if g.Arguments == "" {
			calls[i].arguments = "{}"
		}
	}
	return calls
}

func callID(m Meta, i int) string {
	return "call_" + text(m.chance(forToolCalls+uint64(i)<<8), 22, lowerHex)
}
