package metrics

import (
	"cmp"
	"fmt"
	"net/http"
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/scenarios"
)

// Metrics counts the exchanges of one server, and shows them to Prometheus. It
// is safe for use by many goroutines.
type Metrics struct {
	registry *prometheus.Registry
	handler  http.Handler
	rules    rules
	found    sync.Map // From labels to *counters.

	requests, faults, firings, received, sent *prometheus.CounterVec

	firstByte, firstByteAsked, answer, answerAsked *prometheus.HistogramVec
}

// buckets are the bounds of all durations, in seconds: from a bare answer to a
// stream that stalls.
func buckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300}
}

// New returns metrics that have counted nothing.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = m.counter("requests_total", "Calls that were answered.", "dialect", "operation", "cause", "outcome", "entry")
	m.faults = m.counter("faults_total", "Answers and connections that were damaged.", "kind")
	m.firings = m.counter("rule_firings_total", "Calls and connections for which a rule fired.", "rule")
	m.received = m.counter("received_bytes_total", "Bytes of the bodies and messages that came.", "dialect")
	m.sent = m.counter("sent_bytes_total", "Bytes of the bodies and messages that were sent.", "dialect")
	m.firstByte = m.histogram("first_byte_seconds", "From the start of an answer to its status line or first message.")
	m.firstByteAsked = m.histogram("first_byte_asked_seconds", "How long of first_byte_seconds the scenario asked for.")
	m.answer = m.histogram("answer_seconds", "From the start of an answer to its end.")
	m.answerAsked = m.histogram("answer_asked_seconds", "How long of answer_seconds the scenario asked for.")
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "mockllm_build_info", Help: "Always 1: the labels tell what runs.",
		ConstLabels: prometheus.Labels{"version": mockllm.Version(), "go_version": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, MaxRequestsInFlight: 10})
	return m
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "mockllm_" + name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) histogram(name, help string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "mockllm_" + name, Help: help, Buckets: buckets()}, []string{"dialect", "stream"})
	m.registry.MustRegister(h)
	return h
}

// Watch shows what can be counted of the server at any time, too. Metrics watch
// one server.
func (m *Metrics) Watch(s *mockllm.Server) error {
	if err := m.registry.Register(stats{s.Stats}); err != nil {
		return fmt.Errorf("metrics watch a server already: %w", err)
	}
	return nil
}

// ServeHTTP answers a scrape, in Prometheus' text format or another that it asks
// for.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.handler.ServeHTTP(w, r) }

// Observe implements [mockllm.Observer].
func (m *Metrics) Observe(o mockllm.Observation) {
	for _, rule := range o.Rules {
		m.firings.WithLabelValues(m.rules.label(rule)).Inc()
	}
	if o.Fault != "" {
		m.faults.WithLabelValues(o.Fault).Inc()
	}
	if o.Cause == connection {
		return // It never came to a call.
	}
	s := m.of(labels{cmp.Or(o.Dialect, none), cmp.Or(o.Operation, none), o.Cause, outcome(&o), cmp.Or(o.Error, none), o.Stream})
	s.requests.Inc()
	s.received.Add(float64(o.Received))
	s.sent.Add(float64(o.Sent))
	if o.Cause == string(scenarios.ByUpstream) {
		return // Nobody asked for the pace of a real server: it would hide our own.
	}
	if o.Status != 0 {
		s.firstByte().Observe(o.FirstByte.Seconds())
		s.firstByteAsked().Observe(o.FirstByteAsked.Seconds())
	}
	s.answer().Observe(o.Took.Seconds())
	s.answerAsked().Observe(o.TookAsked.Seconds())
}
