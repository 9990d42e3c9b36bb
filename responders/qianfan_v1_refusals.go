package responders

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// What V1's model service refuses of a body. The gateway has let the caller in.

// v1Invalid refuses what has a wrong form or is missing.
func v1Invalid() *scenarios.Refusal { return &scenarios.Refusal{ID: capability + "336001"} }

// v1Field refuses a field, in a text that the vendor documents.
func v1Field(text string) *scenarios.Refusal {
	return &scenarios.Refusal{ID: capability + "336003", Variant: text}
}

func v1Range(param, bounds string) *scenarios.Refusal {
	return &scenarios.Refusal{
		ID: capability + "336003", Variant: "parameter check failed, {param} range is {range}",
		Args: map[string]string{"param": param, "range": bounds},
	}
}

func v1TooLong(most int) *scenarios.Refusal {
	return &scenarios.Refusal{ID: capability + "336007", Variant: "the max input characters", Args: map[string]string{"max": strconv.Itoa(most)}}
}

// v1Endpoint refuses an endpoint that nobody knows, if the scenario wants that:
// users deploy their own, under any name.
func (q question) v1Endpoint() *scenarios.Refusal {
	named := q.r.Operation != catalog.OpTokenize && q.r.Operation != catalog.OpPlugin
	if !named || q.known || q.refusals.UnknownModel != scenarios.UnknownNotFound {
		return nil
	}
	return &scenarios.Refusal{ID: capability + "336005"}
}

// v1Chat asks all rules of a chat.
func (q *question) v1Chat() *scenarios.Refusal {
	return firstRefusal(q.v1Messages, q.v1Functions, q.v1System, q.v1Text, q.v1Length, q.v1Unsafe)
}

// v1Order refuses a conversation for its order. The code has changed, the texts
// have not.
func (q *question) v1Order(text string) *scenarios.Refusal {
	return &scenarios.Refusal{ID: capability + string(q.refusals.Order), Variant: text}
}

// v1Messages asks for turns of the user, or of a function, and of the
// assistant by turns, the last one being a question.
func (q *question) v1Messages() *scenarios.Refusal {
	messages := q.body.Get("messages")
	if !messages.IsArray() {
		return v1Invalid()
	}
	all := messages.Array()
	switch {
	case len(all) == 0:
		return v1Invalid()
	case len(all)%2 == 0:
		return q.v1Order("the length of messages must be an odd number")
	}
	for i, message := range all {
		role := message.Get("role").String()
		switch {
		case i%2 == 0 && role != "user" && role != "function":
			return q.v1Order("the role of message with even index in the messages must be user or function")
		case i%2 == 1 && role != "assistant":
			return q.v1Order("the role of message with odd index in the messages must be assistant")
		}
		if refused := v1Message(message, role, i == len(all)-1); refused != nil {
			return refused
		}
	}
	return nil
}

// v1Message looks at one message. Only the assistant's may be empty, where it
// called a function.
func v1Message(message gjson.Result, role string, last bool) *scenarios.Refusal {
	content, call := message.Get("content"), message.Get("function_call")
	calls := role == "assistant" && call.IsObject()
	switch {
	case content.Type != gjson.String && content.Type != gjson.Null:
		return v1Invalid()
	case role == "function" && blank(message.Get("name")):
		return v1Field("The Name field cannot be empty if the role field is function")
	case calls && blank(call.Get("name")):
		return v1Field("function_call's name can't be blank")
	case content.Str == "" && !calls:
		return v1Field("message content can not be empty")
	case last && strings.TrimSpace(content.Str) == "":
		return v1Field("the content of current query can not be blank")
	}
	return nil
}

func blank(v gjson.Result) bool { return strings.TrimSpace(v.String()) == "" }

func (q *question) v1Functions() *scenarios.Refusal {
	functions, given := q.given("functions")
	if given && !functions.IsArray() {
		return v1Invalid()
	}
	for _, function := range functions.Array() {
		for _, part := range []string{"name", "description", "parameters"} {
			if blank(function.Get(part)) {
				return v1Field("function's " + part + " can't be blank")
			}
		}
	}
	return nil
}

func (q *question) v1System() *scenarios.Refusal {
	system, given := q.given("system")
	switch {
	case given && system.Type != gjson.String:
		return v1Invalid()
	case q.model.MaxSystem > 0 && utf8.RuneCountInString(system.Str) > q.model.MaxSystem:
		return v1Field("field system too long")
	}
	return nil
}

// v1Spans are the ranges of what shapes a text, v1PictureSpans of what shapes a
// picture.
var (
	v1Spans = []span{
		{param: "temperature", low: 0, high: 1, open: true, text: "(0, 1.0]"},
		{param: "top_p", low: 0, high: 1, text: "[0, 1.0]"},
		{param: "penalty_score", low: 1, high: 2, text: "[1.0, 2.0]"},
	}
	v1PictureSpans = []span{
		{param: "n", low: 1, high: maxPictures, text: "[1, 4]"},
		{param: "steps", low: 10, high: 50, text: "[10, 50]"},
		{param: "cfg_scale", low: 0, high: 30, text: "[0, 30]"},
	}
)

