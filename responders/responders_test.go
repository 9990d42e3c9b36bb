package responders

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// TestDefaultTextNeverSaysEvent holds a promise to users of the official
// Qianfan Go SDK, which drops every line of a stream that has the word.
func TestDefaultTextNeverSaysEvent(t *testing.T) {
	for _, s := range append(append([]string{thought("a"), thought("好")}, english...), chinese...) {
		if strings.Contains(strings.ToLower(s), "event") {
			t.Errorf("%q has the word", s)
		}
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string][]string{
		"":                nil,
		"hello":           {"hello"},
		"hello world":     {"hello", " world"},
		"你好":              {"你", "好"},
		"a, b":            {"a", ",", " b"},
		"internationally": {"intern", "ationa", "lly"},
		"  x":             {" ", " x"},
		"é\n\n1":          {"é", "\n", "\n1"},
		"🙂!":              {"🙂", "!"},
	} {
		got := tokens(text)
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzTokens(f *testing.F) {
	for _, s := range []string{"", "hello world", "你好 world", "a\xffb", "  ", "🙂🙂"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, text string, wanted int) {
		if joined := strings.Join(tokens(text), ""); joined != text {
			t.Errorf("tokens of %q join to %q", text, joined)
		}
		pieces := slices.Collect(cut(text, max(wanted%1000, 0)).all())
		if joined := strings.Join(pieces, ""); joined != text {
			t.Errorf("pieces of %q join to %q", text, joined)
		}
		if wanted > 0 && len(pieces) > wanted {
			t.Errorf("%d pieces, wanted %d", len(pieces), wanted)
		}
	})
}

func FuzzQuoted(f *testing.F) {
	for _, s := range []string{"", `"`, `\`, "\n\r\t\x00\x1f\x7f", "你好", "a\xff", "\u2028<>&"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var back string
		if err := json.Unmarshal(appendQuoted(nil, text), &back); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if want := strings.ToValidUTF8(text, "\uFFFD"); strings.ToValidUTF8(back, "\uFFFD") != back || len([]rune(back)) != len([]rune(text)) && back != want {
			t.Errorf("%q comes back as %q", text, back)
		}
	})
}

// noRecords is the view of a namespace in which nobody made anything.
type noRecords struct{}

func (noRecords) Get(string, string) (scenarios.Record, bool) { return scenarios.Record{}, false }
func (noRecords) List(string) []scenarios.Record              { return nil }

// incoming is a POST of a body to a route, with a credential for everyone.
func incoming(route Route, body []byte) *Incoming {
	return &Incoming{
		Operation: route.Operation, Vars: map[string]string{"endpoint": "completions", "app_id": "a"},
		Method: http.MethodPost, Path: route.Path, Body: body,
		Query:  map[string][]string{"access_token": {"t"}, "grant_type": {"client_credentials"}, "client_id": {"a"}, "client_secret": {"b"}},
		Header: http.Header{"Authorization": {"Bearer k"}}, Now: time.Unix(1_700_000_000, 0),
	}
}

// FuzzDecode sends any body to every route, streamed and not, and demands
// exactly one well-formed answer of the dialect: an error if the body is
// refused, a success otherwise.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", "{}", "[]", "null", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`,
		`{"model":"m","input":{"prompt":"x"},"parameters":{"n":4,"stop":["a",1],"tools":[{}],"incremental_output":true}}`,
		`{"messages":[{"role":"user","content":[{"text":"a"},{"image":"b"},3]}],"functions":[{"name":"f","parameters":{"type":"array"}}]}`,
		`{"model":7,"messages":"x","stream":"yes","n":-1,"max_tokens":1e99,"stop":{},"tools":{},"tool_choice":[]}`,
		`{"model":"m","messages":[{}],"tools":[{"function":{"name":"f","parameters":{"properties":{"a":{"properties":{}}}}}}]}`,
		"{\"model\":\"\xff\"}",
		`{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"n":2,"stream_options":{"include_usage":true},"tools":[{"function":{"name":"f"}}]}`,
		`{"model":"m","stream":true,"query":"q","documents":["a",1,"q"],"top_n":1,"app_id":"a","plugins":["p"],"prompt":"p","image":"i","size":"-1x9","n":2}`,
		`{"model":"m","input":["a","",{},"好"],"dimensions":3,"prompt":"p","size":"99999x1"}`,
		`{"model":"m","input":["a","b"],"dimensions":9,"encoding_format":"base64","prompt":"p","query":"q","documents":["d",{"text":"e"}]}`,
		`{"model":"m","stream":true,"max_tokens":9,"max_output_tokens":16,"input":[{"role":"user","content":[{"type":"input_text","text":"a"}]},{"type":"function_call_output","output":"b"},7],"instructions":"i","tools":[{"name":"f","parameters":{},"input_schema":{}}],"messages":[{"role":"user","content":[{"type":"tool_result","content":"c"}]}],"thinking":{"type":"enabled"},"reasoning":{"effort":"low"}}`,
		`{"model":"m","stream":true,"max_tokens":1e9,"max_output_tokens":-1,"input":"a","store":3,"metadata":[],"temperature":"x","system":[{"text":"s"}],"messages":[{}],"stop_sequences":"a","previous_response_id":"resp_a","conversation":{}}`,
		`{"model":"m","input":{"texts":["a"],"contents":["t",{"image":"i"},3],"query":{"image":"u"},"documents":[{"video":"v"}],"text":"t","voice":"v"}}`,
	} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, stream bool) {
		for _, responder := range All() {
			for _, route := range responder.Routes() {
				in := incoming(route, body)
				if stream {
					in.Header.Set("X-DashScope-SSE", "enable")
				}
				r := responder.Decode(in)
				m := Meta{Entropy: [2]uint64{1, 2}, Now: in.Now, Edition: catalog.EditionSeed, Records: noRecords{}}
				answer := responder.Success(r, m, nil)
				for _, refused := range []*scenarios.Refusal{r.Identity, r.Refused} {
					if refused != nil {
						answer = Error(responder, r, m, failure(t, refused, r.Dialect))
					}
				}
				wellFormed(t, responder.Dialect().Name, answer)
			}
		}
	})
}

