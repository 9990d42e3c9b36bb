package scorecards

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/baidubce/bce-qianfan-sdk/go/qianfan"
	einoqianfan "github.com/cloudwego/eino-ext/components/model/qianfan"

	"github.com/mockllm/mockllm"
)

// TestMain sets what a client reads only once in a process, and has the clients
// keep their logs to themselves.
func TestMain(m *testing.M) {
	qianfan.SetLogLevel(0)
	log.SetOutput(io.Discard)
	qianfan.GetConfig().BearerToken = "bce-v3/ALTAK-any/any" // The key of V2.
	os.Exit(m.Run())
}

// configureQianfan aims the SDK, whose configuration is global, at the server.
// It keeps tokens by key, so each case has a key of its own.
func configureQianfan(t *testing.T, srv *mockllm.Server) {
	c := qianfan.GetConfig()
	before := *c
	t.Cleanup(func() { *c = before })
	c.BaseURL, c.ConsoleBaseURL, c.IAMBaseURL = srv.URL(), srv.URL(), srv.URL()
	c.AK, c.SK = t.Name()+srv.URL(), "secret"
}

func qianfanChat(t *testing.T, srv *mockllm.Server, s settings) asker {
	configureQianfan(t, srv)
	chat := qianfan.NewChatCompletion()
	return func(ctx context.Context, turns []turn) (turn, error) {
		request := &qianfan.ChatCompletionRequest{}
		for _, t := range turns {
			request.Messages = append(request.Messages, qianfan.ChatCompletionMessage{Role: t.role, Content: t.text})
		}
		if s.stream {
			return qianfanStream(ctx, chat, request)
		}
		answer, err := chat.Do(ctx, request)
		if err != nil {
			return turn{}, err
		}
		return turn{role: "assistant", text: answer.Result}, nil
	}
}

// qianfanStream reads a stream until the SDK says that it is at its end.
func qianfanStream(ctx context.Context, chat *qianfan.ChatCompletion, request *qianfan.ChatCompletionRequest) (turn, error) {
	stream, err := chat.Stream(ctx, request)
	if err != nil {
		return turn{}, err
	}
	defer stream.Close()
	var text strings.Builder
	for {
		piece, err := stream.Recv()
		if err != nil {
			return turn{}, err
		}
		if stream.IsEnd {
			return turn{role: "assistant", text: text.String()}, nil
		}
		text.WriteString(piece.Result)
	}
}

func qianfanEmbed(t *testing.T, srv *mockllm.Server) doer {
	configureQianfan(t, srv)
	embedding := qianfan.NewEmbedding()
	return func(ctx context.Context, text string) error {
		_, err := embedding.Do(ctx, &qianfan.EmbeddingRequest{Input: []string{text}})
		return err
	}
}

func einoQianfanChat(t *testing.T, srv *mockllm.Server, s settings) asker {
	configureQianfan(t, srv)
	model, err := einoqianfan.NewChatModel(t.Context(), &einoqianfan.ChatModelConfig{Model: "ernie-4.5-turbo-128k"})
	if err != nil {
		t.Fatal(err)
	}
	return einoChat(t, model, s)
}

// TestQianfanStreamAgain holds what the page notes: the SDK asks for a refused
// stream once more, is answered, and reports the refusal.
func TestQianfanStreamAgain(t *testing.T) {
	srv := mockllm.RunT(t, mockllm.ScenarioText("[[rule]]\nname = \"busy\"\nmatch = { operation = \"chat\" }\nwhen = { calls = 1 }\nerror = \"18\""))
	_, err := qianfanChat(t, srv, settings{stream: true})(t.Context(), []turn{{role: "user", text: "你好"}})
	last := srv.Journal()[len(srv.Journal())-1]
	if refused, ok := errors.AsType[*qianfan.APIError](err); !ok || refused.Code != 18 || last.Operation != "chat" || last.Error != "" {
		t.Errorf("error %v, last exchange %s", err, last.Line())
	}
}
