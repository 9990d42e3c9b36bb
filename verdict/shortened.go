package verdict

import (
	"encoding/json"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/sentences"
)

// runBytes is by how long a run of it a text is known again. What frames a question
// is shorter, as a rule, and a sentence longer.
const runBytes = 64

// A shortening looks for what was asked again with less in it. That is a later
// request that is smaller and has the same last turn of the user, or a run of the
// longest text: whoever cuts a text, drops turns or sums up piece by piece leaves
// one of these on the wire.
type shortening struct {
	failed   map[*journal.Exchange][]string // Where a call ended badly, and by which marks it is known again.
	smallest map[string]*journal.Exchange   // By mark: the smallest of the later requests,
	answered map[string]*journal.Exchange   // and of those that were answered.
	found    map[*journal.Exchange]bool     // What was shortened, or is the shorter one.
}

// shortened holds that what failed was asked again with less in it. Once is enough:
// whoever cut too little may say so.
func (q *inquest) shortened(p *picked) held {
	s := shortening{map[*journal.Exchange][]string{}, map[string]*journal.Exchange{}, map[string]*journal.Exchange{}, map[*journal.Exchange]bool{}}
	for _, c := range p.calls {
		if e := c.last(); arrived(e) != pending && !succeeded(e) {
			s.failed[e] = marks(e)
		}
	}
	s.search(q.all)
	h, well, underWay, lost := held{status: Pass}, 0, false, false
	for _, c := range p.calls {
		switch e := c.last(); {
		case arrived(e) == pending:
			underWay = true
		case succeeded(e) || s.found[e]:
			well++
		case len(texts(e)) == 0:
			lost = true
		default:
			h.fail(of(sentences.New("%s was not asked again with less in it after %s", describe(e), because(e)), c.attempts...))
		}
	}
	h.said = sentences.New("%d of %s asked again with less in it", well, counted(len(p.calls), "%d call was", "%d calls were"))
	switch {
	case h.status == Fail:
	case underWay:
		h.status, h.said = Inconclusive, sentences.New("calls are still under way")
	case lost:
		h.status, h.said = Inconclusive, sentences.New("what was asked was too long to be kept")
	}
	return h
}

// search goes from the last request to the first, so that it knows what came later.
func (s *shortening) search(all []*journal.Exchange) {
	wanted := map[string]bool{}
	for _, known := range s.failed {
		for _, mark := range known {
			wanted[mark] = true
		}
	}
	if len(wanted) == 0 {
		return
	}
	for _, e := range slices.Backward(all) {
		for _, mark := range s.failed[e] {
			if shorter := s.shorter(e, mark); shorter != nil {
				s.found[e], s.found[shorter] = true, true
			}
		}
		s.note(e, wanted)
	}
}

// shorter returns a later request that has the mark and is smaller: at all if it
// was answered, by a tenth at least if it was not. Two questions about one long text
// differ by less.
func (s *shortening) shorter(e *journal.Exchange, mark string) *journal.Exchange {
	if answered := s.answered[mark]; answered != nil && answered.BodyBytes < e.BodyBytes {
		return answered
	}
	if smallest := s.smallest[mark]; smallest != nil && smallest.BodyBytes < e.BodyBytes-e.BodyBytes/10 {
		return smallest
	}
	return nil
}

// note notes the request by all wanted marks that it has.
func (s *shortening) note(e *journal.Exchange, wanted map[string]bool) {
	note := func(mark string) {
		if !wanted[mark] {
			return
		}
		if before := s.smallest[mark]; before == nil || e.BodyBytes < before.BodyBytes {
			s.smallest[mark] = e
		}
		if before := s.answered[mark]; succeeded(e) && (before == nil || e.BodyBytes < before.BodyBytes) {
			s.answered[mark] = e
		}
	}
	note(asked(e))
	for _, text := range texts(e) {
		for at := 0; at+runBytes <= len(text); at++ {
			note(text[at : at+runBytes])
		}
	}
}

// marks returns by what a request is known again: its last turn of the user, and
// its longest text, run by run, with the last ones overlapping. Bodies are kept up to
// a bound, so these are few.
func marks(e *journal.Exchange) []string {
	all := []string{asked(e)}
	longest := ""
	for _, text := range texts(e) {
		if utf8.RuneCountInString(text) > utf8.RuneCountInString(longest) {
			longest = text
		}
	}
	if last := len(longest) - runBytes; last >= 0 {
		for at := 0; at < last; at += runBytes {
			all = append(all, longest[at:at+runBytes])
		}
		all = append(all, longest[last:])
	}
	return slices.DeleteFunc(all, func(mark string) bool { return mark == "" })
}

// asked stands for the last turn of the user; "" is none. It is shorter than a run.
func asked(e *journal.Exchange) string {
	for _, t := range slices.Backward(e.Turns) {
		if t.Role == "user" {
			return t.Hash
		}
	}
	return ""
}

// texts returns all texts of the request's body; none if that was too long to be
// kept.
func texts(e *journal.Exchange) (all []string) {
	var body any
	if json.Unmarshal([]byte(e.Body), &body) != nil {
		return nil
	}
	var walk func(any)
	walk = func(part any) {
		switch part := part.(type) {
		case string:
			all = append(all, part)
		case []any:
			for _, element := range part {
				walk(element)
			}
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(part)) {
				walk(part[name])
			}
		}
	}
	walk(body)
	return all
}
