package responders

import (
	"math"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// What DashScope refuses of how it is asked to answer.

// A dashScopeRange is a number that may be given only between bounds.
type dashScopeRange struct {
	name   string
	within func(v float64) bool
	text   string // If it is not within them.
	typed  string // If it is no number; "" is the general one.
}

func isWhole(v float64) bool { return v == math.Trunc(v) }

// dashScopeRanges are those of every text model, in the order of the page that
// documents them.
var dashScopeRanges = []dashScopeRange{
	{"temperature", func(v float64) bool { return v >= 0 && v < 2 }, "Temperature should be in [0.0, 2.0)", "'temperature' must be Float"},
	{"top_p", func(v float64) bool { return v > 0 && v <= 1 }, "Range of top_p should be (0.0, 1.0]", "'top_p' must be Float"},
	{"top_k", func(v float64) bool { return v >= 0 }, "Parameter top_k be greater than or equal to 0", ""},
	{"repetition_penalty", func(v float64) bool { return v > 0 }, "Repetition_penalty should be greater than 0.0", ""},
	{"presence_penalty", func(v float64) bool { return v >= -2 && v <= 2 }, "Presence_penalty should be in [-2.0, 2.0]", ""},
	{"n", func(v float64) bool { return isWhole(v) && v >= 1 && v <= 4 }, "Range of n should be [1, 4]", ""},
}

// parameter returns a parameter, and whether it is given: null is not.
func (q *dashScopeQuestion) parameter(name string) (gjson.Result, bool) {
	v := q.parameters.Get(name)
	return v, v.Type != gjson.Null
}

// sampling refuses numbers out of range, or that are none.
func (q *dashScopeQuestion) sampling() *scenarios.Refusal {
	if refused := q.maxTokens(); refused != nil {
		return refused
	}
	for _, r := range dashScopeRanges {
		v, given := q.parameter(r.name)
		switch {
		case !given || v.Type == gjson.Number && r.within(v.Num):
		case v.Type == gjson.Number:
			return invalidParameter(r.text, nil)
		case r.typed != "":
			return invalidParameter(r.typed, nil)
		default:
			return parameterMissing(r.name)
		}
	}
	return firstRefusal(q.seed, q.stopWords)
}

// maxTokens refuses a length that the model cannot answer in.
func (q *dashScopeQuestion) maxTokens() *scenarios.Refusal {
	for _, name := range []string{"max_tokens", "max_completion_tokens"} {
		v, given := q.parameter(name)
		most := q.model.MaxOutput
		switch {
		case !given || !q.compatible && name != "max_tokens":
		case v.Type != gjson.Number:
			return parameterMissing(name)
		case !isWhole(v.Num) || v.Num < 1 || most > 0 && v.Num > float64(most):
			return invalidParameter("Range of max_tokens should be [1, {max}]", atMost(most))
		}
	}
	return nil
}

// seed refuses what is no whole number from 0 on.
func (q *dashScopeQuestion) seed() *scenarios.Refusal {
	v, given := q.parameter("seed")
	natural := v.Type == gjson.Number && isWhole(v.Num)
	switch {
	case !given || natural && v.Num >= 0 && v.Num <= math.MaxInt64:
		return nil
	case !q.compatible || natural && v.Num > 0:
		return invalidParameter("Range of seed should be [0, 9223372036854775807]", nil)
	case !natural:
		return &scenarios.Refusal{ID: dashScopeModel + "invalid_value", Variant: "'{parameter}' must be Integer"}
	}
	return &scenarios.Refusal{
		ID: dashScopeModel + "invalid_value", Variant: "{value} is lesser than the minimum of",
		Args: map[string]string{"value": clipped(v.Raw)},
	}
}

// stopWords refuses what is no word and no list of words, or of the numbers of
// tokens.
func (q *dashScopeQuestion) stopWords() *scenarios.Refusal {
	v, given := q.parameter("stop")
	if !given || v.Type == gjson.String || v.IsArray() && alike(v.Array(), true) {
		return nil
	}
	return invalidParameter(`The "stop" parameter must be of type "str"`, nil)
}

// alike reports whether all are texts, or all numbers, or all lists of numbers.
func alike(all []gjson.Result, lists bool) bool {
	for _, v := range all {
		switch {
		case v.Type != all[0].Type:
			return false
		case v.Type == gjson.String && lists:
		case v.Type == gjson.Number:
		case v.IsArray() && lists && alike(v.Array(), false):
		default:
			return false
		}
	}
	return true
}

// streaming refuses what only a stream can be asked for.
func (q *dashScopeQuestion) streaming() *scenarios.Refusal {
	switch incremental, _ := q.parameter("incremental_output"); {
	case q.r.Stream:
		return nil
	case wantsSound(q.parameters):
		return invalidParameter("'audio' output only support with stream=true", nil)
	case q.model.StreamOnly:
		return invalidParameter("This model only support stream mode, please enable the stream parameter to access the model.", nil)
	case !q.compatible && incremental.Type == gjson.True:
		return invalidParameter("parameter incremental_output only support stream call", nil)
	}
	return nil
}

// wantsSound reports whether the answer is to be spoken.
func wantsSound(parameters *jsonBody) bool {
	for _, m := range parameters.Get("modalities").Array() {
		if m.String() == "audio" {
			return true
		}
	}
	return false
}

// thinks reports whether the model thinks before it answers, if the caller says
// this of it.
func thinks(m catalog.Model, asked gjson.Result) bool {
	switch m.Thinking {
	case catalog.ThinkingAlways:
		return true
	case catalog.ThinkingDefault:
		return asked.Type != gjson.False
	default:
		return asked.Bool()
	}
}

// thinking refuses what goes not with thoughts, or not with their absence.
func (q *dashScopeQuestion) thinking() *scenarios.Refusal {
	asked, _ := q.parameter("enable_thinking")
	thinks := thinks(q.model, asked)
	switch {
	case asked.Type == gjson.True && q.model.Thinking == catalog.ThinkingNever:
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidParameter.NotSupportEnableThinking"}
	case asked.Type == gjson.False && q.model.Thinking == catalog.ThinkingAlways:
		return q.algorithm("The value of the enable_thinking parameter is restricted to True.", nil)
	case thinks && !q.r.Stream && q.model.ThinkStream && asked.Type == gjson.True:
		return invalidParameter("parameter.enable_thinking only support stream call", nil)
	case thinks && !q.r.Stream && q.model.ThinkStream:
		return invalidParameter("parameter.enable_thinking must be set to false for non-streaming calls", nil)
	}
	if refused := q.budget(); refused != nil || q.compatible {
		return refused
	}
	return q.nativeThinking(thinks)
}

// budget refuses a length of thoughts that the model cannot have.
func (q *dashScopeQuestion) budget() *scenarios.Refusal {
	v, given := q.parameter("thinking_budget")
	most := q.model.MaxThinking
	if !given || v.Type == gjson.Number && isWhole(v.Num) && v.Num >= 1 && (most == 0 || v.Num <= float64(most)) {
		return nil
	}
	return invalidParameter("The thinking_budget parameter must be a positive integer and not greater than {max}", atMost(most))
}

// nativeThinking refuses the forms of an answer that have no place for
// thoughts. Models that think unless told otherwise have the right form by
// default, and no other; so has all that is multimodal.
func (q *dashScopeQuestion) nativeThinking(thinks bool) *scenarios.Refusal {
	incremental, _ := q.parameter("incremental_output")
	format, given := q.parameter("result_format")
	prepared := q.model.ThinksUnasked() || multimodalPath(q.in)
	switch {
	case !thinks:
		return nil
	case q.r.Stream && prepared && incremental.Type == gjson.False:
		return invalidParameter("The incremental_output parameter of this model cannot be set to False.", nil)
	case q.r.Stream && !prepared && incremental.Type != gjson.True:
		return invalidParameter(`The incremental_output parameter must be "true" when enable_thinking is true`, nil)
	case given && format.String() != "message", !given && !prepared:
		return invalidParameter(`The result_format parameter must be "message" when enable_thinking is true`, nil)
	}
	return nil
}

// format refuses a form of the answer's text that does not exist, and JSON
// that nobody speaks of or that a thinking model is to write.
func (q *dashScopeQuestion) format(said []scenarios.Turn) *scenarios.Refusal {
	v, given := q.parameter("response_format")
	asked, _ := q.parameter("enable_thinking")
	kind := v.Get("type")
	switch {
	case !given || kind.String() == "text" || kind.String() == "json_schema":
		return nil
	case kind.String() != "json_object":
		if !v.IsObject() {
			kind = v
		}
		return invalidParameter("Unknown format of response_format", map[string]string{"type": clipped(kind.String())})
	case asked.Type == gjson.True || q.model.Thinking == catalog.ThinkingAlways:
		return invalidParameter("Json mode response is not supported when enable_thinking is true", nil)
	}
	if speaksOfJSON(said) {
		return nil
	}
	return invalidParameter("'messages' must contain the word 'json' in some form", nil)
}

func speaksOfJSON(said []scenarios.Turn) bool {
	return slices.ContainsFunc(said, func(t scenarios.Turn) bool { return strings.Contains(strings.ToLower(t.Text), "json") })
}
