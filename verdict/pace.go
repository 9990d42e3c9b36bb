package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/sentences"
)

const (
	timerSlack = 10 * time.Millisecond // How much a timer may be early.
	noPause    = 10 * time.Millisecond // Less is no pause at all.
	sameSlack  = time.Millisecond      // How much the same pause may differ, besides a small share of it,
	busySlack  = 5 * time.Millisecond  // and how much where so many are alike that it is no chance.
)

// earlyReturns finds attempts that came before the time that the answer asked
// to wait, and calls that spent all their attempts inside of one window.
func earlyReturns(q *inquest) (found []Evidence) {
	for _, c := range q.certain {
		c.pairs(func(before, after *journal.Exchange) bool {
			paused := gap(before, after)
			if told(before) && caller(before) == caller(after) && paused > 0 && paused+timerSlack < before.RetryAfter {
				found = append(found, of(sentences.New("%s came back after %s, asked to wait %s", describe(before), pause(paused), pause(before.RetryAfter)), before, after))
			}
			return true
		})
		if e, ok := q.spentInWindow(c); ok {
			found = append(found, e)
		}
	}
	return found
}

// spentInWindow finds a call whose attempts all met the same used-up window
// before it was over.
func (q *inquest) spentInWindow(c *call) (Evidence, bool) {
	first, last := c.attempts[0], c.last()
	window, paused := q.window(last), last.Time.Sub(first.Time)
	if len(c.attempts) < 2 || window == 0 || paused <= 0 || q.vendor(paused) >= window {
		return Evidence{}, false
	}
	for _, e := range c.attempts {
		if !told(e) || e.Retry != string(catalog.RetryAfterWindow) || e.Error != last.Error || caller(e) != caller(last) {
			return Evidence{}, false
		}
	}
	var within any = pause(paused)
	if q.speed != 1 {
		within = sentences.New("%s (%s of the vendor's time)", pause(paused), pause(q.vendor(paused)))
	}
	said := sentences.New("%s spent its %d attempts within %s on %s, which passes after %s", describe(last), len(c.attempts), within, last.Error, pause(window))
	return of(said, c.attempts...), true
}

// flatPauses finds calls of three attempts or more between which there is no
// pause, or always the same. Two pauses may be alike by chance: they count only
// if most such calls are like that.
func flatPauses(q *inquest) (found []Evidence) {
	judged, all := 0, []Evidence{}
	for _, c := range q.certain {
		pauses := q.ownPauses(c)
		if len(pauses) < 2 || polls(c.last()) && slices.Min(pauses) >= noPause {
			continue
		}
		judged++
		what := flat(pauses)
		if what.Form == "" {
			continue
		}
		e := of(sentences.New("%s was tried %d times %s: %s", describe(c.last()), len(c.attempts), what, listed(pauses)), c.attempts...)
		all = append(all, e)
		if len(pauses) > 2 {
			found = append(found, e)
		}
	}
	if 2*len(all) > judged {
		return all
	}
	return found
}

// flat says what is wrong with pauses that do not grow, or nothing. One of exactly
// nothing proves nothing: the clock may have stood still.
func flat(pauses []time.Duration) sentences.Sentence {
	shortest, longest := slices.Min(pauses), slices.Max(pauses)
	slack := shortest/100 + sameSlack
	if len(pauses) > 2 {
		slack = shortest/10 + busySlack
	}
	switch {
	case shortest == 0:
		return sentences.Sentence{}
	case longest < noPause:
		return sentences.New("without a pause")
	case longest <= shortest+slack:
		return sentences.New("with pauses that do not grow")
	default:
		return sentences.Sentence{}
	}
}

// polls reports whether the call looks after a task. It comes back anyway, at
// the client's own pace, whether or not it was answered.
func polls(e *journal.Exchange) bool { return e.Operation == catalog.OpTask && e.Method == "GET" }

