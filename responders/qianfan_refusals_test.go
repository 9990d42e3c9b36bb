package responders

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// TestV2ModelsAreKnown: what the list shows can be called.
func TestV2ModelsAreKnown(t *testing.T) {
	for _, name := range v2Models {
		if m, known := catalog.ModelNamed(catalog.Qianfan, name); !known || m.NativeOnly {
			t.Errorf("%s is listed and refused", name)
		}
	}
}

// TestModelBounds spot-checks the table against what the vendor documents.
func TestModelBounds(t *testing.T) {
	for name, want := range map[string]catalog.Model{
		"completions_pro":      {MaxInput: 5120, MaxOutput: 2048, MaxChars: 20000, MaxSystem: 1024, NativeOnly: true},
		"ernie-speed-128k":     {MaxInput: 126976, MaxOutput: 4096, MaxChars: 507904, MaxSystem: 1024},
		"ernie-4.5-turbo-128k": {MaxOutput: 12288},
		"ernie-9.9-future":     {},
		"embedding-v1":         {Operations: []string{catalog.OpEmbedding}, MaxInput: 384, MaxChars: 1000, MaxTexts: 16, Dimensions: 384},
		"tao-8k":               {Operations: []string{catalog.OpEmbedding}, MaxInput: 8192, MaxChars: 28000, MaxTexts: 1, Dimensions: 1024},
	} {
		got, known := catalog.ModelNamed(catalog.Qianfan, name)
		if same := len(got.Operations) == len(want.Operations); !known || !same {
			t.Errorf("%s: %+v", name, got)
		}
		got.Operations, want.Operations = nil, nil
		if !equalBounds(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if _, known := catalog.ModelNamed(catalog.Qianfan, "gpt-4o"); known {
		t.Error("gpt-4o is no model of Qianfan")
	}
}

func equalBounds(a, b catalog.Model) bool {
	return a.MaxInput == b.MaxInput && a.MaxOutput == b.MaxOutput && a.MaxChars == b.MaxChars && a.MaxSystem == b.MaxSystem &&
		a.MaxTexts == b.MaxTexts && a.MaxDocuments == b.MaxDocuments && a.Dimensions == b.Dimensions && a.NativeOnly == b.NativeOnly
}

const (
	v1ChatPath = v1Prefix + "/chat/{endpoint}"
	v2ChatPath = "/v2/chat/completions"
)

// TestWhatIsNotRefused: calls at the very bounds, and those of which nothing is
// known, are answered.
func TestWhatIsNotRefused(t *testing.T) {
	endpoint := func(name string) func(*Incoming) {
		return func(in *Incoming) { in.Vars = map[string]string{"endpoint": name} }
	}
	anyModel := func(in *Incoming) {
		in.Scenario = &scenarios.Scenario{Refusals: scenarios.Refusals{UnknownModel: scenarios.UnknownAnswered}}
	}
	for _, c := range []struct {
		name, path, body string
		change           func(*Incoming)
	}{
		{"a model that a user deployed", v1ChatPath, `{"messages":[{"role":"user","content":"` + strings.Repeat("x", 30000) + `"}],"system":"` + strings.Repeat("x", 2000) + `","max_output_tokens":99999}`, endpoint("mine")},
		{"V1 at its bounds", v1ChatPath, `{"messages":[{"role":"user","content":"hi"}],"temperature":1.0,"top_p":0,"penalty_score":1,"max_output_tokens":2,"stop":["12345678901234567890"],"system":"` + strings.Repeat("好", 1024) + `"}`, nil},
		{"null is not given", v1ChatPath, `{"messages":[{"role":"user","content":"hi"}],"temperature":null,"functions":null,"system":null,"stop":null}`, nil},
		{"a function's result", v1ChatPath, `{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"1"}]}`, nil},
		{"sixteen texts", v1Prefix + "/embeddings/{endpoint}", `{"input":["a"` + strings.Repeat(`,"a"`, 15) + `]}`, endpoint("embedding-v1")},
		{"a model of an unknown version", v2ChatPath, `{"model":"deepseek-v9","messages":[{"role":"user","content":"hi"}],"max_tokens":99999}`, nil},
		{"a model of nobody's, if it shall be answered", v2ChatPath, `{"model":"gpt-4o","messages":[{"role":"user","content":"hi"}]}`, anyModel},
		{"V2 at its bounds", v2ChatPath, `{"model":"ernie-4.5-turbo-128k","messages":[{"role":"user","content":"hi"}],"temperature":0,"top_p":1,"n":4,"seed":2147483646,"max_completion_tokens":12288,"frequency_penalty":-2,"tool_choice":"auto"}`, nil},
		{"questions in a row", v2ChatPath, `{"model":"ernie-4.5-turbo-128k","messages":[{"role":"user","content":"hi"},{"role":"user","content":"ho"}]}`, nil},
		{"a picture alone", v2ChatPath, `{"model":"ernie-4.5-turbo-vl","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]}]}`, nil},
		{"a call of a tool and its result", v2ChatPath, `{"model":"ernie-x1","messages":[{"role":"user","content":"q"},{"role":"assistant","content":"","tool_calls":[{}]},{"role":"tool","content":"1"}]}`, nil},
		{"the tokenizer, by the name of the console", v1Prefix + "/tokenizer/erniebot", `{"prompt":"x","model":"ERNIE-4.0-8K"}`, nil},
	} {
		var responder Responder = qianfanV1{}
		if strings.HasPrefix(c.path, "/v2/") {
			responder = qianfanV2{}
		}
		if r, _ := answerTo(t, responder, c.path, c.body, c.change); r.Identity != nil || r.Refused != nil {
			t.Errorf("%s: identity %+v, refused %+v", c.name, r.Identity, r.Refused)
		}
	}
}

// TestReviewedStreams: an unsafe question shows in every frame, an unsafe answer
// at its end, when it was shown.
func TestReviewedStreams(t *testing.T) {
	for _, c := range []struct {
		responder   Responder
		path, model string
		flag, end   string
	}{
		{qianfanV1{}, v1ChatPath, "", "flag", "finish_reason"},
		{qianfanV2{}, v2ChatPath, `"model":"qwen3",`, "choices.0.flag", "choices.0.finish_reason"},
	} {
		for _, late := range []bool{false, true} {
			said, want := "mockllm-unsafe", int64(flagNoChat)
			if late {
				said, want = said+ofAnswer, flagRetract
			}
			_, m := answerTo(t, c.responder, c.path, `{`+c.model+`"stream":true,"messages":[{"role":"user","content":"`+said+`"}]}`, nil)
			var frames []gjson.Result
			for _, frame := range m.Frames {
				if f := gjson.Parse(strings.TrimPrefix(string(frame), "data: ")); f.Get(c.flag).Exists() || f.Get("id").Exists() && !f.Get("choices").Exists() {
					frames = append(frames, f)
				}
			}
			last := len(frames) - 1
			if last < 1 || frames[last].Get(c.flag).Int() != want || frames[last].Get(c.end).String() != "content_filter" {
				t.Fatalf("%s: %s", c.path, frames)
			}
			if first := frames[0].Get(c.flag).Int(); late && first != 0 || !late && first != want {
				t.Errorf("%s: the first of the frames of %s has the flag %d", c.path, said, first)
			}
		}
	}
}

// TestReviewStepsBack: what a scenario says is said, whatever the review finds, and
// nothing is reviewed where refusals are off.
func TestReviewStepsBack(t *testing.T) {
	in := incoming(Route{v1ChatPath, catalog.OpChat}, []byte(`{"messages":[{"role":"user","content":"mockllm-unsafe"}]}`))
	said := "said"
	q := qianfanV1{}
	m := q.Success(q.Decode(in), Meta{Now: in.Now}, &scenarios.Reply{Text: &said})
	if body := gjson.ParseBytes(m.Frames[0]); body.Get("result").Str != said || body.Get("flag").Exists() || body.Get("finish_reason").Str != "normal" {
		t.Errorf("%s", m.Frames[0])
	}
	in.Scenario = &scenarios.Scenario{Refusals: scenarios.Refusals{Mode: "off"}}
	m = q.Success(q.Decode(in), Meta{Now: in.Now}, nil)
	if body := gjson.ParseBytes(m.Frames[0]); body.Get("flag").Exists() || body.Get("result").Str == withheldText {
		t.Errorf("%s", m.Frames[0])
	}
	in = incoming(Route{v1Prefix + "/completions/{endpoint}", catalog.OpCompletion}, []byte(`{"prompt":"mockllm-unsafe"}`))
	m = q.Success(q.Decode(in), Meta{Now: in.Now}, nil)
	if safe := gjson.GetBytes(m.Frames[0], "is_safe"); safe.Raw != "0" {
		t.Errorf("%s", m.Frames[0])
	}
}

// FuzzQianfan sends any body and any credentials to every route of Qianfan's,
// where keys, tokens and models are known. What is refused is a documented
// error, and what is answered, refused or not, is well formed.
func FuzzQianfan(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", `{"messages":[{"role":"user","content":"mockllm-unsafe"},{"role":"assistant","function_call":{}},3]}`,
		`{"model":"mine","messages":[{"role":"tool","content":[{"image_url":{"url":{}}}]}],"tools":[{"function":[]}],"tool_choice":{},"response_format":[]}`,
		`{"model":"mine","messages":[{"role":"user","content":"123456"}],"temperature":-1e999,"stop":[[]],"n":0.5,"seed":"x","functions":[1]}`,
		`{"input":["",1,"123456"],"query":"","documents":["123456"],"prompt":"mockllm-unsafe-output","model":"mine"}`,
	} {
		for _, credential := range []string{"", "issued", "old", "broke", "24.0.0.0.0", "Bearer old", "bce-auth-v1/ak/2023-11-14T22:13:20Z/1/;;/x"} {
			f.Add([]byte(body), credential)
		}
	}
	now := time.Unix(1_700_000_000, 0)
	var records kept
	records.commit(now, []scenarios.Change{issue("issued", "broke", now.Add(time.Hour)), issue("old", "a", now)})
	scenario := &scenarios.Scenario{
		Keys:   map[string]scenarios.Key{"ak": {Secret: "sk"}, "broke": {State: scenarios.KeyArrears}, "[*": {}},
		Models: map[string]catalog.Model{"mine": {MaxChars: 5, MaxInput: 3, MaxSystem: 1, MaxTexts: 1, MaxDocuments: 1, MaxOutput: 1}},
	}
	f.Fuzz(func(t *testing.T, body []byte, credential string) {
		for _, responder := range []Responder{qianfanV1{}, qianfanV2{}, qianfanOAuth{}, qianfanIAM{}, qianfanConsole{}} {
			for _, route := range responder.Routes() {
				in := incoming(route, body)
				in.Header, in.Scenario, in.Records, in.Host = http.Header{"Authorization": {credential}}, scenario, &records, "http://h"
				in.Query["access_token"], in.Query["client_id"], in.Query["client_secret"] = []string{credential}, []string{credential}, []string{credential}
				r := Read(responder, in)
				m := Meta{Now: in.Now, Edition: catalog.EditionSeed, Records: &records}
				wellFormed(t, route.Path, responder.Success(r, m, nil))
				for _, refused := range []*scenarios.Refusal{r.Identity, r.Refused} {
					if refused != nil {
						wellFormed(t, route.Path, Error(responder, r, m, failure(t, refused, r.Dialect)))
					}
				}
			}
		}
	})
}

// TestUnknownEndpoints: they are refused only if a scenario wants that, and
// known ones never are.
func TestUnknownEndpoints(t *testing.T) {
	const wants = "[refusals]\nunknown_model = \"not-found\"\n"
	for name, c := range map[string]struct {
		scenario, operation, endpoint string
		refused                       bool
	}{
		"by default":      {"", catalog.OpChat, "my_own", false},
		"wanted":          {wants, catalog.OpChat, "my_own", true},
		"of vectors":      {wants, catalog.OpEmbedding, "my_own", true},
		"in the scenario": {wants + "[models.my_own]", catalog.OpChat, "my_own", false},
		"a chat":          {wants, catalog.OpChat, "completions_pro", false},
		"an old name":     {wants, catalog.OpChat, "eb-instant", false},
		"vectors":         {wants, catalog.OpEmbedding, "embedding-v1", false},
		"a picture":       {wants, catalog.OpImage, "sd_xl", false},
		"an order":        {wants, catalog.OpRerank, "bce_reranker_base", false},
		"a plugin":        {wants, catalog.OpPlugin, "my_own", false},
	} {
		s, err := scenarios.Load("x.toml", []byte(c.scenario))
		if err != nil {
			t.Fatal(err)
		}
		in := &Incoming{Method: http.MethodPost, Operation: c.operation, Vars: map[string]string{"endpoint": c.endpoint}, Body: []byte("{}"), Scenario: s}
		r := qianfanV1{}.Decode(in)
		if got := r.Refused != nil && r.Refused.ID == capability+"336005"; got != c.refused {
			t.Errorf("%s: refused %+v", name, r.Refused)
		}
	}
}
