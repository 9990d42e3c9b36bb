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
	QianfanOAuth        = "qianfan-oauth"
	DashScopeNative     = "dashscope-native"
	DashScopeCompatible = "dashscope-compatible"
)

// The operations. A dialect offers some of them.
const (
	OpChat  = "chat"
	OpToken = "token"
)

// The things a scripted reply may ask for that not every dialect can show.
const (
	ReplyText      = "text"               // Text, finish reason, usage and frames.
	ReplyReasoning = "reasoning"          //
	ReplyToolCall  = "a tool call"        // One.
	ReplyToolCalls = "several tool calls" //
)

// A Dialect is one wire shape of one provider.
type Dialect struct {
	Name       string   // Such as "qianfan-v1".
	Provider   string   // "qianfan" or "dashscope".
	Operations []string // What can be called on it.
	Reply      []string // Which parts of a scripted reply it can show.
	Streams    bool     // Whether an answer can be a stream of frames.
	BasePath   string   // What stands between host and operation in a client's base URL.

	// ErrorStatus is the HTTP status of every error of the dialect, or 0 if
	// each error has its own. Qianfan V1 answers 200 to all.
	ErrorStatus int

	// Compatible says that the OpenAI-compatible code is sent where an entry
	// has one.
	Compatible bool
}

// Carries reports whether the dialect offers the operation.
func (d Dialect) Carries(operation string) bool { return slices.Contains(d.Operations, operation) }

// Shows reports whether the dialect can show that part of a scripted reply.
func (d Dialect) Shows(part string) bool { return slices.Contains(d.Reply, part) }

// Dialects returns every dialect, sorted by name.
func Dialects() []Dialect {
	return []Dialect{
		{
			Name: DashScopeCompatible, Provider: DashScope, Compatible: true, Streams: true,
			BasePath:   "/compatible-mode/v1",
			Operations: []string{OpChat},
			Reply:      []string{ReplyText, ReplyReasoning, ReplyToolCall, ReplyToolCalls},
		},
		{
			Name: DashScopeNative, Provider: DashScope, Streams: true,
			BasePath:   "/api/v1",
			Operations: []string{OpChat},
			Reply:      []string{ReplyText, ReplyReasoning, ReplyToolCall, ReplyToolCalls},
		},
		{
			Name: QianfanOAuth, Provider: Qianfan,
			Operations: []string{OpToken},
		},
		{
			Name: QianfanV1, Provider: Qianfan, ErrorStatus: 200, Streams: true,
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
