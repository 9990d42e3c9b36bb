//go:build linux || darwin

package soak

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// patience is how long a client waits for what surely comes, on any machine.
const patience = time.Minute

// A crowd is all who talk to the server, and what they know of it.
type crowd struct {
	*server
	kinds    []string // Of faults.
	requests []string
	heavy    heavy

	sent     atomic.Uint64 // To the default namespace, so that the server must have it.
	passed   atomic.Uint64 // To the namespace that has another server behind it.
	answers  atomic.Uint64 // Of these, how many began with a status line.
	silences atomic.Uint64 // Connections that the server ended because nothing came.
	rough    atomic.Uint64 // Whatever else was done to it.
	calls    atomic.Uint64 // Of the admin API.
}

// A client does one thing, by chance of its own.
type client func(ctx context.Context, r *rand.Rand) error

// dial opens a connection that is ended when the patience is.
func dial(address string) (*net.TCPConn, error) {
	conn, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(patience))
	return conn.(*net.TCPConn), nil
}

func (c *crowd) request(r *rand.Rand, choice string) string {
	return fmt.Sprintf(c.requests[r.IntN(len(c.requests))], choice)
}

// caller asks whatever can be asked, has any fault happen to it, and waits to the
// end. What it sends surely arrives.
func (c *crowd) caller(_ context.Context, r *rand.Rand) error {
	return c.call(c.any(r), &c.sent)
}

// through is the namespace that has another server behind it.
const through = "through"

// passer does so where what nothing answers passes to another server, which
// follows the same scenario: faults meet faults.
func (c *crowd) passer(_ context.Context, r *rand.Rand) error {
	return c.call(strings.Replace(c.any(r), " /", " /ns/"+through+"/", 1), &c.passed)
}

// any is any request, to which any fault is to happen.
func (c *crowd) any(r *rand.Rand) string {
	choices := append([]string{"none", "slow", "middle"}, c.kinds...)
	return c.request(r, choices[r.IntN(len(choices))])
}

// call sends a request, and reads to the end of the answer.
func (c *crowd) call(request string, count *atomic.Uint64) error {
	conn, err := dial(c.vendors)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		return err
	}
	count.Add(1)
	answer, err := io.ReadAll(conn) // Faults end it in many ways.
	if timeout, is := err.(net.Error); is && timeout.Timeout() {
		return fmt.Errorf("no end of an answer: %q", answer)
	}
	if bytes.HasPrefix(answer, []byte("HTTP/1.1 ")) {
		c.answers.Add(1)
	}
	return nil
}

const hello = `{"model":"qwen-plus","messages":[{"role":"user","content":"Say hello."}]}`

// speaker makes a call on a WebSocket, has any fault happen to it, and waits to
// the end. Either the handshake is refused, or the call comes to something: that
// is one exchange.
func (c *crowd) speaker(_ context.Context, r *rand.Rand) error {
	choices := append([]string{"none", "slow", "middle"}, c.kinds...)
	header := http.Header{"Authorization": {"bearer sk-any"}, choice: {choices[r.IntN(len(choices))]}}
	dialer := websocket.Dialer{HandshakeTimeout: patience}
	conn, answer, err := dialer.Dial("ws://"+c.vendors+"/api-ws/v1/inference", header)
	if answer == nil && err != nil && strings.Contains(err.Error(), "dial tcp") {
		return err
	}
	c.sent.Add(1)
	if err != nil {
		return nil
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(patience))
	endless := header.Get(choice) == "drop-done"
	if endless {
		conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	}
	task := fmt.Sprintf("%032x", r.Uint64())
	for _, message := range []string{
		`{"header":{"action":"run-task","task_id":"` + task + `","streaming":"duplex"},"payload":{"model":"cosyvoice-v2","task_group":"audio","task":"tts","function":"SpeechSynthesizer","input":{},"parameters":{"voice":"longxiaochun","format":"pcm"}}}`,
		`{"header":{"action":"continue-task","task_id":"` + task + `"},"payload":{"input":{"text":"One. Two."}}}`,
		`{"header":{"action":"finish-task","task_id":"` + task + `"},"payload":{"input":{}}}`,
	} {
		conn.WriteMessage(websocket.TextMessage, []byte(message)) // The first arrives; the others may come too late.
	}
	for {
		_, text, err := conn.ReadMessage()
		if timeout, is := err.(net.Error); is && timeout.Timeout() && !endless {
			return fmt.Errorf("no end on a WebSocket, %s", header)
		}
		if err != nil || bytes.Contains(text, []byte(`"task-finished"`)) || bytes.Contains(text, []byte(`"task-failed"`)) {
			return nil
		}
	}
}

// elsewhere is a request of the namespace in which nobody counts.
func elsewhere(body string) string {
	return fmt.Sprintf("POST /ns/rough/compatible-mode/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer k\r\nContent-Length: %d\r\nX-Soak: slow\r\n\r\n%s", len(body), body)
}

