package metrics

import (
	"strings"
	"sync"

	"github.com/mockllm/mockllm"
)

const (
	none       = "none"       // Stands where nothing is to be named.
	connection = "connection" // The cause of what befalls a connection.
)

// outcome says what became of a call: the first of these that is true.
func outcome(o *mockllm.Observation) string {
	switch {
	case o.Failed:
		return "failed"
	case o.Fault != "":
		return "fault"
	case o.ClientLeft:
		return "left"
	case o.Refused:
		return "refusal"
	case o.Error != "" || o.Status >= 400:
		return "error"
	default:
		return "success"
	}
}

// Bounds of the names of rules, which are the only labels that neither the
// catalogue nor the code knows beforehand.
const (
	maxRules    = 200
	longestRule = 100 // Bytes.
	otherRules  = "other"
)

// rules is which names of rules are labels. The others count together.
type rules struct {
	mu    sync.RWMutex
	names map[string]bool
}

// label returns what a rule is called in a label.
func (r *rules) label(rule string) string {
	rule = strings.ToValidUTF8(rule[:min(len(rule), longestRule)], "")
	r.mu.RLock()
	known := r.names[rule]
	r.mu.RUnlock()
	if known || r.add(rule) {
		return rule
	}
	return otherRules
}

// add reports whether there was room for another name.
func (r *rules) add(rule string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.names) >= maxRules {
		return r.names[rule]
	}
	if r.names == nil {
		r.names = map[string]bool{}
	}
	r.names[rule] = true
	return true
}
