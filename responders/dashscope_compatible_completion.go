package responders

import (
	"github.com/mockllm/mockllm/scenarios"
)

// textCompletion asks for the rest of a text. It shows text only.
type textCompletion struct {
	*chat
	prompts []string
}

func readCompletion(body *jsonBody) textCompletion {
	c := textCompletion{chat: &chat{
		maxTokens:    number(body.Get("max_tokens"), 1, 1<<20, 0),
		choices:      1,
		includeUsage: body.Get("stream_options.include_usage").Bool(),
	}}
	c.readStop(body.Get("stop"))
	c.prompts, _ = dashScopeTexts(body.Get("prompt"), maxTexts)
	return c
}

func (c textCompletion) turns() []scenarios.Turn { return asTurns(c.prompts) }

func (c textCompletion) refusal(q *dashScopeQuestion) *scenarios.Refusal {
	if len(c.prompts) == 0 {
		return fieldRequired("prompt")
	}
	return firstRefusal(q.sampling, q.streaming, func() *scenarios.Refusal { return q.length(c.turns()) })
}

func (c textCompletion) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	out := complete(r, c.chat, m, textOnly(reply))
	if r.Stream {
		frames, ending := c.frames(out, r, m)
		return m.dashScopeStream(r, frames, ending).bringing(out.usage)
	}
	choice := obj().str("text", out.text).str("finish_reason", out.finish).num("index", 0).null("logprobs").end()
	return m.dashScopeWhole(r, m.compatibleEnd(obj().raw("choices", array(choice)).str("object", "text_completion").
		raw("usage", completionUsage(out.usage)), r)).bringing(out.usage)
}

func completionUsage(u usage) []byte {
	return obj().num("prompt_tokens", int64(u.prompt)).num("completion_tokens", int64(u.completion)).
		num("total_tokens", int64(u.total)).end()
}

// frames writes a stream as a chat's, with text for a delta and nothing that
// opens it. It returns how many frames say that the answer ends.
func (c textCompletion) frames(out completion, r *scenarios.Request, m Meta) (frames []Frame, ending int) {
	chunk := func(choices, usage []byte) {
		o := obj().raw("choices", choices).str("object", "text_completion").raw("usage", usage)
		frames = append(frames, dataFrame(m.compatibleEnd(o, r)))
	}
	for piece := range out.pieces.all() {
		chunk(array(obj().str("text", piece).null("finish_reason").num("index", 0).null("logprobs").end()), []byte("null"))
	}
	chunk(array(obj().str("text", "").str("finish_reason", out.finish).num("index", 0).null("logprobs").end()), []byte("null"))
	ending = 2
	if c.includeUsage {
		chunk([]byte("[]"), completionUsage(out.usage))
		ending = 3
	}
	return append(frames, Frame("data: [DONE]\n\n")), ending
}
