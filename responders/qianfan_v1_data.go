package responders

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// Qianfan V1's calls that are answered with something else than text: vectors,
// an order of documents, pictures, a number of tokens.

const (
	// maxDocuments is how many documents a rerank call may have.
	maxDocuments = 64

	// maxQuery is how many characters the query of one may have.
	maxQuery = 1600

	// maxTexts bounds the vectors of one answer. It is ours: the vendor's
	// bounds differ by model.
	maxTexts = 1000
)

func readV1Embedding(q *question) *scenarios.Refusal {
	texts := qianfanTexts(q.body.Get("input"))
	q.r.Detail, q.r.Turns = vectorCall{texts[:min(len(texts), maxTexts)], q.dimensions()}, userTurns(texts)
	return q.v1Texts(texts)
}

func answerV1Embedding(r *scenarios.Request, m Meta, reply *scenarios.Reply) v1Answer {
	u := inputUsage(r, reply)
	call := r.Detail.(vectorCall)
	body := m.v1Start("embedding_list").raw("data", qianfanVectors(call.texts, call.dimensions)).
		raw("usage", inputUsageJSON(u))
	return v1Whole(body.end(), u)
}

func readV1Rerank(q *question) *scenarios.Refusal { return q.v1Documents(readDocuments(q.r, q.body)) }

func answerV1Rerank(r *scenarios.Request, m Meta, reply *scenarios.Reply) v1Answer {
	u := inputUsage(r, reply)
	var results [][]byte
	call := r.Detail.(rerankCall)
	for _, place := range call.ranking() {
		results = append(results, obj().str("document", call.documents[place.index]).
			raw("relevance_score", appendFloat(nil, place.score)).num("index", int64(place.index)).end())
	}
	return v1Whole(m.v1Start("reranker_list").raw("results", array(results...)).raw("usage", inputUsageJSON(u)).end(), u)
}

func readV1Image(q *question) *scenarios.Refusal {
	q.r.Detail = readImage(q.body)
	if refused := readV1Prompt(q); refused != nil {
		return refused
	}
	return q.v1Picture()
}

func answerV1Image(r *scenarios.Request, m Meta, reply *scenarios.Reply) v1Answer {
	u := inputUsage(r, reply)
	pictures := r.Detail.(imageCall).pictures(r)
	data := make([][]byte, len(pictures))
	for i, picture := range pictures {
		data[i] = obj().str("object", "image").str("b64_image", base64.StdEncoding.EncodeToString(picture)).num("index", int64(i)).end()
	}
	return v1Whole(m.v1Start("image").raw("data", array(data...)).raw("usage", inputUsageJSON(u)).end(), u)
}

func readV1Tokenize(q *question) *scenarios.Refusal {
	if refused := readV1Prompt(q); refused != nil {
		return refused
	}
	return q.v1Tokenizer()
}

func answerV1Tokenize(r *scenarios.Request, m Meta, reply *scenarios.Reply) v1Answer {
	u := inputUsage(r, reply)
	return v1Whole(m.v1Start("tokenizer.erniebot").raw("usage", inputUsageJSON(u)).end(), u)
}

// What both of Qianfan's APIs read alike.

// qianfanTexts reads one text, or a list of which the texts count.
func qianfanTexts(input gjson.Result) []string {
	if input.Type == gjson.String {
		return []string{input.Str}
	}
	var texts []string
	if !input.IsArray() {
		return nil
	}
	input.ForEach(func(_, v gjson.Result) bool {
		if v.Type == gjson.String {
			texts = append(texts, v.Str)
		}
		return true
	})
	return texts
}

func userTurns(texts []string) []scenarios.Turn {
	var turns []scenarios.Turn
	for _, text := range texts {
		turns = append(turns, scenarios.Turn{Role: "user", Text: text})
	}
	return turns
}

// inputUsage counts what was sent, where nothing is said in return.
func inputUsage(r *scenarios.Request, reply *scenarios.Reply) usage {
	var u usage
	for _, t := range r.Turns {
		u.prompt += countTokens(t.Text)
	}
	if reply != nil && reply.Usage != nil {
		u.prompt = reply.Usage.PromptTokens
	}
	u.total = u.prompt
	if reply != nil && reply.Usage != nil && reply.Usage.TotalTokens != nil {
		u.total = *reply.Usage.TotalTokens
	}
	return u
}

func inputUsageJSON(u usage) []byte {
	return obj().num("prompt_tokens", int64(u.prompt)).num("total_tokens", int64(u.total)).end()
}

// vectorCall is what a call for vectors asks for.
type vectorCall struct {
	texts      []string
	dimensions int
}

func qianfanVectors(texts []string, dimensions int) []byte {
	data := make([][]byte, len(texts))
	for i, text := range texts {
		data[i] = obj().str("object", "embedding").raw("embedding", floats(embedding(text, dimensions))).num("index", int64(i)).end()
	}
	return array(data...)
}

// rerankCall is what a rerank call asks for.
type rerankCall struct {
	query     string
	documents []string
	top       int // How many are wanted.
}

// readDocuments reads a rerank call; its query becomes the only turn of the user.
func readDocuments(r *scenarios.Request, body *jsonBody) rerankCall {
	call := rerankCall{query: body.Get("query").String(), documents: qianfanTexts(body.Get("documents"))}
	call.top = number(body.Get("top_n"), 1, 1<<20, len(call.documents))
	for _, document := range call.documents {
		r.Turns = append(r.Turns, scenarios.Turn{Role: "document", Text: document})
	}
	r.Turns = append(r.Turns, userTurns([]string{call.query})...)
	answered := call // Also where too many are not refused.
	answered.documents = call.documents[:min(len(call.documents), maxDocuments)]
	r.Detail = answered
	return call
}

// ranking returns the documents that are wanted, the best first.
func (c rerankCall) ranking() []ranked {
	all := rank(c.query, c.documents)
	return all[:min(c.top, len(all))]
}

// imageCall is what a call for pictures asks for.
type imageCall struct{ number, width, height int }

// maxPictures is how many pictures one call gets.
const maxPictures = 4

func readImage(body *jsonBody) imageCall {
	c := imageCall{number: number(body.Get("n"), 1, maxPictures, 1), width: 1024, height: 1024}
	if width, height, found := strings.Cut(body.Get("size").String(), "x"); found {
		w, errW := strconv.Atoi(width)
		h, errH := strconv.Atoi(height)
		if errW == nil && errH == nil && w > 0 && h > 0 {
			c.width, c.height = w, h
		}
	}
	return c
}

// sides returns the width and height that are drawn.
func (c imageCall) sides() (width, height int) {
	return drawnSide(c.width), drawnSide(c.height)
}

// drawnSide returns a sixteenth of what was asked for, within bounds: what
// matters is that a picture decodes.
func drawnSide(asked int) int {
	const scale, longest = 16, 128
	return min(max(asked/scale, 1), longest)
}

// pictures draws them.
func (c imageCall) pictures(r *scenarios.Request) [][]byte {
	pictures := make([][]byte, c.number)
	width, height := c.sides()
	for i := range pictures {
		pictures[i] = smallPNG(fmt.Sprint(r.Prompt(), i), width, height)
	}
	return pictures
}
