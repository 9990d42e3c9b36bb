package responders

import (
	"cmp"
	"net/http"
	"strings"

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

// Routes returns the paths. Reranking has a prefix of its own.
func (dashScopeCompatible) Routes() []Route {
	const base = "/compatible-mode/v1/"
	return append(storeRoutes(base), []Route{
		{base + "chat/completions", catalog.OpChat},
		{base + "completions", catalog.OpCompletion},
		{base + "embeddings", catalog.OpEmbedding},
		{base + "models", catalog.OpModels},
		{"/compatible-api/v1/reranks", catalog.OpRerank},
	}...)
}

func (d dashScopeCompatible) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, d.Dialect())
	if isPreflight(in) {
		return readPreflight(r, strings.Join(dashScopeMethods(in), ", "))
	}
	body := readBody(r)
	r.Model = modelOf(body)
	askFor(r)
	q := newDashScopeQuestion(in, r, body, true)
	call := readCompatible(q)
	r.Detail, r.Turns = call, call.turns()
	r.Stream = body.Get("stream").Bool() && (in.Operation == catalog.OpChat || in.Operation == catalog.OpCompletion)
	r.Key, r.Patience = bearer(in), patience(in)
	r.Identity = compatibleIdentity(in, r)
	r.Refused = q.refusal(call)
	return r
}

func readCompatible(q *dashScopeQuestion) dashScopeCall {
	switch q.in.Operation {
	case catalog.OpCompletion:
		return readCompletion(q.body)
	case catalog.OpEmbedding:
		return readCompatibleEmbedding(q)
	case catalog.OpRerank:
		return readCompatibleRerank(q)
	case catalog.OpModels:
		return compatibleModels{}
	case catalog.OpFile, catalog.OpBatch:
		return readStore(q.in, q.body, compatibleStore{})
	default:
		return readCompatibleChat(q)
	}
}

func compatibleIdentity(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	if refused := methodRefusal(in); refused != nil {
		return refused
	}
	if r.Key == "" {
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidApiKey", Variant: "You didn't provide an API key"}
	}
	return dashScopeAccount(in, r, true)
}

// fieldRequired names the field that is missing.
func fieldRequired(name string) *scenarios.Refusal {
	return invalidParameter("Field required: ", map[string]string{"field": name})
}

// Header returns the header of an error.
func (d dashScopeCompatible) Header(r *scenarios.Request, m Meta, f *scenarios.Failure, status int, stream bool) http.Header {
	if isControl(r.Operation) {
		return m.dashScopeControlHeader(r, controlErrorType(f))
	}
	return m.dashScopeHeader(r, status, errorType(stream))
}

// Body writes OpenAI's envelope with DashScope's additions. Who answers from
// behind the gateway adds an id, which is the request id in other clothes.
// Captures show three forms; see the shapes in package catalog.
func (d dashScopeCompatible) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, status int) []byte {
	if _, nobody := r.Detail.(planNowhere); nobody {
		return nil
	}
	e := d.describe(r, f)
	switch {
	case r.Operation == catalog.OpFile && e.code == "invalid_request_error":
		return purposeMissing(e.message)
	case failsBatch(r, f):
		b, _ := m.failedBatch(r, e)
		return compatibleStore{}.batch(b, b.state(m.Now))
	}
	body := sized(256 + len(e.message)).open("error")
	id := letIn(status)
	switch f.Shape() {
	case catalog.ShapeCodeFirst:
		withCode(body, e.code).null("param").str("message", e.message).str("type", e.kind)
		id = true
	case catalog.ShapeEscaped:
		body.escape, id = true, false
		withCode(body, e.code).str("message", e.message).null("param").str("type", e.kind).escape = false
	default:
		withCode(body.str("message", e.message).str("type", e.kind).null("param"), e.code)
	}
	body.close()
	if id {
		body.str("id", m.answerID(r.Operation))
	}
	return body.str("request_id", m.requestUUID()).end()
}

// Event writes the frame that was captured: other key order, no request id.
// No end mark follows it.
func (d dashScopeCompatible) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, _, _ int) Frame {
	e := d.describe(r, f)
	inner := withCode(obj(), e.code).null("param").str("message", e.message).str("type", e.kind).end()
	return dataFrame(obj().raw("error", inner).str("id", m.answerID(r.Operation)).end())
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

// answerID returns the request id as an answer's id: with a prefix where a
// model writes.
func (m Meta) answerID(operation string) string {
	switch operation {
	case catalog.OpChat:
		return "chatcmpl-" + m.requestUUID()
	case catalog.OpCompletion:
		return "cmpl-" + m.requestUUID()
	default:
		return m.requestUUID()
	}
}

func (d dashScopeCompatible) Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	return dashScopeSuccess(r, m, reply)
}
