package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/baidubce/bce-qianfan-sdk/go/qianfan"
)

// TestQianfan drives the V1 API through Baidu's own Go SDK.
func TestQianfan(t *testing.T) { runCases(t, qianfanCases) }

var qianfanCases = []testCase{
	{"a chat, with one token for two calls", "", func(t *testing.T, s server) {
		configure(t, s)
		for range 2 {
			answer := must(ask())(t)
			if u := answer.Usage; answer.Result == "" || u.TotalTokens != u.PromptTokens+u.CompletionTokens {
				t.Errorf("answer %+v: no text, or a total that is no sum", answer)
			}
		}
		s.wantJournal(t, "token", "chat", "chat")
	}},
	{"a stream", `
		[[rule]]
		name  = "said"
		reply = { text = "One, two, 三。", frames = 4 }`, func(t *testing.T, s server) {
		configure(t, s)
		text, ended := drain(t, must(stream())(t))
		if text != "One, two, 三。" || !ended {
			t.Errorf("text %q, ended %t", text, ended)
		}
	}},
	{"a stream of made-up text", "", func(t *testing.T, s server) {
		configure(t, s)
		text, ended := drain(t, must(stream())(t))
		if text == "" || !ended {
			t.Errorf("text %q, ended %t", text, ended)
		}
	}},
	{"a function call", "", func(t *testing.T, s server) {
		configure(t, s)
		answer := must(qianfan.NewChatCompletion().Do(t.Context(), &qianfan.ChatCompletionRequest{
			Messages:  []qianfan.ChatCompletionMessage{qianfan.ChatCompletionUserMessage("晴天？")},
			Functions: []qianfan.Function{{Name: "weather", Description: "Tells the weather.", Parameters: map[string]any{"type": "object"}}},
		}))(t)
		if answer.FunctionCall == nil || answer.FunctionCall.Name != "weather" {
			t.Errorf("function call %+v", answer.FunctionCall)
		}
	}},
	{"an error of the gateway", `
		[[rule]]
		name  = "busy"
		error = "18"`, func(t *testing.T, s server) {
		configure(t, s)
		_, err := ask()
		wantAPIError(t, err, 18, "Open api qps request limit reached")
		s.wantJournal(t, "token", "chat qianfan/capability/18 busy#1") // By default the SDK tries once.
	}},
	{"an error of the model, and the variant asked for", refused336003, func(t *testing.T, s server) {
		configure(t, s)
		_, err := ask()
		wantAPIError(t, err, 336003, "message content can not be empty")
	}},
	{"a stream refused before its first chunk", refused336003, func(t *testing.T, s server) {
		configure(t, s)
		_, err := stream()
		wantAPIError(t, err, 336003, "message content can not be empty")
	}},
	{"an expired token", "", func(t *testing.T, s server) {
		configure(t, s)
		c := qianfan.GetConfig()
		c.AK, c.SK = "", "" // The SDK takes the token only without these.
		c.AccessToken = fmt.Sprintf("24.0123456789abcdef.2592000.%d.282335-1", time.Now().Add(-time.Hour).Unix())
		_, err := ask()
		wantAPIError(t, err, 111, "Access token expired")
		// The SDK tries to renew the token, though it has no keys to do so.
		s.wantJournal(t, "chat qianfan/capability/111", "token qianfan/oauth/invalid_client")
	}},
	{"111 soon after the token was fetched: the SDK tries again with the same one", token111, func(t *testing.T, s server) {
		configure(t, s)
		must(ask())(t)
		s.wantJournal(t, "token", "chat qianfan/capability/111 aged#1", "chat")
	}},
	{"111 later: the SDK renews the token", token111, func(t *testing.T, s server) {
		configure(t, s)
		qianfan.GetConfig().AccessTokenRefreshMinInterval = 0
		must(ask())(t)
		s.wantJournal(t, "token", "chat qianfan/capability/111 aged#1", "token", "chat")
	}},
	{"retries", `
		[[rule]]
		name  = "busy"
		when  = { calls = "1..2" }
		error = "18"`, func(t *testing.T, s server) {
		configure(t, s)
		must(ask(qianfan.WithLLMRetryCount(5)))(t)
		s.wantJournal(t, "token", "chat qianfan/capability/18 busy#1", "chat qianfan/capability/18 busy#2", "chat")
	}},
	{"an endpoint that asks for an error", "", func(t *testing.T, s server) {
		configure(t, s)
		_, err := ask(qianfan.WithEndpoint("mockllm-error-336100"))
		wantAPIError(t, err, 336100, "Internal error")
	}},
	{"keys that get no token", `
		[[rule]]
		name    = "stranger"
		error   = "invalid_client"
		variant = "unknown client id"`, func(t *testing.T, s server) {
		configure(t, s)
		_, err := ask()
		wantAPIError(t, err, 0, "unknown client id") // The SDK has no place for a code that is text.
	}},
	{"a signed call", "", func(t *testing.T, s server) {
		sign(t, s)
		must(ask())(t)
		if last := lastOf(s.exchanges(t, "")); last.Operation != "chat" || last.Status != 200 {
			t.Errorf("last exchange %+v", last)
		}
	}},
	{"a model that nobody knows, nor does the list of services", "", func(t *testing.T, s server) {
		sign(t, s)
		qianfan.GetConfig().InferResourceRefreshInterval = 0 // Else it asks only once in a process.
		_, err := ask(qianfan.WithModel("no such model"))
		wantError[*qianfan.ModelNotSupportedError](t, err)
		if last := lastOf(s.exchanges(t, "")); last.URL != "/wenxinworkshop/service/list" || last.Status != 200 {
			t.Errorf("last exchange %+v: want the list of services", last)
		}
	}},
	{"a namespace in the key, which the token carries on", "", func(t *testing.T, s server) {
		configure(t, s)
		qianfan.GetConfig().AK += "/mockllm-ns-blue"
		must(ask())(t)
		if got := len(s.exchanges(t, "blue")); got != 2 {
			t.Errorf("%d exchanges in the namespace, want the token's and the chat's", got)
		}
		s.wantJournal(t)
	}},
}

