package scorecards

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/devinyf/dashscopego"
	"github.com/devinyf/dashscopego/embedding"
	"github.com/devinyf/dashscopego/qwen"
	"github.com/devinyf/dashscopego/wanx"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/ernie"

	"github.com/mockllm/mockllm"
)

// A detour leads every request to the server, whatever host it names: the
// clients here have the vendor's host built in.
type detour struct {
	srv *mockllm.Server
	by  http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(d.srv.URL(), "http://")
	return d.by.RoundTrip(r)
}

// lead leads the default transport to the server: dashscopego takes no other.
func lead(t *testing.T, srv *mockllm.Server) {
	before := http.DefaultTransport
	if _, led := before.(detour); !led { // For another worker.
		http.DefaultTransport = detour{srv, before}
		t.Cleanup(func() { http.DefaultTransport = before })
	}
}

func dashscopegoChat(t *testing.T, srv *mockllm.Server, s settings) asker {
	lead(t, srv)
	return func(ctx context.Context, turns []turn) (turn, error) {
		// What is left of a stream that failed would be sent to the next
		// stream of the same client, and that may end the process.
		client := dashscopego.NewTongyiClient(qwen.QwenPlus, "sk-any")
		request := &dashscopego.TextRequest{}
		for _, t := range turns {
			request.Input.Messages = append(request.Input.Messages, dashscopego.TextMessage{Role: t.role, Content: &qwen.TextContent{Text: t.text}})
		}
		if s.stream {
			request.StreamingFn = func(context.Context, []byte) error { return nil }
		}
		answer, err := client.CreateCompletion(ctx, request)
		if err != nil {
			return turn{}, err
		}
		if len(answer.Output.Choices) == 0 {
			return turn{}, errors.New("no choices")
		}
		return turn{role: "assistant", text: answer.Output.Choices[0].Message.Content.ToString()}, nil
	}
}

func dashscopegoEmbed(t *testing.T, srv *mockllm.Server) doer {
	lead(t, srv)
	client := dashscopego.NewTongyiClient(embedding.TextEmbeddingV2, "sk-any")
	return func(ctx context.Context, text string) error {
		_, _, err := client.CreateEmbedding(ctx, &embedding.Request{Input: embedding.Input{Texts: []string{text}}})
		return err
	}
}

func dashscopegoPaint(t *testing.T, srv *mockllm.Server) doer {
	lead(t, srv)
	client := dashscopego.NewTongyiClient(wanx.WanxV1, "sk-any")
	return func(ctx context.Context, text string) error {
		_, err := client.CreateImageGeneration(ctx, &wanx.ImageSynthesisRequest{
			Model: wanx.WanxV1, Input: wanx.ImageSynthesisInput{Prompt: text}, Params: wanx.ImageSynthesisParams{N: 1},
		})
		return err
	}
}

func newErnie(t *testing.T, srv *mockllm.Server) *ernie.LLM {
	client, err := ernie.New(
		ernie.WithHTTPClient(&http.Client{Transport: detour{srv, http.DefaultTransport}}),
		ernie.WithAKSK("ak", "sk"), ernie.WithModelName(ernie.ModelNameERNIEBot),
	)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func ernieChat(t *testing.T, srv *mockllm.Server, s settings) asker {
	client := newErnie(t, srv)
	return func(ctx context.Context, turns []turn) (turn, error) {
		options := []llms.CallOption{llms.WithTemperature(0.5)}
		if s.stream {
			options = append(options, llms.WithStreamingFunc(func(context.Context, []byte) error { return nil }))
		}
		text, err := llms.GenerateFromSinglePrompt(ctx, client, turns[len(turns)-1].text, options...)
		return turn{role: "assistant", text: text}, err
	}
}

func ernieEmbed(t *testing.T, srv *mockllm.Server) doer {
	client := newErnie(t, srv)
	return func(ctx context.Context, text string) error {
		_, err := client.CreateEmbedding(ctx, []string{text})
		return err
	}
}
