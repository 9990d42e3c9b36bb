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

	// maxTexts bounds the vectors of one answer. It is ours: the vendor's
	// bounds differ by model.
	maxTexts = 1000
)

func readV1Embedding(r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	input := body.Get("input")
	texts := qianfanTexts(input)
	r.Detail, r.Turns = texts[:min(len(texts), maxTexts)], userTurns(texts)
	if !input.IsArray() || len(texts) == 0 || len(texts) > maxTexts {
		return &scenarios.Refusal{ID: capability + "336001"}
	}
	return nil
}

func answerV1Embedding(r *scenarios.Request, m Meta, reply *scenarios.Reply) v1Answer {
	u := inputUsage(r, reply)
	body := m.v1Start("embedding_list").raw("data", qianfanVectors(r.Detail.([]string), qianfanDimensions(r.Model))).
		raw("usage", inputUsageJSON(u))
	return v1Whole(body.end(), u)
}

func readV1Rerank(r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	call := readDocuments(r, body)
	switch {
	case call.query == "" || len(call.documents) == 0:
		return &scenarios.Refusal{ID: capability + "336001"}
	case len(call.documents) > maxDocuments:
		return &scenarios.Refusal{ID: capability + "336221", Args: map[string]string{"max": strconv.Itoa(maxDocuments)}}
	}
	return nil
}

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

func readV1Image(r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	r.Detail = readImage(body)
	return readV1Prompt(r, body)
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

func readV1Tokenize(r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	return readV1Prompt(r, body)
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

// qianfanDimensions returns how long a model's vectors are.
func qianfanDimensions(model string) int {
	name := strings.ReplaceAll(strings.ToLower(model), "_", "-")
	switch {
	case name == "embedding-v1":
		return 384
	case strings.HasPrefix(name, "qwen3-embedding-4b"):
		return 2560
	case strings.HasPrefix(name, "qwen3-embedding-8b"):
		return 4096
	default: // bge-large-zh, bge-large-en, tao-8k, qwen3-embedding-0.6b and unknown ones.
		return 1024
	}
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
func readDocuments(r *scenarios.Request, body gjson.Result) rerankCall {
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

func readImage(body gjson.Result) imageCall {
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

// pictures draws them, a sixteenth of what was asked for in width and height:
// what matters is that they decode.
func (c imageCall) pictures(r *scenarios.Request) [][]byte {
	const scale = 16
	pictures := make([][]byte, c.number)
	for i := range pictures {
		pictures[i] = smallPNG(fmt.Sprint(r.Prompt(), i), min(c.width/scale, 128), min(c.height/scale, 128))
	}
	return pictures
}
