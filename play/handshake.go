package play

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"slices"
)

// handshake takes the connection over for the library, and sorts the header of
// the answer, which the library writes in any order.
type handshake struct {
	http.ResponseWriter
	conn net.Conn // Once it is taken over.
}

// Hijack implements [http.Hijacker].
func (h *handshake) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = conn
	return &sorted{Conn: conn}, buffered, nil
}

// sorted sorts the lines of the first header that is written.
type sorted struct {
	net.Conn
	done bool
}

func (c *sorted) Write(data []byte) (int, error) {
	if c.done {
		return c.Conn.Write(data)
	}
	c.done = true
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\r\n\r\n")), []byte("\r\n"))
	slices.SortFunc(lines[1:], bytes.Compare)
	if _, err := c.Conn.Write(append(bytes.Join(lines, []byte("\r\n")), "\r\n\r\n"...)); err != nil {
		return 0, err
	}
	return len(data), nil
}
