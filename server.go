package mockllm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// A Server answers as the vendors do. It is safe for use by many goroutines.
type Server struct {
	engine    *scenarios.Engine
	routes    routes
	clock     play.Clock
	journal   *journal.Journal
	log       *slog.Logger
	quietWire bool
	maxBody   int64

	exchanges sync.WaitGroup // Under way; hijacked ones are unknown to net/http.

	alive  context.Context // Ends when the server closes.
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	servers []*http.Server
	closing bool   // Nothing new begins.
	url     string // Of the first listener that serves the vendors' paths.
}

// New makes a server that does not listen yet. Without options nothing goes
// wrong: every call succeeds, and what the vendor would refuse is refused.
func New(options ...Option) (*Server, error) {
	c := config{
		scenario: &scenarios.Scenario{Name: "none"},
		clock:    play.Real(), log: slog.New(slog.DiscardHandler),
		journal: defaultJournal, maxBody: defaultMaxBody,
	}
	for _, option := range options {
		if option == nil {
			return nil, errors.New("mockllm: option is nil")
		}
		if err := option(&c); err != nil {
			return nil, fmt.Errorf("mockllm: %w", err)
		}
	}
	if c.state == nil {
		c.state = scenarios.NewMemory()
	}
	s := &Server{
		engine: scenarios.NewEngine(c.scenario, c.settings, c.state), routes: newRoutes(),
		clock: c.clock, journal: journal.New(c.journal), log: c.log,
		quietWire: c.quietWire, maxBody: c.maxBody,
	}
	s.alive, s.cancel = context.WithCancelCause(context.Background())
	return s, nil
}

// Handler returns the vendors' paths.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.exchange) }

// AdminHandler returns the management API.
func (s *Server) AdminHandler(o admin.Options) http.Handler { return admin.Handler(s, o) }

// Serve answers the vendors' paths on the listener until [Server.Close].
func (s *Server) Serve(l net.Listener) error {
	s.setURL("http://" + l.Addr().String())
	return s.serve(s.withFate(l), s.Handler())
}

// setURL notes where the vendors' paths are first served.
func (s *Server) setURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url == "" {
		s.url = url
	}
}

// ServeAdmin answers the management API on the listener until [Server.Close].
func (s *Server) ServeAdmin(l net.Listener, o admin.Options) error {
	return s.serve(l, s.AdminHandler(o))
}

// serve speaks HTTP/1.1 only: the faults that matter do not exist on HTTP/2.
func (s *Server) serve(l net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       5 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return s.alive },
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		Protocols:         new(http.Protocols),

		DisableGeneralOptionsHandler: true, // Every request is ours to answer and to write down.
	}
	server.Protocols.SetHTTP1(true)
	if !s.track(server) {
		l.Close()
		return http.ErrServerClosed
	}
	err := server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("mockllm: serve %s: %w", l.Addr(), err)
}

func (s *Server) track(server *http.Server) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.servers = append(s.servers, server)
	return true
}

// Shutdown stops listening, lets answers that are under way finish until the
// context ends, and then closes.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	servers := s.servers
	s.mu.Unlock()
	var wait sync.WaitGroup
	for _, server := range servers {
		wait.Go(func() { server.Shutdown(ctx) })
	}
	wait.Wait()
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.exchanges.Wait() // Of those that took over their connection net/http knows nothing.
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	return s.Close()
}

// Close stops everything at once. Answers under way are broken off, and are
// over when it returns.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closing = true
	s.cancel(play.ErrClosed)
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	s.mu.Unlock()
	s.exchanges.Wait()
	return errors.Join(errs...)
}

// begin counts an exchange that [Server.Close] waits for. A server that is
// closed breaks the connection off instead.
func (s *Server) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		panic(http.ErrAbortHandler)
	}
	s.exchanges.Add(1)
}

// URL returns the address of the vendors' paths, such as
// "http://127.0.0.1:40123". It is empty before [Server.Serve].
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// BaseURL returns what a client of the dialect takes for its base URL: it ends
// in /api/v1 for "dashscope-native" and in /compatible-mode/v1 for
// "dashscope-compatible", and is the bare host for "qianfan-v1". It panics if
// there is no such dialect.
func (s *Server) BaseURL(dialect string) string {
	d, known := catalog.DialectNamed(dialect)
	if !known {
		panic(fmt.Sprintf("mockllm: there is no dialect %q", dialect))
	}
	return s.URL() + d.BasePath
}

// Journal returns the exchanges of the default namespace, oldest first.
func (s *Server) Journal() []journal.Exchange {
	found, _ := s.Exchanges("")
	return found
}

// Exchanges implements [admin.Server].
func (s *Server) Exchanges(namespace string) ([]journal.Exchange, uint64) {
	return s.journal.Exchanges(namespace)
}

// Reset makes a namespace as new: counters, windows and journal. "" is the
// default namespace.
func (s *Server) Reset(ctx context.Context, namespace string) error {
	if err := s.engine.Reset(ctx, namespace); err != nil {
		return fmt.Errorf("mockllm: reset: %w", err)
	}
	s.journal.Reset(namespace)
	return nil
}

// Seed returns the seed of all chance.
func (s *Server) Seed() uint64 { return s.engine.Seed() }

// Release ends what a sticky rule holds for in a namespace. The error wraps
// [scenarios.ErrNotSticky] if there is no such rule.
func (s *Server) Release(ctx context.Context, namespace, rule string) error {
	return s.engine.Release(ctx, namespace, rule)
}

// Info implements [admin.Server].
func (s *Server) Info() admin.Info {
	return admin.Info{
		Version: Version(), Go: runtime.Version(),
		Scenario: s.engine.Scenario().Name, Rules: len(s.engine.Scenario().Rules), Connections: len(s.engine.Scenario().Connections),
		Seed: s.engine.Seed(), Edition: string(s.engine.Edition()),
	}
}

// message writes the answer for a decision.
func message(responder responders.Responder, r *scenarios.Request, m responders.Meta, d scenarios.Decision) responders.Message {
	switch {
	case d.Problem != nil:
		return responders.Own(*d.Problem)
	case d.Failure != nil:
		return responders.Error(responder, r, m, d.Failure)
	case d.Raw != nil:
		return responders.FromRaw(d.Raw)
	default:
		return responder.Success(r, m, d.Reply)
	}
}
