package verdict

import (
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/sentences"
)

// silenceBound is how long a client may wait while nothing comes.
const silenceBound = time.Minute

// endlessWaits finds clients that sat through a silence until somebody else
// ended it.
func endlessWaits(q *inquest) (found []Evidence) {
	for _, e := range q.all {
		if waited := q.waited(e); silent(e) && !e.ClientLeft && waited >= silenceBound {
			found = append(found, of(sentences.New("%s waited %s on a connection that was silent (%s)", describe(e), pause(waited), e.Fault), e))
		}
	}
	return found
}

// waited returns how long the client was on the exchange, as far as the journal
// knows: of one that is under way, until the last that the journal knows of.
func (q *inquest) waited(e *journal.Exchange) time.Duration {
	waited := e.Took
	if !e.Done {
		waited = q.finished.Sub(e.Time)
	}
	if q.scenario.ScaleWire {
		return q.vendor(waited)
	}
	return waited
}

// leftOpen finds exchanges that are still under way.
func leftOpen(q *inquest) (found []Evidence) {
	for _, e := range q.all {
		if !e.Done {
			found = append(found, of(sentences.New("%s was never finished", describe(e)), e))
		}
	}
	return found
}
