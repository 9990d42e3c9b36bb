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
type Kind uint8

// The values of [Kind].
const (
	Wait  Kind = iota // Nothing, for a time.
	Head              // The status line and header.
	Write             // Bytes of the body.
	Raw               // Bytes on the connection, outside of HTTP.
	End               // The proper end of the body.
	Close             // FIN, after everything before it has been sent.
	Reset             // RST.
	Hang              // Nothing, for a time or until the client leaves.
	Copy              // What comes from upstream, as it comes.
	Say               // The frames of a paced stream, each made when it is sent; see [Script.Spelt].

	Upgrade // The header that makes a WebSocket of the connection.
	Text    // A text message on it.
	Binary  // A binary message on it.
	Shut    // Its close, with code and reason, and the end of the connection.
)

// String returns the word for it.
func (k Kind) String() string {
	return [...]string{"wait", "head", "write", "raw", "end", "close", "reset", "hang", "copy", "say", "upgrade", "text", "binary", "shut"}[k]
}

// A Step is one thing that happens on the connection. It is small, because a
// long stream has two for each frame, and there may be thousands of streams.
type Step struct {
	Kind Kind
	Part bool // Of Write: more of the same frame follows.

	Status int32 // Of Head.
	Rate   int32 // Of Write, Text and Binary: bytes per second; 0 is at once.
	Piece  int32 // Of Write: the bytes of one write to the connection; of Text and Binary: of one fragment; 0 is all.
	Split  int32 // Of Text and Binary: where the second fragment begins; 0 if there is none.
	Code   int32 // Of Shut.

	Length int64 // Of Head: the declared length of the body; Chunked if frames leave one by one, UntilClose if none is. Of Text and Binary: that of a message of which Data is the beginning; 0 if it is all.

	For   time.Duration // Of Wait and Hang, on the clock; 0 hangs until the client leaves.
	Every time.Duration // Of Hang: how often a comment is sent; 0 is never.

	Header http.Header // Of Head and Upgrade.
	Data   []byte      // Of Write, Raw, Text and Binary.
	Reason string      // Of Shut.

	Late    func(n int) []byte // Of Write: makes the data of what is then the n-th frame, from 1; nil in most.
	Speech  *Speech            // Of Say.
	Portion *Portion           // Of Copy, until it is performed: how much.
	Frames  int                // Of Copy, once it is performed: how many were copied,
	Bytes   int64              // and how many bytes, of which Data is the beginning.
}

// Lengths of bodies that declare none.
const (
	Chunked    = -1 // The body is sent in chunks.
	UntilClose = -2 // The end of the connection ends the body.
)

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
	if !strings.ContainsFunc(name, mustEncode) {
		return name
	}
	var b strings.Builder
	for _, c := range []byte(name) {
		if mustEncode(rune(c)) {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func mustEncode(c rune) bool {
	plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("-._~ ", c)
	return !plain
}

// TakesOver reports whether the script has steps that need the connection
// itself.
func (s Script) TakesOver() bool {
	return s.has(Raw, Close, Reset, Hang)
}

// Upgrades reports whether the script makes a WebSocket of the connection.
func (s Script) Upgrades() bool { return s.has(Upgrade) }

// paced reports whether the answer leaves bit by bit: a stream, or one that
// waits or is split behind its header.
func (s Script) paced() bool {
	begun := false
	for i := range s {
		step := &s[i]
		switch {
		case step.Kind == Copy, step.Kind == Say, step.Kind == Head && step.Length == Chunked, begun && step.Kind == Wait, step.Part, step.Rate > 0, step.Piece > 0:
			return true
		case step.Kind == Head:
			begun = true
		}
	}
	return false
}

func (s Script) has(kinds ...Kind) bool {
	for i := range s { // A step is large, and a script may have thousands.
		if slices.Contains(kinds, s[i].Kind) {
			return true
		}
	}
	return false
}

// String returns the step on one line, for people.
func (s Step) String() string {
	return s.Line(len(s.Data), string(s.Data[:min(len(s.Data), Quoted)]))
}

// Line is String for a step whose data is that long and begins as given, of
// which the beginning is quoted: what is shown need not be what is sent.
func (s Step) Line(size int, beginning string) string {
	switch s.Kind {
	case Wait:
		return "wait    " + s.For.String()
	case Head:
		form := "chunked"
		switch {
		case s.Status == 0:
			return "head    as it comes from upstream"
		case s.Length == UntilClose:
			form = "until the connection closes"
		case s.Length != Chunked:
			form = fmt.Sprintf("content-length %d", s.Length)
		}
		return fmt.Sprintf("head    %d %s, %s", s.Status, http.StatusText(int(s.Status)), form)
	case Upgrade:
		return "upgrade to a WebSocket, on which each call is decided by itself"
	case Shut:
		return fmt.Sprintf("shut    %d %q", s.Code, s.Reason)
	case Binary:
		return fmt.Sprintf("binary  %d bytes%s", size, s.pace())
	case Write, Raw, Text:
		if s.Late != nil {
			return "write   the error, as the next frame"
		}
		return fmt.Sprintf("%-7s %d bytes%s %s", s.Kind, size, s.pace(), abridge(beginning, size))
	case Copy:
		return "copy    " + s.copied(beginning) + s.pace()
	case Say:
		return "say     the frames, each made when it is sent"
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
	case s.Length > 0:
		return fmt.Sprintf(" of %d", s.Length)
	case s.Rate > 0:
		return fmt.Sprintf(" at %d per second", s.Rate)
	case s.Piece > 0:
		return fmt.Sprintf(" in pieces of %d", s.Piece)
	case s.Split > 0:
		return fmt.Sprintf(" in two fragments, cut at %d", s.Split)
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

// Quoted is how many bytes of a step's data are enough to quote it.
const Quoted = 400

// abridge quotes the beginning of what is that long in all.
func abridge(beginning string, size int) string {
	const most = Quoted / 4
	text := []rune(beginning)
	if len(text) > most {
		return strconv.Quote(string(text[:most])) + "…"
	}
	if len(beginning) == 0 && size > 0 {
		return "…"
	}
	return strconv.Quote(beginning)
}
