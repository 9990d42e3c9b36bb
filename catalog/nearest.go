package catalog

import (
	"strings"

	"github.com/mockllm/mockllm/sentences"
)

// Nearest returns the candidate that the word was probably meant to be, or ""
// if none is near: at most a third of the letters may differ, whatever their
// case. Of two that are as near, the one that begins alike for longer wins.
func Nearest(word string, candidates []string) string {
	word = strings.ToLower(word)
	letters := len([]rune(word))
	best, bestDistance, bestCommon := "", letters/3+1, -1
	for _, c := range candidates {
		if n := letters - len([]rune(c)); max(n, -n) > bestDistance {
			continue // The lengths alone differ by more.
		}
		lower := strings.ToLower(c)
		d, common := distance(word, lower), commonPrefix(word, lower)
		if d < bestDistance || d == bestDistance && best != "" && common > bestCommon {
			best, bestDistance, bestCommon = c, d, common
		}
	}
	return best
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// DidYouMean returns `; did you mean "…"?` for the nearest candidate, or the zero
// sentence.
func DidYouMean(word string, candidates []string) sentences.Sentence {
	return didYouMean(Nearest(word, candidates))
}

func didYouMean(nearest string) sentences.Sentence {
	if nearest == "" {
		return sentences.Sentence{}
	}
	return sentences.New("; did you mean %q?", nearest)
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	rows := [3][]int{make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(s); i++ {
		before, above, row := rows[0], rows[1], rows[2]
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		rows = [3][]int{above, row, before}
	}
	return rows[1][len(t)]
}

// List writes words for a message: with commas between, or "none".
func List[S ~string](words []S) string {
	if len(words) == 0 {
		return "none"
	}
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
