package scorecards

import (
	"testing"

	"github.com/mockllm/mockllm"
)

// A library is a client that people use, with its defaults.
type library struct {
	name    string
	module  string
	dialect string // Which it speaks here.
	note    string // What had to be set besides address, key and model, and what it lacks.

	chat  func(*testing.T, *mockllm.Server, settings) asker
	embed func(*testing.T, *mockllm.Server) doer // nil if it has none.
	paint func(*testing.T, *mockllm.Server) doer // nil if it has none.
	tools bool                                   // It offers tools.
}

// settings are what a program chooses.
type settings struct {
	stream bool // Answers are streamed.
	tools  bool // A tool is offered.
}

// libraries are all clients, in the order of the page.
func libraries() []*library {
	return []*library{
		{
			name: "Qianfan SDK", module: "github.com/baidubce/bce-qianfan-sdk/go/qianfan", dialect: v1,
			note: "A stream that is refused with 18 it asks for once more, and reports the refusal even if it is answered then: so it passes " +
				"ernie-stream-json-error, where only the wire is seen.",
			chat: qianfanChat, embed: qianfanEmbed,
		},
		{
			name: "openai-go", module: "github.com/openai/openai-go/v3", dialect: compatible,
			note: "Tasks for pictures and speech over WebSocket are no part of OpenAI's API.",
			chat: openaiChat, embed: openaiEmbed, tools: true,
		},
		{
			name: "dashscopego", module: "github.com/devinyf/dashscopego", dialect: native,
			note: "It recognizes speech and synthesizes none. The program makes a new client for each question: what is left of a " +
				"stream that failed may end the process, with a panic, if the same client asks again.",
			chat: dashscopegoChat, embed: dashscopegoEmbed, paint: dashscopegoPaint,
		},
		{
			name: "eino qwen", module: "github.com/cloudwego/eino-ext/components/model/qwen", dialect: compatible,
			note: "Embeddings are in another module of eino's.",
			chat: einoQwenChat, tools: true,
		},
		{
			name: "eino qianfan", module: "github.com/cloudwego/eino-ext/components/model/qianfan", dialect: v2,
			note: "It is built on the Qianfan SDK, with the defaults of that. Embeddings are in another module of eino's.",
			chat: einoQianfanChat, tools: true,
		},
		{
			name: "langchaingo ernie", module: "github.com/tmc/langchaingo", dialect: v1,
			note: "The program sets a temperature of 0.5: left to itself, the client sends 0, which the vendor refuses. It sends one turn " +
				"and no history, so that each question is asked alone, and no verdict can tell what it took for an answer.",
			chat: ernieChat, embed: ernieEmbed,
		},
		{
			name: "langchaingo openai", module: "github.com/tmc/langchaingo", dialect: compatible,
			note: "Tasks for pictures and speech over WebSocket are no part of OpenAI's API.",
			chat: langOpenAIChat, embed: langOpenAIEmbed, tools: true,
		},
	}
}

// does reports whether the client can be driven through the incident.
func (l *library) does(c trial) bool {
	has := map[string]bool{
		chats: true, tools: l.tools, vectors: l.embed != nil, pictures: l.paint != nil,
	}
	for _, d := range c.dialects {
		if d == l.dialect {
			return has[c.operation]
		}
	}
	return false
}