const refused336003 = `
	[[rule]]
	name    = "blank"
	error   = "336003"
	variant = "message content can not be empty"`

const token111 = `
	[[rule]]
	name  = "aged"
	when  = { calls = 1 }
	error = "111"`

// configure aims the SDK at the server. Its configuration is global, so it is
// set in full and put back; it keeps tokens by key, so each case has its own.
func configure(t *testing.T, s server) {
	c := qianfan.GetConfig()
	before := *c
	t.Cleanup(func() { *c = before })
	c.BaseURL, c.ConsoleBaseURL, c.IAMBaseURL = s.vendors, s.vendors, s.vendors
	c.AK, c.SK = t.Name()+s.vendors, "secret"
	c.AccessKey, c.SecretKey, c.AccessToken, c.BearerToken = "", "", "", ""
	c.LLMRetryCount, c.LLMRetryTimeout, c.LLMRetryBackoffFactor = 1, 0, 0
	c.AccessTokenRefreshMinInterval, c.InferResourceRefreshInterval = 3600, 600
}

// sign configures the SDK to sign its calls instead of fetching a token, which
// also makes it ask the console for the list of models.
func sign(t *testing.T, s server) {
	configure(t, s)
	c := qianfan.GetConfig()
	c.AccessKey, c.SecretKey, c.AK, c.SK = c.AK, c.SK, "", ""
}

func question() *qianfan.ChatCompletionRequest {
	return &qianfan.ChatCompletionRequest{
		Messages: []qianfan.ChatCompletionMessage{qianfan.ChatCompletionUserMessage("你好")},
	}
}

func ask(options ...qianfan.Option) (*qianfan.ModelResponse, error) {
	return qianfan.NewChatCompletion(options...).Do(context.Background(), question())
}

func stream() (*qianfan.ModelResponseStream, error) {
	return qianfan.NewChatCompletion().Stream(context.Background(), question())
}

// drain reads a stream to its end and reports whether its last chunk said that
// it was. The SDK itself does not mind a stream that breaks off between chunks.
func drain(t *testing.T, stream *qianfan.ModelResponseStream) (text string, ended bool) {
	t.Helper()
	defer stream.Close()
	var b strings.Builder
	for {
		chunk := must(stream.Recv())(t)
		if stream.IsEnd { // The connection has; this chunk is empty.
			return b.String(), ended
		}
		b.WriteString(chunk.Result)
		ended = chunk.IsEnd
	}
}

func wantAPIError(t *testing.T, err error, code int, message string) {
	t.Helper()
	if e := wantError[*qianfan.APIError](t, err); e.Code != code || e.Msg != message {
		t.Errorf("error %d %q, want %d %q", e.Code, e.Msg, code, message)
	}
}

func lastOf[V any](values []V) (last V) {
	if len(values) > 0 {
		last = values[len(values)-1]
	}
	return last
}
