package mockllm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/recordings"
	"github.com/mockllm/mockllm/scenarios"
)

// A Server answers as the vendors do. It is safe for use by many goroutines.
type Server struct {
	worlds    *worlds
	settings  scenarios.Settings
	state     scenarios.State
	routes    routes
	journal   *journal.Journal
	log       *slog.Logger
	observer  Observer // Nil if nobody observes.
	quietWire bool
	maxBody   int64
	times     times
	publicURL string
	forgotten atomic.Uint64 // Records, of all namespaces.
	vanished  atomic.Uint64 // Namespaces.
	streams   atomic.Int64  // Streams and WebSockets that are open.

	connections atomic.Uint64  // How many there were.
	exchanges   sync.WaitGroup // Under way; hijacked ones are unknown to net/http.

	tester        *tester // Whose test it is; nil if it is nobody's.
	failUnmatched bool

	upstream transports           // To the servers behind.
	recorder *recordings.Recorder // Of what comes from there; nil for none.

	client  *http.Client
	memory  *memoryListener // What [InMemory] listens on, or nil.
	serving sync.WaitGroup  // What [Run] began.

	alive    context.Context // Ends when the server closes.
	cancel   context.CancelCauseFunc
	draining context.Context // Ends when it stops: an idle WebSocket is closed.
	drain    context.CancelFunc

	mu      sync.Mutex
	servers []*http.Server
	closing bool   // Nothing new begins.
	url     string // Of the first listener that serves the vendors' paths.
}

// New makes a server that does not listen yet; see [Run] and [RunT] for one that
// does. Without options nothing goes wrong: every call succeeds, and what the
// vendor would refuse is refused.
func New(options ...Option) (*Server, error) {
	c, err := configured(options)
	switch {
	case err != nil:
		return nil, err
	case c.failUnmatched:
		return nil, errNoTest
	case c.inMemory:
		return nil, errors.New("mockllm: InMemory is for Run and RunT; New makes a server for a listener of yours")
	}
	return c.server(nil), nil
}

// server makes a server as the options want it.
func (c *config) server(t *tester) *Server {
	s := &Server{
		worlds:   newWorlds(c.clock, scenarios.NewEngine(c.scenario, c.settings, c.state)),
		settings: c.settings, state: c.state, routes: everyRoute(),
		journal: journal.New(c.journal, c.kept), log: c.log, observer: c.observer,
		quietWire: c.quietWire, maxBody: c.maxBody, times: c.times, publicURL: c.publicURL,
		tester: t, failUnmatched: c.failUnmatched,
	}
	if archive, shared := c.state.(journal.Archive); shared {
		s.journal.Share(archive)
		s.connections.Store(archive.Replica() << 32) // Connections of several servers are never one.
	}
	s.client, s.upstream, s.recorder = s.newClient(), newTransports(), c.recorder
	s.alive, s.cancel = context.WithCancelCause(context.Background())
	s.draining, s.drain = context.WithCancel(s.alive)
	s.notice(c.scenario)
	return s
}

// notice tells what may surprise about a scenario.
func (s *Server) notice(scenario *scenarios.Scenario) {
	for _, text := range scenario.Notices() {
		s.log.Warn("notice", "scenario", scenario.Name, "text", text)
	}
}

// Handler returns the vendors' paths.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.exchange) }

// Serve answers the vendors' paths on the listener until [Server.Close], and then
// returns nil. The server closes the listener.
func (s *Server) Serve(l net.Listener) error {
	s.setURL("http://" + l.Addr().String())
	return s.serve(s.withFate(l), &http.Server{Handler: s.Handler()})
}

// setURL notes where the vendors' paths are first served.
func (s *Server) setURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.url == "" {
		s.url = url
	}
}

// ServeAdmin answers the admin API on the listener until [Server.Close].
func (s *Server) ServeAdmin(l net.Listener, o admin.Options) error {
	return s.serveAdmin(l, s.AdminHandler(o))
}

// serveAdmin bounds whole requests and answers: none takes long but the stream,
// which sets times of its own. What is too slow is told so, hence the longer time
// for the answer.
func (s *Server) serveAdmin(l net.Listener, h http.Handler) error {
	return s.serve(l, &http.Server{Handler: h, ReadTimeout: s.times.body, WriteTimeout: 2 * s.times.body})
}

// times bound how long a client may take.
type times struct {
	header time.Duration // For the head of a request, or the handshake of TLS.
	body   time.Duration // For its body. On the admin port as long again for the answer.
	idle   time.Duration // Between two requests.
}

// The times that a server has unless a test is in a hurry.
func defaultTimes() times {
	return times{header: 10 * time.Second, body: time.Minute, idle: 5 * time.Minute}
}

// maxHeader bounds the head of a request, in bytes. net/http adds 4 KiB.
const maxHeader = 64 << 10

// serve speaks HTTP/1.1 only: the faults that matter do not exist on HTTP/2.
func (s *Server) serve(l net.Listener, server *http.Server) error {
	server.ReadHeaderTimeout, server.IdleTimeout, server.MaxHeaderBytes = s.times.header, s.times.idle, maxHeader
	server.BaseContext = func(net.Listener) context.Context { return s.alive }
	server.ConnContext = s.numbered
	server.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
	server.DisableGeneralOptionsHandler = true // Every request is ours to answer and to write down.
	server.Protocols = new(http.Protocols)
	server.Protocols.SetHTTP1(true)
	if !s.track(server) {
		l.Close()
		return http.ErrServerClosed
	}
	err := server.Serve(&outspoken{Listener: l, log: s.log})
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
	s.drain()
	s.journal.Close() // Who watches it would be waited for.
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
// over when it returns. Closing again does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closing = true
	s.cancel(play.ErrClosed)
	s.journal.Close()
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	s.mu.Unlock()
	s.exchanges.Wait()
	s.serving.Wait()
	s.client.CloseIdleConnections()
	s.upstream.close()
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
