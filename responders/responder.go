package responders

import (
	"bytes"
	"net/http"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// A Responder speaks one dialect.
type Responder interface {
	// Dialect returns which one.
	Dialect() catalog.Dialect

	// Routes returns the paths that it answers.
	Routes() []Route

	// Decode reads a request that came in on one of its routes. It never
	// fails: what the vendor would refuse stands in the result.
	Decode(in *Incoming) *scenarios.Request

	// Header returns the header of an error with that status. What a stream
	// says of itself differs from what a whole body does.
	Header(r *scenarios.Request, m Meta, f *scenarios.Failure, status int, stream bool) http.Header

	// Body writes a documented error as a whole body.
	Body(r *scenarios.Request, m Meta, f *scenarios.Failure, status int) []byte

	// Event writes a documented error as the n-th event of a stream, from 1.
	// It is not called for a dialect without streams.
	Event(r *scenarios.Request, m Meta, f *scenarios.Failure, status, n int) Frame

	// Success writes the vendor's success; reply may be nil.
	Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message
}

// All returns a responder for every dialect, in the order in which their
// routes are tried.
func All() []Responder {
	return []Responder{
		qianfanV1{}, qianfanOAuth{}, qianfanIAM{}, dashScopeNative{}, dashScopeCompatible{},
		dashScopeResponses{}, dashScopeAnthropic{}, dashScopeWS{}, qianfanV2{}, qianfanResponses{}, qianfanAnthropic{}, qianfanConsole{},
	}
}

// For returns the responder of the dialect, or nil.
func For(dialect string) Responder {
	for _, r := range All() {
		if r.Dialect().Name == dialect {
			return r
		}
	}
	return nil
}

// A Route is a path of the vendor's. Variables stand in braces, as gorilla/mux
// writes them.
type Route struct {
	Path      string
	Operation string
}

// An Incoming is a request as it came, its body read.
type Incoming struct {
	Operation string            // Of the route.
	Vars      map[string]string // Of the route's path.
	Namespace string
	Host      string // Scheme and host as the client sees them, such as "http://127.0.0.1:8080".
	Public    string // What addresses of files begin with instead; "" for the same.
	Asked     string // The error that a header asks for, if any.

	Scenario *scenarios.Scenario               // What the vendor knows of keys and models, and how it refuses; nil for nothing.
	Records  scenarios.View                    // What clients of the namespace have made; nil for nothing.
	Vendor   func(time.Duration) time.Duration // From vendor time to time on the clock; nil if they are the same.

	Method string
	Path   string // Without the query and the namespace, as sent.
	Signed string // The path as the client signs it: all that it sent.
	Query  map[string][]string
	Header http.Header
	Body   []byte
	State  BodyState
	Now    time.Time
}

// BodyState says how much of a body arrived.
type BodyState int

// The values of [BodyState].
const (
	BodyComplete BodyState = iota
	BodyTooLarge           // It is longer than the server reads.
	BodyCut                // It ended before its declared end.
)

// Meta is what an answer needs besides the request.
type Meta struct {
	Entropy [2]uint64 // Ids are made of this.
	Now     time.Time
	Edition catalog.Edition
	Records scenarios.View  // What clients of the namespace have made; never nil on a server.
	Tasks   scenarios.Tasks // How long tasks take.

	Vendor func(time.Duration) time.Duration // From vendor time to time on the clock; nil if they are the same.
	Quota  *scenarios.Quota                  // What is left of the limits per minute; nil if there are none.

	Paced bool // The frames of a stream leave one by one over time: they may be made when they are sent.
}

// onClock converts vendor time to time on the clock.
func (m Meta) onClock(d time.Duration) time.Duration {
	if m.Vendor == nil {
		return d
	}
	return m.Vendor(d)
}

// A Message is an answer in full, before anybody delays or damages it.
type Message struct {
	Status int
	Header http.Header // Names are sent as they are spelt here.
	Frames []Frame     // At most one unless Stream.
	Later  Frames      // Of a stream, instead of Frames: makes them one by one; nil in most.
	Stream bool        // Whether the frames leave one by one, in a chunked body.
	Close  bool        // Whether the connection ends with the answer.

	// Ending is how many frames at the end say that the answer ends, such as
	// those with a finish reason and the end mark; Marks is how many of them are
	// the end mark alone.
	Ending, Marks int

	// Entry is the documented error that this is; nil for others. What a look-up
	// among the records does not find is refused without a decision.
	Entry *catalog.Entry

	// Changes are to be made to the records, whether the answer arrives or not.
	Changes []scenarios.Change

	// Tokens is how many tokens each frame brings; it may be shorter. Output is
	// how many the whole answer brings.
	Tokens []int
	Output int

	// Waits is how long each frame waits behind the one before, besides what the
	// decision says; nil, as each may be, for not at all.
	Waits []*scenarios.Duration

	// Break writes the frame, the n-th from 1, that is sent instead of those
	// behind the moment that the decision names; nil in most messages.
	Break func(n int) Frame
}

// bringing notes how many tokens the answer brings.
func (m Message) bringing(u usage) Message {
	m.Output = u.completion
	return m
}

// Frames makes the frames of a stream, the same ones whenever it is asked, each
// with how many tokens it brings. A frame is good until the next one is made.
// Thousands of paced streams at once hold nothing of what they still have to say.
type Frames func(yield func(f Frame, tokens int) bool)

// spoken leaves the frames to be made when they are sent, if they leave over
// time; else they are put down.
func (m Meta) spoken(message Message) Message {
	if m.Paced {
		return message
	}
	return message.whole()
}

// whole puts the frames down.
func (m Message) whole() Message {
	for f, tokens := range m.Later {
		m.Frames, m.Tokens = append(m.Frames, bytes.Clone(f)), append(m.Tokens, tokens)
	}
	m.Later = nil
	return m
}

// A Frame is one SSE event, or the whole body of an answer that is not
// streamed.
type Frame []byte
