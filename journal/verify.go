package journal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/scenarios"
)

// A Pattern says which exchanges are counted. What is empty is not asked.
type Pattern struct {
	Dialect, Operation string
	Model              scenarios.Glob
	Errors             []string // Ids of documented errors, of which it must be one.
	Cause              string
	Rule               string // One that fired.
	Status             int
	Key                string // Redacted, as it is shown.
	BodyContains       string // In the request's body, as it is shown.
}

// A Claim is what is said of a journal: how many exchanges fit the pattern.
type Claim struct {
	Pattern Pattern
	AtLeast int
	AtMost  int // Below 0 for any number.
}

// A Finding tells whether a claim holds.
type Finding struct {
	OK        bool     `json:"ok"`
	Count     int      `json:"count"`
	Exchanges []uint64 `json:"exchanges"`      // The ids of those that fit, oldest first.
	Near      []Miss   `json:"near,omitempty"` // If too few fit: those that nearly did, the nearest first.
}

// A Miss is an exchange that does not fit, and the first field that differs.
type Miss struct {
	Exchange uint64 `json:"exchange"`
	Field    string `json:"field"`
	Want     string `json:"want"`
	Got      string `json:"got"`

	fields int // How many differ.
}

// An UnsureError says that nobody can know whether a claim holds, because of
// what was not kept.
type UnsureError struct {
	Count   int    // How many exchanges fit,
	Evicted uint64 // how many were evicted and may have fitted,
	Cut     int    // and how many may fit with the part of their body that was not kept.
}

// Error implements error.
func (e *UnsureError) Error() string {
	return fmt.Sprintf("%d exchanges fit; %d more were evicted from the journal and may have fitted, and of %d the end of the body was not kept", e.Count, e.Evicted, e.Cut)
}

// Verify tells whether a claim holds of a namespace. The error is an
// [*UnsureError], or says why the exchanges of other servers cannot be read.
func (j *Journal) Verify(namespace string, c Claim) (Finding, error) {
	p := j.all(namespace, 0)
	if p.Err != nil {
		return Finding{}, p.Err
	}
	all, evicted := p.found, p.EvictedHere
	f := Finding{Exchanges: []uint64{}}
	cut := 0
	for i := range all {
		switch miss, unsure := c.Pattern.miss(&all[i]); {
		case unsure:
			cut++
		case miss == nil:
			f.Exchanges = append(f.Exchanges, all[i].ID)
		default:
			f.Near = append(f.Near, *miss)
		}
	}
	f.Count = len(f.Exchanges)
	most := f.Count + cut + int(evicted)
	if c.holds(f.Count, most) != c.mayHold(f.Count, most) {
		return f, &UnsureError{f.Count, evicted, cut}
	}
	f.OK = c.holds(f.Count, most)
	f.nearest(!f.OK && f.Count < c.AtLeast)
	return f, nil
}

// holds reports whether the claim is true of every number from least to most.
func (c *Claim) holds(least, most int) bool {
	return least >= c.AtLeast && (c.AtMost < 0 || most <= c.AtMost)
}

// mayHold reports whether it is true of some number of these.
func (c *Claim) mayHold(least, most int) bool {
	return most >= c.AtLeast && (c.AtMost < 0 || least <= c.AtMost)
}

// nearest keeps the nearest misses if they are wanted: those with the fewest
// differences and, of these, the newest.
func (f *Finding) nearest(wanted bool) {
	if !wanted {
		f.Near = nil
		return
	}
	slices.Reverse(f.Near)
	slices.SortStableFunc(f.Near, func(a, b Miss) int { return a.fields - b.fields })
	f.Near = f.Near[:min(len(f.Near), mostNear)]
}

// miss compares an exchange with the pattern; nil if it fits. It is unsure
// where only the part of the body that was not kept can tell.
func (p *Pattern) miss(e *Exchange) (miss *Miss, unsure bool) {
	shown := e.Brief()
	differs := func(field, want, got string) {
		if miss == nil {
			miss = &Miss{Exchange: e.ID, Field: field, Want: want, Got: got}
		}
		miss.fields++
	}
	for _, f := range []struct {
		name, want, got string
		fits            bool
	}{
		{"dialect", p.Dialect, e.Dialect, p.Dialect == e.Dialect},
		{"operation", p.Operation, e.Operation, p.Operation == e.Operation},
		{"model", string(p.Model), shown.Model, p.Model.Matches(shown.Model)},
		{"error", strings.Join(p.Errors, " or "), e.Error, slices.Contains(p.Errors, e.Error)},
		{"cause", p.Cause, e.Cause, p.Cause == e.Cause},
		{"rule", p.Rule, firedNames(e.Rules), slices.ContainsFunc(e.Rules, func(f Firing) bool { return f.Rule == p.Rule })},
		{"key", p.Key, shown.Key, p.Key == shown.Key},
	} {
		if f.want != "" && !f.fits {
			differs(f.name, f.want, f.got)
		}
	}
	if p.Status != 0 && p.Status != e.Status {
		differs("status", fmt.Sprint(p.Status), fmt.Sprint(e.Status))
	}
	// Of those that are far off anyway, nobody needs to read the body.
	if p.BodyContains != "" && (miss == nil || miss.fields < 2) && !strings.Contains(e.shownBody(), p.BodyContains) {
		if miss == nil && e.Raw != nil && !e.Raw.whole {
			return nil, true
		}
		differs("body_contains", p.BodyContains, Clip(e.shownBody()))
	}
	return miss, false
}

func firedNames(fired []Firing) string {
	names := make([]string, len(fired))
	for i, f := range fired {
		names[i] = f.Rule
	}
	return strings.Join(names, ", ")
}
