package responders

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"math"

	"github.com/mockllm/mockllm/scenarios"
)

// compatibleEmbedding asks for vectors of texts in compatible mode.
type compatibleEmbedding struct {
	texts      []string
	given      bool // Whether there is an input at all.
	wrong      bool // It is neither a text nor a list of texts.
	dimensions int
	packed     bool // The numbers are sent as base64.
}

func readCompatibleEmbedding(q *dashScopeQuestion) compatibleEmbedding {
	input := q.body.Get("input")
	texts, ok := dashScopeTexts(input, q.batch())
	return compatibleEmbedding{
		texts: texts, given: input.Exists(), wrong: !ok,
		dimensions: q.dimensions("dimensions"),
		packed:     q.body.Get("encoding_format").String() == "base64",
	}
}

func (e compatibleEmbedding) turns() []scenarios.Turn { return asTurns(e.texts) }

func (e compatibleEmbedding) refusal(q *dashScopeQuestion) *scenarios.Refusal {
	if !e.given {
		return fieldRequired("input")
	}
	return cmp.Or(q.texts(e.texts, e.wrong), q.wrongDimension("dimensions"))
}

func (e compatibleEmbedding) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	data := make([][]byte, len(e.texts))
	for i, text := range e.texts {
		v := embedding(text, e.dimensions)
		written := floats(v)
		if e.packed {
			written = appendQuoted(nil, base64.StdEncoding.EncodeToString(packed(v)))
		}
		data[i] = obj().raw("embedding", written).num("index", int64(i)).str("object", "embedding").end()
	}
	n := int64(inputTokens(r, reply))
	usage := obj().num("prompt_tokens", n).num("total_tokens", n).end()
	return m.dashScopeWhole(r, obj().raw("data", array(data...)).str("model", r.Model).str("object", "list").
		raw("usage", usage).str("id", m.answerID(r.Operation)).end())
}

// packed writes a vector as OpenAI does: little-endian, single precision.
func packed(v []float64) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(x)))
	}
	return b
}
