package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/metrics"
	"github.com/mockllm/mockllm/redisstate"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	settings
	listenOn, admin, adminToken, logFormat string
	publicURL                              string
	tls                                    tlsFlags
	quiet, quietWire, watch                bool
	journal                                journalFlags
	environ                                []string
	state                                  stateFlags
}

func serveCommand(variables *problems, environ []string) *cobra.Command {
	f := serveFlags{settings: settings{mayBeEmpty: true}, environ: environ}
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer the vendors' paths until stopped",
		Example: `  mockllm serve
  mockllm serve --scenario throttle.toml --seed 42
  mockllm serve --listen 127.0.0.1:0 --admin 127.0.0.1:0`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			f.problems = append(f.problems, *variables...)
			return f.serve(c.Context(), c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f.add(c)
	c.Flags().StringVar(&f.listenOn, "listen", "127.0.0.1:8080", "`address` of the vendors' paths; port 0 takes a free one")
	c.Flags().StringVar(&f.admin, "admin", "127.0.0.1:8081", "`address` of the admin API")
	f.tls.add(c)
	c.Flags().StringVar(&f.adminToken, "admin-token", "", "demand this bearer `token` on the admin API")
	c.Flags().StringVar(&f.publicURL, "public-url", "", "what addresses of files in answers begin with, a `URL`; the host that a request names without")
	c.Flags().BoolVar(&f.watch, "watch", false, "follow the scenario anew when its file changes; SIGHUP does it at any time")
	c.Flags().StringVar(&f.logFormat, "log-format", "text", "how the log is written: text for people, with colours on a terminal, or json")
	c.Flags().BoolVar(&f.quiet, "quiet", false, "write no line per exchange; warnings stay")
	c.Flags().BoolVar(&f.quietWire, "quiet-wire", false, "leave the X-Mockllm-Rule header out of answers")
	f.journal.add(c)
	f.state.add(c)
	c.SetContext(context.Background())
	return c
}

func (f *serveFlags) serve(ctx context.Context, out, errs io.Writer) error {
	options, source := f.options()
	options = append(options, f.journal.options(f.flags, &f.problems)...)
	log := f.logger(errs)
	options = append(options, f.serverOptions(log)...)
	certificate := f.tls.read(&f.problems)
	f.state.check(f.flags, &f.problems)
	// Not before: a signal ends who waits for a pipe to be written to.
	ctx, ended := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer ended()
	vendors, management, secure, err := f.listen()
	if err := cmp.Or(f.problems.err(), err); err != nil {
		return err
	}
	defer closeAll(vendors, management, secure)
	relaxCollector(f.environ)
	counted := metrics.New()
	options = append(options, mockllm.WithObserver(counted))
	state, err := f.state.open(ctx, log)
	if err != nil {
		return err
	}
	if state != nil {
		defer state.Close()
		options = append(options, mockllm.WithState(state))
		if err := counted.WatchShared(func() metrics.Shared { return metrics.Shared(state.Stats()) }); err != nil {
			return err
		}
	}
	server, err := mockllm.New(options...)
	if err == nil {
		err = counted.Watch(server)
	}
	if err != nil {
		return err
	}
	stop, err := f.reload(ctx, server, log)
	if err != nil {
		return err
	}
	defer stop()
	failed := make(chan error, 3)
	go func() { failed <- server.Serve(vendors) }()
	if secure != nil {
		go func() { failed <- server.ServeTLS(secure, certificate) }()
	}
	go func() {
		failed <- server.ServeAdmin(management, admin.Options{Token: f.adminToken, AnyHost: !isLoopback(management), Metrics: counted})
	}()
	banner(out, server, vendors.Addr(), management.Addr(), secure, f.followed(server, source), state)
	return untilStopped(ctx, server, failed)
}

// serverOptions turns the flags that serve alone has into options. What is wrong
// is kept in f.problems.
func (f *serveFlags) serverOptions(log *slog.Logger) (options []mockllm.Option) {
	if f.publicURL != "" {
		if err := mockllm.CheckPublicURL(f.publicURL); err != nil {
			f.problems.add("%s: %v", spoken(f.flags, "public-url"), err)
		}
		options = append(options, mockllm.WithPublicURL(f.publicURL))
	}
	if f.watch && !isPath(f.scenario) {
		f.problems.add("%s: needs --scenario with a file or a folder", spoken(f.flags, "watch"))
	}
	if f.quiet {
		log = slog.New(warnings{log.Handler()})
	}
	options = append(options, mockllm.WithLogger(log))
	if f.quietWire {
		options = append(options, mockllm.WithQuietWire())
	}
	return options
}

// reload has a scenario that stands in a file followed anew when it is asked for,
// until stop is called.
func (f *serveFlags) reload(ctx context.Context, server *mockllm.Server, log *slog.Logger) (stop func(), err error) {
	if !isPath(f.scenario) {
		return func() {}, nil
	}
	r, err := newReloader(f.scenario, f.watch, server.Admin().Scenario(""), server.FollowHere, log)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		r.run(ctx)
	}()
	return func() {
		cancel()
		<-over
	}, nil
}

