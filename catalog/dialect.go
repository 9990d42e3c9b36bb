package catalog

import "slices"

// The providers.
const (
	Qianfan   = "qianfan"
	DashScope = "dashscope"
)

// The dialects. Those that [Dialects] lists answer today; others are only named
// by entries that wait for them.
const (
	QianfanV1           = "qianfan-v1"
	QianfanV2           = "qianfan-v2"
	QianfanAnthropic    = "qianfan-anthropic"
	QianfanResponses    = "qianfan-responses"
	QianfanOAuth        = "qianfan-oauth"
	QianfanIAM          = "qianfan-iam"
	QianfanConsole      = "qianfan-console"
	DashScopeNative     = "dashscope-native"
	DashScopeCompatible = "dashscope-compatible"
	DashScopeResponses  = "dashscope-responses"
	DashScopeAnthropic  = "dashscope-anthropic"
	DashScopeWS         = "dashscope-ws"
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
	OpMusic          = "music"
	OpVideo          = "video"
	OpTranscription  = "transcription"
	OpTask           = "task" // Looking after what others made.
	OpApp            = "app"
	OpModels         = "models"
	OpResponse       = "response" // One that was made before.
	OpConversation   = "conversation"
	OpFile           = "file"
	OpBatch          = "batch"
	OpUpload         = "upload"
	OpDeployment     = "deployment"
	OpCustomization  = "customization" // Voices and hot words of one's own.
	OpToken          = "token"
	OpModel          = "model" // From here on, Qianfan's console; DashScope has this and finetune too.
	OpPrompt         = "prompt"
	OpService        = "service"
	OpFineTune       = "finetune"
	OpDataset        = "dataset"
	OpQuota          = "quota"
	OpBatchInference = "batch-inference"
	OpEvaluation     = "evaluation"
	OpMemory         = "memory"
	OpHandshake      = "handshake" // Opens a WebSocket; calls are made on it.
)

// The things a scripted reply may ask for that not every operation can show.
const (
	ReplyText      = "text"               // Text, finish reason, usage and frames.
	ReplyReasoning = "reasoning"          //
	ReplyToolCall  = "a tool call"        // One.
	ReplyToolCalls = "several tool calls" //
	ReplyNoChoices = "choices = 0"        //
	ReplyNull      = "null_content"       //
	ReplySafety    = "ban_round, flag"    // Signals of content safety at HTTP 200.
	ReplyHistory   = "need_clear_history" //
	ReplyIsSafe    = "is_safe"            //
	ReplyTask      = "a task"             // The life of what the call makes.
	ReplyBatch     = "batch"              // What becomes of a batch.
)

// An Operation is something that can be called on a dialect.
type Operation struct {
	Name    string
	Streams bool     // Whether its answer can be a stream of frames.
	Reply   []string // Which parts of a scripted reply it can show.
	Opens   bool     // It is no call, but opens the connection on which calls are made.
}

// Shows reports whether the operation can show that part of a scripted reply.
func (o Operation) Shows(part string) bool { return slices.Contains(o.Reply, part) }

// MakesTasks reports whether calls of the operation can make a task, which is
// asked for later.
func (o Operation) MakesTasks() bool { return o.Shows(ReplyTask) }

// plain makes operations that neither stream nor show anything scripted.
func plain(names ...string) []Operation {
	operations := make([]Operation, len(names))
	for i, name := range names {
		operations[i].Name = name
	}
	return operations
}

// A Delivery is the way in which an error arrives.
type Delivery string

// The deliveries.
const (
	DeliverStatus    Delivery = "status"     // The real status, and a whole body.
	DeliverFramed    Delivery = "framed"     // The real status, and the body framed as an event.
	DeliverBody      Delivery = "body"       // HTTP 200, and a whole body.
	DeliverEvent     Delivery = "event"      // The first event of a 200 stream.
	DeliverMidStream Delivery = "mid-stream" // Behind some frames of a 200 stream.
	DeliverTask      Delivery = "task"       // The call makes a task, which fails.
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
	Name       string // Such as "qianfan-v1".
	Provider   string // "qianfan" or "dashscope".
	Operations []Operation
	BasePath   string // What stands between host and operation in a client's base URL.

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

	// Sockets says that calls are made on a WebSocket: the handshake alone has an
	// HTTP status, and nothing else of HTTP can be damaged.
	Sockets bool

	// Signs says that calls may be signed, host included, instead of bringing
	// a key or a token.
	Signs bool

	// Compatible says that the OpenAI-compatible code is sent where an entry
	// has one.
	Compatible bool
}

