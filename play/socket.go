package play

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/websocket"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/sentences"
)

// Bounds of a WebSocket.
const (
	longestMessage = 1 << 20          // Bytes of one message of the client.
	waitingFrames  = 4                // Messages of the client that wait to be answered; more wait on its side.
	writeTime      = 10 * time.Second // How long one write may take.
	deadTime       = 10 * time.Minute // How long a client may be silent even if the clock stands still.
)

// A Socket is a WebSocket that was opened.
type Socket struct {
	conn  *websocket.Conn
	out   *taken // The connection below.
	clock Clock

	open   context.Context // Ends when the server closes.
	ctx    context.Context // Ends then, and when the client leaves.
	cancel context.CancelCauseFunc
	stop   func() bool
	half   gate // Whether a message is half out.
	frames chan responders.SocketFrame
	gone   chan struct{} // Closed when nothing more is read.
	deaf   chan struct{} // Closed when nothing more is answered.
}

// Why a client is not listened to any more.
var (
	errLeft = sentences.Errorf("the client left")

	// ErrSilent says that the client was silent for too long.
	ErrSilent = sentences.Errorf("the client was silent for too long")

	// ErrTooBig says that a message of the client is longer than we read.
	ErrTooBig = sentences.Errorf("the message is too big")

	// ErrDraining says that the server stops, and no call is under way.
	ErrDraining = sentences.Errorf("the server stops")
)

// Open performs a script that upgrades: its waits, then the handshake. The
// context ends when the server closes.
func Open(ctx context.Context, w http.ResponseWriter, r *http.Request, s Script, clock Clock) (*Socket, error) {
	for _, step := range s {
		if step.Kind == Wait {
			if err := clock.Sleep(ctx, step.For); err != nil {
				return nil, err
			}
		}
	}
	h := &handshake{ResponseWriter: w}
	conn, err := (&websocket.Upgrader{
		CheckOrigin: func(*http.Request) bool { return true }, // Pages of any origin may call, as with HTTP.
		Error:       func(http.ResponseWriter, *http.Request, int, error) {},
	}).Upgrade(h, r, s[s.find(Upgrade)].Header)
	if err != nil {
		if h.conn == nil {
			refuse(&served{w: w}, noConnection())
		}
		return nil, sentences.Errorf("open the WebSocket: %w", err)
	}
	return listen(ctx, conn, h.conn, clock), nil
}

// find returns where the first step of a kind stands; there is one.
func (s Script) find(kind Kind) int {
	return slices.IndexFunc(s, func(step Step) bool { return step.Kind == kind })
}

// listen begins to read.
func listen(ctx context.Context, conn *websocket.Conn, below net.Conn, clock Clock) *Socket {
	s := &Socket{
		conn: conn, clock: clock, open: ctx,
		frames: make(chan responders.SocketFrame, waitingFrames), gone: make(chan struct{}), deaf: make(chan struct{}),
	}
	s.out = &taken{conn: below, out: bufio.NewWriter(below), gone: s.gone}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	s.answerControl()
	s.stop = context.AfterFunc(ctx, func() { below.SetDeadline(time.Unix(1, 0)) })
	go s.read()
	return s
}

// read takes what the client sends until it leaves. Pings are answered there.
func (s *Socket) read() {
	defer close(s.gone)
	for {
		frame, err := s.message()
		switch {
		case errors.Is(err, ErrTooBig):
			s.cancel(ErrTooBig)
			io.Copy(io.Discard, s.out.conn) // The rest is read, or closing would send a RST.
			return
		case err != nil:
			s.cancel(errLeft)
			return
		}
		select {
		case s.frames <- frame:
		case <-s.deaf:
		case <-s.ctx.Done():
		}
	}
}

func (s *Socket) message() (responders.SocketFrame, error) {
	kind, r, err := s.conn.NextReader()
	if err != nil {
		return responders.SocketFrame{}, err
	}
	data, err := io.ReadAll(io.LimitReader(r, longestMessage+1))
	if err == nil && len(data) > longestMessage {
		err = ErrTooBig
	}
	return responders.SocketFrame{Binary: kind == websocket.BinaryMessage, Data: data}, err
}

// Receive returns the next message of the client. The error is [ErrSilent] if
// there is none for that long, [ErrTooBig], [ErrDraining] as soon as the
// context given ends, or what else ended the connection.
func (s *Socket) Receive(draining context.Context, patience time.Duration) (responders.SocketFrame, error) {
	slept := make(chan error, 1)
	ctx, done := context.WithCancel(s.ctx)
	defer done()
	go func() { slept <- Guard(func() error { return s.clock.Sleep(ctx, patience) }) }()
	s.out.conn.SetReadDeadline(within(deadTime))
	defer s.out.conn.SetReadDeadline(time.Time{})
	select {
	case frame := <-s.frames:
		return frame, nil
	default:
	}
	select {
	case frame := <-s.frames:
		return frame, nil
	case err := <-slept:
		return responders.SocketFrame{}, s.whySilent(err)
	case <-draining.Done():
		return responders.SocketFrame{}, ErrDraining
	case <-s.ctx.Done():
		return responders.SocketFrame{}, context.Cause(s.ctx)
	}
}

// whySilent says why nobody listens any more, from how the waiting ended.
func (s *Socket) whySilent(slept error) error {
	switch {
	case slept == nil:
		return ErrSilent
	case s.ctx.Err() != nil:
		return context.Cause(s.ctx)
	default:
		return slept
	}
}

