package responders

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// What both HTTP dialects of DashScope share.

const dashScopeModel = "dashscope/model/"

const (
	sseType  = "text/event-stream;charset=UTF-8"
	jsonVary = "Origin,Access-Control-Request-Method,Access-Control-Request-Headers, Accept-Encoding"
)

// bearer returns the API key.
func bearer(in *Incoming) string {
	scheme, key, _ := strings.Cut(in.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(key)
}

// patience returns how long the caller lets the gateway queue a call that comes
// too soon behind others, instead of refusing it at once.
func patience(in *Incoming) time.Duration {
	const longest = 3600
	given := in.Header.Get("X-DashScope-Wait-Timeout")
	if given == "" {
		return 0
	}
	seconds, err := strconv.ParseFloat(given, 64)
	if err != nil || !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, longest) * float64(time.Second))
}

// letIn reports whether an answer with this status comes from behind the
// gateway, which is seen in headers and, in compatible mode, in an id.
func letIn(status int) bool {
	return status != http.StatusUnauthorized && status != http.StatusForbidden && status != http.StatusNotFound
}

// dashScopeHeader returns the headers of an answer. The three times are made
// up, but agree with one another: arrival and cost make the start.
func (m Meta) dashScopeHeader(r *scenarios.Request, status int, contentType string) http.Header {
	chance := m.chance(forHeaders)
	arrived := m.Now.UnixMilli()
	cost := int64(20 + chance.IntN(200))
	vary, finished := jsonVary, "true"
	if contentType == sseType {
		vary, finished = "Origin", "false"
	}
	fields := []string{
		"Content-Type", contentType,
		"Date", m.date(),
		"Server", "istio-envoy",
		"Vary", vary,
		"X-Request-ID", m.requestUUID(),
		"eagleeye-traceid", text(chance, 32, lowerHex),
		"req-arrive-time", strconv.FormatInt(arrived, 10),
		"req-cost-time", strconv.FormatInt(cost, 10),
		"resp-start-time", strconv.FormatInt(arrived+cost, 10),
		"x-envoy-upstream-service-time", strconv.FormatInt(cost-1-int64(chance.IntN(8)), 10),
		"x-dashscope-call-gateway", "true",
		"x-dashscope-finished", finished,
		"x-dashscope-timeout", "180",
	}
	if !letIn(status) {
		fields = fields[:len(fields)-6]
	}
	h := header(fields)
	allowOrigin(h, r)
	return h
}

// dashScopeWhole is a success that is not streamed.
func (m Meta) dashScopeWhole(r *scenarios.Request, body []byte) Message {
	return Message{
		Status: http.StatusOK, Header: m.dashScopeHeader(r, http.StatusOK, "application/json"), Frames: []Frame{body},
	}
}

// dashScopeStream is a success that is streamed; so many frames at its end say
// that it ends.
func (m Meta) dashScopeStream(r *scenarios.Request, frames []Frame, ending int) Message {
	return Message{
		Status: http.StatusOK, Header: m.dashScopeHeader(r, http.StatusOK, sseType),
		Frames: frames, Stream: true, Ending: ending, Marks: 1,
	}
}

// A dashScopeCall is what one operation asks for.
type dashScopeCall interface {
	// turns returns what the caller says, for rules to match.
	turns() []scenarios.Turn

	// refusal returns what the model service refuses of it.
	refusal(q *dashScopeQuestion) *scenarios.Refusal

	// answer writes the success.
	answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message
}

// invalidParameter refuses a body with that message.
func invalidParameter(variant string, args map[string]string) *scenarios.Refusal {
	return &scenarios.Refusal{ID: dashScopeModel + "InvalidParameter", Variant: variant, Args: args}
}

// parameterMissing names the parameter that is missing or of the wrong type.
func parameterMissing(name string) *scenarios.Refusal {
	return invalidParameter("Required parameter({parameter}) missing or invalid", map[string]string{"parameter": name})
}

// bodyRefusal is what is wrong with the bytes of a body, if anything.
func bodyRefusal(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	switch {
	case in.State == BodyTooLarge:
		return &scenarios.Refusal{ID: dashScopeModel + "BadRequest.TooLarge"}
	case in.State == BodyCut || !r.JSON || !isObject(r.Body):
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidParameter", Variant: "Required body invalid"}
	}
	return nil
}

// A bodyReader is a call that says itself what is wrong with its body: it is
// no JSON that names a model.
type bodyReader interface {
	bodyRefusal(in *Incoming, r *scenarios.Request) *scenarios.Refusal
}

// dashScopeMethods are those that the path wants.
func dashScopeMethods(in *Incoming) []string {
	switch {
	case in.Operation == catalog.OpModels, in.Operation == catalog.OpTask && !isCancel(in.Path):
		return []string{http.MethodGet}
	case isStore(in.Operation):
		return storeMethods(in)
	case isControl(in.Operation):
		return jobMethods(in)
	}
	return []string{http.MethodPost}
}

// methodRefusal refuses any method but those that the path wants.
func methodRefusal(in *Incoming) *scenarios.Refusal {
	if slices.Contains(dashScopeMethods(in), in.Method) {
		return nil
	}
	return &scenarios.Refusal{
		ID: dashScopeModel + "InvalidParameter", Variant: "Request method '",
		Args: map[string]string{"method": in.Method},
	}
}

// Where the help link behind some messages leads.
const (
	helpOff  = "off"
	helpCN   = "cn"
	helpIntl = "intl"
)

// withHelp appends the link that DashScope puts behind some messages, if the
// failure or else the dialect's habit says so.
func withHelp(message string, f *scenarios.Failure, habit string) string {
	link := habit
	if f.Delivery != nil && f.Delivery.HelpLink != "" {
		link = string(f.Delivery.HelpLink)
	}
	if f.Variant.HelpAnchor == "" || f.Message != "" || link == helpOff {
		return message
	}
	page := "https://help.aliyun.com/zh/model-studio/error-code#"
	if link == helpIntl {
		page = "https://www.alibabacloud.com/help/en/model-studio/error-code#"
	}
	return message + " For details, see: " + page + f.Variant.HelpAnchor
}

// errorType returns the content type of an error.
func errorType(stream bool) string {
	if stream {
		return sseType
	}
	return "application/json"
}

// dashScopeSuccess writes what was asked for, or what a browser may ask for.
func dashScopeSuccess(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	if call, is := r.Detail.(dashScopeCall); is {
		return call.answer(r, m, reply)
	}
	return r.Detail.(preflight).answer(r, m)
}
