package verdict

import (
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/sentences"
)

const (
	inFlight = time.Second     // How long other workers may still use a token that was just replaced.
	fetching = 5 * time.Second // How long they may go on while nobody has fetched a new one.
)

func refusedToken(e *journal.Exchange) bool {
	return told(e) && e.Retry == string(catalog.RetryRefreshToken) && caller(e) != ""
}

// staleTokens finds calls with a token of which the client knew that it is
// refused: the same call again, calls long after a new token was there, and
// calls long after the refusal if no token was fetched at all.
func staleTokens(q *inquest) (found []Evidence) {
	for _, c := range q.certain {
		c.pairs(func(before, after *journal.Exchange) bool {
			if refusedToken(before) && caller(before) == caller(after) {
				found = append(found, of(sentences.New("%s was sent again with the token that %s had refused", describe(before), before.Error), before, after))
			}
			return true
		})
	}
	return append(found, q.keptTokens()...)
}

// keptTokens finds tokens that stay in use, in whatever call, and are refused
// again.
func (q *inquest) keptTokens() (found []Evidence) {
	first := map[string]*journal.Exchange{} // By token: when it was refused first.
	seen := map[string]bool{}
	for _, e := range q.stale {
		before := first[caller(e)]
		switch {
		case before == nil:
			first[caller(e)] = e
		case !seen[caller(e)] && e.Time.After(q.knownBy(before)) && question(e) != question(before):
			seen[caller(e)] = true
			found = append(found, of(sentences.New("the token that %s had refused was still in use %s later", before.Error, pause(gap(before, e))), before, e))
		}
	}
	return found
}

// knownBy returns from when on no worker should use the refused token any more.
func (q *inquest) knownBy(refused *journal.Exchange) time.Time {
	for _, e := range q.fetches {
		if e.Time.After(ended(refused)) {
			return ended(e).Add(inFlight)
		}
	}
	return ended(refused).Add(fetching)
}

// stampedeSize is how many tokens fetched at once make a stampede.
const stampedeSize = 3

// stampedes finds tokens that were fetched one upon the other although the
// first would have done for all.
func stampedes(q *inquest) (found []Evidence) {
	running := map[string][]*journal.Exchange{} // By fingerprint.
	var order []string
	finish := func(id string) {
		run := running[id]
		if n := len(run); n >= stampedeSize && run[n-1].Time.After(run[0].Time) {
			found = append(found, of(sentences.New("%d tokens were fetched within %s", n, pause(run[n-1].Time.Sub(run[0].Time))), run...))
		}
	}
	for _, e := range q.fetches {
		id := e.Dialect + e.Fingerprint
		run := running[id]
		if len(run) > 0 && (e.Time.Sub(run[len(run)-1].Time) > time.Second || q.refusedBetween(run[len(run)-1], e)) {
			finish(id)
			run = nil
		}
		if running[id] == nil {
			order = append(order, id)
		}
		running[id] = append(run, e)
	}
	for _, id := range order {
		finish(id)
	}
	return found
}

// refusedBetween reports whether a call that came after the one fetch met a
// refused token before the other: a reason to fetch again.
func (q *inquest) refusedBetween(one, other *journal.Exchange) bool {
	for _, e := range q.stale {
		if e.Time.After(ended(one)) && ended(e).Before(other.Time) {
			return true
		}
	}
	return false
}
