package scenarios

import "strings"

// A rulebook finds the rules that a request may match without asking the
// others: a scenario may have hundreds, each about a model or a caller of its
// own, and every request must be held against all that can match it.
type rulebook map[route]*chapter

// A chapter is the rules that can answer one operation of a dialect.
type chapter struct {
	all []*candidate // In file order.

	// Those that name one model, or else one key, by that name; and the rest. Each
	// in file order.
	models, keys map[string][]*candidate
	rest         []*candidate
}

// put adds a rule, which stands behind those that are there.
func (b rulebook) put(at route, c *candidate) {
	s := b[at]
	if s == nil {
		s = &chapter{models: map[string][]*candidate{}, keys: map[string][]*candidate{}}
		b[at] = s
	}
	s.all = append(s.all, c)
	switch m := &c.rule.Match; {
	case m.Model.exact():
		s.models[string(m.Model)] = append(s.models[string(m.Model)], c)
	case m.Key.exact():
		s.keys[string(m.Key)] = append(s.keys[string(m.Key)], c)
	default:
		s.rest = append(s.rest, c)
	}
}

// exact reports whether nothing but the very text fits the glob.
func (g Glob) exact() bool { return g != "" && !strings.ContainsAny(string(g), "*?") }

// at returns all rules that can answer there, in file order.
func (b rulebook) at(at route) []*candidate {
	if s := b[at]; s != nil {
		return s.all
	}
	return nil
}

// about returns the rules that the request may match.
func (b rulebook) about(r *Request) (found reading) {
	if s := b[route{r.Dialect, r.Operation}]; s != nil {
		found = reading{s.rest, s.models[r.Model], s.keys[r.Key]}
	}
	return found
}

// A reading goes through lists of rules at once, in file order.
type reading [3][]*candidate

// next returns the next rule, or nil behind the last one.
func (l *reading) next() *candidate {
	from := -1
	for i, list := range l {
		if len(list) > 0 && (from < 0 || list[0].place < l[from][0].place) {
			from = i
		}
	}
	if from < 0 {
		return nil
	}
	c := l[from][0]
	l[from] = l[from][1:]
	return c
}
