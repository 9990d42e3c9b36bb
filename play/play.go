package play

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
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
	} else if err = p.perform(s, &served{w: w, flusher: http.NewResponseController(w), paced: s.paced()}); err != nil {
		abandon(w)
	}
	p.sent.Took = clock.Now().Sub(p.start)
	if err != nil {
		p.sent.ClientLeft, p.sent.Err = blame(ctx, err)
	}
	return p.sent
}

// abandon closes the connection of an answer that was broken off. The server
// would end it properly otherwise, and a client would take it for whole.
func abandon(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

// ErrClosed is the cause with which a server that closes ends its contexts.
var ErrClosed = errors.New("the server closed")

// blame says who broke a script off: the client, or else what.
func blame(ctx context.Context, err error) (clientLeft bool, why error) {
	switch {
	case errors.Is(context.Cause(ctx), ErrClosed):
		return false, ErrClosed
	case ctx.Err() != nil || isGone(err):
		return true, nil
	default:
		return false, err
	}
}

// player performs one script.
type player struct {
	ctx   context.Context // Ends waits: the client left, or the server closes.
	clock Clock
	start time.Time
	sent  Sent
}

// output is where the steps of a script go.
type output interface {
	head(Step) error
	write(data []byte) error // A piece of the body, sent at once in a stream.
	raw(data []byte) error   // Bytes outside of HTTP.
	end() error              // The end of the body.
	fin() error
	reset() error
}

// perform goes through the steps.
func (p *player) perform(s Script, out output) error {
	for _, step := range s {
		if err := p.step(step, out); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) step(step Step, out output) error {
	switch step.Kind {
	case Wait:
		return p.clock.Sleep(p.ctx, step.For)
	case Hang:
		return p.hang(step, out)
	case Head:
		p.sent.FirstByte = p.clock.Now().Sub(p.start)
		if err := out.head(step); err != nil {
			return err
		}
		p.sent.Status = step.Status
		return nil
	case Write:
		if err := p.write(step, out); err != nil {
			return err
		}
		if !step.Part {
			p.sent.Frames++
		}
		return nil
	case Raw:
		return out.raw(step.Data)
	case End:
		return out.end()
	case Close:
		return out.fin()
	default:
		return out.reset()
	}
}

// write sends the bytes of one step: at once, in pieces, or at a rate.
func (p *player) write(step Step, out output) error {
	size := len(step.Data)
	if step.Piece > 0 {
		size = step.Piece
	}
	if step.Rate > 0 {
		size = max(step.Rate/20, 1) // Twenty pieces a second, if there are as many bytes.
	}
	for data := step.Data; len(data) > 0; {
		n := min(size, len(data))
		if step.Rate > 0 {
			if err := p.clock.Sleep(p.ctx, time.Duration(n)*time.Second/time.Duration(step.Rate)); err != nil {
				return err
			}
		}
		if err := out.write(data[:n]); err != nil {
			return err
		}
		p.sent.Bytes += int64(n)
		data = data[n:]
	}
	return nil
}

// forever is how long a hang without a time lasts at most.
const forever = 24 * time.Hour

// keepAlive is the comment that a stalled stream may send.
var keepAlive = []byte(": keep-alive\n\n")

func (p *player) hang(step Step, out output) error {
	left := step.For
	if left == 0 {
		left = forever
	}
	for step.Every > 0 && left > step.Every {
		if err := p.clock.Sleep(p.ctx, step.Every); err != nil {
			return err
		}
		if err := out.write(keepAlive); err != nil {
			return err
		}
		left -= step.Every
	}
	return p.clock.Sleep(p.ctx, left)
}

// isGone reports whether the error means that the peer closed the connection.
func isGone(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled)
}
