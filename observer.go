package mockllm

import (
	"errors"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
)

// An Observer is told of every exchange that is over, such as the one of
// package metrics. It is called by many goroutines at once, and each waits until
// it returns.
type Observer interface {
	Observe(Observation)
}

// An Observation is what can be counted of one exchange, in the words of the
// journal. Nothing in it was chosen by the caller, but for its choice among what
// the catalogue and the scenario name.
type Observation struct {
	Dialect, Operation string   // Empty where no vendor has the path, and of connections.
	Stream             bool     // Whether a stream was asked for.
	Cause              string   // Which part of the order of things answered.
	Error              string   // The id of the documented error sent, if any.
	Fault              string   // The kind of damage, to the answer or to the connection, if any.
	Refused            bool     // The answer is a refusal of our own.
	Rules              []string // The names of those that fired, in file order.

	Status         int           // 0 if no status line was sent.
	FirstByte      time.Duration // Until the status line, if one was sent,
	FirstByteAsked time.Duration // and how long of it the scenario asked for.
	Took           time.Duration // The whole answer,
	TookAsked      time.Duration // and how long of it the scenario asked for.

	Received, Sent int64 // Bytes of bodies, and of messages on a WebSocket.
	ClientLeft     bool  // The client went away before the end.
	Failed         bool  // Something else broke the answer off.
}

// WithObserver tells the observer of every exchange that is over.
func WithObserver(o Observer) Option {
	return func(c *config) error {
		if o == nil {
			return errors.New("observer is nil")
		}
		c.observer = o
		return nil
	}
}

// observe tells the observer of an exchange, if there is one.
func (s *Server) observe(e *journal.Exchange, asked play.Waits, received int64) {
	if s.observer == nil {
		return
	}
	o := Observation{
		Dialect: e.Dialect, Operation: e.Operation, Stream: e.Stream, Cause: e.Cause, Error: e.Error, Fault: e.Fault, Refused: e.Problem != "",
		Status: e.Status, FirstByte: e.FirstByte, FirstByteAsked: asked.FirstByte, Took: e.Took, TookAsked: asked.All,
		Received: received, Sent: e.SentBytes, ClientLeft: e.ClientLeft, Failed: e.Failed != "",
	}
	for _, f := range e.Rules {
		o.Rules = append(o.Rules, f.Rule)
	}
	s.observer.Observe(o)
}

// Stats are what can be counted of a server at any time.
type Stats struct {
	Namespaces int // With the default one.
	Open       int // Exchanges under way; an open WebSocket is one.
	Streams    int // Streams among the answers under way, and open WebSockets.

	JournalExchanges int   // What the journal keeps,
	JournalBytes     int64 // more or less.

	// What was forgotten to keep the bounds, since the server was made.
	EvictedExchanges, EvictedRecords, EvictedNamespaces uint64
}

// Stats returns what can be counted of the server now.
func (s *Server) Stats() Stats {
	stats := Stats{Streams: int(s.streams.Load()), EvictedRecords: s.forgotten.Load(), EvictedNamespaces: s.vanished.Load()}
	stats.Namespaces, stats.Open = s.worlds.count()
	stats.JournalExchanges, stats.JournalBytes, stats.EvictedExchanges = s.journal.Kept()
	return stats
}
