package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// hoverflyVersion is the one that is compared.
const hoverflyVersion = "v1.12.5"

// leftOut stands for a program that is not to be compared with.
const leftOut = "-"

// peers compares an injected error with what others make of the same scenario:
// hoverfly, and a handler in httptest by hand.
func (p plan) peers() ([]row, error) {
	ours, err := p.follows("peers", failing)
	if err != nil {
		return nil, err
	}
	defer ours.stop()
	sent, err := probe(ours.address, chatPath, wholeBody)
	if err != nil {
		return nil, err
	}
	hand, err := own(role{ByHand: sent.withoutLength()})
	if err != nil {
		return nil, err
	}
	defer hand.stop()
	contestants := []*contestant{{name: "mockllm", server: ours}, {name: "by hand", server: hand}}
	hover, why := p.hoverfly(sent)
	if why == nil {
		defer hover.stop()
		contestants = append(contestants, &contestant{name: "hoverfly", server: hover})
	}
	for _, c := range contestants {
		c.paths, c.body, c.status = []string{chatPath}, wholeBody, http.StatusTooManyRequests
	}
	if err := p.contest(contestants...); err != nil {
		return nil, err
	}
	name := "an injected error / hoverfly " + hoverflyVersion
	rows := []row{{name, fmt.Sprintf("NOT MEASURED: %v", why), "ahead", false}}
	if why == nil {
		rows[0] = least(name, contestants[0], contestants[2], 1)
	}
	byHand := least("an injected error / the same scenario by hand in httptest", contestants[0], contestants[1], 0)
	byHand.wanted = "for orientation"
	return append(rows, byHand), nil
}

// withoutLength leaves it to the server to say how long the answer is.
func (a *answer) withoutLength() *answer {
	copied := *a
	copied.Header = a.Header.Clone()
	delete(copied.Header, "Content-Length")
	return &copied
}

// hoverfly starts hoverfly with a simulation of the answer. The error says why
// that is not possible.
func (p plan) hoverfly(a *answer) (*server, error) {
	program, err := p.hoverflyProgram()
	if err != nil {
		return nil, err
	}
	simulation := filepath.Join(p.folder, "simulation.json")
	text, err := json.Marshal(simulate(a))
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(simulation, text, 0o644); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	management, err := freeAddress()
	if err != nil {
		return nil, err
	}
	port := func(address string) string { return address[len("127.0.0.1:"):] }
	command := exec.Command(program, "-webserver", "-log-level", "error", "-pp", port(address), "-ap", port(management), "-import", simulation)
	if err := command.Start(); err != nil {
		return nil, err
	}
	s := &server{address: address, command: command}
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		answered, err := probe(address, chatPath, wholeBody)
		if err == nil && answered.Status == a.Status {
			return s, nil
		}
		if time.Since(begin) > 20*time.Second {
			s.stop()
			return nil, fmt.Errorf("hoverfly does not answer as it should: %v, %v", answered, err)
		}
	}
}

// hoverflyProgram returns the program: one that is given, or else one that is
// built through the module proxy.
func (p plan) hoverflyProgram() (string, error) {
	if p.hoverflyPath == leftOut {
		return "", errors.New("left out")
	}
	if p.hoverflyPath != "" {
		return p.hoverflyPath, nil
	}
	command := exec.Command("go", "install", "github.com/SpectoLabs/hoverfly/core/cmd/hoverfly@"+hoverflyVersion)
	command.Env = append(os.Environ(), "GOBIN="+p.folder, "GOFLAGS=")
	command.Dir = p.folder
	if out, err := command.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "NOT MEASURED: hoverfly cannot be built here:\n%s", out)
		return "", errors.New("hoverfly cannot be built here")
	}
	return filepath.Join(p.folder, "hoverfly"), nil
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
