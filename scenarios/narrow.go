package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// route is a place where a rule can answer.
type route struct{ dialect, operation string }

// operationOf returns what the catalogue says of the operation.
func (r route) operationOf() catalog.Operation {
	d, _ := catalog.DialectNamed(r.dialect)
	o, _ := d.Operation(r.operation)
	return o
}

// outcome is a compiled [Outcome].
type outcome struct {
	*Outcome
	entry    *catalog.Entry              // What Error means; nil without one.
	variants map[string]*catalog.Variant // By dialect.
	reply    *Reply                      // Its Reply, ready for use.
	until    uint64                      // The last firing, from 1, for which it holds.
}

// answers reports whether the outcome answers at all, and does not only delay.
func (o *Outcome) answers() bool { return o.Error != "" || o.Reply != nil || o.Raw != nil }

// compileOutcomes resolves errors and works out where the rule can answer.
func compileOutcomes(path string, rule *Rule, r *report) {
	rule.routes = rule.Match.routes()
	if len(rule.routes) == 0 {
		r.add(path+".match", "can never match: %s", rule.Match.whyNever())
		return
	}
	rule.Match.openings(rule.routes)
	if !impliedStream(path, rule, r) {
		return
	}
	impliedTask(rule)
	rule.outcomes = nil
	if len(rule.Step) == 0 {
		rule.outcomes = []*outcome{{Outcome: &rule.Outcome, until: 1}}
		narrow(path, rule, rule.outcomes[0], r)
		return
	}
	narrowFault(path, rule, rule.Fault, r)
	last := uint64(0)
	for i := range rule.Step {
		last += uint64(max(rule.Step[i].Times, 1))
		o := &outcome{Outcome: &rule.Step[i].Outcome, until: last}
		rule.outcomes = append(rule.outcomes, o)
		narrow(path+".step"+index(i), rule, o, r)
		if len(rule.routes) == 0 {
			return // What follows would be blamed for this step.
		}
	}
}

// impliedStream narrows the rule to streaming calls, or to others, if a
// delivery or fault of it can meet only these.
func impliedStream(path string, rule *Rule, r *report) bool {
	var stream, whole string // The paths of what needs a stream, or none.
	look := func(at string, o *Outcome) {
		if o.Delivery != nil && catalog.Delivery(o.Delivery.Mode).Streamed() {
			stream = at + ".delivery"
		}
		if o.Fault != nil && o.Fault.needsStream() {
			stream = at + ".fault"
		}
		if o.Fault != nil && o.Fault.needsWhole() {
			whole = at + ".fault"
		}
	}
	look(path, &rule.Outcome)
	for i := range rule.Step {
		look(path+".step"+index(i), &rule.Step[i].Outcome)
	}
	asked := rule.Match.Stream
	switch {
	case stream != "" && whole != "":
		r.add(whole, "is for answers that are not streamed, but another outcome of the rule is for streams")
	case stream != "" && asked != nil && !*asked:
		r.add(stream, "is for streams, but match.stream is false")
	case whole != "" && asked != nil && *asked:
		r.add(whole, "is for answers that are not streamed, but match.stream is true")
	case stream != "":
		rule.Match.onlyStream(true)
		for at := range rule.routes {
			if !at.operationOf().Streams {
				delete(rule.routes, at)
			}
		}
		if len(rule.routes) > 0 {
			return true
		}
		r.add(stream, "is for streams, which nothing that the rule matches has")
	case whole != "":
		rule.Match.onlyStream(false)
		return true
	default:
		return true
	}
	return false
}

// routes returns every place that the match allows.
func (m *Match) routes() map[route]bool {
	routes := map[route]bool{}
	for _, d := range catalog.Dialects() {
		if m.Provider != "" && string(m.Provider) != d.Provider || m.Dialect != "" && string(m.Dialect) != d.Name {
			continue
		}
		if m.Action != "" && d.Name != catalog.QianfanConsole {
			continue // Nothing else has actions.
		}
		for _, op := range d.Operations {
			if op.Opens && m.Operation == "" {
				continue // It is no call.
			}
			if m.Operation != "" && string(m.Operation) != op.Name || m.Stream != nil && *m.Stream && !op.Streams {
				continue
			}
			routes[route{d.Name, op.Name}] = true
		}
	}
	return routes
}

func (m *Match) whyNever() sentences.Sentence {
	d, known := catalog.DialectNamed(string(m.Dialect))
	switch {
	case known && m.Provider != "" && string(m.Provider) != d.Provider:
		return sentences.New("dialect %s belongs to provider %s", d.Name, d.Provider)
	case known && m.Operation != "" && !d.Carries(string(m.Operation)):
		return sentences.New("dialect %s has no operation %q; it has %s", d.Name, m.Operation, strings.Join(d.OperationNames(), ", "))
	case known && m.Stream != nil && *m.Stream && !d.Streams():
		return sentences.New("dialect %s has no streams", d.Name)
	default:
		return sentences.New("no dialect has all of these")
	}
}

