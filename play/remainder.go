package play

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A Remainder is what of a request's body is not read at once. Upstream reads
// it, perhaps still while its answer is sent, and must not when the connection
// that it comes on is taken over.
type Remainder struct {
	from io.Reader

	mu    sync.Mutex
	ahead []byte // Was read too early.
	err   error  // Why there is no more; io.EOF is the proper end.
	over  atomic.Bool
}

// NewRemainder returns the remainder of a body that is not read yet.
func NewRemainder(body io.Reader) *Remainder { return &Remainder{from: body} }

// Unread puts back what was read too early.
func (r *Remainder) Unread(data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead = data
}

// errTakenOver breaks a body off.
var errTakenOver = errors.New("the connection of the call was taken over")

// Read implements io.Reader.
func (r *Remainder) Read(b []byte) (int, error) {
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
	if err != nil {
		r.end(err)
	}
	return n, err
}

func (r *Remainder) end(err error) {
	r.err = err
	r.over.Store(true)
}

// Over reports whether nobody reads from the connection any more. Nil is over.
func (r *Remainder) Over() bool { return r == nil || r.over.Load() }

// WithRemainder returns a writer for the answer to a request of whose body that
// is still to be read.
func WithRemainder(w http.ResponseWriter, rest *Remainder) http.ResponseWriter {
	return &giver{w, rest}
}

// A giver writes an answer while the body of its request is still read, and
// ends that when its connection is taken over.
type giver struct {
	http.ResponseWriter
	rest *Remainder
}

// Unwrap returns what writes, for http.ResponseController.
func (g *giver) Unwrap() http.ResponseWriter { return g.ResponseWriter }

// Hijack implements http.Hijacker.
func (g *giver) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	connection := http.NewResponseController(g.ResponseWriter)
	if !g.rest.Over() {
		if err := connection.SetReadDeadline(time.Unix(1, 0)); err != nil { // Whoever reads stops; hijacking takes the deadline back.
			return nil, nil, err
		}
		g.rest.mu.Lock()
		g.rest.end(errTakenOver)
		g.rest.mu.Unlock()
	}
	return connection.Hijack()
}
