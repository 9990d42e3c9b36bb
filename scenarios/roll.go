package scenarios

import "math/rand/v2"

// Roll returns the chance of the n-th call that a rule matches, in [0, 1): a
// pure function of its arguments, the same on every machine and in every
// release. The key is the counting key of `per`; it is empty for
// `per = "namespace"`, so that a test sees the same in any namespace.
func Roll(seed uint64, rule, key string, n uint64) float64 {
	return float64(draw(seed, rule, key, n)>>11) / (1 << 53)
}

// draw mixes its arguments into 64 bits: PCG-DXSM, seeded with the seed and a
// hash of the rest, and its first output.
func draw(seed uint64, rule, key string, n uint64) uint64 {
	return first(seed, hashOf(rule, key, n))
}

// first is the first output of PCG-DXSM.
func first(seed, stream uint64) uint64 {
	var pcg rand.PCG
	pcg.Seed(seed, stream)
	return pcg.Uint64()
}

// hashOf is FNV-1a of a, 0, b, 0 and n in little endian.
func hashOf(a, b string, n uint64) uint64 {
	return fnv1a(offset64).text(a).zero().text(b).zero().number(n)
}

// fnv1a is a hash so far. That of package hash/fnv takes bytes, and so copies
// of the texts.
type fnv1a uint64

const (
	offset64 fnv1a = 14695981039346656037
	prime64  fnv1a = 1099511628211
)

func (h fnv1a) text(s string) fnv1a {
	for i := range len(s) {
		h = (h ^ fnv1a(s[i])) * prime64
	}
	return h
}

func (h fnv1a) zero() fnv1a { return h * prime64 }

func (h fnv1a) number(n uint64) uint64 {
	for range 8 {
		h = (h ^ fnv1a(n&0xff)) * prime64
		n >>= 8
	}
	return uint64(h)
}
