package scenarios

import (
	"errors"
	"math"
	"reflect"

	"github.com/BurntSushi/toml"

	"github.com/mockllm/mockllm/catalog"
)

// A Form is one way to write a value, for the JSON Schema of the language.
type Form struct {
	Type     FormType
	Words    []string // The only texts that it may be; nil if there are others.
	Pattern  string   // A regular expression that the text matches.
	Min, Max float64  // Of a number, or how much is in an array; both 0 if nothing bounds it, Max infinite if nothing does so above.
	Filled   bool     // Whether the text may not be empty.
}

// FormType is a type of values, as JSON Schema names it.
type FormType string

// The values of [FormType].
const (
	FormText    FormType = "string"
	FormWhole   FormType = "integer"
	FormNumber  FormType = "number"
	FormBoolean FormType = "boolean" // True or false.
	FormTrue    FormType = "true"    // True only.
	FormTable   FormType = "object"
	FormTexts   FormType = "array" // Of texts.
)

// FormsOf returns the ways to write a value of a type of the language that reads
// itself, or whose words are known: of a table its shorthands. It returns nil
// for what is written as its kind says, such as a string.
//
// A type that reads words needs no say of its own: what it refuses tells which
// ones it takes.
func FormsOf(t reflect.Type) []Form {
	switch t {
	case reflect.TypeFor[catalog.Edition]():
		return words(catalog.Editions()...)
	case reflect.TypeFor[catalog.Thinking]():
		return words(catalog.ThinkingNever, catalog.ThinkingOptional, catalog.ThinkingDefault, catalog.ThinkingAlways)
	case reflect.TypeFor[catalog.Modality]():
		return words(catalog.ModalityText, catalog.ModalityMultimodal)
	}
	value := reflect.New(t).Interface()
	if formed, ok := value.(interface{ forms() []Form }); ok {
		return formed.forms()
	}
	reader, ok := value.(toml.Unmarshaler)
	if !ok {
		return nil
	}
	var refused *wordError
	if errors.As(reader.UnmarshalTOML("\x00"), &refused) {
		return words(refused.words...)
	}
	return nil
}

func words[W ~string](known ...W) []Form {
	f := Form{Type: FormText}
	for _, w := range known {
		f.Words = append(f.Words, string(w))
	}
	return []Form{f}
}

// span is what [time.ParseDuration] reads, but nothing negative.
const span = `\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)`

func (Duration) forms() []Form { return []Form{{Type: FormText, Pattern: "^" + span + "$"}} }

func (Window) forms() []Form {
	return []Form{{Type: FormText, Pattern: `^` + span + `\.\.(` + span + `)?$`}}
}

func (Calls) forms() []Form {
	return []Form{{Type: FormWhole, Min: 1, Max: math.Inf(1)}, {Type: FormText, Pattern: `^[0-9]+\.\.[0-9]*$`}}
}

func (Probability) forms() []Form { return []Form{{Type: FormNumber, Min: 0, Max: 1}} }

func (Count) forms() []Form { return []Form{{Type: FormWhole, Min: 1, Max: math.Inf(1)}} }

func (Index) forms() []Form { return []Form{{Type: FormWhole, Min: 0, Max: 1e9}} }

func (Pattern) forms() []Form { return []Form{{Type: FormText, Filled: true}} }

func (Glob) forms() []Form { return []Form{{Type: FormText, Filled: true}} }

func (Condition) forms() []Form {
	return []Form{{Type: FormText}, {Type: FormNumber}, {Type: FormBoolean}}
}

func (Speed) forms() []Form { return []Form{{Type: FormNumber, Min: 0.001, Max: 1e6}} }

func (Rate) forms() []Form { return []Form{{Type: FormNumber, Min: 0.001, Max: 1e6}} }

func (VariantRef) forms() []Form {
	return []Form{{Type: FormWhole, Min: 1, Max: 10_000}, {Type: FormText, Filled: true}}
}

func (HTTPStatus) forms() []Form { return []Form{{Type: FormWhole, Min: 200, Max: 599}} }

func (CloseCode) forms() []Form {
	return []Form{{Type: FormWhole, Min: 1000, Max: 1003}, {Type: FormWhole, Min: 1007, Max: 1014}, {Type: FormWhole, Min: 1016, Max: 4999}}
}

func (Arguments) forms() []Form { return []Form{{Type: FormText}, {Type: FormTable}} }

func (Frames) forms() []Form {
	return []Form{{Type: FormWhole, Min: 1, Max: maxFrames}, {Type: FormTexts, Min: 1, Max: maxFrames}}
}

func (RetryAfter) forms() []Form { return append([]Form{{Type: FormTrue}}, Duration(0).forms()...) }

func (Wait) forms() []Form { return Duration(0).forms() }

func (Latency) forms() []Form { return Duration(0).forms() }
