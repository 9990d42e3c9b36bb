package scenarios

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"
)

// waitOf loads a rule with this wait before the first byte.
func waitOf(t *testing.T, wait string) *Delay {
	t.Helper()
	s, err := Load("x.toml", []byte("seed = 7\n[[rule]]\nname = \"r\"\nlatency = { first_byte = "+wait+" }"))
	if err != nil {
		t.Fatal(err)
	}
	return &Delay{latency: s.Rules[0].Latency, seed: *s.Seed, rule: "r"}
}

// TestWaitsFollowTheirDistribution compares 20,000 draws with the distribution
// asked for: the largest distance of the two cumulative functions must lie below
// the bound that a true sample exceeds once in ten million (Kolmogorov–Smirnov).
func TestWaitsFollowTheirDistribution(t *testing.T) {
	const n = 20_000
	bound := math.Sqrt(-math.Log(0.5e-7)/2) / math.Sqrt(n)
	ms := func(d Duration) float64 { return float64(d) / float64(time.Millisecond) }
	phi := func(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }
	for wait, below := range map[string]func(x float64) float64{
		`{ dist = "uniform", min = "100ms", max = "300ms" }`:                   func(x float64) float64 { return (x - 100) / 200 },
		`{ dist = "normal", mean = "500ms", stddev = "20ms" }`:                 func(x float64) float64 { return phi((x - 500) / 20) },
		`{ dist = "lognormal", p50 = "100ms", p95 = "400ms" }`:                 func(x float64) float64 { return phi(math.Log(x/100) / (math.Log(4) / 1.6448536)) },
		`{ dist = "percentiles", min = "0s", p50 = "100ms", max = "1s" }`:      twoLines(0, 100, 1000),
		`{ dist = "percentiles", min = "10ms", p50 = "110ms", max = "210ms" }`: twoLines(10, 110, 210),
	} {
		d := waitOf(t, wait)
		draws := make([]float64, n)
		for i := range draws {
			d.n = uint64(i + 1)
			draws[i] = ms(d.FirstByte())
		}
		slices.Sort(draws)
		worst := 0.0
		for i, x := range draws {
			p := below(x)
			worst = max(worst, math.Abs(p-float64(i)/n), math.Abs(p-float64(i+1)/n))
		}
		if worst > bound {
			t.Errorf("%s: the distance is %.4f, the bound %.4f", wait, worst, bound)
		}
	}
}

// twoLines is the distribution whose median is p50, with straight lines to both
// ends.
func twoLines(least, p50, most float64) func(float64) float64 {
	return func(x float64) float64 {
		if x < p50 {
			return 0.5 * (x - least) / (p50 - least)
		}
		return 0.5 + 0.5*(x-p50)/(most-p50)
	}
}

// TestFirstWaits pins the first draws: they must be the same on every machine
// and in every release.
func TestFirstWaits(t *testing.T) {
	d := waitOf(t, `{ dist = "lognormal", p50 = "100ms", p99 = "1s", max = "5s" }`)
	var got []string
	for n := range uint64(5) {
		d.n = n + 1
		got = append(got, time.Duration(d.FirstByte()).Round(time.Microsecond).String())
	}
	if want := "[121.622ms 26.08ms 259.925ms 77.027ms 23.569ms]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// TestWaitsDiffer draws for every place of an answer by itself.
func TestWaitsDiffer(t *testing.T) {
	s, err := Load("x.toml", []byte(`
		[[rule]]
		name = "r"
		[rule.latency]
		first_byte        = { dist = "uniform", min = "0s", max = "1s" }
		first_frame       = { dist = "uniform", min = "0s", max = "1s" }
		frame             = { dist = "uniform", min = "0s", max = "1s" }
		tokens_per_second = 10`))
	if err != nil {
		t.Fatal(err)
	}
	d := &Delay{latency: s.Rules[0].Latency, seed: 1, rule: "r", n: 1}
	seen := map[Duration]bool{d.FirstByte(): true}
	for i := range 20 {
		seen[d.Frame(i, 0)] = true
	}
	if len(seen) != 21 {
		t.Errorf("%d different waits of 21", len(seen))
	}
	if got := d.Frame(3, 25) - d.Frame(3, 0); time.Duration(got) != 2500*time.Millisecond {
		t.Errorf("25 tokens at 10 per second take %v", time.Duration(got))
	}
	if first, second := d.Frame(3, 0), d.Frame(3, 0); first != second {
		t.Error("the same wait is drawn differently")
	}
}

// TestWaitBounds holds that nothing negative or endless is ever drawn.
func TestWaitBounds(t *testing.T) {
	for _, wait := range []string{
		`{ dist = "normal", mean = "10ms", stddev = "10s" }`,
		`{ dist = "lognormal", p50 = "1s", p95 = "700h" }`,
		`{ dist = "normal", mean = "10ms", stddev = "10s", min = "5ms", max = "20ms" }`,
	} {
		d := waitOf(t, wait)
		for _, u := range []float64{0, 1e-300, 0.5, 1 - 1e-16, math.Nextafter(1, 0)} {
			w := d.latency.FirstByte.draw(u)
			if w < 0 || time.Duration(w) > maxDuration {
				t.Errorf("%s: u = %v gives %v", wait, u, time.Duration(w))
			}
			if lo, hi := d.latency.FirstByte.Min, d.latency.FirstByte.Max; lo != nil && (w < *lo || w > *hi) {
				t.Errorf("%s: u = %v gives %v, outside its bounds", wait, u, time.Duration(w))
			}
		}
	}
}
