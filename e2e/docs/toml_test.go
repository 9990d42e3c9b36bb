package docs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mockllm/mockllm/scenarios"
)

const published = root + "/docs/mockllm.schema.json"

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(published)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// errNoJSON says of a text that it is not the schema's to judge.
var errNoJSON = errors.New("cannot be written in JSON")

// judge holds a scenario against the schema.
func judge(schema *jsonschema.Schema, text []byte) error {
	var tree map[string]any
	if err := toml.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &tree); err != nil {
		return fmt.Errorf("%w: %w", errNoJSON, err)
	}
	plain, err := json.Marshal(tree)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoJSON, err) // Such as not-a-number.
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(plain))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// TestScenarioFiles holds that every scenario of the project that loads fits
// the schema.
func TestScenarioFiles(t *testing.T) {
	schema := compileSchema(t)
	files := match(t, "examples/*.toml", "scenarios/library/*.toml", "scenarios/testdata/good/*.toml")
	if len(files) < 5 {
		t.Fatalf("found %d scenarios only", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scenarios.Load(file, text); err != nil {
			t.Error(err)
		}
		if err := judge(schema, text); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// TestScenariosOnPages loads every block of TOML on the pages, and holds it
// against the schema. A block that is only about a rule becomes one.
func TestScenariosOnPages(t *testing.T) {
	schema := compileSchema(t)
	for _, b := range blocks(t, "toml") {
		t.Run(fmt.Sprintf("%s:%d", b.page, b.line), func(t *testing.T) {
			text := []byte(b.text)
			var tree map[string]any
			if err := toml.Unmarshal(text, &tree); err != nil {
				t.Fatal(err)
			}
			for key := range tree {
				if schema.Properties[key] == nil {
					text = []byte("[[rule]]\nname = \"on a page\"\n" + b.text)
				}
			}
			if _, err := scenarios.Load(b.page, text); err != nil {
				t.Error(err)
			}
			if err := judge(schema, text); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSchemaRefuses holds that the schema refuses what is wrong by itself. What
// needs more than one key, or the catalogue, to judge is in the list below.
func TestSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	files := match(t, "scenarios/testdata/bad/*.toml")
	if len(files) < 45 {
		t.Fatalf("found %d bad scenarios only", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".toml")
		verdict := judge(schema, text)
		excused := slices.Contains(crossKey, name)
		switch {
		case errors.Is(verdict, errNoJSON):
		case verdict == nil && !excused:
			t.Errorf("%s: the schema lets it pass", name)
		case verdict != nil && excused:
			t.Errorf("%s: the schema refuses it: drop it from the list", name)
		}
		if excused && structural(t, file, text) {
			t.Errorf("%s: an unknown key or a wrong type is the schema's to refuse", name)
		}
	}
}

// structural reports whether loading finds an unknown key or a wrong type.
func structural(t *testing.T, file string, text []byte) bool {
	t.Helper()
	_, err := scenarios.Load(file, text)
	var invalid *scenarios.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("%s: %v", file, err)
	}
	return slices.ContainsFunc(invalid.Problems, func(p scenarios.Problem) bool {
		return strings.HasPrefix(p.Text, "unknown key") || strings.HasPrefix(p.Text, "must be a ")
	})
}

// crossKey are the bad scenarios in which every key by itself is well written.
var crossKey = []string{
	"bodyless",             // A status, and a body.
	"condition-operator",   // An operator in a text.
	"error-args",           // The holes of an error.
	"error-client-side",    // An entry of the catalogue.
	"error-out-of-dialect", // Error and match.
	"error-unknown",        // An entry of the catalogue.
	"error-variant",        // The messages of an entry.
	"match-impossible",     // Dialect and operation.
	"names",                // Names that are given twice, or missing.
	"outcomes-conflict",    // Outcomes that exclude each other.
	"raw-frames",           // Frames, and a body or a status without one.
	"raw-header",           // Headers that HTTP forbids.
	"reply-not-shown",      // Reply and match.
	"rule-nothing",         // A rule without an outcome.
	"shape-mode",           // Shape and mode.
	"step-dialects",        // Steps and match.
	"step-one-bad",         // The error of one step.
	"step-reply-bad",       // The reply of one step.
	"step-rule-keys",       // Step and outcome.
	"task-impossible",      // Task and match.
	"three-answers",        // Three outcomes.
	"unreachable",          // Rules behind one another.
	"variant-ambiguous",    // The messages of an entry.
}
