package responders

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// The native operations that answer a text with numbers.

// maxDimensions bounds what a caller may ask for.
const maxDimensions = 4096

// nativeEmbedding asks for vectors of texts.
type nativeEmbedding struct {
	texts      []string
	dimensions int
	wrong      bool // The input is neither a text nor a list of texts.
}

func readNativeEmbedding(q *dashScopeQuestion) nativeEmbedding {
	input := q.input.Get("texts")
	if !input.Exists() {
		input = q.input.Get("text")
	}
	texts, ok := dashScopeTexts(input, q.batch())
	return nativeEmbedding{texts: texts, wrong: !ok, dimensions: q.dimensions("dimension")}
}

// batch returns how many texts one call may have. Where nobody knows it for the
// model, it is as many as for the vendor's oldest ones.
func (q *dashScopeQuestion) batch() int {
	const (
		usual   = 25
		longest = 100 // Whatever a scenario says: each text has a long answer.
	)
	return min(cmp.Or(q.model.MaxTexts, usual), longest)
}

// dimensions returns how long the vectors are to be; the model says if the
// caller does not.
func (q *dashScopeQuestion) dimensions(name string) int {
	const usual = 1024
	return number(q.parameters.Get(name), 1, maxDimensions, min(cmp.Or(q.model.Dimensions, usual), maxDimensions))
}

// dashScopeTexts reads a text or a list of texts, and reports whether it is
// one. Of a list with more than most it reads one more, so that there are too
// many to accept, but not too many to answer where nothing is refused.
func dashScopeTexts(v gjson.Result, most int) (texts []string, ok bool) {
	if v.Type == gjson.String {
		return []string{v.Str}, true
	}
	ok = v.IsArray()
	v.ForEach(func(_, text gjson.Result) bool {
		ok = ok && text.Type == gjson.String
		texts = append(texts, text.String())
		return ok && len(texts) <= most
	})
	return texts, ok && len(texts) > 0
}

// asTurns makes turns of the user's of texts, for rules to match.
func asTurns(texts []string) []scenarios.Turn {
	turns := make([]scenarios.Turn, len(texts))
	for i, text := range texts {
		turns[i] = scenarios.Turn{Role: "user", Text: text}
	}
	return turns
}

func (e nativeEmbedding) turns() []scenarios.Turn { return asTurns(e.texts) }

func (e nativeEmbedding) refusal(q *dashScopeQuestion) *scenarios.Refusal {
	return cmp.Or(q.texts(e.texts, e.wrong), q.wrongDimension("dimension"))
}

// wrongDimension refuses a length that vectors of the model cannot have. Of most
// models nobody knows which they can.
func (q *dashScopeQuestion) wrongDimension(name string) *scenarios.Refusal {
	lengths := []float64{64, 128, 256, 512, 768, 1024}
	switch q.r.Model {
	case "text-embedding-v3":
	case "text-embedding-v4":
		lengths = append(lengths, 1536, 2048, 3072)
	default:
		return nil
	}
	v, given := q.parameter(name)
	if !given || v.Type == gjson.Number && slices.Contains(lengths, v.Num) {
		return nil
	}
	told := strings.Trim(strings.ReplaceAll(fmt.Sprint(lengths), " ", ", "), "[]")
	return q.algorithm("Value error, dimension for embedding v3 is invalid", map[string]string{"dimensions": told})
}

// texts refuses what is not texts, too many, and one that is empty or too long.
func (q *dashScopeQuestion) texts(texts []string, wrong bool) *scenarios.Refusal {
	switch {
	case wrong:
		return invalidParameter("Value error, contents is neither str nor list of str.: input.contents", nil)
	case len(texts) > q.batch():
		return q.batchTooLarge(q.batch())
	}
	parts := make([]part, len(texts))
	for i, text := range texts {
		parts[i] = part{kind: "text", text: text}
	}
	return q.eachLength(parts)
}

func (q *dashScopeQuestion) batchTooLarge(most int) *scenarios.Refusal {
	const text = "Value error, batch size is invalid, it should not be larger than {max}."
	if q.compatible {
		return invalidParameter(inAlgorithm+text+": input.contents", atMost(most))
	}
	return invalidParameter(text, atMost(most))
}

func (e nativeEmbedding) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	values := make([][]byte, len(e.texts))
	for i, text := range e.texts {
		values[i] = obj().raw("embedding", floats(embedding(text, e.dimensions))).num("text_index", int64(i)).end()
	}
	usage := obj().num("total_tokens", int64(inputTokens(r, reply))).end()
	return m.dashScopeWhole(r, m.nativeBody(obj().raw("embeddings", array(values...)).end(), usage))
}

