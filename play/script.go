package play

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// A Kind is what a step does.
type Kind string

// The values of [Kind].
const (
	Wait  Kind = "wait"  // Nothing, for a time.
	Head  Kind = "head"  // The status line and header.
	Write Kind = "write" // Bytes of the body.
	Raw   Kind = "raw"   // Bytes on the connection, outside of HTTP.
	End   Kind = "end"   // The proper end of the body.
	Close Kind = "close" // FIN, after everything before it has been sent.
	Reset Kind = "reset" // RST.
	Hang  Kind = "hang"  // Nothing, for a time or until the client leaves.
)

// A Step is one thing that happens on the connection.
type Step struct {
	Kind Kind

	For   time.Duration // Of Wait and Hang, on the clock; 0 hangs until the client leaves.
	Every time.Duration // Of Hang: how often a comment is sent; 0 is never.

	Status int         // Of Head.
	Header http.Header // Of Head.
	Length int         // Of Head: the declared length of the body; Chunked if frames leave one by one.

	Data  []byte // Of Write and Raw.
	Part  bool   // Of Write: more of the same frame follows.
	Rate  int    // Of Write: bytes per second; 0 is at once.
	Piece int    // Of Write: the bytes of one write to the connection; 0 is all.
}

// Chunked is the length of a body that is sent in chunks.
const Chunked = -1

// A Script is everything that happens on the connection, in order.
type Script []Step

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
	return s.has(Raw) || s.has(Close) || s.has(Reset) || s.has(Hang)
}

// paced reports whether the answer leaves bit by bit: a stream, or one that
// waits or is split behind its header.
func (s Script) paced() bool {
	begun := false
	for _, step := range s {
		switch {
		case step.Kind == Head && step.Length == Chunked, begun && step.Kind == Wait, step.Part, step.Rate > 0, step.Piece > 0:
			return true
		case step.Kind == Head:
			begun = true
		}
	}
	return false
}

func (s Script) has(kind Kind) bool {
	return slices.ContainsFunc(s, func(step Step) bool { return step.Kind == kind })
}

// String returns the step on one line, for people.
func (s Step) String() string {
	switch s.Kind {
	case Wait:
		return "wait    " + s.For.String()
	case Head:
		form := "chunked"
		if s.Length != Chunked {
			form = fmt.Sprintf("content-length %d", s.Length)
		}
		return fmt.Sprintf("head    %d %s, %s", s.Status, http.StatusText(s.Status), form)
	case Write, Raw:
		return fmt.Sprintf("%-7s %d bytes%s %s", s.Kind, len(s.Data), s.pace(), abridge(s.Data))
	case End:
		return "end     of the body"
	case Close:
		return "close   FIN"
	case Reset:
		return "reset   RST"
	default:
		return s.hang()
	}
}

func (s Step) pace() string {
	switch {
	case s.Rate > 0:
		return fmt.Sprintf(" at %d per second", s.Rate)
	case s.Piece > 0:
		return fmt.Sprintf(" in pieces of %d", s.Piece)
	default:
		return ""
	}
}

func (s Step) hang() string {
	text := "hang    until the client leaves"
	if s.For > 0 {
		text = "hang    " + s.For.String()
	}
	if s.Every > 0 {
		text += ", a comment every " + s.Every.String()
	}
	return text
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
