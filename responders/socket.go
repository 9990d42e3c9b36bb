package responders

import (
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// A Socketed responder has calls that are made on a WebSocket.
type Socketed interface {
	Responder

	// Open begins the session of a connection that the handshake let in, and
	// returns what is said before any call. What the scenario and the records
	// tell in the handshake is renewed before each call.
	Open(in *Incoming, r *scenarios.Request, m Meta) (Session, SocketMessage)
}

// A Session is what was said so far on one connection. It never changes: what
// comes next makes the next session.
type Session interface {
	// Next reads a message of the client. If it begins a call, that wants a
	// decision and [Session.Begin]; else the message is what is answered.
	Next(f SocketFrame) (Session, *scenarios.Request, SocketMessage)

	// Begin begins a call as it was decided.
	Begin(r *scenarios.Request, m Meta, d scenarios.Decision) (Session, SocketMessage)

	// Patience returns how long the client may be silent, in vendor time, and
	// Silence what is said when it was.
	Patience() time.Duration
	Silence() SocketMessage

	// TooBig is what is said to a message that is longer than we read.
	TooBig() SocketMessage
}

// A SocketFrame is one message on a WebSocket, of either side.
type SocketFrame struct {
	Binary bool
	Data   []byte
}

// A SocketEvent is a message of the server with its part in the call.
type SocketEvent struct {
	SocketFrame
	Part   SocketPart
	Tokens int // How many tokens it brings.
	Output int // Of the end of a call that went well: how many the whole answer brings.
}

// SocketPart says what an event is in its call.
type SocketPart int

// The values of [SocketPart].
const (
	SocketAside  SocketPart = iota // Nothing that moments count.
	SocketResult                   // A piece of the result.
	SocketEnding                   // Says, in front of the end, that the result is complete.
	SocketFinish                   // The end of a call that went well.
	SocketFail                     // The end of one that did not.
)

// A SocketMessage is what the server says at once.
type SocketMessage struct {
	Events []SocketEvent
	Close  *SocketClose   // How the connection is closed behind the events; nil if it stays open.
	Entry  *catalog.Entry // The documented error that this is; nil for others.

	// Break is what is said instead of all that is behind the moment that the
	// decision names. Only the first message of a call may have one.
	Break *SocketMessage
}

// Ends reports whether the call is over with the message.
func (m SocketMessage) Ends() bool {
	if m.Close != nil {
		return true
	}
	for _, e := range m.Events {
		if e.Part == SocketFinish || e.Part == SocketFail {
			return true
		}
	}
	return false
}

// Output is how many tokens the answer brings whose end the message has.
func (m SocketMessage) Output() int {
	n := 0
	for _, e := range m.Events {
		n += e.Output
	}
	return n
}

// A SocketClose is the code and reason with which a WebSocket is closed.
type SocketClose struct {
	Code   int
	Reason string
}

// Codes with which a WebSocket is closed.
const (
	closeNormal   = 1000
	closeGoing    = 1001
	closeRefused  = 1008
	longestReason = 123 // Bytes that fit into the frame.
)

// closing closes with a reason that is cut to what fits.
func closing(code int, reason string) *SocketClose {
	if len(reason) > longestReason {
		reason = strings.ToValidUTF8(reason[:longestReason], "")
	}
	return &SocketClose{Code: code, Reason: reason}
}

// Goodbye is what a server says that goes away.
func Goodbye() SocketMessage { return SocketMessage{Close: closing(closeGoing, "")} }

// OwnSocket writes a refusal of our own, which no vendor's client can take for
// its vendor's: the body that HTTP would have, then the close of a policy.
func OwnSocket(mistake scenarios.Mistake) SocketMessage {
	body := strings.TrimSuffix(string(Own(mistake).Frames[0]), "\n")
	return SocketMessage{
		Events: []SocketEvent{{SocketFrame: SocketFrame{Data: []byte(body)}}},
		Close:  closing(closeRefused, "mockllm: "+mistake.Title.String()),
	}
}

// closeCode returns the code of an entry that is documented as the close of a
// connection, or 0.
func closeCode(e *catalog.Entry) int {
	if n, err := strconv.Atoi(e.Code); err == nil && n >= closeNormal && n < 5*closeNormal {
		return n
	}
	return 0
}

// socketDelivery is the delivery on a dialect whose calls are made on a
// WebSocket: the handshake alone has a status.
func socketDelivery(d catalog.Dialect, r *scenarios.Request, f *scenarios.Failure) catalog.Delivery {
	switch op, _ := d.Operation(r.Operation); {
	case op.Opens:
		return catalog.DeliverStatus
	case f.Delivery != nil && catalog.Delivery(f.Delivery.Mode) == catalog.DeliverMidStream:
		return catalog.DeliverMidStream
	default:
		return catalog.DeliverEvent
	}
}