// Operation returns the operation of that name.
func (d Dialect) Operation(name string) (Operation, bool) {
	for _, o := range d.Operations {
		if o.Name == name {
			return o, true
		}
	}
	return Operation{}, false
}

// OperationNames returns the names of all operations.
func (d Dialect) OperationNames() []string {
	names := make([]string, len(d.Operations))
	for i, o := range d.Operations {
		names[i] = o.Name
	}
	return names
}

// Carries reports whether the dialect offers the operation.
func (d Dialect) Carries(operation string) bool {
	_, found := d.Operation(operation)
	return found
}

// Streams reports whether any answer of the dialect can be a stream.
func (d Dialect) Streams() bool {
	return slices.ContainsFunc(d.Operations, func(o Operation) bool { return o.Streams })
}

// Delivers reports whether an error can arrive in that way.
func (d Dialect) Delivers(way Delivery) bool { return slices.Contains(d.Deliveries, way) }

// chatReply is what an OpenAI-shaped chat can show, itemReply what an answer of
// items or blocks can, textReply what a simpler answer can, and taskReply what a
// call that makes a task can.
var (
	chatReply = []string{ReplyText, ReplyReasoning, ReplyToolCall, ReplyToolCalls, ReplyNoChoices, ReplyNull}
	itemReply = []string{ReplyText, ReplyReasoning, ReplyToolCall, ReplyToolCalls, ReplyNoChoices}
	textReply = []string{ReplyText}
	taskReply = []string{ReplyTask}
)

