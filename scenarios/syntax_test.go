package scenarios

import (
	"errors"
	"slices"
	"testing"

	"github.com/mockllm/mockllm/sentences"
)

// TestSyntaxIsSaid: what the TOML library says is a sentence whose form is known. A
// library that says it otherwise by now fails here.
func TestSyntaxIsSaid(t *testing.T) {
	var said []string
	for text, filled := range map[string][]any{
		"x = abc":                  {`"abc"`},
		"x = [":                    nil,
		"x":                        nil,
		`x = "abc`:                 nil,
		"x = 'abc":                 nil,
		`x = """abc`:               nil,
		"x = '''abc":               nil,
		"= 1":                      nil,
		".a = 1":                   nil,
		"a..b = 1":                 nil,
		"x = [,1]":                 nil,
		"[]":                       nil,
		"[a..b]":                   nil,
		"[a b]":                    {"'b'"},
		"[[a]":                     {`'\x00'`},
		"x: 1":                     {"':'"},
		"x = 1 y":                  {"'y'"},
		"x = [1 2]":                {"'2'"},
		"x = {a=1 b=2}":            {"'b'"},
		"x = \"abc\ndef\"":         nil,
		"x = \"a\x01\"":            {"01"},
		"x = 1\nx = 2":             {"x"},
		"a = 1\n[[a]]":             {"a"},
		"x = 1_":                   {`"1_"`},
		"x = 01":                   {`"01"`},
		"x = 1._5":                 {`"1._5"`},
		"x = 01.5":                 {`"01.5"`},
		"x = 1.":                   {`"1."`},
		"x = 1.2.3":                {`"1.2.3"`},
		"x = .5":                   nil,
		"x = -a":                   {"'a'"},
		"x = +0x1":                 {"+0x"},
		"x = 0b2":                  {"0b2"},
		"x = 0o8":                  {"0o8"},
		"x = 0xg":                  {"0xg"},
		"x = 99999999999999999999": {"99999999999999999999", "int64"},
		"x = 2020-13-01":           {`"2020-13-01"`},
		`x = "\q"`:                 {"q"},
		`x = "\xg"`:                {`"\\xg"`},
		`x = "\u12"`:               {`"\\u12\""`},
		`x = "\U12"`:               {`"\\U12\""`},
		`x = "\ud800"`:             {"d800"},
	} {
		_, err := Load("broken.toml", []byte(text))
		var invalid *InvalidError
		if !errors.As(err, &invalid) || len(invalid.Problems) != 1 || len(invalid.Problems[0].Said.With) != 1 {
			t.Errorf("%q: %v", text, err)
			continue
		}
		about, is := invalid.Problems[0].Said.With[0].(sentences.Sentence)
		if !is || !slices.Contains(syntaxForms(), about.Form) || !slices.Equal(about.With, filled) || invalid.Problems[0].Text != "no valid TOML: "+about.String() {
			t.Errorf("%q: %+v, want it filled with %q", text, about, filled)
		}
		said = append(said, about.Form)
	}
	for _, form := range syntaxForms() {
		if !slices.Contains(said, form) {
			t.Errorf("nothing makes the library say %q", form)
		}
	}
}
