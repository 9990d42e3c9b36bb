package recordings

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// Bounds of a recording. A scenario has at most 4 MiB.
const (
	mostTakes   = 1000
	mostBytes   = 8 << 20 // Of all bodies, before they are written out.
	longestTake = 1 << 20 // Of the bodies of one exchange.
)

// A Take is one exchange with a real server while it is under way, and what is
// kept of it.
type Take struct {
	Request *scenarios.Request
	Header  http.Header // Of the request.
	Query   string
	Time    time.Time

	Status    int
	Answer    http.Header   // Of the answer.
	Stream    bool          // Whether its frames are SSE events.
	FirstByte time.Duration // From asking to the header.

	chunks []chunk
	size   int
}

// chunk is a piece of the answer's body.
type chunk struct {
	at   time.Duration // Behind the header.
	data []byte
}

// Hear takes a piece of the answer's body, so long behind the header. Within a
// millisecond, which is what is written down, all pieces are one.
func (t *Take) Hear(at time.Duration, data []byte) {
	t.size += len(data)
	last := len(t.chunks) - 1
	switch {
	case t.size > longestTake:
		t.chunks = nil
	case last >= 0 && at-t.chunks[last].at < time.Millisecond:
		t.chunks[last].data = append(t.chunks[last].data, data...)
	default:
		t.chunks = append(t.chunks, chunk{at, slices.Clone(data)})
	}
}

// body returns the whole body.
func (t *Take) body() []byte {
	var all []byte
	for _, c := range t.chunks {
		all = append(all, c.data...)
	}
	return all
}

// An End says how an exchange ended.
type End string

// The values of [End].
const (
	Whole      End = "whole"       // It came to its proper end.
	BrokenOff  End = "broken off"  // Upstream broke it off.
	ClientLeft End = "client left" // The client did not wait for the end.
	CutShort   End = "cut short by a rule"
	Stopped    End = "not over when the recorder stopped"
	NoAnswer   End = "no answer from upstream"
)

// ended reports whether the last frame that came says that nothing follows it:
// who has heard that does not wait for the end of the body.
func (t *Take) ended() bool {
	body := t.body()
	ends := play.FrameEnds(body)
	if !t.Stream || t.size > longestTake || len(ends) == 0 {
		return false
	}
	from := 0
	if len(ends) > 1 {
		from = ends[len(ends)-2]
	}
	_, mark := responders.EndOf(t.Request.Dialect)(body[from:ends[len(ends)-1]])
	return mark
}

// Why an exchange is not recorded, besides how it ended.
const (
	unknownPath = "nothing that a rule can match"
	socket      = "a WebSocket"
	tooLong     = "too long"
	tooMany     = "more than a recording holds"
	compressed  = "compressed, so that secrets cannot be seen"
	secretBytes = "secret in what is no text"
	unsaid      = "what no scenario can say"
)

// A Recorder keeps exchanges until they are written down. It is safe for use
// by many goroutines.
type Recorder struct {
	mu      sync.Mutex
	takes   []*Take
	ends    []End
	bytes   int
	skipped map[string]int
}

// NewRecorder returns a recorder that has heard nothing yet.
func NewRecorder() *Recorder { return &Recorder{skipped: map[string]int{}} }

// Keep takes an exchange that is over.
func (r *Recorder) Keep(t *Take, end End) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if (end == ClientLeft || end == Stopped) && t.ended() {
		end = Whole
	}
	if why := r.refuses(t, end); why != "" {
		r.skipped[why]++
		return
	}
	r.bytes += t.size + len(t.Request.Body)
	r.takes, r.ends = append(r.takes, t), append(r.ends, end)
}

// refuses says why an exchange is not recorded, "" if it is.
func (r *Recorder) refuses(t *Take, end End) string {
	switch encoding := t.Answer.Get("Content-Encoding"); {
	case !matchable(t.Request):
		return unknownPath
	case t.Status == http.StatusSwitchingProtocols:
		return socket
	case end == ClientLeft || end == Stopped || end == CutShort || end == NoAnswer || end == BrokenOff && !(t.Stream && t.Request.Stream):
		return string(end)
	case t.size > 0 && encoding != "" && !strings.EqualFold(encoding, "identity"):
		return compressed
	case t.size+len(t.Request.Body) > longestTake:
		return tooLong
	case len(r.takes) == mostTakes || r.bytes+t.size+len(t.Request.Body) > mostBytes:
		return tooMany
	}
	return ""
}

// matchable reports whether a rule can be about the call.
func matchable(r *scenarios.Request) bool {
	d, known := catalog.DialectNamed(r.Dialect)
	return known && d.Carries(r.Operation)
}

// Skipped counts the exchanges that were not recorded, by the reason.
func (r *Recorder) Skipped() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.skipped)
}
