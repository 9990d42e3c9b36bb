package metrics

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// Shared is what can be counted of a state that several servers share.
type Shared struct {
	Up      bool   // Whether it can be reached now.
	Outages uint64 // How often it could not be reached any more.
	Refused uint64 // How many times something was asked of it that it was not there for.
	Dropped uint64 // Exchanges that no other server can read.
}

// WatchShared shows what can be counted of a state that several servers share.
func (m *Metrics) WatchShared(of func() Shared) error {
	value := func(name, help string, kind prometheus.ValueType, read func(Shared) float64) prometheus.Collector {
		name, one := "mockllm_state_"+name, func() float64 { return read(of()) }
		if kind == prometheus.GaugeValue {
			return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, one)
		}
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, one)
	}
	for _, c := range []prometheus.Collector{
		value("up", "1 while the shared state can be reached, else 0.", prometheus.GaugeValue, func(s Shared) float64 {
			if s.Up {
				return 1
			}
			return 0
		}),
		value("outages_total", "How often the shared state could not be reached any more.", prometheus.CounterValue, func(s Shared) float64 { return float64(s.Outages) }),
		value("refused_total", "What was asked of the shared state while it was not there.", prometheus.CounterValue, func(s Shared) float64 { return float64(s.Refused) }),
		value("dropped_exchanges_total", "Exchanges that no other server can read.", prometheus.CounterValue, func(s Shared) float64 { return float64(s.Dropped) }),
	} {
		if err := m.registry.Register(c); err != nil {
			return fmt.Errorf("metrics watch a shared state already: %w", err)
		}
	}
	return nil
}
