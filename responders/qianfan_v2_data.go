package responders

import (
	"encoding/base64"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// Qianfan V2's calls that are answered with something else than text.

// vectorCall is what an embedding call asks for.
type vectorCall struct {
	texts      []string
	dimensions int
}

func readV2Embedding(r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	texts := qianfanTexts(body.Get("input"))
	r.Turns = userTurns(texts)
	r.Detail = vectorCall{texts[:min(len(texts), maxTexts)], number(body.Get("dimensions"), 1, 4096, qianfanDimensions(r.Model))}
	switch {
	case r.Model == "":
		return v2NoModel()
	case len(texts) == 0 || len(texts) > maxTexts:
		return v2Range("input", "[1, "+strconv.Itoa(maxTexts)+"]")
	}
	return nil
}

func answerV2Embedding(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	call := r.Detail.(vectorCall)
	return v2Whole(m.v2Start("embedding_list", r.Model).raw("data", qianfanVectors(call.texts, call.dimensions)).
		raw("usage", inputUsageJSON(inputUsage(r, reply))))
}

func readV2Rerank(r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	call := readDocuments(r, body)
	switch {
	case r.Model == "":
		return v2NoModel()
	case call.query == "":
		return v2Range("query", "[1, 1600]")
	case len(call.documents) == 0 || len(call.documents) > maxDocuments:
		return v2Range("documents", "[1, "+strconv.Itoa(maxDocuments)+"]")
	}
	return nil
}

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
	inline bool // The pictures themselves, not where they are.
}

func readV2Image(r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	prompt := body.Get("prompt").String()
	r.Turns = userTurns([]string{prompt})
	r.Detail = pictureCall{readImage(body), body.Get("response_format").String() == "b64_json"}
	switch {
	case r.Model == "":
		return v2NoModel()
	case prompt == "":
		return &scenarios.Refusal{ID: v2Codes + "invalid_image_generation_prompt"}
	case r.Path == v2Edits && !body.Get("image").Exists():
		return &scenarios.Refusal{ID: v2Codes + "invalid_image_generation_refer_image"}
	}
	return nil
}

func answerV2Image(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	call := r.Detail.(pictureCall)
	var data [][]byte
	for i, picture := range call.pictures(r) {
		o := obj()
		if call.inline {
			o.str("b64_json", base64.StdEncoding.EncodeToString(picture))
		} else {
			o.str("url", "https://qianfan-image.bj.bcebos.com/"+m.asID()+"/"+strconv.Itoa(i)+".png")
		}
		data = append(data, o.end())
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
