package catalog

import (
	"embed"
	"fmt"
	"sync"

	"github.com/BurntSushi/toml"
)

//go:embed data/*/*.toml
var data embed.FS

// A Family is a group of errors that the vendor documents together. Its
// entries stand in data/<provider>/<name>.toml.
type Family struct {
	Provider   string
	Name       string
	Dialects   []string // Which dialects carry its entries, unless an entry says otherwise.
	Operations []string // Which operations meet them; nil is all.

	entries func() ([]*Entry, error)
}

// Entries returns the family's entries in the order of its file, which is
// sorted by code. The file is parsed on the first call.
//
// Entries panics if the embedded file is broken, which the package's own
// tests rule out.
func (f *Family) Entries() []*Entry {
	entries, err := f.entries()
	if err != nil {
		panic(err)
	}
	return entries
}

// families is every family in the order in which lists show them.
var families = []*Family{
	family(DashScope, "model", []string{DashScopeCompatible, DashScopeNative}),
	family(Qianfan, "capability", []string{QianfanV1}),
	family(Qianfan, "oauth", []string{QianfanOAuth}),
}

// Families returns every family. The slice is shared; do not change it.
func Families() []*Family { return families }

func family(provider, name string, dialects []string, operations ...string) *Family {
	f := &Family{Provider: provider, Name: name, Dialects: dialects, Operations: operations}
	f.entries = sync.OnceValues(func() ([]*Entry, error) { return parseFamily(f) })
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
		e.Provider, e.Family = f.Provider, f.Name
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
