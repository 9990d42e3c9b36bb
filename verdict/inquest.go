package verdict

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// An inquest is what findings are looked for in.
type inquest struct {
	scenario *scenarios.Scenario
	speed    float64 // How many times faster vendor time went.
	all      []*journal.Exchange
	calls    []*call
	certain  []*call // Those whose attempts are known to be of one worker.

	byID      map[uint64]*journal.Exchange
	fired     map[string]bool     // The rules that fired.
	asked     map[string]int      // By question: how often it was asked,
	lastAsked map[string]uint64   // and the last exchange that asks it.
	answered  map[string]bool     // By question: whether it was answered, or may be yet.
	behind    map[string][]place  // By [ending]: where a conversation goes on with an answer.
	finished  time.Time           // The last moment that the journal knows of.
	fetches   []*journal.Exchange // The token fetches that succeeded.
	stale     []*journal.Exchange // The calls whose token was refused.
}

// A place is a turn of a conversation.
type place struct {
	exchange *journal.Exchange
	turn     int
}

// newInquest leaves out what no vendor was asked: requests that mockllm itself
// refused say nothing of how a client deals with one.
func newInquest(in *Input) *inquest {
	q := &inquest{
		scenario: in.Scenario, speed: cmp.Or(in.Speed, float64(in.Scenario.Speed), 1),
		byID: map[uint64]*journal.Exchange{}, fired: map[string]bool{}, asked: map[string]int{}, lastAsked: map[string]uint64{}, answered: map[string]bool{}, behind: map[string][]place{},
	}
	for i := range in.Exchanges {
		if e := &in.Exchanges[i]; !notVendor(e) {
			q.note(e)
		}
	}
	q.calls = group(q.all)
	q.certain = slices.DeleteFunc(slices.Clone(q.calls), func(c *call) bool { return c.mixed })
	return q
}

// note puts the exchange where it is looked for.
func (q *inquest) note(e *journal.Exchange) {
	q.all = append(q.all, e)
	q.byID[e.ID] = e
	for _, f := range e.Rules {
		q.fired[f.Rule] = true
	}
	q.asked[question(e)]++
	q.lastAsked[question(e)] = e.ID
	if succeeded(e) || arrived(e) == pending {
		q.answered[question(e)] = true
	}
	for at := 0; at+1 < len(e.Turns); at++ {
		if e.Turns[at+1].Role == "assistant" && e.Turns[at].Role != "assistant" {
			id := ending(e.Turns[:at+1])
			q.behind[id] = append(q.behind[id], place{e, at})
		}
	}
	if isToken(e) && succeeded(e) {
		q.fetches = append(q.fetches, e)
	}
	if refusedToken(e) {
		q.stale = append(q.stale, e)
	}
	if ended(e).After(q.finished) {
		q.finished = ended(e)
	}
}

// notVendor reports whether the request was refused by mockllm, not by a
// vendor.
func notVendor(e *journal.Exchange) bool {
	return e.Dialect == "" || e.Cause == "server" || e.Cause == string(scenarios.ByUnmatched)
}

// ending returns what two conversations that end with the same turns have in
// common.
func ending(turns []journal.Turn) string {
	return conversation(turns[max(len(turns)-overlap, 0):])
}

// question returns what is the same for the same question, whoever is asked.
func question(e *journal.Exchange) string {
	if len(e.Turns) == 0 {
		return e.Fingerprint
	}
	return conversation(e.Turns)
}

// vendor returns how long a span of the clock is in vendor time.
func (q *inquest) vendor(d time.Duration) time.Duration {
	return time.Duration(float64(d) * q.speed)
}

// units returns what may have been used up when the exchange was refused: what
// the error stands for on its dialect, of the limit that refused it if one did.
// A limit with an error of its own may mean any of its units.
func (q *inquest) units(e *journal.Exchange) []catalog.Unit {
	means := func(unit catalog.Unit) bool {
		of, found := catalog.LimitErrorOf(e.Dialect, unit)
		return found && of.ID == e.Error
	}
	units := catalog.Units()
	if l := q.scenario.LimitNamed(e.Limit); e.Limit != "" && l != nil {
		units = l.Units()
		if !slices.ContainsFunc(units, means) {
			return units
		}
	}
	return slices.DeleteFunc(units, func(u catalog.Unit) bool { return !means(u) })
}

// window returns the shortest window, in vendor time, that may have been used
// up; 0 if none is known.
func (q *inquest) window(e *journal.Exchange) time.Duration {
	var shortest time.Duration
	for _, unit := range q.units(e) {
		if w := scenarios.UnitWindow(unit); w > 0 && (shortest == 0 || w < shortest) {
			shortest = w
		}
	}
	return shortest
}

// maxPatience is the longest window, in vendor time, that a client is asked to
// sit out.
const maxPatience = time.Hour

// tooLong reports whether nobody would wait for the error to pass.
func (q *inquest) tooLong(e *journal.Exchange) bool {
	units := q.units(e)
	for _, unit := range units {
		if w := scenarios.UnitWindow(unit); unit != catalog.UnitTotal && w <= maxPatience {
			return false
		}
	}
	return len(units) > 0
}

// describe names a call in a few words.
func describe(e *journal.Exchange) string {
	if e.Model == "" {
		return e.Operation
	}
	return e.Operation + " " + e.Model
}

// because names what went wrong with an attempt.
func because(e *journal.Exchange) sentences.Sentence {
	switch {
	case e.Error != "":
		return sentences.New("%s", e.Error)
	case e.Fault != "":
		return sentences.New("the fault %s", e.Fault)
	case e.ClientLeft:
		return sentences.New("the client had left")
	default:
		return sentences.New("status %d", e.Status)
	}
}

// pause writes a duration for people.
func pause(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return spelt(d.Round(time.Second))
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}

// spelt writes a duration without minutes and seconds that are none: 1h, not
// 1h0m0s.
func spelt(d time.Duration) string {
	text := d.String()
	for _, none := range []string{"m0s", "h0m"} {
		if short, is := strings.CutSuffix(text, none); is {
			text = short + none[:1]
		}
	}
	return text
}

// of makes evidence of exchanges.
func of(said sentences.Sentence, exchanges ...*journal.Exchange) Evidence {
	e := Evidence{Exchanges: []uint64{}, Text: said.String(), Said: said}
	for _, x := range exchanges {
		e.Exchanges = append(e.Exchanges, x.ID)
	}
	return e
}
