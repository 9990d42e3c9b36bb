package main

import (
	"fmt"
	"slices"
	"time"
)

// A contestant is a server with the calls that it gets.
type contestant struct {
	name     string
	server   *server
	calls    []call
	status   int
	load     *load
	slices   []float64 // Answers per second.
	cpu      time.Duration
	answered float64
}

// connections is how many the load client has to each server.
const connections = 32

// contest lets the contestants take turns and returns the median of what each
// answers in a second.
func (p plan) contest(all ...*contestant) error {
	for _, c := range all {
		var requests [][]byte
		for _, one := range c.calls {
			requests = append(requests, one.request(c.server.address))
		}
		l, err := newLoad(c.server.address, connections, c.status, requests)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		defer l.close()
		c.load = l
	}
	for turn := -1; turn < p.turns; turn++ { // The first one warms up.
		for i := range all {
			c := all[(i+max(turn, 0))%len(all)] // Nobody is always first.
			if err := c.turn(p.slice, turn >= 0); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

func (c *contestant) turn(slice time.Duration, counts bool) error {
	before := c.server.cpu()
	rate, err := c.load.run(slice)
	if err == nil && counts {
		c.slices = append(c.slices, rate)
		c.answered += rate * slice.Seconds()
		c.cpu += c.server.cpu() - before
	}
	return err
}

// rate is the median of the turns.
func (c *contestant) rate() float64 { return median(c.slices) }

// perCall is how much processor time the server took for one answer, the
// kernel's part of it included.
func (c *contestant) perCall() time.Duration {
	return time.Duration(float64(c.cpu) / max(c.answered, 1))
}

// against is the median over the turns of how the two compare in each: what
// disturbs a turn disturbs both.
func (c *contestant) against(other *contestant) float64 {
	ratios := make([]float64, min(len(c.slices), len(other.slices)))
	for i := range ratios {
		ratios[i] = c.slices[i] / other.slices[i]
	}
	return median(ratios)
}

func median[T float64 | time.Duration | int64](values []T) T { return quantile(values, 0.5) }

// quantile returns the value below which that share of the values lies; it
// brings them in order.
func quantile[T float64 | time.Duration | int64](values []T, share float64) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}
