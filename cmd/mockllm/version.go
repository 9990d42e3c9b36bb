package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm"
)

func versionCommand(variables *problems) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  exactly(0, "no arguments"),
		RunE: variables.unless(func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "mockllm %s %s %s/%s\n", mockllm.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		}),
	}
}
