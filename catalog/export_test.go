package catalog

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A SeedRow is an error as the project's first source documents print it.
type SeedRow struct {
	Provider       string
	Family         string // As our files are called: dataset-common for dataset/common.
	Status         int    // 0 where none is printed.
	Code           string
	CompatibleCode string
	Message        string
	Order          int
}

func (r SeedRow) String() string {
	return r.Provider + " seed row " + strconv.Itoa(r.Order) + " " + r.Code
}

// Variant returns the entry's variant whose text is the row's. A row without
// a text, of which there is one, means the variant of the row's status.
func (r SeedRow) Variant(e *Entry) *Variant {
	for i := range e.Variants {
		v := &e.Variants[i]
		if r.Message == "" && v.Status == r.Status {
			return v
		}
		if r.Message != "" && (v.Message == r.Message || slices.Contains(v.Aliases, r.Message)) {
			return v
		}
	}
	return nil
}

// SeedRows reads both tables: 343 rows of Qianfan and 52 of DashScope.
func SeedRows(t *testing.T) []SeedRow {
	t.Helper()
	rows := append(seedTable(t, Qianfan), seedTable(t, DashScope)...)
	if len(rows) != 343+52 {
		t.Fatalf("the seed has %d rows, not 395", len(rows))
	}
	return rows
}

func seedTable(t *testing.T, provider string) []SeedRow {
	t.Helper()
	text, err := os.ReadFile("testdata/seed-" + provider + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	header := strings.Split(lines[0], "\t")
	var rows []SeedRow
	for _, line := range lines[1:] {
		row := SeedRow{Provider: provider, Family: "model"}
		cells := strings.Split(line, "\t")
		if len(cells) != len(header) {
			t.Fatalf("%q has %d cells, not %d", line, len(cells), len(header))
		}
		for i, name := range header {
			row.set(t, name, cells[i])
		}
		rows = append(rows, row)
	}
	return rows
}

func (r *SeedRow) set(t *testing.T, column, cell string) {
	t.Helper()
	var err error
	switch column {
	case "family":
		r.Family = strings.ReplaceAll(cell, "/", "-")
	case "http_status":
		if cell != "" {
			r.Status, err = strconv.Atoi(cell)
		}
	case "code", "native_code":
		r.Code = cell
	case "compatible_code":
		r.CompatibleCode = cell
	case "message":
		r.Message = cell
	case "seed_order":
		r.Order, err = strconv.Atoi(cell)
	default:
		t.Fatalf("the seed has an unknown column %q", column)
	}
	if err != nil {
		t.Fatalf("column %s: %v", column, err)
	}
}

// everyFile returns a family for each data file. The registered ones are the
// real ones; the others, which wait for their dialects, have no dialects yet.
func everyFile(t *testing.T) []*Family {
	t.Helper()
	files, err := fs.Glob(data, "data/*/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d data files, %v", len(files), err)
	}
	var all []*Family
	for _, file := range files {
		provider, name := path.Base(path.Dir(file)), strings.TrimSuffix(path.Base(file), ".toml")
		if f := registered(provider, name); f != nil {
			all = append(all, f)
			continue
		}
		all = append(all, family(provider, name, nil))
	}
	return all
}

// registered returns the family if it is registered, else nil.
func registered(provider, name string) *Family {
	for _, f := range families {
		if f.Provider == provider && f.Name == name {
			return f
		}
	}
	return nil
}

// holds gives a family these entries instead of those of a file.
func (f *Family) holds(entries ...*Entry) {
	f.once.Do(func() {})
	f.entries = entries
}

// mustEntries is Entries, which reports a broken file instead of panicking.
func mustEntries(t *testing.T, f *Family) []*Entry {
	t.Helper()
	entries, err := f.parsed()
	if err != nil {
		t.Fatal(err)
	}
	return entries
}
