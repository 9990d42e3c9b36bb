package scenarios

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestRulesThatNameModelsAndKeys holds that rules are met in file order, and
// count, whatever they are found by.
func TestRulesThatNameModelsAndKeys(t *testing.T) {
	text := ""
	for i, match := range []string{
		`model = "a"`, `key = "k"`, ``, `model = "b"`, `key = "other"`, `model = "a", key = "k"`,
		`model = "?"`, `key = "*"`, `model = "a", key = "other"`, `model = "a"`,
	} {
		text += fmt.Sprintf("[[rule]]\nname = \"%d\"\nmatch = { %s }\nlatency.first_byte = \"1ms\"\n", i, match)
	}
	e := NewEngine(mustLoad(t, text), Settings{}, NewMemory())
	r := chat("qianfan-v1", func(r *Request) { r.Model, r.Key = "a", "k" })
	_, trace, err := e.Explain(context.Background(), start, r)
	if err != nil {
		t.Fatal(err)
	}
	var explained []string
	for _, one := range trace {
		if !strings.Contains(one.Why.String(), "wants") {
			explained = append(explained, one.Rule)
		}
	}
	var met []string
	for _, c := range e.matching(r, nil) {
		met = append(met, c.rule.Name)
	}
	if want := []string{"0", "1", "2", "5", "6", "7", "9"}; !slices.Equal(met, want) || !slices.Equal(explained, want) {
		t.Errorf("met are %v, explained as such %v, want %v", met, explained, want)
	}
}
