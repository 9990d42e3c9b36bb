package journal

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Line tells the exchange in one line, for people:
//
//	#2 POST /v2/chat/completions ernie-4.0 stream → 429 qianfan/v2/rpm_rate_limit_exceeded, rule "busy" (call 2), 1.2ms
func (e Exchange) Line() string {
	e = e.Brief()
	var b strings.Builder
	fmt.Fprintf(&b, "#%d", e.ID)
	for _, part := range []string{e.in(), e.Method, e.URL, e.Model} {
		if part != "" {
			b.WriteString(" " + part)
		}
	}
	if e.Stream {
		b.WriteString(" stream")
	}
	b.WriteString(" → " + strings.Join(e.became(), ", "))
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return '\uFFFD' // Callers choose some of the words.
		}
		return c
	}, b.String())
}

func (e Exchange) in() string {
	if e.Namespace == "" {
		return ""
	}
	return "[" + e.Namespace + "]"
}

// became tells what became of the request.
func (e Exchange) became() []string {
	parts := []string{strings.TrimSuffix(e.outcome()+" "+e.Error, " ")}
	if e.Fault != "" {
		parts = append(parts, "fault "+e.Fault)
	}
	switch {
	case len(e.Rules) > 0:
		for _, f := range e.Rules {
			parts = append(parts, fmt.Sprintf("rule %q (call %d)", f.Rule, f.N))
		}
	case e.Limit != "":
		parts = append(parts, fmt.Sprintf("limit %q", e.Limit))
	case e.Problem != "":
		parts = append(parts, e.Problem)
	default:
		parts = append(parts, e.Cause)
	}
	if e.Failed != "" {
		parts = append(parts, "failed: "+e.Failed)
	}
	if e.ClientLeft {
		parts = append(parts, "the client left")
	}
	if e.Took > 0 {
		parts = append(parts, e.Took.Round(10*time.Microsecond).String())
	}
	return parts
}

func (e Exchange) outcome() string {
	switch {
	case !e.Done:
		return "under way"
	case e.Status == 0:
		return "no status"
	default:
		return fmt.Sprint(e.Status)
	}
}
