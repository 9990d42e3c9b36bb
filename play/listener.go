package play

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// A Fate decides what happens to a new connection; nil lets it be. It is told
// whether the connection is one of TCP: another cannot be refused.
type Fate func(tcp bool) *scenarios.ConnectionFault

// ErrNoTCP says that a connection cannot be reset.
var ErrNoTCP = sentences.Errorf("reset the connection: %w", errNeedsConnection)

// Listener does to new connections what their fate says, before any byte of
// theirs is read. Those that are let be come out of Accept.
func Listener(ctx context.Context, l net.Listener, fate Fate, clock Clock, wire Timing) net.Listener {
	return &faulty{Listener: l, ctx: ctx, fate: fate, clock: clock, wire: wire}
}

type faulty struct {
	net.Listener
	ctx   context.Context
	fate  Fate
	clock Clock
	wire  Timing
}

// Accept implements [net.Listener].
func (l *faulty) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		_, tcp := conn.(*net.TCPConn)
		fault := l.fate(tcp)
		if fault == nil {
			return conn, nil
		}
		go l.strike(conn, fault)
	}
}

// strike ends a connection as the fault says.
func (l *faulty) strike(conn net.Conn, fault *scenarios.ConnectionFault) {
	defer conn.Close()
	switch fault.Kind {
	case scenarios.ConnectionRefuse:
		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			refuseRequest(conn)
			return
		}
		tcp.SetLinger(0)
	case scenarios.ConnectionStall:
		l.stall(conn, fault)
	default:
		end(conn)
	}
}

// refuseRequest answers the first request on a connection that cannot be reset.
func refuseRequest(conn net.Conn) {
	conn.SetDeadline(time.Now().Add(drainTime))
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
		refuse(&taken{conn: conn, out: bufio.NewWriter(conn)}, noConnection())
	}
}

// end sends a FIN and waits a bounded while for the client's: what it has sent
// is read, so that no RST follows.
func end(conn net.Conn) {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	conn.SetReadDeadline(time.Now().Add(drainTime))
	io.Copy(io.Discard, conn)
}

// stall keeps a connection open and reads nothing until its time is over. That
// the client has left is noticed only when the time is over or the server
// closes: noticing it would take reading.
func (l *faulty) stall(conn net.Conn, fault *scenarios.ConnectionFault) {
	d := forever
	if fault.For != nil {
		d = l.wire.of(*fault.For)
	}
	if l.clock.Sleep(l.ctx, d) == nil {
		end(conn)
	}
}
