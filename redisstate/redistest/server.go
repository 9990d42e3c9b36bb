// Package redistest runs a Redis server of the machine's own for tests.
package redistest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A Server is a Redis server on loopback that ends with its test.
type Server struct {
	t       testing.TB
	dir     string
	port    int
	options []string
	cmd     *exec.Cmd
}

// Run starts a server. Without a redis-server on the machine the test is skipped,
// or fails if MOCKLLM_E2E_REQUIRE names redis.
func Run(t testing.TB, options ...string) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if slices.Contains(strings.Split(os.Getenv("MOCKLLM_E2E_REQUIRE"), ","), "redis") {
			t.Fatal("redis-server is required and not installed")
		}
		fmt.Fprintf(os.Stderr, "SKIPPED %s: no redis-server is installed\n", t.Name())
		t.Skip("no redis-server is installed")
	}
	s := &Server{t: t, dir: t.TempDir(), options: options}
	for range 20 {
		s.port = freePort(t)
		if s.start() {
			t.Cleanup(s.Kill)
			return s
		}
	}
	t.Fatal("no Redis server starts")
	return nil
}

func freePort(t testing.TB) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// start starts the server and reports whether it runs: somebody else may have
// taken the port.
func (s *Server) start() bool {
	s.t.Helper()
	args := append([]string{"--bind", "127.0.0.1", "--port", strconv.Itoa(s.port), "--dir", s.dir, "--save", "", "--daemonize", "no"}, s.options...)
	s.cmd = exec.Command("redis-server", args...)
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go func() {
				for lines.Scan() { // Else it would wait for somebody to read.
				}
			}()
			return true
		}
	}
	s.cmd.Wait()
	return false
}

// URL returns the server's address.
func (s *Server) URL() string { return "redis://" + s.Addr() + "/0" }

// Addr returns the server's host and port.
func (s *Server) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// Stop ends the server as its init system would, so that it saves what it is
// told to save.
func (s *Server) Stop() { s.end(syscall.SIGTERM) }

// Kill ends the server at once.
func (s *Server) Kill() { s.end(syscall.SIGKILL) }

func (s *Server) end(signal syscall.Signal) {
	if s.cmd == nil {
		return
	}
	s.cmd.Process.Signal(signal)
	s.cmd.Wait()
	s.cmd = nil
}

// Restart starts a server that was stopped, on the same port and with what it
// saved.
func (s *Server) Restart() {
	s.t.Helper()
	for range 20 { // Somebody may have the port for a moment.
		if s.start() {
			return
		}
	}
	s.t.Fatal("the Redis server does not start again")
}
