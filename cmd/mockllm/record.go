package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/recordings"
	"github.com/mockllm/mockllm/scenarios"
)

// recordFlags are the flags of record.
type recordFlags struct {
	upstream, listenOn, out, timeout string
	tlsVerify, quiet                 bool
	environ                          []string
	problems                         problems
	flags                            *pflag.FlagSet
}

func recordCommand(variables *problems, environ []string) *cobra.Command {
	f := recordFlags{environ: environ}
	c := &cobra.Command{
		Use:   "record",
		Short: "Pass all calls to a real server, and save what came back as a scenario",
		Long: `record passes all calls to a real server and saves what came back as a scenario,
keys and tokens redacted, when it is stopped. serve replays it.`,
		Example: `  mockllm record --upstream https://vendor.example --out recorded.toml
  mockllm serve --scenario recorded.toml`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			f.problems = append(f.problems, *variables...)
			// SIGHUP, too: who closes the terminal loses no recording.
			ctx, stop := signal.NotifyContext(c.Context(), heeded(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)...)
			defer stop()
			return f.record(ctx, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f.flags = c.Flags()
	c.Flags().StringVar(&f.upstream, "upstream", "", "`URL` of the server to which calls pass")
	c.Flags().StringVar(&f.listenOn, "listen", "127.0.0.1:8080", "`address` of the vendors' paths; port 0 takes a free one")
	c.Flags().StringVar(&f.out, "out", "", "`file` to write the scenario to; one that is there is replaced, unless nothing was recorded")
	c.Flags().StringVar(&f.timeout, "upstream-timeout", "", "how long the server may take until its header is there, a `duration`; 5m without")
	c.Flags().BoolVar(&f.tlsVerify, "tls-verify", true, "check the server's certificate")
	c.Flags().BoolVar(&f.quiet, "quiet", false, "write no line per exchange; warnings stay")
	c.SetContext(context.Background())
	return c
}

func (f *recordFlags) record(ctx context.Context, out, errs io.Writer) error {
	options := f.options(errs)
	recorder := recordings.NewRecorder()
	l, err := listenAt(f.flags, "listen", f.listenOn, &f.problems)
	if err := cmp.Or(f.problems.err(), err); err != nil {
		closeAll(l)
		return err
	}
	defer closeAll(l)
	draft, err := newDraft(f.out) // A folder that cannot be written to is told before anything is recorded.
	if err != nil {
		return err
	}
	defer draft.drop()
	server, err := mockllm.New(append(options, mockllm.WithRecorder(recorder))...)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	fmt.Fprintf(out, "mockllm %s\nvendors   http://%s\nupstream  %s\nrecords   %s, when stopped\n", mockllm.Version(), reachable(l.Addr()), f.upstream, f.out)
	err = untilStopped(ctx, server, failed)
	return errors.Join(err, save(recorder, draft, f.out, out))
}

// options reads the flags. What is wrong is kept in f.problems.
func (f *recordFlags) options(errs io.Writer) []mockllm.Option {
	up := scenarios.Upstream{TLSVerify: &f.tlsVerify}
	switch {
	case f.upstream == "":
		f.problems.add("flag --upstream is missing: where do calls pass to?")
	default:
		if err := up.URL.UnmarshalTOML(f.upstream); err != nil {
			f.problems.add("%s: %v", spoken(f.flags, "upstream"), err)
		}
	}
	if f.out == "" {
		f.problems.add("flag --out is missing: where is the scenario written to?")
	}
	if f.timeout != "" {
		var timeout scenarios.Duration
		if err := timeout.UnmarshalTOML(f.timeout); err != nil || timeout == 0 {
			f.problems.add("%s: %q is no duration above 0, such as 30s", spoken(f.flags, "upstream-timeout"), f.timeout)
		}
		up.Timeout = &timeout
	}
	var log slog.Handler = newLines(errs, f.environ)
	if f.quiet {
		log = warnings{log}
	}
	options := []mockllm.Option{mockllm.WithLogger(slog.New(log))}
	if f.problems == nil {
		options = append(options, mockllm.WithScenario(&scenarios.Scenario{Name: "record", Upstream: &scenarios.Upstreams{Upstream: up}}))
	}
	return options
}

// save writes the scenario and tells what is in it, and what is not.
func save(recorder *recordings.Recorder, draft *draft, file string, out io.Writer) error {
	recording, err := recorder.Write(strings.TrimSuffix(filepath.Base(file), ".toml"), mockllm.Version())
	if err != nil {
		return err
	}
	if recording.Takes == 0 && draft.replaces {
		fmt.Fprintf(out, "recorded nothing: %s stays as it is\n", file)
	} else {
		if err := draft.publish(recording.Text); err != nil {
			return err
		}
		fmt.Fprintf(out, "recorded %s in %s\n", plural(recording.Takes, "exchange"), file)
	}
	for _, why := range slices.Sorted(maps.Keys(recording.Skipped)) {
		fmt.Fprintf(out, "left out %s: %s\n", plural(recording.Skipped[why], "exchange"), why)
	}
	return nil
}

// A draft is a file beside the one that it becomes, so that nobody ever sees
// half of it.
type draft struct {
	file     *os.File
	to       string
	replaces bool // There is a file already.
}

// newDraft looks at where the recording is going to be: what would be refused in
// the end must not be recorded first.
func newDraft(to string) (*draft, error) {
	if target, err := filepath.EvalSymlinks(to); err == nil {
		to = target // What a link leads to is replaced, not the link.
	}
	there, missing := os.Stat(to)
	switch {
	case missing != nil:
	case !there.Mode().IsRegular():
		return nil, fmt.Errorf("flag --out: %s is there, and is no file that can be replaced", to)
	case there.Mode().Perm()&0o200 == 0:
		return nil, fmt.Errorf("flag --out: %s is there, and may not be written to", to)
	}
	f, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*")
	if err != nil {
		return nil, fmt.Errorf("flag --out: %w", err)
	}
	return &draft{f, to, missing == nil}, nil
}

// publish writes the text and puts it in the place of the file. If that fails,
// what was written stays beside it.
func (d *draft) publish(text []byte) error {
	_, err := d.file.Write(text)
	err = errors.Join(err, d.file.Sync(), d.file.Chmod(0o600), d.file.Close())
	if err != nil {
		return fmt.Errorf("flag --out: %w", err)
	}
	if err = os.Rename(d.file.Name(), d.to); err != nil {
		err = fmt.Errorf("flag --out: %w; the recording is in %s", err, d.file.Name())
	}
	d.file = nil
	return err
}

// drop removes what was never published.
func (d *draft) drop() {
	if d.file != nil {
		d.file.Close()
		os.Remove(d.file.Name())
	}
}
