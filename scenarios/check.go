package scenarios

import (
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"
	"unicode"

	"github.com/mockllm/mockllm/catalog"
)

// route is a place where a rule can answer.
type route struct{ dialect, operation string }

// outcome is a compiled [Outcome].
type outcome struct {
	*Outcome
	entry    *catalog.Entry              // What Error means; nil without one.
	variants map[string]*catalog.Variant // By dialect.
	until    uint64                      // The last firing, from 1, for which it holds.
}

// answers reports whether the outcome answers at all, and does not only delay.
func (o *Outcome) answers() bool { return o.Error != "" || o.Reply != nil || o.Raw != nil }

// check compiles every rule and reports what is wrong across keys. A rule in
// which something could not be read is left alone: more problems would follow
// from that one.
func check(s *Scenario, r *report) {
	if s.Edition != "" {
		var editions []string
		for _, e := range catalog.Editions() {
			editions = append(editions, string(e))
		}
		if _, err := oneOf(string(s.Edition), editions...); err != nil {
			r.add("edition", "%v", err)
		}
	}
	names := map[string]int{}
	for i := range s.Rules {
		rule := &s.Rules[i]
		path := "rule" + index(i)
		unread := r.failed[i]
		if rule.Name != "" || !unread {
			checkName(path, rule.Name, names, r)
		}
		names[rule.Name] = i
		if unread {
			continue
		}
		rule.Match.prepare(path+".match", r)
		checkShape(path, rule, r)
		if !r.failed[i] {
			rule.Match.compile()
			compileOutcomes(path, rule, r)
		}
	}
	checkConnections(s.Connections, r)
	if len(r.problems) == 0 {
		checkReachable(s.Rules, r)
	}
}

func checkName(path, name string, names map[string]int, r *report) {
	switch _, taken := names[name]; {
	case name == "":
		r.add(path, "needs a name")
	case taken:
		r.add(path+".name", "another rule has this name; names must be unique")
	case len(name) > 100 || strings.ContainsFunc(name, unicode.IsControl):
		r.add(path+".name", "must have at most 100 bytes and no control characters")
	}
}

// checkShape looks at which keys stand together.
func checkShape(path string, rule *Rule, r *report) {
	if rule.Sticky != nil {
		rule.Sticky.check(path+".sticky", rule, r)
	}
	if len(rule.Step) == 0 {
		checkOutcome(path, &rule.Outcome, r)
		if !rule.answers() && rule.Latency == nil && rule.Fault == nil {
			r.add(path, "does nothing: it needs one of error, reply, raw, step, latency or fault")
		}
		if rule.Then != "" {
			r.add(path+".then", "goes with step only")
		}
		return
	}
	for _, key := range rule.Outcome.given() {
		r.add(path+"."+key, "does not go with step: put it into the steps")
	}
	checkDamage(path, &rule.Outcome, r)
	for i := range rule.Step {
		at := path + ".step" + index(i)
		checkOutcome(at, &rule.Step[i].Outcome, r)
		if !rule.Step[i].answers() && rule.Step[i].Fault == nil && rule.Step[i].Latency == nil {
			r.add(at, "does nothing: it needs one of error, reply, raw, latency or fault")
		}
	}
}

func checkOutcome(path string, o *Outcome, r *report) {
	if o.Reply != nil {
		checkReply(path+".reply", o.Reply, r)
	}
	if o.Raw != nil {
		checkRaw(path+".raw", o.Raw, r)
	}
	answers, first := 0, ""
	for _, key := range o.given() {
		switch answer := key == "error" || key == "reply" || key == "raw"; {
		case answer && answers == 0:
			answers, first = 1, key
		case answer:
			r.add(path+"."+key, "does not go with %s: a call has one answer", first)
		case o.Error == "":
			r.add(path+"."+key, "goes with error only")
		}
	}
	checkDamage(path, o, r)
}

// given lists the keys of the outcome that are given, apart from latency and
// fault: the answers first.
func (o *Outcome) given() []string {
	var keys []string
	for _, k := range []struct {
		name string
		set  bool
	}{
		{"error", o.Error != ""}, {"reply", o.Reply != nil}, {"raw", o.Raw != nil},
		{"args", o.Args != nil}, {"delivery", o.Delivery != nil}, {"message", o.Message != ""},
		{"retry_after", o.RetryAfter != nil}, {"status", o.Status != 0}, {"variant", o.Variant != VariantRef{}},
	} {
		if k.set {
			keys = append(keys, k.name)
		}
	}
	return keys
}

// checkDamage looks at the outcome's latency, fault and delivery as such.
func checkDamage(path string, o *Outcome, r *report) {
	if o.Latency != nil {
		o.Latency.check(path+".latency", r)
	}
	if o.Fault != nil {
		o.Fault.check(path+".fault", o, r)
	}
	if o.Delivery != nil {
		o.Delivery.check(path+".delivery", r)
	}
}

func checkReply(path string, reply *Reply, r *report) {
	if reply.Text != nil && reply.Frames != nil && reply.Frames.Pieces != nil {
		r.add(path+".frames", "the pieces are the text: give text with a number of frames, or the pieces alone")
	}
	for i, call := range reply.ToolCalls {
		if call.Name == "" {
			r.add(path+".tool_calls"+index(i), "needs a name")
		}
	}
	if u := reply.Usage; u != nil {
		if u.PromptTokens < 0 || u.CompletionTokens < 0 || (u.TotalTokens != nil && *u.TotalTokens < 0) {
			r.add(path+".usage", "must not be negative")
		}
	}
}