// narrow takes away the routes on which the outcome cannot arrive, and
// reports a problem if none is left.
func narrow(path string, rule *Rule, o *outcome, r *report) {
	narrowAnswer(path, rule, o, r)
	narrowSocket(path, rule, o, r)
	narrowFault(path, rule, o.Fault, r)
}

func narrowAnswer(path string, rule *Rule, o *outcome, r *report) {
	switch {
	case o.Error != "":
		narrowError(path, rule, o, r)
	case o.Reply != nil:
		for at := range rule.routes {
			if !o.Reply.shownBy(at.operationOf()) {
				delete(rule.routes, at)
			}
		}
		if len(rule.routes) == 0 {
			r.add(path+".reply", "cannot be shown by any operation that the rule matches: it needs %s", strings.Join(o.Reply.parts(), ", "))
			return
		}
		o.reply = o.Reply.ready(path+".reply", rule, r)
		narrowBatch(path+".reply.batch", rule, o.Reply.Batch, r)
	}
}

func narrowError(path string, rule *Rule, o *outcome, r *report) {
	entry, err := catalog.Resolve(o.Error, catalog.Scope{Dialects: rule.dialects(), Operation: string(rule.Match.Operation)})
	if err != nil {
		var outside *catalog.OutOfScopeError
		if errors.As(err, &outside) && outside.Entry.ClientSide == "" && len(rule.Step) > 0 && rule.Match.Dialect == "" {
			r.add(path+".error", "%v: the steps of one rule must share a dialect", err)
			return
		}
		r.add(path+".error", "%v", err)
		return
	}
	o.entry = entry
	o.variants = map[string]*catalog.Variant{}
	var undelivered sentences.Sentence
	for _, name := range rule.dialects() {
		v := o.variantOn(entry, name)
		if v == nil || !entry.CarriedBy(name) {
			continue
		}
		if d, _ := catalog.DialectNamed(name); o.Delivery != nil && o.Delivery.carriedBy(d).Form != "" {
			undelivered = o.Delivery.carriedBy(d)
			continue
		}
		o.variants[name] = v
	}
	for at := range rule.routes {
		if o.variants[at.dialect] == nil || !entry.MetOn(at.operation) || !o.fitsTask(&rule.Match, at) {
			delete(rule.routes, at)
		}
	}
	switch {
	case len(o.variants) > 0 && len(rule.routes) == 0 && o.makesTask():
		r.add(path+".delivery", "nothing that the rule matches makes a task")
	case len(o.variants) > 0 && len(rule.routes) == 0:
		r.add(path+".error", "%s cannot arrive on anything that the rule matches", entry.ID())
	case len(o.variants) > 0:
	case undelivered.Form != "":
		r.add(path+".delivery", "%s", undelivered)
	default:
		r.add(path+".variant", "%s has no such message there; it has %d: %s", entry.ID(), len(entry.Variants), listMessages(entry))
	}
	checkVariant(path+".variant", rule, o, r)
	checkArgs(path+".args", o, r)
}

// variantOn returns the message of the entry that the outcome sends on a
// dialect, or nil.
func (o *Outcome) variantOn(entry *catalog.Entry, dialect string) *catalog.Variant {
	if o.Variant == (VariantRef{}) && o.Delivery != nil && catalog.Delivery(o.Delivery.Mode) == catalog.DeliverMidStream {
		return entry.MidStreamVariant(dialect)
	}
	return o.Variant.pick(entry, dialect)
}

// checkVariant refuses a text that fits several messages of one dialect.
func checkVariant(path string, rule *Rule, o *outcome, r *report) {
	text := o.Variant.Text
	if text == "" {
		return
	}
	for _, name := range rule.dialects() {
		found := o.entry.FindVariants(text, name)
		if len(found) < 2 || found[0].Message == text {
			continue
		}
		var numbers []string
		for i := range o.entry.Variants {
			if slices.Contains(found, &o.entry.Variants[i]) {
				numbers = append(numbers, strconv.Itoa(i+1))
			}
		}
		r.add(path, "%q fits %d messages of %s, number %s: give more of the text, or the number", text, len(found), o.entry.ID(), strings.Join(numbers, ", "))
		return
	}
}

func checkArgs(path string, o *outcome, r *report) {
	var holes []string
	for _, v := range o.variants {
		holes = append(holes, sortedKeys(v.Holes)...)
	}
	for _, name := range sortedKeys(o.Args) {
		if !slices.Contains(holes, name) {
			r.add(join(path, name), "the message of %s has no hole of this name%s", o.entry.ID(), catalog.DidYouMean(name, holes))
		}
	}
}

func listMessages(e *catalog.Entry) string {
	var messages []string
	for i, v := range e.Variants {
		if i == 5 {
			messages = append(messages, "…")
			break
		}
		messages = append(messages, fmt.Sprintf("%d %q", i+1, v.Message))
	}
	return strings.Join(messages, ", ")
}

// dialects returns the dialects on which the rule can answer, sorted.
func (r *Rule) dialects() []string {
	var names []string
	for at := range r.routes {
		names = append(names, at.dialect)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
