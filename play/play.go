package play

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/mockllm/mockllm/sentences"
)

// Sent is what really went out.
type Sent struct {
	Status     int           // 0 if no status line was sent.
	Bytes      int64         // Of the body.
	Frames     int           // Written in full.
	FirstByte  time.Duration // From the start of the script to the status line.
	Took       time.Duration // The whole script, to the moment in which the client could see its end.
	ClientLeft bool          // The client went away before the end.
	Err        error         // What broke the script off otherwise; nil if nothing did.
}

// Play performs the script. The context ends when the client leaves or the
// server shuts down.
func Play(ctx context.Context, w http.ResponseWriter, s Script, clock Clock) Sent {
	sent, _ := PlayFrom(ctx, w, s, nil, clock)
	return sent
}

// PlayFrom performs a script that copies from upstream, and closes the source.
// It returns the script as it was performed too.
func PlayFrom(ctx context.Context, w http.ResponseWriter, s Script, from *Source, clock Clock) (Sent, Script) {
	p := &player{ctx: ctx, clock: clock, start: clock.Now(), from: from}
	if from != nil {
		defer from.Close()
	}
	takesOver := s.TakesOver()
	var err error
	if takesOver {
		err = p.hijacked(w, s)
	} else {
		err = p.perform(s, newServed(w, s.paced()))
	}
	p.sent.Took = p.took()
	if err != nil {
		p.sent.ClientLeft, p.sent.Err = blame(ctx, err) // Before the client sees that the answer breaks off, and leaves for that.
		if !takesOver && !p.refused {
			abandon(w)
		}
	}
	return p.sent, p.done
}

// took returns how long it took until the client could see the end.
func (p *player) took() time.Duration {
	if !p.ended.IsZero() {
		return p.ended.Sub(p.start)
	}
	return p.clock.Now().Sub(p.start)
}

// abandon closes the connection of an answer that was broken off. The server
// would end it properly otherwise, and a client would take it for whole.
func abandon(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}

// Forsake sends nothing: the context ended before there was anything to send.
func Forsake(ctx context.Context, w http.ResponseWriter, from *Source, clock Clock) (Sent, Script) {
	sent, done := PlayFrom(ctx, w, Script{{Kind: Close}}, from, clock)
	sent.ClientLeft, sent.Err = blame(ctx, ctx.Err())
	return sent, done
}

// ErrClosed is the cause with which a server that closes ends its contexts.
var ErrClosed = sentences.Errorf("the server closed")

// blame says who broke a script off: the client, or else what.
func blame(ctx context.Context, err error) (clientLeft bool, why error) {
	_, panicked := err.(*PanicError)
	switch {
	case panicked:
		return false, err
	case errors.Is(context.Cause(ctx), ErrClosed):
		return false, ErrClosed
	case ctx.Err() == nil && isUpstream(err):
		return false, err
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
	ended time.Time // When the connection was about to be ended, if it was.
	sent  Sent

	begun   bool // Something of an answer may have been sent.
	refused bool // Our own refusal was, instead.

	from   *Source      // What is copied; nil in most scripts.
	done   Script       // Of a script that copies: what was performed.
	headed time.Time    // When the header was sent.
	copied frameCounter // What was copied.
}

// output is where the steps of a script go.
type output interface {
	head(*Step) error
	write(data []byte) error // A piece of the body, sent at once in a stream.
	raw(data []byte) error   // Bytes outside of HTTP.
	end(http.Header) error   // The end of the body, with its trailer.
	flush() error            // All that was written so far, at once.
	fin() error
	reset() error
}

// perform goes through the steps. A panic on the way is a refusal of our own as
// long as nothing was sent.
func (p *player) perform(s Script, out output) error {
	err := Guard(func() error {
		for i := range s {
			step := &s[i]
			if step.Late != nil || p.from != nil {
				step = p.made(step)
			}
			if err := p.step(step, out); err != nil {
				return err
			}
		}
		return nil
	})
	if broken, is := err.(*PanicError); is && !p.begun {
		p.refuse(broken, out)
	}
	return err
}

// refuse is our own answer instead of one that panicked.
func (p *player) refuse(broken *PanicError, out output) {
	p.refused, p.sent.Status = true, http.StatusInternalServerError
	refuse(out, Broken(broken))
}

// made returns the step as it is performed, and notes it if the script copies.
func (p *player) made(step *Step) *Step {
	now := *step
	if now.Late != nil {
		now.Data, now.Late = now.Late(p.sent.Frames+1), nil
	}
	if p.from == nil {
		return &now
	}
	p.done = append(p.done, now)
	return &p.done[len(p.done)-1]
}

func (p *player) step(step *Step, out output) error {
	switch step.Kind {
	case Wait:
		return p.clock.Sleep(p.ctx, step.For)
	case Hang:
		return p.hang(step, out)
	case Head:
		p.begun = true
		p.headed = p.clock.Now()
		p.sent.FirstByte = p.headed.Sub(p.start)
		if err := out.head(step); err != nil {
			return err
		}
		p.sent.Status = int(step.Status)
		return nil
	case Write:
		if err := p.write(step, out); err != nil {
			return err
		}
		if !step.Part {
			p.sent.Frames++
		}
		return nil
	case Say:
		return p.say(step.Speech, out)
	case Raw:
		p.begun = true
		return out.raw(step.Data)
	case Copy:
		return p.copy(step, out)
	case End:
		return out.end(p.from.Trailer())
	case Close:
		p.ended = p.clock.Now() // The client may be faster than fin and reset are done.
		return out.fin()
	default:
		p.ended = p.clock.Now()
		return out.reset()
	}
}

// write sends the bytes of one step: at once, in pieces, or at a rate.
func (p *player) write(step *Step, out output) error {
	size := len(step.Data)
	if step.Piece > 0 {
		size = int(step.Piece)
	}
	if step.Rate > 0 {
		size = int(max(step.Rate/20, 1)) // Twenty pieces a second, if there are as many bytes.
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

func (p *player) hang(step *Step, out output) error {
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
