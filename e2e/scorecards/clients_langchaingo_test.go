package scorecards

import (
	"context"
	"errors"
	"testing"

	"github.com/tmc/langchaingo/llms"
	langopenai "github.com/tmc/langchaingo/llms/openai"

	"github.com/mockllm/mockllm"
)

func newLangOpenAI(t *testing.T, srv *mockllm.Server) *langopenai.LLM {
	client, err := langopenai.New(
		langopenai.WithBaseURL(srv.URL()+"/compatible-mode/v1"), langopenai.WithToken("sk-any"),
		langopenai.WithModel("qwen-plus"), langopenai.WithEmbeddingModel("text-embedding-v4"),
	)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func langOpenAIChat(t *testing.T, srv *mockllm.Server, s settings) asker {
	client := newLangOpenAI(t, srv)
	var options []llms.CallOption
	if s.stream {
		options = append(options, llms.WithStreamingFunc(func(context.Context, []byte) error { return nil }))
	}
	if s.tools {
		options = append(options, llms.WithTools([]llms.Tool{{Type: "function", Function: &llms.FunctionDefinition{
			Name: "get_weather", Description: "Tells the weather.", Parameters: map[string]any{"type": "object"},
		}}}))
	}
	return func(ctx context.Context, turns []turn) (turn, error) {
		var messages []llms.MessageContent
		for _, t := range turns {
			messages = append(messages, langTurn(t))
		}
		answer, err := client.GenerateContent(ctx, messages, options...)
		if err != nil {
			return turn{}, err
		}
		if len(answer.Choices) == 0 {
			return turn{}, errors.New("no choices")
		}
		said := answer.Choices[0]
		result := turn{role: "assistant", text: said.Content}
		for _, c := range said.ToolCalls {
			result.call = &call{c.ID, c.FunctionCall.Name, c.FunctionCall.Arguments}
		}
		return result, nil
	}
}

func langTurn(t turn) llms.MessageContent {
	switch {
	case t.role == "user":
		return llms.TextParts(llms.ChatMessageTypeHuman, t.text)
	case t.role == "tool":
		return llms.MessageContent{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{
			llms.ToolCallResponse{ToolCallID: t.call.id, Name: t.call.name, Content: t.text},
		}}
	case t.call == nil:
		return llms.TextParts(llms.ChatMessageTypeAI, t.text)
	}
	return llms.MessageContent{Role: llms.ChatMessageTypeAI, Parts: []llms.ContentPart{llms.ToolCall{
		ID: t.call.id, Type: "function", FunctionCall: &llms.FunctionCall{Name: t.call.name, Arguments: t.call.arguments},
	}}}
}

func langOpenAIEmbed(t *testing.T, srv *mockllm.Server) doer {
	client := newLangOpenAI(t, srv)
	return func(ctx context.Context, text string) error {
		_, err := client.CreateEmbedding(ctx, []string{text})
		return err
	}
}
