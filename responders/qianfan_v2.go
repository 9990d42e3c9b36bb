package responders

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// qianfanV2 is Qianfan's OpenAI-compatible API, /v2 on qianfan.baidubce.com,
// with the subscriptions, the applications and the search that live there too.
type qianfanV2 struct{}

const (
	v2Codes     = "qianfan/v2/"
	appCodes    = "qianfan/appbuilder/"
	searchCodes = "qianfan/aisearch/"
)

func (qianfanV2) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.QianfanV2)
	return d
}

// The paths that share an operation with others, but neither form nor refusals.
const (
	v2Edits         = "/v2/images/edits"
	v2Conversation  = "/v2/app/conversation"
	v2Runs          = "/v2/app/conversation/runs"
	v2Upload        = "/v2/app/conversation/file/upload"
	v2SearchChat    = "/v2/ai_search/chat/completions"
	v2WebSearch     = "/v2/ai_search/web_search"
	v2SearchSection = "/v2/ai_search/"
)

func (qianfanV2) Routes() []Route {
	return append(storeRoutes("/v2/"), []Route{
		{Path: "/v2/chat/completions", Operation: catalog.OpChat},
		{Path: "/v2/coding/chat/completions", Operation: catalog.OpChat},
		{Path: "/v2/tokenplan/personal/chat/completions", Operation: catalog.OpChat},
		{Path: "/v2/tokenplan/team/chat/completions", Operation: catalog.OpChat},
		{Path: "/v2/embeddings", Operation: catalog.OpEmbedding},
		{Path: "/v2/rerank", Operation: catalog.OpRerank},
		{Path: "/v2/rerankers", Operation: catalog.OpRerank},
		{Path: "/v2/images/generations", Operation: catalog.OpImage},
		{Path: v2Edits, Operation: catalog.OpImage},
		{Path: "/v2/models", Operation: catalog.OpModels},
		{Path: v2Conversation, Operation: catalog.OpApp},
		{Path: v2Runs, Operation: catalog.OpApp},
		{Path: v2Upload, Operation: catalog.OpApp},
		{Path: v2SearchChat, Operation: catalog.OpApp},
		{Path: v2WebSearch, Operation: catalog.OpApp},
	}...)
}

// v2Call is how one kind of call is read and answered.
type v2Call struct {
	read    func(q *question) *scenarios.Refusal // As of [v1Call].
	answer  func(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message
	streams bool
}

// v2CallOf returns how calls of the operation on the path go.
func v2CallOf(operation, path string) v2Call {
	switch operation {
	case catalog.OpEmbedding:
		return v2Call{read: readV2Embedding, answer: answerV2Embedding}
	case catalog.OpRerank:
		return v2Call{read: readV2Rerank, answer: answerV2Rerank}
	case catalog.OpImage:
		return v2Call{read: readV2Image, answer: answerV2Image}
	case catalog.OpModels:
		return v2Call{read: readNothing, answer: answerV2Models}
	case catalog.OpChat:
		return v2Call{read: readV2Chat, answer: answerV2Chat, streams: true}
	}
	switch path {
	case v2SearchChat:
		return v2Call{read: readSearch, answer: answerSearchChat, streams: true}
	case v2WebSearch:
		return v2Call{read: readSearch, answer: answerWebSearch}
	case v2Runs:
		return v2Call{read: readRun, answer: answerRun, streams: true}
	case v2Upload:
		return v2Call{read: readNothing, answer: answerUpload}
	default:
		return v2Call{read: readConversation, answer: answerConversation}
	}
}

func readNothing(*question) *scenarios.Refusal { return nil }

func (q qianfanV2) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, q.Dialect())
	if isPreflight(in) {
		return readPreflight(r, strings.Join(v2Methods(in), ", "))
	}
	body := readBody(r)
	r.Model = modelOf(body)
	askFor(r)
	var refused *scenarios.Refusal
	if isStore(in.Operation) {
		call := readStore(in, body, qianfanStore{})
		r.Detail, refused = call, call.refusal(nil)
	} else {
		call := v2CallOf(in.Operation, in.Path)
		r.Stream = call.streams && body.Get("stream").Bool()
		refused = call.read(newQuestion(in, r, body))
	}
	if picture, asked := r.Detail.(pictureCall); asked {
		picture.files = fileURL(in, filesPath)
		r.Detail = picture
	}
	v2Identity(in, r)
	r.Refused = cmp.Or(v2Refusal(in, r, body), refused)
	return r
}

