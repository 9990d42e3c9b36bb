package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestScenarioFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one/a.toml", "one/readme.md", "two/a.toml", "two/b.toml", "none/readme.md", "plain.toml", "noext", "folder.toml/x.toml"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	for _, c := range []struct {
		name, want, problem string
	}{
		{"plain.toml", "plain.toml", ""},
		{"./plain.toml", "./plain.toml", ""},
		{dir + "/plain.toml", dir + "/plain.toml", ""},
		{"./noext", "./noext", ""}, // A slash makes it a file, whatever its name.
		{"one/", "one/a.toml", ""},
		{"./one", "one/a.toml", ""},
		{"folder.toml", "folder.toml/x.toml", ""}, // A folder, whatever its name.
		{"./two", "", "folder ./two holds 2 .toml files; name one of them: a.toml, b.toml"},
		{"./none", "", "folder ./none: there is no .toml file in it"},
		{"absent.toml", "", "absent.toml: no such file"},
		{"./absent", "", "./absent: no such file"},
	} {
		got, err := scenarioFile(c.name)
		if c.problem == "" && (err != nil || got != c.want) {
			t.Errorf("scenarioFile(%q) = %q, %v, want %q", c.name, got, err, c.want)
		}
		if c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
			t.Errorf("scenarioFile(%q) = %q, %v, want %q", c.name, got, err, c.problem)
		}
	}
}

// A folder's name is a name, not a pattern.
func TestScenarioFolderWithBrackets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run[1]")
	file := filepath.Join(dir, "a.toml")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := scenarioFile(dir); got != file {
		t.Errorf("scenarioFile(%q) = %q, %v", dir, got, err)
	}
}

// The image serves an empty folder until something is mounted there; a command
// that was told a scenario by name needs one.
func TestEmptyScenarioFolder(t *testing.T) {
	s := settings{scenario: t.TempDir(), mayBeEmpty: true, flags: pflag.NewFlagSet("", pflag.ContinueOnError)}
	if options, source := s.options(); len(options) != 0 || source != "" || len(s.problems) != 0 {
		t.Errorf("%d options from %q, problems %q", len(options), source, s.problems)
	}
	code, _, errs := call(nil, "explain", s.scenario)
	if want := "mockllm: scenario: folder " + s.scenario + ": there is no .toml file in it\n"; code != exitUsage || errs != want {
		t.Errorf("exits %d and says %s", code, errs)
	}
}

// All that is wrong with the settings is said at once, and what is right is
// kept.
func TestSettings(t *testing.T) {
	for _, c := range []struct {
		s        settings
		options  int
		problems []string
	}{
		{settings{}, 0, nil},
		{settings{seed: "42", speed: "60", edition: "2026-05"}, 3, nil},
		{settings{seed: "18446744073709551615", speed: "0.001"}, 2, nil},
		{settings{seed: "-1"}, -1, []string{`flag --seed: "-1" is no whole number from 0 to 18446744073709551615`}},
		{settings{seed: "1.5"}, -1, []string{`flag --seed: "1.5" is no whole number`}},
		{settings{speed: "0"}, -1, []string{`flag --speed: "0" is no number from 0.001 to 1000000`}},
		{settings{speed: "NaN"}, -1, []string{`flag --speed: "NaN" is no number`}},
		{settings{speed: "fast"}, -1, []string{`flag --speed: "fast" is no number`}},
		{settings{edition: "2025"}, -1, []string{`flag --edition: unknown edition "2025"; it is one of seed, 2026-05, 2026-late`}},
		{
			settings{scenario: "xyzzy", seed: "x", speed: "x", edition: "x"}, -1,
			[]string{`flag --scenario: the library has no scenario "xyzzy" (the name of a file holds a / or ends in .toml)`, "flag --seed: ", "flag --speed: ", "flag --edition: "},
		},
	} {
		c.s.flags = pflag.NewFlagSet("", pflag.ContinueOnError)
		options, source := c.s.options()
		if c.options >= 0 && len(options) != c.options || source != "" {
			t.Errorf("%+v: %d options from %q, want %d", c.s, len(options), source, c.options)
		}
		if len(c.s.problems) != len(c.problems) {
			t.Errorf("%+v: want %q", c.s, c.problems)
			continue
		}
		for i, want := range c.problems {
			if !strings.HasPrefix(c.s.problems[i], want) {
				t.Errorf("%+v: %q, want %q", c.s, c.s.problems[i], want)
			}
		}
	}
}

// The banner says which scenario runs, by file and hash, so that a report
// can be matched with it later.
func TestSettingsLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.toml")
	if err := os.WriteFile(file, []byte("name = \"a\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := settings{scenario: file}
	options, source := s.options()
	// sha256 of the text above.
	if want := file + ", sha256 368c8ca93e11"; len(s.problems) > 0 || len(options) != 1 || source != want {
		t.Errorf("%d options from %q, problems %q; want %q", len(options), source, s.problems, want)
	}
}
