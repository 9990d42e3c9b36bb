package responders

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

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
	const services = "/api/v1/services/"
	return []Route{
		{services + "aigc/text-generation/generation", catalog.OpChat},
		{services + "aigc/multimodal-generation/generation", catalog.OpChat},
		{services + "embeddings/text-embedding/text-embedding", catalog.OpEmbedding},
		{services + "embeddings/multimodal-embedding/multimodal-embedding", catalog.OpEmbedding},
		{services + "rerank/text-rerank/text-rerank", catalog.OpRerank},
		{services + "audio/tts/SpeechSynthesizer", catalog.OpSpeech},
		{services + "audio/music/generation", catalog.OpMusic},
		{voicesPath, catalog.OpCustomization},
		{wordsPath, catalog.OpCustomization},
		{"/api/v1/tokenizer", catalog.OpTokenize},
		{"/api/v1/apps/{app_id}/completion", catalog.OpApp},
		{"/api/v1/models", catalog.OpModels},
		{taskServices + "{rest:.*}", catalog.OpImage}, // Or another; see taskKinds.
		{transcriptionPath, catalog.OpTranscription},
		{tasksPath, catalog.OpTask},
		{tasksPath + "/{rest:.*}", catalog.OpTask},
		{"/api/v1/files", catalog.OpFile},
		{"/api/v1/files/{file_id}", catalog.OpFile},
		{"/api/v1/uploads", catalog.OpUpload},
		{"/api/v1/tokens", catalog.OpToken},
		{"/api/v1/fine-tunes", catalog.OpFineTune},
		{"/api/v1/fine-tunes/{job_id}", catalog.OpFineTune},
		{"/api/v1/fine-tunes/{job_id}/{verb:cancel|logs|checkpoints}", catalog.OpFineTune},
		{"/api/v1/fine-tunes/{job_id}/{verb:export}/{checkpoint}", catalog.OpFineTune},
		{importPath, catalog.OpModel},
		{importPath + "/{job_id}", catalog.OpModel},
		{"/api/v1/deployments", catalog.OpDeployment},
		{"/api/v1/deployments/models", catalog.OpDeployment},
		{"/api/v1/deployments/{deployed_model}", catalog.OpDeployment},
		{"/api/v1/deployments/{deployed_model}/{verb:scale|update}", catalog.OpDeployment},
	}
}

func (d dashScopeNative) Decode(in *Incoming) *scenarios.Request {
	known := locate(in)
	r := newRequest(in, d.Dialect())
	if !known {
		r.Identity, r.Detail = nowhere{}.refusal(nil), nowhere{}
		return r
	}
	if isPreflight(in) {
		return readPreflight(r, strings.Join(dashScopeMethods(in), ", "))
	}
	body := readBody(r)
	r.Model = modelOf(body)
	switch in.Operation {
	case catalog.OpChat:
		if multimodalPath(in) {
			in.Operation = operationOfModel(r.Model)
			r.Operation = in.Operation
		}
	case catalog.OpApp:
		r.Model = in.Vars["app_id"]
	case catalog.OpUpload:
		r.Model = clipped(first(in.Query, "model"))
	case catalog.OpDeployment, catalog.OpModel:
		r.Model = clipped(body.Get("model_name").String())
	}
	askFor(r)
	q := newDashScopeQuestion(in, r, body, false)
	call := readNative(q)
	r.Detail, r.Turns = call, call.turns()
	_, r.Task = call.(taskCall)
	r.Stream = nativeStreams(in.Operation) && wantsEvents(in)
	r.Key, r.Patience = bearer(in), patience(in)
	r.Identity = cmp.Or(nativeIdentity(in, r), asyncRefusal(in, r, body))
	r.Refused = q.refusal(call)
	return r
}

// readNative reads what the operation asks for. Two of them have a path for
// text and one for more.
func readNative(q *dashScopeQuestion) dashScopeCall {
	switch {
	case multimodalPath(q.in):
		return readMultimodal(q)
	case q.in.Operation != catalog.OpChat:
		return readNativeService(q)
	}
	return readNativeChat(q, false)
}

