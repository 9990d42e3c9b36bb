package scenarios

import (
	"slices"
	"testing"
)

func TestDialects(t *testing.T) {
	for text, want := range map[string][]string{
		``: nil,
		"[[limit]]\nmatch = { dialect = \"qianfan-v2\" }\nrpm = 1":                     {"qianfan-v2"},
		"[[rule]]\nname = \"a\"\nmatch = { dialect = \"qianfan-v1\" }\nerror = \"18\"": {"qianfan-v1"},
		"[[rule]]\nname = \"a\"\nerror = \"InvalidApiKey\"\nmatch = { dialect = \"dashscope-native\" }\n[[rule]]\nname = \"b\"\nmatch = { dialect = \"qianfan-v1\" }\nerror = \"18\"": {"dashscope-native", "qianfan-v1"},
	} {
		s, err := Load("x.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Dialects(); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
