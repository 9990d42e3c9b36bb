package responders

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// dashScopeAnthropic is Anthropic's Messages API as DashScope serves it,
// /apps/anthropic: Anthropic's bodies and events, OpenAI's envelope for errors.
type dashScopeAnthropic struct{}

func (dashScopeAnthropic) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.DashScopeAnthropic)
	return d
}

// Routes returns the paths: there is no list of models.
func (dashScopeAnthropic) Routes() []Route {
	return []Route{
		{"/apps/anthropic/v1/messages", catalog.OpChat},
		{"/apps/anthropic/v1/messages/count_tokens", catalog.OpTokenize},
	}
}

func (d dashScopeAnthropic) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, d.Dialect())
	if isPreflight(in) {
		return readPreflight(r, http.MethodPost)
	}
	body := readBody(r)
	r.Model = modelOf(body)
	askFor(r)
	q := newDashScopeQuestion(in, r, body, true)
	var call dashScopeCall = readAnthropic(body)
	if in.Operation == catalog.OpTokenize {
		call = anthropicCount{readAnthropic(body)}
	}
	r.Detail, r.Turns = call, call.turns()
	r.Stream = body.Get("stream").Bool() && in.Operation == catalog.OpChat
	r.Key, r.Patience = cmp.Or(in.Header.Get("X-Api-Key"), bearer(in)), patience(in)
	r.Identity = compatibleIdentity(in, r)
	r.Refused = q.refusal(call)
	return r
}

// Header returns the header of an error.
func (d dashScopeAnthropic) Header(r *scenarios.Request, m Meta, _ *scenarios.Failure, status int, stream bool) http.Header {
	return m.dashScopeHeader(r, status, errorType(stream))
}

// Body writes the envelope that was captured on one host: OpenAI's, with its
// keys sorted and no id.
func (d dashScopeAnthropic) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int) []byte {
	e := d.describe(r, f)
	inner := withCode(obj(), e.code).str("message", e.message).null("param").str("type", e.kind).end()
	return obj().raw("error", inner).str("request_id", m.requestUUID()).end()
}

// Event writes the flat error that one gateway met in a stream.
func (d dashScopeAnthropic) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, status, n int) Frame {
	e := d.describe(r, f)
	flat := withCode(obj().str("request_id", m.requestUUID()), e.code).str("type", e.kind).str("message", e.message).end()
	return nativeFrame(n, "error", status, flat)
}

func (d dashScopeAnthropic) describe(r *scenarios.Request, f *scenarios.Failure) described {
	code := f.Entry.CodeOn(d.Dialect())
	return described{code: code, kind: cmp.Or(f.Variant.Type, code), message: withHelp(fill(f, r), f, helpOff)}
}

func (d dashScopeAnthropic) Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	return dashScopeSuccess(r, m, reply)
}

func (c *anthropicChat) refusal(q *dashScopeQuestion) *scenarios.Refusal {
	if refused := c.nothingSaid(); refused != nil {
		return refused
	}
	temperature := c.body.Get("temperature")
	switch {
	case !c.bounded:
		return fieldRequired("max_tokens")
	case temperature.Type == gjson.Number && (temperature.Num < 0 || temperature.Num >= 2):
		return invalidParameter("Temperature should be in [0.0, 2.0)", nil)
	case c.jsonMode && !keepsSchema(q.r.Model) && !speaksOfJSON(c.said):
		return invalidParameter("'messages' must contain the word 'json' in some form", nil)
	}
	return nil
}

// keepsSchema reports whether a model keeps to a schema by itself: of others
// JSON is to be spoken of.
func keepsSchema(model string) bool {
	for _, family := range []string{"qwen3.8", "qwen3.7", "deepseek", "glm"} {
		if strings.HasPrefix(model, family) {
			return true
		}
	}
	return false
}

func (c *anthropicChat) nothingSaid() *scenarios.Refusal {
	switch {
	case !c.list:
		return fieldRequired("messages")
	case len(c.said) == 0:
		return invalidParameter("[] is too short", nil)
	}
	return nil
}

func (c *anthropicChat) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	a := c.complete(r, m, reply, "msg_"+m.requestUUID())
	if !r.Stream {
		return m.dashScopeWhole(r, a.whole()).bringing(a.used)
	}
	e := a.events("event:%s\ndata:%s\n\n")
	message := m.dashScopeStream(r, e.frames, anthropicEnding)
	message.Tokens = e.tokens
	return message.bringing(a.used)
}

// anthropicCount asks how many tokens a message would cost.
type anthropicCount struct{ *anthropicChat }

func (c anthropicCount) refusal(*dashScopeQuestion) *scenarios.Refusal { return c.nothingSaid() }

func (anthropicCount) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	return m.dashScopeWhole(r, obj().num("input_tokens", int64(r.InputTokens)).end())
}