// dialects is every dialect, sorted by name.
var dialects = []Dialect{
	{
		Name: DashScopeAnthropic, Provider: DashScope, Compatible: true, BasePath: "/apps/anthropic",
		Deliveries: []Delivery{DeliverStatus, DeliverFramed, DeliverBody, DeliverEvent, DeliverMidStream},
		HelpLinks:  true,
		Operations: append([]Operation{{Name: OpChat, Streams: true, Reply: itemReply}}, plain(OpTokenize)...),
	},
	{
		Name: DashScopeCompatible, Provider: DashScope, Compatible: true, BasePath: "/compatible-mode/v1",
		Deliveries: []Delivery{DeliverStatus, DeliverFramed, DeliverBody, DeliverEvent, DeliverMidStream},
		Shapes:     []string{ShapeCodeFirst, ShapeEscaped}, HelpLinks: true,
		EventEditions: []Edition{Edition202605},
		Operations: append([]Operation{
			{Name: OpChat, Streams: true, Reply: chatReply},
			{Name: OpCompletion, Streams: true, Reply: textReply},
			{Name: OpBatch, Reply: []string{ReplyBatch}},
		}, plain(OpEmbedding, OpRerank, OpModels, OpFile)...),
	},
	{
		Name: DashScopeNative, Provider: DashScope, BasePath: "/api/v1",
		Deliveries: []Delivery{DeliverStatus, DeliverFramed, DeliverBody, DeliverEvent, DeliverMidStream, DeliverTask},
		Shapes:     []string{ShapeIDFirst}, HelpLinks: true,
		EventEditions: Editions(),
		Operations: append([]Operation{
			{Name: OpChat, Streams: true, Reply: chatReply},
			{Name: OpApp, Streams: true, Reply: textReply},
			{Name: OpSpeech, Streams: true},
			{Name: OpMusic, Streams: true},
			{Name: OpEmbedding, Reply: taskReply},
			{Name: OpImage, Reply: taskReply},
			{Name: OpVideo, Reply: taskReply},
			{Name: OpTranscription, Reply: taskReply},
		}, plain(OpRerank, OpTokenize, OpModels, OpTask, OpFile, OpUpload, OpToken, OpFineTune, OpModel, OpDeployment, OpCustomization)...),
	},
	{
		Name: DashScopeResponses, Provider: DashScope, BasePath: "/compatible-mode/v1",
		Deliveries: []Delivery{DeliverStatus, DeliverFramed, DeliverBody, DeliverEvent, DeliverMidStream},
		HelpLinks:  true, EventEditions: Editions(),
		Operations: append([]Operation{{Name: OpChat, Streams: true, Reply: itemReply}}, plain(OpResponse, OpConversation)...),
	},
	{
		Name: DashScopeWS, Provider: DashScope, Sockets: true, BasePath: "/api-ws/v1/inference",
		Deliveries: []Delivery{DeliverStatus, DeliverEvent, DeliverMidStream},
		Operations: []Operation{
			{Name: OpSpeech, Streams: true},
			{Name: OpTranscription, Streams: true, Reply: textReply},
			{Name: OpChat, Streams: true, Reply: chatReply},
			{Name: OpHandshake, Opens: true},
		},
	},
	{
		Name: QianfanAnthropic, Provider: Qianfan, BasePath: "/anthropic",
		Deliveries: []Delivery{DeliverStatus, DeliverBody, DeliverEvent, DeliverMidStream},
		Operations: []Operation{{Name: OpChat, Streams: true, Reply: itemReply}},
	},
	{
		Name: QianfanConsole, Provider: Qianfan, Signs: true,
		Deliveries: []Delivery{DeliverStatus, DeliverBody},
		Operations: plain(OpService, OpModel, OpEvaluation, OpFineTune, OpDataset, OpPrompt, OpBatchInference, OpQuota, OpMemory),
	},
	{
		Name: QianfanIAM, Provider: Qianfan, Signs: true,
		Deliveries: []Delivery{DeliverStatus, DeliverBody},
		Operations: plain(OpToken),
	},
	{
		Name: QianfanOAuth, Provider: Qianfan,
		Deliveries: []Delivery{DeliverStatus, DeliverBody},
		Operations: plain(OpToken),
	},
	{
		Name: QianfanResponses, Provider: Qianfan, BasePath: "/v2",
		Deliveries: []Delivery{DeliverStatus, DeliverBody, DeliverEvent, DeliverMidStream},
		Operations: append([]Operation{{Name: OpChat, Streams: true, Reply: itemReply}}, plain(OpResponse)...),
	},
	{
		Name: QianfanV1, Provider: Qianfan, ErrorStatus: 200, Signs: true,
		Deliveries: []Delivery{DeliverStatus, DeliverBody, DeliverEvent, DeliverMidStream},
		Shapes:     []string{ShapeBare},
		Operations: append([]Operation{
			{Name: OpChat, Streams: true, Reply: []string{ReplyText, ReplyToolCall, ReplySafety, ReplyHistory}},
			{Name: OpCompletion, Streams: true, Reply: []string{ReplyText, ReplyIsSafe}},
			{Name: OpImageToText, Streams: true, Reply: []string{ReplyText, ReplyIsSafe}},
			{Name: OpPlugin, Streams: true, Reply: []string{ReplyText, ReplySafety, ReplyHistory}},
		}, plain(OpEmbedding, OpRerank, OpImage, OpTokenize, OpPrompt)...),
	},
	{
		Name: QianfanV2, Provider: Qianfan, BasePath: "/v2",
		Deliveries: []Delivery{DeliverStatus, DeliverBody, DeliverEvent, DeliverMidStream},
		Operations: append([]Operation{
			{Name: OpChat, Streams: true, Reply: append([]string{ReplySafety}, chatReply...)},
			{Name: OpApp, Streams: true, Reply: textReply},
			{Name: OpBatch, Reply: []string{ReplyBatch}},
		}, plain(OpEmbedding, OpRerank, OpImage, OpModels, OpFile)...),
	},
}

// Dialects returns every dialect, sorted by name. The slice is shared; do not
// change it.
func Dialects() []Dialect { return dialects }

// DialectNamed returns the dialect of that name.
func DialectNamed(name string) (Dialect, bool) {
	for i := range dialects {
		if dialects[i].Name == name {
			return dialects[i], true
		}
	}
	return Dialect{}, false
}
