package responders

import (
	"cmp"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// reranking asks which documents fit a query best.
type reranking struct {
	query      part
	documents  []gjson.Result // Each a text, or an object with one.
	most       int            // How many to return.
	echo       bool           // Whether to return the documents themselves.
	compatible bool           // Asked at the address that answers flat.
}

// documents returns how many documents one call may have; the documentation
// knows no model that takes more.
func (q *dashScopeQuestion) documents() int {
	const most = 500
	return min(cmp.Or(q.model.MaxDocuments, most), most)
}

func readNativeRerank(q *dashScopeQuestion) reranking {
	k := reranking{echo: q.parameters.Get("return_documents").Bool()}
	if query := q.input.Get("query"); query.Exists() {
		k.query = readPart(query)
	}
	if documents := q.input.Get("documents"); documents.IsArray() {
		documents.ForEach(func(_, d gjson.Result) bool {
			k.documents = append(k.documents, d)
			return len(k.documents) <= q.documents() // One more shows that there are too many.
		})
	}
	k.most = number(q.parameters.Get("top_n"), 1, len(k.documents), len(k.documents))
	return k
}

func readCompatibleRerank(q *dashScopeQuestion) reranking {
	k := readNativeRerank(q)
	k.compatible = true
	return k
}

func (k reranking) turns() []scenarios.Turn { return asTurns([]string{k.query.text}) }

func (k reranking) refusal(q *dashScopeQuestion) *scenarios.Refusal {
	switch {
	case k.query.text == "":
		return parameterMissing("query")
	case len(k.documents) == 0:
		return parameterMissing("documents")
	case len(k.documents) > q.documents():
		return q.batchTooLarge(q.documents())
	}
	parts := []part{k.query}
	for _, d := range k.documents {
		parts = append(parts, readPart(d))
	}
	return q.eachLength(parts)
}

func (k reranking) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	texts := make([]string, len(k.documents))
	for i, d := range k.documents {
		texts[i] = readPart(d).text
	}
	results := make([][]byte, 0, k.most)
	for _, place := range rank(k.query.text, texts)[:k.most] {
		o := obj()
		if k.echo && !k.compatible {
			o.raw("document", document(k.documents[place.index]))
		}
		results = append(results, o.num("index", int64(place.index)).
			raw("relevance_score", appendFloat(nil, place.score)).end())
	}
	usage := obj().num("total_tokens", int64(k.tokens(texts, reply))).end()
	if k.compatible {
		return m.dashScopeWhole(r, obj().str("object", "list").raw("results", array(results...)).
			str("model", r.Model).str("id", m.requestUUID()).raw("usage", usage).end())
	}
	return m.dashScopeWhole(r, m.nativeBody(obj().raw("results", array(results...)).end(), usage))
}

// document writes a document as it is returned: an object, whatever came.
func document(d gjson.Result) []byte {
	p := readPart(d)
	return obj().str(p.kind, p.text).end()
}

// tokens counts as the vendor documents it: the query once for each document,
// and the documents.
func (k reranking) tokens(documents []string, reply *scenarios.Reply) int {
	if reply != nil && reply.Usage != nil {
		return reply.Usage.PromptTokens
	}
	n := countTokens(k.query.text) * len(documents)
	for _, d := range documents {
		n += countTokens(d)
	}
	return n
}
