package responders

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/catalog"
)

func cosine(a, b []float64) float64 {
	dot := 0.0
	for i := range a {
		dot += a[i] * b[i]
	}
	return dot // Both have length 1.
}

// TestEmbeddingCloseness: what shares words lies closer than what does not, in
// both languages and at any usual length of the vector.
func TestEmbeddingCloseness(t *testing.T) {
	for _, dimensions := range []int{64, 384, 1024, 4096} {
		for _, c := range []struct{ text, near, far string }{
			{"the weather in Beijing", "Beijing weather today", "a recipe for onion soup"},
			{"北京的天气怎么样", "今天北京天气", "洋葱汤的做法"},
			{"reset a connection", "connections that reset", "the price of tea"},
			{"THE WEATHER", "the weather!", "the cat sat"},
		} {
			v := embedding(c.text, dimensions)
			near, far := cosine(v, embedding(c.near, dimensions)), cosine(v, embedding(c.far, dimensions))
			if near < far+0.1 {
				t.Errorf("%d: %q is %.3f from %q and %.3f from %q", dimensions, c.text, near, c.near, far, c.far)
			}
		}
	}
}

func TestEmbeddingIsAUnitVector(t *testing.T) {
	for _, text := range []string{"", "a", "!!!", "hello world", "你好", "\xff\x00", strings.Repeat("long ", 10_000)} {
		for _, dimensions := range []int{1, 2, 384, 1024} {
			v := embedding(text, dimensions)
			if len(v) != dimensions || math.Abs(cosine(v, v)-1) > 1e-6 {
				t.Errorf("%.20q in %d dimensions: %d numbers, length² %v", text, dimensions, len(v), cosine(v, v))
			}
			if !slices.Equal(v, embedding(text, dimensions)) {
				t.Errorf("%.20q has two vectors", text)
			}
		}
	}
	if v := embedding("a", 0); len(v) != 0 {
		t.Errorf("no dimensions: %v", v)
	}
	if slices.Equal(embedding("!!!", 8), embedding("???", 8)) {
		t.Error("texts without words have one vector")
	}
}

func TestFloats(t *testing.T) {
	given := []float64{0, -1, 0.5, 1e-8, -0.00000012, 123456789}
	var back []float64
	text := floats(given)
	if err := json.Unmarshal(text, &back); err != nil || !slices.Equal(given, back) || strings.ContainsAny(string(text), "eE ") {
		t.Errorf("%s: %v, %v", text, back, err)
	}
	if got := string(floats(nil)); got != "[]" {
		t.Errorf("no numbers: %s", got)
	}
}

func TestRank(t *testing.T) {
	documents := []string{"onion soup", "Beijing weather: rain", "", "weather forecasts", "the weather in Beijing"}
	var order []int
	last := 1.0
	for _, place := range rank("the weather in Beijing", documents) {
		order = append(order, place.index)
		if place.score < 0 || place.score > last {
			t.Errorf("score %v behind %v", place.score, last)
		}
		if want := relevance("the weather in Beijing", documents[place.index]); place.score != want {
			t.Errorf("rank says %v, relevance %v", place.score, want)
		}
		last = place.score
	}
	if want := []int{4, 1, 3, 0, 2}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestRelevance(t *testing.T) {
	for _, c := range []struct {
		query, document string
		low, high       float64
	}{
		{"a b c", "a b c", 1, 1},
		{"北京天气", "北京天气", 1, 1},
		{"北京天气", "今天北京天气很好", 0.8, 0.99},
		{"apple", "zoo", 0, 0},
		{"", "a", 0, 0},
		{"a", "", 0, 0},
	} {
		if got := relevance(c.query, c.document); got < c.low || got > c.high {
			t.Errorf("%q, %q: %v, want %v to %v", c.query, c.document, got, c.low, c.high)
		}
	}
}

func FuzzRelevance(f *testing.F) {
	f.Add("the weather", "a weather report")
	f.Add("你好", "你好 world")
	f.Fuzz(func(t *testing.T, query, document string) {
		if got := relevance(query, document); !(got >= 0 && got <= 1) {
			t.Errorf("%q, %q: %v", query, document, got)
		}
		if v := embedding(query, 16); math.IsNaN(v[0]) || math.Abs(cosine(v, v)-1) > 1e-6 {
			t.Errorf("%q: %v", query, v)
		}
	})
}

// TestEmbeddingDimensions: a length that vectors of the model cannot have is
// refused, with the vendor's words.
func TestEmbeddingDimensions(t *testing.T) {
	for body, want := range map[string]string{
		`"model":"text-embedding-v4","dimensions":2048`:   "",
		`"model":"text-embedding-v4","dimensions":null`:   "",
		`"model":"text-embedding-v2","dimensions":5`:      "",
		`"model":"text-embedding-v4","dimensions":5`:      "64, 128, 256, 512, 768, 1024, 1536, 2048, 3072]",
		`"model":"text-embedding-v4","dimensions":"1024"`: "64, 128, 256, 512, 768, 1024, 1536, 2048, 3072]",
		`"model":"text-embedding-v3","dimensions":2048`:   "64, 128, 256, 512, 768, 1024]",
	} {
		r := dashScopeCompatible{}.Decode(post(catalog.OpEmbedding, "/compatible-mode/v1/embeddings", `{`+body+`,"input":"a"}`))
		got := ""
		if r.Refused != nil {
			got = fill(failure(t, r.Refused, r.Dialect), r)
		}
		if full := "<400> InternalError.Algo.InvalidParameter: Value error, dimension for embedding v3 is invalid, its value shold be in [" + want; got != "" && got != full || (got == "") != (want == "") {
			t.Errorf("%s: %s", body, got)
		}
	}
}
