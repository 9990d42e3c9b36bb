package responders

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// TestWAV reads the file as a player does.
func TestWAV(t *testing.T) {
	file := wav("a.wav")
	var head struct {
		RIFF      [4]byte
		Size      uint32
		WAVE, Fmt [4]byte
		FmtSize   uint32
		Format    uint16
		Channels  uint16
		Rate      uint32
		ByteRate  uint32
		Frame     uint16
		Bits      uint16
		Data      [4]byte
		DataSize  uint32
	}
	if _, err := binary.Decode(file, binary.LittleEndian, &head); err != nil {
		t.Fatal(err)
	}
	if string(head.RIFF[:]) != "RIFF" || string(head.WAVE[:]) != "WAVE" || string(head.Fmt[:]) != "fmt " || string(head.Data[:]) != "data" {
		t.Errorf("chunks %+v", head)
	}
	if int(head.Size) != len(file)-8 || int(head.DataSize) != len(file)-binary.Size(head) || head.FmtSize != 16 {
		t.Errorf("sizes %+v of %d bytes", head, len(file))
	}
	if head.Format != 1 || head.Channels != 1 || head.Bits != 16 || head.Rate != wavRate ||
		head.ByteRate != head.Rate*uint32(head.Frame) || head.Frame != head.Channels*head.Bits/8 {
		t.Errorf("format %+v", head)
	}
	if !bytes.Equal(file, wav("a.wav")) || bytes.Equal(file, wav("b.wav")) {
		t.Error("the name alone does not choose the sound")
	}
}

// ask sends a request and returns it with the answer.
func ask(t *testing.T, responder Responder, in *Incoming) (*scenarios.Request, Message) {
	t.Helper()
	r := responder.Decode(in)
	if r.Identity != nil || r.Refused != nil {
		t.Fatalf("%s is refused: %+v %+v", in.Path, r.Identity, r.Refused)
	}
	return r, responder.Success(r, Meta{Entropy: [2]uint64{1, 2}, Now: in.Now, Records: noRecords{}}, nil)
}

func post(operation, path, body string) *Incoming {
	in := incoming(Route{Path: path, Operation: operation}, []byte(body))
	in.Query, in.Host = nil, "http://mock:8080"
	return in
}

func TestEmbeddings(t *testing.T) {
	call := func(body string) gjson.Result {
		_, m := ask(t, dashScopeCompatible{}, post(catalog.OpEmbedding, "/compatible-mode/v1/embeddings", body))
		return gjson.ParseBytes(m.Frames[0])
	}
	plain := call(`{"model":"text-embedding-v4","input":["one","two","one"],"dimensions":64}`).Get("data.#.embedding").Array()
	if plain[0].Raw != plain[2].Raw || plain[0].Raw == plain[1].Raw || len(plain[0].Array()) != 64 {
		t.Errorf("vectors %v", plain)
	}
	packed, err := base64.StdEncoding.DecodeString(
		call(`{"model":"text-embedding-v4","input":"one","dimensions":64,"encoding_format":"base64"}`).Get("data.0.embedding").Str)
	if err != nil || len(packed) != 4*64 {
		t.Fatalf("%d bytes, %v", len(packed), err)
	}
	for i, v := range plain[0].Array() {
		if got := math.Float32frombits(binary.LittleEndian.Uint32(packed[4*i:])); got != float32(v.Num) {
			t.Errorf("number %d is %v in base64 and %v in JSON", i, got, v.Num)
		}
	}
	for model, want := range map[string]int{"text-embedding-v2": 1536, "text-embedding-v4": 1024, "text-embedding-v9": 1024} {
		if got := len(call(`{"model":"` + model + `","input":"one"}`).Get("data.0.embedding").Array()); got != want {
			t.Errorf("%s has %d dimensions, want %d", model, got, want)
		}
	}
	native := post(catalog.OpEmbedding, "/api/v1/services/embeddings/text-embedding/text-embedding",
		`{"model":"text-embedding-v4","input":{"texts":["one"]},"parameters":{"dimension":64}}`)
	if _, m := ask(t, dashScopeNative{}, native); gjson.GetBytes(m.Frames[0], "output.embeddings.0.embedding").Raw != plain[0].Raw {
		t.Errorf("the native vector of the same text differs: %s", m.Frames[0])
	}
}

