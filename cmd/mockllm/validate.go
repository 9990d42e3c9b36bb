package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

func validateCommand(variables *problems) *cobra.Command {
	return &cobra.Command{
		Use:     "validate SCENARIO…",
		Short:   "Say what is wrong in scenarios, all of it, with file and line",
		Example: "  mockllm validate scenarios/*.toml",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly(1, "at least one scenario")(c, args)
			}
			return nil
		},
		RunE: variables.unless(func(c *cobra.Command, files []string) error {
			var errs []error
			for _, file := range files {
				s, _, err := openScenario(file)
				if err != nil {
					errs = append(errs, &usageError{problems{err.Error()}})
					continue
				}
				text := fmt.Sprintf("%s: ok, scenario %q with %s\n", file, s.Name, countRules(len(s.Rules), len(s.Limits), len(s.Connections)))
				for _, notice := range s.Notices() {
					text += fmt.Sprintf("%s: notice: %s\n", file, notice)
				}
				_, err = io.WriteString(c.OutOrStdout(), text)
				errs = append(errs, err)
			}
			return errors.Join(errs...)
		}),
	}
}

// countRules says how much a scenario holds.
func countRules(rules, limits, connections int) string {
	text := plural(rules, "rule")
	if limits > 0 {
		text += ", " + plural(limits, "limit")
	}
	if connections > 0 {
		text += " and " + plural(connections, "connection fault")
	}
	return text
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
