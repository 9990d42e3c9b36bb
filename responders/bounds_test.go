package responders

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Here a request is as large as a server reads, or asks for as much as it can:
// the answer has a bound all the same.

// many is a JSON list of so many short texts.
func many(n int) string { return "[" + strings.Repeat(`"a",`, n-1) + `"a"]` }

// size is how many bytes an answer has.
func size(m Message) int {
	n := 0
	for _, frame := range m.Frames {
		n += len(frame)
	}
	return n
}

// TestTooManyRefused: each of these is refused, and where an operator turned
// refusals off the answer is bounded.
func TestTooManyRefused(t *testing.T) {
	const services = "/api/v1/services/"
	dots := strings.Repeat(".", 1_000_000)
	for _, c := range []struct {
		responder             Responder
		operation, path, body string
	}{
		{dashScopeNative{}, catalog.OpEmbedding, services + "embeddings/multimodal-embedding/multimodal-embedding",
			`{"model":"multimodal-embedding-v1","input":{"contents":` + many(2000) + `},"parameters":{"dimension":4096}}`},
		{dashScopeNative{}, catalog.OpEmbedding, services + "embeddings/text-embedding/text-embedding",
			`{"model":"text-embedding-v2","input":{"texts":` + many(2000) + `},"parameters":{"dimension":4096}}`},
		{dashScopeCompatible{}, catalog.OpEmbedding, "/compatible-mode/v1/embeddings",
			`{"model":"text-embedding-v4","input":` + many(2000) + `,"dimensions":4096}`},
		{dashScopeNative{}, catalog.OpRerank, services + "rerank/text-rerank/text-rerank",
			`{"model":"gte-rerank-v2","input":{"query":"q","documents":` + many(100_000) + `}}`},
		{dashScopeCompatible{}, catalog.OpRerank, "/compatible-api/v1/reranks",
			`{"model":"qwen3-rerank","query":"q","documents":` + many(100_000) + `}`},
		{qianfanV2{}, catalog.OpRerank, "/v2/rerank", `{"model":"m","query":"q","documents":` + many(100_000) + `}`},
		{dashScopeNative{}, catalog.OpTokenize, "/api/v1/tokenizer", `{"model":"qwen-plus","input":{"prompt":"` + dots + `"}}`},
	} {
		in := post(c.operation, c.path, c.body)
		r := c.responder.Decode(in)
		if r.Refused == nil {
			t.Errorf("%s: not refused", c.path)
			continue
		}
		failure(t, r.Refused, r.Dialect)
		answer := c.responder.Success(r, Meta{Now: in.Now, Records: noRecords{}}, nil)
		if n := size(answer); n > 2<<20 {
			t.Errorf("%s: an answer of %d bytes", c.path, n)
		}
	}
}

// TestAtTheBound: as many as are accepted are all answered.
func TestAtTheBound(t *testing.T) {
	const services = "/api/v1/services/"
	for _, c := range []struct {
		operation, path, body, list string
		want                        int
	}{
		{catalog.OpEmbedding, services + "embeddings/text-embedding/text-embedding",
			`{"model":"text-embedding-v2","input":{"texts":` + many(25) + `}}`, "output.embeddings.#", 25},
		{catalog.OpEmbedding, services + "embeddings/multimodal-embedding/multimodal-embedding",
			`{"model":"multimodal-embedding-v1","input":{"contents":` + many(20) + `}}`, "output.embeddings.#", 20},
		{catalog.OpRerank, services + "rerank/text-rerank/text-rerank",
			`{"model":"gte-rerank-v2","input":{"query":"q","documents":` + many(500) + `}}`, "output.results.#", 500},
		{catalog.OpTokenize, "/api/v1/tokenizer",
			`{"model":"qwen-plus","input":{"prompt":"` + strings.Repeat(".", maxTokenized) + `"}}`, "output.token_ids.#", maxTokenized},
	} {
		_, m := ask(t, dashScopeNative{}, post(c.operation, c.path, c.body))
		if got := gjson.GetBytes(m.Frames[0], c.list).Int(); int(got) != c.want {
			t.Errorf("%s: %d of %d", c.path, got, c.want)
		}
	}
}

