package responders

import (
	"github.com/mockllm/mockllm/scenarios"
)

// compatibleChat is a chat in compatible mode.
type compatibleChat struct {
	*chat
	said []scenarios.Turn
}

func readCompatibleChat(q *dashScopeQuestion) *compatibleChat {
	body := q.body
	limit := number(body.Get("max_tokens"), 1, 1<<20, 0)
	c := &compatibleChat{said: readTurns(body.Get("messages")), chat: &chat{
		thinking:     thinks(q.model, body.Get("enable_thinking")),
		maxTokens:    number(body.Get("max_completion_tokens"), 1, 1<<20, limit),
		choices:      number(body.Get("n"), 1, 4, 1),
		includeUsage: body.Get("stream_options.include_usage").Bool(),
	}}
	c.readFormat(body.Get("response_format"))
	c.readStop(body.Get("stop"))
	c.readTools(body.Get("tools"), body.Get("tool_choice"))
	return c
}

func (c *compatibleChat) turns() []scenarios.Turn { return c.said }

func (c *compatibleChat) refusal(q *dashScopeQuestion) *scenarios.Refusal { return q.chat(c.said) }

func (c *compatibleChat) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	outs, used := completeAll(r, c.chat, m, reply)
	if r.Stream {
		return c.stream(outs, used, r, m).bringing(used)
	}
	return c.whole(outs, used, r, m).bringing(used)
}

func (c *compatibleChat) whole(outs []completion, used usage, r *scenarios.Request, m Meta) Message {
	o := sized(640 + 2*len(r.Model) + textOf(outs)).list("choices")
	for i, out := range outs {
		out.compatibleMessage(o.item().open("message"))
		o.close().str("finish_reason", out.finish).num("index", int64(i)).null("logprobs").close()
	}
	o.endList().str("object", "chat.completion").open("usage")
	compatibleUsage(o, used, true)
	return m.dashScopeWhole(r, m.compatibleEnd(o.close(), r))
}

// textOf is how much text answers have.
func textOf(outs []completion) (n int) {
	for _, out := range outs {
		n += len(out.text) + len(out.reasoning)
	}
	return n
}

// compatibleEnd writes the keys that end every answer and every chunk.
func (m Meta) compatibleEnd(o *object, r *scenarios.Request) []byte {
	return o.num("created", m.Now.Unix()).null("system_fingerprint").str("model", r.Model).str("id", m.answerID(r.Operation)).end()
}

// compatibleMessage writes the keys of a whole message.
func (out *completion) compatibleMessage(o *object) {
	if out.null {
		o.null("content")
	} else {
		o.str("content", out.text)
	}
	o.str("reasoning_content", out.reasoning).str("role", "assistant")
	if len(out.calls) == 0 {
		return
	}
	o.list("tool_calls")
	for i, c := range out.calls {
		o.item().open("function").str("arguments", c.arguments).str("name", c.name).close().
			str("id", c.id).num("index", int64(i)).str("type", "function").close()
	}
	o.endList()
}

// compatibleUsage writes the keys of the usage; the order of its details depends
// on whether the answer is streamed.
func compatibleUsage(o *object, u usage, whole bool) {
	o.num("prompt_tokens", int64(u.prompt)).num("completion_tokens", int64(u.completion)).num("total_tokens", int64(u.total))
	if whole {
		o.open("prompt_tokens_details").num("text_tokens", int64(u.prompt)).close()
	}
	o.open("completion_tokens_details")
	if u.reasoning > 0 {
		o.num("reasoning_tokens", int64(u.reasoning))
	}
	o.num("text_tokens", int64(u.completion-u.reasoning)).close()
	if !whole {
		o.open("prompt_tokens_details").num("text_tokens", int64(u.prompt)).close()
	}
}

// stream writes an opening chunk, the pieces, a closing chunk for each choice,
// the usage if asked for, and the end mark.
func (c *compatibleChat) stream(outs []completion, used usage, r *scenarios.Request, m Meta) Message {
	message := m.dashScopeStream(r, nil, 2)
	withUsage := c.includeUsage || outs == nil
	if withUsage {
		message.Ending = min(3, len(outs)+2)
	}
	message.Later = func(yield func(Frame, int) bool) {
		s := compatibleStream{yield: yield, end: m.compatibleEnd(sized(192), r)[1:]}
		for i := range outs {
			if !s.choice(i, &outs[i]) {
				return
			}
		}
		if withUsage && !s.usage(used) {
			return
		}
		yield(Frame("data: [DONE]\n\n"), 0)
	}
	return m.spoken(message)
}

// compatibleStream makes chunks, all in the same place.
type compatibleStream struct {
	yield func(Frame, int) bool
	end   []byte // The keys that end every chunk.
	o     object
}

// choice makes the chunks of one choice. A tool call opens the stream itself.
func (s *compatibleStream) choice(i int, out *completion) bool {
	opened := false
	for part := range eachStep(out) {
		first := !opened
		if first && part.call == nil && !s.opening(i) {
			return false
		}
		opened = true
		compatibleDelta(s.begin().open("delta"), part, first)
		s.o.close().null("finish_reason").num("index", int64(i)).null("logprobs").close()
		if !s.chunk(part.tokens()) {
			return false
		}
	}
	if !opened && !s.opening(i) {
		return false
	}
	s.begin().str("finish_reason", out.finish).open("delta").str("content", "").close().
		num("index", int64(i)).null("logprobs").close()
	return s.chunk(0)
}

// opening makes the chunk that opens a choice.
func (s *compatibleStream) opening(i int) bool {
	s.begin().open("delta").str("content", "").str("role", "assistant").close().
		num("index", int64(i)).null("logprobs").null("finish_reason").close()
	return s.chunk(0)
}

// begin begins a chunk with a choice.
func (s *compatibleStream) begin() *object { return s.empty().item() }

// empty begins a chunk.
func (s *compatibleStream) empty() *object {
	s.o.text = append(s.o.text[:0], "data: {"...)
	return s.o.list("choices")
}

// chunk ends a chunk of a choice.
func (s *compatibleStream) chunk(tokens int) bool {
	s.o.endList().str("object", "chat.completion.chunk").null("usage")
	return s.give(tokens)
}

// usage makes the chunk that has nothing but the usage.
func (s *compatibleStream) usage(used usage) bool {
	compatibleUsage(s.empty().endList().str("object", "chat.completion.chunk").open("usage"), used, false)
	s.o.close()
	return s.give(0)
}

func (s *compatibleStream) give(tokens int) bool {
	s.o.text = append(append(append(s.o.text, ','), s.end...), "\n\n"...)
	return s.yield(s.o.text, tokens)
}

// compatibleDelta writes the keys of what a chunk adds.
func compatibleDelta(o *object, s step, opens bool) {
	switch {
	case s.call != nil:
		o.null("content").list("tool_calls").item().num("index", int64(s.index)).str("id", s.call.id).str("type", "function").open("function")
		if s.call.name != "" {
			o.str("name", s.call.name)
		}
		o.str("arguments", s.call.arguments).close().close().endList()
		if opens {
			o.str("role", "assistant")
		}
	case s.reasoning != "":
		o.null("content").str("reasoning_content", s.reasoning)
	default:
		o.str("content", s.text)
	}
}