// vandal does what no client should. Nothing is expected but that the server
// lives.
func (c *crowd) vandal(ctx context.Context, r *rand.Rand) error {
	conn, err := dial(c.vendors)
	if err != nil {
		return err
	}
	defer conn.Close()
	c.rough.Add(1)
	stream := elsewhere(strings.Replace(hello, "{", `{"stream":true,`, 1))
	tricks := []func(){
		func() {},
		func() { conn.SetLinger(0) },
		func() { io.WriteString(conn, stream[:1+r.IntN(len(stream)-1)]) }, // Any part of it, and away.
		func() {
			io.WriteString(conn, stream)
			conn.SetLinger(0)
		},
		func() {
			io.WriteString(conn, stream)
			io.ReadFull(conn, make([]byte, 1+r.IntN(900)))
			conn.SetLinger(r.IntN(2) - 1)
		},
		func() { slowly(ctx, stream, func(part string) { io.WriteString(conn, part) }) },
		func() {
			io.WriteString(conn, stream)
			conn.SetReadBuffer(1)
			slowly(ctx, strings.Repeat("a", 40), func(part string) { io.ReadFull(conn, make([]byte, len(part))) })
		},
		func() { // One side is closed, the other listens on.
			io.WriteString(conn, stream)
			conn.CloseWrite()
			io.Copy(io.Discard, conn)
		},
		func() { io.WriteString(conn, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 no TLS here") },
		func() { io.WriteString(conn, c.heavy.brackets) },
		func() { io.WriteString(conn, c.heavy.deep) },
		func() { io.WriteString(conn, c.heavy.bomb) },
		func() { io.WriteString(conn, "GET /"+strings.Repeat("a", 1<<17)+" HTTP/1.1\r\n\r\n") },
		func() { io.WriteString(conn, strings.Repeat(stream, 5)) }, // Pipelined, and no answer is awaited.
	}
	tricks[r.IntN(len(tricks))]()
	return nil
}

// slowly does something with the parts of a text, some time apart.
func slowly(ctx context.Context, text string, do func(part string)) {
	for len(text) > 0 && ctx.Err() == nil {
		n := min(8, len(text))
		do(text[:n])
		text = text[n:]
		time.Sleep(5 * time.Millisecond)
	}
}

// heavy are requests that are made once: what clients spend of the machine, the
// server does not have.
type heavy struct{ brackets, deep, bomb string }

func makeHeavy() heavy {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(make([]byte, 1<<20))
	z.Close()
	return heavy{
		brackets: elsewhere(strings.Repeat("[", 100_000)), deep: elsewhere(strings.Repeat("{\"a\":", 1<<18)), bomb: elsewhere(b.String()),
	}
}

// wrecker breaks WebSockets.
func (c *crowd) wrecker(_ context.Context, r *rand.Rand) error {
	conn, err := dial(c.vendors)
	if err != nil {
		return err
	}
	defer conn.Close()
	c.rough.Add(1)
	io.WriteString(conn, "GET /ns/rough/api-ws/v1/inference HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: bearer k\r\nConnection: Upgrade\r\n"+
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if answer, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || answer.StatusCode != 101 {
		return nil
	}
	frames := []string{
		"", "\x81", "\x81\x05hello", // Not masked.
		"\xf1\x80\x00\x00\x00\x00",                                           // Reserved bits.
		"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",           // As long as can be said.
		"\x80\x80\x00\x00\x00\x00",                                           // Goes on with nothing.
		"\x01\x81\x00\x00\x00\x00{",                                          // A beginning, and no end.
		"\x88\x82\x00\x00\x00\x00\x03\xe8",                                   // Good bye.
		"\x88\x81\x00\x00\x00\x00\x03",                                       // Half a good bye.
		strings.Repeat("\x89\x80\x00\x00\x00\x00", 1+r.IntN(1000)),           // Pings.
		"\x82\xfe\xff\xff\x00\x00\x00\x00" + strings.Repeat("\xff", 1<<16-1), // Sound, and no task.
	}
	io.WriteString(conn, frames[r.IntN(len(frames))])
	if r.IntN(2) == 0 {
		conn.SetLinger(0)
	}
	return nil
}

// silent opens connections, says next to nothing, and waits for the server to
// lose its patience.
func (c *crowd) silent(address, text string) error {
	conn, err := dial(address)
	if err != nil {
		return err
	}
	defer conn.Close()
	io.WriteString(conn, text)
	if _, err := io.Copy(io.Discard, conn); err != nil {
		if timeout, is := err.(net.Error); is && timeout.Timeout() {
			return fmt.Errorf("the server keeps a silent connection")
		}
	}
	c.silences.Add(1)
	return nil
}

// holder holds many connections at once, each of which is used at the start and
// at the end.
func (c *crowd) holder(ctx context.Context, many int) error {
	held := make([]*net.TCPConn, many)
	defer func() {
		for _, conn := range held {
			if conn != nil {
				conn.Close()
			}
		}
	}()
	use := func(i int) (err error) {
		if held[i] == nil {
			if held[i], err = dial(c.vendors); err != nil {
				return err
			}
		}
		held[i].SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(held[i], "POST /compatible-mode/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer k\r\nContent-Length: %d\r\n\r\n%s", len(hello), hello)
		c.sent.Add(1)
		answer, err := http.ReadResponse(bufio.NewReader(held[i]), nil)
		if err != nil {
			return fmt.Errorf("connection %d of %d: %w", i, many, err)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
	if err := inParallel(many, use); err != nil {
		return err
	}
	<-ctx.Done()
	return inParallel(many, use)
}

// inParallel does something with every number below n, 8 at a time: everybody
// else wants to be served too.
func inParallel(n int, do func(int) error) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	failed := make(chan error, 8)
	for range cap(failed) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wait.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
