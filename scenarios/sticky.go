package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mockllm/mockllm/catalog"
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

	// Held reports for each whether it holds now.
	Held(ctx context.Context, namespace string, now time.Time, holds []Hold) ([]bool, error)

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

// Held implements [Holds].
func (m *memory) Held(_ context.Context, namespace string, now time.Time, holds []Hold) ([]bool, error) {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	held := make([]bool, len(holds))
	for i, h := range holds {
		until, ok := s.holds.get(h)
		held[i] = ok && (until.IsZero() || now.Before(until))
	}
	return held, nil
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

// asksFor lists for whom a hold would concern the request.
func (s *Sticky) asksFor(r *Request) []string {
	if s.By != ByContent {
		return []string{s.firedFor(r)}
	}
	var turns []string
	for _, t := range r.Turns {
		if t.Role == "user" {
			turns = append(turns, "c:"+short(t.Text))
		}
	}
	return turns
}

// held notes in the calls which sticky rules hold.
func (e *Engine) held(ctx context.Context, now time.Time, r *Request, calls []encounter) error {
	var holds []Hold
	var of []int
	for i, c := range calls {
		if c.rule.Sticky == nil {
			continue
		}
		for _, whom := range c.rule.Sticky.asksFor(r) {
			holds, of = append(holds, Hold{c.rule.Name, whom}), append(of, i)
		}
	}
	if len(holds) == 0 {
		return nil
	}
	held, err := e.state.Held(ctx, r.Namespace, now, holds)
	if err != nil {
		return err
	}
	for k, i := range of {
		calls[i].held = calls[i].held || held[k]
	}
	return nil
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
var ErrNotSticky = errors.New("there is no sticky rule")

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
	return fmt.Errorf("%w %q%s", ErrNotSticky, rule, catalog.DidYouMean(rule, sticky))
}
