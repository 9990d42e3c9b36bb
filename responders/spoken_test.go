package responders

import (
	"bytes"
	"net/http"
	"reflect"
	"testing"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// TestSpoken holds that a stream whose frames are made when they are sent says
// what the one says that holds them, however often it is made.
func TestSpoken(t *testing.T) {
	const said = `"messages":[{"role":"user","content":"Weather in Hangzhou?"}]`
	const tools = `,"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]`
	for name, c := range map[string]struct {
		responder       Responder
		operation, path string
		body            string
	}{
		"native":             {dashScopeNative{}, catalog.OpChat, "/api/v1/services/aigc/text-generation/generation", `{"model":"qwen-plus","input":{` + said + `}}`},
		"native incremental": {dashScopeNative{}, catalog.OpChat, "/api/v1/services/aigc/text-generation/generation", `{"model":"qwen-plus","input":{` + said + `},"parameters":{"incremental_output":true,"enable_thinking":true}}`},
		"native tools":       {dashScopeNative{}, catalog.OpChat, "/api/v1/services/aigc/text-generation/generation", `{"model":"qwen-plus","input":{` + said + `},"parameters":{"result_format":"message"` + tools + `}}`},
		"multimodal":         {dashScopeNative{}, catalog.OpChat, "/api/v1/services/aigc/multimodal-generation/generation", `{"model":"qwen-vl-plus","input":{"messages":[{"role":"user","content":[{"text":"What is it?"}]}]}}`},
		"compatible":         {dashScopeCompatible{}, catalog.OpChat, "/compatible-mode/v1/chat/completions", `{"model":"qwen-plus","stream":true,"stream_options":{"include_usage":true},"n":2,` + said + `}`},
		"v1":                 {qianfanV1{}, catalog.OpChat, "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions", `{"stream":true,` + said + `}`},
		"v1 plugin":          {qianfanV1{}, catalog.OpPlugin, "/rpc/2.0/ai_custom/v1/wenxinworkshop/plugin/x/", `{"stream":true,"query":"Weather in Hangzhou?","plugins":["uuid-weatherforecast"]}`},
		"v2":                 {qianfanV2{}, catalog.OpChat, "/v2/chat/completions", `{"model":"ernie-4.0-turbo-8k","stream":true,"stream_options":{"include_usage":true},` + said + tools + `}`},
		"v2 search":          {qianfanV2{}, catalog.OpApp, "/v2/ai_search/chat/completions", `{"model":"ernie-4.0-turbo-8k","stream":true,` + said + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			in := &Incoming{
				Operation: c.operation, Method: http.MethodPost, Path: c.path, Body: []byte(c.body),
				Header: http.Header{"X-Dashscope-Sse": {"enable"}, "Content-Type": {"application/json"}},
			}
			answer := func(paced bool) Message {
				m := Meta{Entropy: [2]uint64{1, 2}, Now: sampleTime(), Paced: paced}
				return c.responder.Success(Read(c.responder, in), m, &scenarios.Reply{})
			}
			held, spoken := answer(false), answer(true)
			if held.Later != nil || spoken.Later == nil || len(held.Frames) < 3 {
				t.Fatalf("%d frames are held; made later: %v", len(held.Frames), spoken.Later != nil)
			}
			for range 2 {
				if again := spoken.whole(); !reflect.DeepEqual(again, held) {
					t.Errorf("it says\n%s\nwant\n%s", bytes.Join(frames(again), nil), bytes.Join(frames(held), nil))
				}
			}
			n := 0
			for range spoken.Later {
				if n++; n == 2 {
					break // As a client that leaves has it.
				}
			}
		})
	}
}

func frames(m Message) (all [][]byte) {
	for _, f := range m.Frames {
		all = append(all, f)
	}
	return all
}
