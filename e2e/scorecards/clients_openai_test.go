package scorecards

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"

	"github.com/mockllm/mockllm"
)

func newOpenAI(srv *mockllm.Server) openai.Client {
	return openai.NewClient(option.WithBaseURL(srv.URL()+"/compatible-mode/v1/"), option.WithAPIKey("sk-any"))
}

func openaiChat(_ *testing.T, srv *mockllm.Server, s settings) asker {
	client := newOpenAI(srv)
	return func(ctx context.Context, turns []turn) (turn, error) {
		params := openai.ChatCompletionNewParams{Model: "qwen-plus"}
		for _, t := range turns {
			params.Messages = append(params.Messages, openaiTurn(t))
		}
		if s.tools {
			params.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
				Name: "get_weather", Parameters: shared.FunctionParameters{"type": "object"},
			})}
		}
		if s.stream {
			return openaiStream(ctx, client, params)
		}
		answer, err := client.Chat.Completions.New(ctx, params)
		if err != nil {
			return turn{}, err
		}
		if len(answer.Choices) == 0 {
			return turn{}, errors.New("no choices")
		}
		said := answer.Choices[0].Message
		result := turn{role: "assistant", text: said.Content}
		for _, c := range said.ToolCalls {
			result.call = &call{c.ID, c.Function.Name, c.Function.Arguments}
		}
		return result, nil
	}
}

// openaiStream reads a stream until the client has no more of it, and takes it
// for the answer if the client knows no error.
func openaiStream(ctx context.Context, client openai.Client, params openai.ChatCompletionNewParams) (turn, error) {
	stream := client.Chat.Completions.NewStreaming(ctx, params)
	defer stream.Close()
	var text strings.Builder
	for stream.Next() {
		for _, c := range stream.Current().Choices {
			text.WriteString(c.Delta.Content)
		}
	}
	return turn{role: "assistant", text: text.String()}, stream.Err()
}

func openaiTurn(t turn) openai.ChatCompletionMessageParamUnion {
	switch {
	case t.role == "user":
		return openai.UserMessage(t.text)
	case t.role == "tool":
		return openai.ToolMessage(t.text, t.call.id)
	case t.call == nil:
		return openai.AssistantMessage(t.text)
	}
	said := openai.AssistantMessage(t.text)
	said.OfAssistant.ToolCalls = []openai.ChatCompletionMessageToolCallUnionParam{{OfFunction: &openai.ChatCompletionMessageFunctionToolCallParam{
		ID: t.call.id, Function: openai.ChatCompletionMessageFunctionToolCallFunctionParam{Name: t.call.name, Arguments: t.call.arguments},
	}}}
	return said
}

func openaiEmbed(_ *testing.T, srv *mockllm.Server) doer {
	client := newOpenAI(srv)
	return func(ctx context.Context, text string) error {
		_, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
			Model: "text-embedding-v4", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{text}},
		})
		return err
	}
}
