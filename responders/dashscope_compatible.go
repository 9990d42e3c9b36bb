package responders

import (
	"cmp"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// dashScopeCompatible is DashScope's OpenAI-compatible mode,
// /compatible-mode/v1.
type dashScopeCompatible struct{}

func (dashScopeCompatible) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.DashScopeCompatible)
	return d
}

func (dashScopeCompatible) Routes() []Route {
	return []Route{{Path: "/compatible-mode/v1/chat/completions", Operation: catalog.OpChat}}
}

func (d dashScopeCompatible) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, d.Dialect())
	body := readBody(r)
	r.Model = body.Get("model").String()
	askFor(r)
	r.Stream = body.Get("stream").Bool()
	r.Turns = readTurns(body.Get("messages"))
	r.Detail = compatibleChat(body)
	r.Key = bearer(in)
	r.Identity = compatibleIdentity(in, r.Key)
	r.Refused = compatibleRefusal(in, r, body)
	return r
}

func compatibleChat(body gjson.Result) *chat {
	limit := number(body.Get("max_tokens"), 1, 1<<20, 0)
	c := &chat{
		jsonMode:     body.Get("response_format.type").String() == "json_object",
		thinking:     body.Get("enable_thinking").Bool(),
		maxTokens:    number(body.Get("max_completion_tokens"), 1, 1<<20, limit),
		choices:      number(body.Get("n"), 1, 4, 1),
		includeUsage: body.Get("stream_options.include_usage").Bool(),
	}
	c.readStop(body.Get("stop"))
	c.readTools(body.Get("tools"), body.Get("tool_choice"))
	return c
}

func compatibleIdentity(in *Incoming, key string) *scenarios.Refusal {
	if refused := methodRefusal(in); refused != nil {
		return refused
	}
	if key == "" {
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidApiKey", Variant: "You didn't provide an API key"}
	}
	return nil
}

func compatibleRefusal(in *Incoming, r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	if refused := bodyRefusal(in, r); refused != nil {
		return refused
	}
	messages := body.Get("messages")
	switch {
	case r.Model == "":
		return &scenarios.Refusal{ID: dashScopeModel + "invalid_request_error", Variant: "you must provide a model parameter."}
	case messages.IsArray() && len(r.Turns) == 0:
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidParameter", Variant: "[] is too short"}
	case !messages.IsArray():
		return &scenarios.Refusal{
			ID: dashScopeModel + "InvalidParameter", Variant: "Field required: ",
			Args: map[string]string{"field": "messages"},
		}
	}
	return nil
}

// Header returns the header of an error.
func (d dashScopeCompatible) Header(_ *scenarios.Request, m Meta, _ *scenarios.Failure, status int, stream bool) http.Header {
	return m.dashScopeHeader(status, errorType(stream))
}

// Body writes OpenAI's envelope with DashScope's additions. Who answers from
// behind the gateway adds an id, which is the request id in other clothes.
// Captures show three forms; see the shapes in package catalog.
func (d dashScopeCompatible) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, status int) []byte {
	e := d.describe(r, f)
	var inner *object
	id := letIn(status)
	switch f.Shape() {
	case catalog.ShapeCodeFirst:
		inner, id = withCode(obj(), e.code).null("param").str("message", e.message).str("type", e.kind), true
	case catalog.ShapeEscaped:
		inner, id = withCode(escapedObject(), e.code).str("message", e.message).null("param").str("type", e.kind), false
	default:
		inner = withCode(obj().str("message", e.message).str("type", e.kind).null("param"), e.code)
	}
	body := obj().raw("error", inner.end())
	if id {
		body.str("id", m.chatID())
	}
	return body.str("request_id", m.requestUUID()).end()
}

