package mockllm

import (
	"fmt"
	"net"
)

// Run starts a server on a free loopback port, or with [InMemory] on none. The
// caller ends it with [Server.Close].
func Run(options ...Option) (*Server, error) { return run(nil, options) }

// RunT starts a server for the length of a test, a benchmark or a fuzz test, and
// ends it with all that belongs to it.
//
// Every exchange becomes a line of the test's log, which shows if the test
// fails, or with -v. A benchmark's log would always show and a fuzz test's may
// not be written to, so that theirs stay empty.
func RunT(t T, options ...Option) *Server {
	t.Helper()
	about := newTester(t)
	s, err := run(about, options)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	t.Cleanup(func() {
		s.Close()
		about.end()
	})
	return s
}

// run makes a server and serves the vendors' paths.
func run(t *tester, options []Option) (*Server, error) {
	c, err := configured(options)
	if err != nil {
		return nil, err
	}
	if c.failUnmatched && t == nil {
		return nil, errNoTest
	}
	s := c.server(t)
	l, err := s.listen(c.inMemory)
	if err != nil {
		return nil, fmt.Errorf("mockllm: %w", err)
	}
	s.setURL("http://" + l.Addr().String())
	s.serving.Go(func() { s.Serve(l) })
	return s, nil
}

func (s *Server) listen(inMemory bool) (net.Listener, error) {
	if inMemory {
		s.memory = newMemoryListener()
		return s.memory, nil
	}
	return net.Listen("tcp", "127.0.0.1:0")
}