// readNativeService reads a call of another model than one that chats.
func readNativeService(q *dashScopeQuestion) dashScopeCall {
	in, body := q.in, q.body
	switch in.Operation {
	case catalog.OpImage, catalog.OpVideo, catalog.OpTranscription:
		return readTaskCall(in, body)
	case catalog.OpEmbedding:
		if strings.HasSuffix(in.Path, "/multimodal-embedding") {
			return readMultimodalEmbedding(q)
		}
		if isBatchEmbedding(in, body) {
			return readTaskCall(in, body)
		}
		return readNativeEmbedding(q)
	case catalog.OpRerank:
		return readNativeRerank(q)
	case catalog.OpSpeech:
		return readSpeech(in, body)
	case catalog.OpMusic:
		return readMusic(in, body)
	case catalog.OpCustomization:
		return readCustom(q)
	case catalog.OpTokenize:
		return tokenizing{readNativeTurns(body)}
	case catalog.OpApp:
		return readApp(body)
	}
	return readNativeAccount(in, body)
}

// readNativeAccount reads a call about what an account has.
func readNativeAccount(in *Incoming, body *jsonBody) dashScopeCall {
	switch in.Operation {
	case catalog.OpTask:
		return readTaskLook(in)
	case catalog.OpFile:
		return readNativeFiles(in)
	case catalog.OpUpload:
		return uploadPolicy{in}
	case catalog.OpToken:
		return tokenCall{in}
	case catalog.OpFineTune:
		return tuningCall{in, body}
	case catalog.OpModel:
		return importCall{in, body}
	case catalog.OpDeployment:
		return deploymentCall{in, body}
	default: // The list of models.
		return readNativeModels(in)
	}
}

// multimodalPath reports whether a call came to the path for more than text.
func multimodalPath(in *Incoming) bool {
	return strings.HasSuffix(in.Path, "/multimodal-generation/generation")
}

// nativeStreams reports whether the operation can answer with a stream; others
// answer whole, whatever the client says.
func nativeStreams(operation string) bool {
	return slices.Contains([]string{catalog.OpChat, catalog.OpApp, catalog.OpSpeech, catalog.OpMusic}, operation)
}

// wantsEvents reports whether the client asks for a stream. Either header will
// do.
func wantsEvents(in *Incoming) bool {
	return in.Header.Get("X-DashScope-SSE") == "enable" || strings.Contains(in.Header.Get("Accept"), "text/event-stream")
}

func nativeIdentity(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	if refused := methodRefusal(in); refused != nil {
		return refused
	}
	if r.Key == "" {
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidApiKey", Variant: "No API-key provided."}
	}
	return dashScopeAccount(in, r, false)
}

// Header returns the header of an error.
func (d dashScopeNative) Header(r *scenarios.Request, m Meta, f *scenarios.Failure, status int, stream bool) http.Header {
	switch {
	case byTaskService(r, f):
		return m.taskHeader(r)
	case isControl(r.Operation):
		return m.dashScopeControlHeader(r, controlErrorType(f))
	case r.Operation == catalog.OpTask:
		status = http.StatusUnauthorized // No model is called, so that no headers tell of one.
	}
	return m.dashScopeHeader(r, status, errorType(stream))
}

// Body writes a flat error; its key order tells which back end answers. What is
// wrong with an upload comes in OpenAI's form all the same.
func (d dashScopeNative) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int) []byte {
	message := withHelp(fill(f, r), f, helpOff)
	gateway := f.Variant.Origin == catalog.OriginGateway
	switch {
	case f.Entry.Code == "invalid_request_error":
		return purposeMissing(message)
	case byTaskService(r, f), f.Variant.Origin == catalog.OriginTask || f.Shape() == catalog.ShapeIDFirst ||
		!gateway && (r.Operation == catalog.OpFile || r.Operation == catalog.OpModel):
		return obj().str("request_id", m.requestUUID()).str("code", f.Entry.Code).str("message", message).end()
	case !gateway && r.Operation == catalog.OpDeployment:
		return obj().str("request_id", m.requestUUID()).str("message", message).str("code", f.Entry.Code).end()
	case !gateway && r.Operation == catalog.OpFineTune:
		return obj().str("code", f.Entry.Code).str("request_id", m.requestUUID()).str("message", message).end()
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
	return dashScopeSuccess(r, m, reply)
}
