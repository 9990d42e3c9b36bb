package scorecards

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/verdict"
)

// A bench is a server that follows an incident, and a client.
type bench struct {
	t       *testing.T
	ctx     context.Context // Over when the trial is.
	srv     *mockllm.Server
	library *library
}

func (b *bench) chat(s settings) asker { return b.library.chat(b.t, b.srv, s) }

// A result is what became of a client in an incident.
type result struct {
	status   verdict.Status
	evidence []string // Why it did not pass, a line for each reason.
}

// try drives the client through the incident. Time goes by as it does at the
// vendor: a pause of a second is no minute.
func try(t *testing.T, l *library, c trial) result {
	t.Helper()
	s, err := scenarios.FromLibrary(c.scenario)
	if err != nil {
		t.Fatal(err)
	}
	srv := mockllm.RunT(t, mockllm.WithScenario(s), mockllm.WithSpeed(1))
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go passSilence(srv, over)
	c.drive(&bench{t: t, ctx: ctx, srv: srv, library: l})
	close(over)
	settle(t, srv, func(e journal.Exchange) bool { return e.Done || silent(e) })
	cancel()
	settle(t, srv, func(e journal.Exchange) bool { return e.Done })
	v := srv.Verdict()
	switch v.Status {
	case verdict.Fail:
		return result{v.Status, evidence(v, srv.Journal())}
	case verdict.Inconclusive:
		return result{v.Status, withoutIDs(v.Reasons)}
	default:
		return result{status: v.Status}
	}
}

// withoutIDs takes out of reasons the ids of exchanges, which differ from run to run.
func withoutIDs(reasons []string) (without []string) {
	for _, reason := range reasons {
		without = append(without, regexp.MustCompile(`#[0-9]+`).ReplaceAllString(reason, "#…"))
	}
	return without
}

// passSilence lets the server's time pass whenever it is silent on an open
// connection. No client here has a time-out of its own, by its documentation and
// its source: one that had would be accused wrongly.
func passSilence(srv *mockllm.Server, over <-chan struct{}) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-over:
			return
		case <-tick.C:
			if slices.ContainsFunc(srv.Journal(), silent) {
				srv.Advance(time.Second)
			}
		}
	}
}

// silent tells whether an exchange is held open without a word.
func silent(e journal.Exchange) bool { return !e.Done && e.Fault == string(scenarios.FaultStall) }

// settle waits until every exchange in the journal is settled.
func settle(t *testing.T, srv *mockllm.Server, settled func(journal.Exchange) bool) {
	t.Helper()
	under := func(e journal.Exchange) bool { return !settled(e) }
	for end := time.Now().Add(patience); slices.ContainsFunc(srv.Journal(), under); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("an exchange never ended")
		}
	}
}

// evidence says what failed the client, without ids and times, which differ
// from run to run.
func evidence(v *verdict.Verdict, exchanges []journal.Exchange) (lines []string) {
	for _, f := range v.Findings {
		if f.Severity == verdict.Failing {
			line := fmt.Sprintf("`%s`: %s", f.Kind, f.Text)
			if behind := causes(f, exchanges); len(behind) > 0 {
				line += " Behind " + strings.Join(behind, ", ") + "."
			}
			lines = append(lines, line)
		}
	}
	return append(lines, unmet(v)...)
}

// unmet says which expectations were not met, a line for each thing that is
// wanted.
func unmet(v *verdict.Verdict) (lines []string) {
	var wanted []string
	about := map[string][]string{}
	for _, e := range v.Expectations {
		if e.Status != verdict.Fail {
			continue
		}
		want := e.Key + " = " + e.Want
		if about[want] == nil {
			wanted = append(wanted, want)
		}
		about[want] = append(about[want], e.About)
	}
	for _, want := range wanted {
		lines = append(lines, fmt.Sprintf("expected and not met: `%s` of %s", want, strings.Join(about[want], ", ")))
	}
	return lines
}

// causes names the errors and faults on which a finding rests.
func causes(f verdict.Finding, exchanges []journal.Exchange) (names []string) {
	for _, e := range exchanges {
		cited := slices.ContainsFunc(f.Evidence, func(v verdict.Evidence) bool { return slices.Contains(v.Exchanges, e.ID) })
		for _, name := range []string{e.Error, e.Fault} {
			if cited && name != "" && !slices.Contains(names, "`"+name+"`") {
				names = append(names, "`"+name+"`")
			}
		}
	}
	return names
}
