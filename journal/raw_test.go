package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// call is a call with a secret wherever one may stand.
func call() Call {
	body := []byte(`{"model":"m","api_key":"` + secret + `","messages":[{"role":"user","content":"my key is ` + secret + `"}]}`)
	return Call{
		Request: &scenarios.Request{
			Method: "POST", Path: "/v1/" + secret, Model: "like-" + secret, Key: secret, Body: body, Operation: "chat",
			Turns: []scenarios.Turn{{Role: "user", Text: "my key is " + secret}, {Role: secret}}, Detail: []byte(secret),
		},
		Header: map[string][]string{
			"Authorization": {"Bearer " + secret}, "X-Api-Key": {secret}, "Cookie": {"a=" + secret + "; b=" + secret},
			"Referer": {"http://x/?access_token=" + secret + "&b=2"}, "User-Agent": {"curl"}, "X-Note": {"it is " + secret},
		},
		Body: body, Host: "http://h", Path: "/ns/a/v1/" + secret, Query: "a=b&access_token=" + secret,
		Script: play.Script{
			{Kind: play.Head, Status: 200, Header: http.Header{"Set-Cookie": {"x=" + secret}, "X-Quote": {secret}}, Length: 100},
			{Kind: play.Write, Data: []byte(`{"access_token":"24.` + secret + `","code":"Throttling","quote":"` + secret + `"}`)},
			{Kind: play.Raw, Data: []byte("zz " + secret)},
		},
	}
}

// all is everything that can be read of an exchange.
func all(t *testing.T, e Exchange) string {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %+v", text, e)
}

// TestNoSecretIsRendered looks for a secret that was planted everywhere.
func TestNoSecretIsRendered(t *testing.T) {
	kept := Exchange{Method: "POST", Problem: "what of " + secret + "?", Raw: Keep(call())}
	for name, e := range map[string]Exchange{"rendered": kept.Rendered()} {
		text := all(t, e)
		for _, part := range []string{secret, secret[4:], secret[:10]} {
			if strings.Contains(text, part) {
				t.Errorf("%s: %q stands in %s", name, part, text)
			}
		}
		if e.Raw != nil {
			t.Errorf("%s: what came is still there", name)
		}
	}
	if e := kept.Brief(); strings.Contains(e.Key+e.Model+e.URL+e.Address+e.Problem, secret[4:]) {
		t.Errorf("brief: %+v", e)
	}
}

func TestRendered(t *testing.T) {
	e := Exchange{Raw: Keep(call())}.Rendered()
	for what, got := range map[string][2]string{
		"key":             {e.Key, "sk-0***ef"},
		"URL":             {e.URL, "/v1/sk-0***ef?a=b&access_token=sk-0***ef"},
		"address":         {e.Address, "http://h/ns/a/v1/sk-0***ef?a=b&access_token=sk-0***ef"},
		"body":            {e.Body, `{"model":"m","api_key":"sk-0***ef","messages":[{"role":"user","content":"my key is sk-0***ef"}]}`},
		"authorization":   {e.RequestHeader["Authorization"][0], "Bearer sk-0***ef"},
		"referer":         {e.RequestHeader["Referer"][0], "http://x/?access_token=sk-0***ef&b=2"},
		"user agent":      {e.RequestHeader["User-Agent"][0], "curl"},
		"length":          {e.AnswerHeader["Content-Length"][0], "100"},
		"answer":          {e.AnswerBody, `{"access_token":"24.s***ef","code":"Throttling","quote":"sk-0***ef"}`},
		"turns":           {e.Turns[0].Role, "user"},
		"script, head":    {e.Script[0], "head    200 OK, content-length 100"},
		"script, write":   {e.Script[1], `write   91 bytes "{\"access_token\":\"24.s***ef\",\"code\":\"Throttling\",\"quote\":\"sk-0***ef\"}"`},
		"script, garbage": {e.Script[2], `raw     22 bytes "zz sk-0***ef"`},
	} {
		if got[0] != got[1] {
			t.Errorf("%s is %q, want %q", what, got[0], got[1])
		}
	}
	if e.AnswerBytes != 91 {
		t.Errorf("%d bytes of answer", e.AnswerBytes)
	}
}

// TestSecretsCutIntoSteps breaks an answer off in the middle of a secret: no
// half of it is shown.
func TestSecretsCutIntoSteps(t *testing.T) {
	answer := `{"access_token":"0123456789abcdef0123456789"}`
	for at := range answer {
		c := call()
		c.Script = play.Script{
			{Kind: play.Head, Status: 200, Length: int64(len(answer))},
			{Kind: play.Write, Data: []byte(answer[:at]), Part: true}, {Kind: play.Write, Data: []byte(answer[at:])},
		}
		text := all(t, Exchange{Raw: Keep(c)}.Rendered())
		for _, part := range []string{"12345", "abcde"} {
			if strings.Contains(text, part) {
				t.Fatalf("cut at %d: %s", at, text)
			}
		}
	}
}

