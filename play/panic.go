package play

import (
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// A PanicError is a panic that became an error, so that it ends one exchange
// and not the server.
type PanicError struct {
	Value any    // What the panic said.
	Stack []byte // Where it was.
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Broken is what a client is told whose exchange ended in a panic.
func Broken(e *PanicError) scenarios.Mistake {
	return scenarios.Mistake{
		Status: http.StatusInternalServerError, Title: sentences.Plain("panic"),
		Detail: sentences.New("a bug of mockllm, or of what it was given: %v; its log has the stack", e.Value),
	}
}

// Panicked makes an error of what recover returned, while the stack still is the
// one of the panic.
func Panicked(value any) *PanicError { return &PanicError{Value: value, Stack: debug.Stack()} }

// Guard calls a function and returns its error, or its panic as a
// [*PanicError]. [http.ErrAbortHandler] goes on: it asks for the end of the
// connection, and nothing is wrong.
func Guard(f func() error) (err error) {
	defer func() {
		switch value := recover(); value {
		case nil:
		case http.ErrAbortHandler:
			panic(value)
		default:
			err = Panicked(value)
		}
	}()
	return f()
}