// listen opens all ports, so that an address that is taken is known at once;
// secure is nil without TLS. None stays open if anything is wrong.
func (f *serveFlags) listen() (vendors, management, secure net.Listener, err error) {
	var failed []error
	open := func(flag, address string) net.Listener {
		l, err := listenAt(f.flags, flag, address, &f.problems)
		failed = append(failed, err)
		return l
	}
	vendors, management = open("listen", f.listenOn), open("admin", f.admin)
	if f.tls.address != "" {
		secure = open(tlsListen, f.tls.address)
	}
	if err = errors.Join(failed...); err != nil || f.problems != nil {
		closeAll(vendors, management, secure)
	}
	return vendors, management, secure, err
}

// logger writes in the format that is asked for; one that does not exist is kept
// in f.problems.
func (f *serveFlags) logger(w io.Writer) *slog.Logger {
	switch f.logFormat {
	case "text":
		return slog.New(newLines(w, f.environ))
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil))
	default:
		f.problems.add("%s: unknown format %q; it is text or json", spoken(f.flags, "log-format"), f.logFormat)
		return slog.New(slog.DiscardHandler)
	}
}

// followed describes the scenario that was loaded, or says that there is none.
func (f *serveFlags) followed(s *mockllm.Server, source string) string {
	switch info := s.Admin().Info(); {
	case source != "":
		return info.Scenario + ", " + countRules(info.Rules, info.Limits, info.Connections) + " (" + source + ")"
	case f.scenario != "":
		return "none: every valid call succeeds (no .toml file in " + f.scenario + ")"
	default:
		return "none: every valid call succeeds"
	}
}

// banner says where the server is, what it follows, and what to paste.
func banner(w io.Writer, s *mockllm.Server, vendors, management net.Addr, secure net.Listener, scenario string, state *redisstate.State) {
	info, host := s.Admin().Info(), reachable(vendors)
	base := "http://" + host
	fmt.Fprintf(w, "mockllm %s\nvendors   %s\n", info.Version, base)
	if secure != nil {
		fmt.Fprintf(w, "tls       https://%s\n", reachable(secure.Addr()))
	}
	if state != nil {
		fmt.Fprintf(w, "state     %s, replica %d\n", state, state.Replica())
	}
	fmt.Fprintf(w, `admin     http://%s
scenario  %s
seed      %d, edition %s

Point a client at it:
  Qianfan SDKs          export QIANFAN_BASE_URL=%[5]s QIANFAN_CONSOLE_API_BASE_URL=%[5]s QIANFAN_CONSOLE_BASE_URL=%[5]s QIANFAN_IAM_BASE_URL=%[5]s QIANFAN_AK=any QIANFAN_SK=any
  DashScope SDKs        export DASHSCOPE_HTTP_BASE_URL=%[5]s/api/v1 DASHSCOPE_WEBSOCKET_BASE_URL=ws://%[6]s/api-ws/v1/inference DASHSCOPE_API_KEY=any
  OpenAI on DashScope   export OPENAI_BASE_URL=%[5]s/compatible-mode/v1 OPENAI_API_KEY=any
  OpenAI on Qianfan V2  export OPENAI_BASE_URL=%[5]s/v2 OPENAI_API_KEY=any
  Anthropic SDKs        export ANTHROPIC_BASE_URL=%[5]s/apps/anthropic ANTHROPIC_API_KEY=any
  Anthropic on Qianfan  export ANTHROPIC_BASE_URL=%[5]s/anthropic ANTHROPIC_API_KEY=any
`, reachable(management), scenario, info.Seed, info.Edition, base, host)
}
