package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/mockllm/mockllm/play"
)

// counter counts exchanges as the server logs them.
type counter struct{ calls, errors atomic.Uint64 }

func (c *counter) logger() *slog.Logger { return slog.New(counting{slog.DiscardHandler, c}) }

// counting is a handler of log lines that only counts them.
type counting struct {
	slog.Handler
	counter *counter
}

func (counting) Enabled(context.Context, slog.Level) bool { return true }

func (c counting) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "exchange" {
		return nil
	}
	c.counter.calls.Add(1)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "error" {
			c.counter.errors.Add(1)
		}
		return a.Key != "error"
	})
	return nil
}

// redraw is how often the progress is looked at.
const redraw = 200 * time.Millisecond

// showProgress tells on a terminal how far CMD is, until the function that it
// returns is called. It writes at the end of the line and puts the cursor back,
// because CMD may be in the middle of it.
func showProgress(w io.Writer, environ []string, c *counter, clock play.Clock) (erase func()) {
	f, isFile := w.(*os.File)
	if !isFile || !isTerminal(f) || lookUp(environ, "TERM") == "dumb" {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for shown := ""; clock.Sleep(ctx, redraw) == nil; {
			if text := progressOf(c); text != shown {
				io.WriteString(w, atTheEnd(text, lookUp(environ, "NO_COLOR") == ""))
				shown = text
			}
		}
	}()
	return func() {
		cancel()
		<-done
		io.WriteString(w, "\x1b[K") // What stands behind the cursor.
	}
}

// atTheEnd puts a text at the end of the cursor's line and leaves the cursor
// where it is.
func atTheEnd(text string, colour bool) string {
	width := len(text)
	if colour {
		text = "\x1b[2m" + text + "\x1b[0m"
	}
	return fmt.Sprintf("\x1b7\x1b[999C\x1b[%dD%s\x1b8", width-1, text)
}

func progressOf(c *counter) string {
	return fmt.Sprintf("mockllm: %s, %s thrown", plural(int(c.calls.Load()), "call"), plural(int(c.errors.Load()), "error"))
}
