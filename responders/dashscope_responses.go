package responders

import (
	"net/http"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// dashScopeResponses is OpenAI's Responses API as DashScope serves it: OpenAI's
// bodies and names of events, in the frames and with the errors of the native
// API.
type dashScopeResponses struct{}

func (dashScopeResponses) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.DashScopeResponses)
	return d
}

const (
	responsesPath   = "/compatible-mode/v1/responses"
	protocolsPrefix = "/api/v2/apps/protocols"
	agentPrefix     = "/api/v2/apps/agent/"
)

// Routes returns the paths: today's, an earlier one, and that of applications.
func (dashScopeResponses) Routes() []Route {
	var routes []Route
	for _, path := range []string{responsesPath, protocolsPrefix + responsesPath, agentPrefix + "{app_id}" + responsesPath} {
		routes = append(routes,
			Route{path, catalog.OpChat},
			Route{path + "/{response_id}", catalog.OpResponse},
			Route{path + "/{response_id}" + cancelSuffix, catalog.OpResponse},
			Route{path + "/{response_id}" + inputItemsSuffix, catalog.OpResponse})
	}
	return append(routes, conversationRoutes()...)
}

func (d dashScopeResponses) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, d.Dialect())
	methods := responsesMethods(in)
	if isPreflight(in) {
		return readPreflight(r, strings.Join(methods, ", "))
	}
	r.Key, r.Patience = bearer(in), patience(in)
	switch in.Operation {
	case catalog.OpConversation:
		call := readConversationCall(in, readBody(r))
		r.Detail, r.Identity = call, responsesIdentity(in, r, methods)
		r.Refused = call.refused(in, r)
		return r
	case catalog.OpResponse:
		r.Detail = readKeptResponse(in, d)
		r.Identity = responsesIdentity(in, r, methods)
		return r
	}
	body := readBody(r)
	r.Model = modelOf(body)
	if strings.HasPrefix(in.Path, agentPrefix) {
		r.Model = clipped(in.Vars["app_id"])
	}
	askFor(r)
	call := readResponses(body, d, leastOutput)
	call.conversation = conversationOf(body)
	r.Detail, r.Turns = call, call.turns()
	r.Stream = body.Get("stream").Bool()
	r.Identity = responsesIdentity(in, r, methods)
	r.Refused = newDashScopeQuestion(in, r, body, false).response(call)
	return r
}

// responsesMethods returns the methods that the path has.
func responsesMethods(in *Incoming) []string {
	switch {
	case in.Operation == catalog.OpConversation:
		return conversationMethods(in)
	case in.Operation != catalog.OpResponse, strings.HasSuffix(in.Path, cancelSuffix):
		return []string{http.MethodPost}
	}
	return keptResponseMethods(in)
}

func responsesIdentity(in *Incoming, r *scenarios.Request, methods []string) *scenarios.Refusal {
	switch {
	case !slices.Contains(methods, in.Method):
		return &scenarios.Refusal{
			ID: dashScopeModel + "Method Not Allowed", Args: map[string]string{"method": in.Method, "path": clipped(in.Path)},
		}
	case r.Key == "":
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidApiKey", Variant: "No API-key provided."}
	}
	return dashScopeAccount(in, r, false)
}

// response refuses a call of the Responses API, with words of its own for a
// model that is missing or unknown. An application is no model.
func (q *dashScopeQuestion) response(call *responsesChat) *scenarios.Refusal {
	return firstRefusal(
		func() *scenarios.Refusal { return bodyRefusal(q.in, q.r) },
		func() *scenarios.Refusal {
			if q.r.Model == "" {
				return fieldRequired("model")
			}
			return nil
		},
		func() *scenarios.Refusal { return call.refusal(q) },
		func() *scenarios.Refusal {
			if strings.HasPrefix(q.in.Path, agentPrefix) || q.modelUnknown() == nil {
				return nil
			}
			return invalidParameter("Unsupported model: '", nil)
		},
		q.unsafe,
	)
}

// Header returns the header of an error.
func (d dashScopeResponses) Header(r *scenarios.Request, m Meta, _ *scenarios.Failure, status int, stream bool) http.Header {
	return m.dashScopeHeader(r, status, errorType(stream))
}

// Body writes a flat error. The gateway writes the request id last, the service
// behind it first. One documented sample is in OpenAI's envelope: that of a
// response which is not there. What is wrong about conversations is said alike.
func (d dashScopeResponses) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int) []byte {
	message := withHelp(fill(f, r), f, helpOff)
	switch {
	case f.Variant.Origin == catalog.OriginGateway:
		return obj().str("code", f.Entry.Code).str("message", message).str("request_id", m.requestUUID()).end()
	case r.Operation != catalog.OpChat && f.Entry.Code == "InvalidParameter":
		return obj().raw("error", obj().str("message", message).str("type", f.Entry.Code).end()).end()
	}
	return obj().str("request_id", m.requestUUID()).str("code", f.Entry.Code).str("message", message).end()
}

// Event writes the response as one that failed. The comment in the frame says
// 200 all the same, as was measured.
func (d dashScopeResponses) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, _, n int) Frame {
	message := withHelp(fill(f, r), f, helpOff)
	return failedEvent(d, r, m, obj().str("message", message).str("code", f.Entry.Code).end(), n)
}

func (d dashScopeResponses) Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	return dashScopeSuccess(r, m, reply)
}
