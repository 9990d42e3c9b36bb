package responders

import (
	"hash/fnv"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// embedding returns a vector of length 1, a function of the text alone. Texts
// that share words, characters or pairs of characters lie closer together, so
// that a search over such vectors finds what it should.
//
// Each feature of the text changes a few places only, so that the work grows
// with the text or with the dimensions, never with both. Features are added in
// their alphabetical order, as sums of broken numbers depend on it.
func embedding(text string, dimensions int) []float64 {
	const (
		places = 8    // How many places a feature changes.
		noise  = 0.02 // No place of a real vector is 0.
	)
	v := make([]float64, max(dimensions, 0))
	if len(v) == 0 {
		return v
	}
	found := features(text)
	for _, f := range slices.Sorted(maps.Keys(found)) {
		chance := rand.New(rand.NewPCG(hashed(f), 0))
		weight := float64(found[f]) / wordWeight
		for range places {
			v[chance.IntN(len(v))] += weight * (chance.Float64()*2 - 1)
		}
	}
	chance := rand.New(rand.NewPCG(hashed(text), 1))
	for i := range v {
		v[i] += noise * (chance.Float64()*2 - 1)
	}
	return unit(v)
}

// unit scales the vector to length 1 and rounds it to what a vendor prints.
func unit(v []float64) []float64 {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	if sum == 0 {
		v[0], sum = 1, 1
	}
	const digits = 1e8
	for i, x := range v {
		v[i] = math.Round(x/math.Sqrt(sum)*digits)/digits + 0 // No negative zero.
	}
	return v
}

func hashed(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64()
}

// How much a word counts, and a pair of characters. They are whole numbers, so
// that sums of them are the same in any order.
const (
	wordWeight = 5
	pairWeight = 2
)

// features returns what texts are compared by, and how much it counts: words,
// Han characters, and pairs of neighbouring characters within both. Case and
// marks make no difference.
func features(text string) map[string]int {
	found := map[string]int{}
	for _, run := range strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c)
	}) {
		characters := []rune(run)
		start := 0
		for i, c := range characters {
			if i > 0 {
				found["\x00"+string(characters[i-1:i+1])] = pairWeight
			}
			if isHan(c) {
				found[string(c)] = wordWeight
				start = i + 1
			} else if i+1 == len(characters) || isHan(characters[i+1]) {
				found[string(characters[start:i+1])] = wordWeight
			}
		}
	}
	return found
}

// floats writes a vector as JSON.
func floats(v []float64) []byte {
	b := append(make([]byte, 0, 13*len(v)+2), '[')
	for i, x := range v {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendFloat(b, x)
	}
	return append(b, ']')
}

// appendFloat appends a number as JSON, without an exponent: no vendor's
// capture shows one.
func appendFloat(b []byte, v float64) []byte { return strconv.AppendFloat(b, v, 'f', -1, 64) }
