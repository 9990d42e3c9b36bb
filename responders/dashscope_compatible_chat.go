package responders

import (
	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// compatibleChat is a chat in compatible mode.
type compatibleChat struct {
	*chat
	said []scenarios.Turn
	list bool // Whether there is a list of messages, be it empty.
}

func readCompatibleChat(body gjson.Result) *compatibleChat {
	limit := number(body.Get("max_tokens"), 1, 1<<20, 0)
	messages := body.Get("messages")
	c := &compatibleChat{said: readTurns(messages), list: messages.IsArray(), chat: &chat{
		jsonMode:     body.Get("response_format.type").String() == "json_object",
		thinking:     body.Get("enable_thinking").Bool(),
		maxTokens:    number(body.Get("max_completion_tokens"), 1, 1<<20, limit),
		choices:      number(body.Get("n"), 1, 4, 1),
		includeUsage: body.Get("stream_options.include_usage").Bool(),
	}}
	c.readStop(body.Get("stop"))
	c.readTools(body.Get("tools"), body.Get("tool_choice"))
	return c
}

func (c *compatibleChat) turns() []scenarios.Turn { return c.said }

func (c *compatibleChat) refusal() *scenarios.Refusal {
	switch {
	case !c.list:
		return fieldRequired("messages")
	case len(c.said) == 0:
		return invalidParameter("[] is too short", nil)
	}
	return nil
}

func (c *compatibleChat) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	outs, used := completeAll(r, c.chat, m, reply)
	if r.Stream {
		return c.stream(outs, used, r, m)
	}
	choices := make([][]byte, len(outs))
	for i, out := range outs {
		choices[i] = obj().raw("message", compatibleMessage(out)).str("finish_reason", out.finish).
			num("index", int64(i)).null("logprobs").end()
	}
	return m.dashScopeWhole(r, m.compatibleEnd(obj().raw("choices", array(choices...)).str("object", "chat.completion").
		raw("usage", compatibleUsage(used, true)), r))
}

// compatibleEnd writes the keys that end every answer and every chunk.
func (m Meta) compatibleEnd(o *object, r *scenarios.Request) []byte {
	return o.num("created", m.Now.Unix()).null("system_fingerprint").str("model", r.Model).str("id", m.answerID(r.Operation)).end()
}

func compatibleMessage(out completion) []byte {
	o := obj().raw("content", out.content()).str("reasoning_content", out.reasoning).str("role", "assistant")
	if len(out.calls) > 0 {
		values := make([][]byte, len(out.calls))
		for i, c := range out.calls {
			values[i] = obj().
				raw("function", obj().str("arguments", c.arguments).str("name", c.name).end()).
				str("id", c.id).num("index", int64(i)).str("type", "function").end()
		}
		o.raw("tool_calls", array(values...))
	}
	return o.end()
}

// compatibleUsage writes the usage; the order of its details depends on
// whether the answer is streamed.
func compatibleUsage(u usage, whole bool) []byte {
	prompt := obj().num("text_tokens", int64(u.prompt)).end()
	completion := obj()
	if u.reasoning > 0 {
		completion.num("reasoning_tokens", int64(u.reasoning))
	}
	completion.num("text_tokens", int64(u.completion-u.reasoning))
	o := obj().num("prompt_tokens", int64(u.prompt)).num("completion_tokens", int64(u.completion)).num("total_tokens", int64(u.total))
	if whole {
		return o.raw("prompt_tokens_details", prompt).raw("completion_tokens_details", completion.end()).end()
	}
	return o.raw("completion_tokens_details", completion.end()).raw("prompt_tokens_details", prompt).end()
}

// stream writes an opening chunk, the pieces, a closing chunk for each choice,
// the usage if asked for, and the end mark.
func (c *compatibleChat) stream(outs []completion, used usage, r *scenarios.Request, m Meta) Message {
	var frames []Frame
	var tokens []int
	chunk := func(n int, choices, usage []byte) {
		o := obj().raw("choices", choices).str("object", "chat.completion.chunk").raw("usage", usage)
		frames, tokens = append(frames, dataFrame(m.compatibleEnd(o, r))), append(tokens, n)
	}
	null := []byte("null")
	for i, out := range outs {
		all := steps(out)
		opened := len(all) > 0 && all[0].call != nil // A tool call opens the stream itself.
		if !opened {
			delta := obj().str("content", "").str("role", "assistant").end()
			chunk(0, array(obj().raw("delta", delta).num("index", int64(i)).null("logprobs").null("finish_reason").end()), null)
		}
		for k, s := range all {
			chunk(s.tokens(), array(obj().raw("delta", compatibleDelta(s, opened && k == 0)).null("finish_reason").
				num("index", int64(i)).null("logprobs").end()), null)
		}
		delta := obj().str("content", "").end()
		chunk(0, array(obj().str("finish_reason", out.finish).raw("delta", delta).
			num("index", int64(i)).null("logprobs").end()), null)
	}
	ending := 2
	if c.includeUsage || outs == nil {
		chunk(0, []byte("[]"), compatibleUsage(used, false))
		ending = 3
	}
	message := m.dashScopeStream(r, append(frames, Frame("data: [DONE]\n\n")), min(ending, len(frames)+1))
	message.Tokens = tokens
	return message
}

func compatibleDelta(s step, opens bool) []byte {
	switch {
	case s.call != nil:
		function := obj()
		if s.call.name != "" {
			function.str("name", s.call.name)
		}
		function.str("arguments", s.call.arguments)
		call := obj().num("index", int64(s.index)).str("id", s.call.id).str("type", "function").raw("function", function.end()).end()
		o := obj().null("content").raw("tool_calls", array(call))
		if opens {
			o.str("role", "assistant")
		}
		return o.end()
	case s.reasoning != "":
		return obj().null("content").str("reasoning_content", s.reasoning).end()
	default:
		return obj().str("content", s.text).end()
	}
}
