package mockllm

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A remainder is what of a request's body is not read at once. Upstream reads
// it, perhaps still while its answer is sent, and must not when the connection
// that it comes on is taken over.
type remainder struct {
	from io.Reader

	mu    sync.Mutex
	ahead []byte // Was read too early.
	err   error  // Why there is no more; io.EOF is the proper end.
}

// errTakenOver breaks a body off.
var errTakenOver = errors.New("the connection of the call was taken over")

// Read implements io.Reader.
func (r *remainder) Read(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := copy(b, r.ahead); n > 0 {
		r.ahead = r.ahead[n:]
		return n, nil
	}
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.from.Read(b)
	r.err = err
	return n, err
}

// isOver reports whether nobody reads from the connection any more.
func (r *remainder) isOver() bool {
	if r == nil {
		return true
	}
	if !r.mu.TryLock() {
		return false // Somebody does right now.
	}
	defer r.mu.Unlock()
	return r.err != nil
}

// A giver writes an answer while the body of its request is still read, and
// ends that when its connection is taken over.
type giver struct {
	http.ResponseWriter
	rest *remainder
}

// Unwrap returns what writes, for http.ResponseController.
func (g *giver) Unwrap() http.ResponseWriter { return g.ResponseWriter }

// Hijack implements http.Hijacker.
func (g *giver) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	connection := http.NewResponseController(g.ResponseWriter)
	if !g.rest.isOver() {
		if err := connection.SetReadDeadline(time.Unix(1, 0)); err != nil { // Whoever reads stops; hijacking takes the deadline back.
			return nil, nil, err
		}
		g.rest.mu.Lock()
		g.rest.err = errTakenOver
		g.rest.mu.Unlock()
	}
	return connection.Hijack()
}
