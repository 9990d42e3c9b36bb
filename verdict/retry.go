package verdict

import (
	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/sentences"
)

// hopelessRetries finds attempts that repeat, byte for byte and with the same
// key, what cannot succeed that way. An account may be put right from outside
// while a client repeats its call, so that what the gateway refused counts only
// if it was refused again. Console calls are left out: what they wait for is
// the work of others.
func hopelessRetries(q *inquest) (found []Evidence) {
	for _, c := range q.certain {
		c.pairs(func(before, after *journal.Exchange) bool {
			if told(before) && before.Fingerprint == after.Fingerprint && caller(before) == caller(after) && hopeless(before, after) {
				found = append(found, of(sentences.New("%s was sent again unchanged %s after %s", describe(before), pause(gap(before, after)), before.Error), before, after))
			}
			return true
		})
	}
	return found
}

func hopeless(before, after *journal.Exchange) bool {
	switch before.Retry {
	case string(catalog.RetryNo):
		return true
	case string(catalog.RetryAfterFix):
		from := origin(before)
		return from == catalog.OriginModel || from != catalog.OriginControl && from != catalog.OriginTask && after.Error == before.Error
	default:
		return false
	}
}

// gaveUps finds calls that were tried once although they would have passed. A
// client that asks somebody else the same has not given up, nor has one that
// has already shown half of an answer.
func gaveUps(q *inquest) (found []Evidence) {
	for _, c := range q.calls {
		e := c.last()
		if len(c.attempts) > 1 || q.lastAsked[question(e)] > e.ID {
			continue
		}
		how := howPasses(e)
		switch {
		case q.empty(e) && q.asked[question(e)] == 1:
			found = append(found, of(sentences.New("%s was not asked again after an answer with nothing in it", describe(e)), e))
		case how.Form != "" && !q.tooLong(e) && e.Delivery != string(catalog.DeliverMidStream):
			found = append(found, of(sentences.New("%s was not tried again after %s, which passes %s", describe(e), e.Error, how), e))
		}
	}
	return found
}

// howPasses says how the error passes that the client was told, or nothing if it
// does not.
func howPasses(e *journal.Exchange) sentences.Sentence {
	switch {
	case !told(e):
		return sentences.Sentence{}
	case e.Retry == string(catalog.RetryBackoff):
		return sentences.New("after a pause")
	case e.Retry == string(catalog.RetryAfterWindow):
		return sentences.New("when its window is over")
	case e.Retry == string(catalog.RetryRefreshToken):
		return sentences.New("with a new token")
	default:
		return sentences.Sentence{}
	}
}

// empty reports whether the call was given a scripted answer with nothing in it,
// which ends as good ones do.
func (q *inquest) empty(e *journal.Exchange) bool {
	_, o := q.answering(e)
	return o != nil && o.Reply != nil && o.Reply.SaysNothing() && arrived(e) == whole
}

// Beyond these, retries are a storm: attempts of one call, and attempts for
// each call where there are many.
const (
	stormAttempts = 10
	stormCalls    = 10
	stormFactor   = 6
)

// storms finds calls with too many attempts, and too many attempts over all.
func storms(q *inquest) (found []Evidence) {
	attempts := 0
	for _, c := range q.calls {
		attempts += len(c.attempts)
		if n := len(c.attempts); n > stormAttempts && !c.mixed {
			found = append(found, of(sentences.New("%s was tried %d times within %s", describe(c.last()), n, pause(ended(c.last()).Sub(c.attempts[0].Time))), c.attempts...))
		}
	}
	if n := len(q.calls); n >= stormCalls && attempts > stormFactor*n {
		found = append(found, of(sentences.New("%d calls took %d attempts: %.1f for each", n, attempts, float64(attempts)/float64(n))))
	}
	return found
}
