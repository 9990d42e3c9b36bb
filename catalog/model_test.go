package catalog

import (
	"slices"
	"strings"
	"testing"
)

// operationsOfModels are those that a model can be called for: what dialects
// offer, and what asynchronous tasks do.
func operationsOfModels() []string {
	known := []string{"transcription", "video"}
	for _, d := range Dialects() {
		known = append(known, d.OperationNames()...)
	}
	return known
}

func TestModelData(t *testing.T) {
	all := ModelsOf(DashScope)
	if len(all) < 100 {
		t.Fatalf("%d models", len(all))
	}
	known := operationsOfModels()
	for i, m := range all {
		if i > 0 && all[i-1].Name >= m.Name {
			t.Errorf("%s stands behind %s", m.Name, all[i-1].Name)
		}
		if strings.Contains(strings.TrimSuffix(m.Name, "*"), "*") || m.Name == "*" {
			t.Errorf("%s: a * stands at the end, behind something", m.Name)
		}
		for _, o := range m.Operations {
			if !slices.Contains(known, o) {
				t.Errorf("%s: unknown operation %q", m.Name, o)
			}
		}
		if !slices.Contains([]Thinking{"", ThinkingNever, ThinkingOptional, ThinkingDefault, ThinkingAlways}, m.Thinking) {
			t.Errorf("%s: thinking %q", m.Name, m.Thinking)
		}
		if !slices.Contains([]Modality{"", ModalityText, ModalityMultimodal}, m.Modality) {
			t.Errorf("%s: modality %q", m.Name, m.Modality)
		}
		if listed := m.Created != 0; listed != (m.Capability != "") || listed && strings.HasSuffix(m.Name, "*") {
			t.Errorf("%s: lists show single models with a date and a capability", m.Name)
		}
		if m.ThinkStream && m.Thinking == ThinkingNever {
			t.Errorf("%s: never thinks, in streams either", m.Name)
		}
	}
}

// TestFamiliesAreOpen: a model that came out yesterday is known, a made-up name
// is not.
func TestFamiliesAreOpen(t *testing.T) {
	for _, name := range []string{
		"qwen-max-2027-01-01", "qwen4-plus", "qwen3-ultra-1m", "qwen-plus-ft-202601-abc", "deepseek-v9", "glm-7-air", "kimi-k9",
		"kimi/kimi-k4", "wan9.9-t2v", "cosyvoice-v9", "text-embedding-v9", "gte-rerank-v9", "paraformer-v9", "llama5-9b-instruct",
	} {
		if _, found := ModelNamed(DashScope, name); !found {
			t.Errorf("%s is unknown", name)
		}
	}
	for _, name := range []string{"gpt-4o", "bad-model", "Qwen/Qwen3-235B-A22B-Instruct-2507", "QWEN-PLUS", "qwe", " qwen-plus", "text-davinci-003", ""} {
		if _, found := ModelNamed(DashScope, name); found {
			t.Errorf("%q is known", name)
		}
	}
}

func TestTheLongestNameCounts(t *testing.T) {
	for name, want := range map[string]Thinking{
		"qwen3-235b-a22b":               ThinkingDefault,
		"qwen3-235b-a22b-thinking-2507": ThinkingAlways,
		"qwen3-235b-a22b-instruct-2507": ThinkingNever,
		"qwen3-235b-a22b-fp8":           "",
		"qwq-32b":                       ThinkingAlways,
	} {
		if m, _ := ModelNamed(DashScope, name); m.Thinking != want {
			t.Errorf("%s: thinking %q, want %q", name, m.Thinking, want)
		}
	}
}
