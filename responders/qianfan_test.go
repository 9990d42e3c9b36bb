package responders

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// answerTo sends a body to the path of a dialect and returns what a client gets
// if nothing goes wrong, with the request as it was read.
func answerTo(t *testing.T, responder Responder, path, body string, change func(*Incoming)) (*scenarios.Request, Message) {
	t.Helper()
	for _, route := range responder.Routes() {
		if route.Path != path {
			continue
		}
		in := incoming(route, []byte(body))
		if change != nil {
			change(in)
		}
		r := responder.Decode(in)
		return r, responder.Success(r, Meta{Entropy: [2]uint64{1, 2}, Now: in.Now, Records: noRecords{}}, nil)
	}
	t.Fatalf("no route %s", path)
	return nil, Message{}
}

// TestStreamsOnlyWhereThereAreSome: a call that cannot be streamed is answered
// whole, whatever it asks for.
func TestStreamsOnlyWhereThereAreSome(t *testing.T) {
	body := `{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}],"prompt":"x","query":"x","input":["x"],"documents":["x"],"image":"x","app_id":"a"}`
	streaming := []string{"/chat/", "/completions", "/image2text/", "/plugin/", "/erniebot/", "/runs"}
	for _, responder := range []Responder{qianfanV1{}, qianfanV2{}} {
		for _, route := range responder.Routes() {
			want := slices.ContainsFunc(streaming, func(part string) bool { return strings.Contains(route.Path, part) }) && !strings.Contains(route.Path, "tokenizer")
			r, m := answerTo(t, responder, route.Path, body, nil)
			if r.Stream != want || m.Stream != want {
				t.Errorf("%s: request %t, answer %t, want %t", route.Path, r.Stream, m.Stream, want)
			}
			if m.Stream && (m.Ending < 1 || m.Ending > len(m.Frames) || m.Marks < 1) {
				t.Errorf("%s: %d frames, ending %d, marks %d", route.Path, len(m.Frames), m.Ending, m.Marks)
			}
		}
	}
}

// TestPromptsAreTurns: rules match what is asked for, in every form of a call.
func TestPromptsAreTurns(t *testing.T) {
	for _, c := range []struct {
		responder  Responder
		path, body string
	}{
		{qianfanV1{}, v1Prefix + "/completions/{endpoint}", `{"prompt":"refund"}`},
		{qianfanV1{}, v1Prefix + "/embeddings/{endpoint}", `{"input":["a","refund"]}`},
		{qianfanV1{}, v1Prefix + "/reranker/{endpoint}", `{"query":"refund","documents":["a"]}`},
		{qianfanV1{}, v1Prefix + "/text2image/{endpoint}", `{"prompt":"refund"}`},
		{qianfanV1{}, v1Prefix + "/image2text/{endpoint}", `{"prompt":"refund","image":"x"}`},
		{qianfanV1{}, v1Prefix + "/tokenizer/erniebot", `{"prompt":"refund"}`},
		{qianfanV1{}, v1Prefix + "/plugin/{endpoint}/", `{"query":"refund"}`},
		{qianfanV1{}, v1Prefix + "/erniebot/plugins", `{"messages":[{"role":"user","content":"refund"}]}`},
		{qianfanV2{}, "/v2/chat/completions", `{"model":"ernie-x","messages":[{"role":"user","content":"refund"}]}`},
		{qianfanV2{}, "/v2/embeddings", `{"model":"tao-8k","input":"refund"}`},
		{qianfanV2{}, "/v2/rerank", `{"model":"bce-reranker-base","query":"refund","documents":["a"]}`},
		{qianfanV2{}, "/v2/images/generations", `{"model":"irag-1.0","prompt":"refund"}`},
		{qianfanV2{}, v2Runs, `{"app_id":"a","query":"refund"}`},
		{qianfanV2{}, v2WebSearch, `{"messages":[{"role":"user","content":"refund"}]}`},
	} {
		if r, _ := answerTo(t, c.responder, c.path, c.body, nil); r.Prompt() != "refund" || r.Refused != nil {
			t.Errorf("%s: prompt %q, refused %v", c.path, r.Prompt(), r.Refused)
		}
	}
}

func TestQianfanPicturesDecode(t *testing.T) {
	_, m := answerTo(t, qianfanV1{}, v1Prefix+"/text2image/{endpoint}", `{"prompt":"a cat","n":3,"size":"1024x768"}`, nil)
	pictures := gjson.GetBytes(m.Frames[0], "data.#.b64_image").Array()
	if len(pictures) != 3 {
		t.Fatalf("%d pictures: %s", len(pictures), m.Frames[0])
	}
	for _, text := range pictures {
		data, err := base64.StdEncoding.DecodeString(text.Str)
		if err != nil {
			t.Fatal(err)
		}
		if picture, err := png.Decode(bytes.NewReader(data)); err != nil || picture.Bounds().Dx() != 64 || picture.Bounds().Dy() != 48 {
			t.Errorf("%v, %v", picture, err)
		}
	}
}

// TestEmbeddingAnswersAreBounded: a body of many texts must not become an
// answer of gigabytes, even where refusals are off.
func TestEmbeddingAnswersAreBounded(t *testing.T) {
	many := `{"model":"embedding-v1","dimensions":2,"input":[` + strings.Repeat(`"a",`, maxTexts+5) + `"a"]}`
	for _, c := range []struct {
		responder Responder
		path      string
	}{{qianfanV1{}, v1Prefix + "/embeddings/{endpoint}"}, {qianfanV2{}, "/v2/embeddings"}} {
		r, m := answerTo(t, c.responder, c.path, many, nil)
		if n := len(gjson.GetBytes(m.Frames[0], "data").Array()); r.Refused == nil || n != maxTexts {
			t.Errorf("%s: %d vectors, refused %v", c.path, n, r.Refused)
		}
	}
}

