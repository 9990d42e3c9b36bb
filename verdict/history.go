package verdict

import (
	"slices"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/sentences"
)

// keptTurns is how many turns of a conversation the journal keeps: with as
// many, there may have been more before them.
const keptTurns = 64

// overlap is how many turns of such a conversation must agree.
const overlap = 8

// errorsAsSuccess finds conversations that go on behind an error that came with
// HTTP 200, as if it were the answer.
func errorsAsSuccess(q *inquest) []Evidence {
	return q.wentOn(func(e *journal.Exchange) sentences.Sentence {
		if told(e) && e.Status == 200 {
			return sentences.New("the conversation goes on behind %s, which came with HTTP 200", e.Error)
		}
		return sentences.Sentence{}
	})
}

// earlyEnds finds conversations that go on behind an answer that was cut off.
func earlyEnds(q *inquest) []Evidence {
	return q.wentOn(func(e *journal.Exchange) sentences.Sentence {
		if partial(e) && arrived(e) == broken && !e.ClientLeft && e.Status == 200 {
			return sentences.New("the conversation goes on behind half an answer (%s)", e.Fault)
		}
		return sentences.Sentence{}
	})
}

// wentOn looks for calls that ended badly, as the function tells, while
// nobody ever answered the same question well, and for a later call that has
// an answer behind that question.
func (q *inquest) wentOn(badly func(*journal.Exchange) sentences.Sentence) (found []Evidence) {
	for _, c := range q.calls {
		e := c.last()
		said := badly(e)
		if said.Form == "" || len(e.Turns) == 0 || q.answered[question(e)] {
			continue
		}
		for _, p := range q.behind[ending(e.Turns)] {
			if !p.exchange.Time.Before(ended(e)) && continues(p, e) {
				found = append(found, of(said, e, p.exchange))
				break
			}
		}
	}
	return found
}

// continues reports whether the conversation up to the place is that of e.
func continues(p place, e *journal.Exchange) bool {
	theirs, ours := p.exchange.Turns[:p.turn+1], e.Turns
	if len(p.exchange.Turns) < keptTurns && len(ours) < keptTurns {
		return slices.Equal(theirs, ours)
	}
	n := min(len(theirs), len(ours))
	return n >= overlap && slices.Equal(theirs[len(theirs)-n:], ours[len(ours)-n:])
}
