package scenarios

import "iter"

// For whom something is counted is found in the calls that were seen: a state
// is asked for what it knows of somebody, and never for whom it knows.

// mostShown bounds how much is shown of a prompt, in characters.
const mostShown = 60

// counters goes through what a rule counts, by the words for whom it does, and
// tells whether there is more.
func (s *survey) counters(rule *Rule, more *bool) iter.Seq2[string, Counter] {
	return func(yield func(string, Counter) bool) {
		if rule.When.Per == "" || rule.When.Per == PerNamespace {
			yield("", Counter{Rule: rule.Name})
			return
		}
		seen := map[Counter]bool{}
		for p := range s.matching(&rule.Match, rule.routes) {
			c := rule.counter(p.Request)
			if seen[c] {
				continue
			}
			if len(seen) == mostWhom {
				*more = true
				return
			}
			seen[c] = true
			if !yield(p.who(rule.When.Per), c) {
				return
			}
		}
	}
}

// holds goes through those for whom a sticky rule may hold.
func (s *survey) holds(rule *Rule) iter.Seq2[string, Hold] {
	return func(yield func(string, Hold) bool) {
		if rule.Sticky.By == ByNamespace {
			yield("", Hold{Rule: rule.Name})
			return
		}
		seen := map[Hold]bool{}
		for i := range s.seen {
			p := &s.seen[i]
			h := Hold{Rule: rule.Name, For: rule.Sticky.firedFor(p.Request)}
			if seen[h] || p.Cut && rule.Sticky.By == ByContent {
				continue
			}
			seen[h] = true
			whom := RedactKey(p.Request.Key)
			if rule.Sticky.By == ByContent {
				whom = p.Redact(clip(p.Request.Prompt(), mostShown))
			}
			if !yield(whom, h) {
				return
			}
		}
	}
}

// sharers goes through those who share a limit, by the words for them, and tells
// whether there are more.
func (s *survey) sharers(l *Limit, more *bool) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if l.Per == LimitPerNamespace {
			yield("", "")
			return
		}
		routes := map[route]bool{}
		for at := range l.refusals {
			routes[at] = true
		}
		seen := map[string]bool{}
		for p := range s.matching(&l.Match, routes) {
			whom := l.whom(p.Request)
			if seen[whom] {
				continue
			}
			if len(seen) == mostWhom {
				*more = true
				return
			}
			seen[whom] = true
			words := PerKey
			if l.Per == LimitPerModel {
				words = PerModel
			}
			if !yield(p.who(words), whom) {
				return
			}
		}
	}
}

// matching goes through the calls seen that come on a route and match, as far
// as is known of them.
func (s *survey) matching(m *Match, routes map[route]bool) iter.Seq[*Past] {
	return func(yield func(*Past) bool) {
		for i := range s.seen {
			p := &s.seen[i]
			if routes[route{p.Request.Dialect, p.Request.Operation}] && m.heldIn(p) && !yield(p) {
				return
			}
		}
	}
}

// heldIn reports whether the match held; what is not known any more did.
func (m *Match) heldIn(p *Past) bool {
	for i := range m.conditions {
		if c := &m.conditions[i]; !(p.Cut && c.aboutContent()) && !c.holds(p.Request) {
			return false
		}
	}
	return true
}

// who names the caller for whom is counted.
func (p *Past) who(per Per) string {
	switch per {
	case PerModel:
		return p.Redact(clip(p.Request.Model, mostShown))
	case PerRequest:
		return clip(p.Request.Fingerprint, mostShown)
	default:
		return RedactKey(p.Request.Key)
	}
}
