package responders

import (
	"net/http"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Delivered writes a variant of an entry as a dialect sends it in a delivery,
// to a chat in most, and reports whether that can be shown: a stream that breaks
// in its middle, or a task, takes a call of which there is an example. Whether
// the error can arrive so at all is the scenario's to say. Ids and times in it
// are always the same.
func Delivered(dialect string, e *catalog.Entry, v *catalog.Variant, edition catalog.Edition, mode catalog.Delivery) (Message, bool) {
	responder := For(dialect)
	if responder == nil || responder.Dialect().Sockets {
		return Message{}, false
	}
	f := &scenarios.Failure{Entry: e, Variant: v, Delivery: &scenarios.Delivery{Mode: scenarios.DeliveryMode(mode)}}
	m := Meta{Entropy: sampleEntropy(), Now: sampleTime(), Edition: edition}
	if mode != catalog.DeliverMidStream && mode != catalog.DeliverTask {
		r := &scenarios.Request{
			Provider: responder.Dialect().Provider, Dialect: dialect, Operation: meeting(responder.Dialect(), e),
			Method: http.MethodPost, Header: map[string][]string{}, Stream: mode.Streamed(),
		}
		return Error(responder, r, m, f), true
	}
	in, known := exampleOf(dialect, mode == catalog.DeliverTask)
	if !known {
		return Message{}, false
	}
	return Error(responder, responder.Decode(in), m, f), true
}

func sampleEntropy() [2]uint64 { return [2]uint64{0x0123456789abcdef, 0xfedcba9876543210} }

func sampleTime() time.Time { return time.Date(2026, time.May, 28, 8, 0, 0, 0, time.UTC) }

// exampleOf returns a call that streams, or one that makes a task.
func exampleOf(dialect string, task bool) (*Incoming, bool) {
	const chat = `{"model":"qwen-plus","stream":true,"messages":[{"role":"user","content":"Hello!"}]}`
	examples := map[string]struct{ path, body string }{
		catalog.QianfanV1:           {v1Prefix + "/chat/completions", `{"stream":true,"messages":[{"role":"user","content":"Hello!"}]}`},
		catalog.QianfanV2:           {"/v2/chat/completions", `{"model":"ernie-4.0-8k","stream":true,"messages":[{"role":"user","content":"Hello!"}]}`},
		catalog.QianfanAnthropic:    {"/anthropic/v1/messages", `{"model":"ernie-4.0-8k","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Hello!"}]}`},
		catalog.QianfanResponses:    {v2Responses, `{"model":"deepseek-v3","stream":true,"input":"Hello!"}`},
		catalog.DashScopeNative:     {"/api/v1/services/aigc/text-generation/generation", `{"model":"qwen-plus","input":{"prompt":"Hello!"},"parameters":{"incremental_output":true}}`},
		catalog.DashScopeCompatible: {"/compatible-mode/v1/chat/completions", chat},
		catalog.DashScopeResponses:  {responsesPath, `{"model":"qwen-plus","stream":true,"input":"Hello!"}`},
		catalog.DashScopeAnthropic:  {"/apps/anthropic/v1/messages", `{"model":"qwen-plus","max_tokens":64,"stream":true,"messages":[{"role":"user","content":"Hello!"}]}`},
	}
	call, known := examples[dialect]
	in := &Incoming{
		Operation: catalog.OpChat, Vars: map[string]string{"endpoint": "completions"}, Host: "http://127.0.0.1:8080", Method: http.MethodPost,
		Header: http.Header{"Content-Type": {"application/json"}}, Now: sampleTime(),
	}
	if dialect == catalog.DashScopeNative {
		in.Header.Set("X-DashScope-SSE", "enable")
	}
	if task {
		in.Operation, in.Vars = catalog.OpImage, map[string]string{"rest": "text2image/image-synthesis"}
		in.Header = http.Header{"Content-Type": {"application/json"}, "X-Dashscope-Async": {"enable"}}
		call.path, call.body = taskServices+"text2image/image-synthesis", `{"model":"wanx-v1","input":{"prompt":"A cat"}}`
		known = dialect == catalog.DashScopeNative
	}
	in.Path, in.Signed, in.Body = call.path, call.path, []byte(call.body)
	return in, known
}
