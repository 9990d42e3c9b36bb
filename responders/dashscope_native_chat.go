package responders

import (
	"iter"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// nativeChat is a chat of the native API: of text or, on the other path, with
// pictures and sound, where the content of a message is a list of parts.
type nativeChat struct {
	*chat
	said       []scenarios.Turn
	multimodal bool
	images     int // How many pictures are sent.
}

func readNativeChat(q *dashScopeQuestion, multimodal bool) *nativeChat {
	body, p := q.body, q.parameters
	incremental := p.Get("incremental_output")
	c := &nativeChat{said: readNativeTurns(body), multimodal: multimodal, chat: &chat{
		thinking:     thinks(q.model, p.Get("enable_thinking")),
		maxTokens:    number(p.Get("max_tokens"), 1, 1<<20, 0),
		choices:      number(p.Get("n"), 1, 4, 1),
		incremental:  incremental.Bool() || !incremental.Exists() && q.model.ThinksUnasked(),
		resultFormat: p.Get("result_format").String(),
	}}
	c.readFormat(p.Get("response_format"))
	c.readStop(p.Get("stop"))
	c.readTools(p.Get("tools"), p.Get("tool_choice"))
	if c.resultFormat == "" && (len(c.tools) > 0 || c.thinking || c.choices > 1) {
		c.resultFormat = "message"
	}
	if multimodal {
		c.resultFormat = "message"
		c.images = countImages(body.Get("input.messages"))
	}
	return c
}

// readNativeTurns reads messages, or a prompt behind what older clients send as
// history.
func readNativeTurns(body *jsonBody) []scenarios.Turn {
	turns := readTurns(body.Get("input.messages"))
	for _, round := range elements(body.Get("input.history")) {
		for _, said := range [][2]string{{"user", "user"}, {"bot", "assistant"}} {
			if text := round.Get(said[0]); text.Type == gjson.String {
				turns = append(turns, scenarios.Turn{Role: said[1], Text: text.Str})
			}
		}
	}
	if prompt := body.Get("input.prompt"); prompt.Type == gjson.String {
		turns = append(turns, scenarios.Turn{Role: "user", Text: prompt.Str})
	}
	return turns
}

func countImages(messages gjson.Result) int {
	n := 0
	messages.ForEach(func(_, m gjson.Result) bool {
		m.Get("content").ForEach(func(_, part gjson.Result) bool {
			if part.IsObject() && part.Get("image").Exists() {
				n++
			}
			return true
		})
		return true
	})
	return n
}

func (c *nativeChat) turns() []scenarios.Turn { return c.said }

func (c *nativeChat) refusal(q *dashScopeQuestion) *scenarios.Refusal { return q.chat(c.said) }

func (c *nativeChat) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	outs, used := completeAll(r, c.chat, m, reply)
	c.countPictures(&used, reply)
	for i := range outs {
		c.countPictures(&outs[i].usage, reply)
	}
	message := c.resultFormat == "message" || outs == nil || reply != nil && (reply.ToolCalls != nil || reply.Reasoning != nil)
	switch {
	case !r.Stream:
		return m.dashScopeWhole(r, c.isWhole(outs, used, m, message)).bringing(used)
	case outs == nil:
		body := m.nativeBody(obj().raw("choices", array()).end(), c.streamUsage(used))
		return m.dashScopeStream(r, []Frame{nativeFrame(1, "result", http.StatusOK, body)}, 1)
	}
	stream := m.dashScopeStream(r, nil, 1)
	stream.Later = func(yield func(Frame, int) bool) {
		n := 0
		for event, tokens := range c.events(&outs[0], m, message) {
			n++
			if !yield(nativeFrame(n, "result", http.StatusOK, event), tokens) {
				return
			}
		}
	}
	return m.spoken(stream).bringing(used)
}

// pictureTokens is what a picture costs, as in a capture.
const pictureTokens = 1247

