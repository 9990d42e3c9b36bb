package play

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Sent is what really went out.
type Sent struct {
	Status     int           // 0 if no status line was sent.
	Bytes      int64         // Of the body.
	Frames     int           // Written in full.
	FirstByte  time.Duration // From the start of the script to the status line.
	Took       time.Duration // The whole script.
	ClientLeft bool          // The client went away before the end.
	Err        error         // What broke the script off otherwise; nil if nothing did.
}

// Play performs the script. The context ends when the client leaves or the
// server shuts down.
func Play(ctx context.Context, w http.ResponseWriter, s Script, clock Clock) Sent {
	p := &player{ctx: ctx, clock: clock, start: clock.Now()}
	var err error
	if s.raw() {
		err = p.hijacked(w, s)
	} else {
		err = p.plain(w, s)
	}
	p.sent.Took = clock.Now().Sub(p.start)
	if err != nil {
		p.sent.ClientLeft = ctx.Err() != nil || isGone(err)
		if !p.sent.ClientLeft {
			p.sent.Err = err
		}
	}
	return p.sent
}

// player performs one script.
type player struct {
	ctx   context.Context
	clock Clock
	start time.Time
	sent  Sent
}

// output is where the steps of a script go.
type output interface {
	head(Step) error
	write([]byte) error
	finish() error // After the last step.
}

// perform goes through the steps.
func (p *player) perform(s Script, out output) error {
	for _, step := range s {
		var err error
		switch step.Kind {
		case Wait:
			err = p.clock.Sleep(p.ctx, step.For)
		case Head:
			p.sent.FirstByte = p.clock.Now().Sub(p.start)
			if err = out.head(step); err == nil {
				p.sent.Status = step.Status
			}
		case Write:
			if err = out.write(step.Data); err == nil {
				p.sent.Bytes += int64(len(step.Data))
				p.sent.Frames++
			}
		case Close:
		}
		if err != nil {
			return err
		}
	}
	return out.finish()
}

// plain performs a script through the server's own writer, which keeps the
// connection alive.
func (p *player) plain(w http.ResponseWriter, s Script) error {
	return p.perform(s, &served{w: w, flusher: http.NewResponseController(w), length: s.length()})
}

// served writes through a [http.ResponseWriter].
type served struct {
	w       http.ResponseWriter
	flusher *http.ResponseController
	length  int
	stream  bool
}

func (o *served) head(step Step) error {
	o.stream = step.Stream
	h := o.w.Header()
	for name, values := range step.Header {
		h[name] = values
	}
	if !step.Stream {
		h["Content-Length"] = []string{strconv.Itoa(o.length)}
	}
	suppressDefaults(h)
	o.w.WriteHeader(step.Status)
	if step.Stream {
		return o.flusher.Flush()
	}
	return nil
}

// suppressDefaults keeps the server from adding what the vendor's answer has
// under its own spelling, or not at all.
func suppressDefaults(h http.Header) {
	for _, name := range []string{"Content-Type", "Date"} {
		if _, given := h[name]; !given {
			h[name] = nil
		}
	}
}

func (o *served) write(data []byte) error {
	if _, err := o.w.Write(data); err != nil {
		return err
	}
	if o.stream {
		return o.flusher.Flush()
	}
	return nil
}

func (o *served) finish() error { return nil }

// hijacked performs a script on the connection itself and ends it.
func (p *player) hijacked(w http.ResponseWriter, s Script) error {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuse(w)
		return fmt.Errorf("take over the connection: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(p.ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return p.perform(s, &taken{conn: conn, in: buffered.Reader, out: bufio.NewWriter(conn), length: s.length()})
}

// refuse answers where no connection lies below to be damaged: loudly, never
// with a weaker fault.
func refuse(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotImplemented)
	io.WriteString(w, `{"mockllm":{"status":501,"problem":"no connection","detail":"this answer needs the connection itself, and the server runs where there is none"}}`+"\n")
}

// taken writes to a connection that was taken over.
type taken struct {
	conn   net.Conn
	in     *bufio.Reader
	out    *bufio.Writer
	length int
	stream bool
}

func (o *taken) head(step Step) error {
	o.stream = step.Stream
	fmt.Fprintf(o.out, "HTTP/1.1 %d %s\r\n", step.Status, http.StatusText(step.Status))
	step.Header.Write(o.out)
	if step.Stream {
		io.WriteString(o.out, "Transfer-Encoding: chunked\r\n")
	} else {
		fmt.Fprintf(o.out, "Content-Length: %d\r\n", o.length)
	}
	io.WriteString(o.out, "Connection: close\r\n\r\n")
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

// finish ends the body and sends the FIN.
func (o *taken) finish() error {
	if o.stream {
		io.WriteString(o.out, "0\r\n\r\n")
	}
	if err := o.out.Flush(); err != nil {
		return err
	}
	return o.fin()
}

// Bounds of what is still read of a request after the answer.
const (
	drainBytes = 1 << 20
	drainTime  = 2 * time.Second
)

// fin closes our side and reads on for a bounded while: closing with unread
// bytes would send a RST, which may overtake the answer.
func (o *taken) fin() error {
	half, ok := o.conn.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	if err := half.CloseWrite(); err != nil {
		return err
	}
	o.conn.SetReadDeadline(time.Now().Add(drainTime))
	io.CopyN(io.Discard, o.in, drainBytes)
	return nil
}

// isGone reports whether the error means that the peer closed the connection.
func isGone(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled)
}
