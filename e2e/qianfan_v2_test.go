package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/baidubce/bce-qianfan-sdk/go/qianfan"
	einoqianfan "github.com/cloudwego/eino-ext/components/model/qianfan"
	"github.com/cloudwego/eino/schema"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// TestQianfanMore drives the rest of the V1 API, and V2, through Baidu's own Go
// SDK.
func TestQianfanMore(t *testing.T) { runCases(t, qianfanMoreCases) }

var qianfanMoreCases = []testCase{
	{"V1: embeddings", "", func(t *testing.T, s server) {
		configure(t, s)
		answer := must(qianfan.NewEmbedding().Do(t.Context(), &qianfan.EmbeddingRequest{Input: []string{"一", "二", "一"}}))(t)
		if len(answer.Data) != 3 || len(answer.Data[0].Embedding) != 384 || answer.Usage.TotalTokens != 3 ||
			!slices.Equal(answer.Data[0].Embedding, answer.Data[2].Embedding) || slices.Equal(answer.Data[0].Embedding, answer.Data[1].Embedding) {
			t.Errorf("%d vectors, usage %+v", len(answer.Data), answer.Usage)
		}
		s.wantJournal(t, "token", "embedding")
	}},
	{"V1: an error to embeddings alone", `
		[[rule]]
		name  = "broken"
		match = { operation = "embedding", prompt = "二" }
		error = "336200"`, func(t *testing.T, s server) {
		configure(t, s)
		must(ask())(t)
		_, err := qianfan.NewEmbedding().Do(t.Context(), &qianfan.EmbeddingRequest{Input: []string{"一", "二"}})
		wantAPIError(t, err, 336200, "Embeddings internal error")
	}},
	{"V1: a completion, whole and streamed", `
		[[rule]]
		name  = "said"
		match = { operation = "completion" }
		reply = { text = "SELECT 1; 三", frames = 3 }`, func(t *testing.T, s server) {
		configure(t, s)
		completion := qianfan.NewCompletion(qianfan.WithEndpoint("sqlcoder_7b"))
		if answer := must(completion.Do(t.Context(), &qianfan.CompletionRequest{Prompt: "one"}))(t); answer.Result != "SELECT 1; 三" {
			t.Errorf("answer %+v", answer)
		}
		stream := must(completion.Stream(t.Context(), &qianfan.CompletionRequest{Prompt: "one"}))(t)
		if text, ended := drain(t, stream); text != "SELECT 1; 三" || !ended {
			t.Errorf("text %q, ended %t", text, ended)
		}
	}},
	{"V1: an order of documents", "", func(t *testing.T, s server) {
		configure(t, s)
		answer := must(qianfan.NewReRanker(qianfan.WithEndpoint("bce_reranker_base")).Do(t.Context(), &qianfan.ReRankerRequest{
			Query: "北京天气", Documents: []string{"洋葱汤", "今天北京天气晴"}, TopN: 1,
		}))(t)
		if len(answer.Results) != 1 || answer.Results[0].Index != 1 || answer.Results[0].Document != "今天北京天气晴" {
			t.Errorf("results %+v", answer.Results)
		}
	}},
	{"V1: a picture", "", func(t *testing.T, s server) {
		configure(t, s)
		answer := must(qianfan.NewText2Image(qianfan.WithEndpoint("sd_xl")).Do(t.Context(), &qianfan.Text2ImageRequest{Prompt: "cat"}))(t)
		data := must(base64.StdEncoding.DecodeString(answer.Data[0].Base64Image))(t)
		must(png.Decode(bytes.NewReader(data)))(t)
	}},
	{"V2: a chat with a bearer token from IAM", "", func(t *testing.T, s server) {
		carry(t, s)
		answer := must(qianfan.NewChatCompletionV2().Do(t.Context(), questionV2()))(t)
		if u := answer.Usage; answer.Choices[0].Message.Content == "" || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
			t.Errorf("answer %+v", answer)
		}
		s.wantJournal(t, "token", "chat")
	}},
	{"V2: a stream", `
		[[rule]]
		name  = "said"
		match = { dialect = "qianfan-v2" }
		reply = { text = "One, two, 三。", frames = 4 }`, func(t *testing.T, s server) {
		carry(t, s)
		if text := drainV2(t, must(qianfan.NewChatCompletionV2().Stream(t.Context(), questionV2()))(t)); text != "One, two, 三。" {
			t.Errorf("text %q", text)
		}
	}},
	{"V2: a refusal", `
		[[rule]]
		name  = "busy"
		error = "rpm_rate_limit_exceeded"`, func(t *testing.T, s server) {
		carry(t, s)
		_, err := qianfan.NewChatCompletionV2().Do(t.Context(), questionV2())
		if want := "code: rpm_rate_limit_exceeded, type: rate_limit_exceeded, message: Rate limit reached for RPM"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		s.wantJournal(t, "token", "chat qianfan/v2/rpm_rate_limit_exceeded busy#1") // The SDK tries V2 once only.
	}},
	{"V2: no token for a bad signature", `
		[[rule]]
		name  = "stranger"
		error = "IamSignatureInvalid"
		match = { dialect = "qianfan-iam" }`, func(t *testing.T, s server) {
		carry(t, s)
		if _, err := qianfan.NewChatCompletionV2().Do(t.Context(), questionV2()); err == nil {
			t.Error("the SDK did without a token")
		}
		s.wantJournal(t, "token qianfan/gateway/IamSignatureInvalid stranger#1")
	}},
	{"V2: embeddings and an order of documents", "", func(t *testing.T, s server) {
		carry(t, s)
		vectors := must(qianfan.NewEmbeddingV2().Do(t.Context(), &qianfan.EmbeddingV2Request{Model: "bge-large-zh", Input: []string{"一"}}))(t)
		if len(vectors.Data) != 1 || len(vectors.Data[0].Embedding) != 1024 {
			t.Errorf("vectors %+v", vectors.Data)
		}
		ranked := must(qianfan.NewReRankerV2().Do(t.Context(), &qianfan.ReRankerV2Request{
			Model: "bce-reranker-base", Query: "天气", Documents: []string{"汤", "天气"},
		}))(t)
		if len(ranked.Results) != 2 || ranked.Results[0].Index != 1 || ranked.Results[0].RelevanceScore != 1 {
			t.Errorf("results %+v", ranked.Results)
		}
		s.wantJournal(t, "token", "embedding", "token", "rerank")
	}},
	{"V2: a namespace in the key, which the token carries on", "", func(t *testing.T, s server) {
		carry(t, s)
		qianfan.GetConfig().AccessKey = "ak-mockllm-ns-green"
		must(qianfan.NewChatCompletionV2().Do(t.Context(), questionV2()))(t)
		if got := len(s.exchanges(t, "green")); got != 2 {
			t.Errorf("%d exchanges in the namespace, want the token's and the chat's", got)
		}
	}},
}

