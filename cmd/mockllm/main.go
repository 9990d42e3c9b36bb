// Command mockllm serves a double of Baidu Qianfan and Alibaba DashScope that
// misbehaves on purpose. See the README, or mockllm help.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/scenarios"
)

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes that scripts may rely on.
const (
	exitOK      = 0
	exitFailure = 1 // Our own failure.
	exitUsage   = 2 // Bad flags, variables or scenario.

	// What a verdict comes to.
	exitFail         = 3
	exitInconclusive = 4

	// CMD could not be started.
	exitNotExecutable = 126
	exitNotFound      = 127
)

// exitError ends the command with this exit code.
type exitError struct {
	code int
	err  error // What to say; nil if all is said.
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// exitWith returns the code as an error, or nil if that is success.
func exitWith(code int, err error) error {
	if code == exitOK {
		return nil
	}
	return &exitError{code, err}
}

// run executes the command line and returns the exit code.
func run(args, environ []string, in io.Reader, out, errs io.Writer) int {
	root := newRoot(environ)
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.Execute()
	if err == nil {
		return exitOK
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(errs, "mockllm:", strings.TrimRight(line, "\n"))
	}
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	var usage *usageError
	var invalid *scenarios.InvalidError
	if errors.As(err, &usage) || errors.As(err, &invalid) {
		return exitUsage
	}
	return exitFailure
}

func newRoot(environ []string) *cobra.Command {
	root := &cobra.Command{
		Use:   "mockllm",
		Short: "A double of Baidu Qianfan and Alibaba DashScope that fails on purpose",
		Long: `mockllm answers as Baidu Qianfan (千帆) and Alibaba DashScope (百炼) do, and goes
wrong as they document it. Point a client's base URL at it; a TOML scenario says
what goes wrong and when.

Every flag has a twin in the environment: --listen is MOCKLLM_LISTEN.
Exit codes: 0 ok, 1 own failure, 2 bad usage or invalid scenario.
run and score have more: see their help.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          onlyCommands,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	var variables problems
	root.PersistentPreRun = func(c *cobra.Command, _ []string) { variables = fromEnvironment(c, environ) }
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return flagError(c, environ, err) })
	root.SetHelpCommand(helpCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	root.Version = mockllm.Version()
	root.AddCommand(serveCommand(&variables, environ), catalogCommand(&variables), validateCommand(&variables), explainCommand(&variables),
		recordCommand(&variables, environ), learnCommand(&variables), runCommand(&variables, environ), scoreCommand(&variables, environ),
		scenariosCommand(&variables), healthCommand(&variables), schemaCommand(&variables), versionCommand(&variables), completionCommand())
	return root
}

// helpCommand is the library's, except that a word that is no command is an
// error.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		RunE: func(c *cobra.Command, args []string) error {
			about, rest, err := c.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return onlyCommands(about, rest)
			}
			about.InitDefaultHelpFlag()
			about.InitDefaultVersionFlag()
			return about.Help()
		},
	}
}