// v2Key returns the API key. The applications once had a header of their own.
func v2Key(in *Incoming) string {
	key := bearer(in)
	if scheme, own, _ := strings.Cut(in.Header.Get("X-Appbuilder-Authorization"), " "); key == "" && strings.EqualFold(scheme, "bearer") {
		key = strings.TrimSpace(own)
	}
	return key
}

// v2Methods are those that the path wants.
func v2Methods(in *Incoming) []string {
	switch {
	case in.Operation == catalog.OpModels:
		return []string{http.MethodGet}
	case isStore(in.Operation):
		return storeMethods(in)
	case in.Operation == catalog.OpResponse:
		return keptResponseMethods(in)
	}
	return []string{http.MethodPost}
}

// v2Identity refuses a caller before it looks at the method, as a capture
// shows. Each product on the host has its own words.
func v2Identity(in *Incoming, r *scenarios.Request) {
	wrongMethod := &scenarios.Refusal{ID: v2Codes + "method_not_supported"}
	if in.Operation == catalog.OpModels {
		wrongMethod = &scenarios.Refusal{ID: iamFamily + "InvalidURI"}
	}
	r.Key = v2Key(in)
	c := in.caller(r.Key)
	r.Account = c.account
	if r.Identity = v2Standing(in, c, r); r.Identity == nil && !slices.Contains(v2Methods(in), in.Method) {
		r.Identity = wrongMethod
	}
}

// v2Standing is what the gateway says to a caller whom it does not know, or
// knows too well. A token of the token endpoint is none here.
func v2Standing(in *Incoming, c caller, r *scenarios.Request) *scenarios.Refusal {
	application := in.Operation == catalog.OpApp && !isSearch(in.Path)
	overdue, used := c.State == scenarios.KeyArrears, c.State == scenarios.KeyFreeTierUsed
	if _, legacy := accessToken(r.Key); r.Key == "" || legacy || c.unknown() || c.expired {
		return v2Stranger(in)
	}
	switch {
	case in.Operation == catalog.OpModels && c.State == scenarios.KeyNoAccess:
		return &scenarios.Refusal{ID: iamFamily + "AccessDenied"}
	case in.Operation == catalog.OpModels:
		return nil // To look costs nothing.
	case application && overdue:
		return &scenarios.Refusal{ID: appCodes + "QuotaLimitExpired"}
	case application && used:
		return &scenarios.Refusal{ID: appCodes + "QuotaLimitExceeded"}
	case isSearch(in.Path) && overdue:
		return &scenarios.Refusal{ID: searchCodes + "BILLING_INSUFFICIENT_BALANCE"}
	case isSearch(in.Path) && used:
		return &scenarios.Refusal{ID: searchCodes + "QUOTA_USER_DAILY_FREE"}
	case overdue || used:
		return &scenarios.Refusal{ID: v2Codes + "account_overdue"}
	case application && !c.MayUse(r.Model):
		return &scenarios.Refusal{ID: appCodes + "PermissionDeniedError"}
	case !c.MayUse(r.Model):
		return &scenarios.Refusal{ID: v2Codes + "invalid_model"}
	}
	return nil
}

