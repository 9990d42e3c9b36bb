package scenarios

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// maxDuration bounds every duration of a scenario; longer ones are mistakes.
const maxDuration = 30 * 24 * time.Hour

// forever is the end of what has none.
const forever = time.Duration(math.MaxInt64)

// A Duration is written as Go writes durations: "200ms", "1m30s".
type Duration time.Duration

// UnmarshalTOML reads a duration from 0 to 30 days.
func (d *Duration) UnmarshalTOML(in any) error {
	text, ok := in.(string)
	if !ok {
		return sentences.Errorf(`must be a duration such as "200ms" or "1m30s", not %s`, kindOf(in))
	}
	v, err := time.ParseDuration(text)
	if err != nil {
		return sentences.Errorf(`%q is no duration; write one such as "200ms" or "1m30s"`, text)
	}
	if v < 0 || v > maxDuration {
		return sentences.Errorf("%q is out of range: a duration is between 0 and 720h", text)
	}
	*d = Duration(v)
	return nil
}

// Calls is a range of call numbers, from 1: 3, "1..2" or "5..".
type Calls struct {
	From, To uint64 // Inclusive; To is the largest number if the range is open.
}

// openCalls is the end of a range that has none.
const openCalls uint64 = math.MaxUint64

// UnmarshalTOML reads a number or a range.
func (c *Calls) UnmarshalTOML(in any) error {
	if n, ok := in.(int64); ok {
		if n < 1 {
			return sentences.Errorf("calls are numbered from 1, not %d", n)
		}
		*c = Calls{From: uint64(n), To: uint64(n)}
		return nil
	}
	text, ok := in.(string)
	if !ok {
		return sentences.Errorf(`must be a number or a range such as "1..2" or "5..", not %s`, kindOf(in))
	}
	first, last, found := strings.Cut(text, "..")
	from, err := strconv.ParseUint(first, 10, 63)
	to := openCalls
	if err == nil && last != "" {
		to, err = strconv.ParseUint(last, 10, 63)
	}
	if !found || err != nil {
		return sentences.Errorf(`%q is no range of calls; write 3, "1..2" or "5.."`, text)
	}
	if from < 1 || to < from {
		return sentences.Errorf("%q holds no call: calls are numbered from 1 and a range goes up", text)
	}
	*c = Calls{From: from, To: to}
	return nil
}

// A Window is a span of vendor time since the namespace's first request or
// reset: "10s..40s" or "1m..".
type Window struct {
	From, To time.Duration // To is not part of it; an open window ends never.
}

// UnmarshalTOML reads a window.
func (w *Window) UnmarshalTOML(in any) error {
	text, ok := in.(string)
	if !ok {
		return sentences.Errorf(`must be a window such as "10s..40s" or "1m..", not %s`, kindOf(in))
	}
	first, last, found := strings.Cut(text, "..")
	from, err := time.ParseDuration(first)
	to := forever
	if err == nil && last != "" {
		to, err = time.ParseDuration(last)
	}
	if !found || err != nil {
		return sentences.Errorf(`%q is no window; write one such as "10s..40s" or "1m.."`, text)
	}
	if from < 0 || to <= from || to > maxDuration && to != forever || from > maxDuration {
		return sentences.Errorf("%q holds no time: a window starts at 0 or later, goes up, and ends within 720h", text)
	}
	*w = Window{From: from, To: to}
	return nil
}

// A Probability is a number from 0 (never) to 1 (always).
type Probability float64

// UnmarshalTOML reads a probability and refuses what lies outside [0, 1].
func (p *Probability) UnmarshalTOML(in any) error {
	v, err := number(in)
	if err != nil {
		return err
	}
	if !(v >= 0 && v <= 1) {
		return sentences.Errorf("%v is no probability: it must be from 0 (never) to 1 (always)", in)
	}
	*p = Probability(v)
	return nil
}

// A Count is a whole number of at least 1.
type Count uint64

