package mockllm

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"
)

const (
	openSocketText = "GET /api-ws/v1/inference HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	openedText     = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nSec-Websocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nUpgrade: websocket\r\n\r\n"
	goingAway      = "\x88\x06\x0f\xa0busy" // A close frame: 4000, "busy".
)

// socketThrough opens a WebSocket through a server in front of one that does
// that to it, and returns the client's end.
func socketThrough(t *testing.T, upstream func(net.Conn)) (*Server, *net.TCPConn) {
	t.Helper()
	front := inFrontOf(t, bareUpstream(t, func(conn net.Conn) {
		io.WriteString(conn, openedText)
		upstream(conn)
	}), "")
	conn, err := net.Dial("tcp", hostOf(t, front.URL()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	io.WriteString(conn, openSocketText)
	got := make([]byte, len(openedText))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != openedText {
		t.Fatalf("%q %v", got, err)
	}
	return front, conn.(*net.TCPConn)
}

// TestSocketBytesPass holds that what is said on a WebSocket passes both ways
// as it is, long messages and the close included, and that it is counted.
func TestSocketBytesPass(t *testing.T) {
	said := make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{}).Read(said)
	front, conn := socketThrough(t, func(conn net.Conn) {
		io.CopyN(conn, conn, int64(len(said)))
		io.WriteString(conn, goingAway)
	})
	go conn.Write(said)
	got, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil || !bytes.Equal(got, append(said, goingAway...)) {
		t.Errorf("%d bytes come back, %v", len(got), err)
	}
	conn.Close()
	all, err := front.AwaitExchanges(t.Context(), 1)
	if err != nil || all[0].Upstream.Bytes != int64(len(got)) || all[0].Upstream.Failed != "" || all[0].SentBytes != int64(len(got)) || all[0].ClientLeft {
		t.Errorf("%+v %+v", all, all[0].Upstream)
	}
	if n := front.Stats().Streams; n != 0 {
		t.Errorf("%d streams are open", n)
	}
}

// TestSocketBreaks holds that either end hears that the other has gone, and
// that the journal says who it was.
func TestSocketBreaks(t *testing.T) {
	t.Run("upstream resets", func(t *testing.T) {
		said := make(chan struct{})
		front, conn := socketThrough(t, func(conn net.Conn) {
			<-said
			abort(conn)
		})
		close(said)
		if got, _ := io.ReadAll(conn); len(got) != 0 {
			t.Errorf("%q", got)
		}
		conn.Close()
		all, err := front.AwaitExchanges(t.Context(), 1)
		if err != nil || !strings.Contains(all[0].Upstream.Failed, "reset by peer") || all[0].ClientLeft || all[0].Failed == "" {
			t.Errorf("%+v %+v", all, all[0].Upstream)
		}
	})
	t.Run("the client resets", func(t *testing.T) {
		gone := make(chan error, 1)
		front, conn := socketThrough(t, func(conn net.Conn) {
			_, err := io.Copy(io.Discard, conn)
			gone <- err
		})
		abort(conn)
		conn.Close()
		<-gone
		all, err := front.AwaitExchanges(t.Context(), 1)
		if err != nil || all[0].Upstream.Failed != "" || !all[0].ClientLeft {
			t.Errorf("%+v %+v", all, all[0].Upstream)
		}
	})
}
