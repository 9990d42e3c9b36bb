package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/verdict"
)

// trialFlags are the flags that run and score share.
type trialFlags struct {
	settings
	timeout, openai string
	limit           time.Duration // The timeout; 0 is none.
	reports         reportFiles
	environ         []string
}

func (f *trialFlags) add(c *cobra.Command) {
	f.addOverrides(c)
	c.Flags().StringVar(&f.timeout, "timeout", "", "kill CMD after this `duration`, such as 10m")
	c.Flags().StringVar(&f.openai, "openai", catalog.DashScope, "where OpenAI and Anthropic clients are pointed: qianfan or dashscope")
	f.reports.add(c)
}

// check looks at everything that can be wrong before CMD starts.
func (f *trialFlags) check() {
	if f.timeout != "" {
		limit, err := time.ParseDuration(f.timeout)
		if err != nil || limit <= 0 {
			f.problems.add("%s: %q is no duration such as 90s or 10m", spoken(f.flags, "timeout"), f.timeout)
		}
		f.limit = limit
	}
	f.oneOf("openai", f.openai, catalog.DashScope, catalog.Qianfan)
	f.reports.check(&f.settings, f.environ)
}

// oneOf demands one of some words as a flag's value.
func (s *settings) oneOf(flag, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		s.problems.add("%s: unknown value %q; it is one of %s", spoken(s.flags, flag), value, catalog.List(allowed))
	}
}

// behindDash demands a command behind --, and nothing before it.
func behindDash(c *cobra.Command, args []string) error {
	switch at := c.ArgsLenAtDash(); {
	case at > 0:
		return &usageError{problems{fmt.Sprintf("%s takes flags only before --, not %q", c.CommandPath(), args[0])}}
	case at < 0 && len(args) > 0:
		return &usageError{problems{fmt.Sprintf("%s: the command stands behind --: %s [FLAG…] -- %s …", c.CommandPath(), c.CommandPath(), args[0])}}
	case len(args) == 0:
		return &usageError{problems{fmt.Sprintf("%s takes a command behind --", c.CommandPath())}}
	case args[0] == "":
		return &usageError{problems{fmt.Sprintf("%s: the command behind -- is empty", c.CommandPath())}}
	}
	return nil
}

func runCommand(variables *problems, environ []string) *cobra.Command {
	f := trialFlags{environ: environ}
	c := &cobra.Command{
		Use:   "run --scenario SCENARIO [FLAG…] -- CMD [ARG…]",
		Short: "Run a command against a scenario and judge how it behaved",
		Long: `run starts a server on free ports of this machine, points the SDKs of both vendors
at it by their variables, runs CMD, and judges how it behaved as a client.

Exit codes: CMD's own if it fails (128+n if signal n ended it), else 0 if the
verdict is PASS, 3 if it is FAIL, 4 if it is INCONCLUSIVE; 1 own failure, 2 bad usage
or invalid scenario, 126 CMD cannot be executed, 127 CMD not found.`,
		Example: `  mockllm run --scenario throttle.toml -- pytest tests/
  mockllm run --scenario throttle.toml --seed 42 --junit verdict.xml -- go test ./...`,
		Args:                  behindDash,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			f.problems = append(f.problems, *variables...)
			return f.run(c, args)
		},
	}
	c.Flags().StringVar(&f.scenario, "scenario", "", scenarioUsage)
	f.add(c)
	return c
}

func (f *trialFlags) run(c *cobra.Command, args []string) error {
	if f.scenario == "" {
		f.problems.add("mockllm run needs a scenario: --scenario; mockllm scenarios lists those that come with it")
	}
	f.check()
	options, _ := f.options()
	if err := f.problems.err(); err != nil {
		return err
	}
	if err := f.reports.open(&f.settings, c.ErrOrStderr()); err != nil {
		return err
	}
	signals, stop := catchSignals()
	defer stop()
	t := trial{
		flags: f, options: options, file: f.file, args: args, signals: signals,
		in: c.InOrStdin(), out: c.OutOrStdout(), errs: c.ErrOrStderr(),
	}
	r, err := t.run(c.Context())
	if err != nil {
		return err
	}
	return f.conclude(c.ErrOrStderr(), &r, args)
}

// conclude reports, and returns the exit code as an error.
func (f *trialFlags) conclude(errs io.Writer, r *result, args []string) error {
	again := f.again(f.scenario, r.verdict.Seed, args)
	code, why := r.exit()
	fmt.Fprintf(errs, "\nmockllm: ")
	verdict.WriteText(errs, r.verdict)
	for _, note := range r.notes {
		fmt.Fprintf(errs, "mockllm: %s\n", note)
	}
	if r.verdict.Exchanges == 0 && len(r.notes) == 0 {
		fmt.Fprintln(errs, "mockllm: nothing came: our address is in $MOCKLLM_URL, and in variables that the vendors' SDKs read, such as $OPENAI_BASE_URL")
	}
	if isAmiss(r.verdict) && !isPath(f.scenario) {
		fmt.Fprintf(errs, "mockllm: what CMD has to ask, and what a resilient client does: mockllm scenarios show %s\n", f.scenario)
	}
	fmt.Fprintf(errs, "mockllm: CMD %s after %s; exit code %d is %s\nmockllm: to repeat it: %s\n", r.how, short(r.took), code, why, again)
	err := f.reports.write(errs, reportForms{
		json:  func(w io.Writer) error { return writeJSON(w, newRow(f.scenario, r, again)) },
		junit: func(w io.Writer) error { return verdict.WriteJUnit(w, r.verdict) },
		markdown: func(w io.Writer) error {
			err := verdict.WriteMarkdown(w, r.verdict)
			fmt.Fprintf(w, "\nCMD %s after %s.\n", r.how, short(r.took))
			return cmp.Or(err, writeAgain(w, again))
		},
		annotations: func(w io.Writer) error { return verdict.WriteGitHub(w, annotated(r.verdict)) },
	})
	return cmp.Or(exitWith(code, err), err)
}

// isAmiss reports whether the scenario's own words help: too little happened, or
// something was not as it expects.
func isAmiss(v *verdict.Verdict) bool {
	return v.Status == verdict.Inconclusive || slices.ContainsFunc(v.Expectations, func(e verdict.Expectation) bool { return e.Status == verdict.Fail })
}

// exit returns the exit code and whose it is. CMD's own failure wins, because
// whoever runs CMD without us would see it too.
func (r *result) exit() (code int, why string) {
	switch {
	case r.code != exitOK:
		return r.code, "CMD's"
	case r.caught != nil:
		return signalled(r.caught), "that of the signal"
	case r.verdict.Status == verdict.Fail:
		return exitFail, "the verdict's"
	case r.verdict.Status == verdict.Inconclusive:
		return exitInconclusive, "the verdict's"
	default:
		return exitOK, "the verdict's"
	}
}
