package sentences

import (
	"fmt"
	"strings"
)

// A Sentence is something that mockllm says. Its form is the English sentence
// with {1}, {2} and so on where something fills it; who knows the form in another
// language can say it there. It is a value, and the zero one says nothing.
type Sentence struct {
	Form string `json:"form"`
	With []any  `json:"with,omitempty"` // What fills it: each a text or a [Sentence].

	text string
}

// New makes a sentence of a format as [fmt.Sprintf] knows it. What is a sentence
// itself, or an error that [Errorf] made, stays one within it. A format that is
// nothing but a hole makes what fills it.
func New(format string, args ...any) Sentence {
	return made(fmt.Sprintf(format, args...), format, args)
}

func made(text, format string, args []any) Sentence {
	form, verbs := parts(format)
	s := Sentence{Form: form, text: text}
	if n := min(len(verbs), len(args)); n > 0 {
		s.With = make([]any, n)
	}
	for i := range s.With {
		s.With[i] = filling(verbs[i], args[i])
	}
	if only, is := alone(s); is {
		return only
	}
	return s
}

// alone returns the sentence that is all that another one says.
func alone(s Sentence) (Sentence, bool) {
	if s.Form != "{1}" || len(s.With) != 1 {
		return s, false
	}
	only, is := s.With[0].(Sentence)
	return only, is
}

// filling is what stands in a hole.
func filling(verb string, arg any) any {
	switch said := arg.(type) {
	case string:
		if verb == "%s" {
			return said
		}
	case Sentence:
		if said.Form == "" {
			return ""
		}
		return said
	case interface{ Said() Sentence }:
		return said.Said()
	case error:
		if s, is := system(said); is && verb != "%q" {
			return s
		}
	}
	return fmt.Sprintf(strings.Replace(verb, "w", "v", 1), arg)
}

// Plain makes a sentence of a text that nothing fills.
func Plain(text string) Sentence { return Sentence{Form: text, text: text} }

// Form returns the form of the sentences that a format makes.
func Form(format string) string {
	form, _ := parts(format)
	return form
}

// String returns the sentence in English.
func (s Sentence) String() string { return s.text }

// Filled returns the sentence with every text that fills it changed by the
// function, which may redact or shorten it.
func (s Sentence) Filled(change func(string) string) Sentence {
	var with []any
	for _, part := range s.With {
		switch part := part.(type) {
		case Sentence:
			with = append(with, part.Filled(change))
		case string:
			with = append(with, change(part))
		}
	}
	return Sentence{Form: s.Form, With: with, text: change(s.text)}
}

// Errorf makes an error of a format as [fmt.Errorf] does. It is a sentence too,
// which [Of] returns.
func Errorf(format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &saidError{err, made(err.Error(), format, args)}
}

type saidError struct {
	error
	said Sentence
}

// Said returns what the error says.
func (e *saidError) Said() Sentence { return e.said }

// Unwrap returns what the error wraps.
func (e *saidError) Unwrap() error { return e.error }

// Of returns what an error says: a sentence as it was made, or a text that only
// stands in its own language.
func Of(err error) Sentence { return New("%v", err) }
