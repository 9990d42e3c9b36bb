package mockllm

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// byConnection is the cause of what happens to a connection that never comes
// to a request.
const byConnection scenarios.Cause = "connection"

// withFate lets the scenario strike new connections.
func (s *Server) withFate(l net.Listener) net.Listener {
	at := s.world("")
	wire := func(d scenarios.Duration) time.Duration { return s.world("").engine.Wire(d) } // Another scenario may be followed by then.
	return play.Listener(s.alive, l, s.fate, at.clock, wire)
}

// fate decides on a connection, and writes down what befalls it.
func (s *Server) fate(tcp bool) *scenarios.ConnectionFault {
	at := s.world("")
	var fault *scenarios.ConnectionFault
	var firing scenarios.Firing
	err := play.Guard(func() (err error) { // Nobody else catches it here: it would be the end of the server.
		fault, firing, err = s.connect(&at)
		return err
	})
	s.tellPanic(s.alive, err)
	if fault == nil && err == nil {
		return nil
	}
	e := &journal.Exchange{Time: at.clock.Now(), Cause: string(byConnection), Seed: at.engine.Seed(), Done: true}
	if err != nil {
		e.Failed = err.Error()
	} else {
		e.Rules = []journal.Firing{journal.Firing(firing)}
		e.Script = []string{string(fault.Kind)}
		if fault.Kind == scenarios.ConnectionRefuse && !tcp {
			e.Failed = play.ErrNoTCP.Error()
		}
	}
	s.observeConnection(e, fault)
	s.enter(e)
	s.logExchange(s.alive, e)
	return fault
}

// connect decides by what the default namespace follows, on all servers if several
// share their state: one that refuses every connection would learn of nothing else
// by a request.
func (s *Server) connect(at *visit) (*scenarios.ConnectionFault, scenarios.Firing, error) {
	ctx := context.Background()
	if _, shared := s.state.(scenarios.Shared); !shared {
		return at.engine.Connect(ctx, at.clock.Now(), nil)
	}
	for left := rereadings; ; left-- {
		records, err := at.engine.View(ctx, scenarios.Connections)
		if view, is := records.(scenarios.SharedView); is && err == nil {
			err = s.agree(at.world, view.DefaultWorld())
			at.engine = s.worlds.engine(at.world)
		}
		if err != nil {
			return nil, scenarios.Firing{}, err
		}
		fault, firing, err := at.engine.Connect(ctx, at.clock.Now(), records)
		if !errors.Is(err, scenarios.ErrStale) || left == 0 {
			return fault, firing, err
		}
	}
}

// outspoken tells when no connection can be accepted, as without descriptors:
// the server then waits a little and tries again, in silence.
type outspoken struct {
	net.Listener
	log     *slog.Logger
	failing bool
}

// Accept implements [net.Listener].
func (l *outspoken) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	switch failed := err != nil && !errors.Is(err, net.ErrClosed); {
	case failed && !l.failing:
		l.log.Warn("no connection can be accepted; those that are open go on", "error", err)
		l.failing = true
	case err == nil && l.failing:
		l.log.Warn("connections are accepted again")
		l.failing = false
	}
	return conn, err
}

// observeConnection tells the observer what befell a connection.
func (s *Server) observeConnection(e *journal.Exchange, fault *scenarios.ConnectionFault) {
	seen := *e
	if fault != nil {
		seen.Fault = string(fault.Kind)
	}
	s.observe(&seen, play.Waits{}, 0)
}
