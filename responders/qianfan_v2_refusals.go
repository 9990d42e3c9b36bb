package responders

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// What V2's model service refuses of a body. The gateway has let the caller in.

// v2Roles are the roles that a message may have; the text of a refusal lists
// them.
var v2Roles = []string{"system", "developer", "user", "assistant", "tool"}

func v2NoModel() *scenarios.Refusal { return v2Argument("you must provide a model parameter", nil) }

// v2Argument refuses with one of the texts that captures show.
func v2Argument(text string, args map[string]string) *scenarios.Refusal {
	return &scenarios.Refusal{ID: v2Codes + "invalid_argument", Variant: text, Args: args}
}

// v2Range refuses a parameter for its size.
func v2Range(param, bounds string) *scenarios.Refusal {
	return v2Argument("parameter check failed", map[string]string{"param": param, "range": bounds})
}

// v2Invalid refuses a parameter for its form.
func v2Invalid(param string) *scenarios.Refusal {
	return v2Argument("the parameter {param} is invalid", map[string]string{"param": param})
}

// v2Model refuses a call without a model, with one that nobody knows, or with
// one that is there for something else.
func (q *question) v2Model(operation string) *scenarios.Refusal {
	anyModel := q.refusals.UnknownModel == scenarios.UnknownAnswered
	switch {
	case q.r.Model == "":
		return v2NoModel()
	case q.model.Offline:
		return &scenarios.Refusal{ID: v2Codes + "model_offline"}
	case anyModel || q.known && !q.model.NativeOnly && q.model.CanDo(operation):
		return nil
	case strings.Contains(q.r.Path, "/coding/"):
		return &scenarios.Refusal{ID: "qianfan/plan/coding_plan_model_not_supported"}
	case strings.Contains(q.r.Path, "/tokenplan/"):
		return &scenarios.Refusal{ID: "qianfan/plan/token_plan_person_model_not_supported"}
	}
	return &scenarios.Refusal{ID: v2Codes + "invalid_model"}
}

// v2Chat asks all rules of a chat.
func (q *question) v2Chat() *scenarios.Refusal {
	return firstRefusal(
		func() *scenarios.Refusal { return q.v2Model(catalog.OpChat) },
		q.v2Messages, q.v2Tools, q.v2Format, q.v2Params, q.v2Length, q.v2Unsafe,
	)
}

// v2Search asks for a conversation; a model need not be named.
func (q *question) v2Search() *scenarios.Refusal {
	if q.r.Model != "" {
		if refused := q.v2Model(catalog.OpChat); refused != nil {
			return refused
		}
	}
	return q.v2Messages()
}

// v2Messages is what is wrong with the messages. They need not take turns.
func (q *question) v2Messages() *scenarios.Refusal {
	messages := q.body.Get("messages")
	if !messages.IsArray() || len(q.r.Turns) == 0 {
		return v2Argument("messages cannot be empty", nil)
	}
	for _, turn := range q.r.Turns {
		if !slices.Contains(v2Roles, turn.Role) {
			return v2Argument("the role must be one of the following", nil)
		}
	}
	for i, message := range messages.Array() {
		if v2Empty(message) {
			return &scenarios.Refusal{ID: v2Codes + "invalid_messages", Args: map[string]string{"index": strconv.Itoa(i)}}
		}
	}
	return nil
}

// v2Empty reports whether a message says nothing. The assistant may, where it
// calls tools.
func v2Empty(message gjson.Result) bool {
	content := message.Get("content")
	switch {
	case message.Get("role").Str == "assistant" && len(message.Get("tool_calls").Array()) > 0:
		return false
	case content.IsArray():
		return len(content.Array()) == 0
	}
	return content.Type != gjson.String || content.Str == ""
}

// v2Tools looks at the tools and at the choice among them.
func (q *question) v2Tools() *scenarios.Refusal {
	tools, given := q.given("tools")
	switch {
	case given && !tools.IsArray():
		return v2Invalid("tools")
	case given && q.model.NoTools && len(tools.Array()) > 0:
		return &scenarios.Refusal{ID: v2Codes + "no_parameter_permission", Args: map[string]string{"param": "tools"}}
	}
	var names []string
	for i, t := range tools.Array() {
		at, name := "tools["+strconv.Itoa(i)+"]", t.Get("function.name")
		switch {
		case t.Get("type").String() != "function":
			return v2Invalid(at + ".type")
		case name.Type != gjson.String || blank(name):
			return v2Invalid(at + ".function.name")
		}
		names = append(names, name.Str)
	}
	choice, chosen := q.given("tool_choice")
	word := choice.Type == gjson.String && slices.Contains([]string{"none", "auto", "required"}, choice.Str)
	if chosen && !word && !slices.Contains(names, choice.Get("function.name").Str) {
		return v2Invalid("tool_choice")
	}
	return nil
}

// v2Format looks at the form that the answer shall have.
func (q *question) v2Format() *scenarios.Refusal {
	if format, given := q.given("response_format"); given {
		kind := format.Get("type").String()
		if !slices.Contains([]string{"text", "json_object", "json_schema"}, kind) || kind == "json_schema" && !format.Get("json_schema").IsObject() {
			return v2Invalid("response_format")
		}
	}
	return nil
}

