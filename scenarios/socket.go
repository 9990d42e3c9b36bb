package scenarios

import (
	"slices"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// On a dialect of WebSockets, the calls are made on a connection that a
// handshake opens. The handshake is an operation of its own. A rule is about it
// if its match names it, or if its error comes there; else it is about the
// calls. So the handshake counts for those rules only.

// A CloseCode is a code with which a WebSocket is closed.
type CloseCode int

// UnmarshalTOML reads a code that may be on the wire.
func (c *CloseCode) UnmarshalTOML(in any) error {
	n, ok := in.(int64)
	if !ok {
		return sentences.Errorf("must be a whole number, not %s", kindOf(in))
	}
	reserved := []int64{1004, 1005, 1006, 1015}
	if n < 1000 || n > 4999 || slices.Contains(reserved, n) {
		return sentences.Errorf("%d is no code that closes a WebSocket: it must be from 1000 to 4999, without 1004, 1005, 1006 and 1015", n)
	}
	*c = CloseCode(n)
	return nil
}

// longestReason is how many bytes of a reason fit into the frame that closes a
// WebSocket.
const longestReason = 123

// openings adds the handshakes that an error may come at, though the match
// does not name them.
func (m *Match) openings(routes map[route]bool) {
	for _, d := range catalog.Dialects() {
		for _, op := range d.Operations {
			named := *m
			named.Operation = OperationName(op.Name)
			if at := (route{d.Name, op.Name}); op.Opens && m.Operation == "" && named.routes()[at] {
				routes[at] = true
			}
		}
	}
}

// opens reports whether the outcome's error comes at the handshake.
func (o *outcome) opens(m *Match, entry *catalog.Entry) bool {
	switch {
	case o.Delivery != nil && o.Delivery.Mode != "":
		return catalog.Delivery(o.Delivery.Mode) == catalog.DeliverStatus
	case m.Operation != "":
		return m.Operation == catalog.OpHandshake
	default:
		return entry.Handshake
	}
}

// A miss is why an outcome is not about a route, under the key that says so.
type miss struct {
	key  string
	why  sentences.Sentence
	weak bool // Another route's reason tells more.
}

// narrowSocket takes away the handshakes and the calls on WebSockets on which
// the outcome cannot arrive. It says why if nothing else is left.
func narrowSocket(path string, rule *Rule, o *outcome, r *report) {
	narrowRoutes(path, rule, r, func(d catalog.Dialect, at route) miss { return o.missesSocket(d, at, rule) })
}

// narrowFault takes away where a fault cannot strike.
func narrowFault(path string, rule *Rule, f *Fault, r *report) {
	if f == nil {
		return
	}
	narrowRoutes(path, rule, r, func(d catalog.Dialect, at route) miss {
		return miss{key: "fault", why: f.missesSocket(d, at.operationOf().Opens)}
	})
}

// narrowRoutes takes away the routes that are missed, and reports why if none
// is left.
func narrowRoutes(path string, rule *Rule, r *report, misses func(catalog.Dialect, route) miss) {
	if len(rule.routes) == 0 {
		return // That has been told.
	}
	told := miss{weak: true}
	for at := range rule.routes {
		d, _ := catalog.DialectNamed(at.dialect)
		m := misses(d, at)
		if m.why.Form == "" {
			continue
		}
		delete(rule.routes, at)
		if told.weak && !m.weak || told.weak == m.weak && m.why.String() > told.why.String() { // The same in each run.
			told = m
		}
	}
	if len(rule.routes) == 0 {
		r.add(path+"."+told.key, "%s", told.why)
	}
}

// missesSocket says why the outcome is not about the route; the zero miss if
// it is.
func (o *outcome) missesSocket(d catalog.Dialect, at route, rule *Rule) miss {
	opening := at.operationOf().Opens
	if !d.Sockets {
		return miss{}
	}
	switch {
	case o.Raw != nil && !opening:
		return miss{key: "raw", why: sentences.New(`on %s, only the handshake has an answer that can be written out: match.operation = "%s"`, d.Name, catalog.OpHandshake)}
	case o.entry == nil && opening && rule.Match.Operation == "":
		return miss{key: "match", why: sentences.New("a handshake is no call"), weak: true}
	case o.entry == nil:
		return miss{}
	case opening != o.opens(&rule.Match, o.entry):
		return miss{key: o.way(), why: sentences.New(`on %s, an error with a status comes at the handshake, which is the operation "%s"; in a call it is an event`, d.Name, catalog.OpHandshake), weak: true}
	case opening && o.Status == 0 && o.variants[d.Name].StatusOn(d, catalog.EditionSeed) < 200:
		return miss{key: "error", why: sentences.New("the handshake is refused with a status, which %s does not have: give one as status", o.entry.ID())}
	case !opening && o.Status != 0:
		return miss{key: "status", why: sentences.New("a call on a WebSocket has no status")}
	case !opening && o.RetryAfter != nil:
		return miss{key: "retry_after", why: sentences.New("a call on a WebSocket has no header")}
	}
	return miss{}
}

// way returns the key that decides in which way the error arrives.
func (o *Outcome) way() string {
	if o.Delivery != nil {
		return "delivery"
	}
	return "error"
}

// missesSocket says why the fault cannot strike a handshake or a call on a
// WebSocket, or why it can strike nothing else; or nothing.
func (f *Fault) missesSocket(d catalog.Dialect, opening bool) sentences.Sentence {
	t := faults[f.Kind]
	switch {
	case !d.Sockets && t.socketOnly:
		return sentences.New("a fault of kind %s is for calls on a WebSocket", f.Kind)
	case d.Sockets && opening && (!t.opening || f.Given()):
		return sentences.New("a handshake has no fault of kind %s with such a moment; it has empty, garbage, gateway-html, hang and reset, at once", f.Kind)
	case d.Sockets && !opening && !t.socket:
		return sentences.New("there is no fault of kind %s on a WebSocket", f.Kind)
	case d.Sockets && !opening && f.KeepAlive != nil:
		return sentences.New("a WebSocket has no comments: keep_alive is for streams of HTTP")
	case d.Sockets && !opening && f.halves() && f.After == nil:
		return sentences.Sentence{}
	case d.Sockets && !opening && f.Moment.missesSocket(d).Form != "":
		return sentences.New("%s; cut, reset and stall may strike inside one, with after_bytes, inside-rune or inside-string", f.Moment.missesSocket(d))
	}
	return sentences.Sentence{}
}

// halves reports whether the fault may strike inside a message: what comes
// behind it is no message any more.
func (f *Fault) halves() bool {
	return f.Kind == FaultReset || f.Kind == FaultStall || f.Kind == FaultCut
}

// missesSocket says why the moment is none on a WebSocket, or nothing.
func (m *Moment) missesSocket(d catalog.Dialect) sentences.Sentence {
	if d.Sockets && (m.AfterBytes != nil || m.After != nil || m.At.Inside()) {
		return sentences.New("%s has messages: a moment there is after_frames, or at with a place between messages", d.Name)
	}
	return sentences.Sentence{}
}

// checkClose looks at the keys of ws-close.
func (f *Fault) checkClose(path string, r *report) {
	if len(f.Reason) > longestReason {
		r.add(path+".reason", "must have at most %d bytes", longestReason)
	}
	if f.Kind == FaultWSClose && f.Code == 0 {
		r.add(path, "a fault of kind %s needs a code", f.Kind)
	}
}
