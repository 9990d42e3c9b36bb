package responders

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// dashScopeNative is DashScope's own API, /api/v1: flat errors, and a stream
// whose events carry an HTTP status of their own.
type dashScopeNative struct{}

func (dashScopeNative) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.DashScopeNative)
	return d
}

func (dashScopeNative) Routes() []Route {
	return []Route{{Path: "/api/v1/services/aigc/text-generation/generation", Operation: catalog.OpChat}}
}

func (d dashScopeNative) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, d.Dialect())
	body := readBody(r)
	r.Model = body.Get("model").String()
	askFor(r)
	r.Stream = in.Header.Get("X-DashScope-SSE") == "enable" || strings.Contains(in.Header.Get("Accept"), "text/event-stream")
	r.Turns = readTurns(body.Get("input.messages"))
	if prompt := body.Get("input.prompt"); prompt.Type == gjson.String {
		r.Turns = append(r.Turns, scenarios.Turn{Role: "user", Text: prompt.Str})
	}
	r.Detail = nativeChat(body)
	r.Key = bearer(in)
	r.Identity = nativeIdentity(in, r.Key)
	r.Refused = nativeRefusal(in, r, body)
	return r
}

func nativeChat(body gjson.Result) *chat {
	p := body.Get("parameters")
	c := &chat{
		jsonMode:     p.Get("response_format.type").String() == "json_object",
		thinking:     p.Get("enable_thinking").Bool(),
		maxTokens:    number(p.Get("max_tokens"), 1, 1<<20, 0),
		choices:      number(p.Get("n"), 1, 4, 1),
		incremental:  p.Get("incremental_output").Bool(),
		resultFormat: p.Get("result_format").String(),
	}
	c.readStop(p.Get("stop"))
	c.readTools(p.Get("tools"), p.Get("tool_choice"))
	if c.resultFormat == "" && (len(c.tools) > 0 || c.thinking || c.choices > 1) {
		c.resultFormat = "message"
	}
	return c
}

func nativeIdentity(in *Incoming, key string) *scenarios.Refusal {
	if refused := methodRefusal(in); refused != nil {
		return refused
	}
	if key == "" {
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidApiKey", Variant: "No API-key provided."}
	}
	return nil
}

func nativeRefusal(in *Incoming, r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	if refused := bodyRefusal(in, r); refused != nil {
		return refused
	}
	switch {
	case r.Model == "":
		return &scenarios.Refusal{ID: dashScopeModel + "BadRequest.EmptyModel"}
	case !body.Get("input").IsObject():
		return &scenarios.Refusal{ID: dashScopeModel + "BadRequest.EmptyInput"}
	case len(r.Turns) == 0:
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidParameter", Variant: `Either "prompt" or "messages" must exist`}
	}
	return nil
}

// Header returns the header of an error.
func (d dashScopeNative) Header(_ *scenarios.Request, m Meta, _ *scenarios.Failure, status int, stream bool) http.Header {
	return m.dashScopeHeader(status, errorType(stream))
}

// Body writes a flat error; its key order tells which back end answers.
func (d dashScopeNative) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int) []byte {
	message := withHelp(fill(f, r), f, helpOff)
	if f.Variant.Origin == catalog.OriginTask || f.Shape() == catalog.ShapeIDFirst {
		return obj().str("request_id", m.requestUUID()).str("code", f.Entry.Code).str("message", message).end()
	}
	return obj().str("code", f.Entry.Code).str("message", message).str("request_id", m.requestUUID()).end()
}

// Event writes an event whose status stands in a comment.
func (d dashScopeNative) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, status, n int) Frame {
	return nativeFrame(n, "error", status, d.Body(r, m, f, status))
}

// nativeFrame writes an event. There is no blank behind the colons: the
// official Python SDK would not see an error event otherwise.
func nativeFrame(id int, event string, status int, json []byte) Frame {
	return fmt.Appendf(nil, "id:%d\nevent:%s\n:HTTP_STATUS/%d\ndata:%s\n\n", id, event, status, json)
}

func (d dashScopeNative) Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	c := r.Detail.(*chat)
	outs := make([]completion, c.choices)
	for i := range outs {
		outs[i] = complete(r, c, m, reply, i)
	}
	message := c.resultFormat == "message" || reply != nil && (reply.ToolCalls != nil || reply.Reasoning != nil)
	if r.Stream {
		frames := nativeFrames(outs[0], c, m, message)
		return Message{Status: http.StatusOK, Header: m.dashScopeHeader(http.StatusOK, sseType), Frames: frames, Stream: true, Ending: 1, Marks: 1}
	}
	body := nativeBody(outs, m, message)
	return Message{Status: http.StatusOK, Header: m.dashScopeHeader(http.StatusOK, "application/json"), Frames: []Frame{body}}
}