// v2Stranger is what each product says to somebody whom the gateway does not
// know.
func v2Stranger(in *Incoming) *scenarios.Refusal {
	switch {
	case in.Operation == catalog.OpModels:
		return &scenarios.Refusal{ID: iamFamily + "AccessDenied"}
	case isSearch(in.Path):
		return &scenarios.Refusal{ID: searchCodes + "216003"}
	case in.Operation == catalog.OpApp:
		return &scenarios.Refusal{ID: appCodes + "TokenStatusInvalidError"}
	}
	return &scenarios.Refusal{ID: v2Codes + "invalid_iam_token", Variant: "invalid_iam_token"}
}

func isSearch(path string) bool { return strings.HasPrefix(path, v2SearchSection) }

// v2Refusal is what is wrong with the bytes of a body.
func v2Refusal(in *Incoming, r *scenarios.Request, body *jsonBody) *scenarios.Refusal {
	application := in.Operation == catalog.OpApp && !isSearch(in.Path)
	switch {
	case in.Operation == catalog.OpModels, in.State == BodyComplete && !v2ReadsJSON(in):
		return nil
	case application && in.State == BodyTooLarge:
		return &scenarios.Refusal{ID: appCodes + "FileTooLargeError"}
	case in.State == BodyTooLarge:
		return &scenarios.Refusal{ID: v2Codes + "characters_too_long"}
	case in.State == BodyComplete && r.JSON && body.IsObject():
		return nil
	case application:
		return &scenarios.Refusal{ID: appCodes + "InvalidRequestArgumentError"}
	}
	return &scenarios.Refusal{ID: v2Codes + "malformed_json"}
}

// v2ReadsJSON reports whether the body is JSON: an upload's is a form, and who
// asks for what was made sends none.
func v2ReadsJSON(in *Incoming) bool {
	switch {
	case in.Path == v2Upload, in.Operation == catalog.OpFile, in.Operation == catalog.OpResponse:
		return false
	case in.Operation == catalog.OpBatch:
		return in.Method == http.MethodPost && in.Vars["batch_id"] == ""
	}
	return true
}

// Header names the kind of the answer. Only a refusal for its rate tells the
// caller's limits, as a success does.
func (q qianfanV2) Header(r *scenarios.Request, m Meta, _ *scenarios.Failure, status int, stream bool) http.Header {
	return m.v2Header(r, stream, status == http.StatusTooManyRequests)
}

func (m Meta) v2Header(r *scenarios.Request, stream, limits bool) http.Header {
	header := m.qianfanHostHeader()
	header["Content-Type"] = []string{"application/json"}
	if stream {
		header["Content-Type"] = []string{"text/event-stream"}
	}
	if limits {
		m.rateLimits(header)
	}
	if r.Operation == catalog.OpApp {
		header["X-Appbuilder-Request-Id"] = []string{m.bceRequestID()}
	}
	return header
}

// Body writes the envelope of the product that the error belongs to: OpenAI's
// for the models and the plans, Baidu Cloud's for everything else.
func (q qianfanV2) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int) []byte {
	if f.Entry.Family != "v2" && f.Entry.Family != "plan" && f.Entry.Family != "batch" {
		return m.bceError(r, f)
	}
	inner := obj().str("code", f.Entry.Code).str("message", fill(f, r)).str("type", f.Variant.Type)
	return obj().raw("error", inner.end()).str("id", m.asID()).end()
}

// Event writes what the body would be as a data line, which the SDKs take for
// an error.
func (q qianfanV2) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, status, _ int) Frame {
	return dataFrame(q.Body(r, m, f, status))
}

func (q qianfanV2) Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	if p, asked := r.Detail.(preflight); asked {
		return m.qianfanPreflight(p, r)
	}
	if call, is := r.Detail.(*storeCall); is {
		return call.answer(r, m, reply)
	}
	message := v2CallOf(r.Operation, r.Path).answer(r, m, reply)
	message.Status = http.StatusOK
	message.Header = m.v2Header(r, message.Stream, r.Operation != catalog.OpModels && r.Operation != catalog.OpApp)
	return message
}

// v2Whole is an answer that is not streamed.
func v2Whole(o *object) Message { return Message{Frames: []Frame{o.end()}} }
