package main

import (
	"strings"
	"testing"

	"github.com/mockllm/mockllm/scenarios"
)

// Without slash or .toml it is the name of a scenario of the library, even if
// there is a file or a folder of that name.
func TestIsPath(t *testing.T) {
	for word, want := range map[string]bool{
		"plain.toml": true, "./noext": true, "one/": true, "/a/b": true,
		"throttle": false, "noext": false, "toml": false, "": false,
	} {
		if got := isPath(word); got != want {
			t.Errorf("isPath(%q) = %t", word, got)
		}
	}
}

func TestOpenScenario(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, dir, "xyzzy", "")
	write(t, dir, "good.toml", `name = "good"`)
	if s, file, err := openScenario("good.toml"); err != nil || s.Name != "good" || file != "good.toml" {
		t.Errorf("%v from %q, %v", s, file, err)
	}
	if _, _, err := openScenario("xyzzy"); err == nil || !strings.Contains(err.Error(), `the library has no scenario "xyzzy" (the name of a file holds a / or ends in .toml)`) {
		t.Errorf("%v", err)
	}
	for _, name := range scenarios.Library() {
		if s, file, err := openScenario(name); err != nil || s == nil || file != "" {
			t.Errorf("%s: %v from %q, %v", name, s, file, err)
		}
	}
}

// The list names every scenario of the library, and show prints each as it is.
func TestScenarios(t *testing.T) {
	list := ok(t, "scenarios", "list")
	if list != ok(t, "scenarios") || !strings.HasPrefix(list, "NAME") {
		t.Errorf("the list is %s", list)
	}
	for _, name := range scenarios.Library() {
		if !strings.Contains(list, "\n"+name+" ") {
			t.Errorf("%s is not listed:\n%s", name, list)
		}
		s, err := scenarios.FromLibrary(name)
		if err != nil {
			t.Fatal(err)
		}
		if shown := ok(t, "scenarios", "show", name); shown != string(s.Source()) {
			t.Errorf("show %s prints %s", name, shown)
		}
	}
	code, out, errs := call(nil, "scenarios", "show", "xyzzy")
	if code != exitUsage || out != "" || !strings.Contains(errs, `the library has no scenario "xyzzy"`) {
		t.Errorf("exits %d with %s%s", code, out, errs)
	}
}

func TestAboutScenario(t *testing.T) {
	for text, want := range map[string]string{
		"name = \"n\"":                                  "n",
		"# What happens.\n# More.\nname = \"n\"":        "What happens.",
		"#:schema x.json\n\n#\n# It.\n\nname = \"n\"":   "It.",
		"\nname = \"n\" # Not this.\n# Nor this.\n":     "n",
		"#!x\nname = \"n\"\n":                           "!x",
		"  #   Indented.   \nname = \"n\"\nseed = 1\n#": "Indented.",
	} {
		s, err := scenarios.Load("x.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := aboutScenario(s); got != want {
			t.Errorf("%q is about %q, want %q", text, got, want)
		}
	}
}
