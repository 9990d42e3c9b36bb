package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/verdict"
)

// scoreFlags are the flags of score.
type scoreFlags struct {
	trialFlags
	only   []string
	format string
}

func scoreCommand(variables *problems, environ []string) *cobra.Command {
	f := scoreFlags{trialFlags: trialFlags{environ: environ}}
	c := &cobra.Command{
		Use:   "score [FLAG…] -- CMD [ARG…]",
		Short: "Run a command against every scenario of the library and write a scorecard",
		Long: `score runs CMD against one scenario after the other, each on a fresh server as run
does, and writes a scorecard to standard output. All that CMD writes goes to
standard error. $MOCKLLM_SCENARIO_NAME tells CMD which scenario it is.

Exit codes: 3 if any scenario is a FAIL, else 4 if any is INCONCLUSIVE, else that of
the first CMD that failed, else 0; 1 own failure, 2 bad usage, 126 CMD cannot be
executed, 127 CMD not found.`,
		Example: `  mockllm score -- pytest tests/
  mockllm score --only quota-429,stream-cut --format markdown -- ./client`,
		Args:                  behindDash,
		DisableFlagsInUseLine: true,
		RunE: func(c *cobra.Command, args []string) error {
			f.problems = append(f.problems, *variables...)
			return f.score(c, args)
		},
	}
	c.Flags().StringSliceVar(&f.only, "only", nil, "only these scenarios: `names`, or .toml files, with commas between")
	c.Flags().StringVar(&f.format, "format", "text", "of the scorecard: text, json or markdown")
	f.add(c)
	return c
}

// entered is a scenario that CMD is to meet.
type entered struct {
	word, file string
	scenario   *scenarios.Scenario
}

func (f *scoreFlags) score(c *cobra.Command, args []string) error {
	f.check()
	f.oneOf("format", f.format, "text", "json", "markdown")
	overrides, _ := f.options()
	list := f.list()
	if err := f.problems.err(); err != nil {
		return err
	}
	if err := f.reports.open(&f.settings, c.ErrOrStderr()); err != nil {
		return err
	}
	signals, stop := catchSignals()
	defer stop()
	card := scorecard{flags: f, args: args}
	for i, e := range list {
		fmt.Fprintf(c.ErrOrStderr(), "mockllm: %d of %d: %s\n", i+1, len(list), e.word)
		t := trial{
			flags: &f.trialFlags, file: e.file, args: args, signals: signals, out: c.ErrOrStderr(), errs: c.ErrOrStderr(),
			options: append(overrides[:len(overrides):len(overrides)], mockllm.WithScenario(e.scenario)),
		}
		r, err := t.run(c.Context())
		if err != nil {
			return err
		}
		card.add(e.word, &r)
		if r.caught != nil {
			card.caught, card.left = r.caught, len(list)-i-1
			break
		}
	}
	return card.conclude(c.OutOrStdout(), c.ErrOrStderr())
}

// list finds the scenarios that are asked for.
func (f *scoreFlags) list() (list []entered) {
	words := f.only
	if len(words) == 0 {
		words = scenarios.Library()
	}
	seen := map[string]bool{}
	for _, word := range words {
		scenario, file, err := openScenario(word)
		switch {
		case err != nil:
			f.problems.add("%s: %v", spoken(f.flags, "only"), err)
		case !seen[word]:
			list = append(list, entered{word, file, scenario})
		}
		seen[word] = true
	}
	if len(list) == 0 && len(f.problems) == 0 {
		f.problems.add("there is no scenario to run CMD against")
	}
	return list
}

// A scorecard is how CMD behaved in each scenario.
type scorecard struct {
	flags  *scoreFlags
	args   []string
	rows   []row
	left   int       // How many scenarios were not run.
	caught os.Signal // Why.
}

// A row is what became of CMD in one scenario, and the JSON of run.
type row struct {
	Scenario string           `json:"scenario"`
	Status   verdict.Status   `json:"status"`
	Findings []string         `json:"findings"` // What failed the verdict, or why there is none.
	Seconds  float64          `json:"seconds"`
	Exit     int              `json:"exit"` // CMD's exit code.
	Notes    []string         `json:"notes,omitempty"`
	Again    string           `json:"again"` // The command that repeats it.
	Verdict  *verdict.Verdict `json:"verdict"`
}

func (s *scorecard) add(word string, r *result) {
	s.rows = append(s.rows, newRow(word, r, s.flags.again(word, r.verdict.Seed, s.args)))
}

func newRow(word string, r *result, again string) row {
	row := row{
		Scenario: word, Status: r.verdict.Status, Findings: shortly(r.verdict), Seconds: r.took.Seconds(), Exit: r.code, Notes: r.notes,
		Again: again, Verdict: r.verdict,
	}
	if r.code != exitOK {
		row.Notes = append([]string{"CMD " + r.how}, row.Notes...)
	}
	return row
}

// shortly says in few words what speaks against a verdict of PASS.
func shortly(v *verdict.Verdict) []string {
	words := []string{}
	for _, f := range v.Findings {
		if f.Severity == verdict.Failing {
			words = append(words, string(f.Kind))
		}
	}
	if n := len(v.Reasons); v.Status == verdict.Inconclusive && n > 0 {
		words = append(words, v.Reasons[0])
		if n > 1 {
			words = append(words, fmt.Sprintf("… %d more", n-1))
		}
	}
	for _, e := range v.Expectations {
		if e.Status == verdict.Fail || e.Status == v.Status && len(v.Reasons) == 0 && e.Status != verdict.Pass {
			words = append(words, fmt.Sprintf("expect #%d %s", e.Number, e.Key))
		}
	}
	return words
}

// exit returns the exit code of the whole card, and what it stands for.
func (s *scorecard) exit() (code int, why string) {
	code, why = exitOK, "the verdicts'"
	worse := func(status verdict.Status, to int) {
		for _, r := range s.rows {
			if r.Status == status {
				code, why = to, "the verdicts'"
			}
		}
	}
	for _, r := range s.rows {
		if code == exitOK && r.Exit != exitOK {
			code, why = r.Exit, "CMD's in "+r.Scenario
		}
	}
	worse(verdict.Inconclusive, exitInconclusive)
	worse(verdict.Fail, exitFail)
	if s.caught != nil {
		return signalled(s.caught), "that of the signal"
	}
	return code, why
}

// totals says how many scenarios came to what.
func (s *scorecard) totals() string {
	count := map[verdict.Status]int{}
	for _, r := range s.rows {
		count[r.Status]++
	}
	words := []string{}
	for _, status := range []verdict.Status{verdict.Pass, verdict.Fail, verdict.Inconclusive} {
		words = append(words, fmt.Sprintf("%d %s", count[status], status))
	}
	if s.left > 0 {
		words = append(words, fmt.Sprintf("%d not run", s.left))
	}
	return strings.Join(words, ", ")
}

func (s *scorecard) conclude(out, errs io.Writer) error {
	code, why := s.exit()
	if err := s.write(out, s.flags.format); err != nil {
		return err
	}
	fmt.Fprintf(errs, "mockllm: %s; exit code %d is %s\n", s.totals(), code, why)
	err := s.flags.reports.write(errs, reportForms{
		json: s.writeJSON, junit: s.writeJUnit, annotations: s.annotate,
		markdown: func(w io.Writer) error { return s.write(w, "markdown") },
	})
	return cmp.Or(exitWith(code, err), err)
}
