package journal

import (
	"cmp"
	"errors"
	"iter"
	"slices"

	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// A Filter says which exchanges are looked for. What is empty is not asked.
type Filter struct {
	Operation string
	Errors    []string // Ids of documented errors, of which it must be one.
	Cause     string
	Since     uint64 // Only those with a greater id.
	Limit     int    // Behind an id the first that many, else the newest; 0 is all.
}

func (f *Filter) fits(e *Exchange) bool {
	return (f.Operation == "" || e.Operation == f.Operation) && (f.Cause == "" || e.Cause == f.Cause) &&
		(f.Errors == nil || slices.Contains(f.Errors, e.Error))
}

// A Page is what was found.
type Page struct {
	Evicted     uint64 // How many exchanges of all namespaces made room,
	EvictedHere uint64 // and how many of this one, since it was reset.
	Err         error  // Why the exchanges of other servers could not be read; then they are missing.

	found []Exchange
}

// Len returns how many exchanges were found.
func (p Page) Len() int { return len(p.found) }

// All goes through what was found, oldest first. Each is rendered when its turn
// comes.
func (p Page) All() iter.Seq[Exchange] {
	return func(yield func(Exchange) bool) {
		for _, e := range p.found {
			if !yield(e.Rendered()) {
				return
			}
		}
	}
}

// Find looks for exchanges of a namespace.
func (j *Journal) Find(namespace string, f Filter) Page {
	p := j.all(namespace, f.Since)
	p.found = slices.DeleteFunc(p.found, func(e Exchange) bool { return !f.fits(&e) })
	if n := len(p.found); f.Limit > 0 && n > f.Limit && f.Since > 0 {
		p.found = p.found[:f.Limit]
	} else if f.Limit > 0 && n > f.Limit {
		p.found = p.found[n-f.Limit:]
	}
	return p
}

// Exchanges returns those of a namespace, oldest first, and how many of all
// namespaces were evicted to make room.
func (j *Journal) Exchanges(namespace string) (found []Exchange, evicted uint64) {
	p := j.Find(namespace, Filter{})
	for e := range p.All() {
		found = append(found, e)
	}
	return found, p.Evicted
}

// mostNear bounds how many rules that nearly answered are told of.
const mostNear = 3

// A Near is a rule that nearly answered.
type Near struct {
	Rule string             `json:"rule"`
	Why  string             `json:"why"`  // What it did not do so for,
	Said sentences.Sentence `json:"said"` // and the same for other languages.
}

// ErrNone says that the journal of a namespace has no exchange of an id, or has it
// no more.
var ErrNone = errors.New("there is no such exchange, or it is kept no more")

// Look returns one exchange of a namespace, with the rules that nearly
// answered, the nearest first, as near finds them. Without any list nobody knows
// them here: another server answered. The error is [ErrNone], or says why what
// other servers did cannot be read.
func (j *Journal) Look(namespace string, id uint64, near func(scenarios.Past) []scenarios.RuleTrace) (e Exchange, rules []Near, err error) {
	j.mu.Lock()
	kept := j.find(id)
	found := kept != nil && kept.Namespace == namespace
	if found {
		e = kept.Exchange
	}
	j.mu.Unlock()
	if !found {
		e, err = j.elsewhere(namespace, id)
		return e, nil, err
	}
	rules = []Near{}
	if e.Raw == nil {
		return e, rules, nil
	}
	traces := near(e.Raw.view().past(&e))
	for _, t := range traces[:min(len(traces), mostNear)] {
		rules = append(rules, Near{Rule: t.Rule, Why: t.Why.String(), Said: t.Why})
	}
	return e.Rendered(), rules, nil
}

// elsewhere looks for an exchange of another server.
func (j *Journal) elsewhere(namespace string, id uint64) (Exchange, error) {
	if j.archive == nil {
		return Exchange{}, ErrNone
	}
	p := j.all(namespace, 0)
	at := slices.IndexFunc(p.found, func(e Exchange) bool { return e.ID == id })
	if at < 0 {
		return Exchange{}, cmp.Or(p.Err, ErrNone)
	}
	return p.found[at].Rendered(), nil
}
