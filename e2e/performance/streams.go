package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A crowd is many streams at once, from one server.
type crowd struct {
	server  *server
	call    call
	streams int
	frames  int           // Of each stream.
	every   time.Duration // How long between two frames.
	spread  time.Duration // Over which they begin.
}

// seen is what a crowd saw.
type seen struct {
	frames   int             // That came, of all streams.
	lateness []time.Duration // Of each frame: how much longer than asked for it came behind the one before.
	memory   int64           // Of the server, for each stream, while all were there.
}

// watch reads all streams to their ends.
func (c crowd) watch() (seen, error) {
	before := c.server.memory()
	late, failed := make([][]time.Duration, c.streams), make([]error, c.streams)
	text := c.call.request(c.server.address)
	var wait sync.WaitGroup
	for i := range c.streams {
		begin := c.spread * time.Duration(i) / time.Duration(c.streams)
		wait.Go(func() {
			time.Sleep(begin)
			late[i], failed[i] = c.read(text)
		})
	}
	// All have begun and none is over.
	time.Sleep((c.spread + c.every*time.Duration(c.frames)) / 2)
	result := seen{memory: (c.server.memory() - before) / int64(c.streams)}
	wait.Wait()
	for _, one := range late {
		result.frames += len(one)
		result.lateness = append(result.lateness, one...)
	}
	return result, errors.Join(first(failed)...)
}

// first keeps one of many errors that are likely the same.
func first(errs []error) []error {
	for i, err := range errs {
		if err != nil {
			return errs[i : i+1]
		}
	}
	return nil
}

// read reads one stream. A frame is a line that begins with "data:"; the end
// mark, which comes at once behind the last frame, is not counted.
func (c crowd) read(text []byte) ([]time.Duration, error) {
	l, err := dial(c.server.address)
	if err != nil {
		return nil, err
	}
	defer l.conn.Close()
	if _, err := l.conn.Write(text); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(l.conn, 4<<10)
	status, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 200 ") {
		return nil, fmt.Errorf("no stream: %q: %w", status, err)
	}
	late := make([]time.Duration, 0, c.frames)
	var last time.Time
	for len(late) < c.frames {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return late, fmt.Errorf("after %d frames: %w", len(late), err)
		}
		if !bytes.HasPrefix(line, []byte("data:")) {
			continue
		}
		now := time.Now()
		gap := c.every // Nothing is asked of the first.
		if !last.IsZero() {
			gap = now.Sub(last)
		}
		late, last = append(late, max(gap-c.every, 0)), now
	}
	return late, nil
}