// carry configures the SDK to carry a bearer token, a new one for each call: it
// keeps one for all of a process otherwise, whatever server it is from.
func carry(t *testing.T, s server) {
	sign(t, s)
	qianfan.GetConfig().BearerTokenRefreshAdvance = 1 << 30
}

func questionV2() *qianfan.ChatCompletionV2Request {
	return &qianfan.ChatCompletionV2Request{
		Model:    "ernie-4.5-turbo-128k",
		Messages: []qianfan.ChatCompletionV2Message{{Role: "user", Content: "你好"}},
	}
}

func drainV2(t *testing.T, stream *qianfan.ChatCompletionV2ResponseStream) string {
	t.Helper()
	defer stream.Close()
	var b strings.Builder
	for !stream.IsEnd {
		var chunk qianfan.ChatCompletionV2Response
		if err := stream.Recv(&chunk); err != nil {
			t.Fatal(err)
		}
		for _, choice := range chunk.Choices {
			b.WriteString(choice.Delta.Content)
		}
	}
	return b.String()
}

// TestOpenAIOnQianfan drives V2 through OpenAI's own Go SDK.
func TestOpenAIOnQianfan(t *testing.T) { runCases(t, openaiOnQianfanCases) }

var openaiOnQianfanCases = []testCase{
	{"a chat", "", func(t *testing.T, s server) {
		answer := must(s.qianfanV2().Chat.Completions.New(t.Context(), chat()))(t)
		choice, u := answer.Choices[0], answer.Usage
		if choice.Message.Content == "" || choice.FinishReason != "stop" || !strings.HasPrefix(answer.ID, "as-") ||
			u.TotalTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
			t.Errorf("answer %s", answer.RawJSON())
		}
	}},
	streamWithUsage(onV2),
	toolCalled(onV2),
	toolCalledInStream(onV2),
	{"a refusal", `
		[[rule]]
		name  = "owes"
		error = "account_overdue"`, func(t *testing.T, s server) {
		_, err := s.qianfanV2().Chat.Completions.New(t.Context(), chat())
		e := wantError[*openai.Error](t, err)
		if e.StatusCode != 403 || e.Code != "account_overdue" || e.Type != "access_denied" || e.Message != "Access denied due to overdue account" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
		s.wantJournal(t, "chat qianfan/v2/account_overdue owes#1")
	}},
	{"a rate that is retried", `
		[[rule]]
		name        = "busy"
		when        = { calls = "1..2" }
		error       = "rpm_rate_limit_exceeded"
		retry_after = "0s"`, func(t *testing.T, s server) {
		must(s.qianfanV2().Chat.Completions.New(t.Context(), chat()))(t)
		s.wantJournal(t, "chat qianfan/v2/rpm_rate_limit_exceeded busy#1", "chat qianfan/v2/rpm_rate_limit_exceeded busy#2", "chat")
	}},
	{"an error in the middle of a stream", `
		[[rule]]
		name     = "breaks"
		error    = "qianfan/v2/internal_error"
		delivery = { mode = "mid-stream", after_frames = 2 }`, func(t *testing.T, s server) {
		client := s.qianfanV2()
		stream := client.Chat.Completions.NewStreaming(t.Context(), chat())
		defer stream.Close()
		chunks := 0
		for stream.Next() {
			chunks++
		}
		if err := stream.Err(); chunks != 2 || err == nil || !strings.Contains(err.Error(), "Internal error") {
			t.Errorf("%d chunks, then %v", chunks, err)
		}
	}},
	{"a key that is missing", "", func(t *testing.T, s server) {
		_, err := s.qianfanV2(option.WithHeaderDel("Authorization")).Chat.Completions.New(t.Context(), chat())
		if e := wantError[*openai.Error](t, err); e.StatusCode != 401 || e.Code != "invalid_iam_token" || e.Message != "invalid_iam_token" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"embeddings", "", func(t *testing.T, s server) {
		answer := must(s.qianfanV2().Embeddings.New(t.Context(), openai.EmbeddingNewParams{
			Model: "embedding-v1", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two"}},
		}))(t)
		if len(answer.Data) != 2 || len(answer.Data[1].Embedding) != 384 || answer.Data[1].Index != 1 || answer.Usage.PromptTokens == 0 {
			t.Errorf("answer %s", answer.RawJSON())
		}
	}},
	{"a picture", "", func(t *testing.T, s server) {
		answer := must(s.qianfanV2().Images.Generate(t.Context(), openai.ImageGenerateParams{
			Model: "irag-1.0", Prompt: "cat", ResponseFormat: openai.ImageGenerateParamsResponseFormatB64JSON,
		}))(t)
		must(png.Decode(bytes.NewReader(must(base64.StdEncoding.DecodeString(answer.Data[0].B64JSON))(t))))(t)
	}},
	{"the list of models", "", func(t *testing.T, s server) {
		page := must(s.qianfanV2().Models.List(t.Context()))(t)
		if len(page.Data) == 0 || page.Data[0].ID == "" || page.Data[0].Object != "model" {
			t.Errorf("page %s", page.RawJSON())
		}
		s.wantJournal(t, "models")
	}},
}