// inputTokens counts what the caller sends, unless a scenario says.
func inputTokens(r *scenarios.Request, reply *scenarios.Reply) int {
	if reply != nil && reply.Usage != nil {
		return reply.Usage.PromptTokens
	}
	n := 0
	for _, t := range r.Turns {
		n += countTokens(t.Text)
	}
	return n
}

// multimodalEmbedding asks for vectors of texts, pictures and films.
type multimodalEmbedding struct {
	parts      []part
	dimensions int
}

// part is a piece of content.
type part struct {
	kind string // "text", "image" or "video".
	text string // The text, or the address or data of the rest.
}

// readParts reads a list of contents, each with one key that says its kind. Of
// too many it reads one more than are accepted, as [dashScopeTexts] does.
func readParts(contents gjson.Result, most int) []part {
	var parts []part
	contents.ForEach(func(_, content gjson.Result) bool {
		parts = append(parts, readPart(content))
		return len(parts) <= most
	})
	return parts
}

// readPart reads one content; a string is a text. What it cannot read is an
// empty text.
func readPart(content gjson.Result) part {
	if !content.IsObject() {
		return part{kind: "text", text: content.String()}
	}
	for _, kind := range []string{"text", "image", "video"} {
		if v := content.Get(kind); v.Exists() {
			return part{kind: kind, text: v.String()}
		}
	}
	return part{kind: "text"}
}

func readMultimodalEmbedding(q *dashScopeQuestion) multimodalEmbedding {
	e := multimodalEmbedding{dimensions: q.dimensions("dimension")}
	if contents := q.input.Get("contents"); contents.IsArray() {
		e.parts = readParts(contents, q.batch())
	}
	return e
}

func (e multimodalEmbedding) turns() []scenarios.Turn {
	var texts []string
	for _, p := range e.parts {
		if p.kind == "text" {
			texts = append(texts, p.text)
		}
	}
	return asTurns(texts)
}

func (e multimodalEmbedding) refusal(q *dashScopeQuestion) *scenarios.Refusal {
	switch {
	case len(e.parts) == 0:
		return parameterMissing("contents")
	case len(e.parts) > q.batch():
		return q.batchTooLarge(q.batch())
	}
	return q.eachLength(e.parts)
}

func (e multimodalEmbedding) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	values := make([][]byte, len(e.parts))
	pictures := 0
	for i, p := range e.parts {
		if p.kind != "text" {
			pictures++
		}
		values[i] = obj().num("index", int64(i)).raw("embedding", floats(embedding(p.text, e.dimensions))).str("type", p.kind).end()
	}
	usage := obj().num("input_tokens", int64(inputTokens(r, reply)))
	if pictures > 0 {
		usage.num("image_tokens", int64(pictures*pictureTokens))
	}
	return m.dashScopeWhole(r, m.nativeBody(obj().raw("embeddings", array(values...)).end(), usage.end()))
}

// tokenizing asks into which tokens a conversation is cut.
type tokenizing struct{ said []scenarios.Turn }

// maxTokenized is how many tokens one call may have: the bound that the
// vendor's own text names.
const maxTokenized = 98_304

func (t tokenizing) turns() []scenarios.Turn { return t.said }

func (t tokenizing) refusal(q *dashScopeQuestion) *scenarios.Refusal {
	if countTokens(t.text()) > maxTokenized {
		return q.algorithm("Range of input length should be [1, {max}]", atMost(maxTokenized))
	}
	if len(t.said) == 0 {
		return q.messages()
	}
	return nil
}

// text is all that is said, which is cut as a whole.
func (t tokenizing) text() string {
	var said strings.Builder
	for _, turn := range t.said {
		said.WriteString(turn.Text)
	}
	return said.String()
}

// answer lists the tokens. Where nothing is refused, it counts all of them and
// lists as many as a call may have.
func (t tokenizing) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	var ids, texts [][]byte
	n := 0
	for p := range eachToken(t.text()) {
		if n++; n <= maxTokenized {
			ids, texts = append(ids, strconv.AppendInt(nil, int64(tokenID(p)), 10)), append(texts, appendQuoted(nil, p))
		}
	}
	output := obj().raw("token_ids", array(ids...)).raw("tokens", array(texts...)).end()
	return m.dashScopeWhole(r, m.nativeBody(output, obj().num("input_tokens", int64(n)).end()))
}

// tokenID makes a number up for a token, below the size of Qwen's vocabulary.
func tokenID(token string) int {
	const vocabulary = 151_643
	return int(hashed(token) % vocabulary)
}
