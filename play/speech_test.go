package play

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mockllm/mockllm/responders"
)

// A script that makes its frames when it sends them sends what the script does
// that holds them, as late, and counts the same.
func TestSpeech(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		buffer := make([]byte, 0, 64)
		speech := &Speech{
			frames: func(yield func(responders.Frame, int) bool) {
				for i := range 3 {
					buffer = fmt.Appendf(buffer[:0], "data: %d\n\n", i) // All in the same place.
					if !yield(buffer, i) {
						return
					}
				}
			},
			waits: func(i, tokens int) time.Duration { return time.Duration(10*i+tokens) * time.Second },
		}
		head := Step{Kind: Head, Status: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Length: Chunked}
		said := Script{{Kind: Wait, For: time.Second}, head, {Kind: Say, Speech: speech}, {Kind: End}}
		held := Script{
			{Kind: Wait, For: time.Second}, head, {Kind: Write, Data: []byte("data: 0\n\n")},
			{Kind: Wait, For: 11 * time.Second}, {Kind: Write, Data: []byte("data: 1\n\n")},
			{Kind: Wait, For: 22 * time.Second}, {Kind: Write, Data: []byte("data: 2\n\n")}, {Kind: End},
		}
		if got := said.Spelt(); !reflect.DeepEqual(got, held) {
			t.Errorf("it is spelt %v", got)
		}
		if !said.Says() || held.Says() || said.Waits() != held.Waits() {
			t.Errorf("waits %+v, want %+v", said.Waits(), held.Waits())
		}
		send := func(s Script) (Sent, string) {
			w := httptest.NewRecorder()
			return Play(context.Background(), w, s, Real()), w.Body.String()
		}
		got, body := send(said)
		want, wanted := send(held)
		if got != want || body != wanted || got.Frames != 3 || got.Took != 34*time.Second {
			t.Errorf("%+v %q, want %+v %q", got, body, want, wanted)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 13*time.Second)
		defer cancel()
		if left := Play(ctx, httptest.NewRecorder(), said, Real()); left.Frames != 2 || !left.ClientLeft {
			t.Errorf("a client that leaves has had %+v", left)
		}
	})
}