// v2Spans are the ranges of what shapes a text.
var v2Spans = []span{
	{param: "temperature", low: 0, high: 2, text: "[0, 2.0]"},
	{param: "top_p", low: 0, high: 1, text: "[0, 1.0]"},
	{param: "penalty_score", low: 1, high: 2, text: "[1.0, 2.0]"},
	{param: "frequency_penalty", low: -2, high: 2, text: "[-2.0, 2.0]"},
	{param: "presence_penalty", low: -2, high: 2, text: "[-2.0, 2.0]"},
	{param: "repetition_penalty", low: 0, high: 2, open: true, text: "(0, 2.0]"},
	{param: "n", low: 1, high: 4, text: "[1, 4]"},
	{param: "seed", low: 0, high: 1<<31 - 2, open: true, text: "(0, 2147483647)"},
}

// v2MaxOutput is the greatest bound of an answer where no other is known, as a
// capture shows it.
const v2MaxOutput = 12288

// v2Params looks at what shapes a text.
func (q *question) v2Params() *scenarios.Refusal {
	return q.v2Shape("max_completion_tokens", "max_tokens")
}

// v2Shape looks at what shapes a text, the bounds of its length under these
// names.
func (q *question) v2Shape(bounds ...string) *scenarios.Refusal {
	output := span{low: 1, high: float64(q.model.MaxOutput), text: "[1, " + strconv.Itoa(q.model.MaxOutput) + "]"}
	if q.model.MaxOutput == 0 {
		output.high, output.text = 1<<31, "[1, "+strconv.Itoa(v2MaxOutput)+"]"
	}
	spans := v2Spans[:len(v2Spans):len(v2Spans)]
	for _, param := range bounds {
		output.param = param
		spans = append(spans, output)
	}
	return firstRefusal(
		func() *scenarios.Refusal { return q.inRange(spans, v2Says) },
		func() *scenarios.Refusal { return q.stopsWell(v2Says) },
	)
}

var v2Says = wording{malformed: v2Invalid, outside: v2Range}

// v2Length measures all that is said.
func (q *question) v2Length() *scenarios.Refusal { return q.v2LengthOf(q.said()...) }

func (q *question) v2LengthOf(texts ...string) *scenarios.Refusal {
	switch characters, tokens := q.tooLong(texts...); {
	case characters:
		return &scenarios.Refusal{ID: v2Codes + "characters_too_long", Args: map[string]string{"max": strconv.Itoa(q.model.MaxChars)}}
	case tokens:
		return &scenarios.Refusal{ID: v2Codes + "tokens_too_long"}
	}
	return nil
}

// v2Unsafe is what the content review refuses. An unsafe question is answered,
// with signals in the answer.
func (q *question) v2Unsafe() *scenarios.Refusal {
	switch {
	case q.systemOffends():
		return &scenarios.Refusal{ID: v2Codes + "system_unsafe"}
	case q.offends(q.body.Get("user").String()):
		return &scenarios.Refusal{ID: v2Codes + "user_setting_unsafe"}
	case q.functionsOffend(q.body.Get("tools.#.function")):
		return &scenarios.Refusal{ID: v2Codes + "functions_unsafe"}
	case q.picturesOffend():
		return &scenarios.Refusal{ID: v2Codes + "image_url_unsafe"}
	}
	return nil
}

// v2Texts asks all rules of a call for vectors.
func (q *question) v2Texts(texts []string) *scenarios.Refusal {
	if refused := q.v2Model(catalog.OpEmbedding); refused != nil {
		return refused
	}
	if most := q.maxTextsOf(); len(texts) == 0 || len(texts) > most {
		return v2Range("input", "[1, "+strconv.Itoa(most)+"]")
	}
	for _, text := range texts {
		if text == "" {
			return v2Invalid("input")
		}
		if refused := q.v2LengthOf(text); refused != nil {
			return refused
		}
	}
	return nil
}

// v2Documents asks all rules of a call for an order.
func (q *question) v2Documents(call rerankCall) *scenarios.Refusal {
	if refused := q.v2Model(catalog.OpRerank); refused != nil {
		return refused
	}
	if call.query == "" || utf8.RuneCountInString(call.query) > maxQuery {
		return v2Range("query", "[1, "+strconv.Itoa(maxQuery)+"]")
	}
	if most := q.maxDocumentsOf(); len(call.documents) == 0 || len(call.documents) > most {
		return v2Range("documents", "[1, "+strconv.Itoa(most)+"]")
	}
	for _, document := range call.documents {
		if refused := q.v2LengthOf(document); refused != nil {
			return refused
		}
	}
	return nil
}

// v2Picture asks all rules of a call for pictures.
func (q *question) v2Picture() *scenarios.Refusal {
	if refused := q.v2Model(catalog.OpImage); refused != nil {
		return refused
	}
	prompt := q.r.Prompt()
	characters, _ := q.tooLong(prompt)
	switch {
	case prompt == "" || characters || q.offends(prompt) || q.provokes(prompt):
		return &scenarios.Refusal{ID: v2Codes + "invalid_image_generation_prompt"}
	case q.r.Path == v2Edits && !q.body.Get("image").Exists():
		return &scenarios.Refusal{ID: v2Codes + "invalid_image_generation_refer_image"}
	}
	return q.inRange([]span{{param: "n", low: 1, high: maxPictures, text: "[1, 4]"}}, v2Says)
}
