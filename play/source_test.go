package play

import (
	"io"
	"strings"
	"testing"
)

// TestFrameBehindTheEnd: a stream that ends within a frame has no more of them,
// however often somebody asks.
func TestFrameBehindTheEnd(t *testing.T) {
	s := NewSource(io.NopCloser(strings.NewReader("data: a\n\ndata: b")), true, nil, nil)
	buffer := make([]byte, 64)
	for i, want := range []struct {
		data  string
		whole bool
		err   error
	}{{"data: a\n\n", true, nil}, {"data: b", false, io.EOF}, {"", false, io.EOF}, {"", false, io.EOF}} {
		if data, whole, err := s.frame(buffer); string(data) != want.data || whole != want.whole || err != want.err {
			t.Errorf("frame %d: %q, %v, %v; want %q, %v, %v", i, data, whole, err, want.data, want.whole, want.err)
		}
	}
}
