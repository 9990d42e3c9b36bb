package responders

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// What both of Qianfan's APIs look at before they refuse the body of a call.

// A question is a call with what is known of the model that it names.
type question struct {
	r        *scenarios.Request
	body     *jsonBody
	model    catalog.Model
	known    bool // Whether the catalogue or the scenario knows the model.
	refusals scenarios.Refusals
}

func newQuestion(in *Incoming, r *scenarios.Request, body *jsonBody) *question {
	q := &question{r: r, body: body, refusals: in.Scenario.RefusalsOf()}
	name := r.Model
	if r.Operation == catalog.OpTokenize {
		name = strings.ToLower(name) // Its models go by the names of the console as well.
	}
	q.model, q.known = in.Scenario.Model(catalog.Qianfan, name)
	return q
}

// given returns a parameter, if it is there: null is none.
func (q *question) given(param string) (gjson.Result, bool) {
	v := q.body.Get(param)
	return v, v.Exists() && v.Type != gjson.Null
}

// A span is the range in which a parameter must lie. Its text is the vendor's.
type span struct {
	param     string
	low, high float64
	open      bool // The lower end itself is outside.
	text      string
}

func (s span) holds(v float64) bool {
	return v <= s.high && (v > s.low || v == s.low && !s.open)
}

// Bounds of the stop words of a text.
const (
	maxStops      = 4
	maxStopLength = 20
)

// stops reads the stop words, of which there may be one or a list.
func (q *question) stops() (words []string, wellFormed bool) {
	stop, given := q.given("stop")
	switch {
	case !given:
		return nil, true
	case stop.Type == gjson.String:
		return []string{stop.Str}, true
	case !stop.IsArray():
		return nil, false
	}
	wellFormed = true
	stop.ForEach(func(_, word gjson.Result) bool {
		words = append(words, word.Str)
		wellFormed = word.Type == gjson.String
		return wellFormed
	})
	return words, wellFormed
}

// A wording is how an API refuses a parameter: for its form, or for its value.
type wording struct {
	malformed func(param string) *scenarios.Refusal
	outside   func(param, text string) *scenarios.Refusal
}

// inRange refuses the first parameter that is no number or lies outside of its
// range.
func (q *question) inRange(spans []span, say wording) *scenarios.Refusal {
	for _, s := range spans {
		switch v, given := q.given(s.param); {
		case !given:
		case v.Type != gjson.Number:
			return say.malformed(s.param)
		case !s.holds(v.Num):
			return say.outside(s.param, s.text)
		}
	}
	return nil
}

// stopsWell refuses stop words that are malformed, too many or too long.
func (q *question) stopsWell(say wording) *scenarios.Refusal {
	words, wellFormed := q.stops()
	switch {
	case !wellFormed:
		return say.malformed("stop")
	case len(words) > maxStops:
		return say.outside("stop", "[0, 4]")
	case slices.ContainsFunc(words, func(w string) bool { return utf8.RuneCountInString(w) > maxStopLength }):
		return say.outside("length of stop", "[1, 20]")
	}
	return nil
}

// tooLong reports whether a text is longer than the model takes, in characters
// or in tokens. Bounds that are not known are none.
func (q *question) tooLong(texts ...string) (characters, tokens bool) {
	return exceeds(texts, q.model.MaxChars, utf8.RuneCountInString), exceeds(texts, q.model.MaxInput, countTokens)
}

func exceeds(texts []string, most int, count func(string) int) bool {
	if most <= 0 {
		return false // Nothing to count for.
	}
	n := 0
	for _, text := range texts {
		n += count(text)
	}
	return n > most
}

// said are the texts of all turns.
func (q *question) said() []string {
	texts := make([]string, len(q.r.Turns))
	for i, turn := range q.r.Turns {
		texts[i] = turn.Text
	}
	return texts
}

// maxTextsOf is how many texts one call for vectors may have.
func (q *question) maxTextsOf() int {
	if q.model.MaxTexts > 0 {
		return min(q.model.MaxTexts, maxTexts)
	}
	return maxTexts
}

// maxDocumentsOf is how many documents one call for an order may have.
func (q *question) maxDocumentsOf() int {
	if q.model.MaxDocuments > 0 {
		return min(q.model.MaxDocuments, maxDocuments)
	}
	return maxDocuments
}

// dimensions returns how long the model's vectors are.
func (q *question) dimensions() int {
	if q.model.Dimensions > 0 {
		return min(q.model.Dimensions, maxDimensions)
	}
	return 1024
}
