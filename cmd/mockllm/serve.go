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
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	settings
	listenOn, admin, adminToken, logFormat string
	tls                                    tlsFlags
	quiet, quietWire                       bool
}

func serveCommand(variables *problems) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "Answer the vendors' paths until stopped",
		Example: `  mockllm serve
  mockllm serve --scenario throttle.toml --seed 42
  mockllm serve --listen 127.0.0.1:0 --admin 127.0.0.1:0`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			f.problems = append(f.problems, *variables...)
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return f.serve(ctx, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f.add(c)
	c.Flags().StringVar(&f.listenOn, "listen", "127.0.0.1:8080", "`address` of the vendors' paths; port 0 takes a free one")
	c.Flags().StringVar(&f.admin, "admin", "127.0.0.1:8081", "`address` of the admin API")
	f.tls.add(c)
	c.Flags().StringVar(&f.adminToken, "admin-token", "", "demand this bearer `token` on the admin API")
	c.Flags().StringVar(&f.logFormat, "log-format", "text", "text or json")
	c.Flags().BoolVar(&f.quiet, "quiet", false, "write no line per exchange")
	c.Flags().BoolVar(&f.quietWire, "quiet-wire", false, "leave the X-Mockllm-Rule header out of answers")
	c.SetContext(context.Background())
	return c
}

// drainTime bounds how long answers under way may still take after a signal.
const drainTime = 5 * time.Second

func (f *serveFlags) serve(ctx context.Context, out, errs io.Writer) error {
	options, source := f.options()
	log, err := f.logger(errs)
	if err != nil {
		f.problems.add("%v", err)
	}
	certificate := f.tls.read(&f.problems)
	vendors, management, secure, err := f.listen()
	if err := cmp.Or(f.problems.err(), err); err != nil {
		return err
	}
	options = append(options, mockllm.WithLogger(log))
	if f.quietWire {
		options = append(options, mockllm.WithQuietWire())
	}
	server, err := mockllm.New(options...)
	if err != nil {
		return err
	}
	failed := make(chan error, 3)
	go func() { failed <- server.Serve(vendors) }()
	if secure != nil {
		go func() { failed <- server.ServeTLS(secure, certificate) }()
	}
	go func() {
		failed <- server.ServeAdmin(management, admin.Options{Token: f.adminToken, AnyHost: !isLoopback(management)})
	}()
	banner(out, server, vendors.Addr(), management.Addr(), secure, source)
	select {
	case err := <-failed:
		server.Close()
		return err
	case <-ctx.Done():
		bounded, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		return server.Shutdown(bounded)
	}
}

// listen opens all ports, so that an address that is taken is known at once;
// secure is nil without TLS. A bad address is bad usage, a port that cannot be
// had is not. None stays open if anything is wrong.
func (f *serveFlags) listen() (vendors, management, secure net.Listener, err error) {
	var failed []error
	open := func(flag, address string) net.Listener {
		if address == "" && flag == tlsListen {
			return nil
		}
		l, err := net.Listen("tcp", address)
		if err == nil {
			return l
		}
		if system := new(os.SyscallError); !errors.As(err, &system) {
			f.problems.add("%s: %v", spoken(f.flags, flag), err)
		} else {
			failed = append(failed, fmt.Errorf("%s: %w", spoken(f.flags, flag), err))
		}
		return nil
	}
	vendors, management, secure = open("listen", f.listenOn), open("admin", f.admin), open(tlsListen, f.tls.address)
	if len(failed)+len(f.problems) == 0 {
		return vendors, management, secure, nil
	}
	for _, l := range []net.Listener{vendors, management, secure} {
		if l != nil {
			l.Close()
		}
	}
	return nil, nil, nil, errors.Join(failed...)
}

func isLoopback(l net.Listener) bool {
	address, ok := l.Addr().(*net.TCPAddr)
	return ok && address.IP.IsLoopback()
}

func (f *serveFlags) logger(w io.Writer) (*slog.Logger, error) {
	if f.quiet {
		return slog.New(slog.DiscardHandler), nil
	}
	switch f.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, nil)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil)), nil
	default:
		return nil, fmt.Errorf("%s: unknown format %q; it is text or json", spoken(f.flags, "log-format"), f.logFormat)
	}
}

// banner says where the server is, what it follows, and what to paste.
func banner(w io.Writer, s *mockllm.Server, vendors, management net.Addr, secure net.Listener, source string) {
	info, base := s.Info(), "http://"+reachable(vendors)
	scenario := info.Scenario + ", " + countRules(info.Rules, info.Connections)
	if source == "" {
		scenario = "none: every valid call succeeds"
	} else {
		scenario += " (" + source + ")"
	}
	fmt.Fprintf(w, "mockllm %s\nvendors   %s\n", info.Version, base)
	if secure != nil {
		fmt.Fprintf(w, "tls       https://%s\n", reachable(secure.Addr()))
	}
	fmt.Fprintf(w, `admin     http://%s
scenario  %s
seed      %d, edition %s

Point a client at it:
  Qianfan SDKs          export QIANFAN_BASE_URL=%[5]s QIANFAN_CONSOLE_API_BASE_URL=%[5]s QIANFAN_CONSOLE_BASE_URL=%[5]s QIANFAN_IAM_BASE_URL=%[5]s QIANFAN_AK=any QIANFAN_SK=any
  DashScope SDKs        export DASHSCOPE_HTTP_BASE_URL=%[5]s/api/v1 DASHSCOPE_API_KEY=any
  OpenAI on DashScope   export OPENAI_BASE_URL=%[5]s/compatible-mode/v1 OPENAI_API_KEY=any
  OpenAI on Qianfan V2  export OPENAI_BASE_URL=%[5]s/v2 OPENAI_API_KEY=any
`, reachable(management), scenario, info.Seed, info.Edition, base)
}

// reachable returns the address as a client on this machine dials it: one that
// listens everywhere is reached through loopback.
func reachable(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return a.String()
}
