package mockllm

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/play"
)

// TestPanicWhilePassing holds that a panic while an answer passes is that one
// exchange's: it stands in the journal once, is counted once, and nothing stays
// open.
func TestPanicWhilePassing(t *testing.T) {
	const rule = "[[rule]]\nname = \"r\"\nwhen.calls = 1\n"
	for name, c := range map[string]struct {
		rule   string
		long   bool // The wait that trips. A short one may be over before it begins.
		status int  // 0 if the answer is broken off.
	}{
		"before the header": {rule + "latency = \"1ms\"", false, 500},
		"between frames":    {rule + "latency.frame = \"1ms\"", false, 0},
		"while it is timed": {rule + "fault = { kind = \"cut\", after = \"1m\" }", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			log, told := logged()
			observed := new(seen)
			upstream := bareUpstream(t, func(conn net.Conn) {
				says(sse + "1e\r\ndata: {\"a\":1}\n\ndata: {\"a\":2}\n\n\r\n")(conn)
				conn.Read(make([]byte, 1)) // It ends when it is let go.
			})
			front := inFrontOf(t, upstream, c.rule, log, WithObserver(observed), WithClock(trippedClock{Clock: play.Real(), tripwire: tripped(1, "the clock is stuck"), long: c.long}))
			answer, err := http.Post(front.URL()+chatPath, "application/json", strings.NewReader(liveStream))
			if c.status != 0 && (err != nil || answer.StatusCode != c.status) {
				t.Errorf("%+v %v", answer, err)
			}
			if err == nil {
				drain(nil, answer)
				answer.Body.Close()
			}
			observed.only(t, front)
			if all := front.Journal(); len(all) != 1 || !strings.Contains(all[0].Failed, "the clock is stuck") || all[0].ClientLeft {
				t.Errorf("the journal says %+v", all)
			}
			told.wantStack(t, "the clock is stuck", "trippedClock")
			if n := front.Stats().Streams; n != 0 {
				t.Errorf("%d streams are open", n)
			}
		})
	}
}
