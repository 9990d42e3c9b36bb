package verdict

import (
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
)

// closeBy is how long after an attempt another one of the same call may come.
// What comes later is a call of its own.
const closeBy = 5 * time.Minute

// How much later than the client the server may notice that an answer is over:
// one that broke off, and a stream that did not.
const (
	lateNotice = time.Second
	lateEvent  = time.Millisecond
)

// maxOpen bounds how many calls with the same question are remembered at once:
// with more, nobody can tell whose attempt is whose.
const maxOpen = 500

// A call is one logical call: what a client wanted once, and how often it
// tried.
type call struct {
	attempts []*journal.Exchange
	mixed    bool // Several workers ask the same at once: whose attempt is whose is a guess.
}

func (c *call) last() *journal.Exchange { return c.attempts[len(c.attempts)-1] }

// pairs goes through the attempts and what came behind each.
func (c *call) pairs(yield func(before, after *journal.Exchange) bool) {
	for i := 1; i < len(c.attempts); i++ {
		if !yield(c.attempts[i-1], c.attempts[i]) {
			return
		}
	}
}

// group puts the attempts of one logical call together. The same call has the
// same dialect, operation, model and conversation or, without a conversation,
// the same fingerprint: clients change ids, seeds and streaming between
// attempts. An attempt follows one that did not succeed, after it is over and
// not much later.
func group(all []*journal.Exchange) []*call {
	g := grouping{open: map[string][]*call{}, lastOf: map[string]int{}, askers: map[string]*askers{}}
	for i, e := range all {
		g.lastOf[identity(e)+caller(e)] = i
	}
	for i, e := range all {
		g.add(i, e)
	}
	for _, c := range g.calls {
		c.mixed = g.askers[identity(c.attempts[0])].several()
	}
	return g.calls
}

type grouping struct {
	calls  []*call
	open   map[string][]*call // By identity: those that another attempt may follow, oldest first.
	lastOf map[string]int     // By identity and caller: the last exchange.
	askers map[string]*askers // By identity.
}

// identity returns what two attempts of one call have in common.
func identity(e *journal.Exchange) string {
	if len(e.Turns) == 0 {
		return e.Dialect + "\x00" + e.Operation + "\x00" + e.Fingerprint
	}
	return e.Dialect + "\x00" + e.Operation + "\x00" + e.Model + "\x00" + conversation(e.Turns)
}

// conversation returns what is the same for the same turns.
func conversation(turns []journal.Turn) string {
	var b strings.Builder
	for _, t := range turns {
		b.WriteString(t.Role + "\x01" + t.Hash + "\x02")
	}
	return b.String()
}

// add puts the exchange behind the attempt that it most likely repeats.
func (g *grouping) add(i int, e *journal.Exchange) {
	id := identity(e)
	open := slices.DeleteFunc(g.open[id], func(c *call) bool {
		return arrived(c.last()) != pending && gap(c.last(), e) > closeBy+c.last().RetryAfter // Nothing follows any more.
	})
	if g.askers[id] == nil {
		g.askers[id] = &askers{connections: map[uint64]bool{}}
	}
	g.askers[id].note(e)
	c := g.repeated(i, e, open, id)
	if c == nil {
		c = &call{}
		g.calls = append(g.calls, c)
	}
	c.attempts = append(c.attempts, e)
	open = slices.DeleteFunc(open, func(o *call) bool { return o == c })
	if !accepted(e) || arrived(e) != whole {
		open = append(open, c)
	}
	g.open[id] = open[max(len(open)-maxOpen, 0):]
}

// repeated returns the call of which the exchange is another attempt, or nil:
// the one on the same connection, else with the same key, else the one that
// waits longest.
func (g *grouping) repeated(i int, e *journal.Exchange, open []*call, id string) (found *call) {
	best := -1
	for _, c := range open {
		last, likely := c.last(), 0
		if sameConnection(last, e) {
			likely += 2
		}
		if caller(last) == caller(e) {
			likely++
		}
		if likely > best && g.follows(i, e, last, id) {
			found, best = c, likely
		}
	}
	return found
}

// follows reports whether e can be the attempt behind before.
func (g *grouping) follows(i int, e, before *journal.Exchange, id string) bool {
	if arrived(before) == pending || !over(before, e) {
		return false
	}
	if caller(before) == caller(e) {
		return true
	}
	// Somebody else with the same question is not this client with another key:
	// a client that changes its key does so because of an answer, and then
	// leaves the old one alone.
	switch {
	case !told(before):
		return false
	case before.Retry == string(catalog.RetryRefreshToken):
		return true
	default:
		return origin(before) == catalog.OriginGateway && g.lastOf[id+caller(before)] < i
	}
}

// over reports whether the exchange was over, for its client, when the other
// one came. A client may know sooner than the server: of an answer that broke
// off, and of the last event of a stream.
func over(before, e *journal.Exchange) bool {
	slack := time.Duration(0)
	switch {
	case sameConnection(before, e):
		return true // One connection carries one exchange at a time.
	case arrived(before) == broken:
		slack = lateNotice
	case before.Stream:
		slack = lateEvent
	}
	return ended(before).Sub(e.Time) <= min(slack, before.Took/2)
}

func sameConnection(a, b *journal.Exchange) bool {
	return a.Connection != 0 && a.Connection == b.Connection
}

// origin returns which part of the vendor's service gives the error, or "" if
// its messages come from several.
func origin(e *journal.Exchange) catalog.Origin {
	entry, err := catalog.Resolve(e.Error, catalog.Scope{})
	if err != nil {
		return ""
	}
	from := entry.Variants[0].Origin
	for i := range entry.Variants {
		if entry.Variants[i].Origin != from {
			return ""
		}
	}
	return from
}
