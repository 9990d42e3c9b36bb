package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mockllm/mockllm/catalog"
)

// envPrefix begins the names of all our variables.
const envPrefix = "MOCKLLM_"

func envName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets the flags that the command line leaves open from their
// twins. Variables of ours that are nobody's twin are problems.
func fromEnvironment(c *cobra.Command, environ []string) problems {
	known := map[string]bool{}
	for _, name := range allFlags(c.Root()) {
		known[envName(name)] = true
	}
	values := map[string]string{}
	var found problems
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case !strings.HasPrefix(name, envPrefix) || isForeign(name):
		case !known[name]:
			found.add("variable %s is unknown%s", name, suggestVariable(name, keys(known)))
		case value != "":
			values[name] = value
		}
	}
	c.Flags().VisitAll(func(f *pflag.Flag) {
		value, given := values[envName(f.Name)]
		if !given || f.Changed {
			return
		}
		if err := c.Flags().Set(f.Name, value); err != nil {
			found.add("variable %s: %s", envName(f.Name), plain(value, f.Value.Type()))
		}
		f.Annotations = map[string][]string{fromVariable: {envName(f.Name)}}
	})
	slices.Sort(found)
	return found
}

// fromVariable annotates a flag with the variable that set it.
const fromVariable = "variable"

// spoken names a flag as whoever called the command knows it: by the variable
// if that set it.
func spoken(flags *pflag.FlagSet, name string) string {
	if f := flags.Lookup(name); f != nil && f.Annotations[fromVariable] != nil {
		return "variable " + f.Annotations[fromVariable][0]
	}
	return "flag --" + name
}

// isForeign reports whether the name is not meant for the command, though it
// begins like ours: what Kubernetes sets for a service called mockllm, what
// run tells its CMD, which may call us again, and what steers our own
// end-to-end tests.
func isForeign(name string) bool {
	rest := strings.TrimPrefix(name, envPrefix)
	return slices.Contains([]string{"URL", "ADMIN_URL", "SCENARIO_NAME"}, rest) || strings.HasPrefix(rest, "E2E_") || strings.HasSuffix(rest, "SERVICE_HOST") ||
		strings.Contains(rest, "SERVICE_PORT") || rest == "PORT" || strings.HasPrefix(rest, "PORT_") ||
		strings.HasSuffix(rest, "_PORT") || strings.Contains(rest, "_PORT_")
}

// allFlags lists the flags of a command and all below it.
func allFlags(c *cobra.Command) []string {
	var names []string
	c.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			names = append(names, f.Name)
		}
	})
	for _, sub := range c.Commands() {
		names = append(names, allFlags(sub)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// flagError says what is wrong with a flag, and with the variables too.
func flagError(c *cobra.Command, environ []string, err error) error {
	text := err.Error()
	if value, name, ok := invalidValue(text); ok {
		text = fmt.Sprintf("flag --%s: %s", name, plain(value, c.Flags().Lookup(name).Value.Type()))
	}
	if name, found := strings.CutPrefix(text, "unknown flag: --"); found {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		text = fmt.Sprintf("flag --%s is unknown%s", name, dashed(catalog.Nearest(name, names)))
	}
	return &usageError{append([]string{text}, fromEnvironment(c, environ)...)}
}

// plain says in plain words that a value is not of its flag's type.
func plain(value, kind string) string {
	if kind == "bool" {
		return fmt.Sprintf("%q is neither true nor false", value)
	}
	return fmt.Sprintf("%q is no whole number", value)
}

// invalidValue takes the library's message apart.
func invalidValue(text string) (value, name string, ok bool) {
	rest, ok := strings.CutPrefix(text, "invalid argument ")
	quoted, err := strconv.QuotedPrefix(rest)
	if !ok || err != nil {
		return "", "", false
	}
	value, _ = strconv.Unquote(quoted)
	_, name, ok = strings.Cut(rest[len(quoted):], `for "`)
	name, _, _ = strings.Cut(name, `"`)
	if at := strings.LastIndex(name, "--"); at >= 0 {
		name = name[at+2:]
	}
	return value, name, ok
}

func dashed(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean --%s?", name)
}

func keys(m map[string]bool) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// onlyCommands refuses words that are no command, with what was perhaps meant.
func onlyCommands(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	return &usageError{[]string{fmt.Sprintf("%s has no command %q%s", c.CommandPath(), args[0], catalog.DidYouMean(args[0], names))}}
}

// exactly demands that many arguments.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return &usageError{[]string{fmt.Sprintf("%s takes %s, not %d", c.CommandPath(), what, len(args))}}
		}
		return nil
	}
}

func suggestVariable(name string, known []string) string {
	var rests []string
	for _, k := range known {
		rests = append(rests, strings.TrimPrefix(k, envPrefix))
	}
	if near := catalog.Nearest(strings.TrimPrefix(name, envPrefix), rests); near != "" {
		return fmt.Sprintf("; did you mean %q?", envPrefix+near)
	}
	return ""
}
