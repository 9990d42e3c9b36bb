package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/cloudwego/eino-ext/components/model/qwen"
	"github.com/cloudwego/eino/schema"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// TestOpenAIMore drives the rest of DashScope's compatible mode through
// OpenAI's own Go SDK.
func TestOpenAIMore(t *testing.T) { runCases(t, openaiMoreCases) }

var openaiMoreCases = []testCase{
	{"embeddings", "", func(t *testing.T, s server) {
		params := embeddings("one", "two", "one")
		params.Dimensions = openai.Int(256)
		answer := must(s.client().Embeddings.New(t.Context(), params))(t)
		one, two, again := answer.Data[0].Embedding, answer.Data[1].Embedding, answer.Data[2].Embedding
		if len(one) != 256 || !slices.Equal(one, again) || slices.Equal(one, two) || answer.Data[2].Index != 2 {
			t.Errorf("answer %s", answer.RawJSON())
		}
		if u := answer.Usage; u.PromptTokens == 0 || u.PromptTokens != u.TotalTokens {
			t.Errorf("usage %s", u.RawJSON())
		}
	}},
	// The SDK's type has no room for base64: what came is in the JSON only.
	{"embeddings in base64", "", func(t *testing.T, s server) {
		params := embeddings("one")
		params.EncodingFormat = openai.EmbeddingNewParamsEncodingFormatBase64
		var answer struct{ Data []struct{ Embedding []byte } }
		if err := s.client().Post(t.Context(), "embeddings", params, &answer); err != nil || len(answer.Data[0].Embedding) != 4*1024 {
			t.Errorf("answer %v: %v", answer, err)
		}
	}},
	{"embeddings are refused", quota, func(t *testing.T, s server) {
		_, err := s.client(option.WithMaxRetries(0)).Embeddings.New(t.Context(), embeddings("one"))
		if e := wantError[*openai.Error](t, err); e.StatusCode != 429 || e.Code != "insufficient_quota" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
		s.wantJournal(t, "embedding dashscope/model/Throttling.AllocationQuota spent#1")
	}},
	{"too many texts to embed", "", func(t *testing.T, s server) {
		_, err := s.client().Embeddings.New(t.Context(), embeddings(strings.Split("a b c d e f g h i j k", " ")...))
		if e := wantError[*openai.Error](t, err); e.StatusCode != 400 || !strings.HasSuffix(e.Message, "Value error, batch size is invalid, it should not be larger than 10.: input.contents") {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"the list of models", "", func(t *testing.T, s server) {
		var names []string
		pages := s.client().Models.ListAutoPaging(t.Context())
		for pages.Next() {
			names = append(names, pages.Current().ID)
		}
		if pages.Err() != nil || !slices.Contains(names, "qwen-plus") {
			t.Errorf("models %v: %v", names, pages.Err())
		}
	}},
	{"a completion", "", func(t *testing.T, s server) {
		answer := must(s.client().Completions.New(t.Context(), completion()))(t)
		if choice := answer.Choices[0]; choice.Text == "" || choice.FinishReason != "stop" || answer.Object != "text_completion" {
			t.Errorf("answer %s", answer.RawJSON())
		}
		if u := answer.Usage; u.TotalTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
			t.Errorf("usage %s: no sum", u.RawJSON())
		}
	}},
	{"a completion in a stream", `
		[[rule]]
		name  = "said"
		match = { operation = "completion" }
		reply = { text = "return 1, 二", frames = 3 }`, func(t *testing.T, s server) {
		params := completion()
		params.StreamOptions.IncludeUsage = openai.Bool(true)
		stream := s.client().Completions.NewStreaming(t.Context(), params)
		defer stream.Close()
		var said, finish string
		var total int64
		for stream.Next() {
			chunk := stream.Current()
			total = chunk.Usage.TotalTokens
			for _, choice := range chunk.Choices {
				said, finish = said+choice.Text, string(choice.FinishReason)
			}
		}
		if stream.Err() != nil || said != "return 1, 二" || finish != "stop" || total == 0 {
			t.Errorf("said %q, finish %q, %d tokens: %v", said, finish, total, stream.Err())
		}
	}},
}

// client returns a client of the compatible mode.
func (s server) client(options ...option.RequestOption) *openai.Client {
	all := []option.RequestOption{option.WithBaseURL(s.vendors + "/compatible-mode/v1/"), option.WithAPIKey("sk-any")}
	client := openai.NewClient(append(all, options...)...)
	return &client
}

func embeddings(texts ...string) openai.EmbeddingNewParams {
	return openai.EmbeddingNewParams{
		Model: "text-embedding-v4", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts},
	}
}

func completion() openai.CompletionNewParams {
	return openai.CompletionNewParams{
		Model: "qwen-coder-turbo", Prompt: openai.CompletionNewParamsPromptUnion{OfString: openai.String("def one():")},
	}
}

