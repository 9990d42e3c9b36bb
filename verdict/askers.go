package verdict

import "github.com/mockllm/mockllm/journal"

// askers tells whether one question is asked by one worker or by several at
// once. A worker asks again only when it has its answer; and it does not go
// back to a connection that it left, unless it shares its connections.
type askers struct {
	longest     *journal.Exchange // The one that ended last, so far.
	latest      uint64            // The connection of the last one.
	connections map[uint64]bool
	overlap     bool // One came while another was under way.
	goBack      bool // A connection was used, then another, then the first again.
	answers     int
}

func (a *askers) note(e *journal.Exchange) {
	if a.longest != nil && (arrived(a.longest) == pending || !over(a.longest, e)) {
		a.overlap = true
	}
	if a.longest == nil || arrived(e) == pending || ended(e).After(ended(a.longest)) {
		a.longest = e
	}
	if a.connections[e.Connection] && e.Connection != a.latest && e.Connection != 0 {
		a.goBack = true
	}
	a.connections[e.Connection], a.latest = true, e.Connection
	if succeeded(e) {
		a.answers++
	}
}

// several reports whether attempts of several workers cannot be told apart.
func (a *askers) several() bool { return a.overlap || a.goBack && a.answers > 1 }
