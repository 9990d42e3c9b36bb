package recordings

import (
	"strings"
	"testing"
	"time"
)

// TestHear: what comes byte by byte costs no more than what comes at once, and
// what is too long costs nothing.
func TestHear(t *testing.T) {
	var fast, slow, long Take
	for _, c := range "data: {}\n\n" {
		fast.Hear(time.Second, []byte(string(c)))
	}
	for i, piece := range []string{"data: 1\n", "\n", "data: 2\n\n"} {
		slow.Hear(time.Duration(i)*time.Millisecond, []byte(piece))
	}
	for range 3 {
		long.Hear(0, []byte(strings.Repeat("x", longestTake-1)))
	}
	long.Hear(0, nil)
	if len(fast.chunks) != 1 || string(fast.body()) != "data: {}\n\n" || fast.arrival(10) != time.Second {
		t.Errorf("%d chunks of %q", len(fast.chunks), fast.body())
	}
	if string(slow.body()) != "data: 1\n\ndata: 2\n\n" || slow.arrival(9) != time.Millisecond || slow.arrival(10) != 2*time.Millisecond {
		t.Errorf("%q, %v, %v", slow.body(), slow.arrival(9), slow.arrival(10))
	}
	if len(long.chunks) != 0 || long.size <= longestTake {
		t.Errorf("%d chunks of %d bytes", len(long.chunks), long.size)
	}
}
