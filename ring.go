package mockllm

import (
	"fmt"
	"hash/crc32"
	"strings"
	"sync"

	"github.com/mockllm/mockllm/responders"
)

// mostWaiting bounds how many equal calls wait for the header of an upstream at
// once. Servers that pass to one another in a ring would never stop otherwise,
// and nothing in a call tells that it was here before.
const mostWaiting = 1000

// waiting counts the calls that wait.
type waiting struct {
	mu    sync.Mutex
	most  int
	calls map[waitingCall]int
}

// enter counts a call until it leaves, unless there are too many of it.
func (w *waiting) enter(call waitingCall) (leave func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls[call] == w.most {
		return nil, fmt.Errorf("%d equal calls wait for upstream: does it pass them on to this server?", w.most)
	}
	w.calls[call]++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.calls[call]--; w.calls[call] == 0 {
			delete(w.calls, call)
		}
	}, nil
}

// A waitingCall is what of a call stays the same in a ring, where each server
// may put a path in front.
type waitingCall struct {
	method, end, query string
	size               int
	sum                uint32 // Of the body.
}

func waitingFor(in *responders.Incoming, query string) waitingCall {
	return waitingCall{in.Method, endOf(in.Path), query, len(in.Body), crc32.Checksum(in.Body, crc32.IEEETable)}
}

// endOf returns the last two segments of a path: fewer would take for equal what
// is asked about different files or tasks.
func endOf(path string) string {
	last := strings.LastIndexByte(path, '/')
	return path[max(strings.LastIndexByte(path[:max(last, 0)], '/'), 0):]
}
