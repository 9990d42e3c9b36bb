package scenarios

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/mockllm/mockllm/catalog"
)

// A Cause says which part of the order of things answered.
type Cause string

// The values of [Cause], in the order in which they are asked.
const (
	ByCaller    Cause = "caller"    // The request itself asked for an error.
	ByIdentity  Cause = "identity"  // The vendor would not let the caller in.
	ByRule      Cause = "rule"      // A rule of the scenario fired.
	ByUnmatched Cause = "unmatched" // No rule matched, and the scenario refuses that.
	ByBody      Cause = "body"      // The vendor would refuse the body.
	BySuccess   Cause = "success"   // Nothing went wrong.
)

// A Decision is what happens to one request.
type Decision struct {
	Cause   Cause
	Failure *Failure // A documented error, or
	Raw     *Raw     // an answer written out, or
	Reply   *Reply   // a scripted success, or
	Problem *Mistake // our own refusal; none of these is the default success.
	Delay   *Delay   // How long it waits; nil if it does not.
	Fault   *Fault   // How it is damaged; nil if it is not.

	Fired []Firing // The rules that shape the answer, in file order; the last one answers.

	Entropy [2]uint64 // What ids are made of; other for every repetition of a request.
	Seed    uint64
	Edition catalog.Edition
}

// A Firing is a rule that fired.
type Firing struct {
	Rule string
	N    uint64  // The number of the call, as the rule counts.
	Roll float64 // The chance drawn; 0 for rules without a probability.
	Step int     // Which step, from 1; 0 for rules without.
	Held bool    // The rule is sticky and had fired before.
}

// A Mistake is what the request's sender did wrong towards us, not towards
// the vendor.
type Mistake struct {
	Status int    // HTTP status.
	Title  string // A few words, always the same for one kind of mistake.
	Detail string // What is wrong, and what to do.
}

// shape takes over the outcome's latency and fault, where no rule before it
// had any, and reports whether it did.
func (d *Decision) shape(o *outcome, c *encounter) bool {
	latency, fault := o.Latency, o.Fault
	if len(c.rule.Step) > 0 {
		latency, fault = cmp.Or(latency, c.rule.Latency), cmp.Or(fault, c.rule.Fault)
	}
	shapes := false
	if d.Delay == nil && latency != nil {
		d.Delay, shapes = &Delay{latency: latency, seed: d.Seed, rule: c.rule.Name, key: c.key, n: c.n}, true
	}
	if d.Fault == nil && fault != nil {
		d.Fault, shapes = fault, true
	}
	return shapes
}

// answer takes over what the outcome says.
func (d *Decision) answer(o *outcome, dialect string) {
	d.Raw, d.Reply = o.Raw, o.Reply
	if o.entry != nil {
		d.Failure = &Failure{
			Entry: o.entry, Variant: o.variants[dialect], Args: o.Args,
			Status: int(o.Status), Message: o.Message, RetryAfter: o.RetryAfter, Delivery: o.Delivery,
		}
	}
}

// asked resolves the error that the caller itself asks for.
func asked(r *Request) (*Failure, *Mistake) {
	entry, err := catalog.Resolve(r.Asked, catalog.Scope{Dialects: []string{r.Dialect}, Operation: r.Operation})
	if err != nil {
		var unknown *catalog.UnknownError
		title := "error cannot arrive here"
		if errors.As(err, &unknown) {
			title = "unknown error"
		}
		return nil, &Mistake{Status: 400, Title: title, Detail: err.Error()}
	}
	return &Failure{Entry: entry, Variant: entry.Variant(r.Dialect)}, nil
}

// failureOf turns a vendor's own refusal into the documented error.
func failureOf(refusal *Refusal, dialect string) (*Failure, error) {
	entry, err := catalog.Resolve(refusal.ID, catalog.Scope{})
	if err != nil {
		return nil, fmt.Errorf("refusal: %w", err)
	}
	v := VariantRef{Text: refusal.Variant}.pick(entry, dialect)
	if v == nil {
		return nil, fmt.Errorf("refusal: %s has no message %q on %s", refusal.ID, refusal.Variant, dialect)
	}
	return &Failure{Entry: entry, Variant: v, Args: refusal.Args}, nil
}
