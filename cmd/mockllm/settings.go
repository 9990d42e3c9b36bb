package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"

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
	mayBeEmpty                     bool   // A folder without a scenario is as good as none.
	named                          string // What the scenario is called in messages; "" is its flag.
	file                           string // Where the scenario was read from; "" is the library.
	problems                       problems
	flags                          *pflag.FlagSet
}

const scenarioUsage = "`name` of a scenario in the library, a .toml file, or a folder that holds one"

func (s *settings) add(c *cobra.Command) {
	c.Flags().StringVar(&s.scenario, "scenario", "", scenarioUsage+"; nothing goes wrong without")
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
	scenario, file, err := openScenario(s.scenario)
	var invalid *scenarios.InvalidError
	switch {
	case s.mayBeEmpty && errors.Is(err, errEmptyFolder):
		return nil, "" // It is a place to put a scenario, as in the image.
	case errors.As(err, &invalid):
		s.problems.add("%v", err)
		return nil, ""
	case err != nil:
		s.problems.add("%s: %v", cmp.Or(s.named, spoken(s.flags, "scenario")), err)
		return nil, ""
	}
	s.file = file
	return scenario, fmt.Sprintf("%s, sha256 %s", cmp.Or(file, "library"), scenario.Hash())
}
