package scenarios

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// A Standing tells how far the rules and limits of a scenario have come in a
// namespace.
type Standing struct {
	Called      bool            `json:"called"`      // Whether the namespace was called at all.
	Age         time.Duration   `json:"age_ns"`      // Since its first call, in vendor time.
	Connections []RuleStanding  `json:"connections"` // Of the default namespace alone; all in file order.
	Rules       []RuleStanding  `json:"rules"`
	Limits      []LimitStanding `json:"limits"`

	// Who does not count for all is told of where it called lately: in how many
	// of the newest calls was looked, and of how many. Who keeps the calls knows.
	Seen int    `json:"seen"`
	Of   uint64 `json:"of"`
}

// A RuleStanding tells how far a rule has come, or a fault of connections.
type RuleStanding struct {
	Rule        string   `json:"rule"`
	Line        int      `json:"line,omitempty"` // Where it stands in the scenario's text.
	Outcomes    []string `json:"outcomes"`       // What comes out: of each step, or the one.
	Per         Per      `json:"per"`            // For whom its calls are counted.
	Calls       *Range   `json:"calls,omitempty"`
	Every       uint64   `json:"every,omitempty"`
	Probability *float64 `json:"probability,omitempty"`
	Window      *Span    `json:"window,omitempty"`
	Sticky      StickyBy `json:"sticky,omitempty"`

	Counts []*Progress `json:"counts"`         // Of those who called lately; the only one, for all, has no name.
	More   bool        `json:"more,omitempty"` // Whether more called lately than are told of.
	Holds  []Held      `json:"holds"`          // For whom it holds now.
}

// A Range is a range of calls.
type Range struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to,omitempty"` // 0 if the range is open.
}

// A Span is a span of vendor time.
type Span struct {
	From time.Duration `json:"from_ns"`
	To   time.Duration `json:"to_ns,omitempty"` // 0 if it is open.
	Open bool          `json:"open"`            // Whether the namespace is that old now.
}

// A Progress is how far a rule has come for somebody.
type Progress struct {
	For   string `json:"for,omitempty"` // Redacted as the journal is.
	N     uint64 `json:"n"`             // How many calls were counted.
	Fired uint64 `json:"fired"`         // At how many of them it fires by its calls, every and probability.
	Next  Next   `json:"next"`          // What would become of the next call if it came now.
}

// A Next tells of a call that has not come yet: all chance is known before.
type Next struct {
	Fires bool    `json:"fires"`
	Roll  float64 `json:"roll,omitempty"`
	Step  int     `json:"step,omitempty"`
}

// A Held is somebody for whom a sticky rule holds.
type Held struct {
	For   string     `json:"for,omitempty"`
	Until *time.Time `json:"until,omitempty"` // On the clock; until it is released without.
}

// A LimitStanding tells how much of a limit is used.
type LimitStanding struct {
	Limit string     `json:"limit"`
	Line  int        `json:"line,omitempty"`
	Per   LimitPer   `json:"per"` // Who shares it.
	Units []UnitUsed `json:"units"`
	More  bool       `json:"more,omitempty"` // Whether more called lately than are told of.
}

// A UnitUsed tells how much of one unit of a limit is used.
type UnitUsed struct {
	Unit catalog.Unit  `json:"unit"`
	Max  uint64        `json:"max"`
	Over time.Duration `json:"window_ns,omitempty"` // In vendor time; none without.
	Used []*Used       `json:"used"`                // By those who called lately.
}

// Used is how much somebody has used.
type Used struct {
	For   string     `json:"for,omitempty"`
	Left  uint64     `json:"left"`
	Opens *time.Time `json:"opens,omitempty"` // When all is there again, on the clock; unless it is, or never will be.
}

// mostWhom bounds for how many callers a rule or a limit is shown.
const mostWhom = 20

