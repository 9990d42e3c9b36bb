package play

import (
	"bytes"
	"io"
	"net/http"

	"github.com/mockllm/mockllm/sentences"
)

// A Source is the body of an upstream's answer: read once, as it comes. It
// remembers how it went.
type Source struct {
	body    io.ReadCloser
	stream  bool               // Whether frames are SSE events, and not the body as a whole.
	tap     func(chunk []byte) // Sees every piece as it comes; nil for nobody.
	trailer func() http.Header // Known when the body is over.

	pending []byte // Read and not yet taken.
	scan    frameScan
	counter frameCounter
	bytes   int64
	err     error // Why there is no more; io.EOF is the proper end.
}

// NewSource returns the source of a body. Tap may be nil.
func NewSource(body io.ReadCloser, stream bool, tap func(chunk []byte), trailer func() http.Header) *Source {
	return &Source{body: body, stream: stream, tap: tap, trailer: trailer}
}

// copySize is how much is read at once.
const copySize = 32 << 10

// longestFrame bounds a frame that is waited for as a whole.
const longestFrame = 10 << 20

// errFrameTooLong says that a frame of upstream's is too long to be held back.
var errFrameTooLong = sentences.Errorf("a frame from upstream is longer than %d bytes", longestFrame)

// An UpstreamError says that what comes from upstream broke off.
type UpstreamError struct{ Err error }

// Error implements error.
func (e *UpstreamError) Error() string { return e.Said().String() }

// Said returns what the error says.
func (e *UpstreamError) Said() sentences.Sentence {
	return sentences.New("upstream broke off: %v", e.Err)
}

// Unwrap returns the cause.
func (e *UpstreamError) Unwrap() error { return e.Err }

// Bytes returns how much has come.
func (s *Source) Bytes() int64 { return s.bytes }

// Frames returns how many frames have come in full.
func (s *Source) Frames() int {
	switch {
	case s.stream:
		return s.counter.frames
	case s.err == io.EOF && s.bytes > 0:
		return 1
	default:
		return 0
	}
}

// Failed returns what broke it off, nil if nothing did so far.
func (s *Source) Failed() error {
	if s.err == io.EOF {
		return nil
	}
	return s.err
}

// Over reports whether all of it has come, up to its proper end.
func (s *Source) Over() bool { return s.err == io.EOF }

// Close lets go of the body.
func (s *Source) Close() error { return s.body.Close() }

// Trailer returns what came behind the body.
func (s *Source) Trailer() http.Header {
	if s == nil || s.trailer == nil || s.err != io.EOF {
		return nil
	}
	return s.trailer()
}

// read fills the buffer with what comes next.
func (s *Source) read(buffer []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.body.Read(buffer)
	if n > 0 {
		s.bytes += int64(n)
		if s.stream {
			s.counter.add(buffer[:n])
		}
		if s.tap != nil {
			s.tap(buffer[:n])
		}
	}
	switch {
	case err == io.EOF:
		s.err = io.EOF
	case err != nil:
		s.err = &UpstreamError{err}
	}
	return n, s.err
}

// Read implements io.Reader: it returns what comes next, and takes it down.
func (s *Source) Read(buffer []byte) (int, error) { return s.read(buffer) }

// chunk returns what comes next, whatever it is a part of.
func (s *Source) chunk(buffer []byte) ([]byte, error) {
	if len(s.pending) > 0 {
		data := s.pending
		s.pending, s.scan = nil, frameScan{}
		return data, nil
	}
	n, err := s.read(buffer)
	return buffer[:n], err
}

// frame returns the next frame in full, with the comments before it. Where the
// body ends within one, that is returned with the error.
func (s *Source) frame(buffer []byte) (data []byte, whole bool, err error) {
	for {
		if s.stream {
			if n := s.scan.end(s.pending); n > 0 {
				data, s.pending = s.pending[:n:n], s.pending[n:]
				return data, true, nil
			}
		}
		if s.err != nil {
			data, s.pending, s.scan = s.pending, nil, frameScan{}
			return data, len(data) > 0 && !s.stream && s.err == io.EOF, s.err
		}
		if len(s.pending) > longestFrame {
			return nil, false, errFrameTooLong
		}
		n, _ := s.read(buffer)
		s.pending = append(s.pending, buffer[:n]...)
	}
}

// unread puts back what was taken and not wanted.
func (s *Source) unread(data []byte) {
	s.pending, s.scan = append(bytes.Clone(data), s.pending...), frameScan{}
}

// all reads the rest, at most so many bytes.
func (s *Source) all(most int64) ([]byte, error) {
	var all bytes.Buffer
	buffer := make([]byte, copySize)
	for {
		data, err := s.chunk(buffer)
		all.Write(data)
		switch {
		case int64(all.Len()) > most:
			return nil, errTooLong
		case err == io.EOF:
			return all.Bytes(), nil
		case err != nil:
			return nil, err
		}
	}
}

var errTooLong = sentences.Errorf("the answer is too long to be damaged as a whole")

// A frameScan looks for the end of a frame in what comes bit by bit, each byte
// once.
type frameScan struct {
	counter frameCounter
	seen    int
}

// end returns where the first frame ends, with the empty line behind it, or 0.
// Events of comments alone are no frames, and belong to the next.
func (f *frameScan) end(data []byte) int {
	for i, b := range data[f.seen:] {
		if f.counter.take(b); f.counter.frames > 0 {
			n := f.seen + i + 1
			*f = frameScan{}
			return n
		}
	}
	f.seen = len(data)
	return 0
}

// A frameCounter counts the frames of a stream that comes byte by byte. Lines
// end in LF, or CR and LF.
type frameCounter struct {
	frames int
	line   int  // Bytes of the line so far.
	field  bool // The event has a line that is no comment.
}

func (c *frameCounter) add(data []byte) {
	for _, b := range data {
		c.take(b)
	}
}

func (c *frameCounter) take(b byte) {
	switch b {
	case '\r':
	case '\n':
		if c.line == 0 && c.field {
			c.frames++
			c.field = false
		}
		c.line = 0
	default:
		if c.line == 0 && b != ':' {
			c.field = true
		}
		c.line++
	}
}

// FrameEnds returns where the frames of a stream end, as far as they are
// complete. What stands behind the last end is no frame.
func FrameEnds(stream []byte) (ends []int) {
	for at := 0; ; {
		n := new(frameScan).end(stream[at:])
		if n == 0 {
			return ends
		}
		at += n
		ends = append(ends, at)
	}
}
