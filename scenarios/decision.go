package scenarios

import (
	"cmp"
	"errors"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// A Cause says which part of the order of things answered.
type Cause string

// The values of [Cause], in the order in which they are asked.
const (
	ByCaller    Cause = "caller"    // The request itself asked for an error.
	ByShot      Cause = "one-shot"  // It was thrown at the next call that matches.
	ByIdentity  Cause = "identity"  // The vendor would not let the caller in.
	ByRule      Cause = "rule"      // A rule of the scenario fired.
	ByUnmatched Cause = "unmatched" // No rule matched, and the scenario refuses that.
	ByLimit     Cause = "limit"     // Nothing was left of a limit.
	ByUpstream  Cause = "upstream"  // Nothing here answered, and the call went on to the server behind.
	ByBody      Cause = "body"      // The vendor would refuse the body.
	BySuccess   Cause = "success"   // Nothing went wrong.
)

// Causes lists the values of [Cause].
func Causes() []Cause {
	return []Cause{ByCaller, ByShot, ByIdentity, ByRule, ByUnmatched, ByLimit, ByUpstream, ByBody, BySuccess}
}

// A Decision is what happens to one request.
type Decision struct {
	Cause   Cause
	Failure *Failure // A documented error, or
	Raw     *Raw     // an answer written out, or
	Reply   *Reply   // a scripted success, or
	Problem *Mistake // our own refusal; none of these is the default success.
	Delay   *Delay   // How long it waits; nil if it does not.
	Fault   *Fault   // How it is damaged; nil if it is not.

	Shot   uint64        // The number of the one-shot that was thrown; 0 if none was.
	Limit  string        // The name of the limit of which nothing was left, if that answers.
	Quota  *Quota        // What is left of the limits per minute; nil without any.
	Queued time.Duration // How long it waits for a limit before anything else, on the clock.
	Slots  []Slot        // What it holds until it is over; see [Engine.Done].
	spends []Claim       // Which limits its answer's tokens count against.

	Fired  []Firing // The rules that shape the answer, in file order; the last one answers.
	Passed []Pass   // The rules that were asked, match, and did not fire, in file order.

	Volume  string    // Which volume of the journal the call belongs to; see [Call].
	Entropy [2]uint64 // What ids are made of; other for every repetition of a request.
	Seed    uint64
	Edition catalog.Edition
}

// A Firing is a rule that fired.
type Firing struct {
	Rule        string
	N           uint64  // The number of the call, as the rule counts.
	Roll        float64 // The chance drawn, and
	Probability float64 // the probability that it is below; both 0 for rules without one.
	Step        int     // Which step, from 1; 0 for rules without.
	Held        bool    // The rule is sticky and had fired before.
}

// A Mistake is what the request's sender did wrong towards us, not towards
// the vendor.
type Mistake struct {
	Status int                // HTTP status.
	Title  sentences.Sentence // A few words, always the same for one kind of mistake.
	Detail sentences.Sentence // What is wrong, and what to do.
}

// Said returns all that is said of the mistake.
func (m *Mistake) Said() sentences.Sentence {
	return sentences.New("%s: %s", m.Title, m.Detail)
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
	d.Raw, d.Reply = o.Raw, o.reply
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
		title := sentences.Plain("error cannot arrive here")
		if errors.As(err, &unknown) {
			title = sentences.Plain("unknown error")
		}
		return nil, &Mistake{Status: 400, Title: title, Detail: sentences.Of(err)}
	}
	return &Failure{Entry: entry, Variant: entry.Variant(r.Dialect)}, nil
}

// delivery returns in which way the refusal arrives; nil is the usual one.
func (f *Refusal) delivery(r *Request) *Delivery {
	if !f.Late || !r.Stream {
		return nil
	}
	return &Delivery{Mode: DeliveryMode(catalog.DeliverMidStream)}
}

// failureOf turns a vendor's own refusal of a request into the documented
// error.
func failureOf(refusal *Refusal, r *Request) (*Failure, error) {
	entry, err := catalog.Resolve(refusal.ID, catalog.Scope{})
	if err != nil {
		return nil, sentences.Errorf("refusal: %w", err)
	}
	v := VariantRef{Text: refusal.Variant}.pick(entry, r.Dialect)
	if v == nil {
		return nil, sentences.Errorf("refusal: %s has no message %q on %s", refusal.ID, refusal.Variant, r.Dialect)
	}
	return &Failure{Entry: entry, Variant: v, Args: refusal.Args, Delivery: refusal.delivery(r)}, nil
}
