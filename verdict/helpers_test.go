package verdict

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
)

// start is when every journal begins; no test reads a clock.
var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// journalOf reads a journal from lines of a time and key=value pairs:
//
//	1.5s say=hello/answer/more err=qianfan/capability/18 rule=busy
//
// Turns are separated by slashes, the user's first. What is not given is an
// ordinary chat that succeeds within a millisecond.
func journalOf(t testing.TB, text string) (all []journal.Exchange) {
	t.Helper()
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		at, err := time.ParseDuration(fields[0])
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		e := journal.Exchange{ID: uint64(len(all) + 1), Time: start.Add(at), Operation: "chat", Dialect: catalog.DashScopeCompatible,
			Model: "qwen-plus", Method: "POST", URL: "/x", KeyHash: "key", Cause: "success", Done: true}
		e.Sent = journal.Sent{Status: 200, Took: time.Millisecond, SentFrames: 1}
		for _, field := range fields[1:] {
			name, value, _ := strings.Cut(field, "=")
			set(t, &e, name, value)
		}
		if e.Fingerprint == "" {
			e.Fingerprint = fmt.Sprint(e.Operation, e.Model, e.Turns)
		}
		all = append(all, e)
	}
	return all
}

func set(t testing.TB, e *journal.Exchange, name, value string) {
	t.Helper()
	switch name {
	case "say":
		for i, text := range strings.Split(value, "/") {
			e.Turns = append(e.Turns, journal.Turn{Role: []string{"user", "assistant"}[i%2], Hash: text})
		}
	case "err":
		entry, err := catalog.Resolve(value, catalog.Scope{})
		if err != nil {
			t.Fatal(err)
		}
		e.Error, e.Retry, e.Delivery = value, string(entry.Variants[0].Retry), "status"
		e.Status, e.Cause = cmp.Or(entry.Variants[0].Status, 200), "rule"
	case "body": // One text, with + for a blank, and * and a number behind a part that is repeated.
		text := ""
		for part := range strings.SplitSeq(value, "+") {
			word, times, repeated := strings.Cut(part, "*")
			if repeated {
				word = strings.Repeat(word, must(strconv.Atoi(times)))
			}
			text += word + " "
		}
		e.BodyBytes = len(text) + 100
		e.Body = fmt.Sprintf(`{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":%q}]}`, text)
		e.Body = e.Body[:min(len(e.Body), 16<<10)]
	case "method":
		e.Method = value
	case "op":
		e.Operation = value
	case "dialect":
		e.Dialect = value
	case "model":
		e.Model = value
	case "key":
		e.KeyHash = value
	case "fp":
		e.Fingerprint = value
	case "fault":
		e.Fault = value
	case "delivery":
		e.Delivery = value
	case "limit":
		e.Limit, e.Cause = value, "limit"
	case "cause":
		e.Cause = value
	case "url":
		e.URL = value
	case "rule":
		e.Rules = append(e.Rules, journal.Firing{Rule: value, N: 1})
	case "status":
		e.Status = must(strconv.Atoi(value))
	case "conn":
		e.Connection = uint64(must(strconv.Atoi(value)))
	case "took":
		e.Took = must(time.ParseDuration(value))
	case "after":
		e.RetryAfter = must(time.ParseDuration(value))
	case "left":
		e.ClientLeft = true
	case "failed":
		e.Failed = value
	case "open":
		e.Done, e.Sent = false, journal.Sent{}
	default:
		t.Fatalf("no field %q", name)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func scenarioOf(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Load("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// judged returns the verdict on a journal under a scenario.
func judged(t testing.TB, scenario, lines string) *Verdict {
	t.Helper()
	return Judge(Input{Scenario: scenarioOf(t, scenario), File: "test.toml", Exchanges: journalOf(t, lines), Seed: 1})
}

// kinds lists what was found, with a mark behind what does not fail.
func kinds(v *Verdict) string {
	var all []string
	for _, f := range v.Findings {
		all = append(all, string(f.Kind)+map[Severity]string{Warning: "!", Allowed: "-"}[f.Severity])
	}
	return strings.Join(all, " ")
}
