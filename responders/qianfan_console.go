package responders

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// qianfanConsole is the management API on qianfan.baidubce.com, in its two
// generations: a path for each call, and later a resource with ?Action=. Which
// one is called decides the envelope and the status of answers.
type qianfanConsole struct{}

func (qianfanConsole) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.QianfanConsole)
	return d
}

// Routes keeps the routes few: what stands below an area, and which action of
// a resource is meant, is looked up in consoleCalls.
func (qianfanConsole) Routes() []Route {
	var routes []Route
	for _, a := range consoleAreas {
		path := a.path
		if strings.HasPrefix(path, oldPrefix) {
			path += "/{rest:.*}"
		}
		routes = append(routes, Route{Path: path, Operation: a.operation})
	}
	return append(routes, Route{Path: renderPath, Operation: catalog.OpPrompt})
}

const oldPrefix = "/wenxinworkshop/"

// consoleAreas are the beginnings of old paths, and the resources of new ones.
// A call may belong to another operation than most of its area.
var consoleAreas = []struct{ path, operation string }{
	{"/v2/service", catalog.OpService},
	{"/v2/model", catalog.OpModel},
	{"/v2/eval", catalog.OpEvaluation},
	{"/v2/finetuning", catalog.OpFineTune},
	{"/v2/dataset", catalog.OpDataset},
	{"/v2/promptTemplates", catalog.OpPrompt},
	{"/v2/promptLabels", catalog.OpPrompt},
	{"/v2/batchinference", catalog.OpBatchInference},
	{"/v2/charge", catalog.OpQuota},
	{"/v2/memory", catalog.OpMemory},
	{"/wenxinworkshop/service", catalog.OpService},
	{"/wenxinworkshop/modelrepo", catalog.OpModel},
	{"/wenxinworkshop/finetune", catalog.OpFineTune},
	{"/wenxinworkshop/dataset", catalog.OpDataset},
	{"/wenxinworkshop/etl", catalog.OpDataset},
	{"/wenxinworkshop/enhance", catalog.OpDataset},
	{"/wenxinworkshop/entity", catalog.OpDataset},
	{"/wenxinworkshop/prompt", catalog.OpPrompt},
}

// Decode reads which call is meant. The path that renders a template is V1's
// in all but its place in the documentation.
func (q qianfanConsole) Decode(in *Incoming) *scenarios.Request {
	if in.Path == renderPath {
		return decodeRender(in)
	}
	r := newRequest(in, q.Dialect())
	name, action := in.Path, first(in.Query, "Action")
	if strings.HasPrefix(name, oldPrefix) {
		action = oldAction(name)
	} else {
		name += "?Action=" + action
	}
	call, known := consoleCalls[name]
	r.Action = action
	if known {
		r.Operation, r.Detail = call.operation, call
	}
	r.Key, r.Identity = consoleIdentity(in, name, known)
	r.Account = in.caller(r.Key).account
	r.Refused = consoleRefusal(in, r, call)
	return r
}

// oldAction is what a scenario calls an old path: what stands behind its area,
// which itself belongs to it where several share an operation.
func oldAction(path string) string {
	area, rest, _ := strings.Cut(strings.TrimPrefix(path, oldPrefix), "/")
	switch area {
	case "etl", "enhance", "entity":
		return area + "/" + rest
	}
	return rest
}

const (
	appList = "/wenxinworkshop/service/appList"
)

// consoleIdentity is what the gateway refuses: the caller, the method, and what
// it knows no service for.
func consoleIdentity(in *Incoming, name string, known bool) (string, *scenarios.Refusal) {
	key, refused := consoleKey(in)
	method := http.MethodPost
	if name == appList {
		method = http.MethodGet
	}
	switch {
	case refused != nil:
		return key, refused
	case !known:
		return key, &scenarios.Refusal{ID: iamFamily + "InvalidURI", Always: true}
	case in.Method != method:
		return key, &scenarios.Refusal{ID: iamFamily + "InvalidHTTPRequest"}
	}
	return key, nil
}

// consoleKey reads who calls: a bce-auth-v1 signature or a bearer token.
func consoleKey(in *Incoming) (string, *scenarios.Refusal) {
	if strings.HasPrefix(in.Header.Get("Authorization"), bceAuth) {
		return signerOf(in)
	}
	key := bearer(in)
	if c := in.caller(key); key == "" || c.unknown() || c.expired {
		return key, &scenarios.Refusal{ID: gatewayFamily + "IamSignatureInvalid"}
	}
	return key, nil
}

// consoleRefusal is what the service refuses of the body: that it is none, and
// what it lacks. An empty body stands for an empty object.
func consoleRefusal(in *Incoming, r *scenarios.Request, call consoleCall) *scenarios.Refusal {
	body, old := readBody(r), isOld(r)
	empty := len(in.Body) == 0 || body.Type == gjson.Null && r.JSON
	switch {
	case call.anyBody:
		return nil
	case in.State != BodyComplete || !empty && !body.IsObject():
		return malformed(r.Operation, old)
	}
	for _, name := range call.needs {
		if v := body.Get(name); !v.Exists() || v.Type == gjson.Null || v.Type == gjson.String && v.Str == "" {
			return lacking(r.Operation, old, name)
		}
	}
	return nil
}

// isOld reports whether the request is one of the first generation.
func isOld(r *scenarios.Request) bool { return strings.HasPrefix(r.Path, oldPrefix) }

// An envelope is what a result or an error stands in.
type envelope int

