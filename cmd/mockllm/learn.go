package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/recordings"
)

// learnFlags are the flags of learn.
type learnFlags struct {
	settings
	format string
}

func learnCommand(variables *problems) *cobra.Command {
	var f learnFlags
	c := &cobra.Command{
		Use:   "learn RECORDING…",
		Short: "Compare recordings with what mockllm would have sent, and print the differences",
		Long: `learn asks mockllm what was asked in recordings, and compares the answers: the error and its message, status, names of
headers, framing, and the keys of JSON with their order. Values are not compared.

Exit codes: 0 no difference, 3 some, 4 the recordings hold nothing to compare.`,
		Example: "  mockllm learn recorded.toml --format json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exactly(1, "at least one recording")(c, args)
			}
			return nil
		},
		RunE: func(c *cobra.Command, files []string) error {
			f.problems = append(f.problems, *variables...)
			return f.learn(c, files)
		},
	}
	f.flags = c.Flags()
	c.Flags().StringVar(&f.format, "format", "text", "text or json")
	c.Flags().StringVar(&f.edition, "edition", "", "whose statuses are compared: seed, 2026-05 or 2026-late")
	return c
}

// A lessonLine is what is printed of one answer.
type lessonLine struct {
	File        string                  `json:"file"`
	Rule        string                  `json:"rule"`
	Step        int                     `json:"step,omitempty"`
	Dialect     string                  `json:"dialect"`
	Operation   string                  `json:"operation"`
	Entry       string                  `json:"entry"`
	Differences []recordings.Difference `json:"differences"`
}

func (f *learnFlags) learn(c *cobra.Command, files []string) error {
	if f.format != "text" && f.format != "json" {
		f.problems.add("%s: unknown format %q; it is text or json", spoken(f.flags, "format"), f.format)
	}
	options, _ := f.options()
	lines := []lessonLine{}
	for _, file := range files {
		recording, _, err := openScenario(file)
		if err != nil {
			f.problems.add("%v", err)
			continue
		}
		if f.problems != nil {
			continue
		}
		learned, err := mockllm.Learn(c.Context(), recording, options...)
		if err != nil {
			return err
		}
		for _, l := range learned {
			differences := append([]recordings.Difference{}, l.Differences...)
			lines = append(lines, lessonLine{file, l.Rule, l.Step, l.Dialect, l.Operation, l.Entry(), differences})
		}
	}
	if err := f.problems.err(); err != nil {
		return err
	}
	differ := 0
	for _, l := range lines {
		if len(l.Differences) > 0 {
			differ++
		}
	}
	if err := f.print(c.OutOrStdout(), lines, differ); err != nil {
		return err
	}
	switch {
	case len(lines) == 0:
		return exitWith(exitInconclusive, nil)
	case differ > 0:
		return exitWith(exitFail, nil)
	default:
		return nil
	}
}

func (f *learnFlags) print(w io.Writer, lines []lessonLine, differ int) error {
	if f.format == "json" {
		out := json.NewEncoder(w)
		out.SetIndent("", "  ")
		return out.Encode(lines)
	}
	for _, l := range lines {
		if len(l.Differences) == 0 {
			continue
		}
		step := ""
		if l.Step > 0 {
			step = fmt.Sprintf(", step %d", l.Step)
		}
		fmt.Fprintf(w, "%s on %s %s (%s: rule %q%s)\n", l.Entry, l.Dialect, l.Operation, l.File, l.Rule, step)
		for _, d := range l.Differences {
			fmt.Fprintf(w, "  %-8s %s\n", d.Part, d.Text)
		}
	}
	_, err := fmt.Fprintf(w, "%s compared, %d differ\n", plural(len(lines), "answer"), differ)
	return err
}