// The caller's key may stand in a place that no name tells of.
func TestKeyIsKnown(t *testing.T) {
	c := call()
	c.Header = nil
	if text := all(t, Exchange{Raw: Keep(c)}.Rendered()); strings.Contains(text, secret[4:]) {
		t.Errorf("the key stands in %s", text)
	}
}

// A refusal of ours may quote the caller's key, in its sentence as in its form.
func TestRefusalQuotesNoKey(t *testing.T) {
	e := Exchange{Raw: Keep(call())}
	e.Refuse(sentences.New("%s: %s", sentences.Plain("bad header"), sentences.New("%s must be given once, not %q", "X", secret)))
	for _, shown := range []Exchange{e.Brief(), e.Rendered()} {
		text := all(t, Exchange{Problem: shown.Problem, Said: shown.Said})
		if strings.Contains(text, secret[4:]) || !strings.Contains(text, "{1} must be given once, not {2}") {
			t.Errorf("the refusal says %s", text)
		}
	}
	if !strings.Contains(e.Said.String(), secret) {
		t.Error("what is kept was changed by looking at it")
	}
}

// What a secret is quoted as may be cut off with the body that is kept.
func TestSecretAtTheEndOfWhatIsKept(t *testing.T) {
	for n := range len(secret) {
		c := call()
		c.Body = []byte(strings.Repeat("x", keptBody-n) + secret + strings.Repeat("y", 100))
		c.Request.Body = c.Body
		problem := Clip(strings.Repeat("x", keptText-n) + secret + strings.Repeat("y", 100))
		if e := (Exchange{Problem: problem, Raw: Keep(c)}).Rendered(); strings.Contains(e.Problem, secret[:6]) {
			t.Errorf("%d bytes of the secret: …%s", n, e.Problem[keptText-30:])
		}
		if body := (Exchange{Raw: Keep(c)}).Rendered().Body; strings.Contains(body, secret[:6]) {
			t.Errorf("%d bytes of the secret: …%s", n, body[len(body)-30:])
		}
	}
}

// TestKeepIsBounded keeps a call in which everything is too long.
func TestKeepIsBounded(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	c := Call{
		Request: &scenarios.Request{Path: "/" + long, Model: long, Body: []byte(long), Turns: []scenarios.Turn{{Role: long, Text: long}}},
		Header:  map[string][]string{"X-Long": {long}}, Body: []byte(long), Query: long,
	}
	data := []byte(long)
	for i := range 1000 {
		c.Header[fmt.Sprint("X-", i)] = []string{"v"}
		c.Request.Turns = append(c.Request.Turns, scenarios.Turn{Role: "user"})
		c.Script = append(c.Script, play.Step{Kind: play.Write, Data: data})
	}
	e := Exchange{Method: long, Raw: Keep(c)}.Rendered()
	text, _ := json.Marshal(e)
	if len(text) > 64<<10 || len(e.Turns) != keptTurns || len(e.Script) != keptSteps+1 || len(e.RequestHeader) > keptFields {
		t.Errorf("%d bytes, %d turns, %d steps, %d header fields", len(text), len(e.Turns), len(e.Script), len(e.RequestHeader))
	}
	if len(e.Body) != keptBody || len(e.AnswerBody) != keptBody || e.AnswerBytes != 1000<<20 {
		t.Errorf("%d of the body, %d of the answer of %d", len(e.Body), len(e.AnswerBody), e.AnswerBytes)
	}
	if want := fmt.Sprintf("write   %d bytes \"xxx", 1<<20); !strings.HasPrefix(e.Script[0], want) || e.Script[1] != fmt.Sprintf("write   %d bytes …", 1<<20) {
		t.Errorf("script: %.200q", e.Script[:2])
	}
	if e.Script[keptSteps] != "… 936 more steps" {
		t.Errorf("the last line is %q", e.Script[keptSteps])
	}
}

// TestKeepOfALongConversation keeps a short message that stands for a long text: on a
// WebSocket it may have come in the messages before.
func TestKeepOfALongConversation(t *testing.T) {
	c := call()
	c.Request.Turns = []scenarios.Turn{{Role: "system", Text: strings.Repeat("x", 1<<20)}, {Role: "user", Text: "y"}}
	raw := Keep(c)
	e := Exchange{Raw: raw}.Rendered()
	if raw.size > keptBody || len(e.Turns) != 2 || e.Turns[0].Hash == "" || !strings.HasSuffix(e.Body, `}]}`) {
		t.Errorf("%d bytes are kept, turns %v, body %q", raw.size, e.Turns, e.Body)
	}
	if past := raw.view().past(&e); !past.Cut || past.Request.Turns != nil {
		t.Errorf("past: cut %v, %d turns", past.Cut, len(past.Request.Turns))
	}
}

