package responders

import (
	"cmp"
	"math"
	"slices"
)

// ranked is a document's place among those that were compared with a query.
type ranked struct {
	index int // In the request.
	score float64
}

// relevance says how well a document fits a query, from 0 to 1: above all how
// much of the query stands in it, and a little how much of it the query is.
func relevance(query, document string) float64 { return fit(features(query), document) }

// fit adds up whole numbers: they come in the random order of maps, in which
// the sum of broken ones differs from call to call.
func fit(query map[string]int, document string) float64 {
	var asked, shared, all int
	for _, weight := range query {
		asked += weight
	}
	for f, weight := range features(document) {
		all += weight
		if _, found := query[f]; found {
			shared += weight
		}
	}
	if asked == 0 || all == 0 {
		return 0
	}
	const digits = 1e6
	score := 0.8*float64(shared)/float64(asked) + 0.2*float64(shared)/float64(asked+all-shared)
	return math.Round(min(score, 1)*digits) / digits
}

// rank sorts documents by how well they fit the query, the best first; equal
// ones stay in order.
func rank(query string, documents []string) []ranked {
	asked := features(query)
	out := make([]ranked, len(documents))
	for i, document := range documents {
		out[i] = ranked{index: i, score: fit(asked, document)}
	}
	slices.SortStableFunc(out, func(a, b ranked) int { return cmp.Compare(b.score, a.score) })
	return out
}