// TestSpeechStream puts the pieces of a stream together and fetches the file
// that its last event names.
func TestSpeechStream(t *testing.T) {
	in := post(catalog.OpSpeech, "/api/v1/services/audio/tts/SpeechSynthesizer", `{"model":"cosyvoice-v3-flash","input":{"text":"天气 a","voice":"v"}}`)
	in.Header.Set("X-DashScope-SSE", "enable")
	_, m := ask(t, dashScopeNative{}, in)
	var sound []byte
	var url string
	for _, frame := range m.Frames {
		_, data, _ := strings.Cut(string(frame), "\ndata:")
		event := gjson.Parse(data)
		piece, err := base64.StdEncoding.DecodeString(event.Get("output.audio.data").Str)
		if err != nil || event.Get("usage.characters").Int() != 6 {
			t.Fatalf("event %s: %v", data, err)
		}
		sound, url = append(sound, piece...), event.Get("output.audio.url").Str
	}
	path, found := strings.CutPrefix(url, in.Host)
	if !found {
		t.Fatalf("url %q", url)
	}
	if file := fetch(t, path); !bytes.Equal(file, sound) || len(file) == 0 {
		t.Errorf("the file has %d bytes, the stream %d, or they differ", len(file), len(sound))
	}
}

func fetch(t *testing.T, path string) []byte {
	t.Helper()
	in := &Incoming{Method: http.MethodGet, Path: path, Header: http.Header{}}
	responder, r := Stranger(in, "localhost")
	if responder == nil || r.Identity != nil {
		t.Fatalf("%s is not served", path)
	}
	m := responder.Success(r, Meta{}, nil)
	if m.Status != http.StatusOK || m.Header.Get("Content-Type") != "audio/wav" {
		t.Fatalf("%s: %d %v", path, m.Status, m.Header)
	}
	return m.Frames[0]
}

func TestFilePaths(t *testing.T) {
	for path, want := range map[string]bool{
		"/mockllm-files/audio/a.wav": true, "/mockllm-files/audio/.wav": false, "/mockllm-files/audio/a/b.wav": false,
		"/mockllm-files/audio/a.mp3": false, "/mockllm-files/a.wav": false, "/audio/a.wav": false,
	} {
		if got := hasFile(path); got != want {
			t.Errorf("%s: %t, want %t", path, got, want)
		}
	}
}

// TestStreamsAndTurns: who can answer with a stream does if asked to, and
// every text of the caller's is seen by rules.
func TestStreamsAndTurns(t *testing.T) {
	const services = "/api/v1/services/"
	for _, c := range []struct {
		responder       Responder
		operation, path string
		body            string
		stream          bool
		turns           string
	}{
		{dashScopeNative{}, catalog.OpChat, services + "aigc/multimodal-generation/generation", `{"model":"qwen-vl-plus","input":{"messages":[{"role":"user","content":[{"image":"i"},{"text":"a"}]}]}}`, true, "a"},
		{dashScopeNative{}, catalog.OpApp, "/api/v1/apps/x/completion", `{"input":{"prompt":"a"}}`, true, "a"},
		{dashScopeNative{}, catalog.OpSpeech, services + "audio/tts/SpeechSynthesizer", `{"model":"cosyvoice-v3-flash","input":{"text":"a","voice":"v"}}`, true, "a"},
		{dashScopeNative{}, catalog.OpEmbedding, services + "embeddings/text-embedding/text-embedding", `{"model":"text-embedding-v4","input":{"texts":["a","b"]}}`, false, "a,b"},
		{dashScopeNative{}, catalog.OpEmbedding, services + "embeddings/multimodal-embedding/multimodal-embedding", `{"model":"multimodal-embedding-v1","input":{"contents":["a",{"video":"u"},{"text":"b"}]}}`, false, "a,b"},
		{dashScopeNative{}, catalog.OpRerank, services + "rerank/text-rerank/text-rerank", `{"model":"gte-rerank-v2","input":{"query":"a","documents":["d"]}}`, false, "a"},
		{dashScopeNative{}, catalog.OpTokenize, "/api/v1/tokenizer", `{"model":"qwen-plus","input":{"prompt":"a"}}`, false, "a"},
		{dashScopeCompatible{}, catalog.OpCompletion, "/compatible-mode/v1/completions", `{"model":"qwen-coder-turbo","prompt":"a","stream":true}`, true, "a"},
		{dashScopeCompatible{}, catalog.OpEmbedding, "/compatible-mode/v1/embeddings", `{"model":"text-embedding-v4","input":["a","b"],"stream":true}`, false, "a,b"},
		{dashScopeCompatible{}, catalog.OpRerank, "/compatible-api/v1/reranks", `{"model":"qwen3-rerank","query":"a","documents":["d"],"stream":true}`, false, "a"},
	} {
		in := post(c.operation, c.path, c.body)
		in.Vars = map[string]string{"app_id": "x"}
		in.Header.Set("X-DashScope-SSE", "enable")
		r, m := ask(t, c.responder, in)
		var said []string
		for _, turn := range r.Turns {
			if turn.Role != "user" {
				t.Errorf("%s: turn %+v", c.path, turn)
			}
			said = append(said, turn.Text)
		}
		if r.Stream != c.stream || m.Stream != c.stream || strings.Join(said, ",") != c.turns {
			t.Errorf("%s: stream %t, answered %t, turns %q", c.path, r.Stream, m.Stream, said)
		}
		if m.Stream && (m.Marks != 1 || m.Ending < m.Marks || m.Ending >= len(m.Frames)) {
			t.Errorf("%s: ending %d, marks %d of %d frames", c.path, m.Ending, m.Marks, len(m.Frames))
		}
	}
}

