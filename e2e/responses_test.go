package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

// TestResponses drives DashScope's Responses API through OpenAI's own Go SDK.
func TestResponses(t *testing.T) { runCases(t, responsesCases) }

var responsesCases = []testCase{
	{"a response, and one that goes on from it", "", func(t *testing.T, s server) {
		api := s.client().Responses
		first := must(api.New(t.Context(), say("Will it rain?")))(t)
		if first.OutputText() == "" || first.Status != "completed" || first.Model != "qwen-plus" || first.Error.Message != "" ||
			first.Usage.TotalTokens != first.Usage.InputTokens+first.Usage.OutputTokens {
			t.Errorf("response %s", first.RawJSON())
		}
		more := say("And tomorrow?")
		more.PreviousResponseID = openai.String(first.ID)
		second := must(api.New(t.Context(), more))(t)
		if second.PreviousResponseID != first.ID || second.Usage.InputTokens <= first.Usage.TotalTokens {
			t.Errorf("response %s behind one of %d tokens", second.RawJSON(), first.Usage.TotalTokens)
		}
		if kept := must(api.Get(t.Context(), first.ID, responses.ResponseGetParams{}))(t); kept.OutputText() != first.OutputText() {
			t.Errorf("kept %s", kept.RawJSON())
		}
		if err := api.Delete(t.Context(), first.ID); err != nil {
			t.Errorf("delete: %v", err)
		}
		_, err := api.Get(t.Context(), first.ID, responses.ResponseGetParams{})
		if e := wantError[*openai.Error](t, err); e.StatusCode != 400 || !strings.HasSuffix(e.Message, "not found.") {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"the items that a response was asked with, page by page", "", func(t *testing.T, s server) {
		api := s.client().Responses
		first := must(api.New(t.Context(), say("Will it rain?")))(t)
		more := say("And tomorrow?")
		more.PreviousResponseID = openai.String(first.ID)
		second := must(api.New(t.Context(), more))(t)
		pages := api.InputItems.ListAutoPaging(t.Context(), second.ID, responses.InputItemListParams{Limit: openai.Int(1), Order: "asc"})
		var said []string
		for pages.Next() {
			item := pages.Current()
			said = append(said, string(item.Role)+": "+item.Content.OfInputItemContentList[0].Text)
		}
		want := []string{"user: Will it rain?", "assistant: " + first.OutputText(), "user: And tomorrow?"}
		if pages.Err() != nil || !slices.Equal(said, want) {
			t.Errorf("said %q, want %q: %v", said, want, pages.Err())
		}
		_, err := api.InputItems.List(t.Context(), "resp_none", responses.InputItemListParams{})
		if e := wantError[*openai.Error](t, err); e.StatusCode != 400 || e.Message != "Response with id 'resp_none' not found." {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"a stream", `
		[[rule]]
		name  = "said"
		reply = { text = "One, two, 三。", reasoning = "I count.", frames = 4 }`, func(t *testing.T, s server) {
		stream := s.client().Responses.NewStreaming(t.Context(), say("Count."))
		defer stream.Close()
		var text, thoughts string
		var done responses.Response
		for n := int64(0); stream.Next(); n++ {
			event := stream.Current()
			if event.SequenceNumber != n {
				t.Errorf("event %d has number %d", n, event.SequenceNumber)
			}
			switch event.Type {
			case "response.output_text.delta":
				text += event.Delta
			case "response.reasoning_text.delta":
				thoughts += event.Delta
			case "response.completed":
				done = event.Response
			}
		}
		if stream.Err() != nil || text != "One, two, 三。" || thoughts != "I count." || done.OutputText() != text ||
			done.Usage.OutputTokensDetails.ReasoningTokens == 0 {
			t.Errorf("text %q, thoughts %q, at the end %s: %v", text, thoughts, done.RawJSON(), stream.Err())
		}
	}},
	{"a tool is called, and its result used", "", func(t *testing.T, s server) {
		params := say("Will it rain?")
		params.Tools = []responses.ToolUnionParam{{OfFunction: &responses.FunctionToolParam{
			Name: "weather", Parameters: tools[0].GetFunction().Parameters,
		}}}
		asked := must(s.client().Responses.New(t.Context(), params))(t)
		if len(asked.Output) != 1 || asked.Output[0].Type != "function_call" {
			t.Fatalf("response %s: want one call", asked.RawJSON())
		}
		call := asked.Output[0].AsFunctionCall()
		if call.Name != "weather" || call.Arguments != `{"city":"example"}` || call.CallID == "" {
			t.Errorf("call %s", call.RawJSON())
		}
		params.PreviousResponseID = openai.String(asked.ID)
		result := responses.ResponseInputItemParamOfFunctionCallOutput("sunny")
		result.OfFunctionCallOutput.CallID = openai.String(call.CallID)
		params.Input = responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{result}}
		if said := must(s.client().Responses.New(t.Context(), params))(t); said.OutputText() == "" {
			t.Errorf("after the tool's result: %s", said.RawJSON())
		}
	}},
	{"an error that the SDK cannot read", `
		[[rule]]
		name  = "busy"
		error = "Throttling.RateQuota"`, func(t *testing.T, s server) {
		_, err := s.client(option.WithMaxRetries(0)).Responses.New(t.Context(), say("Hi."))
		e := wantError[*openai.Error](t, err)
		// DashScope's envelope is flat here. The SDK looks for OpenAI's and finds nothing.
		if e.StatusCode != 429 || e.Code != "" || e.Message != "" ||
			!strings.Contains(string(e.DumpResponse(true)), `{"code":"Throttling.RateQuota","message":`) {
			t.Errorf("error %d %s: %s", e.StatusCode, e.RawJSON(), e.DumpResponse(true))
		}
		s.wantJournal(t, "chat dashscope/model/Throttling.RateQuota busy#1")
	}},
	failedStream("a stream that is refused in HTTP 200", `
		[[rule]]
		name  = "moderation"
		match = { stream = true }
		error = "DataInspectionFailed"`, "Input data may contain inappropriate content.", 0),
	failedStream("a stream that fails in the middle", `
		[[rule]]
		name     = "moderation"
		error    = "DataInspectionFailed"
		delivery = { mode = "mid-stream", after_frames = 6 }`, "Output data may contain inappropriate content.", 6),
	{"a response on Qianfan, and one that goes on from it", "", func(t *testing.T, s server) {
		api := s.client(option.WithBaseURL(s.vendors+"/v2/"), option.WithMaxRetries(0)).Responses
		ask := say("Will it rain?")
		ask.Model = "deepseek-v3"
		first := must(api.New(t.Context(), ask))(t)
		more := ask
		more.PreviousResponseID = openai.String(first.ID)
		if second := must(api.New(t.Context(), more))(t); first.OutputText() == "" || second.Usage.InputTokens <= first.Usage.TotalTokens {
			t.Errorf("response %s behind %s", second.RawJSON(), first.RawJSON())
		}
		stream := api.NewStreaming(t.Context(), more)
		defer stream.Close()
		text := ""
		for stream.Next() {
			text += stream.Current().AsResponseOutputTextDelta().Delta
		}
		if stream.Err() != nil || text == "" {
			t.Errorf("streamed %q: %v", text, stream.Err())
		}
		if err := api.Delete(t.Context(), first.ID); err != nil {
			t.Errorf("delete: %v", err)
		}
		_, err := api.New(t.Context(), more)
		if e := wantError[*openai.Error](t, err); e.StatusCode != 400 || e.Code != "invalid_request" || e.Param != "previous_response_id" {
			t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
		}
	}},
	{"a stream that only ends", `
		[[rule]]
		name  = "silent"
		fault = "early-end"`, func(t *testing.T, s server) {
		stream := s.client().Responses.NewStreaming(t.Context(), say("Hi."))
		defer stream.Close()
		last := ""
		for stream.Next() {
			last = stream.Current().Type
		}
		// The SDK takes it for a success: only who waits for response.completed sees it.
		if stream.Err() != nil || last != "response.output_text.delta" {
			t.Errorf("last event %q, error %v", last, stream.Err())
		}
	}},
}

// failedStream holds what the SDK makes of a response that fails in its stream:
// no error, but an event like any other.
func failedStream(name, scenario, message string, before int) testCase {
	return testCase{name, scenario, func(t *testing.T, s server) {
		stream := s.client().Responses.NewStreaming(t.Context(), say("Hi."))
		defer stream.Close()
		events := 0
		var last responses.ResponseStreamEventUnion
		for stream.Next() {
			last, events = stream.Current(), events+1
		}
		failed := last.Response
		if stream.Err() != nil || last.Type != "response.failed" || failed.Status != "failed" || events != before+1 ||
			failed.Error.Code != "DataInspectionFailed" || failed.Error.Message != message {
			t.Errorf("%d events, the last is %s, error %v", events, last.RawJSON(), stream.Err())
		}
	}}
}

func say(text string) responses.ResponseNewParams {
	return responses.ResponseNewParams{Model: "qwen-plus", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(text)}}
}
