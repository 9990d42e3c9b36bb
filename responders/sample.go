package responders

import (
	"cmp"
	"net/http"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// A Sample is a documented error as one dialect sends it.
type Sample struct {
	Dialect string
	Path    string // Where the error looks so, if it looks otherwise elsewhere.
	Stream  bool   // Whether the call asked for a stream.
	Message Message

	// Socket is what arrives instead on a WebSocket; nil of others and of a
	// handshake that is refused.
	Socket *SocketMessage
}

// Samples writes a variant of an entry on every dialect that carries it, for
// calls with and without a stream where that makes a difference. Ids and times
// in it are always the same.
func Samples(e *catalog.Entry, v *catalog.Variant, edition catalog.Edition) []Sample {
	var samples []Sample
	for _, responder := range All() {
		d := responder.Dialect()
		if !e.CarriedBy(d.Name) || !v.CarriedBy(d.Name) {
			continue
		}
		if d.Sockets {
			samples = append(samples, socketSample(e, v, edition))
			continue
		}
		plain := sample(responder, e, v, edition, elsewhere{}, false)
		samples = append(samples, Sample{Dialect: d.Name, Message: plain})
		if r, differs := responder.(pathed); differs {
			if at := r.elsewhere(e); at.path != "" {
				other := sample(responder, e, v, edition, at, false)
				samples = append(samples, Sample{Dialect: d.Name, Path: at.path, Message: other})
			}
		}
		if streamed := sample(responder, e, v, edition, elsewhere{}, true); d.Streams() && streamed.Stream {
			samples = append(samples, Sample{Dialect: d.Name, Stream: true, Message: streamed})
		}
	}
	return samples
}

// elsewhere is a call whose errors look otherwise than those of most calls.
type elsewhere struct{ operation, path string }

// A pathed responder has errors that look otherwise on some paths.
type pathed interface {
	// elsewhere returns where the error looks otherwise, if anywhere.
	elsewhere(e *catalog.Entry) elsewhere
}

// meeting returns the first operation of the dialect whose callers can meet the
// entry.
func meeting(d catalog.Dialect, e *catalog.Entry) string {
	for _, o := range d.Operations {
		if e.MetOn(o.Name) {
			return o.Name
		}
	}
	return d.Operations[0].Name
}

// socketSample writes an error as a task gets it, or the handshake.
func socketSample(e *catalog.Entry, v *catalog.Variant, edition catalog.Edition) Sample {
	d := dashScopeWS{}
	if e.Handshake {
		message := sample(d, e, v, edition, elsewhere{operation: catalog.OpHandshake, path: inferencePath}, false)
		return Sample{Dialect: d.Dialect().Name, Path: inferencePath, Message: message}
	}
	r := &scenarios.Request{Method: http.MethodPost, Path: inferencePath, Detail: taskRun{id: "2bf83b9a-baeb-4fda-8d9a-000000000000"}}
	if v.Type == "invalid_request_error" && e.Family == "websocket" {
		r.Path = realtimePath // The only one that has a type.
	}
	message := d.failed(r, Meta{Edition: edition}, &scenarios.Failure{Entry: e, Variant: v})
	return Sample{Dialect: d.Dialect().Name, Path: r.Path, Socket: &message}
}

func sample(responder Responder, e *catalog.Entry, v *catalog.Variant, edition catalog.Edition, at elsewhere, stream bool) Message {
	d := responder.Dialect()
	r := &scenarios.Request{
		Provider: d.Provider, Dialect: d.Name, Operation: cmp.Or(at.operation, meeting(d, e)), Path: at.path,
		Method: http.MethodPost, Header: map[string][]string{}, Stream: stream,
	}
	m := Meta{
		Entropy: sampleEntropy(), Now: sampleTime(), Edition: edition,
	}
	return Error(responder, r, m, &scenarios.Failure{Entry: e, Variant: v})
}