func TestNativeModelsPages(t *testing.T) {
	for query, want := range map[string]int{
		"page_no=1&page_size=5": 5, "page_no=99": 0, "page_no=9223372036854775807&page_size=100": 0, "": 10,
		"page_no=0&page_size=-1": 10, "page_no=x": 10, "page_size=1000": len(dashScopeListed()), "model=qwen-plus": 1, "model=none": 0,
	} {
		in := post(catalog.OpModels, "/api/v1/models", "")
		in.Method, in.Query = http.MethodGet, map[string][]string{}
		for pair := range strings.SplitSeq(query, "&") {
			if name, value, found := strings.Cut(pair, "="); found {
				in.Query[name] = []string{value}
			}
		}
		_, m := ask(t, dashScopeNative{}, in)
		if got := len(gjson.GetBytes(m.Frames[0], "output.models").Array()); got != want || !json.Valid(m.Frames[0]) {
			t.Errorf("%s: %d models, want %d", query, got, want)
		}
	}
}

// TestPreflight: browsers send no key with one, and no rule is about it.
func TestPreflight(t *testing.T) {
	for _, responder := range []Responder{dashScopeNative{}, dashScopeCompatible{}} {
		for _, route := range responder.Routes() {
			in := &Incoming{
				Operation: route.Operation, Method: http.MethodOptions, Now: time.Unix(1_700_000_000, 0),
				Path:   strings.Replace(route.Path, "aigc/{rest:.*}", "aigc/"+taskKinds[0].path, 1), // Not every path below it exists.
				Header: http.Header{"Origin": {"https://a"}, "Access-Control-Request-Method": {"POST"}},
			}
			r, m := ask(t, responder, in)
			if m.Status != http.StatusOK || len(m.Frames) != 0 || m.Header.Get("Access-Control-Allow-Origin") != "https://a" {
				t.Errorf("%s: %d %v", route.Path, m.Status, m.Header)
			}
			if responder.Dialect().Carries(r.Operation) {
				t.Errorf("%s: a preflight counts as %s", route.Path, r.Operation)
			}
		}
	}
}

// TestNativeHistory: what was said before may stand beside a prompt.
func TestNativeHistory(t *testing.T) {
	for input, want := range map[string]string{
		`{"history":[{"user":"a","bot":"b"},{"user":"c","bot":"d"}],"prompt":"e"}`: "[{user a} {assistant b} {user c} {assistant d} {user e}]",
		`{"history":[],"prompt":"e"}`:                  "[{user e}]",
		`{"history":[{"user":"a"},7],"prompt":"e"}`:    "[{user a} {user e}]",
		`{"history":"a","prompt":"e"}`:                 "[{user e}]",
		`{"messages":[{"role":"user","content":"e"}]}`: "[{user e}]",
	} {
		r := dashScopeNative{}.Decode(post(catalog.OpChat, "/api/v1/services/aigc/text-generation/generation", `{"model":"qwen-plus","input":`+input+`}`))
		if got := fmt.Sprint(r.Turns); got != want || r.Refused != nil {
			t.Errorf("%s: %s (%+v), want %s", input, got, r.Refused, want)
		}
	}
}
