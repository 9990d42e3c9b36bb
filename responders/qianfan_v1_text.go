package responders

import (
	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Qianfan V1's calls that are answered with text: chat, completion, and text
// about an image.

func readV1Chat(q *question) *scenarios.Refusal {
	r, body := q.r, q.body
	r.Turns = readTurns(body.Get("messages"))
	if system := body.Get("system").String(); system != "" {
		r.Turns = append([]scenarios.Turn{{Role: "system", Text: system}}, r.Turns...)
	}
	c := v1Text(body)
	c.jsonMode = body.Get("response_format").String() == "json_object"
	body.Get("functions").ForEach(func(_, f gjson.Result) bool {
		if name := clipped(f.Get("name").String()); name != "" {
			c.tools = append(c.tools, tool{name: name, parameters: f.Get("parameters")})
		}
		return true
	})
	c.mustCall = clipped(body.Get("tool_choice.function.name").String())
	c.review = q.review()
	r.Detail = c
	return q.v1Chat()
}

// v1Text reads what bounds a text, whatever it is about.
func v1Text(body *jsonBody) *chat {
	c := &chat{choices: 1, maxTokens: number(body.Get("max_output_tokens"), 1, 1<<20, 0)}
	c.readStop(body.Get("stop"))
	return c
}

func readV1Completion(q *question) *scenarios.Refusal { return readV1About(q, q.v1Text, q.v1Length) }

func readV1ImageToText(q *question) *scenarios.Refusal {
	return readV1About(q, func() *scenarios.Refusal {
		switch image := q.body.Get("image").String(); {
		case image == "":
			return &scenarios.Refusal{ID: capability + "336311", Variant: "invalid image"}
		case q.offends(image):
			return &scenarios.Refusal{ID: capability + "336311", Variant: "image2text input image illegal"}
		}
		return nil
	}, q.v1Text, q.v1Length)
}

// readV1About reads a prompt that is answered with text, and asks the rules if
// there is one.
func readV1About(q *question, rules ...func() *scenarios.Refusal) *scenarios.Refusal {
	refused := readV1Prompt(q)
	c := v1Text(q.body)
	c.review = q.review()
	q.r.Detail = c
	if refused != nil {
		return refused
	}
	return firstRefusal(rules...)
}

// readV1Prompt makes a turn of the prompt that several calls demand.
func readV1Prompt(q *question) *scenarios.Refusal {
	prompt := q.body.Get("prompt").String()
	if prompt == "" {
		return &scenarios.Refusal{ID: capability + "336007", Variant: "prompt can not be empty"}
	}
	q.r.Turns = []scenarios.Turn{{Role: "user", Text: prompt}}
	return nil
}

func answerV1Chat(r *scenarios.Request, m Meta, reply *scenarios.Reply) v1Answer {
	out := complete(r, r.Detail.(*chat), m, reply)
	return v1Said(r, out, func(p v1Piece) Frame {
		body := p.start(m, "chat.completion")
		if p.streamed {
			body.boolean("is_truncated", p.last && out.finish == finishLength).str("result", p.text)
		} else {
			body.str("result", p.text).boolean("is_truncated", out.finish == finishLength)
		}
		return v1ChatEnd(body, out, p).end()
	})
}

// v1ChatEnd writes the keys that end every answer and every frame of a chat. A
// call and the reason stand where the answer ends.
func v1ChatEnd(body *object, out completion, p v1Piece) *object {
	s := out.safety.at(p.last)
	body.boolean("need_clear_history", s.clearHistory).optional("ban_round", s.banRound).optional("flag", s.flag)
	if p.last && len(out.calls) > 0 {
		call := out.calls[0]
		body.raw("function_call", obj().str("name", call.name).
			str("thoughts", "The function "+call.name+" can answer this.").
			str("arguments", call.arguments).end())
	}
	if p.last {
		body.str("finish_reason", v1Finish(out))
	}
	return body.raw("usage", v1Usage(p.usage).end())
}

func v1Finish(out completion) string {
	switch {
	case out.scripted:
		return out.finish
	case out.finish == finishTools:
		return "function_call"
	case out.finish == finishLength:
		return "length"
	default:
		return "normal"
	}
}

// answerV1Completion answers a completion, and a question about an image,
// which differ in what they call themselves.
func answerV1Completion(r *scenarios.Request, m Meta, reply *scenarios.Reply) v1Answer {
	kind := "completion"
	if r.Operation == catalog.OpImageToText {
		kind = "chat.completion"
	}
	out := complete(r, r.Detail.(*chat), m, reply)
	return v1Said(r, out, func(p v1Piece) Frame {
		safe := int64(1)
		if out.safety.at(p.last).unsafe {
			safe = 0
		}
		return p.start(m, kind).str("result", p.text).num("is_safe", safe).raw("usage", v1Usage(p.usage).end()).end()
	})
}

// v1Piece is what one frame of a text says, or the whole answer.
type v1Piece struct {
	index    int
	text     string
	usage    usage // So far.
	last     bool
	streamed bool
}

// start writes the keys that begin an answer; frames say which they are.
func (p v1Piece) start(m Meta, kind string) *object {
	body := m.v1Start(kind)
	if p.streamed {
		body.num("sentence_id", int64(p.index)).boolean("is_end", p.last)
	}
	return body
}

// v1Said writes a text as one body or as a stream, whose every frame has the
// usage so far.
func v1Said(r *scenarios.Request, out completion, write func(p v1Piece) Frame) v1Answer {
	if !r.Stream {
		return v1Whole(write(v1Piece{text: out.text, usage: out.usage, last: true}), out.usage)
	}
	said := out.pieces
	if len(said.ends) == 0 {
		said = asPieces([]string{""})
	}
	return v1Answer{usage: out.usage, later: func(yield func(Frame, int) bool) {
		i, tokens := 0, 0
		for piece := range said.all() {
			n := countTokens(piece)
			tokens += n
			p := v1Piece{index: i, text: piece, usage: out.usage.so(tokens), last: i == len(said.ends)-1, streamed: true}
			if p.last {
				p.usage = out.usage
			}
			if !yield(dataFrame(write(p)), n) {
				return
			}
			i++
		}
	}}
}
