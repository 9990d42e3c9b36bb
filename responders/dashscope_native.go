package responders

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

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
		{"/api/v1/tokenizer", catalog.OpTokenize},
		{"/api/v1/apps/{app_id}/completion", catalog.OpApp},
		{"/api/v1/models", catalog.OpModels},
	}
}

func (d dashScopeNative) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, d.Dialect())
	if isPreflight(in) {
		return readPreflight(r, dashScopeMethod(in.Operation))
	}
	body := readBody(r)
	r.Model = modelOf(body)
	if in.Operation == catalog.OpApp {
		r.Model = in.Vars["app_id"]
	}
	askFor(r)
	call := readNative(in, body)
	r.Detail, r.Turns = call, call.turns()
	r.Stream = nativeStreams(in.Operation) && wantsEvents(in)
	r.Key = bearer(in)
	r.Identity = nativeIdentity(in, r.Key)
	r.Refused = nativeRefusal(in, r, call)
	return r
}

// readNative reads what the operation asks for. Two of them have a path for
// text and one for more.
func readNative(in *Incoming, body gjson.Result) dashScopeCall {
	switch in.Operation {
	case catalog.OpEmbedding:
		if strings.HasSuffix(in.Path, "/multimodal-embedding") {
			return readMultimodalEmbedding(body)
		}
		return readNativeEmbedding(body)
	case catalog.OpRerank:
		return readNativeRerank(body)
	case catalog.OpSpeech:
		return readSpeech(in, body)
	case catalog.OpTokenize:
		return tokenizing{readNativeTurns(body)}
	case catalog.OpApp:
		return readApp(body)
	case catalog.OpModels:
		return readNativeModels(in)
	default:
		return readNativeChat(body, strings.HasSuffix(in.Path, "/multimodal-generation/generation"))
	}
}

// nativeStreams reports whether the operation can answer with a stream; others
// answer whole, whatever the client says.
func nativeStreams(operation string) bool {
	return operation == catalog.OpChat || operation == catalog.OpApp || operation == catalog.OpSpeech
}

// wantsEvents reports whether the client asks for a stream. Either header will
// do.
func wantsEvents(in *Incoming) bool {
	return in.Header.Get("X-DashScope-SSE") == "enable" || strings.Contains(in.Header.Get("Accept"), "text/event-stream")
}

func nativeIdentity(in *Incoming, key string) *scenarios.Refusal {
	if refused := methodRefusal(in); refused != nil {
		return refused
	}
	if key == "" {
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidApiKey", Variant: "No API-key provided."}
	}
	return nil
}

// nativeRefusal is what is refused of the request's content: of any body, then
// of what the operation asks for. A list has no body, an application no model.
func nativeRefusal(in *Incoming, r *scenarios.Request, call dashScopeCall) *scenarios.Refusal {
	if in.Operation == catalog.OpModels {
		return nil
	}
	if refused := bodyRefusal(in, r); refused != nil {
		return refused
	}
	switch {
	case r.Model == "":
		return &scenarios.Refusal{ID: dashScopeModel + "BadRequest.EmptyModel"}
	case !readBody(r).Get("input").IsObject():
		return &scenarios.Refusal{ID: dashScopeModel + "BadRequest.EmptyInput"}
	}
	return call.refusal()
}

// Header returns the header of an error.
func (d dashScopeNative) Header(r *scenarios.Request, m Meta, _ *scenarios.Failure, status int, stream bool) http.Header {
	return m.dashScopeHeader(r, status, errorType(stream))
}

// Body writes a flat error; its key order tells which back end answers.
func (d dashScopeNative) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int) []byte {
	message := withHelp(fill(f, r), f, helpOff)
	if f.Variant.Origin == catalog.OriginTask || f.Shape() == catalog.ShapeIDFirst {
		return obj().str("request_id", m.requestUUID()).str("code", f.Entry.Code).str("message", message).end()
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
