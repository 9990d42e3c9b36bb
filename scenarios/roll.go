package scenarios

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

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
	var pcg rand.PCG
	pcg.Seed(seed, hashOf(rule, key, n))
	return pcg.Uint64()
}

// hashOf is FNV-1a of a, 0, b, 0 and n in little endian.
func hashOf(a, b string, n uint64) uint64 {
	h := fnv.New64a()
	var number [8]byte
	binary.LittleEndian.PutUint64(number[:], n)
	h.Write([]byte(a))
	h.Write([]byte{0})
	h.Write([]byte(b))
	h.Write([]byte{0})
	h.Write(number[:])
	return h.Sum64()
}
