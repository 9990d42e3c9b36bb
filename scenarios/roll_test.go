package scenarios

import (
	"math"
	"testing"
)

// Recorded runs are repeated by their seed: the same numbers on every machine
// and in every release. The golden numbers were computed apart from this code,
// from the published definitions of FNV-1a and PCG-DXSM.
func TestRollIsPinned(t *testing.T) {
	for _, test := range []struct {
		seed      uint64
		rule, key string
		want      [8]float64 // For n from 1.
	}{
		{1, "rate quota", "", [8]float64{0.80979234014598, 0.34964598620837417, 0.4210260694393744, 0.364168032649538, 0.967404582507268, 0.18439245688007444, 0.36157730281542666, 0.577302858190045}},
		{42, "rate quota", "", [8]float64{0.7857976474872203, 0.6225327377887303, 0.26332058071135767, 0.68083555294, 0.8422969665562969, 0.4010397550658672, 0.1345637717972782, 0.619262115535839}},
		{42, "rate quota", "k:sk-1", [8]float64{0.4677067156713015, 0.2589748439898767, 0.4695004895937207, 0.7829596334761747, 0.10097261386649437, 0.5546248459513309, 0.27986562369565016, 0.7936426226616597}},
		{18446744073709551615, "限流", "fp", [8]float64{0.6236712248405253, 0.9721286194592749, 0.6195251328585161, 0.4475609069866595, 0.22094803915295125, 0.331583119602022, 0.37545149718878523, 0.4160216869600145}},
	} {
		for i, want := range test.want {
			if got := Roll(test.seed, test.rule, test.key, uint64(i+1)); got != want {
				t.Errorf("Roll(%d, %q, %q, %d) = %v, want %v", test.seed, test.rule, test.key, i+1, got, want)
			}
		}
	}
}

// Where rule ends and key begins matters: neighbours must not share their chance.
func TestRollTellsItsArgumentsApart(t *testing.T) {
	seen := map[float64]string{}
	for _, a := range []struct {
		seed      uint64
		rule, key string
		n         uint64
	}{
		{1, "ab", "c", 1}, {1, "a", "bc", 1}, {1, "abc", "", 1}, {1, "", "abc", 1}, {2, "ab", "c", 1}, {1, "ab", "c", 2}, {1, "ab", "c", 256}, {1, "ab", "c", 1 << 32}, {0, "", "", 0}, {math.MaxUint64, "ab", "c", math.MaxUint64},
	} {
		u := Roll(a.seed, a.rule, a.key, a.n)
		if was, ok := seen[u]; ok {
			t.Errorf("%v and %s have the same roll", a, was)
		}
		seen[u] = a.rule + "/" + a.key
	}
}

type stream struct {
	seed      uint64
	rule, key string
}

var streams = []stream{
	{1, "a", ""}, {1, "b", ""}, {2, "a", ""}, {0, "a", ""}, {math.MaxUint64, "a", ""}, {42, "rate quota", ""}, {42, "rate quota", "k:sk-1"}, {42, "rate quota", "k:sk-2"}, {1, "限流", "m:qwen-max"}, {1 << 63, "", ""},
}

const rolls = 100_000

func (s stream) draw() []float64 {
	us := make([]float64, rolls)
	for i := range us {
		us[i] = Roll(s.seed, s.rule, s.key, uint64(i+1))
	}
	return us
}

// The share of calls that fire is what the scenario says, and calls next to
// each other have nothing to do with each other.
func TestRollStatistics(t *testing.T) {
	for _, s := range streams {
		us := s.draw()
		for _, p := range []float64{0.01, 0.1, 0.3, 0.5, 0.9} {
			fired := 0
			for i, u := range us {
				if !(u >= 0 && u < 1) {
					t.Fatalf("%v: roll %d is %v, outside [0, 1)", s, i+1, u)
				}
				if u < p {
					fired++
				}
			}
			if far := (float64(fired) - rolls*p) / math.Sqrt(rolls*p*(1-p)); math.Abs(far) > 5 {
				t.Errorf("%v: %d of %d fire at p = %v: %.1f sigma from what is due", s, fired, rolls, p, far)
			}
		}
		for _, lag := range []int{1, 2, 3, 8, 256} {
			if c := correlation(us[:rolls-lag], us[lag:]); math.Abs(c) > 5/math.Sqrt(rolls) {
				t.Errorf("%v: correlation with the roll %d later is %.4f", s, lag, c)
			}
		}
	}
}

// Other seeds, rules and keys give other sequences, also if they differ in
// one bit only.
func TestRollStreamsAreIndependent(t *testing.T) {
	for i, a := range streams {
		for _, b := range streams[:i] {
			if c := correlation(a.draw(), b.draw()); math.Abs(c) > 5/math.Sqrt(rolls) {
				t.Errorf("%v and %v correlate by %.4f", a, b, c)
			}
		}
	}
}

// Across seeds, at one n: a matrix of CI jobs with seeds 1, 2, 3… must see
// different things in its first call.
func TestRollAcrossSeeds(t *testing.T) {
	us := make([]float64, rolls)
	for i := range us {
		us[i] = Roll(uint64(i), "a", "", 1)
	}
	if c := correlation(us[:rolls-1], us[1:]); math.Abs(c) > 5/math.Sqrt(rolls) {
		t.Errorf("the first rolls of neighbouring seeds correlate by %.4f", c)
	}
	mean := 0.0
	for _, u := range us {
		mean += u / rolls
	}
	if far := (mean - 0.5) * math.Sqrt(12*rolls); math.Abs(far) > 5 {
		t.Errorf("the mean over seeds is %v: %.1f sigma from 1/2", mean, far)
	}
}

func correlation(a, b []float64) float64 {
	n := float64(len(a))
	var ma, mb float64
	for i := range a {
		ma, mb = ma+a[i]/n, mb+b[i]/n
	}
	var ab, aa, bb float64
	for i := range a {
		x, y := a[i]-ma, b[i]-mb
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}

// 0 is never and 1 is always: no rounding, no off by one.
func TestProbabilityZeroAndOne(t *testing.T) {
	for p, want := range map[Probability]bool{0: false, 1: true} {
		s := &schedule{seed: 7, rule: &Rule{Name: "r", When: When{Probability: &p}}}
		for n := uint64(1); n <= rolls; n++ {
			if fires, _ := s.fires("", n); fires != want {
				t.Fatalf("p = %v: call %d fires: %v", p, n, fires)
			}
		}
	}
}