func TestQianfanDimensions(t *testing.T) {
	for model, want := range map[string]int{
		"embedding-v1": 384, "bge_large_zh": 1024, "bge-large-en": 1024, "tao_8k": 1024,
		"qwen3-embedding-4b": 2560, "qwen3-embedding-8b": 4096, "": 1024,
	} {
		q := newQuestion(&Incoming{}, &scenarios.Request{Model: model}, &jsonBody{})
		if got := q.dimensions(); got != want {
			t.Errorf("%s: %d, want %d", model, got, want)
		}
	}
}

// TestV2AsksWhoCallsFirst: without a key even a wrong method and a broken body
// are refused for the key alone; with one, the method comes before the body.
func TestV2AsksWhoCallsFirst(t *testing.T) {
	for path, want := range map[string]string{
		"/v2/chat/completions": v2Codes + "invalid_iam_token", "/v2/rerank": v2Codes + "invalid_iam_token",
		"/v2/models": iamFamily + "AccessDenied", v2Runs: appCodes + "TokenStatusInvalidError", v2WebSearch: searchCodes + "216003",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			r, _ := answerTo(t, qianfanV2{}, path, "{", func(in *Incoming) { in.Method, in.Header = method, http.Header{} })
			if r.Identity == nil || r.Identity.ID != want {
				t.Errorf("%s %s: refused %v, want %s", method, path, r.Identity, want)
			}
		}
	}
	r, _ := answerTo(t, qianfanV2{}, "/v2/chat/completions", "{", func(in *Incoming) { in.Method = http.MethodGet })
	if r.Identity == nil || r.Identity.ID != v2Codes+"method_not_supported" || r.Refused.ID != v2Codes+"malformed_json" {
		t.Errorf("identity %v, refused %v", r.Identity, r.Refused)
	}
	if r, _ := answerTo(t, qianfanV2{}, "/v2/models", "", func(in *Incoming) { in.Method = http.MethodGet }); r.Identity != nil || r.Refused != nil {
		t.Errorf("GET /v2/models: identity %v, refused %v", r.Identity, r.Refused)
	}
}

func TestIAMSignatures(t *testing.T) {
	now := time.Unix(1_700_000_000, 0) // 2023-11-14T22:13:20Z
	for signature, want := range map[string]string{
		"":         gatewayFamily + "IamSignatureInvalid",
		"Bearer x": iamFamily + "InvalidHTTPAuthHeader",
		"bce-auth-v1/ak/2023-11-14T22:13:20Z/1800/host":       iamFamily + "InvalidHTTPAuthHeader",
		"bce-auth-v1//2023-11-14T22:13:20Z/1800/host/00":      iamFamily + "InvalidHTTPAuthHeader",
		"bce-auth-v1/ak/yesterday/1800/host/00":               iamFamily + "InvalidHTTPAuthHeader",
		"bce-auth-v1/ak/2023-11-14T22:13:20Z/soon/host/00":    iamFamily + "InvalidHTTPAuthHeader",
		"bce-auth-v1/ak/2023-11-14T21:43:19Z/1800/host/00":    iamFamily + "RequestExpired",
		"bce-auth-v1/ak/2023-11-14T21:43:20Z/1800/host/00":    "",
		"bce-auth-v1/ak/2023-11-14T22:14:00Z/1800/host;a/0f0": "", // A clock that is a little fast.
		"bce-auth-v1/a/k/2023-11-14T22:14:00Z/1800/host/00":   "",
	} {
		r, _ := answerTo(t, qianfanIAM{}, "/v1/BCE-BEARER/token", "null", func(in *Incoming) {
			in.Method, in.Now, in.Header = http.MethodGet, now, http.Header{"Authorization": {signature}}
		})
		got := ""
		if r.Identity != nil {
			got = r.Identity.ID
		}
		if got != want {
			t.Errorf("%q: %q, want %q", signature, got, want)
		}
	}
}

// TestV2UsageAddsUp also over choices.
func TestV2UsageAddsUp(t *testing.T) {
	body := `{"model":"m","enable_thinking":true,"n":3,"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]}`
	_, m := answerTo(t, qianfanV2{}, "/v2/chat/completions", body, nil)
	_, last, _ := strings.Cut(string(m.Frames[len(m.Frames)-2]), "data: ")
	u := gjson.Get(last, "usage")
	tokens := 0
	for _, n := range m.Tokens {
		tokens += n
	}
	if u.Get("total_tokens").Int() != u.Get("prompt_tokens").Int()+u.Get("completion_tokens").Int() || u.Get("completion_tokens").Int() != int64(tokens) {
		t.Errorf("usage %s, frames bring %d tokens", u.Raw, tokens)
	}
	if string(m.Frames[len(m.Frames)-1]) != "data: [DONE]\n\n" {
		t.Errorf("the stream ends with %q", m.Frames[len(m.Frames)-1])
	}
}

func TestQianfanOperationsAreServed(t *testing.T) {
	routed := map[string]bool{}
	for _, responder := range All() {
		for _, route := range responder.Routes() {
			routed[route.Operation] = true
		}
	}
	for _, responder := range []Responder{qianfanV1{}, qianfanV2{}, qianfanIAM{}} {
		for _, route := range responder.Routes() {
			if !responder.Dialect().Carries(route.Operation) {
				t.Errorf("%s does not carry %s", route.Path, route.Operation)
			}
		}
		for _, operation := range responder.Dialect().OperationNames() {
			if !routed[operation] {
				t.Errorf("%s has no route for %s", responder.Dialect().Name, operation)
			}
		}
	}
}
