package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// A Limit says how much may be called. Every call that is let in counts,
// whoever answers it; a refused one takes nothing.
type Limit struct {
	Name  string   `toml:"name" need:"text"` // For reports; its place in the file if it has none.
	Match Match    `toml:"match"`            // Which calls; all unless given.
	Per   LimitPer `toml:"per"`              // Who shares it; "" means key.

	Concurrency Count `toml:"concurrency"` // Calls under way at the same time.
	Burst       Count `toml:"burst"`       // Calls at once, which come back evenly, as many each second.
	QPS         Count `toml:"qps"`         // Calls per second.
	RPM         Count `toml:"rpm"`         // Calls per minute.
	TPM         Count `toml:"tpm"`         // Tokens per minute.
	PerDay      Count `toml:"per_day"`     // Calls per day.
	Total       Count `toml:"total"`       // Calls ever.

	Error      string      `toml:"error" need:"text"` // Instead of the dialect's own for the unit.
	Variant    VariantRef  `toml:"variant"`           // Which of the error's messages.
	RetryAfter *RetryAfter `toml:"retry_after"`       // Adds a Retry-After header, which neither vendor was seen to send.

	name     string
	refusals map[route]map[catalog.Unit]*Failure // Compiled: where the limit holds, and what is answered there.
}

// LimitPer says who shares a limit.
type LimitPer string

// The values of [LimitPer].
const (
	LimitPerKey       LimitPer = "key"       // All calls with one API key.
	LimitPerModel     LimitPer = "model"     // All calls of one model.
	LimitPerNamespace LimitPer = "namespace" // All calls.
)

// UnmarshalTOML reads who shares a limit.
func (p *LimitPer) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(LimitPerKey), string(LimitPerModel), string(LimitPerNamespace))
	*p = LimitPer(text)
	return err
}

// RetryAfter says what a refusal's Retry-After header says: how long it really
// takes, or a fixed time.
type RetryAfter struct {
	Real  bool     // How long it really takes.
	Fixed Duration // Whatever it really takes.
}

// UnmarshalTOML reads true or a duration.
func (a *RetryAfter) UnmarshalTOML(in any) error {
	switch v := in.(type) {
	case bool:
		if !v {
			return sentences.Errorf("must be true or a duration; leave it out for no header")
		}
		a.Real = true
		return nil
	case string:
		return a.Fixed.UnmarshalTOML(in)
	default:
		return sentences.Errorf(`must be true, for the time that it really takes, or a duration such as "10s", not %s`, kindOf(in))
	}
}

// max returns how much of the unit there is; 0 is no limit.
func (l *Limit) max(unit catalog.Unit) uint64 {
	switch unit {
	case catalog.UnitConcurrency:
		return uint64(l.Concurrency)
	case catalog.UnitBurst:
		return uint64(l.Burst)
	case catalog.UnitQPS:
		return uint64(l.QPS)
	case catalog.UnitRPM:
		return uint64(l.RPM)
	case catalog.UnitTPM:
		return uint64(l.TPM)
	case catalog.UnitPerDay:
		return uint64(l.PerDay)
	case catalog.UnitTotal:
		return uint64(l.Total)
	default:
		return 0
	}
}

// Units lists what the limit counts.
func (l *Limit) Units() []catalog.Unit {
	return slices.DeleteFunc(catalog.Units(), func(u catalog.Unit) bool { return l.max(u) == 0 })
}

// LimitNamed returns the limit of that name, as exchanges give it, or nil.
func (s *Scenario) LimitNamed(name string) *Limit {
	for i := range s.Limits {
		if s.Limits[i].name == name {
			return &s.Limits[i]
		}
	}
	return nil
}

// checkLimits compiles every limit and says what is wrong with it.
func checkLimits(limits []Limit, r *report) {
	names := map[string]int{}
	for i := range limits {
		l := &limits[i]
		path := "limit" + index(i)
		l.name = cmp.Or(l.Name, fmt.Sprintf("#%d", i+1))
		checkName(path, l.name, names, r)
		names[l.name] = i
		if r.within(path) {
			continue // More problems would follow from that one.
		}
		l.Match.prepare(path+".match", r)
		l.Match.compile()
		l.compile(path, r)
	}
}

