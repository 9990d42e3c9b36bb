package play

import (
	"net/http"
	"testing"
	"time"
)

// late is an output on which the client sees the end of the answer, and time
// passes, before the step that ends it returns.
type late struct{ clock *Manual }

func (late) head(*Step) error      { return nil }
func (late) write([]byte) error    { return nil }
func (late) raw([]byte) error      { return nil }
func (late) end(http.Header) error { return nil }
func (late) flush() error          { return nil }

func (o late) fin() error   { o.clock.Advance(time.Hour); return nil }
func (o late) reset() error { o.clock.Advance(time.Hour); return nil }

// TestTook: an answer is over when its client can know, not when the server comes
// to notice: a client that asks again at once has not asked twice at a time.
func TestTook(t *testing.T) {
	for _, end := range []Kind{Close, Reset} {
		clock := NewManual(time.Unix(1, 0))
		p := &player{ctx: t.Context(), clock: clock, start: clock.Now()}
		if err := p.perform(Script{{Kind: Head, Status: 200}, {Kind: Write, Data: []byte("x")}, {Kind: end}}, late{clock}); err != nil {
			t.Fatal(err)
		}
		if took := p.took(); took != 0 {
			t.Errorf("%s: the answer took %s", end, took)
		}
	}
}
