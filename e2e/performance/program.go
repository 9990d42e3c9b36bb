package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A program is somebody else's mock server, which is built through the module
// proxy.
type program struct {
	name    string // Of the binary, and of the flag that gives one.
	version string
	source  string // The package that it is built from.

	// listen is with which arguments it listens at the address, and at the spare
	// one with what else it opens: never anywhere else.
	listen func(address, spare string) []string
}

func (one program) String() string { return one.name + " " + one.version }

// programs are all that the product is compared with.
func programs() []program { return []program{hoverfly(), httpbin(), stripeMock()} }

// hoverfly listens on the loopback interface unless it is told otherwise.
func hoverfly() program {
	return program{"hoverfly", "v1.12.5", "github.com/SpectoLabs/hoverfly/core/cmd/hoverfly", func(address, spare string) []string {
		return []string{"-webserver", "-log-level", "error", "-pp", port(address), "-ap", port(spare)}
	}}
}

// httpbin does not let a connection wait for its next turn as long as a contest
// may take, unless it is told to.
func httpbin() program {
	return program{"go-httpbin", "v2.26.0", "github.com/mccutchen/go-httpbin/v2/cmd/go-httpbin", func(address, _ string) []string {
		return []string{"-host", host(address), "-port", port(address), "-log-level", "OFF", "-srv-read-header-timeout", "1h", "-srv-read-timeout", "1h"}
	}}
}

// stripeMock also speaks HTTPS, which nobody calls.
func stripeMock() program {
	return program{"stripe-mock", "v0.203.0", "github.com/stripe/stripe-mock", func(address, spare string) []string {
		return []string{"-http-addr", address, "-https-addr", spare}
	}}
}

func host(address string) string { name, _, _ := net.SplitHostPort(address); return name }

func port(address string) string { _, number, _ := net.SplitHostPort(address); return number }

// leftOut stands for a program that is not to be compared with.
const leftOut = "-"

// give has the program at that path compared instead of one that is built.
func (p *plan) give(one program, path string) error {
	if path != leftOut {
		if _, err := exec.LookPath(path); err != nil {
			return err
		}
	}
	if p.given == nil {
		p.given = map[string]string{}
	}
	p.given[one.name] = path
	return nil
}

// find returns the path of a program: the one that is given, or else one that
// is built. What the go command has to say is for people, not for the results,
// which are the same wherever it looks for modules.
func (p plan) find(one program) (string, error) {
	if given := p.given[one.name]; given == leftOut {
		return "", errors.New("left out")
	} else if given != "" {
		return given, nil
	}
	patience, stop := context.WithTimeout(context.Background(), 5*time.Minute)
	defer stop()
	command := exec.CommandContext(patience, "go", "install", one.source+"@"+one.version)
	command.Env = append(os.Environ(), "GOBIN="+p.folder, "GOFLAGS=")
	command.Dir = p.folder
	command.WaitDelay = time.Second
	if out, err := command.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "NOT MEASURED: %s cannot be built here: %v\n%s", one.name, err, out)
		return "", fmt.Errorf("%s cannot be built here", one.name)
	}
	return filepath.Join(p.folder, one.name), nil
}

// start starts the program at that path with some more arguments, and waits
// until it answers the call with that status. What it prints goes nowhere.
func (one program) start(path string, more []string, c call, status int) (*server, error) {
	address, spare, err := freeAddresses()
	if err != nil {
		return nil, err
	}
	command := exec.Command(path, append(one.listen(address, spare), more...)...)
	complaints, err := command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "NOT MEASURED:", err)
		return nil, fmt.Errorf("%s cannot be started here", one.name)
	}
	ended := make(chan struct{})
	go func() {
		io.Copy(os.Stderr, complaints)
		close(ended)
	}()
	s := &server{address: address, command: command}
	if err := s.wait(ended, c, status); err != nil {
		s.stop()
		return nil, fmt.Errorf("%s %w", one.name, err)
	}
	return s, nil
}

// wait waits until the server answers the call with that status.
func (s *server) wait(ended <-chan struct{}, c call, status int) error {
	for begin := time.Now(); time.Since(begin) < 20*time.Second; {
		answered, err := probe(s.address, c)
		if err == nil && answered.Status == status {
			return nil
		}
		select {
		case <-ended:
			return errors.New("ends when it is started")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return errors.New("does not answer as it should")
}

// freeAddresses returns two addresses that nobody has.
func freeAddresses() (one, other string, err error) {
	first, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer first.Close()
	second, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", err
	}
	defer second.Close()
	return first.Addr().String(), second.Addr().String(), nil
}
