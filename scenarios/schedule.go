package scenarios

import (
	"crypto/sha256"
	"fmt"
	"math"
	"sync"

	"github.com/mockllm/mockllm/catalog"
)

// When says at which of the calls that it matches a rule fires. All that is
// given must hold.
type When struct {
	Calls       *Calls       `toml:"calls"`       // n lies in this range.
	Every       Count        `toml:"every"`       // n is divisible by this.
	Window      *Window      `toml:"window"`      // The call comes in this span of vendor time.
	Probability *Probability `toml:"probability"` // The roll of n is below this.
	Per         Per          `toml:"per"`         // What n is counted for; "" means namespace.
}

// check says what is wrong with the schedule as such.
func (w *When) check(path string, r *report) {
	if w.Calls == nil || w.Every == 0 {
		return
	}
	if every := uint64(w.Every); w.Calls.To/every == (w.Calls.From-1)/every {
		r.add(path+".every", "fires never: none of the calls is divisible by %d", every)
	}
}

// Per says for whom the calls are counted.
type Per string

// The values of [Per].
const (
	PerNamespace Per = "namespace" // All calls of the namespace together.
	PerKey       Per = "key"       // Each API key by itself.
	PerModel     Per = "model"     // Each model by itself.
	PerRequest   Per = "request"   // Each request by its fingerprint: "fail each call twice".
)

// UnmarshalTOML reads whose calls are counted.
func (p *Per) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(PerNamespace), string(PerKey), string(PerModel), string(PerRequest))
	*p = Per(text)
	return err
}

// counter returns what a call of the rule raises. Its key is empty if all
// calls of the namespace count together.
func (r *Rule) counter(req *Request) Counter {
	c := Counter{Rule: r.Name}
	switch r.When.Per {
	case PerKey:
		c.Key = "k:" + short(req.Key)
	case PerModel:
		c.Key = "m:" + short(req.Model)
	case PerRequest:
		c.Key = req.Fingerprint
	}
	return c
}

// longestKey bounds what is remembered of a caller's text, in bytes.
const longestKey = 200

// short returns the text or, where that is long, a hash of it: what callers
// send must not fill the state.
func short(text string) string {
	if len(text) <= longestKey {
		return text
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(text)))
}

// schedule decides at which n a rule fires, apart from its window. It is pure:
// what it remembers only saves it work.
type schedule struct {
	seed uint64
	rule *Rule

	mu    sync.Mutex
	marks map[string][]uint64 // By key: how many firings lie in 1..i·stride, for each i.
}

// stride is the distance of the marks that a schedule remembers, and maxMarked
// for how many keys.
const (
	stride    = 256
	maxMarked = 256
)

// fires reports whether the rule fires at n. The roll is 0 for a rule without
// a probability.
func (s *schedule) fires(key string, n uint64) (fires bool, roll float64) {
	w := &s.rule.When
	if w.Probability != nil {
		roll = Roll(s.seed, s.rule.Name, key, n)
	}
	switch {
	case w.Calls != nil && (n < w.Calls.From || n > w.Calls.To):
		return false, roll
	case w.Every > 0 && n%uint64(w.Every) != 0:
		return false, roll
	case w.Probability != nil && roll >= float64(*w.Probability):
		return false, roll
	}
	return true, roll
}

// firings counts the n in 1..last at which the rule fires.
func (s *schedule) firings(key string, last uint64) uint64 {
	w := &s.rule.When
	every := max(uint64(w.Every), 1)
	from, to := uint64(1), uint64(math.MaxUint64)
	if w.Calls != nil {
		from, to = w.Calls.From, w.Calls.To
	}
	if w.Probability == nil {
		to = min(to, last)
		if to < from {
			return 0
		}
		return to/every - (from-1)/every
	}
	marks := s.marked(key, last/stride)
	count := marks[last/stride]
	for n := last - last%stride + 1; n <= last; n++ {
		if yes, _ := s.fires(key, n); yes {
			count++
		}
	}
	return count
}

// marked returns the key's marks up to the one asked for.
func (s *schedule) marked(key string, upTo uint64) []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.marks == nil || len(s.marks) > maxMarked {
		s.marks = map[string][]uint64{}
	}
	marks := s.marks[key]
	if marks == nil {
		marks = []uint64{0}
	}
	for uint64(len(marks)) <= upTo {
		count := marks[len(marks)-1]
		for n := uint64(len(marks)-1)*stride + 1; n <= uint64(len(marks))*stride; n++ {
			if yes, _ := s.fires(key, n); yes {
				count++
			}
		}
		marks = append(marks, count)
	}
	s.marks[key] = marks
	return marks
}

// outcome returns what comes out at the n-th call, which fires. Of these calls
// the last counted came in the rule's window; for a rule without one that is n
// itself. It returns nil if the steps are used up.
func (s *schedule) outcome(key string, n, inWindow uint64) (o *outcome, step int) {
	outcomes := s.rule.outcomes
	if len(s.rule.Step) == 0 {
		return outcomes[0], 0
	}
	firing := s.firings(key, n)
	if inWindow < n {
		firing -= s.firings(key, n-inWindow)
	}
	total := outcomes[len(outcomes)-1].until
	if firing > total {
		switch s.rule.Then {
		case ThenRepeat:
			firing = total
		case ThenLoop:
			firing = (firing-1)%total + 1
		default:
			return nil, 0
		}
	}
	for i, o := range outcomes {
		if firing <= o.until {
			return o, i + 1
		}
	}
	return nil, 0
}

// A Failure is a documented error, ready to be sent.
type Failure struct {
	Entry      *catalog.Entry
	Variant    *catalog.Variant
	Args       map[string]string
	Status     int    // Instead of the documented one; 0 keeps that.
	Message    string // Instead of the documented one; "" keeps that.
	RetryAfter *Duration
	Delivery   *Delivery // In which way; nil is the usual one.
}

// Text returns the message, its holes filled.
func (f *Failure) Text() string {
	if f.Message != "" {
		return f.Message
	}
	return f.Variant.Fill(f.Args)
}

// Shape returns the form of the body that the failure asks for, or "".
func (f *Failure) Shape() string {
	if f.Delivery == nil {
		return ""
	}
	return string(f.Delivery.Shape)
}

// odds is the probability that is wanted; 0 if none is.
func (w *When) odds() float64 {
	if w.Probability == nil {
		return 0
	}
	return float64(*w.Probability)
}
