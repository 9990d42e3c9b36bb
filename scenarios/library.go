package scenarios

import (
	"embed"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

//go:embed library
var library embed.FS

// Library returns the names of the scenarios that come with mockllm, sorted.
// Each repeats an incident that really happened.
func Library() []string {
	entries, err := library.ReadDir("library")
	if err != nil {
		return nil // An embedded folder can be read.
	}
	var names []string
	for _, e := range entries {
		if name, found := strings.CutSuffix(e.Name(), ".toml"); found {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// FromLibrary reads the scenario of that name from the library.
func FromLibrary(name string) (*Scenario, error) {
	names := Library()
	if !slices.Contains(names, name) {
		return nil, sentences.Errorf("the library has no scenario %q%s", name, catalog.DidYouMean(name, names))
	}
	text, err := library.ReadFile("library/" + name + ".toml")
	if err != nil {
		return nil, sentences.Errorf("library: %w", err)
	}
	return Load(name+".toml", text)
}
