package admin

import (
	"encoding/json"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// A sample is a documented error as one dialect sends it.
type sample struct {
	Dialect    string `json:"dialect"`
	Delivery   string `json:"delivery,omitempty"` // In which way; none where there is but one.
	Path       string `json:"path,omitempty"`     // Where it looks so, if it looks otherwise elsewhere.
	Variant    int    `json:"variant"`            // Which message, from 1.
	Transcript string `json:"transcript"`         // As curl -i prints it.
}

// samplesOf writes an entry in all ways in which it can arrive: the message of
// that number, or with 0 the one that each dialect sends unless asked.
func samplesOf(e *catalog.Entry, variant int, edition catalog.Edition) []sample {
	samples := []sample{}
	if e.ClientSide != "" {
		return samples
	}
	for _, responder := range responders.All() {
		d := responder.Dialect()
		if !e.CarriedBy(d.Name) {
			continue
		}
		for _, mode := range d.Deliveries {
			v := variantFor(e, variant, d.Name, mode)
			if v == nil || d.Sockets || !arrives(e, v, d.Name, mode) {
				continue
			}
			if m, shown := responders.Delivered(d.Name, e, v, edition, mode); shown {
				samples = append(samples, sample{
					Dialect: d.Name, Delivery: string(mode), Variant: numberOf(e, v), Transcript: transcript(play.Plan(m, midStream(e, v, mode), nil)),
				})
			}
		}
		samples = append(samples, elsewhere(e, variant, d, edition)...)
	}
	return samples
}

// elsewhere writes what does not differ by delivery: errors on a WebSocket, and
// on paths where they look otherwise.
func elsewhere(e *catalog.Entry, variant int, d catalog.Dialect, edition catalog.Edition) (samples []sample) {
	v := variantFor(e, variant, d.Name, catalog.DeliverStatus)
	if v == nil {
		return nil
	}
	for _, s := range responders.Samples(e, v, edition) {
		if s.Dialect != d.Name || s.Path == "" {
			continue
		}
		script := play.Plan(s.Message, scenarios.Decision{}, nil)
		if s.Socket != nil {
			script, _ = play.PlanSocket(scenarios.Decision{}, nil).Plan(*s.Socket)
		}
		samples = append(samples, sample{Dialect: d.Name, Path: s.Path, Variant: numberOf(e, v), Transcript: transcript(script)})
	}
	return samples
}

func transcript(s play.Script) string { return string(s.Transcript()) }

// midStream is the decision that breaks a stream; of other deliveries it is
// nothing.
func midStream(e *catalog.Entry, v *catalog.Variant, mode catalog.Delivery) scenarios.Decision {
	if mode != catalog.DeliverMidStream {
		return scenarios.Decision{}
	}
	return scenarios.Decision{Failure: &scenarios.Failure{Entry: e, Variant: v, Delivery: &scenarios.Delivery{Mode: scenarios.DeliveryMode(mode)}}}
}

// variantFor picks the message; nil if the dialect does not carry it.
func variantFor(e *catalog.Entry, variant int, dialect string, mode catalog.Delivery) *catalog.Variant {
	switch {
	case variant > 0 && !e.Variants[variant-1].CarriedBy(dialect):
		return nil
	case variant > 0:
		return &e.Variants[variant-1]
	case mode == catalog.DeliverMidStream:
		return e.MidStreamVariant(dialect)
	default:
		return e.Variant(dialect)
	}
}

func numberOf(e *catalog.Entry, v *catalog.Variant) int {
	for i := range e.Variants {
		if v == &e.Variants[i] {
			return i + 1
		}
	}
	return 0
}

// arrives reports whether the error can be thrown so: what is shown is what
// can be had.
func arrives(e *catalog.Entry, v *catalog.Variant, dialect string, mode catalog.Delivery) bool {
	shot, err := json.Marshal(map[string]any{
		"error": e.ID(), "variant": numberOf(e, v), "delivery": string(mode), "match": map[string]any{"dialect": dialect},
	})
	if err == nil {
		_, err = scenarios.ReadShot(shot)
	}
	return err == nil
}

// errNoVariant says which messages there are.
func errNoVariant(e *catalog.Entry) error {
	return sentences.Errorf("%s has messages 1 to %d", e.ID(), len(e.Variants))
}
