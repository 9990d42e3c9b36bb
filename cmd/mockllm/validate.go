package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm/scenarios"
)

func validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "validate FILE…",
		Short:   "Say what is wrong in scenarios, all of it, with file and line",
		Example: "  mockllm validate scenarios/*.toml",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly(1, "at least one file")(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, files []string) error {
			var errs []error
			for _, file := range files {
				s, err := scenarios.LoadFile(file)
				if err != nil {
					errs = append(errs, err)
					continue
				}
				fmt.Fprintf(c.OutOrStdout(), "%s: ok, scenario %q with %d rules\n", file, s.Name, len(s.Rules))
			}
			return errors.Join(errs...)
		},
	}
}
