package main

import (
	"bytes"
	"io"
)

// splitRequest takes a raw request apart at its first empty line. The header
// comes with CRLF line ends.
func splitRequest(raw []byte) (head, body io.Reader) {
	raw = bytes.TrimLeft(raw, "\r\n")
	var header []byte
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, []byte("\n"))
		raw = rest
		line = bytes.TrimRight(line, "\r")
		if len(line) == 0 {
			break
		}
		header = append(append(header, line...), "\r\n"...)
	}
	return bytes.NewReader(append(header, "\r\n"...)), bytes.NewReader(raw)
}
