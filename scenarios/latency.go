package scenarios

import (
	"math"
	"strconv"
	"time"

	"github.com/mockllm/mockllm/sentences"
)

// Latency is how long the answer waits, on the wire's own time. Its
// shorthand is a single wait: the one before the first byte.
type Latency struct {
	FirstByte  Wait `toml:"first_byte"`  // Before the status line.
	FirstFrame Wait `toml:"first_frame"` // Between the header and the first frame.
	Frame      Wait `toml:"frame"`       // Between one frame and the next.

	// TokensPerSecond waits before each frame of a stream as long as its
	// tokens take at this rate, on top of the other waits.
	TokensPerSecond Rate `toml:"tokens_per_second"`
}

// UnmarshalTOML reads the shorthand.
func (l *Latency) UnmarshalTOML(in any) error { return l.FirstByte.UnmarshalTOML(in) }

// A Rate is a positive number per second.
type Rate float64

// UnmarshalTOML reads a rate.
func (r *Rate) UnmarshalTOML(in any) error {
	v, err := number(in)
	if err != nil {
		return err
	}
	if *r = Rate(v); !(*r >= 0.001 && *r <= 1e6) {
		return sentences.Errorf("%v is out of range: a rate is from 0.001 to 1000000", in)
	}
	return nil
}

// A Wait is a duration, fixed or drawn from a distribution. Its shorthand is a
// fixed duration.
type Wait struct {
	Dist   Dist      `toml:"dist"`   // The distribution that it is drawn from.
	Min    *Duration `toml:"min"`    // Uniform: the least. Others: nothing shorter is drawn.
	Max    *Duration `toml:"max"`    // Uniform: the most. Others: nothing longer is drawn.
	Mean   *Duration `toml:"mean"`   // Normal.
	StdDev *Duration `toml:"stddev"` // Normal.
	P50    *Duration `toml:"p50"`    // Lognormal: the median. Percentiles: a point.
	P90    *Duration `toml:"p90"`    // Percentiles: a point.
	P95    *Duration `toml:"p95"`    // Percentiles: a point. Lognormal: instead of p99.
	P99    *Duration `toml:"p99"`    // Percentiles: a point. Lognormal: instead of p95.

	fixed Duration
}

// Fixed returns a wait that is always the same.
func Fixed(d time.Duration) Wait { return Wait{fixed: Duration(d)} }

// UnmarshalTOML reads the shorthand.
func (w *Wait) UnmarshalTOML(in any) error { return w.fixed.UnmarshalTOML(in) }

// A Dist is the name of a distribution.
type Dist string

// The values of [Dist].
const (
	Uniform     Dist = "uniform"
	Normal      Dist = "normal"
	Lognormal   Dist = "lognormal"
	Percentiles Dist = "percentiles"
)

// UnmarshalTOML reads the name of a distribution.
func (d *Dist) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(Uniform), string(Normal), string(Lognormal), string(Percentiles))
	*d = Dist(text)
	return err
}

// draw returns the wait that belongs to the chance u, in [0, 1): the quantile
// of the distribution. It is never negative nor longer than 30 days.
func (w *Wait) draw(u float64) Duration {
	var v float64
	switch w.Dist {
	case Uniform:
		v = float64(*w.Min) + u*float64(*w.Max-*w.Min)
	case Normal:
		v = float64(*w.Mean) + quantile(u)*float64(*w.StdDev)
	case Lognormal:
		v = float64(*w.P50) * math.Exp(w.sigma()*quantile(u))
	case Percentiles:
		v = w.percentile(u)
	default:
		return w.fixed
	}
	low, high := Duration(0), Duration(maxDuration)
	if w.Min != nil {
		low = *w.Min
	}
	if w.Max != nil {
		high = *w.Max
	}
	return min(max(Duration(min(v, float64(maxDuration))), low), high)
}

// sigma is the spread of the logarithm, from the median and a tail.
func (w *Wait) sigma() float64 {
	tail, at := w.P95, 0.95
	if w.P99 != nil {
		tail, at = w.P99, 0.99
	}
	return math.Log(float64(*tail)/float64(*w.P50)) / quantile(at)
}

