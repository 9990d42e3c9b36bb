package journal

import (
	"cmp"
	"slices"
	"strings"
)

// A span is a part of a text that is a secret.
type span struct {
	from, to int
	shown    string // What is shown instead.
}

// cover returns text[from:to] with its secrets hidden. The spans ascend and do
// not overlap. Of a secret that is cut by the bounds nothing is shown.
func cover(text string, secrets []span, from, to int) string {
	var b strings.Builder
	at := from
	for _, s := range secrets {
		if s.to <= at || s.from >= to {
			continue
		}
		if s.from < from || s.to > to {
			s.shown = "***"
		}
		b.WriteString(text[at:max(s.from, at)])
		b.WriteString(s.shown)
		at = min(s.to, to)
	}
	if at == from {
		return text[from:to]
	}
	b.WriteString(text[at:to])
	return b.String()
}

// shortestKnown is how long a known secret is at least for which any text is
// searched: short ones are words that stand everywhere. It is also how long one
// must be so that a part of it is shown.
const shortestKnown = 12

// shortestPart is how much of a known secret must stand at the end of a text,
// where the rest may be cut off, to be taken for it.
const shortestPart = 6

// mentions finds where a text quotes secrets that are known in full.
func mentions(text string, known []string) []span {
	var found []span
	end := strings.TrimSuffix(text, "…") // It may have been shortened.
	for _, secret := range known {
		for at := 0; ; {
			i := strings.Index(text[at:], secret)
			if i < 0 {
				break
			}
			found = append(found, span{at + i, at + i + len(secret), RedactKey(secret)})
			at += i + len(secret)
		}
		for n := len(secret) - 1; n >= shortestPart; n-- { // It may be cut off at the end.
			if strings.HasSuffix(end, secret[:n]) {
				found = append(found, span{len(end) - n, len(end), "***"})
				break
			}
		}
	}
	return found
}

// merged puts spans in order, leaves out those within others, and joins those
// that overlap.
func merged(spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Or(a.from-b.from, b.to-a.to) })
	kept := spans[:0]
	for _, s := range spans {
		if n := len(kept); n > 0 && s.from < kept[n-1].to {
			if last := &kept[n-1]; s.to > last.to {
				last.to, last.shown = s.to, "***"
			}
			continue
		}
		kept = append(kept, s)
	}
	return kept
}

// hush hides known secrets in a text.
func hush(text string, known []string) string {
	found := mentions(text, known)
	if found == nil {
		return text
	}
	return cover(text, merged(found), 0, len(text))
}
