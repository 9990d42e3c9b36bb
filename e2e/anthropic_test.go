package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"
)

// TestAnthropic drives DashScope's Anthropic-compatible API through Anthropic's
// own Go SDK.
func TestAnthropic(t *testing.T) { runCases(t, anthropicCases) }

var anthropicCases = []testCase{
	{"a message", "", func(t *testing.T, s server) {
		answer := must(s.anthropic().New(t.Context(), tell("Will it rain?")))(t)
		if len(answer.Content) != 1 || answer.Content[0].Text == "" || answer.StopReason != "end_turn" || answer.Usage.OutputTokens == 0 {
			t.Errorf("answer %s", answer.RawJSON())
		}
		s.wantJournal(t, "chat")
	}},
	{"tokens counted before a message", "", func(t *testing.T, s server) {
		asked := tell("Will it rain?")
		counted := must(s.anthropic().CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: asked.Model, Messages: asked.Messages}))(t)
		answer := must(s.anthropic().New(t.Context(), asked))(t)
		if counted.InputTokens == 0 || counted.InputTokens != answer.Usage.InputTokens {
			t.Errorf("counted %s, charged %s", counted.RawJSON(), answer.RawJSON())
		}
		s.wantJournal(t, "tokenize", "chat")
	}},
	{"a key as a bearer token", "", func(t *testing.T, s server) {
		client := anthropic.NewClient(option.WithoutEnvironmentDefaults(), option.WithBaseURL(s.vendors+"/apps/anthropic"), option.WithAuthToken("any"))
		must(client.Messages.New(t.Context(), tell("Hi.")))(t)
	}},
	{"a stream with thoughts", `
		[[rule]]
		name  = "said"
		reply = { text = "One, two, 三。", reasoning = "I count.", frames = 4 }`, func(t *testing.T, s server) {
		all, err := accumulateMessage(t, s, tell("Count."))
		if err != nil || len(all.Content) != 2 || all.Content[0].Thinking != "I count." || all.Content[1].Text != "One, two, 三。" ||
			all.StopReason != "end_turn" || all.Usage.OutputTokens == 0 {
			t.Errorf("accumulated %+v: %v", all, err)
		}
	}},
	{"a tool is called, and its result used", "", func(t *testing.T, s server) {
		params := tell("Will it rain?")
		params.Tools = []anthropic.ToolUnionParam{{OfTool: &anthropic.ToolParam{
			Name: "weather", InputSchema: anthropic.ToolInputSchemaParam{
				Properties: map[string]any{"city": map[string]any{"type": "string"}}, Required: []string{"city"},
			},
		}}}
		for name, ask := range map[string]func() (anthropic.Message, error){
			"whole": func() (anthropic.Message, error) {
				answer, err := s.anthropic().New(t.Context(), params)
				return *answer, err
			},
			"stream": func() (anthropic.Message, error) { return accumulateMessage(t, s, params) },
		} {
			answer := must(ask())(t)
			if len(answer.Content) != 1 || answer.Content[0].Name != "weather" || string(answer.Content[0].Input) != `{"city":"example"}` ||
				answer.StopReason != "tool_use" {
				t.Fatalf("%s: answer %+v: want one call", name, answer)
			}
			result := params
			result.Messages = append(result.Messages[:1:1], answer.ToParam(),
				anthropic.NewUserMessage(anthropic.NewToolResultBlock(answer.Content[0].ID, "sunny", false)))
			if said := must(s.anthropic().New(t.Context(), result))(t); said.StopReason != "end_turn" || said.Content[0].Text == "" {
				t.Errorf("%s: after the tool's result: %s", name, said.RawJSON())
			}
		}
	}},
	{"a used-up quota", `
		[[rule]]
		name  = "spent"
		error = "Throttling.AllocationQuota"`, func(t *testing.T, s server) {
		_, err := s.anthropic(option.WithMaxRetries(0)).New(t.Context(), tell("Hi."))
		// OpenAI's envelope: the SDK keeps it as it is.
		if e := wantError[*anthropic.Error](t, err); e.StatusCode != 429 || !strings.HasPrefix(e.RawJSON(), `{"error":{"code":"insufficient_quota",`) {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
		s.wantJournal(t, "chat dashscope/model/Throttling.AllocationQuota spent#1")
	}},
	{"a stream that fails in the middle", `
		[[rule]]
		name     = "moderation"
		error    = "DataInspectionFailed"
		delivery = { mode = "mid-stream", after_frames = 5 }`, func(t *testing.T, s server) {
		all, err := accumulateMessage(t, s, tell("Hi."))
		e := wantError[*anthropic.Error](t, err)
		if e.StatusCode != 200 || !strings.Contains(e.RawJSON(), `"code":"data_inspection_failed"`) || all.Content[0].Text == "" || all.StopReason != "" {
			t.Errorf("error %d %s behind %+v", e.StatusCode, e.RawJSON(), all)
		}
	}},
	{"a stream that only ends", `
		[[rule]]
		name  = "silent"
		fault = "early-end"`, func(t *testing.T, s server) {
		// The SDK takes it for a success: only who looks at the stop reason sees it.
		if all, err := accumulateMessage(t, s, tell("Hi.")); err != nil || all.StopReason != "" || all.Content[0].Text == "" {
			t.Errorf("accumulated %+v: %v", all, err)
		}
	}},
	{"Qianfan's Coding Plan", `
		[[rule]]
		name  = "spent"
		when  = { calls = 2 }
		error = "coding_plan_hour_quota_exceeded"`, func(t *testing.T, s server) {
		api := s.anthropic(option.WithBaseURL(s.vendors+"/anthropic/coding"), option.WithMaxRetries(0))
		ask := tell("Will it rain?")
		ask.Model = "qianfan-code-latest"
		stream := api.NewStreaming(t.Context(), ask)
		var all anthropic.Message
		for stream.Next() {
			if err := all.Accumulate(stream.Current()); err != nil {
				t.Fatal(err)
			}
		}
		if stream.Err() != nil || all.StopReason != "end_turn" || len(all.Content) != 1 || all.Content[0].Text == "" {
			t.Errorf("accumulated %+v: %v", all, stream.Err())
		}
		_, err := api.New(t.Context(), ask)
		if e := wantError[*anthropic.Error](t, err); e.StatusCode != 429 || !strings.Contains(e.RawJSON(), `'code': 'coding_plan_hour_quota_exceeded'`) {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"the list of models that is not there", "", func(t *testing.T, s server) {
		answer := must(http.Get(s.vendors + "/apps/anthropic/v1/models"))(t)
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusNotFound {
			t.Errorf("status %d", answer.StatusCode)
		}
	}},
}

// anthropic returns the messages of a client.
func (s server) anthropic(options ...option.RequestOption) *anthropic.MessageService {
	all := []option.RequestOption{
		option.WithoutEnvironmentDefaults(), option.WithBaseURL(s.vendors + "/apps/anthropic"), option.WithAPIKey("sk-any"),
	}
	client := anthropic.NewClient(append(all, options...)...)
	return &client.Messages
}

func tell(text string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: "qwen-plus", MaxTokens: 512,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(text))},
	}
}

// accumulateMessage reads a stream to its end through the SDK's own
// accumulator.
func accumulateMessage(t *testing.T, s server, params anthropic.MessageNewParams) (anthropic.Message, error) {
	t.Helper()
	stream := s.anthropic().NewStreaming(t.Context(), params)
	defer stream.Close()
	var all anthropic.Message
	for stream.Next() {
		if err := all.Accumulate(stream.Current()); err != nil {
			t.Fatalf("event %s does not follow: %v", stream.Current().RawJSON(), err)
		}
	}
	return all, stream.Err()
}