// percentile goes straight from one point to the next, from the least to the
// most.
func (w *Wait) percentile(u float64) float64 {
	type point struct{ at, value float64 }
	points := []point{{0, float64(*w.Min)}}
	for _, p := range []struct {
		at    float64
		value *Duration
	}{{0.5, w.P50}, {0.9, w.P90}, {0.95, w.P95}, {0.99, w.P99}, {1, w.Max}} {
		if p.value != nil {
			points = append(points, point{p.at, float64(*p.value)})
		}
	}
	for i := 1; i < len(points); i++ {
		if a, b := points[i-1], points[i]; u < b.at || i == len(points)-1 {
			return a.value + (u-a.at)/(b.at-a.at)*(b.value-a.value)
		}
	}
	return points[0].value
}

// quantile is the inverse of the standard normal distribution.
func quantile(u float64) float64 {
	return math.Sqrt2 * math.Erfinv(2*min(max(u, 1e-12), 1-1e-12)-1)
}

// check says what is wrong with the wait.
func (w *Wait) check(path string, r *report) {
	given := map[string]bool{
		"min": w.Min != nil, "max": w.Max != nil, "mean": w.Mean != nil, "stddev": w.StdDev != nil,
		"p50": w.P50 != nil, "p90": w.P90 != nil, "p95": w.P95 != nil, "p99": w.P99 != nil,
	}
	var needs, takes []string
	switch w.Dist {
	case Uniform:
		needs = []string{"min", "max"}
	case Normal:
		needs, takes = []string{"mean", "stddev"}, []string{"min", "max"}
	case Lognormal:
		needs, takes = []string{"p50"}, []string{"p95", "p99", "min", "max"}
		if given["p95"] == given["p99"] {
			r.add(path, "a lognormal wait needs p50 and one of p95 and p99")
		}
	case Percentiles:
		needs, takes = []string{"min", "max"}, []string{"p50", "p90", "p95", "p99"}
	default:
		if *w != (Wait{fixed: w.fixed}) {
			r.add(path, `needs a dist: "uniform", "normal", "lognormal" or "percentiles"`)
		}
		return
	}
	for _, key := range needs {
		if !given[key] {
			r.add(path, "a wait of dist %s needs %s", w.Dist, key)
		}
	}
	for _, key := range sortedKeys(given) {
		if given[key] && !contains(append(needs, takes...), key) {
			r.add(path+"."+key, "does not go with dist %s", w.Dist)
		}
	}
	w.checkOrder(path, r)
}

// checkOrder wants the points to go up.
func (w *Wait) checkOrder(path string, r *report) {
	last, name := Duration(-1), ""
	for _, p := range []struct {
		name  string
		value *Duration
	}{{"min", w.Min}, {"p50", w.P50}, {"p90", w.P90}, {"p95", w.P95}, {"p99", w.P99}, {"max", w.Max}} {
		if p.value == nil {
			continue
		}
		if *p.value < last {
			r.add(path+"."+p.name, "is less than %s", name)
			return
		}
		last, name = *p.value, p.name
	}
	if w.Dist == Lognormal && w.P50 != nil && *w.P50 == 0 {
		r.add(path+".p50", "must be more than 0")
	}
}

// check says what is wrong with the latency.
func (l *Latency) check(path string, r *report) {
	l.FirstByte.check(path+".first_byte", r)
	l.FirstFrame.check(path+".first_frame", r)
	l.Frame.check(path+".frame", r)
}

// A Delay is the latency of one answer. Its draws are functions of the seed,
// the rule, the counting key and the number of the call.
type Delay struct {
	latency   *Latency
	seed      uint64
	rule, key string
	n         uint64
}

// FirstByte returns the wait before the status line.
func (d *Delay) FirstByte() Duration { return d.draw(&d.latency.FirstByte, "first_byte", 0) }

// Frame returns the wait before the i-th frame, from 0, which brings so many
// tokens.
func (d *Delay) Frame(i, tokens int) Duration {
	wait, name := &d.latency.Frame, "frame"
	if i == 0 {
		wait, name = &d.latency.FirstFrame, "first_frame"
	}
	v := d.draw(wait, name, i)
	if rate := d.latency.TokensPerSecond; rate > 0 {
		v += Duration(float64(tokens) / float64(rate) * float64(time.Second))
	}
	return v
}

func (d *Delay) draw(w *Wait, name string, i int) Duration {
	if w.Dist == "" {
		return w.fixed
	}
	return w.draw(Roll(d.seed, d.rule+"\x00"+name+"\x00"+strconv.Itoa(i), d.key, d.n))
}
