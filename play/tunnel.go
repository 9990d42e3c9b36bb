package play

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/mockllm/mockllm/sentences"
)

// Tunnel performs a script that passes a WebSocket: its waits and the handshake,
// then what both sides say, byte for byte, until one has enough. Through is the
// connection to the other side, and from is what comes on it.
func Tunnel(ctx context.Context, w http.ResponseWriter, s Script, through io.ReadWriteCloser, from *Source, clock Clock) (Sent, Script) {
	if !s.Upgrades() {
		return PlayFrom(ctx, w, s, from, clock)
	}
	p := &player{ctx: ctx, clock: clock, start: clock.Now(), from: from}
	defer through.Close()
	err := p.tunnel(w, s, through)
	p.sent.Took = clock.Now().Sub(p.start)
	if err != nil {
		p.sent.ClientLeft, p.sent.Err = blame(ctx, err)
	}
	return p.sent, p.done
}

func (p *player) tunnel(w http.ResponseWriter, s Script, through io.ReadWriteCloser) error {
	at := s.find(Upgrade)
	for _, step := range s[:at] {
		if err := p.clock.Sleep(p.ctx, step.For); err != nil {
			return err
		}
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuse(&served{w: w}, noConnection())
		return sentences.Errorf("take over the connection: %w", err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Time{})
	closing := context.AfterFunc(p.ctx, func() {
		conn.SetDeadline(time.Unix(1, 0))
		through.Close()
	})
	defer closing()
	out := &taken{conn: conn, out: bufio.NewWriter(conn), gone: make(chan struct{})}
	fmt.Fprintf(out.out, "HTTP/1.1 %d %s\r\n", http.StatusSwitchingProtocols, http.StatusText(http.StatusSwitchingProtocols))
	s[at].Header.Write(out.out)
	io.WriteString(out.out, "\r\n")
	if err := out.flush(); err != nil {
		return err
	}
	p.sent.Status, p.sent.FirstByte = http.StatusSwitchingProtocols, p.clock.Now().Sub(p.start)
	p.exchange(out, buffered.Reader, through)
	return nil
}

// exchange passes on what both sides say. When the other side has enough, the
// client is told by a FIN; when the client has, all is over. It notes who it
// was: that the client leaves in the end is nothing of note.
func (p *player) exchange(out *taken, client io.Reader, through io.ReadWriteCloser) {
	gone := make(chan struct{})
	out.gone = gone
	heard := &listened{Reader: client}
	go func() {
		defer close(gone)
		io.Copy(through, heard)
		through.Close()
		io.Copy(io.Discard, client) // Or closing would send a RST.
	}()
	n, err := io.Copy(out.conn, p.from)
	p.sent.Bytes = n
	p.done = Script{{Kind: Upgrade}, {Kind: Copy, Bytes: n}}
	switch {
	case errors.Is(context.Cause(p.ctx), ErrClosed):
		p.sent.Err = ErrClosed
		return
	case heard.over.Load() || err != nil && !isUpstream(err):
		p.sent.ClientLeft = true
	default:
		p.sent.Err = err
	}
	out.fin()
}

// listened is what somebody says who may have enough.
type listened struct {
	io.Reader
	over atomic.Bool
}

// Read implements io.Reader.
func (l *listened) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	if err != nil {
		l.over.Store(true)
	}
	return n, err
}
