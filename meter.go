package mockllm

import (
	"bytes"
	"io"

	"github.com/mockllm/mockllm/responders"
)

// A meter is the body of an answer from upstream, of whose tokens limits take
// what it says: before the client sees its end, and may call again.
type meter struct {
	io.ReadCloser
	left   int64 // Of the declared length; less than 0 if there is none.
	stream bool
	ends   func(frame []byte) (ending, mark bool)
	take   func(tokens int)

	heard         []byte // All of it, or the line of a stream so far.
	tokens, taken int
}

// longestHeard bounds what is kept to be read. A line with usage is short.
const longestHeard = 1 << 20

// Read implements io.Reader.
func (m *meter) Read(b []byte) (int, error) {
	n, err := m.ReadCloser.Read(b)
	for data := b[:n]; len(data) > 0; {
		data = m.hear(data)
	}
	if m.left -= int64(n); err != nil || m.left == 0 {
		m.settle()
	}
	return n, err
}

// hear takes a piece, up to the end of a line in a stream, and returns what is
// behind it.
func (m *meter) hear(data []byte) (rest []byte) {
	line := 0
	if m.stream {
		line = bytes.IndexByte(data, '\n') + 1
	}
	if line > 0 {
		data, rest = data[:line], data[line:]
	}
	if len(m.heard)+len(data) > longestHeard {
		m.heard = nil
	}
	m.heard = append(m.heard, data...)
	if line > 0 {
		said := responders.EventData(m.heard)
		m.tokens = max(m.tokens, responders.OutputTokens(said))
		if ending, _ := m.ends(m.heard); ending {
			m.settle()
		}
		m.heard = m.heard[:0]
	}
	return rest
}

// settle takes what is not taken yet.
func (m *meter) settle() {
	if !m.stream {
		m.tokens = responders.OutputTokens(m.heard)
	}
	if m.tokens > m.taken {
		m.take(m.tokens - m.taken)
		m.taken = m.tokens
	}
}