const (
	actionEnvelope  envelope = iota // requestId and result, or code and message.
	numericEnvelope                 // log_id and result, or error_code and error_msg.
	successEnvelope                 // log_id, status and success, with result, or code and message.
)

// envelopeOf is decided by the path: of the first generation, what handles
// datasets and prompts tells its success, the rest has numeric errors.
func envelopeOf(r *scenarios.Request) envelope {
	switch {
	case !isOld(r):
		return actionEnvelope
	case r.Operation == catalog.OpDataset || r.Operation == catalog.OpPrompt:
		return successEnvelope
	}
	return numericEnvelope
}

// ofGateway reports whether the gateway answers, in Baidu Cloud's own envelope
// whatever the path is.
func ofGateway(f *scenarios.Failure) bool {
	return f.Entry.Family == "iam" || f.Entry.Family == "gateway"
}

// Status makes the first generation answer 200 whatever happens, and leaves the
// gateway its own.
func (qianfanConsole) Status(r *scenarios.Request, f *scenarios.Failure) int {
	if r.Path == renderPath || isOld(r) && !ofGateway(f) {
		return http.StatusOK
	}
	return 0
}

// Header tells of a bad signature by itself: the body is empty then.
func (qianfanConsole) Header(r *scenarios.Request, m Meta, f *scenarios.Failure, status int, stream bool) http.Header {
	if r.Path == renderPath {
		return qianfanV1{}.Header(r, m, f, status, stream)
	}
	if f.Entry.Family != "gateway" {
		return m.consoleHeader()
	}
	return m.gatewayHeader(r, f)
}

func (m Meta) consoleHeader() http.Header {
	header := m.qianfanHostHeader()
	header["Content-Type"] = []string{"application/json"}
	return header
}

// Body writes an error in the envelope of the path.
func (qianfanConsole) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, status int) []byte {
	switch shape := envelopeOf(r); {
	case r.Path == renderPath:
		return qianfanV1{}.Body(r, m, f, status)
	case f.Entry.Family == "gateway":
		return nil
	case ofGateway(f) || shape == actionEnvelope:
		return m.bceError(r, f)
	case shape == successEnvelope:
		return obj().str("log_id", m.logID(r)).num("status", http.StatusBadRequest).boolean("success", false).
			str("code", f.Entry.Code).raw("message", obj().str("global", fill(f, r)).end()).end()
	}
	body := obj().str("log_id", m.logID(r))
	if code, err := strconv.ParseInt(f.Entry.Code, 10, 64); err == nil {
		body.num("error_code", code)
	} else {
		body.str("error_code", f.Entry.Code)
	}
	return body.str("error_msg", fill(f, r)).end()
}

// Event is for V1's rendering alone; the console has no streams.
func (q qianfanConsole) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, status, n int) Frame {
	if r.Path == renderPath {
		return qianfanV1{}.Event(r, m, f, status, n)
	}
	return Frame(q.Body(r, m, f, status))
}

// logID returns the id of an answer on an old path: a number's digits, or
// letters where the data service answers.
func (m Meta) logID(r *scenarios.Request) string {
	if envelopeOf(r) == successEnvelope {
		return text(m.chance(forAnswerID), 16, lowerAlnum)
	}
	return strconv.FormatInt(2_000_000_000+m.chance(forAnswerID).Int64N(1_000_000_000), 10)
}

// Success does what is asked. What a client names and nobody made is answered
// with the error that the vendor documents for it.
func (q qianfanConsole) Success(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	c := newConsole(r, m)
	var result []byte
	if r.Path == renderPath {
		result = c.render()
	} else if call, known := r.Detail.(consoleCall); known {
		result = call.do(c)
	}
	if c.refused != nil {
		return Error(q, r, m, failureOf(c.refused, r.Dialect))
	}
	if result == nil {
		result = []byte("null")
	}
	answer := Message{Status: http.StatusOK, Header: m.consoleHeader(), Changes: c.changes}
	switch {
	case r.Path == renderPath:
		answer.Header = m.v1Header(r)
		answer.Header["Content-Type"] = []string{"application/json"}
		answer.Frames = []Frame{told(text(m.chance(forAnswerID), 16, lowerAlnum), result)}
	case envelopeOf(r) == actionEnvelope:
		answer.Frames = []Frame{obj().str("requestId", m.bceRequestID()).raw("result", result).end()}
	case envelopeOf(r) == successEnvelope:
		answer.Frames = []Frame{told(m.logID(r), result)}
	default:
		answer.Frames = []Frame{obj().str("log_id", m.logID(r)).raw("result", result).end()}
	}
	return answer
}

// told writes a result in the envelope that tells its success.
func told(logID string, result []byte) []byte {
	return obj().str("log_id", logID).raw("result", result).num("status", http.StatusOK).boolean("success", true).end()
}

// elsewhere shows an error on a path of the first generation as well, if its
// family has one.
func (qianfanConsole) elsewhere(e *catalog.Entry) elsewhere {
	path := ""
	switch family, _, _ := strings.Cut(e.Family, "-"); family {
	case "service":
		path = "/wenxinworkshop/service/apply"
	case "model":
		path = "/wenxinworkshop/modelrepo/modelDetail"
	case "finetune":
		path = "/wenxinworkshop/finetune/createTask"
	case "dataset":
		path = "/wenxinworkshop/dataset/create"
	case "prompt":
		path = "/wenxinworkshop/prompt/template/create"
	}
	return elsewhere{consoleCalls[path].operation, path}
}