// v1MaxOutput is the greatest bound of an answer where no other is known.
const v1MaxOutput = 2048

// v1Text looks at what shapes a text.
func (q *question) v1Text() *scenarios.Refusal {
	longest := q.model.MaxOutput
	output := span{param: "max_output_tokens", low: 2, high: float64(longest), text: "[2, " + strconv.Itoa(longest) + "]"}
	if longest == 0 {
		output.high, output.text = 1<<31, "[2, "+strconv.Itoa(v1MaxOutput)+"]"
	}
	return firstRefusal(
		func() *scenarios.Refusal {
			return q.inRange(append(v1Spans[:len(v1Spans):len(v1Spans)], output), v1Says)
		},
		func() *scenarios.Refusal { return q.stopsWell(v1Says) },
	)
}

// v1Says names no parameter that is malformed.
var v1Says = wording{malformed: func(string) *scenarios.Refusal { return v1Invalid() }, outside: v1Range}

// v1Length measures all that is said, the system's turn included.
func (q *question) v1Length() *scenarios.Refusal { return q.v1LengthOf(q.said()...) }

func (q *question) v1LengthOf(texts ...string) *scenarios.Refusal {
	switch characters, tokens := q.tooLong(texts...); {
	case characters:
		return v1TooLong(q.model.MaxChars)
	case tokens:
		return &scenarios.Refusal{ID: capability + "336103"}
	}
	return nil
}

// v1Unsafe is what the content review refuses. An unsafe question is answered,
// with signals in the answer.
func (q *question) v1Unsafe() *scenarios.Refusal {
	switch {
	case q.systemOffends():
		return &scenarios.Refusal{ID: capability + "336104"}
	case q.offends(q.body.Get("user_setting").String()), q.offends(q.body.Get("user_id").String()):
		return &scenarios.Refusal{ID: capability + "336105"}
	case q.functionsOffend(q.body.Get("functions")):
		return &scenarios.Refusal{ID: capability + "336106"}
	}
	return nil
}

// v1Texts asks all rules of a call for vectors.
func (q *question) v1Texts(texts []string) *scenarios.Refusal {
	input := q.body.Get("input")
	if !input.IsArray() || len(texts) == 0 {
		return v1Invalid()
	}
	if most := q.maxTextsOf(); len(texts) > most {
		return v1Range("input", "[1, "+strconv.Itoa(most)+"]")
	}
	for _, text := range texts {
		if text == "" {
			return v1Invalid()
		}
		if refused := q.v1LengthOf(text); refused != nil {
			return refused
		}
	}
	return nil
}

// v1Documents asks all rules of a call for an order.
func (q *question) v1Documents(call rerankCall) *scenarios.Refusal {
	most := q.maxDocumentsOf()
	switch {
	case call.query == "" || len(call.documents) == 0:
		return v1Invalid()
	case len(call.documents) > most:
		return &scenarios.Refusal{ID: capability + "336221", Args: map[string]string{"max": strconv.Itoa(most)}}
	case utf8.RuneCountInString(call.query) > maxQuery:
		return v1TooLong(maxQuery)
	}
	for _, document := range call.documents {
		if refused := q.v1LengthOf(document); refused != nil {
			return refused
		}
	}
	return nil
}

// v1Picture asks all rules of a call for pictures, whose prompt is there.
func (q *question) v1Picture() *scenarios.Refusal {
	prompt := q.r.Prompt()
	if characters, _ := q.tooLong(prompt); characters {
		return &scenarios.Refusal{
			ID: capability + "336003", Variant: "prompt len invalid",
			Args: map[string]string{"len": strconv.Itoa(utf8.RuneCountInString(prompt))},
		}
	}
	if refused := q.inRange(v1PictureSpans, v1Says); refused != nil {
		return refused
	}
	switch {
	case q.offends(prompt):
		return &scenarios.Refusal{ID: capability + "336302"}
	case q.provokes(prompt):
		return &scenarios.Refusal{ID: capability + "336303"}
	}
	return nil
}

// v1Tokenizer asks for a model that the tokenizer knows, and a text that is not
// too long for it.
func (q *question) v1Tokenizer() *scenarios.Refusal {
	if q.r.Model != "" && !q.known && q.refusals.UnknownModel != scenarios.UnknownAnswered {
		return &scenarios.Refusal{ID: capability + "336123"}
	}
	if characters, tokens := q.tooLong(q.said()...); characters || tokens {
		return &scenarios.Refusal{ID: capability + "336122"}
	}
	return nil
}
