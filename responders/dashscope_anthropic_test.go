package responders

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

const anthropicPath = "/apps/anthropic/v1/messages"

// TestAnthropicKey: either header will do.
func TestAnthropicKey(t *testing.T) {
	for _, c := range []struct{ apiKey, authorization, key, refused string }{
		{"sk-a", "", "sk-a", ""},
		{"", "Bearer sk-b", "sk-b", ""},
		{"sk-a", "Bearer sk-b", "sk-a", ""},
		{"", "", "", dashScopeModel + "InvalidApiKey"},
		{"", "Basic sk-c", "", dashScopeModel + "InvalidApiKey"},
	} {
		in := post(catalog.OpChat, anthropicPath, `{}`)
		in.Header = http.Header{}
		for name, value := range map[string]string{"X-Api-Key": c.apiKey, "Authorization": c.authorization} {
			if value != "" {
				in.Header.Set(name, value)
			}
		}
		r := dashScopeAnthropic{}.Decode(in)
		refused := ""
		if r.Identity != nil {
			refused = r.Identity.ID
		}
		if r.Key != c.key || refused != c.refused {
			t.Errorf("%+v: key %q, refused %q", c, r.Key, refused)
		}
	}
}

// TestAnthropicTurns: what rules see of a request. The result of a tool is no
// turn of the user's, so that an agent's loop comes to its end.
func TestAnthropicTurns(t *testing.T) {
	for body, want := range map[string]string{
		`{"messages":[{"role":"user","content":"a"}]}`:                                                                                        "[{user a}]",
		`{"system":"s","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image"}]}]}`:                                 "[{system s} {user a}]",
		`{"system":[{"type":"text","text":"s"},{"type":"text","text":"t"}],"messages":[{"role":"assistant","content":"b"}]}`:                  "[{system st} {assistant b}]",
		`{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"r"}]},{"type":"text","text":"a"}]}]}`: "[{tool ar}]",
		`{"messages":[{"role":"user","content":[{"type":"tool_result","content":"r"}]}]}`:                                                     "[{tool r}]",
	} {
		r := dashScopeAnthropic{}.Decode(post(catalog.OpChat, anthropicPath, body))
		if got := fmt.Sprint(r.Turns); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// TestAnthropicChoices: who thinks, who calls a tool, and when it ends.
func TestAnthropicChoices(t *testing.T) {
	const tools = `"tools":[{"name":"f","input_schema":{}},{"name":"g","input_schema":{}}]`
	for body, want := range map[string]string{
		``: "text: end_turn",
		`"thinking":{"type":"enabled","budget_tokens":9},`:        "thinking text: end_turn",
		`"thinking":{"type":"disabled"},`:                         "text: end_turn",
		`"tool_choice":{"type":"auto"},` + tools + `,`:            "tool_use f: tool_use",
		`"tool_choice":{"type":"tool","name":"g"},` + tools + `,`: "tool_use g: tool_use",
		`"tool_choice":{"type":"none"},` + tools + `,`:            "text: end_turn",
		`"stop_sequences":["e"],`:                                 "text: stop_sequence e",
		`"stop_sequences":["🙂"],`:                                 "text: end_turn",
		`"system":"s","max_tokens":2,`:                            "text: max_tokens",
	} {
		_, m := ask(t, dashScopeAnthropic{}, post(catalog.OpChat, anthropicPath,
			`{"model":"qwen-plus","max_tokens":999,`+body+`"messages":[{"role":"user","content":"a"}]}`))
		answer := gjson.ParseBytes(m.Frames[0])
		var got []string
		for _, block := range answer.Get("content").Array() {
			got = append(got, strings.TrimSpace(block.Get("type").Str+" "+block.Get("name").Str))
		}
		if got := strings.Join(got, " ") + ": " + strings.TrimSpace(answer.Get("stop_reason").Str+" "+answer.Get("stop_sequence").Str); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}

// checkAnthropicStream demands of a stream that its blocks come one behind the
// other, from 0, each begun and ended, and that a reason ends it.
func checkAnthropicStream(t *testing.T, m Message) (blocks []string) {
	t.Helper()
	var names []string
	open := false
	for _, frame := range m.Frames {
		name, data, _ := strings.Cut(strings.TrimPrefix(string(frame), "event:"), "\ndata:")
		event := gjson.Parse(data)
		names = append(names, name)
		if event.Get("type").Str != name {
			t.Fatalf("frame %s", frame)
		}
		switch name {
		case "content_block_start":
			if open || event.Get("index").Int() != int64(len(blocks)) {
				t.Fatalf("a block begins out of order: %s", frame)
			}
			open, blocks = true, append(blocks, "")
		case "content_block_delta":
			if d := event.Get("delta"); open {
				blocks[event.Get("index").Int()] += d.Get("text").Str + d.Get("thinking").Str + d.Get("partial_json").Str
			}
		case "content_block_stop":
			if !open || event.Get("index").Int() != int64(len(blocks)-1) {
				t.Fatalf("a block ends out of order: %s", frame)
			}
			open = false
		}
	}
	if n := len(names); open || names[0] != "message_start" || names[n-2] != "message_delta" || names[n-1] != "message_stop" ||
		m.Ending != 2 || m.Marks != 1 {
		t.Fatalf("events %v, ending %d, marks %d", names, m.Ending, m.Marks)
	}
	return blocks
}

// TestAnthropicStreams: thoughts, text and calls, alone and together.
func TestAnthropicStreams(t *testing.T) {
	text, thoughts, none := "Hello there, 你好。", "I think so.", ""
	calls := []scenarios.ToolCall{{Name: "f", Arguments: `{"a": 1}`}, {Name: "g", Arguments: `{"broken`}}
	for name, c := range map[string]struct {
		reply *scenarios.Reply
		want  []string
	}{
		"text":     {&scenarios.Reply{Text: &text}, []string{text}},
		"nothing":  {&scenarios.Reply{Text: &none}, []string{""}},
		"thoughts": {&scenarios.Reply{Text: &none, Reasoning: &thoughts}, []string{thoughts, ""}},
		"calls":    {&scenarios.Reply{ToolCalls: calls}, []string{`{"a": 1}`, `{"broken`}},
		"all":      {&scenarios.Reply{Text: &text, Reasoning: &thoughts, ToolCalls: calls}, []string{thoughts, text, `{"a": 1}`, `{"broken`}},
	} {
		in := post(catalog.OpChat, anthropicPath, `{"model":"qwen-plus","max_tokens":9,"messages":[{"role":"user","content":"a"}],"stream":true}`)
		d := dashScopeAnthropic{}
		m := d.Success(d.Decode(in), Meta{Now: in.Now}, c.reply)
		if got := checkAnthropicStream(t, m); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestAnthropicBrokenArguments: text that is no JSON cannot stand in a body as
// a value; streams send it as it is.
func TestAnthropicBrokenArguments(t *testing.T) {
	in := post(catalog.OpChat, anthropicPath, `{"model":"qwen-plus","max_tokens":9,"messages":[{"role":"user","content":"a"}]}`)
	d := dashScopeAnthropic{}
	m := d.Success(d.Decode(in), Meta{Now: in.Now}, &scenarios.Reply{ToolCalls: []scenarios.ToolCall{{Name: "f", Arguments: `{"a`}}})
	if got := gjson.GetBytes(m.Frames[0], "content.0.input").Raw; got != "{}" || !gjson.ValidBytes(m.Frames[0]) {
		t.Errorf("input %s in %s", got, m.Frames[0])
	}
}

// FuzzAnthropic streams an answer to any text, and demands that it holds
// together.
func FuzzAnthropic(f *testing.F) {
	f.Add("hi", "be brief", "f", true)
	f.Add("你好", "", "", false)
	f.Add("a\xff\n\n", "\"", "tool\n", true)
	f.Fuzz(func(t *testing.T, said, system, tool string, thinking bool) {
		kind := "disabled"
		if thinking {
			kind = "enabled"
		}
		body := obj().str("model", "qwen-plus").boolean("stream", true).num("max_tokens", 50).str("system", system).
			raw("messages", array(obj().str("role", "user").str("content", said).end())).
			raw("thinking", obj().str("type", kind).end()).raw("tools", array(obj().str("name", tool).end())).end()
		_, m := ask(t, dashScopeAnthropic{}, post(catalog.OpChat, anthropicPath, string(body)))
		checkAnthropicStream(t, m)
	})
}

// TestAnthropicRefusals: what the documentation forbids is refused.
func TestAnthropicRefusals(t *testing.T) {
	const format = `"output_config":{"format":{"type":"json_schema","schema":{}}},`
	for body, want := range map[string]string{
		`"model":"qwen-plus","temperature":1.9,`:           "",
		`"model":"qwen-plus","temperature":2,`:             "Temperature should be in [0.0, 2.0)",
		`"model":"qwen-plus","temperature":-0.1,`:          "Temperature should be in [0.0, 2.0)",
		`"model":"qwen-plus",` + format:                    "'messages' must contain the word 'json' in some form",
		`"model":"qwen-plus","system":"A JSON.",` + format: "",
		`"model":"qwen3.7-plus",` + format:                 "",
	} {
		r := dashScopeAnthropic{}.Decode(post(catalog.OpChat, anthropicPath, `{`+body+`"max_tokens":9,"messages":[{"role":"user","content":"a"}]}`))
		got := ""
		if r.Refused != nil {
			got = r.Refused.Variant
		}
		if got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
