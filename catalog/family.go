package catalog

import (
	"embed"
	"fmt"
	"slices"
	"sync"

	"github.com/BurntSushi/toml"
)

//go:embed data/*.toml data/*/*.toml
var data embed.FS

// A Family is a group of errors that the vendor documents together. Its
// entries stand in data/<provider>/<name>.toml.
type Family struct {
	Provider   string
	Name       string
	Dialects   []string // Which dialects carry its entries, unless an entry says otherwise.
	Operations []string // Which operations meet them; nil is all.

	// Within is the family of the same provider whose codes this one words anew
	// for its own dialect. A short name means the entry of that family, unless
	// only this one's dialects are asked about.
	Within string

	once    sync.Once
	entries []*Entry
	broken  error
}

// Entries returns the family's entries in the order of its file, which is
// sorted by code. The file is parsed on the first call.
//
// Entries panics if the embedded file is broken, which the package's own
// tests rule out.
func (f *Family) Entries() []*Entry {
	entries, err := f.parsed()
	if err != nil {
		panic(err)
	}
	return entries
}

func (f *Family) parsed() ([]*Entry, error) {
	f.once.Do(func() { f.entries, f.broken = parseFamily(f) })
	return f.entries, f.broken
}

// meets reports whether callers of the operation can meet the family's
// entries; of no operation in particular, everybody can.
func (f *Family) meets(operation string) bool {
	return operation == "" || f.Operations == nil || slices.Contains(f.Operations, operation)
}

// arrives reports whether some dialect that answers today can carry the
// family; others are documented, but nothing here can be asked for them yet.
func (f *Family) arrives() bool {
	return slices.ContainsFunc(dialects, func(d Dialect) bool {
		return slices.Contains(f.Dialects, d.Name) && slices.ContainsFunc(d.Operations, func(o Operation) bool { return f.meets(o.Name) })
	})
}

func (f *Family) exists() bool { return true }

// families is every family in the order in which lists show them.
var families = []*Family{
	family(DashScope, "model", []string{DashScopeAnthropic, DashScopeCompatible, DashScopeNative, DashScopeResponses, DashScopeWS}),
	family(DashScope, "batch", []string{DashScopeCompatible}, OpBatch),
	within("model", family(DashScope, "websocket", []string{DashScopeWS})),
	family(Qianfan, "capability", []string{QianfanV1}),
	family(Qianfan, "oauth", []string{QianfanOAuth}),
	family(Qianfan, "v2", []string{QianfanAnthropic, QianfanResponses, QianfanV2}),
	family(Qianfan, "plan", []string{QianfanAnthropic, QianfanV2}, OpChat),
	family(Qianfan, "anthropic", []string{QianfanAnthropic}),
	family(Qianfan, "appbuilder", []string{QianfanV2}, OpApp),
	family(Qianfan, "aisearch", []string{QianfanV2}, OpApp),
	family(Qianfan, "iam", []string{QianfanIAM, QianfanV2, QianfanConsole}),
	family(Qianfan, "gateway", []string{QianfanIAM, QianfanConsole}),
	family(Qianfan, "model", []string{QianfanConsole}, OpModel, OpEvaluation),
	family(Qianfan, "prompt", []string{QianfanConsole}, OpPrompt),
	family(Qianfan, "service", []string{QianfanConsole}, OpService),
	family(Qianfan, "finetune", []string{QianfanConsole}, OpFineTune, OpEvaluation),
	family(Qianfan, "tpmrpm", []string{QianfanConsole}, OpQuota),
	family(Qianfan, "batch", []string{QianfanConsole, QianfanV2}, OpBatchInference, OpBatch),
	family(Qianfan, "dataset-common", []string{QianfanConsole}, OpDataset),
	family(Qianfan, "dataset-dataset", []string{QianfanConsole}, OpDataset),
	family(Qianfan, "dataset-datasetexport", []string{QianfanConsole}, OpDataset),
	family(Qianfan, "dataset-datasetgroup", []string{QianfanConsole}, OpDataset),
	family(Qianfan, "dataset-datasetimport", []string{QianfanConsole}, OpDataset),
	family(Qianfan, "dataset-datasetrelease", []string{QianfanConsole}, OpDataset),
	family(Qianfan, "dataset-resource", []string{QianfanConsole}, OpDataset),
	family(Qianfan, "dataset-user", []string{QianfanConsole}, OpDataset),
}

// Families returns every family. The slice is shared; do not change it.
func Families() []*Family { return families }

func family(provider, name string, dialects []string, operations ...string) *Family {
	return &Family{Provider: provider, Name: name, Dialects: dialects, Operations: operations}
}

func within(other string, f *Family) *Family {
	f.Within = other
	return f
}

func parseFamily(f *Family) ([]*Entry, error) {
	name := "data/" + f.Provider + "/" + f.Name + ".toml"
	text, err := data.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	var file struct {
		Source string   `toml:"source"`
		Entry  []*Entry `toml:"entry"`
	}
	meta, err := toml.Decode(string(text), &file)
	if err != nil {
		return nil, fmt.Errorf("catalog: %s: %w", name, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("catalog: %s: unknown key %s", name, unknown[0])
	}
	for _, e := range file.Entry {
		e.Provider, e.Family, e.family = f.Provider, f.Name, f
		if e.Dialects == nil {
			e.Dialects = f.Dialects
		}
		if e.Source == "" {
			e.Source = file.Source
		}
	}
	return file.Entry, nil
}

// All returns every entry of every family.
func All() []*Entry {
	var all []*Entry
	for _, f := range families {
		all = append(all, f.Entries()...)
	}
	return all
}
