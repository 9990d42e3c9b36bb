package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
)

// probe calls a server once and takes the answer apart, its header as it is
// spelt on the wire.
func probe(address string, c call) (*answer, error) {
	l, err := dial(address)
	if err != nil {
		return nil, err
	}
	defer l.conn.Close()
	if _, err := l.conn.Write(c.request(address)); err != nil {
		return nil, err
	}
	in := bufio.NewReader(l.conn)
	a := &answer{Header: http.Header{}}
	status, err := in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Sscanf(status, "HTTP/1.1 %d", &a.Status); err != nil {
		return nil, err
	}
	var content io.Reader
	for {
		text, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		name, value, found := strings.Cut(strings.TrimSpace(text), ": ")
		if !found {
			break
		}
		var length int64
		switch name {
		case "Content-Length":
			fmt.Sscan(value, &length)
			content = io.LimitReader(in, length)
			a.Header[name] = append(a.Header[name], value)
		case "Transfer-Encoding":
			content = httputil.NewChunkedReader(in)
		default:
			a.Header[name] = append(a.Header[name], value)
		}
	}
	if content == nil {
		return nil, fmt.Errorf("%s does not say how long its answer is", address)
	}
	a.Body, err = io.ReadAll(content)
	return a, err
}

// framesOf cuts the body of a stream into its frames.
func framesOf(body []byte) [][]byte {
	var frames [][]byte
	for _, frame := range bytes.SplitAfter(body, []byte("\n\n")) {
		if len(frame) > 0 {
			frames = append(frames, frame)
		}
	}
	return frames
}