// nativeBody writes an answer that is not streamed.
func nativeBody(outs []completion, m Meta, message bool) []byte {
	u := sum(outs)
	if !message {
		output := obj().str("finish_reason", outs[0].finish).str("text", outs[0].text).end()
		usage := obj().raw("prompt_tokens_details", obj().num("cached_tokens", 0).end()).
			num("total_tokens", int64(u.total)).num("output_tokens", int64(u.completion)).num("input_tokens", int64(u.prompt)).end()
		return obj().raw("output", output).raw("usage", usage).str("request_id", m.requestUUID()).end()
	}
	choices := make([][]byte, len(outs))
	for i, out := range outs {
		choice := obj().str("finish_reason", out.finish).raw("message", nativeMessage(out))
		if len(outs) > 1 {
			choice.num("index", int64(i))
		}
		choices[i] = choice.end()
	}
	usage := obj()
	if u.reasoning > 0 {
		usage.num("input_tokens", int64(u.prompt)).num("output_tokens", int64(u.completion)).
			raw("output_tokens_details", obj().num("reasoning_tokens", int64(u.reasoning)).end()).
			raw("prompt_tokens_details", obj().num("cached_tokens", 0).end()).num("total_tokens", int64(u.total))
	} else {
		usage.num("total_tokens", int64(u.total)).num("output_tokens", int64(u.completion)).num("input_tokens", int64(u.prompt))
	}
	return obj().raw("output", obj().raw("choices", array(choices...)).end()).
		raw("usage", usage.end()).str("request_id", m.requestUUID()).end()
}

// nativeMessage writes a message that is not streamed, keys as captured.
func nativeMessage(out completion) []byte {
	switch {
	case len(out.calls) > 0:
		o := obj().str("role", "assistant").raw("tool_calls", toolCalls(out.calls)).str("content", out.text)
		if out.reasoning != "" {
			o.str("reasoning_content", out.reasoning)
		}
		return o.end()
	case out.reasoning != "":
		return obj().str("content", out.text).str("reasoning_content", out.reasoning).str("role", "assistant").end()
	default:
		return obj().str("role", "assistant").str("content", out.text).end()
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

// steps cuts a completion into what its frames add: reasoning, then text, then
// each tool call, its arguments in pieces.
func steps(out completion) []step {
	var all []step
	for _, piece := range cut(out.reasoning, 0) {
		all = append(all, step{reasoning: piece})
	}
	for _, piece := range out.pieces {
		all = append(all, step{text: piece})
	}
	for i, call := range out.calls {
		begin := call
		begin.arguments = ""
		all = append(all, step{call: &begin, index: i})
		for _, piece := range cut(call.arguments, 0) {
			all = append(all, step{call: &toolCall{arguments: piece}, index: i})
		}
	}
	return all
}

func (s step) tokens() int {
	n := countTokens(s.reasoning) + countTokens(s.text)
	if s.call != nil {
		n += countTokens(s.call.name) + countTokens(s.call.arguments)
	}
	return n
}

// nativeFrames writes a stream: each event has either what is new or all so
// far, and a last one says why it ends.
func nativeFrames(out completion, c *chat, m Meta, message bool) []Frame {
	var frames []Frame
	var so completion
	said := 0
	emit := func(now completion, finish string, u usage) {
		frames = append(frames, nativeFrame(len(frames)+1, "result", http.StatusOK, nativeEvent(now, finish, u, m, message)))
	}
	for _, s := range steps(out) {
		said += s.tokens()
		so.add(s)
		now := so
		if c.incremental {
			now = completion{}
			now.add(s)
		}
		emit(now, "null", out.usage.so(said))
	}
	last := so
	if c.incremental {
		last = completion{}
	}
	emit(last, out.finish, out.usage)
	return frames
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

func nativeEvent(now completion, finish string, u usage, m Meta, message bool) []byte {
	var output []byte
	if message {
		body := obj().str("content", now.text)
		if now.reasoning != "" {
			body.str("reasoning_content", now.reasoning)
		}
		body.str("role", "assistant")
		if len(now.calls) > 0 {
			body.raw("tool_calls", toolCalls(now.calls))
		}
		choice := obj().raw("message", body.end()).str("finish_reason", finish).end()
		output = obj().raw("choices", array(choice)).end()
	} else {
		output = obj().str("finish_reason", finish).str("text", now.text).end()
	}
	usage := obj().num("total_tokens", int64(u.total)).num("input_tokens", int64(u.prompt)).num("output_tokens", int64(u.completion))
	if u.reasoning > 0 {
		usage.raw("output_tokens_details", obj().num("reasoning_tokens", int64(u.reasoning)).end())
	}
	return obj().raw("output", output).raw("usage", usage.end()).str("request_id", m.requestUUID()).end()
}
