package responders

import (
	"cmp"
	"net/http"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// A Sample is a documented error as one dialect sends it.
type Sample struct {
	Dialect string
	Path    string // Where the error looks so, if it looks otherwise elsewhere.
	Stream  bool   // Whether the call asked for a stream.
	Message Message
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

func sample(responder Responder, e *catalog.Entry, v *catalog.Variant, edition catalog.Edition, at elsewhere, stream bool) Message {
	d := responder.Dialect()
	r := &scenarios.Request{
		Provider: d.Provider, Dialect: d.Name, Operation: cmp.Or(at.operation, d.Operations[0].Name), Path: at.path,
		Method: http.MethodPost, Header: map[string][]string{}, Stream: stream,
	}
	m := Meta{
		Entropy: [2]uint64{0x0123456789abcdef, 0xfedcba9876543210},
		Now:     time.Date(2026, time.May, 28, 8, 0, 0, 0, time.UTC), Edition: edition,
	}
	return Error(responder, r, m, &scenarios.Failure{Entry: e, Variant: v})
}