func failure(t *testing.T, refused *scenarios.Refusal, dialect string) *scenarios.Failure {
	t.Helper()
	e, err := catalog.Resolve(refused.ID, catalog.Scope{Dialects: []string{dialect}})
	if err != nil {
		t.Fatal(err)
	}
	v := e.Variant(dialect)
	if refused.Variant != "" {
		v = e.FindVariant(refused.Variant, dialect)
	}
	if v == nil || !v.CarriedBy(dialect) {
		t.Fatalf("%s has no message %q on %s", refused.ID, refused.Variant, dialect)
	}
	return &scenarios.Failure{Entry: e, Variant: v, Args: refused.Args}
}

// wellFormed checks the framing and that every payload is JSON on one line.
func wellFormed(t *testing.T, dialect string, m Message) {
	t.Helper()
	if m.Status < 200 || m.Status > 599 || len(m.Frames) == 0 || !m.Stream && len(m.Frames) != 1 {
		t.Fatalf("%s: status %d, %d frames, stream %t", dialect, m.Status, len(m.Frames), m.Stream)
	}
	if isStream := strings.HasPrefix(m.Header.Get("Content-Type"), "text/event-stream"); isStream != m.Stream {
		t.Fatalf("%s: content type %q of a stream %t", dialect, m.Header.Get("Content-Type"), m.Stream)
	}
	for _, frame := range m.Frames {
		payload := string(frame)
		if m.Stream {
			_, payload, _ = strings.Cut(payload, "data:")
			if !strings.HasSuffix(payload, "\n\n") {
				t.Fatalf("%s: frame %q does not end with an empty line", dialect, frame)
			}
			if strings.TrimSpace(payload) == "[DONE]" {
				continue
			}
		}
		if payload == "" && m.Header["X-Bce-Error-Code"] != nil {
			continue // The gateway of Baidu Cloud says it all in the header.
		}
		if payload = strings.TrimSpace(payload); !gjson.Valid(payload) || strings.Contains(payload, "\n") {
			t.Fatalf("%s: %q is not JSON on one line", dialect, payload)
		}
	}
}

// TestRefusalsExist walks every refusal that the code names by text: a typing
// mistake there would show only when a client meets it.
func TestRefusalsExist(t *testing.T) {
	for _, s := range strangers {
		refusal := s.refusal
		failure(t, &refusal, s.dialect)
	}
	for _, responder := range All() {
		for _, route := range responder.Routes() {
			for _, change := range []func(*Incoming){
				func(in *Incoming) { in.Method = http.MethodDelete },
				func(in *Incoming) { in.Header = http.Header{}; in.Query = nil },
				func(in *Incoming) { in.Query = map[string][]string{"access_token": {""}, "grant_type": {"x"}} },
				func(in *Incoming) { in.State = BodyTooLarge },
				func(in *Incoming) { in.State = BodyCut },
				func(in *Incoming) { in.Body = []byte(`{"model":"m"}`) },
				func(in *Incoming) { in.Body = []byte(`{"model":"m","messages":[],"input":{}}`) },
				func(in *Incoming) { in.Body = []byte(`{"messages":[{"role":"user"}],"input":{"prompt":"x"}}`) },
			} {
				in := incoming(route, []byte("{}"))
				change(in)
				r := responder.Decode(in)
				for _, refused := range []*scenarios.Refusal{r.Identity, r.Refused} {
					if refused != nil {
						failure(t, refused, r.Dialect)
					}
				}
			}
		}
	}
}