// Stand tells how the scenario stands in a namespace, for those who made the
// calls seen, the newest first. It counts nothing.
func (e *Engine) Stand(ctx context.Context, namespace string, now time.Time, seen []Past) (Standing, error) {
	lines, _ := locate(string(e.scenario.source))
	s := survey{engine: e, now: now, seen: seen, lines: lines}
	s.askRules()
	s.askLimits()
	a, err := e.state.Look(ctx, namespace, now, s.question)
	if err != nil {
		return Standing{}, sentences.Errorf("scenario %s: state: %w", e.scenario.Name, err)
	}
	s.answer(a)
	if namespace == "" {
		err = s.connections(ctx)
	}
	return s.standing, err
}

// A survey asks for all counters, limits and holds at once.
type survey struct {
	engine   *Engine
	now      time.Time
	seen     []Past
	lines    map[string]int
	question Question
	answered []func(*Answer) // What is done with the answer.
	standing Standing
}

func (s *survey) answer(a Answer) {
	s.standing.Called, s.standing.Age = a.Called, s.vendor(a.Age)
	for _, use := range s.answered {
		use(&a)
	}
}

// vendor converts time on the clock to vendor time.
func (s *survey) vendor(d time.Duration) time.Duration {
	return time.Duration(float64(d) * s.engine.speed)
}

func (s *survey) askRules() {
	e := s.engine
	s.standing.Connections, s.standing.Rules = []RuleStanding{}, make([]RuleStanding, len(e.scenario.Rules))
	for i := range e.scenario.Rules {
		rule := &e.scenario.Rules[i]
		standing := &s.standing.Rules[i]
		*standing = described(rule)
		standing.Line = s.lines["rule"+index(i)]
		c := e.candidateOf(rule)
		for whom, counter := range s.counters(rule, &standing.More) {
			s.count(c, standing, whom, counter)
		}
		if rule.Sticky != nil {
			s.askHolds(rule, standing)
		}
	}
}

// candidateOf returns the rule as the engine asks it.
func (e *Engine) candidateOf(rule *Rule) *candidate {
	c := &candidate{rule: rule, schedule: &schedule{seed: e.seed, rule: rule}}
	if w := rule.When.Window; w != nil {
		c.window = Counter{From: e.wall(w.From), To: e.wall(w.To)}
	}
	return c
}

// described tells what a rule is, without how far it has come.
func described(rule *Rule) RuleStanding {
	w := &rule.When
	d := RuleStanding{Rule: rule.Name, Outcomes: []string{}, Per: cmp.Or(w.Per, PerNamespace), Every: uint64(w.Every), Counts: []*Progress{}, Holds: []Held{}}
	for _, o := range rule.outcomes {
		d.Outcomes = append(d.Outcomes, o.words())
	}
	if w.Calls != nil {
		d.Calls = &Range{From: w.Calls.From, To: w.Calls.To}
		if w.Calls.To == openCalls {
			d.Calls.To = 0
		}
	}
	if w.Probability != nil {
		p := float64(*w.Probability)
		d.Probability = &p
	}
	if w.Window != nil {
		d.Window = &Span{From: w.Window.From, To: w.Window.To}
		if w.Window.To == forever {
			d.Window.To = 0
		}
	}
	if rule.Sticky != nil {
		d.Sticky = rule.Sticky.By
	}
	return d
}

// words tells in a few words what comes out.
func (o *outcome) words() string {
	var words []string
	switch {
	case o.entry != nil:
		words = append(words, o.entry.ID())
	case o.Raw != nil:
		words = append(words, fmt.Sprintf("raw %d", cmp.Or(int(o.Raw.Status), 200)))
	case o.Reply != nil:
		words = append(words, "reply")
	}
	if o.Delivery != nil && o.Delivery.Mode != "" {
		words = append(words, string(o.Delivery.Mode))
	}
	if o.Latency != nil {
		words = append(words, "latency")
	}
	if o.Fault != nil {
		words = append(words, "fault "+string(o.Fault.Kind))
	}
	return strings.Join(words, ", ")
}

