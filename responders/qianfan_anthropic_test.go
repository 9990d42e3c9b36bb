package responders

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// TestMessageRefusals: the form of a body comes before the key, the key before
// what the models' API refuses.
func TestMessageRefusals(t *testing.T) {
	const said = `"max_tokens":1,"messages":[{"role":"user","content":"a"}]`
	for _, test := range []struct{ path, key, body, identity, refused string }{
		{"", "", `{}`, "", messageCodes + "missing"},
		{"", "", `{"model":"ernie-4.0-8k","max_tokens":1.5,"messages":[]}`, "", messageCodes + "int_type"},
		{"", "", `{"model":"nobody",` + said + `}`, v2Codes + "invalid_iam_token", v2Codes + "invalid_model"},
		{"", "k", `{"model":"ernie-4.0-8k",` + said + `}`, "", ""},
		{"", "k", `{"model":"ernie-4.0-8k","temperature":3,` + said + `}`, "", v2Codes + "invalid_argument"},
		{"/coding", "k", `{"model":"nobody",` + said + `}`, "", "qianfan/plan/coding_plan_model_not_supported"},
		{"/tokenplan/team", "k", `{"model":"nobody",` + said + `}`, "", "qianfan/plan/token_plan_person_model_not_supported"},
		{"/coding", "k", `{"model":"qianfan-code-latest",` + said + `}`, "", ""},
	} {
		in := post(catalog.OpChat, "/anthropic"+test.path+"/v1/messages", test.body)
		in.Header = map[string][]string{"X-Api-Key": {test.key}}
		r := qianfanAnthropic{}.Decode(in)
		id := func(refused *scenarios.Refusal) string {
			if refused == nil {
				return ""
			}
			return refused.ID
		}
		if id(r.Identity) != test.identity || id(r.Refused) != test.refused {
			t.Errorf("%+v: %s, %s", test, id(r.Identity), id(r.Refused))
		}
	}
}

// TestLongFault: what is wrong is told with the value that is wrong, as long as
// that is short.
func TestLongFault(t *testing.T) {
	for length, want := range map[int]string{10: `{"a":"xxxxxxxxxx"}`, 2 * maxKept: `{}`} {
		in := post(catalog.OpChat, "/anthropic/v1/messages", `{ "a": "`+strings.Repeat("x", length)+`" }`)
		r := qianfanAnthropic{}.Decode(in)
		body := qianfanAnthropic{}.Body(r, Meta{}, failure(t, r.Refused, r.Dialect), 422)
		if got := gjson.GetBytes(body, "detail.#.input").Array(); len(got) != 3 || got[2].Raw != want {
			t.Errorf("%s", body)
		}
	}
}

// TestMessageTypes: only what is said to be JSON, or nothing, is read as JSON.
func TestMessageTypes(t *testing.T) {
	const message = `{"model":"ernie-4.0-8k","max_tokens":1,"messages":[{"role":"user","content":"a"}]}`
	for contentType, want := range map[string]string{
		"": "", "application/json": "", "Application/JSON; charset=utf-8": "", "application/vnd.x+json": "",
		"application/x-www-form-urlencoded": messageCodes + "model_attributes_type", "text/plain": messageCodes + "model_attributes_type",
		"json": messageCodes + "model_attributes_type",
	} {
		in := post(catalog.OpChat, "/anthropic/v1/messages", message)
		in.Header = map[string][]string{"X-Api-Key": {"k"}, "Content-Type": {contentType}}
		r := qianfanAnthropic{}.Decode(in)
		if got := r.Refused; (got == nil) != (want == "") || got != nil && got.ID != want {
			t.Errorf("%q: %+v, want %q", contentType, got, want)
			continue
		}
		if want == "" {
			continue
		}
		body := qianfanAnthropic{}.Body(r, Meta{}, failure(t, r.Refused, r.Dialect), 422)
		if told := gjson.GetBytes(body, "detail.0.input").Str; told != message {
			t.Errorf("%q: %s", contentType, body)
		}
	}
}

func TestPython(t *testing.T) {
	for text, want := range map[string]string{
		"a":                  `'a'`,
		"can't":              `"can't"`,
		`it's "so"`:          `'it\'s "so"'`,
		`"so"`:               `'"so"'`,
		"a\\b\n\r\t\x00\x7f": `'a\\b\n\r\t\x00\x7f'`,
		"好 🙂 é":              `'好 🙂 é'`,
		"\u00a0\u200b\u2028": `'\xa0\u200b\u2028'`,
	} {
		if got := pythonText(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		} else if back := fromPython(got); back != text {
			t.Errorf("%s comes back as %q", got, back)
		}
	}
}