// A SocketRun performs one call.
type SocketRun struct {
	socket *Socket
	call   SocketCall
	start  time.Time
	ended  time.Time // When the connection was about to be ended, if it was.
	sent   Sent
	script Script // The beginning of all that was planned.
	waits  Waits  // Of all that was planned.
	err    error
}

// Run begins to perform a call.
func (s *Socket) Run(call SocketCall) *SocketRun {
	return &SocketRun{socket: s, call: call, start: s.clock.Now()}
}

// keptSteps bounds what is kept of a run's script.
const keptSteps = 100

// Say plans a message and performs it. It reports whether the call is over.
func (r *SocketRun) Say(m responders.SocketMessage) (over bool) {
	var script Script
	script, r.call = r.call.Plan(m)
	r.waits.add(script)
	r.script = append(r.script, script[:min(len(script), max(keptSteps-len(r.script), 0))]...)
	for _, step := range script {
		if r.err = Guard(func() error { return r.step(step) }); r.err != nil {
			return true
		}
	}
	return r.call.over
}

// Fail ends the call because the client can no longer be heard.
func (r *SocketRun) Fail(err error) { r.err = err }

// Open reports whether another call may follow: nothing has ended the
// connection.
func (r *SocketRun) Open() bool {
	select {
	case <-r.socket.deaf:
		return false
	default:
		return r.err == nil
	}
}

// Script returns the beginning of what was planned so far.
func (r *SocketRun) Script() Script { return r.script }

// Sent returns what really went out.
func (r *SocketRun) Sent() Sent {
	sent := r.sent
	if sent.Took = r.ended.Sub(r.start); r.ended.IsZero() {
		sent.Took = r.socket.clock.Now().Sub(r.start)
	}
	switch {
	case r.err == nil:
	case errors.Is(r.err, ErrTooBig), errors.Is(r.err, ErrSilent):
		sent.Err = r.err
	case errors.Is(r.err, errLeft):
		sent.ClientLeft = true
	default:
		sent.ClientLeft, sent.Err = blame(r.socket.ctx, r.err)
	}
	return sent
}

func (r *SocketRun) step(step Step) error {
	s := r.socket
	switch step.Kind {
	case Wait:
		err := s.clock.Sleep(s.ctx, step.For)
		if errors.Is(context.Cause(s.ctx), ErrTooBig) {
			return ErrTooBig // The client is there, and can be told.
		}
		return err
	case Hang:
		s.stopAnswering()
		left := step.For
		if left == 0 {
			left = forever
		}
		return s.clock.Sleep(s.ctx, left)
	case Text, Binary:
		if r.sent.Status == 0 {
			r.sent.Status, r.sent.FirstByte = http.StatusSwitchingProtocols, s.clock.Now().Sub(r.start)
		}
		n, err := s.write(step)
		r.sent.Bytes += int64(n)
		if err == nil && step.Length == 0 {
			r.sent.Frames++
		}
		return err
	default:
		r.ended = s.clock.Now() // The client may be faster than the end is done.
		return s.finish(step)
	}
}

// finish ends the connection in one way or another.
func (s *Socket) finish(step Step) error {
	s.stopAnswering()
	if s.open.Err() != nil {
		return context.Cause(s.open)
	}
	s.allowWrite()
	switch step.Kind {
	case Shut:
		message := websocket.FormatCloseMessage(int(step.Code), step.Reason)
		if err := s.conn.WriteControl(websocket.CloseMessage, message, within(writeTime)); err != nil {
			return err
		}
		s.drain()
		return nil
	case Raw:
		return s.out.raw(step.Data)
	case Close:
		return s.out.fin()
	default:
		return s.out.reset()
	}
}

// stopAnswering lets what the client still sends be read and dropped.
func (s *Socket) stopAnswering() {
	select {
	case <-s.deaf:
	default:
		close(s.deaf)
	}
}

// drain waits a bounded while for the client's own close.
func (s *Socket) drain() {
	s.out.conn.SetReadDeadline(within(drainTime))
	<-s.gone
}

// within is a deadline of the connection.
func within(d time.Duration) time.Time { return time.Now().Add(d) }

// allowWrite gives a write its time; none if the server closes.
func (s *Socket) allowWrite() {
	s.out.conn.SetWriteDeadline(within(writeTime))
	if s.open.Err() != nil {
		s.out.conn.SetWriteDeadline(within(0))
	}
}

// write sends a message, in fragments, slowly or in part if the step says so. It
// returns how much of it went out.
func (s *Socket) write(step Step) (int, error) {
	s.allowWrite()
	kind, err := websocket.TextMessage, error(nil)
	if step.Kind == Binary {
		kind = websocket.BinaryMessage
	}
	switch {
	case step.Length > 0, step.Rate > 0:
		return s.trickle(kind, step)
	case step.Piece > 0:
		err = s.fragments(kind, slices.Collect(slices.Chunk(step.Data, int(step.Piece))))
	case step.Split > 0:
		err = s.fragments(kind, [][]byte{step.Data[:step.Split], step.Data[step.Split:]})
	default:
		err = s.conn.WriteMessage(kind, step.Data)
	}
	if err != nil {
		return 0, err
	}
	return len(step.Data), nil
}

// End closes what is still open and returns when nothing is read any more.
func (s *Socket) End() {
	s.stopAnswering()
	s.cancel(errLeft)
	s.stop()
	s.out.conn.Close()
	<-s.gone
}
