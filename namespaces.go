package mockllm

import (
	"fmt"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// visit begins an exchange in a namespace. One with an impossible name is
// refused later, and belongs to the default one until then.
func (s *Server) visit(namespace string) visit {
	if !responders.ValidNamespace(namespace) {
		namespace = ""
	}
	at, gone := s.worlds.visit(namespace)
	s.forget(gone...)
	return at
}

// world returns what a namespace has of its own.
func (s *Server) world(namespace string) visit {
	at, gone := s.worlds.in(namespace)
	s.forget(gone...)
	return at
}

// forget forgets what is kept of namespaces that are no more.
func (s *Server) forget(namespaces ...string) {
	for _, name := range namespaces {
		if err := s.state.Forget(s.alive, name); err != nil {
			s.log.Error("namespace not forgotten", "namespace", name, "error", err)
		}
	}
	s.journal.Reset(namespaces...)
	if len(namespaces) > 0 {
		s.vanished.Add(uint64(len(namespaces)))
		s.log.Info("namespaces forgotten", "count", len(namespaces))
	}
}

// now returns the world of a namespace as all servers agreed on it, or as this one
// knows it if their state cannot be reached, for who only looks.
func (s *Server) now(namespace string) visit {
	at, err := s.agreedNow(s.alive, s.worlds.look(namespace))
	if err != nil {
		s.log.Error("told as this server knows it", "namespace", namespace, "error", err)
	}
	return at
}

// follow has a namespace follow a scenario, on all servers if several share their
// state; nil follows the default namespace's again.
func (s *Server) follow(namespace string, scenario *scenarios.Scenario, still func(*scenarios.Scenario) bool) error {
	if _, shared := s.state.(scenarios.Shared); !shared {
		return s.replace(namespace, scenario, still)
	}
	at, err := s.told(s.alive, namespace)
	if err != nil {
		return err
	}
	text := ""
	if scenario != nil {
		if text = string(scenario.Source()); text == "" {
			return sentences.Errorf("mockllm: a scenario that was built in Go cannot be told to other servers: it has no text")
		}
	}
	return s.change(s.alive, at, func(a *agreement, followed *scenarios.Scenario) error {
		if !still(followed) {
			return admin.ErrChanged
		}
		a.Scenario = text
		return nil
	})
}

// replace has a namespace follow a scenario on this server.
func (s *Server) replace(namespace string, scenario *scenarios.Scenario, still func(*scenarios.Scenario) bool) error {
	var engine *scenarios.Engine
	if scenario != nil {
		engine = scenarios.NewEngine(scenario, s.settings, s.state)
	}
	gone, replaced := s.worlds.replace(namespace, engine, still)
	s.forget(gone...)
	if !replaced {
		return admin.ErrChanged
	}
	return nil
}

// FollowHere has the default namespace of this server alone follow a scenario, such
// as a file that was read anew: where several share their state, each has its own
// file. What they agreed on by [Server.Follow] goes before it.
func (s *Server) FollowHere(scenario *scenarios.Scenario) error {
	ready, err := scenario.Compiled()
	if err != nil {
		return fmt.Errorf("mockllm: %w", err)
	}
	if s.worlds.isAgreed() {
		s.worlds.follows(scenarios.NewEngine(ready, s.settings, s.state))
		return nil
	}
	return s.replace("", ready, whatever)
}
