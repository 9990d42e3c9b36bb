package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
)

// TestOpenAI drives DashScope's compatible mode through OpenAI's own Go SDK.
func TestOpenAI(t *testing.T) { runCases(t, openaiCases) }

var openaiCases = []testCase{
	{"a chat", "", func(t *testing.T, s server) {
		answer := must(s.openai().New(t.Context(), chat()))(t)
		choice, u := answer.Choices[0], answer.Usage
		if choice.Message.Content == "" || choice.FinishReason != "stop" || answer.Model != "qwen-plus" {
			t.Errorf("answer %s", answer.RawJSON())
		}
		if u.TotalTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
			t.Errorf("usage %s: no sum", u.RawJSON())
		}
	}},
	streamWithUsage(onCompatible),
	{"a stream says what the whole answer says", "", func(t *testing.T, s server) {
		all := accumulate(t, s.openai(), chat())
		if content := all.Choices[0].Message.Content; content == "" || all.Usage.TotalTokens != 0 {
			t.Errorf("text %q, usage %+v that was not asked for", content, all.Usage)
		}
	}},
	{"a tool is called, and its result used", "", func(t *testing.T, s server) {
		params := chat()
		params.Tools = tools
		call := must(s.openai().New(t.Context(), params))(t).Choices[0]
		wantToolCall(t, call)
		params.Messages = append(params.Messages, call.Message.ToParam(), openai.ToolMessage("sunny", call.Message.ToolCalls[0].ID))
		if said := must(s.openai().New(t.Context(), params))(t).Choices[0]; said.FinishReason != "stop" || said.Message.Content == "" {
			t.Errorf("after the tool's result: %s", said.RawJSON())
		}
	}},
	toolCalledInStream(onCompatible),
	{"JSON mode", "", func(t *testing.T, s server) {
		params := chat()
		params.ResponseFormat.OfJSONObject = &shared.ResponseFormatJSONObjectParam{}
		_, err := s.openai().New(t.Context(), params)
		e := wantError[*openai.Error](t, err)
		if e.StatusCode != 400 || e.Code != "invalid_parameter_error" || !strings.HasPrefix(e.Message, "'messages' must contain the word 'json'") {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
		params.Messages = append(params.Messages, openai.UserMessage("Answer as JSON."))
		if content := must(s.openai().New(t.Context(), params))(t).Choices[0].Message.Content; !json.Valid([]byte(content)) {
			t.Errorf("content %q is no JSON", content)
		}
	}},
	{"a model that nobody knows", "", func(t *testing.T, s server) {
		params := chat()
		params.Model = "gpt-4o"
		_, err := s.openai().New(t.Context(), params)
		e := wantError[*openai.Error](t, err)
		if e.StatusCode != 404 || e.Code != "model_not_found" || e.Message != "The model `gpt-4o` does not exist or you do not have access to it." {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"the Coding Plan's address", "", func(t *testing.T, s server) {
		onPlan := []option.RequestOption{option.WithBaseURL(s.vendors + "/v1/"), option.WithAPIKey("sk-sp-any")}
		if said := must(s.openai(onPlan...).New(t.Context(), chat()))(t); said.Choices[0].Message.Content == "" {
			t.Errorf("answer %s", said.RawJSON())
		}
		params := chat()
		params.Model = "gpt-4o"
		_, err := s.openai(onPlan...).New(t.Context(), params)
		if e := wantError[*openai.Error](t, err); e.StatusCode != 400 || e.Message != "model `gpt-4o` is not supported." {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"a model that only streams", "", func(t *testing.T, s server) {
		params := chat()
		params.Model = "qwq-plus"
		_, err := s.openai().New(t.Context(), params)
		if e := wantError[*openai.Error](t, err); e.StatusCode != 400 || !strings.HasPrefix(e.Message, "This model only support stream mode") {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
		if said := accumulate(t, s.openai(), params).Choices[0].Message; said.Content == "" {
			t.Errorf("streamed: %s", said.RawJSON())
		}
	}},
	{"a used-up quota", `
		[[rule]]
		name  = "spent"
		error = "Throttling.AllocationQuota"`, func(t *testing.T, s server) {
		_, err := s.openai(option.WithMaxRetries(0)).New(t.Context(), chat())
		e := wantError[*openai.Error](t, err)
		if e.StatusCode != 429 || e.Code != "insufficient_quota" || e.Type != "insufficient_quota" ||
			!strings.HasPrefix(e.Message, "You exceeded your current quota, please check your plan and billing details.") {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
		// The SDK keeps no request id, but the answer: the same one in header and body.
		if id := e.Response.Header.Get("X-Request-Id"); id == "" || !strings.Contains(string(e.DumpResponse(true)), `"request_id":"`+id+`"`) {
			t.Errorf("request id %q: %s", id, e.DumpResponse(true))
		}
		s.wantJournal(t, "chat dashscope/model/Throttling.AllocationQuota spent#1")
	}},
	{"a stream refused before its first chunk", `
		[[rule]]
		name  = "spent"
		error = "insufficient_quota"`, func(t *testing.T, s server) {
		stream := s.openai(option.WithMaxRetries(0)).NewStreaming(t.Context(), chat())
		defer stream.Close()
		if stream.Next() {
			t.Errorf("chunk %s, want none", stream.Current().RawJSON())
		}
		if e := wantError[*openai.Error](t, stream.Err()); e.StatusCode != 429 || e.Code != "insufficient_quota" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"two retries by default", `
		[[rule]]
		name        = "busy"
		when        = { calls = "1..2" }
		error       = "Throttling.RateQuota"
		retry_after = "0s" # Else the SDK waits for a second and a half in all.`, func(t *testing.T, s server) {
		must(s.openai().New(t.Context(), chat()))(t)
		s.wantJournal(t, "chat dashscope/model/Throttling.RateQuota busy#1", "chat dashscope/model/Throttling.RateQuota busy#2", "chat")
	}},
	{"one failure more than there are retries", `
		[[rule]]
		name        = "broken"
		when        = { calls = "1..3" }
		error       = "dashscope/InternalError"
		retry_after = "0s"`, func(t *testing.T, s server) {
		_, err := s.openai().New(t.Context(), chat())
		if e := wantError[*openai.Error](t, err); e.StatusCode != 500 {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
		if got := len(s.exchanges(t, "")); got != 3 {
			t.Errorf("%d attempts, want 3", got)
		}
	}},
	{"a key that is refused", `
		[[rule]]
		name  = "stranger"
		match = { key = "sk-unknown" }
		error = "InvalidApiKey"`, func(t *testing.T, s server) {
		must(s.openai().New(t.Context(), chat()))(t)
		_, err := s.openai(option.WithAPIKey("sk-unknown")).New(t.Context(), chat())
		if e := wantError[*openai.Error](t, err); e.StatusCode != 401 || e.Code != "invalid_api_key" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"a model that asks for an error", "", func(t *testing.T, s server) {
		params := chat()
		params.Model = "mockllm-error-Arrearage"
		_, err := s.openai().New(t.Context(), params)
		if e := wantError[*openai.Error](t, err); e.StatusCode != 400 || e.Code != "Arrearage" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"a header that asks for an error", "", func(t *testing.T, s server) {
		_, err := s.openai(option.WithMaxRetries(0), option.WithHeader("X-Mockllm-Error", "limit_requests")).New(t.Context(), chat())
		if e := wantError[*openai.Error](t, err); e.StatusCode != 429 || e.Code != "limit_requests" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"a header that asks for what there is not", "", func(t *testing.T, s server) {
		_, err := s.openai(option.WithHeader("X-Mockllm-Error", "limit_reqests")).New(t.Context(), chat())
		e := wantError[*openai.Error](t, err)
		// It is no error of the vendor's, so the SDK finds nothing in it.
		if e.StatusCode != 400 || e.Code != "" || e.Message != "" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
		if want := `did you mean \"limit_requests\"?`; !strings.Contains(string(e.DumpResponse(true)), `{"mockllm":`) || !strings.Contains(string(e.DumpResponse(true)), want) {
			t.Errorf("answer %s", e.DumpResponse(true))
		}
		if got := len(s.exchanges(t, "")); got != 1 {
			t.Errorf("%d attempts, want 1: nobody tries again what is a mistake", got)
		}
	}},
}

// A chatService is where a vendor's chat is found with OpenAI's SDK: what holds
// of both vendors is written once.
type chatService func(server) *openai.ChatCompletionService

func onCompatible(s server) *openai.ChatCompletionService { return s.openai() }

func streamWithUsage(on chatService) testCase {
	return testCase{"a stream with its usage", `
		[[rule]]
		name  = "said"
		reply = { text = "One, two, 三。", frames = 4 }`, func(t *testing.T, s server) {
		params := chat()
		params.StreamOptions.IncludeUsage = openai.Bool(true)
		all := accumulate(t, on(s), params)
		if choice := all.Choices[0]; choice.Message.Content != "One, two, 三。" || choice.FinishReason != "stop" {
			t.Errorf("accumulated %+v", choice)
		}
		if u := all.Usage; u.TotalTokens == 0 || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
			t.Errorf("usage %+v: no sum", u)
		}
	}}
}

func toolCalled(on chatService) testCase {
	return testCase{"a tool is called", "", func(t *testing.T, s server) {
		params := chat()
		params.Tools = tools
		wantToolCall(t, must(on(s).New(t.Context(), params))(t).Choices[0])
	}}
}

func toolCalledInStream(on chatService) testCase {
	return testCase{"a tool is called in a stream", "", func(t *testing.T, s server) {
		params := chat()
		params.Tools = tools
		wantToolCall(t, accumulate(t, on(s), params).Choices[0])
	}}
}

// openai returns the chat service of a client of the compatible mode.
func (s server) openai(options ...option.RequestOption) *openai.ChatCompletionService {
	return &s.client(options...).Chat.Completions
}

func chat() openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:    "qwen-plus",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("Will it rain?")},
	}
}

var tools = []openai.ChatCompletionToolUnionParam{
	openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: "weather",
		Parameters: shared.FunctionParameters{
			"type":       "object",
			"properties": map[string]any{"city": map[string]any{"type": "string"}},
			"required":   []string{"city"},
		},
	}),
}

// accumulate reads a stream to its end through the SDK's own accumulator.
func accumulate(t *testing.T, chats *openai.ChatCompletionService, params openai.ChatCompletionNewParams) openai.ChatCompletionAccumulator {
	t.Helper()
	stream := chats.NewStreaming(t.Context(), params)
	defer stream.Close()
	var all openai.ChatCompletionAccumulator
	for stream.Next() {
		if chunk := stream.Current(); !all.AddChunk(chunk) {
			t.Fatalf("chunk %s does not follow", chunk.RawJSON())
		}
	}
	if err := stream.Err(); err != nil || len(all.Choices) == 0 {
		t.Fatalf("stream ended with %v after %d choices", err, len(all.Choices))
	}
	return all
}

// wantToolCall wants one call of the tool, with what its schema requires.
func wantToolCall(t *testing.T, choice openai.ChatCompletionChoice) {
	t.Helper()
	if len(choice.Message.ToolCalls) != 1 || choice.FinishReason != "tool_calls" {
		t.Fatalf("choice %+v: want one tool call", choice)
	}
	call := choice.Message.ToolCalls[0]
	var arguments struct{ City *string }
	if err := json.Unmarshal([]byte(call.Function.Arguments), &arguments); err != nil || arguments.City == nil ||
		call.Function.Name != "weather" || call.ID == "" {
		t.Errorf("call %+v: %v", call, err)
	}
}
