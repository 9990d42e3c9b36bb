package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func completionCommand() *cobra.Command {
	shells := []string{"bash", "fish", "powershell", "zsh"}
	return &cobra.Command{
		Use:       "completion SHELL",
		Short:     "Print a completion script for bash, fish, powershell or zsh",
		Example:   "  source <(mockllm completion bash)",
		ValidArgs: shells,
		Args:      exactly(1, "one shell"),
		RunE: func(c *cobra.Command, args []string) error {
			out := c.OutOrStdout()
			switch args[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(out, true)
			case "fish":
				return c.Root().GenFishCompletion(out, true)
			case "powershell":
				return c.Root().GenPowerShellCompletionWithDesc(out)
			case "zsh":
				return c.Root().GenZshCompletion(out)
			}
			return &usageError{problems{fmt.Sprintf("unknown shell %q; it is one of %s", args[0], strings.Join(shells, ", "))}}
		},
	}
}
