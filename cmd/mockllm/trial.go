package main

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/verdict"
)

// A trial is CMD against one scenario, on a server of its own.
type trial struct {
	flags     *trialFlags
	options   []mockllm.Option // With the scenario.
	file      string           // Where the scenario stands; "" is the library.
	args      []string
	signals   <-chan os.Signal
	in        io.Reader // nil is an empty one.
	out, errs io.Writer
}

// A result is what a trial came to.
type result struct {
	ended
	took    time.Duration
	verdict *verdict.Verdict
}

// run runs CMD and judges it. An error is ours, or says that CMD did not start.
func (t *trial) run(ctx context.Context) (result, error) {
	if t.flags.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.flags.limit)
		defer cancel()
	}
	clock, seen := play.Real(), &counter{}
	began := clock.Now()
	s, err := openStage(append(slices.Clone(t.options), mockllm.WithLogger(seen.logger())))
	if err != nil {
		return result{}, err
	}
	defer s.close()
	erase := showProgress(t.errs, t.flags.environ, seen, clock)
	c := child{
		args: t.args, environ: clientEnvironment(t.flags.environ, s.variables(t.flags.openai)),
		in: t.in, out: t.out, errs: t.errs, signals: t.signals, clock: clock,
	}
	e, err := c.run(ctx)
	erase()
	if err != nil {
		return result{}, err
	}
	if err := s.settle(clock); err != nil {
		return result{}, err
	}
	r := result{ended: e, took: clock.Now().Sub(began), verdict: s.server.Verdict()}
	r.verdict.File = t.file
	if others := s.others(); len(others) > 0 {
		r.notes = append(r.notes, "only the default namespace is judged; called were also "+strings.Join(others, ", "))
	}
	return r, nil
}
