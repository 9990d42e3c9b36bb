package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm/scenarios"
)

func scenariosCommand(variables *problems) *cobra.Command {
	c := &cobra.Command{
		Use:   "scenarios",
		Short: "The library of scenarios",
		Args:  onlyCommands,
		RunE:  variables.unless(func(c *cobra.Command, _ []string) error { return listLibrary(c.OutOrStdout()) }),
	}
	c.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the scenarios that --scenario NAME means",
		Args:  exactly(0, "no arguments"),
		RunE:  c.RunE,
	}, &cobra.Command{
		Use:     "show NAME",
		Short:   "Print a scenario as TOML",
		Example: "  mockllm scenarios show NAME > mine.toml",
		Args:    exactly(1, "one name"),
		RunE: variables.unless(func(c *cobra.Command, args []string) error {
			s, err := scenarios.FromLibrary(args[0])
			if err != nil {
				return &usageError{problems{err.Error()}}
			}
			_, err = c.OutOrStdout().Write(s.Source())
			return err
		}),
	})
	return c
}

// listLibrary writes a line for each scenario of the library.
func listLibrary(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NAME\tDIALECTS\tWHAT HAPPENS")
	for _, name := range scenarios.Library() {
		s, err := scenarios.FromLibrary(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", name, strings.Join(s.Dialects(), " "), aboutScenario(s))
	}
	return t.Flush()
}

// aboutScenario says in a line what a scenario is about: the first line of the
// comment that it begins with, or its name.
func aboutScenario(s *scenarios.Scenario) string {
	for line := range strings.Lines(string(s.Source())) {
		line = strings.TrimSpace(line)
		text, isComment := strings.CutPrefix(line, "#")
		switch text = strings.TrimSpace(text); {
		case line != "" && !isComment:
			return s.Name
		case text != "" && !strings.HasPrefix(text, ":"): // #: is for editors.
			return text
		}
	}
	return s.Name
}
