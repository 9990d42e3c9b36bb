package main

import (
	_ "embed"
	"fmt"

	"github.com/spf13/cobra"
)

// schema is the JSON Schema of the language. make docs makes it from the Go
// types of package scenarios, so that the program need not carry the library
// that does it.
//
//go:embed mockllm.schema.json
var schema string

func schemaCommand(variables *problems) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenarios, for editors",
		Long: `schema prints the JSON Schema (draft-07) of the scenario language. An editor that
knows it completes keys and explains them; see docs/scenarios.md. What needs more
than one key to judge, such as an error that cannot arrive, only validate tells.`,
		Example: "  mockllm schema > mockllm.schema.json",
		Args:    exactly(0, "no arguments"),
		RunE: variables.unless(func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(c.OutOrStdout(), schema)
			return err
		}),
	}
}
