package journal

import (
	"time"

	"github.com/mockllm/mockllm/play"
)

// An Upstream is what came from the server behind, to which a call passed.
type Upstream struct {
	URL       string        `json:"url"`              // Scheme, host and base path.
	Status    int           `json:"status"`           // 0 if no header came.
	FirstByte time.Duration `json:"first_byte_ns"`    // From asking to the header.
	Bytes     int64         `json:"bytes"`            // Of the body, which was read no further than it was sent on.
	Frames    int           `json:"frames"`           // That came in full.
	Failed    string        `json:"failed,omitempty"` // What broke it off on its side.
}

// Amend changes what is known of an exchange that is under way, if it is still
// kept, and what was planned or performed of its answer.
func (j *Journal) Amend(id uint64, script play.Script, change func(*Exchange)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.find(id)
	if e == nil {
		return
	}
	change(&e.Exchange)
	j.tallies.touch(e.Namespace)
	if e.Raw != nil {
		j.replace(e, e.Raw.replanned(script))
	}
}
