package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/mockllm/mockllm"
)

// stats collects what a server counts by itself, when it is asked.
type stats struct{ read func() mockllm.Stats }

// A reading is one number of the stats.
type reading struct {
	name, help string
	kind       prometheus.ValueType
	label      string // The value of "what", if it has one.
	of         func(mockllm.Stats) float64
}

func readings() []reading {
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	const evicted = "What was forgotten to keep the bounds."
	return []reading{
		{"namespaces", "Namespaces, with the default one.", gauge, "", func(s mockllm.Stats) float64 { return float64(s.Namespaces) }},
		{"requests_open", "Requests under way; an open WebSocket is one.", gauge, "", func(s mockllm.Stats) float64 { return float64(s.Open) }},
		{"streams_open", "Streams under way, and open WebSockets.", gauge, "", func(s mockllm.Stats) float64 { return float64(s.Streams) }},
		{"journal_exchanges", "Exchanges that the journal keeps.", gauge, "", func(s mockllm.Stats) float64 { return float64(s.JournalExchanges) }},
		{"journal_bytes", "Bytes of them, more or less.", gauge, "", func(s mockllm.Stats) float64 { return float64(s.JournalBytes) }},
		{"evicted_total", evicted, counter, "exchanges", func(s mockllm.Stats) float64 { return float64(s.EvictedExchanges) }},
		{"evicted_total", evicted, counter, "records", func(s mockllm.Stats) float64 { return float64(s.EvictedRecords) }},
		{"evicted_total", evicted, counter, "namespaces", func(s mockllm.Stats) float64 { return float64(s.EvictedNamespaces) }},
	}
}

func (r *reading) desc() *prometheus.Desc {
	var labels []string
	if r.label != "" {
		labels = []string{"what"}
	}
	return prometheus.NewDesc("mockllm_"+r.name, r.help, labels, nil)
}

// Describe implements [prometheus.Collector].
func (s stats) Describe(to chan<- *prometheus.Desc) {
	for _, r := range readings() {
		if r.label == "" || r.label == "exchanges" {
			to <- r.desc()
		}
	}
}

// Collect implements [prometheus.Collector].
func (s stats) Collect(to chan<- prometheus.Metric) {
	now := s.read()
	for _, r := range readings() {
		var labels []string
		if r.label != "" {
			labels = []string{r.label}
		}
		to <- prometheus.MustNewConstMetric(r.desc(), r.kind, r.of(now), labels...)
	}
}
