package scenarios

import (
	"cmp"
	"slices"
)

// checkReachable reports rules that can never be asked, because a rule before
// them answers every call that they match. A file may have 50,000 rules, so that
// not all are held against each other: who covers a rule has no demand but the
// rule's own, and is looked for under these.
func checkReachable(rules []Rule, r *report) {
	often := map[demand]int{} // How many rules have it.
	for i := range rules {
		for _, c := range rules[i].Match.conditions {
			often[c.demand]++
		}
	}
	walls := map[demand][]int{} // Rules that always answer, by their rarest demand; in file order.
	for j := range rules {
		rule := &rules[j]
		first := len(rules)
		look := func(under demand) {
			for _, i := range walls[under] {
				if i < first && rules[i].covers(rule) {
					first = i
				}
			}
		}
		look(demand{})
		for _, c := range rule.Match.conditions {
			look(c.demand)
		}
		if first < len(rules) {
			r.add("rule"+index(j), "is never reached: rule %q answers every call that it matches", rules[first].Name)
		}
		if rule.always() {
			rarest := rule.Match.rarest(often)
			walls[rarest] = append(walls[rarest], j)
		}
	}
}

// rarest returns the demand of the match that the fewest rules have; an empty one
// if it has none.
func (m *Match) rarest(often map[demand]int) demand {
	if len(m.conditions) == 0 {
		return demand{}
	}
	return slices.MinFunc(m.conditions, func(a, b condition) int { return cmp.Compare(often[a.demand], often[b.demand]) }).demand
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
	if !r.Match.wider(&s.Match) {
		return false
	}
	for at := range s.routes {
		if !r.routes[at] {
			return false
		}
	}
	return true
}

// wider reports whether every call that n matches is matched by m too, as far
// as can be seen from equal demands.
func (m *Match) wider(n *Match) bool {
	for _, c := range m.conditions {
		if !slices.ContainsFunc(n.conditions, func(d condition) bool { return d.demand == c.demand }) {
			return false
		}
	}
	return true
}
