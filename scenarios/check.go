package scenarios

import (
	"errors"
	"net/textproto"
	"strings"
	"unicode"

	"github.com/mockllm/mockllm/catalog"
)

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
		unread := r.within("rule" + index(i))
		if rule.Name != "" || !unread {
			checkName(path, rule.Name, names, r)
		}
		names[rule.Name] = i
		if unread {
			checkErrorNames(path, rule, r)
			continue
		}
		rule.Match.prepare(path+".match", r)
		if rule.Recorded != nil {
			rule.Recorded.check(path+".recorded", r)
		}
		checkShape(path, rule, r)
		if !r.within("rule" + index(i)) {
			rule.Match.compile()
			compileOutcomes(path, rule, r)
		}
	}
	checkConnections(s.Connections, r)
	checkLimits(s.Limits, r)
	checkAccounts(s, r)
	checkModels(s, r)
	checkExpects(s, r)
	checkUpstreams(s, r)
	if len(r.problems) == 0 {
		checkReachable(s.Rules, r)
	}
}

// checkErrorNames reports errors that nobody knows, whatever else is wrong.
func checkErrorNames(path string, rule *Rule, r *report) {
	look := func(at, name string) {
		var unknown *catalog.UnknownError
		if _, err := catalog.Resolve(name, catalog.Scope{}); name != "" && errors.As(err, &unknown) {
			r.add(at+".error", "%v", err)
		}
	}
	look(path, rule.Error)
	for i := range rule.Step {
		look(path+".step"+index(i), rule.Step[i].Error)
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
	rule.When.check(path+".when", r)
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
		if asked := rule.Step[i].Recorded; asked != nil {
			asked.check(at+".recorded", r)
		}
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
	if o.Delivery.makesTask() {
		checkTaskError(path, o, r)
	}
	if o.Status.bodyless() {
		r.add(path+".status", "%d has no body: the error could not be told", o.Status)
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
	if reply.Choices != nil && *reply.Choices != 0 {
		r.add(path+".choices", "must be 0: how many choices there are is the caller's n")
	}
	if reply.NullContent && (reply.Text != nil || reply.Frames != nil) {
		r.add(path+".null_content", "does not go with text or frames: null is all there is")
	}
	if reply.Flag != nil && (*reply.Flag < 0 || *reply.Flag > 4) {
		r.add(path+".flag", "must be from 0 to 4")
	}
	if reply.IsSafe != nil && *reply.IsSafe != 0 && *reply.IsSafe != 1 {
		r.add(path+".is_safe", "must be 0 or 1")
	}
	if reply.Task != nil {
		reply.Task.check(path+".task", r)
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
	if reply.Batch != nil {
		reply.Batch.check(path+".batch", r)
	}
}

func checkRaw(path string, raw *Raw, r *report) {
	raw.checkBody(path, r)
	for name, value := range raw.Header {
		at := join(path+".header", name)
		if !isToken(name) {
			r.add(at, "%q is no header name", name)
		}
		if strings.ContainsFunc(value, func(c rune) bool { return unicode.IsControl(c) && c != '\t' }) {
			r.add(at, "a header's value has one line and no control characters")
		}
		if strings.HasPrefix(strings.ToLower(name), "x-mockllm") {
			r.add(at, "is said by mockllm itself")
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