// countPictures adds what pictures cost; what a scenario gives is kept.
func (c *nativeChat) countPictures(u *usage, reply *scenarios.Reply) {
	if reply == nil || reply.Usage == nil {
		u.prompt += c.images * pictureTokens
		u.total += c.images * pictureTokens
	}
}

// whole writes an answer that is not streamed.
func (c *nativeChat) isWhole(outs []completion, u usage, m Meta, message bool) []byte {
	if !message {
		output := obj().str("finish_reason", outs[0].finish).raw("text", outs[0].content()).end()
		usage := obj().raw("prompt_tokens_details", obj().num("cached_tokens", 0).end()).
			num("total_tokens", int64(u.total)).num("output_tokens", int64(u.completion)).num("input_tokens", int64(u.prompt)).end()
		return m.nativeBody(output, usage)
	}
	choices := make([][]byte, len(outs))
	for i, out := range outs {
		choice := obj().str("finish_reason", out.finish).raw("message", c.message(out))
		if len(outs) > 1 {
			choice.num("index", int64(i))
		}
		choices[i] = choice.end()
	}
	output := obj().raw("choices", array(choices...)).end()
	if c.multimodal {
		return m.nativeBody(output, c.wholeUsage(u))
	}
	usage := obj()
	if u.reasoning > 0 {
		usage.num("input_tokens", int64(u.prompt)).num("output_tokens", int64(u.completion)).
			raw("output_tokens_details", obj().num("reasoning_tokens", int64(u.reasoning)).end()).
			raw("prompt_tokens_details", obj().num("cached_tokens", 0).end()).num("total_tokens", int64(u.total))
	} else {
		usage.num("total_tokens", int64(u.total)).num("output_tokens", int64(u.completion)).num("input_tokens", int64(u.prompt))
	}
	return m.nativeBody(output, usage.end())
}

// nativeBody writes what almost every answer consists of.
func (m Meta) nativeBody(output, usage []byte) []byte {
	return obj().raw("output", output).raw("usage", usage).str("request_id", m.requestUUID()).end()
}

// message writes a message that is not streamed, keys as captured.
func (c *nativeChat) message(out completion) []byte {
	content := c.content(out)
	switch {
	case len(out.calls) > 0:
		o := obj().str("role", "assistant").raw("tool_calls", toolCalls(out.calls)).raw("content", content)
		if out.reasoning != "" {
			o.str("reasoning_content", out.reasoning)
		}
		return o.end()
	case out.reasoning != "":
		return obj().raw("content", content).str("reasoning_content", out.reasoning).str("role", "assistant").end()
	case c.multimodal:
		return obj().raw("content", content).str("role", "assistant").end()
	default:
		return obj().str("role", "assistant").raw("content", content).end()
	}
}

// content writes the text of a message. In a list of parts, no text is no
// part.
func (c *nativeChat) content(out completion) []byte {
	switch {
	case !c.multimodal || out.null:
		return out.content()
	case out.text == "":
		return []byte("[]")
	default:
		return array(obj().str("text", out.text).end())
	}
}

// toolCalls writes finished tool calls.
func toolCalls(calls []toolCall) []byte {
	values := make([][]byte, len(calls))
	for i, c := range calls {
		values[i] = obj().
			raw("function", obj().str("name", c.name).str("arguments", c.arguments).end()).
			num("index", int64(i)).str("id", c.id).str("type", "function").end()
	}
	return array(values...)
}

// sum adds up the usage of all choices; the prompt counts once.
func sum(outs []completion) usage {
	u := outs[0].usage
	for _, out := range outs[1:] {
		u.completion += out.usage.completion
		u.reasoning += out.usage.reasoning
		u.total += out.usage.completion
	}
	return u
}

// step is what one frame of a stream adds.
type step struct {
	reasoning, text string
	call            *toolCall // With the arguments' piece of this frame.
	index           int       // Of the call.
}

