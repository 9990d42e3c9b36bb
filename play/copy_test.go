package play

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// TestFrames holds what counts as a frame of a stream, however it comes.
func TestFrames(t *testing.T) {
	for text, want := range map[string][]string{
		"":                                    nil,
		"data: a\n\n":                         {"data: a\n\n"},
		"data: a\n\ndata: b\n\n":              {"data: a\n\n", "data: b\n\n"},
		"data: a\r\n\r\ndata: b\r\n\r\n":      {"data: a\r\n\r\n", "data: b\r\n\r\n"},
		": ping\n\n\n\ndata: a\n\n":           {": ping\n\n\n\ndata: a\n\n"},
		"id:1\nevent:x\n:c\ndata:y\n\nrest\n": {"id:1\nevent:x\n:c\ndata:y\n\n"},
		"data: a\n\n: ping\n\n":               {"data: a\n\n"},
		"bare\n\n":                            {"bare\n\n"},
	} {
		var got []string
		from := 0
		for _, to := range FrameEnds([]byte(text)) {
			got = append(got, text[from:to])
			from = to
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q has the frames %q, want %q", text, got, want)
		}
		s := NewSource(io.NopCloser(oneByOne{strings.NewReader(text)}), true, nil, nil)
		var all []byte
		for i := 0; ; i++ {
			data, full, err := s.frame(make([]byte, copySize))
			all = append(all, data...)
			if full && (i >= len(want) || string(data) != want[i]) {
				t.Errorf("%q: frame %d is %q", text, i, data)
			}
			if err != nil {
				break
			}
		}
		if string(all) != text || s.Frames() != len(want) || s.Bytes() != int64(len(text)) {
			t.Errorf("%q comes as %q, %d frames", text, all, s.Frames())
		}
	}
}

// oneByOne reads one byte at a time.
type oneByOne struct{ r io.Reader }

func (o oneByOne) Read(data []byte) (int, error) { return o.r.Read(data[:min(len(data), 1)]) }

// TestCopyForATime cuts a real answer a while behind its header: one that still
// comes, and one that is over.
func TestCopyForATime(t *testing.T) {
	second := scenarios.Duration(time.Second)
	d := scenarios.Decision{Fault: &scenarios.Fault{Kind: scenarios.FaultEarlyEnd, Moment: scenarios.Moment{After: &second}}}
	for _, over := range []bool{false, true} {
		clock := NewManual(time.Time{})
		body, upstream := io.Pipe()
		answer := Answer{Status: 200, Header: http.Header{}, Length: Chunked, Stream: true, Body: NewSource(body, true, nil, nil)}
		script, err := PlanCopy(answer, d, nil, Passing{})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		done := make(chan Sent)
		go func() {
			sent, _ := PlayFrom(context.Background(), w, script, answer.Body, clock)
			done <- sent
		}()
		io.WriteString(upstream, "data: a\n\nda")
		if over {
			upstream.Close()
		}
		if err := clock.Await(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Second)
		if sent := <-done; sent.Err != nil || sent.ClientLeft || w.Body.String() != "data: a\n\nda" || sent.Frames != 1 || sent.Took != time.Second {
			t.Errorf("over %t: %q %+v", over, w.Body, sent)
		}
	}
}

// TestFrameTooLong gives up on a frame that never ends, and does not keep it.
func TestFrameTooLong(t *testing.T) {
	s := NewSource(io.NopCloser(endless{}), true, nil, nil)
	if _, _, err := s.frame(make([]byte, copySize)); !errors.Is(err, errFrameTooLong) {
		t.Error(err)
	}
	s = NewSource(io.NopCloser(bytes.NewReader(make([]byte, 11))), false, nil, nil)
	if _, err := s.all(10); err == nil {
		t.Error("more than it may is read")
	}
}

type endless struct{}

func (endless) Read(data []byte) (int, error) {
	for i := range data {
		data[i] = 'a'
	}
	return len(data), nil
}
