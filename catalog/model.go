package catalog

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

// A Model is what a vendor documents of a model: what it can be called for, and
// where its limits are. A limit that is 0 is not known, and nothing is refused
// for it.
type Model struct {
	Operations   []string `toml:"operations"`     // What it can be called for; empty is chat.
	MaxInput     int      `toml:"max_input"`      // Tokens of a question.
	MaxOutput    int      `toml:"max_output"`     // Tokens of an answer.
	MaxChars     int      `toml:"max_characters"` // Characters of a question.
	MaxSystem    int      `toml:"max_system"`     // Characters of the system's turn.
	MaxTexts     int      `toml:"max_texts"`      // Texts of one call for embeddings.
	MaxDocuments int      `toml:"max_documents"`  // Documents of one call for reranking.
	Dimensions   int      `toml:"dimensions"`     // Of an embedding, unless the caller asks for others.
	StreamOnly   bool     `toml:"stream_only"`    // Whether it answers streaming calls only.
	Modality     Modality `toml:"modality"`       // Which of DashScope's paths for chats is its own.
	Thinking     Thinking `toml:"thinking"`       // Whether it thinks before it answers.
	MaxThinking  int      `toml:"max_thinking"`   // Tokens of its thoughts.
	ThinkStream  bool     `toml:"think_stream"`   // Whether it thinks in streaming calls only.
	NoTools      bool     `toml:"no_tools"`       // Whether it refuses tools.
	NativeOnly   bool     `toml:"native_only"`    // Whether its vendor's OpenAI-compatible API does not offer it.
	Offline      bool     `toml:"offline"`        // Whether its vendor has withdrawn it.
}

// Thinking says whether a model thinks before it answers.
type Thinking string

// The values of [Thinking].
const (
	ThinkingNever    Thinking = "never"    // It refuses to be asked for it.
	ThinkingOptional Thinking = "optional" // If the caller asks for it.
	ThinkingDefault  Thinking = "default"  // Unless the caller switches it off.
	ThinkingAlways   Thinking = "always"   // The caller cannot switch it off.
)

// Modality says what a chat with a model can hold, and so on which of the two
// paths of DashScope's native API the model is found; "" is either.
type Modality string

// The values of [Modality].
const (
	ModalityText       Modality = "text"
	ModalityMultimodal Modality = "multimodal"
)

// ThinksUnasked reports whether the model thinks if the caller says nothing.
func (m Model) ThinksUnasked() bool {
	return m.Thinking == ThinkingDefault || m.Thinking == ThinkingAlways
}

// CanDo reports whether the model can be called for the operation.
func (m Model) CanDo(operation string) bool {
	if len(m.Operations) == 0 {
		return operation == OpChat
	}
	for _, o := range m.Operations {
		if o == operation {
			return true
		}
	}
	return false
}

// A ListedModel is a model under the name, or the beginning of the name, that
// the catalogue knows it by.
type ListedModel struct {
	Name string `toml:"name"` // With a * at the end for all names that begin so.
	Model
	Created    int64  `toml:"created"`    // Unix time; 0 for those that lists of models leave out.
	Capability string `toml:"capability"` // As DashScope's native list says it.
}

// ModelsOf returns the models of a provider in the order of its file.
//
// ModelsOf panics if the embedded file is broken, which the package's own tests
// rule out.
func ModelsOf(provider string) []ListedModel {
	all, err := models[provider]()
	if err != nil {
		panic(err)
	}
	return all
}

// ModelNamed returns what is known of a provider's model: of that very name,
// else of the longest beginning that the catalogue knows.
func ModelNamed(provider, name string) (Model, bool) {
	known := modelsByName[provider]()
	if m, found := known.whole[name]; found {
		return m.Model, true
	}
	for _, m := range known.open {
		if strings.HasPrefix(name, m.Name[:len(m.Name)-1]) {
			return m.Model, true
		}
	}
	return Model{}, false
}

// modelNames are the models of a provider as they are looked up.
type modelNames struct {
	whole map[string]*ListedModel
	open  []*ListedModel // Known by the beginning of their names, the longest first.
}

// modelsByName makes the look-up of each provider's models on first use.
var modelsByName = map[string]func() modelNames{
	DashScope: sync.OnceValue(func() modelNames { return namesOf(ModelsOf(DashScope)) }),
	Qianfan:   sync.OnceValue(func() modelNames { return namesOf(ModelsOf(Qianfan)) }),
}

func namesOf(all []ListedModel) modelNames {
	n := modelNames{whole: map[string]*ListedModel{}}
	for i := range all {
		m := &all[i]
		if strings.HasSuffix(m.Name, "*") {
			n.open = append(n.open, m)
		} else if n.whole[m.Name] == nil {
			n.whole[m.Name] = m
		}
	}
	slices.SortStableFunc(n.open, func(a, b *ListedModel) int { return len(b.Name) - len(a.Name) })
	return n
}

// models reads the file of each provider on first use.
var models = map[string]func() ([]ListedModel, error){
	DashScope: sync.OnceValues(func() ([]ListedModel, error) { return parseModels(DashScope) }),
	Qianfan:   sync.OnceValues(func() ([]ListedModel, error) { return parseModels(Qianfan) }),
}

func parseModels(provider string) ([]ListedModel, error) {
	name := "data/models-" + provider + ".toml"
	var file struct {
		Model []ListedModel `toml:"model"`
	}
	meta, err := toml.DecodeFS(data, name, &file)
	if err != nil {
		return nil, fmt.Errorf("catalog: %s: %w", name, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("catalog: %s: unknown key %s", name, unknown[0])
	}
	return file.Model, nil
}
