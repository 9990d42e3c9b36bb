package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// A peer is a program with what it is asked.
type peer struct {
	program
	figure string
	more   []string // Arguments that say what it answers.
	call   call
	status int
	lesser bool // Whether it does so much less that nothing is asked for.
}

// peers compares an injected error and a success with what others make of them.
func (p plan) peers() ([]row, error) {
	failed, err := p.failingPeers()
	if err != nil {
		return nil, err
	}
	answered, err := p.answeringPeers()
	return append(failed, answered...), err
}

// failingPeers compares an injected error: hoverfly simulates it, go-httpbin
// has its status, and a handler in httptest does by hand what the rule says. How
// that does against a bare handler says how much is in reach.
func (p plan) failingPeers() ([]row, error) {
	const status = http.StatusTooManyRequests
	asked := chat(chatPath, wholeBody)
	ours, err := p.follows("peers", failing)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	sent, err := probe(ours.address, asked)
	if err != nil {
		return nil, err
	}
	hand, err := own(role{ByHand: sent.withoutLength()})
	if err != nil {
		return nil, err
	}
	defer hand.stop()
	handler, err := own(role{Bare: sent})
	if err != nil {
		return nil, err
	}
	defer handler.stop()
	simulation, err := p.simulation(sent)
	if err != nil {
		return nil, err
	}
	us := &contestant{name: "mockllm", server: ours, calls: []call{asked}, status: status}
	byHand := &contestant{name: "by hand", server: hand, calls: []call{asked}, status: status}
	bare := &contestant{name: "bare handler", server: handler, calls: []call{asked}, status: status}
	rows, err := p.meet([]*contestant{us, byHand, bare},
		peer{hoverfly(), "an injected error / " + hoverfly().String(), []string{"-import", simulation}, asked, status, false},
		peer{httpbin(), "an injected error / a bare status from " + httpbin().String(), nil, chat("/status/429", wholeBody), status, true})
	if err != nil {
		return nil, err
	}
	return append(rows,
		ahead("an injected error / the same scenario by hand in httptest", us, byHand),
		orientation("that by hand / a bare handler with the same bytes", byHand, bare)), nil
}

// ahead judges a ratio of which there must be 1.
func ahead(figure string, c, other *contestant) row {
	r := least(figure, c, other, 1)
	r.wanted = "ahead"
	return r
}

// orientation judges nothing.
func orientation(figure string, c, other *contestant) row {
	r := least(figure, c, other, 0)
	r.wanted = "for orientation"
	return r
}

// answeringPeers compares a success: stripe-mock checks a call of its vendor's
// and answers with a fixture, go-httpbin reads the call and tells what came.
func (p plan) answeringPeers() ([]row, error) {
	ours, err := p.follows("answering-peers", "")
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	us := &contestant{name: "mockllm", server: ours, calls: []call{chat(chatPath, wholeBody)}, status: http.StatusOK}
	customer := call{path: "/v1/customers", key: "sk_test_123", contentType: "application/x-www-form-urlencoded", body: "email=a@b.c"}
	return p.meet([]*contestant{us},
		peer{httpbin(), "a success / an echo from " + httpbin().String(), nil, chat("/anything", wholeBody), http.StatusOK, false},
		peer{stripeMock(), "a success / a fixture from " + stripeMock().String(), nil, customer, http.StatusOK, false})
}

// meet starts the peers, lets them and the others take turns, and compares the
// first of these with each peer. A peer that cannot be had is not measured.
func (p plan) meet(others []*contestant, peers ...peer) ([]row, error) {
	all := others
	met, reasons := make([]*contestant, len(peers)), make([]error, len(peers))
	for i, one := range peers {
		s, why := p.invite(one)
		if why != nil {
			reasons[i] = why
			continue
		}
		defer s.stop()
		met[i] = &contestant{name: one.name, server: s, calls: []call{one.call}, status: one.status}
		all = append(all, met[i])
	}
	if len(all) > 1 {
		if err := p.contest(all...); err != nil {
			return nil, err
		}
	}
	var rows []row
	for i, one := range peers {
		switch {
		case met[i] == nil:
			rows = append(rows, row{figure: one.figure, result: fmt.Sprintf("NOT MEASURED: %v", reasons[i]), wanted: "ahead"})
		case one.lesser:
			rows = append(rows, orientation(one.figure, others[0], met[i]))
		default:
			rows = append(rows, ahead(one.figure, others[0], met[i]))
		}
	}
	return rows, nil
}

// invite starts a peer. The error says why that is not possible.
func (p plan) invite(one peer) (*server, error) {
	path, err := p.find(one.program)
	if err != nil {
		return nil, err
	}
	return one.start(path, one.more, one.call, one.status)
}

// withoutLength leaves it to the server to say how long the answer is.
func (a *answer) withoutLength() *answer {
	copied := *a
	copied.Header = a.Header.Clone()
	delete(copied.Header, "Content-Length")
	return &copied
}

// simulation writes the answer to a file in hoverfly's words.
func (p plan) simulation(a *answer) (string, error) {
	text, err := json.Marshal(simulate(a))
	if err != nil {
		return "", err
	}
	path := filepath.Join(p.folder, "simulation.json")
	return path, os.WriteFile(path, text, 0o644)
}

// simulate writes the scenario in hoverfly's words.
func simulate(a *answer) any {
	type object = map[string]any
	exact := func(value string) []object { return []object{{"matcher": "exact", "value": value}} }
	return object{
		"data": object{
			"pairs": []object{{
				"request":  object{"method": exact("POST"), "path": exact(chatPath)},
				"response": object{"status": a.Status, "body": string(a.Body), "headers": a.withoutLength().Header},
			}},
			"globalActions": object{"delays": []object{}},
		},
		"meta": object{"schemaVersion": "v5.2"},
	}
}
