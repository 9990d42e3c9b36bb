package main

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// settings are the flags that say what is served. They are read as text, so
// that all that is wrong can be said at once.
type settings struct {
	scenario, seed, speed, edition string
	named                          string // What the scenario is called in messages; "" is its flag.
	problems                       problems
	flags                          *pflag.FlagSet
}

func (s *settings) add(c *cobra.Command) {
	c.Flags().StringVar(&s.scenario, "scenario", "", "scenario `file`, or a folder that holds one .toml file; nothing goes wrong without")
	s.addOverrides(c)
}

// addOverrides adds the flags that win over what the scenario says.
func (s *settings) addOverrides(c *cobra.Command) {
	f := c.Flags()
	s.flags = f
	f.StringVar(&s.seed, "seed", "", "seed of all chance, a whole `number`, instead of the scenario's")
	f.StringVar(&s.speed, "speed", "", "how many times faster vendor time goes, a `factor`, instead of the scenario's")
	f.StringVar(&s.edition, "edition", "", "whose statuses are sent: seed, 2026-05 or 2026-late")
}

// options turns the flags into options and says where the scenario came from.
// What is wrong is kept in s.problems.
func (s *settings) options() (options []mockllm.Option, source string) {
	if s.scenario != "" {
		if scenario, from := s.load(); scenario != nil {
			options, source = append(options, mockllm.WithScenario(scenario)), from
		}
	}
	if s.seed != "" {
		seed, err := strconv.ParseUint(s.seed, 10, 64)
		if err != nil {
			s.problems.add("%s: %q is no whole number from 0 to 18446744073709551615", spoken(s.flags, "seed"), s.seed)
		}
		options = append(options, mockllm.WithSeed(seed))
	}
	if s.speed != "" {
		speed, err := strconv.ParseFloat(s.speed, 64)
		if err == nil {
			err = scenarios.CheckSpeed(speed)
		}
		if err != nil {
			s.problems.add("%s: %q is no number from 0.001 to 1000000", spoken(s.flags, "speed"), s.speed)
		} else {
			options = append(options, mockllm.WithSpeed(speed))
		}
	}
	if s.edition != "" {
		if !slices.Contains(catalog.Editions(), catalog.Edition(s.edition)) {
			s.problems.add("%s: unknown edition %q; it is one of %s", spoken(s.flags, "edition"), s.edition, catalog.List(catalog.Editions()))
		} else {
			options = append(options, mockllm.WithEdition(catalog.Edition(s.edition)))
		}
	}
	return options, source
}

// load reads the scenario and returns where it stands and what it hashes to.
func (s *settings) load() (*scenarios.Scenario, string) {
	file, err := scenarioFile(s.scenario)
	if err != nil {
		s.problems.add("%s: %v", cmp.Or(s.named, spoken(s.flags, "scenario")), err)
		return nil, ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		s.problems.add("%s: %v", cmp.Or(s.named, spoken(s.flags, "scenario")), err)
		return nil, ""
	}
	scenario, err := scenarios.Load(file, text)
	if err != nil {
		s.problems.add("%v", err)
		return nil, ""
	}
	sum := sha256.Sum256(text)
	return scenario, fmt.Sprintf("%s, sha256 %x", file, sum[:6])
}

// scenarioFile finds the file that is meant: a file, or the one .toml file of
// a folder. Other names would be scenarios of a library.
func scenarioFile(name string) (string, error) {
	if !strings.ContainsRune(name, filepath.Separator) && !strings.ContainsRune(name, '/') && filepath.Ext(name) != ".toml" {
		return "", fmt.Errorf("%q is no file: the name of a file holds a / or ends in .toml", name)
	}
	info, err := os.Stat(name)
	if err != nil || !info.IsDir() {
		return name, err
	}
	files, err := os.ReadDir(name)
	if err != nil {
		return "", err
	}
	var found []string
	for _, f := range files {
		if !f.IsDir() && filepath.Ext(f.Name()) == ".toml" {
			found = append(found, filepath.Join(name, f.Name()))
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("folder %s holds %d .toml files, not one", name, len(found))
	}
	return found[0], nil
}
