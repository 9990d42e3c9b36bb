package admin

import (
	"log/slog"
	"net/http"

	"github.com/mockllm/mockllm/play"
)

// rescued makes a 500 of a panic, and a line of the log with its stack. An
// answer that has begun is broken off.
func rescued(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := &noted{ResponseWriter: w}
		err := play.Guard(func() error {
			next.ServeHTTP(noted, r)
			return nil
		})
		broken, is := err.(*play.PanicError)
		if !is {
			return
		}
		if log != nil {
			log.LogAttrs(r.Context(), slog.LevelError, "panic", slog.Any("value", broken.Value), slog.String("stack", string(broken.Stack)))
		}
		if noted.begun {
			panic(http.ErrAbortHandler)
		}
		problem(w, http.StatusInternalServerError, "panic", "a bug of mockllm: %v; its log has the stack", broken.Value)
	})
}

// noted notes that an answer has begun.
type noted struct {
	http.ResponseWriter
	begun bool
}

// WriteHeader implements [http.ResponseWriter].
func (n *noted) WriteHeader(status int) {
	n.begun = true
	n.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (n *noted) Write(p []byte) (int, error) {
	n.begun = true
	return n.ResponseWriter.Write(p)
}

// Unwrap leads [http.ResponseController] to the writer below.
func (n *noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }
