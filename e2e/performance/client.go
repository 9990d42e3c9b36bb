package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// The load client knows just enough HTTP/1.1 to tell where an answer ends. Any
// more would take time from the server that it shares the cores with, and make
// every server look alike.

// A line is one connection that is kept alive.
type line struct {
	conn   net.Conn
	buffer []byte
}

func dial(address string) (*line, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &line{conn: conn, buffer: make([]byte, 64<<10)}, nil
}

// call sends a request and reads the answer, whose bytes are good until the
// next call.
func (l *line) call(request []byte) ([]byte, error) {
	if _, err := l.conn.Write(request); err != nil {
		return nil, err
	}
	for n := 0; n < len(l.buffer); {
		read, err := l.conn.Read(l.buffer[n:])
		if err != nil {
			return nil, err
		}
		n += read
		if end, err := answerEnd(l.buffer[:n]); err != nil || end == n {
			return l.buffer[:n], err
		}
	}
	return nil, errors.New("the answer is too long")
}

var (
	headEnd       = []byte("\r\n\r\n")
	contentLength = []byte("Content-Length: ")
)

// answerEnd returns where the answer ends that begins the text; 0 if its
// header is not whole yet.
func answerEnd(text []byte) (int, error) {
	head := bytes.Index(text, headEnd)
	if head < 0 {
		return 0, nil
	}
	at := bytes.Index(text[:head], contentLength)
	if at < 0 {
		return 0, errors.New("the answer does not say how long it is")
	}
	digits := text[at+len(contentLength) : head+2]
	length, err := strconv.Atoi(string(digits[:bytes.IndexByte(digits, '\r')]))
	return head + len(headEnd) + length, err
}

// A load is a number of connections to one server, each of which sends the
// requests in turn, the next one as soon as an answer is there.
type load struct {
	lines    []*line
	requests [][]byte
	status   int // That every answer must have.
}

func newLoad(address string, connections, status int, requests [][]byte) (*load, error) {
	l := &load{requests: requests, status: status}
	for range connections {
		one, err := dial(address)
		if err != nil {
			l.close()
			return nil, err
		}
		l.lines = append(l.lines, one)
	}
	return l, nil
}

func (l *load) close() {
	for _, one := range l.lines {
		one.conn.Close()
	}
}

// run sends for that long and returns how many answers came in a second.
func (l *load) run(slice time.Duration) (float64, error) {
	counts, failed := make([]int, len(l.lines)), make([]error, len(l.lines))
	start := time.Now()
	until := start.Add(slice)
	var wait sync.WaitGroup
	for i, one := range l.lines {
		wait.Go(func() { counts[i], failed[i] = l.send(one, i, until) })
	}
	wait.Wait()
	took := time.Since(start)
	all := 0
	for _, n := range counts {
		all += n
	}
	return float64(all) / took.Seconds(), errors.Join(failed...)
}

func (l *load) send(one *line, first int, until time.Time) (count int, err error) {
	want := fmt.Appendf(nil, "HTTP/1.1 %d ", l.status)
	for count = 0; time.Now().Before(until); count++ {
		answer, err := one.call(l.requests[(first+count)%len(l.requests)])
		if err != nil {
			return count, err
		}
		if !bytes.HasPrefix(answer, want) {
			return count, fmt.Errorf("want status %d: %.300q", l.status, answer)
		}
	}
	return count, nil
}

// A call is what a server is asked.
type call struct {
	path, key   string
	contentType string
	body        string
}

// request writes the call as the load client sends it.
func (c call) request(address string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: performance\r\n"+
		"Authorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		c.path, address, c.key, c.contentType, len(c.body), c.body)
}
