package metrics

import (
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// labels are those of an exchange. There are as many as the catalogue and
// the code know.
type labels struct {
	dialect, operation, cause, outcome, entry string
	stream                                    bool
}

// counters are what counts the exchanges of some labels. Each is looked up once: to
// find them by their labels costs more than to count.
type counters struct {
	requests, received, sent prometheus.Counter

	// Not there before the first answer whose pace is ours.
	firstByte, firstByteAsked, answer, answerAsked func() prometheus.Observer
}

// of returns what counts exchanges of these labels.
func (m *Metrics) of(s labels) *counters {
	if c, found := m.found.Load(s); found {
		return c.(*counters)
	}
	stream := strconv.FormatBool(s.stream)
	once := func(of *prometheus.HistogramVec) func() prometheus.Observer {
		return sync.OnceValue(func() prometheus.Observer { return of.WithLabelValues(s.dialect, stream) })
	}
	c, _ := m.found.LoadOrStore(s, &counters{
		requests: m.requests.WithLabelValues(s.dialect, s.operation, s.cause, s.outcome, s.entry),
		received: m.received.WithLabelValues(s.dialect), sent: m.sent.WithLabelValues(s.dialect),
		firstByte: once(m.firstByte), firstByteAsked: once(m.firstByteAsked),
		answer: once(m.answer), answerAsked: once(m.answerAsked),
	})
	return c.(*counters)
}