// count asks how far a rule has come for somebody.
func (s *survey) count(c *candidate, standing *RuleStanding, whom string, counter Counter) {
	at := len(s.question.Counters)
	s.question.Counters = append(s.question.Counters, counter)
	if c.rule.When.Window != nil {
		inWindow := counter
		inWindow.From, inWindow.To = c.window.From, c.window.To
		s.question.Counters = append(s.question.Counters, inWindow)
	}
	s.answered = append(s.answered, func(a *Answer) {
		inWindow := uint64(0)
		open := c.open(a.Age)
		if c.rule.When.Window != nil {
			standing.Window.Open, inWindow = open, a.Counts[at+1]
		}
		standing.Counts = append(standing.Counts, c.progress(whom, counter.Key, a.Counts[at], inWindow, a.Age))
	})
}

// progress tells how far the rule has come after n calls, and what the next one
// would meet at that age of the namespace.
func (c *candidate) progress(whom, key string, n, inWindow uint64, age time.Duration) *Progress {
	next := encounter{candidate: c, key: key, n: n + 1, inWindow: n + 1, age: age}
	if c.rule.When.Window != nil {
		next.inWindow = inWindow + 1
	}
	firing, o := next.fire()
	return &Progress{For: whom, N: n, Fired: c.schedule.firings(key, n), Next: Next{Fires: o != nil, Roll: firing.Roll, Step: firing.Step}}
}

func (s *survey) askHolds(rule *Rule, standing *RuleStanding) {
	for whom, hold := range s.holds(rule) {
		at := len(s.question.Holds)
		s.question.Holds = append(s.question.Holds, hold)
		s.answered = append(s.answered, func(a *Answer) {
			held := a.Holds[at]
			if !held.Holds {
				return
			}
			h := Held{For: whom}
			if !held.Until.IsZero() {
				h.Until = &held.Until
			}
			standing.Holds = append(standing.Holds, h)
		})
	}
}

func (s *survey) askLimits() {
	s.standing.Limits = make([]LimitStanding, len(s.engine.scenario.Limits))
	for i := range s.engine.scenario.Limits {
		l := &s.engine.scenario.Limits[i]
		standing := &s.standing.Limits[i]
		*standing = LimitStanding{Limit: l.name, Line: s.lines["limit"+index(i)], Per: cmp.Or(l.Per, LimitPerKey)}
		units := l.Units()
		standing.Units = make([]UnitUsed, len(units))
		for k, unit := range units {
			standing.Units[k] = UnitUsed{Unit: unit, Max: l.max(unit), Over: UnitWindow(unit), Used: []*Used{}}
			for whom, key := range s.sharers(l, &standing.More) {
				s.use(&standing.Units[k], whom, Claim{Limit: l.name, Unit: unit, Key: key, Max: l.max(unit), Window: s.engine.window(unit)})
			}
		}
	}
}

// use asks how much somebody has used of a limit.
func (s *survey) use(standing *UnitUsed, whom string, c Claim) {
	at := len(s.question.Claims)
	s.question.Claims = append(s.question.Claims, c)
	s.answered = append(s.answered, func(a *Answer) {
		u := &Used{For: whom, Left: a.Rooms[at].Left}
		if opens := a.Rooms[at].Opens; opens > 0 {
			then := s.now.Add(opens)
			u.Opens = &then
		}
		standing.Used = append(standing.Used, u)
	})
}

// connections tells how far the faults of connections have come.
func (s *survey) connections(ctx context.Context) error {
	faults := s.engine.scenario.Connections
	s.standing.Connections = make([]RuleStanding, len(faults))
	s.question, s.answered = Question{}, nil
	for i := range faults {
		rule := &Rule{Name: faults[i].Name, When: faults[i].When, outcomes: []*outcome{{Outcome: &Outcome{}}}}
		standing := &s.standing.Connections[i]
		*standing = described(rule)
		standing.Line, standing.Outcomes = s.lines["connection"+index(i)], []string{string(faults[i].Fault.Kind)}
		s.count(s.engine.candidateOf(rule), standing, "", Counter{Rule: rule.Name})
	}
	a, err := s.engine.state.Look(ctx, Connections, s.now, s.question)
	if err != nil {
		return sentences.Errorf("scenario %s: state: %w", s.engine.scenario.Name, err)
	}
	for _, use := range s.answered {
		use(&a)
	}
	return nil
}
