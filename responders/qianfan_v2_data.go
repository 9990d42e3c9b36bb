package responders

import (
	"encoding/base64"
	"strconv"

	"github.com/mockllm/mockllm/scenarios"
)

// Qianfan V2's calls that are answered with something else than text.

func readV2Embedding(q *question) *scenarios.Refusal {
	texts := qianfanTexts(q.body.Get("input"))
	q.r.Turns = userTurns(texts)
	q.r.Detail = vectorCall{texts[:min(len(texts), maxTexts)], number(q.body.Get("dimensions"), 1, maxDimensions, q.dimensions())}
	return q.v2Texts(texts)
}

func answerV2Embedding(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	call := r.Detail.(vectorCall)
	return v2Whole(m.v2Start("embedding_list", r.Model).raw("data", qianfanVectors(call.texts, call.dimensions)).
		raw("usage", inputUsageJSON(inputUsage(r, reply))))
}

func readV2Rerank(q *question) *scenarios.Refusal { return q.v2Documents(readDocuments(q.r, q.body)) }

func answerV2Rerank(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	var results [][]byte
	call := r.Detail.(rerankCall)
	for _, place := range call.ranking() {
		results = append(results, obj().num("index", int64(place.index)).str("document", call.documents[place.index]).
			raw("relevance_score", appendFloat(nil, place.score)).end())
	}
	return v2Whole(m.v2Start("reranker_list", r.Model).raw("results", array(results...)).
		raw("usage", inputUsageJSON(inputUsage(r, reply))))
}

// pictureCall is what a call of V2 for pictures asks for.
type pictureCall struct {
	imageCall
	inline bool   // The pictures themselves, not where they are.
	files  string // The address below which they stand.
}

func readV2Image(q *question) *scenarios.Refusal {
	r, body := q.r, q.body
	r.Turns = userTurns([]string{body.Get("prompt").String()})
	r.Detail = pictureCall{imageCall: readImage(body), inline: body.Get("response_format").String() == "b64_json"}
	return q.v2Picture()
}

func answerV2Image(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	call := r.Detail.(pictureCall)
	var data [][]byte
	if call.inline {
		for _, picture := range call.pictures(r) {
			data = append(data, obj().str("b64_json", base64.StdEncoding.EncodeToString(picture)).end())
		}
	} else {
		width, height := call.sides()
		for i := range call.number {
			data = append(data, obj().str("url", call.files+pictureFile(m.asID()+"-"+strconv.Itoa(i), width, height)).end())
		}
	}
	return v2Whole(obj().str("id", m.asID()).num("created", m.Now.Unix()).raw("data", array(data...)))
}

// v2Models are what GET /v2/models lists: some of each kind.
var v2Models = []string{
	"bce-reranker-base", "bge-large-en", "bge-large-zh", "deepseek-r1", "deepseek-v3", "embedding-v1",
	"ernie-4.0-turbo-8k", "ernie-4.5-turbo-128k", "ernie-4.5-turbo-32k", "ernie-speed-128k", "ernie-x1-turbo-32k",
	"irag-1.0", "qwen3-embedding-0.6b", "tao-8k",
}

func answerV2Models(*scenarios.Request, Meta, *scenarios.Reply) Message {
	data := make([][]byte, len(v2Models))
	for i, name := range v2Models {
		data[i] = obj().str("id", name).str("object", "model").str("owned_by", "").num("created", 0).end()
	}
	return v2Whole(obj().str("object", "list").raw("data", array(data...)))
}