// eachStep cuts a completion into what its frames add: reasoning, then text,
// then each tool call, its arguments in pieces.
func eachStep(out *completion) iter.Seq[step] {
	return func(yield func(step) bool) {
		for piece := range cut(out.reasoning, 0).all() {
			if !yield(step{reasoning: piece}) {
				return
			}
		}
		for piece := range out.pieces.all() {
			if !yield(step{text: piece}) {
				return
			}
		}
		for i, call := range out.calls {
			if !eachCallStep(i, call, yield) {
				return
			}
		}
	}
}

func eachCallStep(i int, call toolCall, yield func(step) bool) bool {
	arguments := cut(call.arguments, 0)
	call.arguments = ""
	if !yield(step{call: &call, index: i}) {
		return false
	}
	for piece := range arguments.all() {
		if !yield(step{call: &toolCall{arguments: piece}, index: i}) {
			return false
		}
	}
	return true
}

func (s step) tokens() int {
	n := countTokens(s.reasoning) + countTokens(s.text)
	if s.call != nil {
		n += countTokens(s.call.name) + countTokens(s.call.arguments)
	}
	return n
}

// events writes a stream: each event has either what is new or all so far, and
// a last one says why it ends. On the multimodal path that is the one with the
// last piece of text.
func (c *nativeChat) events(out *completion, m Meta, message bool) iter.Seq2[[]byte, int] {
	return func(yield func([]byte, int) bool) {
		var so completion
		said, left := 0, 0
		for range eachStep(out) {
			left++
		}
		for s := range eachStep(out) {
			left--
			tokens := s.tokens()
			said += tokens
			so.add(s)
			now, finish, u := so, "null", out.usage.so(said)
			if c.incremental {
				now = completion{}
				now.add(s)
			}
			ends := c.multimodal && left == 0 && s.text != ""
			if ends {
				finish, u = out.finish, out.usage
			}
			if !yield(c.event(now, finish, u, m, message), tokens) || ends {
				return
			}
		}
		if c.incremental {
			so = completion{}
		}
		so.null = out.null
		yield(c.event(so, out.finish, out.usage, m, message), 0)
	}
}

// add appends what a frame brings to what is there.
func (out *completion) add(s step) {
	out.reasoning += s.reasoning
	out.text += s.text
	if s.call == nil {
		return
	}
	calls := append([]toolCall(nil), out.calls...) // Frames before this one keep theirs.
	for len(calls) <= s.index {
		calls = append(calls, toolCall{})
	}
	if s.call.name != "" {
		calls[s.index] = *s.call
	} else {
		calls[s.index].arguments += s.call.arguments
	}
	out.calls = calls
}

func (c *nativeChat) event(now completion, finish string, u usage, m Meta, message bool) []byte {
	if !message {
		return m.nativeBody(obj().str("finish_reason", finish).raw("text", now.content()).end(), textEventUsage(u))
	}
	body := obj().raw("content", c.content(now))
	if now.reasoning != "" {
		body.str("reasoning_content", now.reasoning)
	}
	body.str("role", "assistant")
	if len(now.calls) > 0 {
		body.raw("tool_calls", toolCalls(now.calls))
	}
	output := obj().raw("choices", array(obj().raw("message", body.end()).str("finish_reason", finish).end())).end()
	return m.nativeBody(output, c.streamUsage(u))
}

func (c *nativeChat) streamUsage(u usage) []byte {
	if c.multimodal {
		return c.eventUsage(u)
	}
	return textEventUsage(u)
}

func textEventUsage(u usage) []byte {
	o := obj().num("total_tokens", int64(u.total)).num("input_tokens", int64(u.prompt)).num("output_tokens", int64(u.completion))
	if u.reasoning > 0 {
		o.raw("output_tokens_details", obj().num("reasoning_tokens", int64(u.reasoning)).end())
	}
	return o.end()
}
