package scenarios

import (
	"time"

	"github.com/mockllm/mockllm/sentences"
)

// CallsFrom returns the range of all calls from one on: "5..".
func CallsFrom(first uint64) *Calls { return &Calls{From: first, To: openCalls} }

// WindowFrom returns the window that never ends: "1m..".
func WindowFrom(start time.Duration) *Window { return &Window{From: start, To: forever} }

// built says what is wrong with a range that was written in Go.
func (c Calls) built() error {
	if c.From < 1 || c.To < c.From {
		return sentences.Errorf("calls %d to %d hold no call: calls are numbered from 1, and CallsFrom makes a range without end", c.From, c.To)
	}
	return nil
}

// built says what is wrong with a window that was written in Go.
func (w Window) built() error {
	if w.From < 0 || w.To <= w.From {
		return sentences.Errorf("%v to %v holds no time; WindowFrom makes a window without end", w.From, w.To)
	}
	return nil
}