// TestStreamsAreBounded: nothing that a caller sends comes back in every frame
// at its full length.
func TestStreamsAreBounded(t *testing.T) {
	const chats = "/api/v1/services/aigc/text-generation/generation"
	long, medium := strings.Repeat("a ", 100_000), strings.Repeat("a ", 2000)
	tool := func(name, schema string) string {
		return `{"model":"qwen-plus","input":{"prompt":"hi"},"parameters":{"tools":[{"function":{"name":"` + name + `","parameters":` + schema + `}}]}}`
	}
	properties := strings.Repeat(`"p":{"default":"`+medium+`"},`, 100)
	for name, c := range map[string]struct {
		responder             Responder
		operation, path, body string
		most                  int
	}{
		"default":    {dashScopeNative{}, catalog.OpChat, chats, tool("f", `{"default":"`+long+`"}`), 512 << 10},
		"enum":       {dashScopeNative{}, catalog.OpChat, chats, tool("f", `{"enum":["`+long+`"]}`), 512 << 10},
		"properties": {dashScopeNative{}, catalog.OpChat, chats, tool("f", `{"properties":{`+properties+`"q":{}}}`), 24 << 20},
		"tool":       {dashScopeNative{}, catalog.OpChat, chats, tool(long, `{"default":"`+medium+`"}`), 8 << 20},
		"session":    {dashScopeNative{}, catalog.OpApp, "/api/v1/apps/a/completion", `{"input":{"prompt":"hi","session_id":"` + long + `"}}`, 512 << 10},
		"model, compatible": {dashScopeCompatible{}, catalog.OpChat, "/compatible-mode/v1/chat/completions",
			`{"model":"` + long + `","stream":true,"messages":[{"role":"user","content":"hi"}]}`, 512 << 10},
		"model, V2": {qianfanV2{}, catalog.OpChat, "/v2/chat/completions",
			`{"model":"qwen-` + long + `","stream":true,"messages":[{"role":"user","content":"hi"}]}`, 512 << 10},
		"conversation": {qianfanV2{}, catalog.OpApp, v2Runs, `{"app_id":"a","stream":true,"query":"hi","conversation_id":"` + long + `"}`, 512 << 10},
	} {
		in := post(c.operation, c.path, c.body)
		in.Header.Set("X-DashScope-SSE", "enable")
		r := c.responder.Decode(in) // Some are refused, unless an operator turned that off.
		if m := c.responder.Success(r, Meta{Now: in.Now, Records: noRecords{}}, nil); !r.Stream || size(m) > c.most {
			t.Errorf("%s: %d bytes, stream %t", name, size(m), r.Stream)
		} else {
			wellFormed(t, name, m)
		}
	}
}

func TestClipped(t *testing.T) {
	for given, want := range map[string]string{
		"qwen-plus":              "qwen-plus",
		strings.Repeat("a", 300): strings.Repeat("a", 256),
		strings.Repeat("好", 100): strings.Repeat("好", 85), // Never half a character.
	} {
		if got := clipped(given); got != want {
			t.Errorf("%.20q has %d bytes, want %d", given, len(got), len(want))
		}
	}
}

func TestFilledTemplateIsBounded(t *testing.T) {
	content := strings.Repeat("{a}", 1000) + "{b}"
	template := thing{asked: gjson.Parse(`{"templateContent":"` + content + `","templateVariables":"a,b"}`)}
	values := map[string]string{"a": strings.Repeat("x", 1000), "b": "y"}
	got := fillTemplate(template, func(name string) string { return values[name] })
	if want := strings.Repeat("{a}", 1000) + "y"; got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
}

// TestCountKeepsNothing: counting must not hold all tokens at once.
func TestCountKeepsNothing(t *testing.T) {
	text := strings.Repeat(". ", 100_000)
	if n := testing.AllocsPerRun(3, func() { countTokens(text) }); n > 5 {
		t.Errorf("%v allocations", n)
	}
	if got, want := countTokens(text), len(tokens(text)); got != want {
		t.Errorf("counted %d of %d", got, want)
	}
}

// TestNumbersAreTheSameEveryTime: maps have a random order, sums must not show
// it. The score of these two lies between two of those that are printed.
func TestNumbersAreTheSameEveryTime(t *testing.T) {
	const query, document = "a aAz bBz", "a b c d aAz bBz cCz dDz eEz fFz gGz hHz iIz jJz kKz lLz"
	score, vector := relevance(query, document), embedding(document, 7)
	for range 500 {
		if got := relevance(query, document); got != score {
			t.Fatalf("relevance %v, then %v", score, got)
		}
		if got := embedding(document, 7); !slices.Equal(got, vector) {
			t.Fatalf("vector %v, then %v", vector, got)
		}
	}
}

// TestRemovedStaysRemoved: a call that changes a thing looked at it before
// another removes it, and is kept behind it.
func TestRemovedStaysRemoved(t *testing.T) {
	const service = "/v2/service?Action="
	for name, c := range map[string]struct{ make, id, change string }{
		"modified": {service + "CreateService", "serviceId", service + "ModifyService"},
		"stopped":  {"/v2/batchinference?Action=CreateBatchInferenceTask", "taskId", "/v2/batchinference?Action=StopBatchInferenceTask"},
	} {
		records := scenarios.NewMemory()
		view, err := records.View(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		call := func(name, body string) Message {
			in := consoleIncoming(name, body)
			return qianfanConsole{}.Success(qianfanConsole{}.Decode(in), Meta{Now: in.Now, Records: view}, nil)
		}
		commit := func(changes []scenarios.Change) {
			if _, err := records.Commit(t.Context(), "", time.Time{}, changes); err != nil {
				t.Fatal(err)
			}
		}
		made := call(c.make, `{"name":"n","modelId":"m","modelVersionId":"v","urlSuffix":"u"}`)
		commit(made.Changes)
		first := made.Changes[0]
		changed := call(c.change, `{"`+c.id+`":"`+first.ID+`"}`)
		if len(changed.Changes) != 1 {
			t.Fatalf("%s: changes %v: %s", name, changed.Changes, changed.Frames[0])
		}
		commit([]scenarios.Change{{Kind: first.Kind, ID: first.ID}})
		commit(changed.Changes)
		if _, found := view.Get(first.Kind, first.ID); found {
			t.Errorf("%s: the thing is back", name)
		}
	}
}
