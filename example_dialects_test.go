package mockllm_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/play"
)

// serve starts a server for an example; a test takes [mockllm.RunT].
func serve(options ...mockllm.Option) *mockllm.Server {
	srv, err := mockllm.Run(options...)
	if err != nil {
		log.Fatal(err)
	}
	return srv
}

// call is what an SDK does: it sends a request with a key and returns the
// status and the body of the answer. The key may be another header than usual.
func call(method, url, body string, header ...string) (status int, answer string) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer any")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// DashScope's own API: the code stands at the top of the body.
func Example_dashscopeNative() {
	srv := serve(mockllm.ScenarioText(`
		[[rule]]
		name  = "over quota"
		match = { dialect = "dashscope-native" }
		error = "Throttling.AllocationQuota"`))
	defer srv.Close()

	status, body := call("POST", srv.BaseURL("dashscope-native")+"/services/aigc/text-generation/generation",
		`{"model": "qwen-plus", "input": {"prompt": "Hello!"}}`)
	fmt.Println(status, gjson.Get(body, "code"))
	// Output: 429 Throttling.AllocationQuota
}

// DashScope's compatible mode, with an error in the middle of a stream that
// began well: HTTP 200.
func Example_dashscopeCompatible() {
	srv := serve(mockllm.ScenarioText(`
		[[rule]]
		name     = "moderated in the middle"
		match    = { dialect = "dashscope-compatible", prompt = "refund" }
		error    = "data_inspection_failed"
		delivery = { mode = "mid-stream", after_frames = 3 }`))
	defer srv.Close()

	status, body := call("POST", srv.BaseURL("dashscope-compatible")+"/chat/completions",
		`{"model": "qwen-plus", "stream": true, "messages": [{"role": "user", "content": "I want a refund."}]}`)
	events := strings.Split(strings.TrimSpace(body), "\n\n")
	last := strings.TrimPrefix(events[len(events)-1], "data: ")
	fmt.Println(status, len(events), gjson.Get(last, "error.code"))
	// Output: 200 4 data_inspection_failed
}

// DashScope's Responses API, with an answer of the test's own.
func Example_dashscopeResponses() {
	srv := serve(mockllm.ScenarioText(`
		[[rule]]
		name  = "scripted"
		match = { dialect = "dashscope-responses" }
		reply = { text = "It is sunny." }`))
	defer srv.Close()

	status, body := call("POST", srv.BaseURL("dashscope-responses")+"/responses",
		`{"model": "qwen-plus", "input": "How is the weather?"}`)
	fmt.Println(status, gjson.Get(body, "output.0.content.0.text"))
	// Output: 200 It is sunny.
}

// DashScope's Anthropic API, for clients of Claude; it takes their header.
func Example_dashscopeAnthropic() {
	srv := serve()
	defer srv.Close()
	srv.Fail("Throttling.RateQuota", 1)

	for range 2 {
		status, body := call("POST", srv.BaseURL("dashscope-anthropic")+"/v1/messages",
			`{"model": "qwen-plus", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello!"}]}`,
			"X-Api-Key", "any")
		fmt.Println(status, gjson.Get(body, "role").Exists())
	}
	// Output:
	// 429 false
	// 200 true
}

// DashScope's WebSocket: an error is an event.
func Example_dashscopeWS() {
	srv := serve(mockllm.ScenarioText(`
		[[rule]]
		name  = "speech is over quota"
		match = { dialect = "dashscope-ws", model = "cosyvoice-*" }
		error = "Throttling.RateQuota"`))
	defer srv.Close()

	conn, resp, err := websocket.DefaultDialer.Dial(srv.BaseURL("dashscope-ws"), http.Header{"Authorization": {"Bearer any"}})
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, []byte(`{
		"header":  {"action": "run-task", "task_id": "0123456789abcdef0123456789abcdef", "streaming": "duplex"},
		"payload": {"task_group": "audio", "task": "tts", "function": "SpeechSynthesizer", "model": "cosyvoice-v2",
			"parameters": {"text_type": "PlainText", "voice": "longxiaochun_v2"}, "input": {}}}`))
	_, event, err := conn.ReadMessage()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(gjson.GetBytes(event, "header.event"), gjson.GetBytes(event, "header.error_code"))
	// Output: task-failed Throttling.RateQuota
}

// Qianfan V1 says HTTP 200 whatever happens.
func Example_qianfanV1() {
	srv := serve(mockllm.ScenarioText(`
		[[rule]]
		name  = "too many calls per second"
		match = { dialect = "qianfan-v1", operation = "chat" }
		error = "18"`))
	defer srv.Close()

	status, body := call("POST", srv.BaseURL("qianfan-v1")+"/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions?access_token=any",
		`{"messages": [{"role": "user", "content": "Hello!"}]}`)
	fmt.Println(status, gjson.Get(body, "error_code"))
	// Output: 200 18
}