// TestKeepCopiesTheHeader changes a header as a caller of the handler may.
func TestKeepCopiesTheHeader(t *testing.T) {
	c := call()
	raw := Keep(c)
	c.Header["User-Agent"][0] = "changed"
	delete(c.Header, "Referer")
	if e := (Exchange{Raw: raw}).Rendered(); e.RequestHeader["User-Agent"][0] != "curl" || e.RequestHeader["Referer"] == nil {
		t.Errorf("header: %v", e.RequestHeader)
	}
}

// What a caller has filled in stays.
func TestRenderedKeepsWhatIsThere(t *testing.T) {
	e := Exchange{URL: "/mine", Script: []string{"mine"}, Time: time.Unix(1, 0), Raw: Keep(call())}.Rendered()
	if e.URL != "/mine" || len(e.Script) != 1 || e.Model == "" {
		t.Errorf("%+v", e)
	}
}

// FuzzRendered holds that whatever stands around the caller's key, and wherever
// an answer is cut in two, the key is not shown.
func FuzzRendered(f *testing.F) {
	for _, text := range []string{"", `{"a":"`, `{"token":["`, "a=b&x=", "data: {\"key\":\"", "\"", "\\", "\xff", "%", secret[:8]} {
		f.Add(text, text, uint16(len(text)+5))
	}
	f.Fuzz(func(t *testing.T, before, behind string, at uint16) {
		text := before + secret + behind
		cut := int(at) % (len(text) + 1)
		c := call()
		c.Body, c.Query, c.Request.Model = []byte(text), text, text
		c.Request.Body = c.Body
		c.Header["X-Text"] = []string{text}
		c.Script = play.Script{{Kind: play.Write, Data: []byte(text[:cut]), Part: true}, {Kind: play.Write, Data: []byte(text[cut:])}}
		e := Exchange{Raw: Keep(c)}.Rendered()
		for what, shown := range map[string]string{
			"body": e.Body, "URL": e.URL, "model": e.Model, "header": e.RequestHeader["X-Text"][0], "answer": e.AnswerBody, "script": strings.Join(e.Script, " "),
		} {
			if strings.Contains(shown, secret) {
				t.Errorf("the key stands in the %s: %q", what, shown)
			}
		}
	})
}

// Reading an exchange must cost little, whatever it holds.
func BenchmarkRendered(b *testing.B) {
	for name, unit := range map[string]string{
		"messages": `{"role":"user","content":"hello there"},`, "keys": secret, "halves": secret[:12], "quotes": `"`, "brackets": `[`, "spaces": `"" `, "form": "a=b;token=c&%",
		"equals": "=", "semicolons": ";", "encoded": "%3D%26",
	} {
		c := call()
		c.Body = []byte(strings.Repeat(unit, keptBody/len(unit)))
		c.Request.Body, c.Query, c.Script = c.Body, string(c.Body), play.Script{{Kind: play.Write, Data: c.Body}}
		raw := Keep(c)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				(Exchange{Raw: raw}).Rendered()
			}
		})
	}
}

// TestPendingScript holds that a long answer is shown while it is under way as
// it is shown when it is over, and takes the same of the journal's bounds.
func TestPendingScript(t *testing.T) {
	script := play.Script{{Kind: play.Head, Status: 200, Header: map[string][]string{"A": {"b"}}, Length: play.Chunked}}
	for range 200 {
		script = append(script, play.Step{Kind: play.Wait, For: 1}, play.Step{Kind: play.Write, Data: bytes.Repeat([]byte("x"), 300)})
	}
	j := New(10, 1<<20)
	for range 3 { // Others that were forgotten before it, and in between.
		j.Begin(Exchange{Namespace: "other"})
	}
	id := j.Begin(Exchange{Raw: Keep(Call{Request: &scenarios.Request{}, Header: map[string][]string{"C": {"d"}}, Script: script})})
	j.Reset("other")
	reserved := j.size
	before, _ := j.Exchanges("")
	j.Finish(id, Sent{})
	after, _ := j.Exchanges("")
	before[0].Done = true
	if !reflect.DeepEqual(before, after) {
		t.Errorf("under way:\n%+v\nover:\n%+v", before, after)
	}
	shown := after[0]
	if len(shown.Script) != keptSteps+1 || shown.AnswerBytes != 200*300 || shown.AnswerHeader["A"] == nil || shown.RequestHeader["C"] == nil {
		t.Errorf("%d steps, %d bytes, header %v and %v", len(shown.Script), shown.AnswerBytes, shown.RequestHeader, shown.AnswerHeader)
	}
	if j.entries[0].Raw.pending != nil || j.size != reserved {
		t.Errorf("%d bytes are kept, %d were reserved", j.size, reserved)
	}
}
