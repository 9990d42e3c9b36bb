package responders

import (
	"net/http"
	"slices"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Error writes a documented error in the delivery that the failure asks for,
// else in the one that is usual for the dialect, the error's origin and the
// edition.
func Error(responder Responder, r *scenarios.Request, m Meta, f *scenarios.Failure) Message {
	d := responder.Dialect()
	status := statusOf(responder, r, m, f)
	mode := DeliveryOf(d, r, m, f)
	sent, stream := status, false
	switch mode {
	case catalog.DeliverFramed:
		stream = true
	case catalog.DeliverBody:
		sent = http.StatusOK
	case catalog.DeliverEvent:
		sent, stream = http.StatusOK, true
	case catalog.DeliverMidStream:
		message := responder.Success(r, m, nil)
		if message.Entry != nil {
			return message // It ended before its middle: a look-up found nothing.
		}
		message.Changes = nil // Nothing is kept of what fails.
		message.Break = func(n int) Frame { return responder.Event(r, m, f, status, n) }
		return message
	case catalog.DeliverTask:
		return responder.(tasker).TaskThatFails(r, m, f)
	}
	message := Message{Entry: f.Entry, Status: sent, Header: responder.Header(r, m, f, sent, stream), Stream: stream}
	if keeps, is := responder.(keeper); is {
		message.Changes = keeps.Kept(r, m, f)
	}
	retryAfter(message.Header, f)
	if stream {
		message.Frames = []Frame{responder.Event(r, m, f, status, 1)}
	} else {
		message.Frames = []Frame{responder.Body(r, m, f, status)}
	}
	return message
}

// A statuser has errors whose status depends on what was called.
type statuser interface {
	// Status returns the status that the error has there, or 0 if it has its
	// own.
	Status(r *scenarios.Request, f *scenarios.Failure) int
}

// A tasker has calls that make tasks.
type tasker interface {
	// TaskThatFails writes the success of a call whose task fails later.
	TaskThatFails(r *scenarios.Request, m Meta, f *scenarios.Failure) Message
}

// A keeper has errors that something is kept of.
type keeper interface {
	// Kept returns the changes to the records that an error makes; nil in most.
	Kept(r *scenarios.Request, m Meta, f *scenarios.Failure) []scenarios.Change
}

// DeliveryOf returns the delivery in which the failure arrives.
func DeliveryOf(d catalog.Dialect, r *scenarios.Request, m Meta, f *scenarios.Failure) catalog.Delivery {
	if d.Sockets {
		return socketDelivery(d, r, f)
	}
	if f.Delivery != nil && f.Delivery.Mode != "" {
		return catalog.Delivery(f.Delivery.Mode)
	}
	if r.Stream && f.Variant.Origin == catalog.OriginModel && slices.Contains(d.EventEditions, m.Edition) {
		return catalog.DeliverEvent
	}
	if r.Task && f.Variant.Origin == catalog.OriginTask && !refusesCall(f) {
		return catalog.DeliverTask
	}
	return catalog.DeliverStatus
}

// refusesCall reports whether a scenario says something of an error that only
// the refusal of a call has.
func refusesCall(f *scenarios.Failure) bool {
	return f.Status != 0 || f.RetryAfter != nil || f.Shape() != ""
}

// failureOf resolves a refusal that only shows when the call is done. It
// panics where there is no such error, which a test of every call rules out.
func failureOf(refused *scenarios.Refusal, dialect string) *scenarios.Failure {
	e, err := catalog.Resolve(refused.ID, catalog.Scope{Dialects: []string{dialect}})
	if err != nil {
		panic(err)
	}
	v := e.Variant(dialect)
	if refused.Variant != "" {
		v = e.FindVariant(refused.Variant, dialect)
	}
	return &scenarios.Failure{Entry: e, Variant: v, Args: refused.Args}
}
