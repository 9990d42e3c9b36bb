package responders

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// FuzzDashScope sends any body to every path of both dialects, with a key of
// every state, and demands one well-formed answer of bounded length that
// changes nothing if it is a refusal. It starts from what the tables of
// refusals send.
func FuzzDashScope(f *testing.F) {
	files, err := filepath.Glob("../testdata/refusals/dashscope-*.txt")
	if err != nil || len(files) == 0 {
		f.Fatalf("no tables: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for i, row := range strings.Split("\n"+string(text), "\n# ")[1:] {
			f.Add([]byte(strings.SplitN(row, "\n", 4)[2]), i%3 == 0, uint8(i))
		}
	}
	states := []scenarios.KeyState{
		"", scenarios.KeyRevoked, scenarios.KeyArrears, scenarios.KeyFreeTierUsed, scenarios.KeyNoAccess, scenarios.KeyWrongRegion,
	}
	f.Fuzz(func(t *testing.T, body []byte, stream bool, state uint8) {
		known := &scenarios.Scenario{Keys: map[string]scenarios.Key{"k": {State: states[int(state)%len(states)]}}}
		for _, responder := range []Responder{dashScopeNative{}, dashScopeCompatible{}} {
			for _, route := range responder.Routes() {
				in := incoming(route, body)
				in.Scenario = known
				if stream {
					in.Header.Set("X-DashScope-SSE", "enable")
				}
				answerOrRefuse(t, responder, in)
			}
		}
	})
}

func answerOrRefuse(t *testing.T, responder Responder, in *Incoming) {
	const longest = 16 << 10
	r := responder.Decode(in)
	m := Meta{Entropy: [2]uint64{1, 2}, Now: in.Now, Edition: catalog.EditionSeed, Records: noRecords{}}
	wellFormed(t, r.Dialect, responder.Success(r, m, nil)) // What an operator gets who turned refusals off.
	for _, refused := range []*scenarios.Refusal{r.Identity, r.Refused} {
		if refused == nil {
			continue
		}
		f := failure(t, refused, r.Dialect)
		if refused.Late && r.Stream {
			f.Delivery = &scenarios.Delivery{Mode: scenarios.DeliveryMode(catalog.DeliverMidStream)}
		}
		answer := Error(responder, r, m, f)
		if answer.Break != nil {
			answer.Frames = []Frame{answer.Break(1)}
		}
		wellFormed(t, r.Dialect, answer)
		if size(answer) > longest || len(answer.Changes) > 0 {
			t.Errorf("%s: a refusal of %d bytes that makes %d changes", in.Path, size(answer), len(answer.Changes))
		}
	}
}

// TestThoughts: who thinks unasked says so, and sends increments.
func TestThoughts(t *testing.T) {
	const text = "/api/v1/services/aigc/text-generation/generation"
	for body, want := range map[string]bool{
		`{"model":"qwq-plus","input":{"prompt":"hi"}}`:                                                 true,
		`{"model":"qwen3-32b","input":{"prompt":"hi"}}`:                                                true,
		`{"model":"qwen3-32b","input":{"prompt":"hi"},"parameters":{"enable_thinking":false}}`:         false,
		`{"model":"qwen-plus","input":{"prompt":"hi"}}`:                                                false,
		`{"model":"qwen-max","input":{"prompt":"hi"},"parameters":{"result_format":"message"}}`:        false,
		`{"model":"deepseek-r1","input":{"prompt":"hi"},"parameters":{"result_format":"message"}}`:     true,
		`{"model":"deepseek-v4-pro","input":{"prompt":"hi"},"parameters":{"incremental_output":true}}`: true,
	} {
		in := post(catalog.OpChat, text, body)
		in.Header.Set("X-DashScope-SSE", "enable")
		_, m := ask(t, dashScopeNative{}, in)
		if got := strings.Contains(string(m.Frames[0]), "reasoning_content"); got != want {
			t.Errorf("%s: thoughts %t, want %t", body, got, want)
		}
		second := string(m.Frames[1])
		if want && strings.Contains(second, "The user") {
			t.Errorf("%s: what was sent comes again: %s", body, second)
		}
	}
}
