package scenarios

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"github.com/mockllm/mockllm/sentences"
)

// maxFile bounds the size of a scenario, in bytes.
const maxFile = 4 << 20

// LoadFile reads the scenario in a file. See [Load].
func LoadFile(path string) (*Scenario, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, sentences.Errorf("scenario: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, sentences.Errorf("scenario: %w", err)
	}
	return Load(path, text)
}

// Load reads a scenario. The file's name stands in messages and, without its
// folder and ending, for the scenario's name if the text gives none. An error
// is an [*InvalidError] that lists all that is wrong.
func Load(file string, text []byte) (*Scenario, error) {
	r := &report{}
	tree, err := parse(file, text, r)
	if err != nil {
		return nil, err
	}
	s := &Scenario{}
	decode("", tree, reflect.ValueOf(s).Elem(), r)
	if s.Name == "" {
		s.Name = nameOf(file)
	}
	check(s, r)
	if err := r.err(file); err != nil {
		return nil, err
	}
	s.compiled, s.source = true, bytes.Clone(text)
	s.models, _ = tree["models"].(map[string]any)
	return s, nil
}

// Source returns the text that the scenario was read from; nil if it was built
// in Go.
func (s *Scenario) Source() []byte { return s.source }

// Hash returns what tells the text of one scenario from that of others, "" if
// it was built in Go.
func (s *Scenario) Hash() string {
	if s.source == nil {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(s.source))[:12]
}

// nameOf returns the file's name without folder and ending.
func nameOf(file string) string {
	if name := strings.TrimSuffix(filepath.Base(file), ".toml"); strings.Trim(name, "./\\") != "" {
		return name
	}
	return "scenario"
}

// compile makes the scenario ready for use, and refuses what [Load] would refuse.
func (s *Scenario) compile() error {
	r := &report{names: map[string][]string{}}
	for _, rule := range s.Rules {
		r.names["rule"] = append(r.names["rule"], rule.Name)
	}
	for _, c := range s.Connections {
		r.names["connection"] = append(r.names["connection"], c.Name)
	}
	for _, l := range s.Limits {
		r.names["limit"] = append(r.names["limit"], l.Name)
	}
	recheck("", reflect.ValueOf(s).Elem(), r)
	check(s, r)
	if err := r.err(cmp.Or(s.Name, "scenario")); err != nil {
		return err
	}
	s.compiled = true
	return nil
}

// Compiled returns a scenario that was built in Go ready for use, as [Load] does
// one that was read, and refuses what Load would refuse. It returns a copy, because
// a scenario may be shared by many servers, but of one that is ready itself.
func (s *Scenario) Compiled() (*Scenario, error) {
	if s.compiled {
		return s, nil
	}
	own := *s
	own.Rules, own.Connections, own.Limits = slices.Clone(s.Rules), slices.Clone(s.Connections), slices.Clone(s.Limits)
	own.Expect = slices.Clone(s.Expect)
	for i := range own.Rules {
		own.Rules[i].Match.Body = maps.Clone(own.Rules[i].Match.Body)
		own.Rules[i].Step = slices.Clone(own.Rules[i].Step)
	}
	for i := range own.Limits {
		own.Limits[i].Match.Body = maps.Clone(own.Limits[i].Match.Body)
	}
	if err := own.compile(); err != nil {
		return nil, err
	}
	return &own, nil
}

// parse reads the TOML and finds out where everything stands.
func parse(file string, text []byte, r *report) (map[string]any, error) {
	if len(text) > maxFile {
		r.add("", "a scenario has at most %d bytes", maxFile)
		return nil, r.err(file)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		r.addAt(invalidLine(text), "is not UTF-8 text")
		return nil, r.err(file)
	}
	var tooDeep int
	if r.lines, tooDeep = locate(string(text)); tooDeep > 0 {
		r.addAt(tooDeep, "is nested too deep: more than %d tables and arrays within each other", deepest)
		return nil, r.err(file)
	}
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err != nil {
		var syntax toml.ParseError
		if !errors.As(err, &syntax) {
			r.add("", "%v", err)
			return nil, r.err(file)
		}
		r.addAt(lineOf(text, syntax.Position.Start), "no valid TOML: %s", sentences.Read(syntax.Message, syntaxForms()...))
		return nil, r.err(file)
	}
	r.names = map[string][]string{"rule": namesOf(tree["rule"]), "connection": namesOf(tree["connection"]), "limit": namesOf(tree["limit"])}
	return tree, nil
}

// lineOf returns the line of an offset. The library's own line is one too far
// if what is wrong ends a line.
func lineOf(text []byte, offset int) int {
	return 1 + bytes.Count(text[:min(max(offset, 0), len(text))], []byte("\n"))
}

func invalidLine(text []byte) int {
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 0
}

// namesOf returns the names of the tables in an array, "" for what has none.
func namesOf(array any) []string {
	tables := elements(array)
	names := make([]string, len(tables))
	for i, t := range tables {
		table, _ := t.(map[string]any)
		names[i], _ = table["name"].(string)
	}
	return names
}
