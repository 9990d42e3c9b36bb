package scenarios

import (
	"testing"

	"github.com/mockllm/mockllm/catalog"
)

// TestModelsUnsaid: a scenario can take back what the catalogue says of a model,
// and what it does not mention stays.
func TestModelsUnsaid(t *testing.T) {
	s, err := Load("x.toml", []byte("[models.qwq-plus]\nstream_only = false\nmax_output = 0\n[models.\"qvq-*\"]\nmax_input = 7"))
	if err != nil {
		t.Fatal(err)
	}
	before, _ := catalog.ModelNamed(catalog.DashScope, "qwq-plus")
	if !before.StreamOnly || before.MaxOutput == 0 || before.MaxInput == 0 {
		t.Fatalf("the catalogue says too little: %+v", before)
	}
	got, _ := s.Model(catalog.DashScope, "qwq-plus")
	if got.StreamOnly || got.MaxOutput != 0 || got.MaxInput != before.MaxInput {
		t.Errorf("qwq-plus: %+v", got)
	}
	if got, _ := s.Model(catalog.DashScope, "qvq-max"); !got.StreamOnly || got.MaxInput != 7 {
		t.Errorf("qvq-max: %+v", got)
	}
}