// Qianfan V2, where each request fails twice, whatever others come in between.
func Example_qianfanV2() {
	srv := serve(mockllm.ScenarioText(`
		[[rule]]
		name  = "throttled twice"
		match = { dialect = "qianfan-v2", model = "ernie-*" }
		when  = { calls = "1..2", per = "request" }
		error = "rpm_rate_limit_exceeded"`))
	defer srv.Close()

	for range 3 {
		status, body := call("POST", srv.BaseURL("qianfan-v2")+"/chat/completions",
			`{"model": "ernie-4.0-8k", "messages": [{"role": "user", "content": "Hello!"}]}`)
		fmt.Println(status, gjson.Get(body, "error.code"))
	}
	// Output:
	// 429 rpm_rate_limit_exceeded
	// 429 rpm_rate_limit_exceeded
	// 200
}

// Qianfan's Responses API, where what was made is there later.
func Example_qianfanResponses() {
	srv := serve()
	defer srv.Close()

	api := srv.BaseURL("qianfan-responses") + "/responses"
	_, made := call("POST", api, `{"model": "deepseek-v3", "input": "How is the weather?"}`)
	status, kept := call("GET", api+"/"+gjson.Get(made, "id").Str, "")
	fmt.Println(status, kept == made)
	// Output: 200 true
}

// Qianfan's Anthropic API, where an error of V2's arrives as a text.
func Example_qianfanAnthropic() {
	srv := serve()
	defer srv.Close()
	srv.Fail("qianfan/v2/rpm_rate_limit_exceeded", 1)

	for range 2 {
		status, body := call("POST", srv.BaseURL("qianfan-anthropic")+"/v1/messages",
			`{"model": "ernie-4.0-8k", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello!"}]}`,
			"X-Api-Key", "any")
		fmt.Println(status, gjson.Get(body, "type"))
	}
	// Output:
	// 429 error
	// 200 message
}

// Qianfan's old token endpoint. A token dies when its life is over, and
// [mockllm.Server.Advance] makes it old.
func Example_qianfanOAuth() {
	srv := serve(mockllm.ScenarioText(`tokens = { accept = "issued", life = "30m" }`))
	defer srv.Close()

	_, body := call("POST", srv.BaseURL("qianfan-oauth")+"/oauth/2.0/token?grant_type=client_credentials&client_id=ak&client_secret=sk", "")
	chat := srv.BaseURL("qianfan-v1") + "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions?access_token=" + gjson.Get(body, "access_token").Str
	for range 2 {
		_, body = call("POST", chat, `{"messages": [{"role": "user", "content": "Hello!"}]}`)
		fmt.Println(gjson.Get(body, "error_code").Int())
		srv.Advance(time.Hour)
	}
	// Output:
	// 0
	// 111
}

// signed is the date of the signatures below: a clock that stands there lets
// them never be too old.
var signed = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const signature = "bce-auth-v1/ak/2026-01-01T00:00:00Z/1800/host/0000000000000000000000000000000000000000000000000000000000000000"

// Qianfan's newer token endpoint, of IAM, is asked with a signature.
func Example_qianfanIAM() {
	srv := serve(mockllm.WithClock(play.NewManual(signed)))
	defer srv.Close()

	status, body := call("GET", srv.BaseURL("qianfan-iam")+"/v1/BCE-BEARER/token?expireInSeconds=3600", "", "Authorization", signature)
	fmt.Println(status, gjson.Get(body, "createTime"), gjson.Get(body, "expireTime"))
	// Output: 200 2026-01-01T00:00:00.000Z 2026-01-01T01:00:00.000Z
}

// Qianfan's console keeps what is made on it, until the namespace is reset.
func Example_qianfanConsole() {
	srv := serve(mockllm.WithClock(play.NewManual(signed)), mockllm.ScenarioText(`
		[[rule]]
		name  = "one quota error"
		match = { dialect = "qianfan-console", action = "DescribeServices" }
		when  = { calls = 1 }
		error = "AccessDenied"`))
	defer srv.Close()

	for range 2 {
		status, body := call("POST", srv.BaseURL("qianfan-console")+"/v2/service?Action=DescribeServices", `{}`, "Authorization", signature)
		fmt.Println(status, gjson.Get(body, "code"))
	}
	// Output:
	// 403 AccessDenied
	// 200
}
