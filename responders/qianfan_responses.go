package responders

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// qianfanResponses is OpenAI's Responses API as Qianfan serves it, /v2/responses:
// with the callers, the refusals and the errors of V2.
type qianfanResponses struct{}

const v2Responses = "/v2/responses"

func (qianfanResponses) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.QianfanResponses)
	return d
}

// Routes returns the paths. Nothing can be cancelled: nothing is made in the
// background.
func (qianfanResponses) Routes() []Route {
	return []Route{
		{v2Responses, catalog.OpChat},
		{v2Responses + "/{response_id}", catalog.OpResponse},
		{v2Responses + "/{response_id}" + inputItemsSuffix, catalog.OpResponse},
	}
}

func (d qianfanResponses) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, d.Dialect())
	if isPreflight(in) {
		return readPreflight(r, strings.Join(v2Methods(in), ", "))
	}
	if in.Operation == catalog.OpResponse {
		r.Detail = readKeptResponse(in, d)
		v2Identity(in, r)
		return r
	}
	body := readBody(r)
	r.Model = modelOf(body)
	askFor(r)
	call := readResponses(body, d, 1)
	call.thinking = call.thinking || body.Get("thinking.type").String() == "enabled"
	r.Detail, r.Turns = call, call.turns()
	r.Stream = body.Get("stream").Bool()
	q := newQuestion(in, r, body)
	call.review = q.review()
	v2Identity(in, r)
	r.Refused = cmp.Or(v2Refusal(in, r, body), q.v2Response())
	return r
}

// v2Response asks all rules of a response.
func (q *question) v2Response() *scenarios.Refusal {
	return firstRefusal(
		func() *scenarios.Refusal { return q.v2Model(catalog.OpChat) },
		q.v2Input,
		func() *scenarios.Refusal { return q.v2Shape("max_output_tokens") },
		q.v2Length, q.v2Unsafe,
	)
}

// v2Input is what is wrong with what is said, and with the tools.
func (q *question) v2Input() *scenarios.Refusal {
	input, tools := q.body.Get("input"), q.body.Get("tools")
	switch {
	case input.Type != gjson.String && !input.IsArray(), input.Str == "" && len(elements(input)) == 0:
		return v2Invalid("input")
	case slices.ContainsFunc(q.r.Turns, func(t scenarios.Turn) bool { return !slices.Contains(v2Roles, t.Role) }):
		return v2Argument("the role must be one of the following", nil)
	case isGiven(tools) && !tools.IsArray():
		return v2Invalid("tools")
	}
	return nil
}

func (qianfanResponses) noResponse(id string) *scenarios.Refusal {
	return &scenarios.Refusal{ID: v2Codes + "invalid_request", Variant: "response id", Args: map[string]string{"id": id}}
}

func (qianfanResponses) noPrevious(id string) *scenarios.Refusal {
	return &scenarios.Refusal{ID: v2Codes + "invalid_request", Variant: "previous response id", Args: map[string]string{"id": id}}
}

// Header returns the header of an error, as V2 does.
func (qianfanResponses) Header(r *scenarios.Request, m Meta, f *scenarios.Failure, status int, stream bool) http.Header {
	return qianfanV2{}.Header(r, m, f, status, stream)
}

// Body writes V2's envelope, which names the parameter where a response is not
// there.
func (qianfanResponses) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, status int) []byte {
	if f.Entry.Code != "invalid_request" {
		return qianfanV2{}.Body(r, m, f, status)
	}
	param := "previous_response_id"
	if r.Operation == catalog.OpResponse {
		param = "response_id"
	}
	inner := obj().str("code", f.Entry.Code).str("message", fill(f, r)).str("param", param).str("type", f.Variant.Type)
	return obj().raw("error", inner.end()).str("id", m.asID()).end()
}

// Event writes the response as one that failed, as clients see it.
func (d qianfanResponses) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, _, n int) Frame {
	return failedEvent(d, r, m, obj().str("code", f.Entry.Code).str("message", fill(f, r)).end(), n)
}

func (qianfanResponses) Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	switch call := r.Detail.(type) {
	case preflight:
		return m.qianfanPreflight(call, r)
	case keptResponse:
		return call.answer(r, m, reply)
	}
	return r.Detail.(*responsesChat).answer(r, m, reply)
}
