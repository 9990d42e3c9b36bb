package responders

import (
	"strings"
	"testing"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// TestDeepJSONOnEveryRoute nests as deep as JSON may be for us where decoders
// look, and deeper: each answers, and what is too deep is no JSON.
func TestDeepJSONOnEveryRoute(t *testing.T) {
	const deepest = 10_000
	lists := func(n int) string { return strings.Repeat("[", n) + "1" + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"content":`, n) + "1" + strings.Repeat("}", n) }
	shape := `{"model":"qwen-plus","messages":[{"role":"user","content":%}],"documents":%,"query":%,"metadata":%,
		"tools":[{"type":"function","function":{"name":"f","parameters":%}}],
		"input":{"messages":[{"role":"user","content":%}],"prompt":%,"contents":%},"parameters":%}`
	for _, c := range []struct {
		body string
		json bool
	}{
		{strings.ReplaceAll(shape, "%", lists(deepest-10)), true},
		{strings.ReplaceAll(shape, "%", objects(deepest-10)), true},
		{lists(deepest + 1), false},
		{objects(deepest + 1), false},
	} {
		for _, responder := range All() {
			for _, route := range responder.Routes() {
				in := incoming(route, []byte(c.body))
				r := Read(responder, in)
				if r.JSON != c.json {
					t.Errorf("%s: JSON %t of %.20s…", route.Path, r.JSON, c.body)
				}
				m := Meta{Now: in.Now, Edition: catalog.EditionSeed, Records: noRecords{}}
				answer := responder.Success(r, m, nil)
				for _, refused := range []*scenarios.Refusal{r.Identity, r.Refused} {
					if refused != nil {
						answer = Error(responder, r, m, failure(t, refused, r.Dialect))
					}
				}
				wellFormed(t, responder.Dialect().Name, answer)
			}
		}
	}
}