// onV2 returns the chat service of a client of V2.
func onV2(s server) *openai.ChatCompletionService { return &s.qianfanV2().Chat.Completions }

// qianfanV2 returns a client of V2.
func (s server) qianfanV2(options ...option.RequestOption) *openai.Client {
	all := []option.RequestOption{option.WithBaseURL(s.vendors + "/v2/"), option.WithAPIKey("bce-v3/ALTAK-any/any")}
	client := openai.NewClient(append(all, options...)...)
	return &client
}

// TestEinoOnQianfan drives V2 through eino's model, which is built on Baidu's
// SDK.
func TestEinoOnQianfan(t *testing.T) { runCases(t, einoOnQianfanCases) }

var einoOnQianfanCases = []testCase{
	{"a chat", "", func(t *testing.T, s server) {
		answer := must(eino(t, s).Generate(t.Context(), einoQuestion))(t)
		if u := answer.ResponseMeta.Usage; answer.Content == "" || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
			t.Errorf("answer %+v", answer)
		}
	}},
	{"a stream", `
		[[rule]]
		name  = "said"
		match = { operation = "chat" }
		reply = { text = "One, two, 三。", frames = 4 }`, func(t *testing.T, s server) {
		all := must(schema.ConcatMessageStream(must(eino(t, s).Stream(t.Context(), einoQuestion))(t)))(t)
		if u := all.ResponseMeta.Usage; all.Content != "One, two, 三。" || u == nil || u.TotalTokens == 0 {
			t.Errorf("message %+v", all)
		}
	}},
	{"a tool is called", "", func(t *testing.T, s server) {
		model := must(eino(t, s).WithTools([]*schema.ToolInfo{{
			Name: "weather", Desc: "Tells the weather.",
			ParamsOneOf: schema.NewParamsOneOfByParams(map[string]*schema.ParameterInfo{"city": {Type: schema.String, Required: true}}),
		}}))(t)
		answer := must(model.Generate(t.Context(), einoQuestion))(t)
		var arguments struct{ City *string }
		if len(answer.ToolCalls) != 1 || answer.ToolCalls[0].Function.Name != "weather" ||
			json.Unmarshal([]byte(answer.ToolCalls[0].Function.Arguments), &arguments) != nil || arguments.City == nil {
			t.Errorf("answer %+v", answer)
		}
	}},
	{"a refusal", `
		[[rule]]
		name  = "unsafe"
		error = "system_unsafe"`, func(t *testing.T, s server) {
		_, err := eino(t, s).Generate(t.Context(), einoQuestion)
		if err == nil || !strings.Contains(err.Error(), "system_unsafe") || !strings.Contains(err.Error(), "the content of system field is invalid") {
			t.Errorf("error %v", err)
		}
	}},
	{"an error in the middle of a stream", `
		[[rule]]
		name     = "breaks"
		error    = "qianfan/v2/internal_error"
		delivery = { mode = "mid-stream", after_frames = 2 }`, func(t *testing.T, s server) {
		_, err := schema.ConcatMessageStream(must(eino(t, s).Stream(t.Context(), einoQuestion))(t))
		if err == nil || !strings.Contains(err.Error(), "internal_error") {
			t.Errorf("error %v", err)
		}
	}},
}

var einoQuestion = []*schema.Message{schema.UserMessage("你好")}

func eino(t *testing.T, s server) *einoqianfan.ChatModel {
	t.Helper()
	carry(t, s)
	return must(einoqianfan.NewChatModel(t.Context(), &einoqianfan.ChatModelConfig{Model: "ernie-4.5-turbo-128k"}))(t)
}
