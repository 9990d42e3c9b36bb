package responders

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

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
	return []Route{
		{Path: "/v2/chat/completions", Operation: catalog.OpChat},
		{Path: "/v2/coding/chat/completions", Operation: catalog.OpChat},
		{Path: "/v2/tokenplan/personal/chat/completions", Operation: catalog.OpChat},
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
	}
}

// v2Call is how one kind of call is read and answered.
type v2Call struct {
	read    func(r *scenarios.Request, body gjson.Result) *scenarios.Refusal // As of [v1Call].
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

func readNothing(*scenarios.Request, gjson.Result) *scenarios.Refusal { return nil }

func (q qianfanV2) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, q.Dialect())
	if isPreflight(in) {
		return readPreflight(r, http.MethodPost)
	}
	body := readBody(r)
	r.Model = modelOf(body)
	askFor(r)
	call := v2CallOf(in.Operation, in.Path)
	r.Stream = call.streams && body.Get("stream").Bool()
	refused := call.read(r, body)
	r.Key = v2Key(in)
	r.Identity = v2Identity(in, r.Key)
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

// v2Identity refuses a caller before it looks at the method, as a capture
// shows. Each product on the host has its own words.
func v2Identity(in *Incoming, key string) *scenarios.Refusal {
	want, wrongMethod := http.MethodPost, &scenarios.Refusal{ID: v2Codes + "method_not_supported"}
	if in.Operation == catalog.OpModels {
		want, wrongMethod = http.MethodGet, &scenarios.Refusal{ID: iamFamily + "InvalidURI"}
	}
	switch {
	case key == "" && in.Operation == catalog.OpModels:
		return &scenarios.Refusal{ID: iamFamily + "AccessDenied"}
	case key == "" && isSearch(in.Path):
		return &scenarios.Refusal{ID: searchCodes + "216003"}
	case key == "" && in.Operation == catalog.OpApp:
		return &scenarios.Refusal{ID: appCodes + "TokenStatusInvalidError"}
	case key == "":
		return &scenarios.Refusal{ID: v2Codes + "invalid_iam_token", Variant: "invalid_iam_token"}
	case in.Method != want:
		return wrongMethod
	}
	return nil
}

func isSearch(path string) bool { return strings.HasPrefix(path, v2SearchSection) }

// v2Refusal is what is wrong with the bytes of a body.
func v2Refusal(in *Incoming, r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	application := in.Operation == catalog.OpApp && !isSearch(in.Path)
	switch {
	case in.Operation == catalog.OpModels, in.Path == v2Upload && in.State == BodyComplete:
		return nil // There is no JSON in it.
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
		header["X-Ratelimit-Limit-Requests"] = []string{"300"}
		header["X-Ratelimit-Limit-Tokens"] = []string{"300000"}
		header["X-Ratelimit-Remaining-Requests"] = []string{"299"}
		header["X-Ratelimit-Remaining-Tokens"] = []string{"299999"}
	}
	if r.Operation == catalog.OpApp {
		header["X-Appbuilder-Request-Id"] = []string{m.bceRequestID()}
	}
	return header
}

// Body writes the envelope of the product that the error belongs to: OpenAI's
// for the models and the plans, Baidu Cloud's for everything else.
func (q qianfanV2) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int) []byte {
	if f.Entry.Family != "v2" && f.Entry.Family != "plan" {
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
		header := m.qianfanHostHeader()
		p.allow(header, r)
		return Message{Status: http.StatusOK, Header: header}
	}
	message := v2CallOf(r.Operation, r.Path).answer(r, m, reply)
	message.Status = http.StatusOK
	message.Header = m.v2Header(r, message.Stream, r.Operation != catalog.OpModels && r.Operation != catalog.OpApp)
	return message
}

// v2Whole is an answer that is not streamed.
func v2Whole(o *object) Message { return Message{Frames: []Frame{o.end()}} }