// compile works out where the limit holds, and what is answered there.
func (l *Limit) compile(path string, r *report) {
	l.refusals = map[route]map[catalog.Unit]*Failure{}
	routes := l.Match.routes()
	if len(routes) == 0 {
		r.add(path+".match", "can never match: %s", l.Match.whyNever())
		return
	}
	given := l.Units()
	if len(given) == 0 {
		r.add(path, "limits nothing: it needs one of %s", catalog.List(catalog.Units()))
	}
	if l.Variant != (VariantRef{}) && l.Error == "" {
		r.add(path+".variant", "goes with error only")
	}
	entry, ok := l.entry(path, r)
	if !ok {
		return
	}
	for _, unit := range given {
		held := false
		for at := range routes {
			if f := l.refusal(at, unit, entry); f != nil {
				held = true
				if l.refusals[at] == nil {
					l.refusals[at] = map[catalog.Unit]*Failure{}
				}
				l.refusals[at][unit] = f
			}
		}
		switch {
		case held:
		case entry == nil:
			r.add(path+"."+string(unit), "nothing that the limit matches documents an error for it: give error, or match a dialect that does")
		default:
			r.add(path+".error", "no message of %s can arrive where the limit matches", entry.ID())
		}
	}
}

// entry resolves the error that is answered instead of the dialect's own.
func (l *Limit) entry(path string, r *report) (*catalog.Entry, bool) {
	if l.Error == "" {
		return nil, true
	}
	var dialects []string
	for at := range l.Match.routes() {
		dialects = append(dialects, at.dialect)
	}
	slices.Sort(dialects)
	entry, err := catalog.Resolve(l.Error, catalog.Scope{Dialects: slices.Compact(dialects), Operation: string(l.Match.Operation)})
	if err != nil {
		r.add(path+".error", "%v", err)
		return nil, false
	}
	return entry, true
}

// refusal returns what is answered on a route when the unit is used up, or nil
// if there is nothing to answer.
func (l *Limit) refusal(at route, unit catalog.Unit, entry *catalog.Entry) *Failure {
	variant := l.Variant
	if entry == nil {
		own, found := catalog.LimitErrorOf(at.dialect, unit)
		if !found {
			return nil
		}
		var err error
		if entry, err = catalog.Resolve(own.ID, catalog.Scope{}); err != nil {
			return nil
		}
		variant = VariantRef{Text: own.Variant}
	}
	if !entry.CarriedBy(at.dialect) {
		return nil
	}
	v := variant.pick(entry, at.dialect)
	if v == nil {
		return nil
	}
	return &Failure{Entry: entry, Variant: v}
}

// whom returns who a call counts for.
func (l *Limit) whom(r *Request) string {
	switch l.Per {
	case LimitPerModel:
		return "m:" + short(r.Model)
	case LimitPerNamespace:
		return ""
	default:
		return "k:" + short(cmp.Or(r.Account, r.Key))
	}
}

// UnitWindow returns how long the unit's window is, in vendor time. What has none
// is 0.
func UnitWindow(unit catalog.Unit) time.Duration {
	switch unit {
	case catalog.UnitBurst, catalog.UnitQPS:
		return time.Second
	case catalog.UnitRPM, catalog.UnitTPM:
		return time.Minute
	case catalog.UnitPerDay:
		return 24 * time.Hour
	default:
		return 0
	}
}

// A Quota is how much of the limits per minute is left to the caller.
type Quota struct {
	Requests, Tokens *Left // Nil where nothing is limited.
}

// Left is how much is left of a limit.
type Left struct{ Limit, Remaining uint64 }

// tightest keeps the one of which less is left.
func tightest(a *Left, b Left) *Left {
	if a != nil && a.Remaining <= b.Remaining {
		return a
	}
	return &b
}
