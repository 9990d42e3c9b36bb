package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// problems is what is wrong with how the command was called, found so far.
type problems []string

func (p *problems) add(format string, args ...any) {
	*p = append(*p, fmt.Sprintf(format, args...))
}

// err returns the problems as an error, or nil.
func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &usageError{p}
}

// unless returns a command's function that runs only if there are no problems
// yet.
func (p *problems) unless(run func(c *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		if err := p.err(); err != nil {
			return err
		}
		return run(c, args)
	}
}

// usageError is everything that is wrong with how the command was called.
type usageError struct{ problems []string }

func (e *usageError) Error() string { return strings.Join(e.problems, "\n") }
