package responders

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
)

// TestExample: a made-up value fits its schema.
func TestExample(t *testing.T) {
	for schema, want := range map[string]string{
		``:                                `{}`,
		`{"type":"string"}`:               `"example"`,
		`{"type":"integer"}`:              `1`,
		`{"type":"number","minimum":7.5}`: `7.5`,
		`{"type":"boolean"}`:              `true`,
		`{"type":"null"}`:                 `null`,
		`{"type":["string","null"]}`:      `"example"`,
		`{"enum":["a","b"]}`:              `"a"`,
		`{"const": { "a": 1 }}`:           `{"a":1}`,
		`{"type":"array","items":{"type":"integer"}}`:                                `[1]`,
		`{"anyOf":[{"type":"integer"},{"type":"null"}]}`:                             `1`,
		`{"properties":{"a":{"type":"string"},"b":{}},"required":["a"]}`:             `{"a":"example"}`,
		`{"$defs":{"a/b":{}},"$ref":"#/$defs/x"}`:                                    `{}`,
		`{"$ref":"http://example.com/schema","type":"integer"}`:                      `1`,
		`{"$defs":{"P":{"type":"boolean"}},"properties":{"p":{"$ref":"#/$defs/P"}}}`: `{"p":true}`,
	} {
		if got := string(example(gjson.Parse(schema))); got != want {
			t.Errorf("%s: %s, want %s", schema, got, want)
		}
	}
}

// TestExampleIsBounded: what refers to itself ends.
func TestExampleIsBounded(t *testing.T) {
	circle := `{"$ref":"#"}`
	wide := `{"properties":{` + strings.TrimSuffix(strings.Repeat(`"a":{"$ref":"#"},`, 20), ",") + `}}`
	for _, schema := range []string{circle, wide, `{"type":"array","items":{"$ref":"#"}}`} {
		if got := example(gjson.Parse(schema)); !gjson.ValidBytes(got) || len(got) > 64<<10 {
			t.Errorf("%.40s: %d bytes", schema, len(got))
		}
	}
}

// TestAnswerFitsItsSchema: on all dialects on which a caller can say what JSON it
// wants.
func TestAnswerFitsItsSchema(t *testing.T) {
	const schema = `{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}`
	const wanted = `"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":` + schema + `}}`
	const said = `"messages":[{"role":"user","content":"json"}]`
	for name, c := range map[string]struct {
		responder        Responder
		path, body, text string
	}{
		"compatible": {dashScopeCompatible{}, "/compatible-mode/v1/chat/completions", `{"model":"qwen-plus",` + wanted + `,` + said + `}`, "choices.0.message.content"},
		"native": {
			dashScopeNative{}, "/api/v1/services/aigc/text-generation/generation",
			`{"model":"qwen-plus","input":{` + said + `},"parameters":{"result_format":"message",` + wanted + `}}`, "output.choices.0.message.content",
		},
		"V2":        {qianfanV2{}, "/v2/chat/completions", `{"model":"ernie-4.0-8k",` + wanted + `,` + said + `}`, "choices.0.message.content"},
		"anthropic": {dashScopeAnthropic{}, anthropicPath, `{"model":"qwen-plus","max_tokens":99,"output_config":{"format":{"type":"json_schema","schema":` + schema + `}},` + said + `}`, "content.0.text"},
	} {
		_, m := ask(t, c.responder, post(catalog.OpChat, c.path, c.body))
		if got := gjson.GetBytes(m.Frames[0], c.text).Str; got != `{"n":1}` {
			t.Errorf("%s: %s", name, got)
		}
	}
}
