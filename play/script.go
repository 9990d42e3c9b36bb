package play

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// A Kind is what a step does.
type Kind string

// The values of [Kind].
const (
	Wait  Kind = "wait"  // Nothing, for a time.
	Head  Kind = "head"  // The status line and header.
	Write Kind = "write" // Bytes of the body: one frame.
	Close Kind = "close" // FIN, after everything before it has been sent.
)

// A Step is one thing that happens on the connection.
type Step struct {
	Kind   Kind
	For    time.Duration // Of Wait, on the clock.
	Status int           // Of Head.
	Header http.Header   // Of Head.
	Stream bool          // Of Head: a chunked body follows, each frame sent at once.
	Data   []byte        // Of Write.
}

// A Script is everything that happens on the connection, in order.
type Script []Step

// Timing converts a wait of the scenario to time on the clock.
type Timing func(scenarios.Duration) time.Duration

// Plan writes the script for a message, delayed as the decision says. The
// timing may be nil if the decision has no latency.
func Plan(m responders.Message, d scenarios.Decision, wire Timing) Script {
	var before, first, between time.Duration
	if d.Latency != nil {
		before, first, between = wire(d.Latency.FirstByte), wire(d.Latency.FirstFrame), wire(d.Latency.Frame)
	}
	var s Script
	s = s.wait(before)
	s = append(s, Step{Kind: Head, Status: m.Status, Header: withRules(m.Header, d), Stream: m.Stream})
	for i, frame := range m.Frames {
		switch {
		case i == 0:
			s = s.wait(first)
		case m.Stream:
			s = s.wait(between)
		}
		s = append(s, Step{Kind: Write, Data: frame})
	}
	if m.Close {
		s = append(s, Step{Kind: Close})
	}
	return s
}

func (s Script) wait(d time.Duration) Script {
	if d <= 0 {
		return s
	}
	return append(s, Step{Kind: Wait, For: d})
}

// RuleHeader names the rules that shaped an answer.
const RuleHeader = "X-Mockllm-Rule"

// withRules adds the names of the rules that fired, percent-encoded and
// separated by commas.
func withRules(h http.Header, d scenarios.Decision) http.Header {
	if len(d.Fired) == 0 {
		return h
	}
	names := make([]string, len(d.Fired))
	for i, f := range d.Fired {
		names[i] = percentEncode(f.Rule)
	}
	h[RuleHeader] = []string{strings.Join(names, ",")}
	return h
}

// percentEncode leaves letters, digits and -._~ and blanks as they are.
func percentEncode(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~ ", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// raw reports whether the script has steps that need the connection itself.
func (s Script) raw() bool {
	return slices.ContainsFunc(s, func(step Step) bool { return step.Kind == Close })
}

// length returns the length of the body.
func (s Script) length() int {
	n := 0
	for _, step := range s {
		n += len(step.Data)
	}
	return n
}

// String returns the step on one line, for people.
func (s Step) String() string {
	switch s.Kind {
	case Wait:
		return "wait  " + s.For.String()
	case Head:
		form := "content-length"
		if s.Stream {
			form = "chunked"
		}
		return fmt.Sprintf("head  %d %s, %s", s.Status, http.StatusText(s.Status), form)
	case Write:
		return fmt.Sprintf("write %d bytes %s", len(s.Data), abridge(s.Data))
	default:
		return string(s.Kind)
	}
}

// abridge quotes the beginning of data.
func abridge(data []byte) string {
	const most = 100
	text := []rune(string(data[:min(len(data), 4*most)]))
	if len(text) > most {
		return strconv.Quote(string(text[:most])) + "…"
	}
	return strconv.Quote(string(text))
}
