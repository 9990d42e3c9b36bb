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
		message.Break = func(n int) Frame { return responder.Event(r, m, f, status, n) }
		return message
	}
	message := Message{Entry: f.Entry, Status: sent, Header: responder.Header(r, m, f, sent, stream), Stream: stream}
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

// DeliveryOf returns the delivery in which the failure arrives.
func DeliveryOf(d catalog.Dialect, r *scenarios.Request, m Meta, f *scenarios.Failure) catalog.Delivery {
	if f.Delivery != nil && f.Delivery.Mode != "" {
		return catalog.Delivery(f.Delivery.Mode)
	}
	if r.Stream && f.Variant.Origin == catalog.OriginModel && slices.Contains(d.EventEditions, m.Edition) {
		return catalog.DeliverEvent
	}
	return catalog.DeliverStatus
}