// TestEinoQwen drives the compatible mode through Eino's model of Qwen.
func TestEinoQwen(t *testing.T) { runCases(t, einoQwenCases) }

var einoQwenCases = []testCase{
	{"a chat", "", func(t *testing.T, s server) {
		answer := must(s.qwen(t).Generate(t.Context(), rain))(t)
		if meta := answer.ResponseMeta; answer.Content == "" || meta.FinishReason != "stop" || meta.Usage.TotalTokens == 0 {
			t.Errorf("answer %+v", answer)
		}
	}},
	{"a stream", `
		[[rule]]
		name  = "said"
		reply = { text = "One, two, 三。", frames = 4 }`, func(t *testing.T, s server) {
		answer, err := s.qwenStream(t)
		if err != nil || answer.Content != "One, two, 三。" || answer.ResponseMeta.FinishReason != "stop" {
			t.Errorf("answer %+v: %v", answer, err)
		}
	}},
	{"a tool call in a stream", `
		[[rule]]
		name  = "called"
		reply = { tool_calls = [{ name = "weather", arguments = { city = "杭州" } }] }`, func(t *testing.T, s server) {
		answer, err := s.qwenStream(t)
		if err != nil || len(answer.ToolCalls) != 1 || answer.ToolCalls[0].Function.Name != "weather" || !json.Valid([]byte(answer.ToolCalls[0].Function.Arguments)) {
			t.Errorf("answer %+v: %v", answer, err)
		}
	}},
	// Status and message surface in one text; the code is lost in it.
	{"an error", quota, func(t *testing.T, s server) {
		_, err := s.qwen(t).Generate(t.Context(), rain)
		wantQwenError(t, err, "status code: 429", "You exceeded your current quota, please check your plan and billing details.")
		s.wantJournal(t, "chat dashscope/model/Throttling.AllocationQuota spent#1")
	}},
	{"a stream refused before its first chunk", quota, func(t *testing.T, s server) {
		_, err := s.qwenStream(t)
		wantQwenError(t, err, "status code: 429", "You exceeded your current quota")
	}},
	{"an error in the middle of a stream", `
		[[rule]]
		name     = "unsafe"
		error    = "DataInspectionFailed"
		variant  = "Output data may"
		delivery = { mode = "mid-stream", after_frames = 2 }`, func(t *testing.T, s server) {
		_, err := s.qwenStream(t)
		wantQwenError(t, err, "Output data may contain inappropriate content.")
	}},
}

var rain = []*schema.Message{schema.UserMessage("Will it rain?")}

func (s server) qwen(t *testing.T) *qwen.ChatModel {
	t.Helper()
	return must(qwen.NewChatModel(t.Context(), &qwen.ChatModelConfig{
		BaseURL: s.vendors + "/compatible-mode/v1", APIKey: "sk-any", Model: "qwen-plus",
	}))(t)
}

// qwenStream reads a stream to its end and joins what it brings.
func (s server) qwenStream(t *testing.T) (*schema.Message, error) {
	stream, err := s.qwen(t).Stream(t.Context(), rain)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var pieces []*schema.Message
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return schema.ConcatMessages(pieces)
		}
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, piece)
	}
}

func wantQwenError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q, want %q in it", err, part)
		}
	}
}

// TestSpeechFile fetches the recording that an answer points to, which no rule
// may refuse.
func TestSpeechFile(t *testing.T) {
	runCases(t, []testCase{{"a recording", `
		[[rule]]
		name  = "later"
		match = { provider = "dashscope" }
		when  = { calls = "2.." }
		error = "InternalError"`, func(t *testing.T, s server) {
		const path = "/ns/blue/api/v1/services/audio/tts/SpeechSynthesizer"
		request := must(http.NewRequest("POST", s.vendors+path, strings.NewReader(`{"model":"cosyvoice-v3-flash","input":{"text":"hi","voice":"v"}}`)))(t)
		request.Header.Set("Authorization", "Bearer sk-any")
		answer := must(http.DefaultClient.Do(request))(t)
		defer answer.Body.Close()
		var said struct {
			Output struct{ Audio struct{ URL string } }
		}
		if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || !strings.HasPrefix(said.Output.Audio.URL, s.vendors+"/ns/blue/") {
			t.Fatalf("answer %+v: %v", said, err)
		}
		for range 2 {
			file := must(http.Get(said.Output.Audio.URL))(t)
			sound := must(io.ReadAll(file.Body))(t)
			file.Body.Close()
			if file.StatusCode != 200 || file.Header.Get("Content-Type") != "audio/wav" || !bytes.HasPrefix(sound, []byte("RIFF")) {
				t.Errorf("file: %s, %d bytes", file.Status, len(sound))
			}
		}
	}}})
}
