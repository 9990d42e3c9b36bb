package scenarios

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// An Expect says how the client must behave; the verdict holds the journal
// against it. It is about the calls that Rule or Rules, and Operation pick, or
// about all calls without them.
type Expect struct {
	Rule      string        `toml:"rule" need:"text"`              // The calls on which this rule fired.
	Rules     []string      `toml:"rules" jsonschema:"minItems=2"` // The calls on which one of these fired. One of them must, the others need not.
	Operation OperationName `toml:"operation"`                     // The calls of this operation.

	MinCalls    *Index        `toml:"min_calls"`    // How often it must be called; 0 allows that it never is.
	MaxCalls    *Index        `toml:"max_calls"`    // How often it may be called; 0 is never.
	MaxAttempts Count         `toml:"max_attempts"` // How many attempts one logical call may take.
	MaxAccepted Count         `toml:"max_accepted"` // How often the vendor may accept the same call.
	MinGap      *Duration     `toml:"min_gap"`      // The shortest pause before an attempt is repeated.
	MaxWait     *Duration     `toml:"max_wait"`     // How long the client may hold on to one answer.
	Final       Final         `toml:"final"`        // How each logical call ends.
	Order       []string      `toml:"order"`        // Rules and operations, in the order of their first calls.
	Never       []FindingKind `toml:"never"`        // Findings that fail the verdict, warnings too.
	Allow       []FindingKind `toml:"allow"`        // Findings that do not.

	Line int // Where it stands in its file; 0 if it was built in Go.
}

// Final says how a logical call ends.
type Final string

// The values of [Final].
const (
	FinalSuccess   Final = "success"   // Its last attempt got a whole answer.
	FinalError     Final = "error"     // It did not.
	FinalShortened Final = "shortened" // It did not, and the same was asked again with less in it.
)

// UnmarshalTOML reads how a call ends.
func (f *Final) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(FinalSuccess), string(FinalError), string(FinalShortened))
	*f = Final(text)
	return err
}

// checkExpects says what is wrong with the expectations.
func checkExpects(s *Scenario, r *report) {
	for i := range s.Expect {
		e := &s.Expect[i]
		path := "expect" + index(i)
		e.Line = cmp.Or(r.line(path), e.Line)
		s.checkRules(path, e, r)
		e.check(path, r)
		s.checkOrder(path+".order", e, r)
	}
}

// checkRules looks at the rules that an expectation is about.
func (s *Scenario) checkRules(path string, e *Expect, r *report) {
	if e.Rule != "" && !slices.Contains(s.ruleNames(), e.Rule) {
		r.add(path+".rule", "there is no rule %q%s", e.Rule, catalog.DidYouMean(e.Rule, s.ruleNames()))
	}
	if e.Rules == nil {
		return
	}
	if e.Rule != "" {
		r.add(path+".rules", "does not go with rule")
	}
	if len(e.Rules) < 2 {
		r.add(path+".rules", "needs at least two rules; one is rule")
	}
	for i, name := range e.Rules {
		switch {
		case slices.Contains(e.Rules[:i], name):
			r.add(path+".rules"+index(i), "%q stands there twice", name)
		case !slices.Contains(s.ruleNames(), name):
			r.add(path+".rules"+index(i), "there is no rule %q%s", name, catalog.DidYouMean(name, s.ruleNames()))
		}
	}
}

func (s *Scenario) ruleNames() []string {
	names := make([]string, len(s.Rules))
	for i := range s.Rules {
		names[i] = s.Rules[i].Name
	}
	return names
}

// check looks at which keys stand together.
func (e *Expect) check(path string, r *report) {
	if !e.says() && !r.within(path) {
		r.add(path, "expects nothing: it needs one of min_calls, max_calls, max_attempts, max_accepted, min_gap, max_wait, final, order, never, allow")
	}
	if e.MinCalls != nil && e.MaxCalls != nil && *e.MinCalls > *e.MaxCalls {
		r.add(path+".max_calls", "is less than min_calls")
	}
	checkPositive(path+".min_gap", e.MinGap, r)
	checkPositive(path+".max_wait", e.MaxWait, r)
	for _, kind := range e.Allow {
		if slices.Contains(e.Never, kind) {
			r.add(path+".allow", "%q stands in never too", kind)
		}
	}
}

func checkPositive(path string, d *Duration, r *report) {
	if d != nil && *d == 0 && !r.within(path) {
		r.add(path, "must be more than 0")
	}
}

func (e *Expect) says() bool {
	return e.MinCalls != nil || e.MaxCalls != nil || e.MaxAttempts > 0 || e.MaxAccepted > 0 || e.MinGap != nil ||
		e.MaxWait != nil || e.Final != "" || e.Order != nil || e.Never != nil || e.Allow != nil
}

// OfAll reports whether the expectation is about all calls.
func (e *Expect) OfAll() bool { return e.Rule == "" && e.Rules == nil && e.Operation == "" }

// Names reports whether the expectation is about the calls of this rule, maybe
// among others.
func (e *Expect) Names(rule string) bool { return e.Rule == rule || slices.Contains(e.Rules, rule) }

// MayRest reports whether nothing is wrong if no call comes that the
// expectation is about.
func (e *Expect) MayRest() bool {
	return e.MinCalls != nil && *e.MinCalls == 0 || e.MaxCalls != nil && *e.MaxCalls == 0
}

// checkOrder looks at what must come one behind the other.
func (s *Scenario) checkOrder(path string, e *Expect, r *report) {
	if e.Order == nil {
		return
	}
	if len(e.Order) < 2 {
		r.add(path, "needs at least two rules or operations")
	}
	if !e.OfAll() {
		r.add(path, "names its calls itself: it does not go with rule or operation")
	}
	for i, name := range e.Order {
		var operation OperationName
		switch {
		case slices.Contains(e.Order[:i], name):
			r.add(path+index(i), "%q stands there twice", name)
		case !slices.Contains(s.ruleNames(), name) && operation.UnmarshalTOML(name) != nil:
			r.add(path+index(i), "%q is neither a rule nor an operation%s", name, catalog.DidYouMean(name, s.ruleNames()))
		}
	}
}

// String names the calls that the expectation is about.
func (e *Expect) String() string { return e.Said().String() }

// Said names them too.
func (e *Expect) Said() sentences.Sentence {
	switch {
	case e.Order != nil:
		return sentences.New("order")
	case e.OfAll():
		return sentences.New("all calls")
	}
	operation := sentences.New("operation %s", e.Operation)
	rules := operation
	switch {
	case e.Rule != "":
		rules = sentences.New("rule %q", e.Rule)
	case e.Rules != nil:
		quoted := make([]string, len(e.Rules))
		for i, name := range e.Rules {
			quoted[i] = strconv.Quote(name)
		}
		rules = sentences.New("rules %s", catalog.List(quoted))
	}
	if e.Operation == "" || e.Rule == "" && e.Rules == nil {
		return rules
	}
	return sentences.New("%s, %s", rules, operation)
}