func checkRaw(path string, raw *Raw, r *report) {
	for name, value := range raw.Header {
		at := join(path+".header", name)
		if !isToken(name) {
			r.add(at, "%q is no header name", name)
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			r.add(at, "a header's value has one line")
		}
		switch textproto.CanonicalMIMEHeaderKey(name) {
		case "Content-Length", "Transfer-Encoding", "Connection":
			r.add(at, "is set by the connection itself")
		}
	}
}

func isToken(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c)
	})
}

// compileOutcomes resolves errors and works out where the rule can answer.
func compileOutcomes(path string, rule *Rule, r *report) {
	rule.routes = rule.Match.routes()
	if len(rule.routes) == 0 {
		r.add(path+".match", "can never match: %s", rule.Match.whyNever())
		return
	}
	if !impliedStream(path, rule, r) {
		return
	}
	rule.outcomes = nil
	if len(rule.Step) == 0 {
		rule.outcomes = []*outcome{{Outcome: &rule.Outcome, until: 1}}
		narrow(path, rule, rule.outcomes[0], r)
		return
	}
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
			if d, _ := catalog.DialectNamed(at.dialect); !d.Streams {
				delete(rule.routes, at)
			}
		}
		if len(rule.routes) > 0 {
			return true
		}
		r.add(stream, "is for streams, which no dialect that the rule matches has")
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
		if m.Stream != nil && *m.Stream && !d.Streams {
			continue
		}
		for _, op := range d.Operations {
			if m.Operation == "" || string(m.Operation) == op {
				routes[route{d.Name, op}] = true
			}
		}
	}
	return routes
}

func (m *Match) whyNever() string {
	d, known := catalog.DialectNamed(string(m.Dialect))
	switch {
	case known && m.Provider != "" && string(m.Provider) != d.Provider:
		return fmt.Sprintf("dialect %s belongs to provider %s", d.Name, d.Provider)
	case known && m.Operation != "" && !d.Carries(string(m.Operation)):
		return fmt.Sprintf("dialect %s has no operation %q; it has %s", d.Name, m.Operation, strings.Join(d.Operations, ", "))
	case known && m.Stream != nil && *m.Stream && !d.Streams:
		return fmt.Sprintf("dialect %s has no streams", d.Name)
	default:
		return "no dialect has all of these"
	}
}

// narrow takes away the routes on which the outcome cannot arrive, and
// reports a problem if none is left.
func narrow(path string, rule *Rule, o *outcome, r *report) {
	switch {
	case o.Error != "":
		narrowError(path, rule, o, r)
	case o.Reply != nil:
		for at := range rule.routes {
			if d, _ := catalog.DialectNamed(at.dialect); !o.Reply.shownBy(d) {
				delete(rule.routes, at)
			}
		}
		if len(rule.routes) == 0 {
			r.add(path+".reply", "cannot be shown by any dialect that the rule matches: it needs %s", strings.Join(o.Reply.parts(), ", "))
		}
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
	var undelivered string
	for _, name := range rule.dialects() {
		v := o.Variant.pick(entry, name)
		if v == nil || !entry.CarriedBy(name) {
			continue
		}
		if d, _ := catalog.DialectNamed(name); o.Delivery != nil && o.Delivery.carriedBy(d) != "" {
			undelivered = o.Delivery.carriedBy(d)
			continue
		}
		o.variants[name] = v
	}
	for at := range rule.routes {
		if o.variants[at.dialect] == nil {
			delete(rule.routes, at)
		}
	}
	switch {
	case len(o.variants) > 0:
	case undelivered != "":
		r.add(path+".delivery", "%s", undelivered)
	default:
		r.add(path+".variant", "%s has no such message there; it has %d: %s", entry.ID(), len(entry.Variants), listMessages(entry))
	}
	checkArgs(path+".args", o, r)
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

// checkReachable reports rules that can never be asked, because a rule before
// them answers every call that they match.
func checkReachable(rules []Rule, r *report) {
	for j := range rules {
		for i := range rules[:j] {
			if rules[i].always() && rules[i].covers(&rules[j]) {
				r.add("rule"+index(j), "is never reached: rule %q answers every call that it matches", rules[i].Name)
				break
			}
		}
	}
}

// always reports whether the rule answers each call that it matches.
func (r *Rule) always() bool {
	w := &r.When
	anyCall := w.Calls == nil || *w.Calls == Calls{From: 1, To: ^uint64(0)}
	anyTime := w.Window == nil || w.Window.From == 0 && w.Window.To == forever
	certain := w.Probability == nil || *w.Probability == 1
	steady := r.answers()
	if len(r.Step) > 0 {
		steady = (r.Then == ThenRepeat || r.Then == ThenLoop) && !slices.ContainsFunc(r.Step, func(s Step) bool { return !s.answers() })
	}
	return anyCall && anyTime && certain && w.Every <= 1 && steady
}

// covers reports whether every call that s matches is matched by r, as far as
// can be proved.
func (r *Rule) covers(s *Rule) bool {
	for at := range s.routes {
		if !r.routes[at] {
			return false
		}
	}
	return r.Match.wider(&s.Match)
}
