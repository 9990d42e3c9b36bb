package mockllm

import (
	"context"
	"net"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// byConnection is the cause of what happens to a connection that never comes
// to a request.
const byConnection scenarios.Cause = "connection"

// withFate lets the scenario strike new connections.
func (s *Server) withFate(l net.Listener) net.Listener {
	if len(s.engine.Scenario().Connections) == 0 {
		return l
	}
	return play.Listener(s.alive, l, s.fate, s.clock, s.engine.Wire)
}

// fate decides on a connection, and writes down what befalls it.
func (s *Server) fate() *scenarios.ConnectionFault {
	now := s.clock.Now()
	fault, firing, err := s.engine.Connect(context.Background(), now)
	if fault == nil && err == nil {
		return nil
	}
	e := journal.Exchange{Time: now, Cause: string(byConnection), Seed: s.engine.Seed(), Done: true}
	if err != nil {
		e.Failed = err.Error()
	} else {
		e.Rules = []journal.Firing{journal.Firing(firing)}
		e.Script = []string{string(fault.Kind)}
	}
	e.ID = s.journal.Begin(e)
	s.logExchange(s.alive, e)
	return fault
}
