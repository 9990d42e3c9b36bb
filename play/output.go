package play

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// served writes through the server's own writer, which keeps the connection
// alive. Scripts that need the connection itself never come here.
type served struct {
	w       http.ResponseWriter
	flusher *http.ResponseController // Has bytes leave as they are written; nil if they may leave when the answer is whole.
}

func newServed(w http.ResponseWriter, paced bool) *served {
	if !paced {
		return &served{w: w}
	}
	return &served{w: w, flusher: http.NewResponseController(w)}
}

func (o *served) head(step *Step) error {
	announce(o.w.Header(), step)
	o.w.WriteHeader(int(step.Status))
	return o.flush()
}

// announce fills in the header of an answer.
func announce(h http.Header, step *Step) {
	for name, values := range step.Header {
		h[name] = values
	}
	switch {
	case step.Length == UntilClose:
		h["Transfer-Encoding"] = []string{"identity"} // The server's word for that.
	case step.Length != Chunked:
		h["Content-Length"] = []string{strconv.FormatInt(step.Length, 10)}
	}
	suppressDefaults(h)
}

func (o *served) flush() error {
	if o.flusher == nil {
		return nil
	}
	return o.flusher.Flush()
}

// suppressDefaults keeps the server from adding what the vendor's answer has
// under its own spelling, or not at all.
func suppressDefaults(h http.Header) {
	for _, name := range [...]string{"Content-Type", "Date"} {
		if _, given := h[name]; !given {
			h[name] = nil
		}
	}
}

func (o *served) write(data []byte) error {
	if _, err := o.w.Write(data); err != nil {
		return err
	}
	return o.flush()
}

func (o *served) raw([]byte) error { return errNeedsConnection }

// end leaves the trailer for the server to send.
func (o *served) end(trailer http.Header) error {
	for name, values := range trailer {
		o.w.Header()[http.TrailerPrefix+name] = values
	}
	return nil
}

func (o *served) fin() error   { return errNeedsConnection }
func (o *served) reset() error { return errNeedsConnection }

var errNeedsConnection = sentences.Errorf("this step needs the connection itself")

// hijacked performs a script on the connection itself and ends it.
func (p *player) hijacked(w http.ResponseWriter, s Script) error {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuse(&served{w: w}, noConnection())
		return sentences.Errorf("take over the connection: %w", err)
	}
	defer conn.Close()
	if _, tcp := below(conn).(*net.TCPConn); !tcp && s.has(Reset) {
		refuse(&taken{conn: conn, out: bufio.NewWriter(conn)}, noConnection())
		return ErrNoTCP
	}
	conn.SetDeadline(time.Time{})
	closing := context.AfterFunc(p.ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer closing()
	ctx, left := context.WithCancel(p.ctx)
	defer left()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		defer left()
		io.Copy(io.Discard, buffered.Reader) // Nobody else tells when the client leaves.
	}()
	p.ctx = ctx
	return p.perform(s, &taken{conn: conn, out: bufio.NewWriter(conn), gone: gone})
}

// noConnection is what is said where no connection lies below to be damaged:
// loudly, never with a weaker fault.
func noConnection() scenarios.Mistake {
	return scenarios.Mistake{
		Status: http.StatusNotImplemented, Title: sentences.Plain("no connection"),
		Detail: sentences.New("this answer needs a TCP connection of its own, and the server runs where there is none"),
	}
}

// refuse answers with a refusal of our own, and lets the connection end.
func refuse(out output, mistake scenarios.Mistake) {
	m := responders.Own(mistake)
	header := m.Header.Clone()
	header.Set("Connection", "close")
	out.head(&Step{Status: int32(m.Status), Header: header, Length: int64(len(m.Frames[0]))})
	out.write(m.Frames[0])
}

// taken writes to a connection that was taken over.
type taken struct {
	conn   net.Conn
	out    *bufio.Writer
	gone   <-chan struct{} // Closed when there is no more to read.
	stream bool
}

func (o *taken) head(step *Step) error {
	o.stream = step.Length == Chunked
	fmt.Fprintf(o.out, "HTTP/1.1 %d %s\r\n", step.Status, http.StatusText(int(step.Status)))
	step.Header.Write(o.out)
	switch {
	case o.stream:
		io.WriteString(o.out, "Transfer-Encoding: chunked\r\n\r\n")
	case step.Length == UntilClose:
		io.WriteString(o.out, "Connection: close\r\n\r\n")
	default:
		fmt.Fprintf(o.out, "Content-Length: %d\r\n\r\n", step.Length)
	}
	return o.out.Flush()
}

func (o *taken) write(data []byte) error {
	if o.stream {
		fmt.Fprintf(o.out, "%x\r\n", len(data))
	}
	o.out.Write(data)
	if o.stream {
		io.WriteString(o.out, "\r\n")
	}
	return o.out.Flush()
}

func (o *taken) raw(data []byte) error {
	o.out.Write(data)
	return o.out.Flush()
}

func (o *taken) end(trailer http.Header) error {
	if o.stream {
		io.WriteString(o.out, "0\r\n")
		trailer.Write(o.out)
		io.WriteString(o.out, "\r\n")
	}
	return o.out.Flush()
}

func (o *taken) flush() error { return o.out.Flush() }

// drainTime bounds how long is still read of a request after the answer.
const drainTime = 2 * time.Second

// fin closes our side and waits a bounded while for the client's: closing with
// unread bytes would send a RST, which may overtake the answer.
func (o *taken) fin() error {
	if secure, ok := o.conn.(*tls.Conn); ok {
		secure.CloseWrite()
	}
	half, ok := below(o.conn).(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	if err := half.CloseWrite(); err != nil {
		return err
	}
	o.conn.SetReadDeadline(time.Now().Add(drainTime))
	<-o.gone
	return nil
}

// reset makes closing send a RST. Over a real network it may overtake what was
// sent before it; a wait before it helps.
func (o *taken) reset() error {
	tcp, ok := below(o.conn).(*net.TCPConn)
	if !ok {
		return errNeedsConnection
	}
	if err := tcp.SetLinger(0); err != nil {
		return err
	}
	return tcp.Close()
}

// below returns the connection that TLS runs on, or the connection itself.
func below(conn net.Conn) net.Conn {
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}