// UnmarshalTOML reads a count.
func (c *Count) UnmarshalTOML(in any) error {
	n, ok := in.(int64)
	if !ok {
		return sentences.Errorf("must be a whole number, not %s", kindOf(in))
	}
	if n < 1 {
		return sentences.Errorf("must be at least 1, not %d", n)
	}
	*c = Count(n)
	return nil
}

// A Pattern finds text: a plain one as a substring, one between slashes as a
// regular expression.
type Pattern struct {
	Text   string
	regexp *regexp.Regexp
}

// UnmarshalTOML reads a pattern and compiles it.
func (p *Pattern) UnmarshalTOML(in any) error {
	text, ok := in.(string)
	if !ok {
		return sentences.Errorf("must be a string, not %s", kindOf(in))
	}
	if text == "" {
		return sentences.Errorf("must not be empty: it would match everything")
	}
	p.Text = text
	return p.compile()
}

// prepare compiles a pattern that was built in Go; nil is none.
func (p *Pattern) prepare(path string, r *report) {
	if p == nil || p.regexp != nil {
		return
	}
	if err := p.compile(); err != nil {
		r.add(path, "%v", err)
	}
}

// compile makes the pattern ready for use.
func (p *Pattern) compile() error {
	if len(p.Text) < 2 || p.Text[0] != '/' || p.Text[len(p.Text)-1] != '/' {
		return nil
	}
	re, err := regexp.Compile(p.Text[1 : len(p.Text)-1])
	if err != nil {
		return sentences.Errorf("%q is no regular expression: %w", p.Text, err)
	}
	p.regexp = re
	return nil
}

// in reports whether the pattern occurs in the text.
func (p *Pattern) in(text string) bool {
	if p.regexp != nil {
		return p.regexp.MatchString(text)
	}
	return strings.Contains(text, p.Text)
}

// A Glob is text in which * stands for any run of characters and ? for one.
type Glob string

// UnmarshalTOML reads a glob.
func (g *Glob) UnmarshalTOML(in any) error {
	text, ok := in.(string)
	if !ok {
		return sentences.Errorf("must be a string, not %s", kindOf(in))
	}
	if text == "" {
		return sentences.Errorf("must not be empty: it would match nothing")
	}
	*g = Glob(text)
	return nil
}

// Matches reports whether the whole text fits the glob. It takes time linear
// in len(glob)·len(text) at worst, and no memory.
func (g Glob) Matches(text string) bool {
	glob, star, mark := string(g), -1, 0
	i, j := 0, 0
	for j < len(text) {
		switch {
		case i < len(glob) && glob[i] == '*':
			star, mark = i, j
			i++
		case i < len(glob) && glob[i] == '?':
			_, size := utf8.DecodeRuneInString(text[j:])
			i++
			j += size
		case i < len(glob) && glob[i] == text[j]:
			i++
			j++
		case star >= 0:
			_, size := utf8.DecodeRuneInString(text[mark:])
			mark += size
			i, j = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(glob[i:], "*") == ""
}

// number reads a number with or without a fraction.
func number(in any) (float64, error) {
	switch v := in.(type) {
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	default:
		return 0, sentences.Errorf("must be a number, not %s", kindOf(in))
	}
}

// oneOf reads a string that must be one of the words.
func oneOf(in any, words ...string) (string, error) {
	text, ok := in.(string)
	if !ok {
		return "", sentences.Errorf("must be a string, not %s", kindOf(in))
	}
	for _, w := range words {
		if w == text {
			return text, nil
		}
	}
	return "", &wordError{text: text, words: words}
}

// A wordError says that a text is none of the words that it may be.
type wordError struct {
	text  string
	words []string
}

// Error implements error.
func (e *wordError) Error() string { return e.Said().String() }

// Said names the word that was probably meant, else all.
func (e *wordError) Said() sentences.Sentence {
	if near := catalog.DidYouMean(e.text, e.words); near.Form != "" {
		return sentences.New("unknown value %q%s", e.text, near)
	}
	return sentences.New("unknown value %q; it is one of %s", e.text, strings.Join(e.words, ", "))
}