// ownPauses lists the pauses that the client chose itself: not those that an
// answer asked for, or that sat a window out.
func (q *inquest) ownPauses(c *call) (pauses []time.Duration) {
	c.pairs(func(before, after *journal.Exchange) bool {
		paused := gap(before, after)
		obeyed := before.RetryAfter > 0 && paused+timerSlack >= before.RetryAfter
		window := q.window(before)
		satOut := window > 0 && q.vendor(paused) >= window
		if turnedAway(before) && !obeyed && !satOut {
			pauses = append(pauses, paused)
		}
		return true
	})
	return pauses
}

// turnedAway reports whether the attempt failed quickly, and for a while only: a
// client that waited in vain has paused already.
func turnedAway(e *journal.Exchange) bool {
	return passes(e) || arrived(e) == broken && !silent(e) && !e.ClientLeft
}

func listed(pauses []time.Duration) string {
	const most = 5
	var texts []string
	for _, d := range pauses[:min(len(pauses), most)] {
		texts = append(texts, pause(d))
	}
	if len(pauses) > most {
		texts = append(texts, "…")
	}
	return strings.Join(texts, ", ")
}

const (
	herdSize  = 3  // How many clients make a herd,
	crowdSize = 10 // and of how many it is no chance if most come back at about the same time.
)

// A comeback is a client that came back.
type comeback struct {
	before, after *journal.Exchange
	paused        time.Duration
}

// herds finds clients that were turned away within a second and came back
// after the same pause.
func herds(q *inquest) (found []Evidence) {
	var all []comeback
	for _, c := range q.certain {
		if len(c.attempts) < 2 {
			continue
		}
		r := comeback{c.attempts[0], c.attempts[1], gap(c.attempts[0], c.attempts[1])}
		if turnedAway(r.before) && r.before.RetryAfter == 0 && r.paused >= noPause {
			all = append(all, r)
		}
	}
	slices.SortStableFunc(all, func(a, b comeback) int { return ended(a.before).Compare(ended(b.before)) })
	for len(all) > 0 {
		n := 1
		for n < len(all) && ended(all[n].before).Sub(ended(all[0].before)) <= time.Second {
			n++
		}
		if herd := alike(all[:n]); len(herd) > 0 {
			found = append(found, herdEvidence(herd))
		}
		all = all[n:]
	}
	return found
}

// alike returns the largest set of clients that paused equally long, if it is
// a herd.
func alike(all []comeback) (herd []comeback) {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b comeback) int { return cmp.Compare(a.paused, b.paused) })
	from := 0
	for to := range sorted {
		for !samePause(sorted[from].paused, sorted[to].paused, len(all)) {
			from++
		}
		if set := sorted[from : to+1]; clients(set) >= herdSize && len(set) > len(herd) {
			herd = set
		}
	}
	if 3*len(herd) <= 2*len(all) {
		return nil // Many clients with random pauses have some that are alike.
	}
	return herd
}

// samePause reports whether two of so many clients paused equally long. Where many
// come back at once, a busy machine lets some wait longer than they meant to.
func samePause(shorter, longer time.Duration, of int) bool {
	if of >= crowdSize {
		return longer <= shorter+shorter/20+busySlack
	}
	return longer <= shorter+shorter/100+sameSlack
}

// clients counts the connections that the calls first came on or, where nobody
// knows those, the keys.
func clients(all []comeback) int {
	seen := map[string]bool{}
	for _, r := range all {
		if r.before.Connection > 0 {
			seen[fmt.Sprint(r.before.Connection)] = true
		} else {
			seen[caller(r.before)] = true
		}
	}
	return len(seen)
}

func herdEvidence(herd []comeback) Evidence {
	e := of(sentences.New("%d clients came back after the same pause of %s", clients(herd), pause(herd[0].paused)))
	for _, r := range herd {
		e.Exchanges = append(e.Exchanges, r.after.ID)
	}
	slices.Sort(e.Exchanges)
	return e
}
