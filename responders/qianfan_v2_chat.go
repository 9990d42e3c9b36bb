package responders

import (
	"github.com/mockllm/mockllm/scenarios"
)

// Qianfan V2's chat, also that of the subscriptions.

func readV2Chat(q *question) *scenarios.Refusal {
	r, body := q.r, q.body
	r.Turns = readTurns(body.Get("messages"))
	limit := number(body.Get("max_tokens"), 1, 1<<20, 0)
	c := &chat{
		jsonMode:     body.Get("response_format.type").String() == "json_object",
		thinking:     body.Get("enable_thinking").Bool() || body.Get("thinking.type").String() == "enabled",
		maxTokens:    number(body.Get("max_completion_tokens"), 1, 1<<20, limit),
		choices:      number(body.Get("n"), 1, 4, 1),
		includeUsage: body.Get("stream_options.include_usage").Bool(),
	}
	c.readStop(body.Get("stop"))
	c.readTools(body.Get("tools"), body.Get("tool_choice"))
	c.review = q.review()
	r.Detail = c
	return q.v2Chat()
}

func answerV2Chat(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	c := r.Detail.(*chat)
	outs, used := completeAll(r, c, m, reply)
	if r.Stream {
		s := v2Stream{start: func() *object { return m.v2Start("chat.completion.chunk", r.Model) }}
		s.say(outs)
		withUsage := c.includeUsage || outs == nil
		if withUsage {
			s.add(0, array(), v2Usage(used))
		}
		return s.end(withUsage).bringing(used)
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

// v2Stream collects the frames of a stream.
type v2Stream struct {
	start  func() *object // Begins every chunk.
	frames []Frame
	tokens []int
}

// add appends a chunk that brings so many tokens; usage may be nil.
func (s *v2Stream) add(tokens int, choices, usage []byte) {
	o := s.start().raw("choices", choices)
	if usage != nil {
		o.raw("usage", usage)
	}
	s.frames = append(s.frames, dataFrame(o.end()))
	s.tokens = append(s.tokens, tokens)
}

// say adds the chunks of all choices, one choice behind the other. The last
// one of each adds nothing but why it ends; before, the reason is empty.
func (s *v2Stream) say(outs []completion) {
	for i, out := range outs {
		for _, step := range steps(out) {
			s.add(step.tokens(), array(v2Choice(i, "delta", v2Delta(step), "", out.safety.at(false))), nil)
		}
		s.add(0, array(v2Choice(i, "delta", obj().str("content", "").end(), out.finish, out.safety)), nil)
	}
}

// end appends the end mark. What says that the answer ends begins with the
// last choice's reason.
func (s *v2Stream) end(withUsage bool) Message {
	ending := 2
	if withUsage {
		ending = 3
	}
	return Message{
		Frames: append(s.frames, Frame("data: [DONE]\n\n")), Tokens: s.tokens, Stream: true,
		Ending: ending, Marks: 1,
	}
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
