package catalog

import "slices"

// The providers.
const (
	Qianfan   = "qianfan"
	DashScope = "dashscope"
)

// The dialects that answer today.
const (
	QianfanV1           = "qianfan-v1"
	QianfanV2           = "qianfan-v2"
	QianfanOAuth        = "qianfan-oauth"
	QianfanIAM          = "qianfan-iam"
	QianfanConsole      = "qianfan-console"
	DashScopeNative     = "dashscope-native"
	DashScopeCompatible = "dashscope-compatible"
)

// The operations. A dialect offers some of them.
const (
	OpChat           = "chat"
	OpCompletion     = "completion"
	OpEmbedding      = "embedding"
	OpRerank         = "rerank"
	OpImage          = "image"
	OpImageToText    = "image-to-text"
	OpTokenize       = "tokenize"
	OpPlugin         = "plugin"
	OpSpeech         = "speech"
	OpApp            = "app"
	OpModels         = "models"
	OpToken          = "token"
	OpModel          = "model" // From here on, Qianfan's console.
	OpPrompt         = "prompt"
	OpService        = "service"
	OpFineTune       = "finetune"
	OpDataset        = "dataset"
	OpQuota          = "quota"
	OpBatchInference = "batch-inference"
	OpEvaluation     = "evaluation"
	OpMemory         = "memory"
)

// The things a scripted reply may ask for that not every dialect can show.
const (
	ReplyText      = "text"               // Text, finish reason, usage and frames.
	ReplyReasoning = "reasoning"          //
	ReplyToolCall  = "a tool call"        // One.
	ReplyToolCalls = "several tool calls" //
)

// A Delivery is the way in which an error arrives.
type Delivery string

// The deliveries.
const (
	DeliverStatus    Delivery = "status"     // The real status, and a whole body.
	DeliverFramed    Delivery = "framed"     // The real status, and the body framed as an event.
	DeliverBody      Delivery = "body"       // HTTP 200, and a whole body.
	DeliverEvent     Delivery = "event"      // The first event of a 200 stream.
	DeliverMidStream Delivery = "mid-stream" // Behind some frames of a 200 stream.
)

// Streamed reports whether only a streaming call can get the delivery.
func (d Delivery) Streamed() bool {
	return d == DeliverFramed || d == DeliverEvent || d == DeliverMidStream
}

// The forms of error bodies that captures show besides the usual one.
const (
	ShapeCodeFirst = "code-first" // Compatible: code, param, message, type; id and request_id.
	ShapeEscaped   = "escaped"    // Compatible: code, message, param, type; < as \\u003c; no id.
	ShapeIDFirst   = "id-first"   // Native: request_id, code, message.
	ShapeBare      = "bare"       // Qianfan V1: the JSON line of a stream without "data: ".
)

// A Dialect is one wire shape of one provider.
type Dialect struct {
	Name       string   // Such as "qianfan-v1".
	Provider   string   // "qianfan" or "dashscope".
	Operations []string // What can be called on it.
	Reply      []string // Which parts of a scripted reply it can show.
	Streams    bool     // Whether an answer can be a stream of frames.
	BasePath   string   // What stands between host and operation in a client's base URL.

	// Deliveries are the ways in which errors can arrive, Shapes the forms of
	// error bodies besides the usual one, and HelpLinks whether messages can end
	// with a link.
	Deliveries []Delivery
	Shapes     []string
	HelpLinks  bool

	// EventEditions are the editions in which what the model service refuses of
	// a streaming call comes as the first event of a 200 stream by default.
	EventEditions []Edition

	// ErrorStatus is the HTTP status of every error of the dialect, or 0 if
	// each error has its own. Qianfan V1 answers 200 to all.
	ErrorStatus int

	// Compatible says that the OpenAI-compatible code is sent where an entry
	// has one.
	Compatible bool
}

// Carries reports whether the dialect offers the operation.
func (d Dialect) Carries(operation string) bool { return slices.Contains(d.Operations, operation) }

// Delivers reports whether an error can arrive in that way.
func (d Dialect) Delivers(way Delivery) bool { return slices.Contains(d.Deliveries, way) }

// Shows reports whether the dialect can show that part of a scripted reply.
func (d Dialect) Shows(part string) bool { return slices.Contains(d.Reply, part) }

// Dialects returns every dialect, sorted by name.
func Dialects() []Dialect {
	return []Dialect{
		{
			Name: DashScopeCompatible, Provider: DashScope, Compatible: true, Streams: true,
			BasePath:   "/compatible-mode/v1",
			Deliveries: []Delivery{DeliverStatus, DeliverFramed, DeliverBody, DeliverEvent, DeliverMidStream},
			Shapes:     []string{ShapeCodeFirst, ShapeEscaped}, HelpLinks: true,
			EventEditions: []Edition{Edition202605},
			Operations:    []string{OpChat},
			Reply:         []string{ReplyText, ReplyReasoning, ReplyToolCall, ReplyToolCalls},
		},
		{
			Name: DashScopeNative, Provider: DashScope, Streams: true,
			BasePath:   "/api/v1",
			Deliveries: []Delivery{DeliverStatus, DeliverFramed, DeliverBody, DeliverEvent, DeliverMidStream},
			Shapes:     []string{ShapeIDFirst}, HelpLinks: true,
			EventEditions: Editions(),
			Operations:    []string{OpChat},
			Reply:         []string{ReplyText, ReplyReasoning, ReplyToolCall, ReplyToolCalls},
		},
		{
			Name: QianfanOAuth, Provider: Qianfan,
			Operations: []string{OpToken},
			Deliveries: []Delivery{DeliverStatus, DeliverBody},
		},
		{
			Name: QianfanV1, Provider: Qianfan, ErrorStatus: 200, Streams: true,
			Deliveries: []Delivery{DeliverStatus, DeliverBody, DeliverEvent, DeliverMidStream},
			Shapes:     []string{ShapeBare},
			Operations: []string{OpChat},
			Reply:      []string{ReplyText, ReplyToolCall},
		},
	}
}

// DialectNamed returns the dialect of that name.
func DialectNamed(name string) (Dialect, bool) {
	for _, d := range Dialects() {
		if d.Name == name {
			return d, true
		}
	}
	return Dialect{}, false
}
