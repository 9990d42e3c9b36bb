package verdict

import (
	"fmt"
	"maps"
	"slices"

	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// Judge says how the client behaved. The scenario is one that was loaded or
// compiled; without one, nothing is expected, and what is found counts.
func Judge(in Input) *Verdict {
	if in.Scenario == nil {
		in.Scenario = &scenarios.Scenario{}
	}
	q := newInquest(&in)
	v := &Verdict{
		Scenario: in.Scenario.Name, File: in.File, Seed: in.Seed,
		Exchanges: len(in.Exchanges), Calls: len(q.calls), Evicted: in.Evicted,
		Findings: []Finding{}, Expectations: []Expectation{},
	}
	for _, said := range q.reasons(&in) {
		v.Reasons, v.ReasonsSaid = append(v.Reasons, said.String()), append(v.ReasonsSaid, said)
	}
	seen := map[scenarios.FindingKind][]Evidence{}
	for _, c := range charges() {
		seen[c.kind] = c.find(q)
		if f, found := q.finding(c, seen[c.kind]); found {
			v.Findings = append(v.Findings, f)
		}
	}
	evicted := in.Evicted > 0 || in.Unread != nil
	for i := range in.Scenario.Expect {
		v.Expectations = append(v.Expectations, q.hold(i, &in.Scenario.Expect[i], evicted, seen)...)
	}
	v.Status = v.status()
	v.Seen = q.seen(v)
	return v
}

// seen tells of the exchanges on which what is wrong rests: who reads a report may
// have nothing else left of them.
func (q *inquest) seen(v *Verdict) (lines []string) {
	wrong := map[uint64]bool{}
	note := func(all []Evidence) {
		for _, e := range all {
			for _, id := range e.Exchanges {
				wrong[id] = true
			}
		}
	}
	for _, f := range v.Findings {
		if f.Severity != Allowed {
			note(f.Evidence)
		}
	}
	for _, e := range v.Expectations {
		note(v.shown(e)) // What it leaves out, a finding noted.
	}
	ids := slices.Sorted(maps.Keys(wrong))
	for _, id := range ids[:min(len(ids), maxSeen)] {
		e := q.byID[id]
		lines = append(lines, fmt.Sprintf("%.3fs  %s", e.Time.Sub(q.all[0].Time).Seconds(), e.Line()))
	}
	if more := len(ids) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("… %d more", more))
	}
	return lines
}

// finding makes a finding of evidence. What the scenario allows does not count,
// unless there is nothing else.
func (q *inquest) finding(c charge, evidence []Evidence) (Finding, bool) {
	f := Finding{Kind: c.kind, Severity: c.severity, Text: c.text.String(), Instead: c.instead.String()}
	places := slices.DeleteFunc(slices.Clone(evidence), func(e Evidence) bool { return q.allows(c.kind, e) })
	if len(places) == 0 {
		f.Severity, places = Allowed, evidence
	}
	f.Count = len(places)
	f.Evidence = places[:min(len(places), maxEvidence)]
	return f, f.Count > 0
}

// allows reports whether an expectation about one of the exchanges allows the
// finding.
func (q *inquest) allows(kind scenarios.FindingKind, e Evidence) bool {
	return slices.ContainsFunc(q.scenario.Expect, func(x scenarios.Expect) bool {
		return slices.Contains(x.Allow, kind) && q.touches(&x, e)
	})
}

// reasons says why the verdict cannot be that all is well.
func (q *inquest) reasons(in *Input) (reasons []sentences.Sentence) {
	if len(in.Exchanges) == 0 {
		reasons = append(reasons, sentences.New("nothing was called"))
	}
	if in.Evicted > 0 {
		reasons = append(reasons, sentences.New("the journal had no room for %s", counted(int(in.Evicted), "%d exchange", "%d exchanges")))
	}
	if in.Unread != nil {
		reasons = append(reasons, sentences.New("what other servers know cannot be read: %v", in.Unread))
	}
	var refused []uint64
	for i := range in.Exchanges {
		if e := &in.Exchanges[i]; notVendor(e) {
			refused = append(refused, e.ID)
		}
	}
	if len(refused) > 0 {
		reasons = append(reasons, sentences.New("mockllm itself refused %s, the first of them exchange %d", counted(len(refused), "%d request", "%d requests"), refused[0]))
	}
	if len(in.Exchanges) > 0 {
		reasons = append(reasons, q.unfired(in.Missed)...)
	}
	return reasons
}

// status weighs everything. What fails is based on what the journal does hold,
// so that what it does not hold cannot undo it.
func (v *Verdict) status() Status {
	failing := slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Severity == Failing }) ||
		slices.ContainsFunc(v.Expectations, func(e Expectation) bool { return e.Status == Fail })
	open := len(v.Reasons) > 0 || slices.ContainsFunc(v.Expectations, func(e Expectation) bool { return e.Status == Inconclusive })
	switch {
	case failing:
		return Fail
	case open:
		return Inconclusive
	default:
		return Pass
	}
}
