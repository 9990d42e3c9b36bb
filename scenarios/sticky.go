package scenarios

import (
	"context"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// Sticky makes a rule hold once it has fired: for whom it fired, until the
// time is over or it is released.
type Sticky struct {
	By  StickyBy  `toml:"by"`  // For whom it holds.
	For *Duration `toml:"for"` // How long, in vendor time; until it is released unless given.
}

// UnmarshalTOML reads the shorthand.
func (s *Sticky) UnmarshalTOML(in any) error { return s.By.UnmarshalTOML(in) }

// StickyBy says for whom a rule that has fired holds.
type StickyBy string

// The values of [StickyBy].
const (
	ByContent   StickyBy = "content"   // For every conversation that still has the user's turn on which it fired.
	ByKey       StickyBy = "key"       // For the API key.
	ByNamespace StickyBy = "namespace" // For the whole namespace.
)

// UnmarshalTOML reads for whom.
func (s *StickyBy) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(ByContent), string(ByKey), string(ByNamespace))
	*s = StickyBy(text)
	return err
}

// check says what is wrong with the stickiness of a rule.
func (s *Sticky) check(path string, rule *Rule, r *report) {
	if s.By == "" {
		r.add(path, `needs by: "content", "key" or "namespace"`)
	}
	if s.For != nil && *s.For == 0 {
		r.add(path+".for", "must be more than 0")
	}
	if len(rule.Step) > 0 {
		r.add(path, "does not go with step: a rule that holds has one outcome")
	}
}

// A Hold says that a sticky rule holds for somebody.
type Hold struct{ Rule, For string }

// Holds is the part of a [State] that remembers for whom sticky rules hold.
type Holds interface {
	// Hold notes that a rule holds until a time; a zero time is until Release.
	Hold(ctx context.Context, namespace string, h Hold, until time.Time) error

	// Release ends all holds of a rule in a namespace.
	Release(ctx context.Context, namespace, rule string) error
}

// Hold implements [Holds].
func (m *memory) Hold(_ context.Context, namespace string, h Hold, until time.Time) error {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds.put(h, until)
	return nil
}

// holding reports whether a hold holds at that time.
func (s *space) holding(h Hold, now time.Time) bool {
	until, ok := s.holds.get(h)
	return ok && (until.IsZero() || now.Before(until))
}

// Release implements [Holds].
func (m *memory) Release(_ context.Context, namespace, rule string) error {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds.removeFunc(func(h Hold) bool { return h.Rule == rule })
	return nil
}

// firedFor returns for whom a sticky rule would hold if it fired on the request.
func (s *Sticky) firedFor(r *Request) string {
	switch s.By {
	case ByContent:
		return "c:" + short(r.Prompt())
	case ByKey:
		return "k:" + short(r.Key)
	default:
		return ""
	}
}

// holds lists for whom holds of the sticky rules that match concern the
// request, and notes which rule each is about.
func (a *round) holds(r *Request) {
	for i := range a.matched {
		rule := a.matched[i].rule
		switch {
		case rule.Sticky == nil:
		case rule.Sticky.By != ByContent:
			a.asks(i, Hold{rule.Name, rule.Sticky.firedFor(r)})
		default:
			for _, said := range r.Turns {
				if said.Role == "user" {
					a.asks(i, Hold{rule.Name, "c:" + short(said.Text)})
				}
			}
		}
	}
}

// asks asks whether a hold of a matching rule holds.
func (a *round) asks(matched int, h Hold) {
	a.call.Holds, a.about = append(a.call.Holds, h), append(a.about, matched)
}

// hold makes a sticky rule that has just fired hold.
func (e *Engine) hold(ctx context.Context, now time.Time, r *Request, rule *Rule) error {
	var until time.Time
	if rule.Sticky.For != nil {
		until = now.Add(e.wall(time.Duration(*rule.Sticky.For)))
	}
	return e.state.Hold(ctx, r.Namespace, Hold{rule.Name, rule.Sticky.firedFor(r)}, until)
}

// ErrNotSticky says that there is no sticky rule of a name.
var ErrNotSticky = sentences.Errorf("there is no sticky rule")

// Release ends what a sticky rule holds for in a namespace.
func (e *Engine) Release(ctx context.Context, namespace, rule string) error {
	var sticky []string
	for i := range e.scenario.Rules {
		r := &e.scenario.Rules[i]
		if r.Sticky == nil {
			continue
		}
		if sticky = append(sticky, r.Name); r.Name == rule {
			return e.state.Release(ctx, namespace, rule)
		}
	}
	return sentences.Errorf("%w %q%s", ErrNotSticky, rule, catalog.DidYouMean(rule, sticky))
}