// TestUsageAddsUp reads the usage of default answers.
func TestUsageAddsUp(t *testing.T) {
	in := incoming(Route{"/compatible-mode/v1/chat/completions", catalog.OpChat},
		[]byte(`{"model":"m","enable_thinking":true,"n":3,"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]}`))
	d := dashScopeCompatible{}
	body := d.Success(d.Decode(in), Meta{Now: in.Now}, nil).Frames[0]
	u := gjson.GetBytes(body, "usage")
	if u.Get("prompt_tokens").Int() != 3 || u.Get("total_tokens").Int() != 3+u.Get("completion_tokens").Int() {
		t.Errorf("usage %s", u.Raw)
	}
	details := u.Get("completion_tokens_details")
	if details.Get("text_tokens").Int()+details.Get("reasoning_tokens").Int() != u.Get("completion_tokens").Int() {
		t.Errorf("details %s", u.Raw)
	}
	texts := map[string]bool{}
	for _, c := range gjson.GetBytes(body, "choices.#.message.content").Array() {
		texts[c.Str] = true
	}
	if len(texts) < 2 {
		t.Errorf("all choices say the same: %v", texts)
	}
}

// TestSameRequestSameAnswer: text, usage and ids are functions of the request
// and the entropy.
func TestSameRequestSameAnswer(t *testing.T) {
	for _, responder := range All() {
		for _, route := range responder.Routes() {
			body := []byte(`{"model":"m","messages":[{"role":"user","content":"hi"}],"input":{"prompt":"hi"}}`)
			answer := func(seed uint64) string {
				in := incoming(route, body)
				m := responder.Success(responder.Decode(in), Meta{Entropy: [2]uint64{seed, 7}, Now: in.Now}, nil)
				return fmt.Sprintf("%s", m.Frames) + fmt.Sprint(m.Header) // Not every body has an id.
			}
			if first, second := answer(1), answer(1); first != second {
				t.Errorf("%s: two answers to one request differ", responder.Dialect().Name)
			}
			if answer(1) == answer(2) {
				t.Errorf("%s: repetitions have the same id", responder.Dialect().Name)
			}
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := func() *Incoming {
		return &Incoming{Method: "POST", Path: "/a", Query: map[string][]string{"x": {"1"}, "access_token": {"t"}}, Body: []byte("b")}
	}
	want := fingerprint(base())
	for name, c := range map[string]struct {
		change func(*Incoming)
		same   bool
	}{
		"other token":  {func(in *Incoming) { in.Query["access_token"] = []string{"u"} }, true},
		"other header": {func(in *Incoming) { in.Header = http.Header{"A": {"b"}} }, true},
		"other path":   {func(in *Incoming) { in.Path = "/b" }, false},
		"other query":  {func(in *Incoming) { in.Query["x"] = []string{"2"} }, false},
		"other body":   {func(in *Incoming) { in.Body = []byte("c") }, false},
		"other method": {func(in *Incoming) { in.Method = "GET" }, false},
	} {
		in := base()
		c.change(in)
		if got := fingerprint(in); (got == want) != c.same {
			t.Errorf("%s: same %t, want %t", name, got == want, c.same)
		}
	}
}

func TestNamespaceOf(t *testing.T) {
	for key, want := range map[string]string{
		"": "", "sk-plain": "", "mockllm-ns-": "", "sk-mockllm-ns-blue": "blue", "Bearer mockllm-ns-a.b~c_1": "a.b~c_1",
		"bce-auth-v1/ak-mockllm-ns-x/2026-05-28T08:00:00Z/1800/host/00": "x", "mockllm-ns-中": "",
	} {
		if got, found := namespaceOf(key); got != want || found != (want != "") {
			t.Errorf("%q: got %q %t, want %q", key, got, found, want)
		}
	}
}

func TestNearestPath(t *testing.T) {
	for path, want := range map[string]string{
		"/chat/completions":    "/compatible-mode/v1/chat/completions",
		"/v1/chat/completions": "/compatible-mode/v1/chat/completions",
		"/v1/completions":      "/compatible-mode/v1/completions",
		"/v1/responses":        "/compatible-mode/v1/responses",
		"/v1/messages":         "/apps/anthropic/v1/messages",
		"/oauth/2.0/tokens":    "/oauth/2.0/token",
		"/":                    "",
		"/favicon.ico":         "",
	} {
		if got := NearestPath(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}
