package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/devinyf/dashscopego"
	"github.com/devinyf/dashscopego/httpclient"
	"github.com/devinyf/dashscopego/qwen"
)

// TestDashScopeGo drives DashScope's own API through a community SDK for Go;
// there is no official one.
func TestDashScopeGo(t *testing.T) { runCases(t, dashscopegoCases) }

var dashscopegoCases = []testCase{
	{"a chat", "", func(t *testing.T, s server) {
		answer := must(s.tongyi(t, nil))(t)
		choice, u := answer.Output.Choices[0], answer.Usage
		if choice.Message.Content.Text == "" || choice.FinishReason != "stop" || answer.RequestID == "" {
			t.Errorf("answer %s", answer.ToJSONStr())
		}
		if u.TotalTokens == 0 || u.TotalTokens != u.InputTokens+u.OutputTokens {
			t.Errorf("usage %+v: no sum", u)
		}
	}},
	{"a stream", `
		[[rule]]
		name  = "said"
		reply = { text = "One, two, 三。", frames = 4 }`, func(t *testing.T, s server) {
		var pieces []string
		answer := must(s.tongyi(t, &pieces))(t)
		if text := answer.Output.Choices[0].Message.Content.Text; text != "One, two, 三。" || strings.Join(pieces, "") != text {
			t.Errorf("text %q, pieces %q", text, pieces)
		}
		if len(pieces) != 5 || answer.Output.Choices[0].FinishReason != "stop" { // The last one only says why it ends.
			t.Errorf("pieces %q, finish %q", pieces, answer.Output.Choices[0].FinishReason)
		}
	}},
	{"a tool call", "", func(t *testing.T, s server) {
		request := tongyiRequest(nil)
		request.Tools = []qwen.Tool{{Type: "function", Function: qwen.ToolFunction{Name: "weather"}}}
		answer := must(s.tongyiDo(t, request))(t)
		if choice := answer.Output.Choices[0]; !answer.HasToolCallInput() || choice.FinishReason != "tool_calls" {
			t.Errorf("answer %s", answer.ToJSONStr())
		}
	}},
	// It surfaces as status and text; code and request id must be read out of
	// the JSON in the text.
	{"an error", quota, func(t *testing.T, s server) {
		_, err := s.tongyi(t, nil)
		e := wantError[*httpclient.HTTPRequestError](t, err)
		if want := `request Failed: {"code":"Throttling.AllocationQuota","message":"Allocated quota exceeded, please increase your quota limit.","request_id":"`; e.Code != 429 || !strings.HasPrefix(e.Message, want) {
			t.Errorf("error %d %s", e.Code, e.Message)
		}
	}},
	// The gateway refuses a stream as it refuses any call: the same, wrapped
	// once more, so that the outer error has the status 0.
	{"a stream refused by the gateway", quota, func(t *testing.T, s server) {
		_, err := s.tongyi(t, new([]string))
		outer := wantError[*httpclient.HTTPRequestError](t, err)
		if e := wantError[*httpclient.HTTPRequestError](t, outer.Cause); outer.Code != 0 || e.Code != 429 {
			t.Errorf("error %d around %d: %v", outer.Code, e.Code, err)
		}
	}},
	// The model service refuses it by an event in a stream with the status
	// 200: the event's JSON surfaces as text, and its :HTTP_STATUS is lost.
	{"a stream refused by the model", `
		[[rule]]
		name  = "unsafe"
		error = "DataInspectionFailed"`, func(t *testing.T, s server) {
		_, err := s.tongyi(t, new([]string))
		outer := wantError[*httpclient.HTTPRequestError](t, err)
		if e := wantError[*qwen.WrapMessageError](t, outer.Cause); outer.Code != 0 || !strings.HasPrefix(e.Message, `{"code":"DataInspectionFailed",`) {
			t.Errorf("error %d around %s", outer.Code, e.Message)
		}
	}},
}

const quota = `
	[[rule]]
	name  = "spent"
	error = "Throttling.AllocationQuota"`

func tongyiRequest(pieces *[]string) *dashscopego.TextRequest {
	request := &dashscopego.TextRequest{Input: dashscopego.TextInput{
		Messages: []dashscopego.TextMessage{{Role: qwen.RoleUser, Content: &qwen.TextContent{Text: "Will it rain?"}}},
	}}
	if pieces != nil {
		request.StreamingFn = func(_ context.Context, chunk []byte) error {
			*pieces = append(*pieces, string(chunk))
			return nil
		}
	}
	return request
}

// tongyi asks a question, in a stream if there is a place for its pieces.
func (s server) tongyi(t *testing.T, pieces *[]string) (*dashscopego.TextQwenResponse, error) {
	return s.tongyiDo(t, tongyiRequest(pieces))
}

// tongyiDo sends a request. The SDK knows only the vendor's own address and
// takes no client of ours, so the default transport leads it to the server.
func (s server) tongyiDo(t *testing.T, request *dashscopego.TextRequest) (*dashscopego.TextQwenResponse, error) {
	before := http.DefaultTransport
	http.DefaultTransport = detour{to: must(url.Parse(s.vendors))(t), by: before}
	defer func() { http.DefaultTransport = before }()
	return dashscopego.NewTongyiClient(qwen.QwenPlus, "sk-any").CreateCompletion(t.Context(), request)
}

// A detour leads what is meant for DashScope to another address. Anything else
// it refuses, so that no test leaves the machine.
type detour struct {
	to *url.URL
	by http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "dashscope.aliyuncs.com" {
		return nil, fmt.Errorf("%s is not for this test", r.URL)
	}
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = d.to.Scheme, d.to.Host
	return d.by.RoundTrip(r)
}
