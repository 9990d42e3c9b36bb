package scenarios

import (
	"maps"
	"slices"
)

// Dialects returns where the rules and limits can answer, sorted, of a scenario
// that was loaded or compiled. It is nil if there is none.
func (s *Scenario) Dialects() []string {
	found := map[string]bool{}
	for i := range s.Rules {
		for at := range s.Rules[i].routes {
			found[at.dialect] = true
		}
	}
	for i := range s.Limits {
		for at := range s.Limits[i].Match.routes() {
			found[at.dialect] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
