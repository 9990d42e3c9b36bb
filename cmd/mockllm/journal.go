package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mockllm/mockllm"
)

// journalFlags say how much the journal keeps.
type journalFlags struct {
	exchanges int
	bytes     int64
}

func (j *journalFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&j.exchanges, "journal-exchanges", 10_000, "how many exchanges the journal keeps, a `number`; the oldest make room")
	c.Flags().Int64Var(&j.bytes, "journal-bytes", 64<<20, "how many bytes of them it keeps, a `number`")
}

// options turns the flags into options. What is wrong is added to the problems.
func (j *journalFlags) options(flags *pflag.FlagSet, found *problems) []mockllm.Option {
	if j.exchanges < 1 {
		found.add("%s: the journal keeps at least 1 exchange, not %d", spoken(flags, "journal-exchanges"), j.exchanges)
	}
	if j.bytes < 1 {
		found.add("%s: the journal keeps at least 1 byte, not %d", spoken(flags, "journal-bytes"), j.bytes)
	}
	if j.exchanges < 1 || j.bytes < 1 {
		return nil
	}
	return []mockllm.Option{mockllm.WithJournal(j.exchanges, j.bytes)}
}
