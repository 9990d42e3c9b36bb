package scorecards

import (
	"context"
	"testing"

	"github.com/cloudwego/eino-ext/components/model/qwen"
	"github.com/cloudwego/eino/components/model"
	"github.com/cloudwego/eino/schema"

	"github.com/mockllm/mockllm"
)

func einoQwenChat(t *testing.T, srv *mockllm.Server, s settings) asker {
	chat, err := qwen.NewChatModel(t.Context(), &qwen.ChatModelConfig{
		BaseURL: srv.URL() + "/compatible-mode/v1", APIKey: "sk-any", Model: "qwen-plus",
	})
	if err != nil {
		t.Fatal(err)
	}
	return einoChat(t, chat, s)
}

// einoChat asks any of eino's models.
func einoChat(t *testing.T, chat model.ToolCallingChatModel, s settings) asker {
	if s.tools {
		var err error
		if chat, err = chat.WithTools([]*schema.ToolInfo{{Name: "get_weather", Desc: "Tells the weather."}}); err != nil {
			t.Fatal(err)
		}
	}
	return func(ctx context.Context, turns []turn) (turn, error) {
		var messages []*schema.Message
		for _, t := range turns {
			messages = append(messages, einoTurn(t))
		}
		said, err := einoAnswer(ctx, chat, messages, s.stream)
		if err != nil {
			return turn{}, err
		}
		result := turn{role: "assistant", text: said.Content}
		for _, c := range said.ToolCalls {
			result.call = &call{c.ID, c.Function.Name, c.Function.Arguments}
		}
		return result, nil
	}
}

func einoAnswer(ctx context.Context, chat model.ToolCallingChatModel, messages []*schema.Message, streamed bool) (*schema.Message, error) {
	if !streamed {
		return chat.Generate(ctx, messages)
	}
	stream, err := chat.Stream(ctx, messages)
	if err != nil {
		return nil, err
	}
	return schema.ConcatMessageStream(stream)
}

func einoTurn(t turn) *schema.Message {
	switch {
	case t.role == "user":
		return schema.UserMessage(t.text)
	case t.role == "tool":
		return schema.ToolMessage(t.text, t.call.id)
	case t.call == nil:
		return schema.AssistantMessage(t.text, nil)
	}
	return schema.AssistantMessage(t.text, []schema.ToolCall{{
		ID: t.call.id, Type: "function", Function: schema.FunctionCall{Name: t.call.name, Arguments: t.call.arguments},
	}})
}