// Event writes the frame that was captured: other key order, no request id.
// No end mark follows it.
func (d dashScopeCompatible) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, _, _ int) Frame {
	e := d.describe(r, f)
	inner := withCode(obj(), e.code).null("param").str("message", e.message).str("type", e.kind).end()
	return dataFrame(obj().raw("error", inner).str("id", m.chatID()).end())
}

// described is what an error says of itself in compatible mode.
type described struct{ code, kind, message string }

func (d dashScopeCompatible) describe(r *scenarios.Request, f *scenarios.Failure) described {
	code := f.Entry.CodeOn(d.Dialect())
	return described{code: code, kind: cmp.Or(f.Variant.Type, code), message: withHelp(fill(f, r), f, helpCN)}
}

// withCode adds the code. Errors that the vendor lists under their type alone
// have none.
func withCode(o *object, code string) *object {
	if code == "invalid_request_error" {
		return o.null("code")
	}
	return o.str("code", code)
}

func (m Meta) chatID() string { return "chatcmpl-" + m.requestUUID() }

func (d dashScopeCompatible) Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	c := r.Detail.(*chat)
	outs := make([]completion, c.choices)
	for i := range outs {
		outs[i] = complete(r, c, m, reply, i)
	}
	if r.Stream {
		frames, ending := compatibleFrames(outs, c, r.Model, m)
		return Message{
			Status: http.StatusOK, Header: m.dashScopeHeader(http.StatusOK, sseType),
			Frames: frames, Stream: true, Ending: ending, Marks: 1,
		}
	}
	choices := make([][]byte, len(outs))
	for i, out := range outs {
		choices[i] = obj().raw("message", compatibleMessage(out)).str("finish_reason", out.finish).
			num("index", int64(i)).null("logprobs").end()
	}
	body := m.compatibleEnd(obj().raw("choices", array(choices...)).str("object", "chat.completion").
		raw("usage", compatibleUsage(sum(outs), true)), r.Model)
	return Message{Status: http.StatusOK, Header: m.dashScopeHeader(http.StatusOK, "application/json"), Frames: []Frame{body}}
}

// compatibleEnd writes the keys that end every answer and every chunk.
func (m Meta) compatibleEnd(o *object, model string) []byte {
	return o.num("created", m.Now.Unix()).null("system_fingerprint").str("model", model).str("id", m.chatID()).end()
}

func compatibleMessage(out completion) []byte {
	o := obj().str("content", out.text).str("reasoning_content", out.reasoning).str("role", "assistant")
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

// compatibleFrames writes a stream: an opening chunk, the pieces, a closing
// chunk for each choice, the usage if asked for, and the end mark. It returns
// how many frames, from the last choice's closing one, say that the answer ends.
func compatibleFrames(outs []completion, c *chat, model string, m Meta) (frames []Frame, ending int) {
	chunk := func(choices, usage []byte) {
		o := obj().raw("choices", choices).str("object", "chat.completion.chunk").raw("usage", usage)
		frames = append(frames, dataFrame(m.compatibleEnd(o, model)))
	}
	for i, out := range outs {
		all := steps(out)
		opened := len(all) > 0 && all[0].call != nil // A tool call opens the stream itself.
		if !opened {
			delta := obj().str("content", "").str("role", "assistant").end()
			chunk(array(obj().raw("delta", delta).num("index", int64(i)).null("logprobs").null("finish_reason").end()), []byte("null"))
		}
		for k, s := range all {
			chunk(array(obj().raw("delta", compatibleDelta(s, opened && k == 0)).null("finish_reason").
				num("index", int64(i)).null("logprobs").end()), []byte("null"))
		}
		delta := obj().str("content", "").end()
		chunk(array(obj().str("finish_reason", out.finish).raw("delta", delta).
			num("index", int64(i)).null("logprobs").end()), []byte("null"))
	}
	ending = 2
	if c.includeUsage {
		chunk([]byte("[]"), compatibleUsage(sum(outs), false))
		ending = 3
	}
	return append(frames, Frame("data: [DONE]\n\n")), ending
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
