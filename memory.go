package mockllm

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
)

// memoryAddress is the address of every listener in memory. No name that ends so
// is ever a real one.
const memoryAddress = "mockllm.test"

// memoryListener hands out the far ends of pipes.
type memoryListener struct {
	dialed chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newMemoryListener() *memoryListener {
	return &memoryListener{dialed: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept implements [net.Listener].
func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.dialed:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements [net.Listener].
func (l *memoryListener) Addr() net.Addr { return memoryAddr{} }

type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return memoryAddress }

// dial waits until the connection is accepted.
func (l *memoryListener) dial(ctx context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.dialed <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// DialContext connects to the server, whatever the address says: it is for
// clients that can be given a dialer, such as one of WebSockets.
func (s *Server) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	if s.memory != nil {
		return s.memory.dial(ctx)
	}
	_, address, found := strings.Cut(s.URL(), "://")
	if !found {
		return nil, errors.New("mockllm: the server does not listen yet")
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// Client returns an HTTP client whose connections all lead to the server,
// whatever host a URL names. It is the way to a server [InMemory], and to one
// from a client whose base URL cannot be changed.
func (s *Server) Client() *http.Client { return s.client }

// newClient makes the server's client. No proxy of the environment stands in
// between.
func (s *Server) newClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: s.DialContext}}
}
