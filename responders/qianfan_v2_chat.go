package responders

import (
	"github.com/mockllm/mockllm/scenarios"
)

// Qianfan V2's chat, also that of the subscriptions.

func readV2Chat(q *question) *scenarios.Refusal {
	q.r.Turns = readTurns(q.body.Get("messages"))
	q.r.Detail = v2ChatOf(q)
	return q.v2Chat()
}

// v2ChatOf reads how the chat is to be answered.
func v2ChatOf(q *question) *chat {
	body := q.body
	limit := number(body.Get("max_tokens"), 1, 1<<20, 0)
	c := &chat{
		thinking:     body.Get("enable_thinking").Bool() || body.Get("thinking.type").String() == "enabled",
		maxTokens:    number(body.Get("max_completion_tokens"), 1, 1<<20, limit),
		choices:      number(body.Get("n"), 1, 4, 1),
		includeUsage: body.Get("stream_options.include_usage").Bool(),
	}
	c.readFormat(body.Get("response_format"))
	c.readStop(body.Get("stop"))
	c.readTools(body.Get("tools"), body.Get("tool_choice"))
	c.review = q.review()
	return c
}

func answerV2Chat(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	c := r.Detail.(*chat)
	outs, used := completeAll(r, c, m, reply)
	if r.Stream {
		s := v2Stream{start: func() *object { return m.v2Start("chat.completion.chunk", r.Model) }, outs: outs}
		if c.includeUsage || outs == nil {
			s.last = func() []byte { return s.chunk(array(), v2Usage(used)) }
		}
		return m.spoken(s.message()).bringing(used)
	}
	return v2Whole(m.v2Start("chat.completion", r.Model).raw("choices", v2Choices(outs)).raw("usage", v2Usage(used))).bringing(used)
}

func (m Meta) v2Start(kind, model string) *object { return m.v1Start(kind).str("model", model) }

func v2Choices(outs []completion) []byte {
	choices := make([][]byte, len(outs))
	for i, out := range outs {
		message := obj().str("role", "assistant").raw("content", out.content())
		if out.reasoning != "" {
			message.str("reasoning_content", out.reasoning)
		}
		if len(out.calls) > 0 {
			calls := make([][]byte, len(out.calls))
			for k, call := range out.calls {
				calls[k] = v2ToolCall(call).end()
			}
			message.raw("tool_calls", array(calls...))
		}
		choices[i] = v2Choice(i, "message", message.end(), out.finish, out.safety)
	}
	return array(choices...)
}

// v2Choice writes a choice. Its flag is 0 unless content was found unsafe.
func v2Choice(index int, name string, content []byte, finish string, s safety) []byte {
	flag := 0
	if s.flag != nil {
		flag = *s.flag
	}
	return obj().num("index", int64(index)).raw(name, content).str("finish_reason", finish).
		num("flag", int64(flag)).optional("ban_round", s.banRound).end()
}

func v2ToolCall(call toolCall) *object {
	function := obj()
	if call.name != "" {
		function.str("name", call.name)
	}
	return obj().str("id", call.id).str("type", "function").raw("function", function.str("arguments", call.arguments).end())
}

func v2Usage(u usage) []byte {
	o := v1Usage(u)
	if u.reasoning > 0 {
		o.raw("completion_tokens_details", obj().num("reasoning_tokens", int64(u.reasoning)).end())
	}
	return o.end()
}

// v2Stream makes the frames of a stream.
type v2Stream struct {
	start func() *object // Begins every chunk.
	outs  []completion
	last  func() []byte // Writes the chunk behind those of the choices; nil for none.
}

// chunk writes a chunk; usage may be nil.
func (s v2Stream) chunk(choices, usage []byte) []byte {
	o := s.start().raw("choices", choices)
	if usage != nil {
		o.raw("usage", usage)
	}
	return o.end()
}

// message is the whole stream. What says that the answer ends begins with the
// last choice's reason.
func (s v2Stream) message() Message {
	message := Message{Later: s.frames, Stream: true, Ending: 2, Marks: 1}
	if s.last != nil {
		message.Ending = 3
	}
	return message
}

// frames makes the chunks of all choices, one choice behind the other, the last
// chunk, and the end mark.
func (s v2Stream) frames(yield func(Frame, int) bool) {
	for i := range s.outs {
		if !s.say(i, &s.outs[i], yield) {
			return
		}
	}
	if s.last != nil && !yield(dataFrame(s.last()), 0) {
		return
	}
	yield(Frame("data: [DONE]\n\n"), 0)
}

// say makes the chunks of a choice. The last one adds nothing but why it ends;
// before, the reason is empty.
func (s v2Stream) say(i int, out *completion, yield func(Frame, int) bool) bool {
	for step := range eachStep(out) {
		delta := v2Choice(i, "delta", v2Delta(step), "", out.safety.at(false))
		if !yield(dataFrame(s.chunk(array(delta), nil)), step.tokens()) {
			return false
		}
	}
	end := v2Choice(i, "delta", obj().str("content", "").end(), out.finish, out.safety)
	return yield(dataFrame(s.chunk(array(end), nil)), 0)
}

func v2Delta(s step) []byte {
	switch {
	case s.call != nil:
		call := v2ToolCall(*s.call)
		return obj().str("content", "").raw("tool_calls", array(indexed(s.index, call))).end()
	case s.reasoning != "":
		return obj().str("content", "").str("reasoning_content", s.reasoning).end()
	default:
		return obj().str("content", s.text).end()
	}
}

// indexed puts an index before the keys of an object.
func indexed(index int, o *object) []byte {
	head := obj().num("index", int64(index)).end()
	return append(append(head[:len(head)-1], ','), o.end()[1:]...)
}
