package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
)

// lines is a handler of log lines for people:
//
//	21:24:27.630  #2  429  POST /v2/chat/completions  qianfan-v2 ernie-4.0  rule "busy" #1  qianfan/v2/rpm_rate_limit_exceeded  1.2ms
//
// It is a [slog.Handler]. What else an exchange has to say stands behind, as
// name=value.
type lines struct {
	mu     *sync.Mutex // Of the writer.
	w      io.Writer
	colour bool
	stamp  string // The layout of the time.
	with   []field
	group  string // What names of attributes begin with.
}

// A field is one attribute of a line.
type field struct {
	name  string
	value slog.Value
}

// newLines writes to w. A terminal gets colours, unless it cannot show them or
// the user wants none; and the time of day alone.
func newLines(w io.Writer, environ []string) *lines {
	h := &lines{mu: new(sync.Mutex), w: w, stamp: "2006-01-02T15:04:05.000Z07:00"}
	if f, isFile := w.(*os.File); isFile && isTerminal(f) {
		h.stamp = "15:04:05.000"
		h.colour = showsColour(environ)
	}
	return h
}

// isTerminal reports whether a file is a terminal.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// showsColour reports whether a terminal may be sent colours.
func showsColour(environ []string) bool {
	return lookUp(environ, "NO_COLOR") == "" && lookUp(environ, "TERM") != "dumb"
}

// Enabled implements [slog.Handler].
func (h *lines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// WithAttrs implements [slog.Handler].
func (h *lines) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.with = slices.Clip(h.with)
	for _, a := range attrs {
		next.with = flatten(next.with, h.group, a)
	}
	return &next
}

// WithGroup implements [slog.Handler].
func (h *lines) WithGroup(name string) slog.Handler {
	next := *h
	if name != "" {
		next.group += name + "."
	}
	return &next
}

// Handle implements [slog.Handler].
func (h *lines) Handle(_ context.Context, r slog.Record) error {
	fields := slices.Clone(h.with)
	r.Attrs(func(a slog.Attr) bool {
		fields = flatten(fields, h.group, a)
		return true
	})
	l := line{colour: h.colour, left: fields}
	if !r.Time.IsZero() {
		l.say(dim, r.Time.Format(h.stamp))
	}
	if r.Message == "exchange" {
		l.exchange()
	} else {
		l.say(levelColour(r.Level), r.Level.String())
		l.say("", printable(r.Message))
	}
	for _, f := range l.left {
		l.say("", word(f.name)+"="+word(f.value.String()))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, strings.Join(l.parts, "  ")+"\n")
	return err
}

// flatten adds an attribute, and those of a group each by itself.
func flatten(fields []field, group string, a slog.Attr) []field {
	value := a.Value.Resolve()
	if value.Kind() != slog.KindGroup {
		if a.Equal(slog.Attr{}) {
			return fields
		}
		return append(fields, field{group + a.Key, value})
	}
	if a.Key != "" {
		group += a.Key + "."
	}
	for _, inner := range value.Group() {
		fields = flatten(fields, group, inner)
	}
	return fields
}

// Colours of a terminal.
const (
	dim    = "\x1b[2m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	reset  = "\x1b[0m"
)

func levelColour(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return red
	case level >= slog.LevelWarn:
		return yellow
	default:
		return dim
	}
}

// A line is being put together.
type line struct {
	colour bool
	parts  []string
	left   []field // What is not said yet.
}

// say adds a part, if there is anything to say.
func (l *line) say(colour, text string) {
	switch {
	case text == "":
	case l.colour && colour != "":
		l.parts = append(l.parts, colour+text+reset)
	default:
		l.parts = append(l.parts, text)
	}
}

// take returns what a field says, which is not said again.
func (l *line) take(name string) slog.Value {
	at := slices.IndexFunc(l.left, func(f field) bool { return f.name == name })
	if at < 0 {
		return slog.StringValue("")
	}
	value := l.left[at].value
	l.left = slices.Delete(l.left, at, at+1)
	return value
}

// words returns what the fields say, one after the other.
func (l *line) words(names ...string) string {
	var said []string
	for _, name := range names {
		if text := l.take(name).String(); text != "" {
			said = append(said, word(clip(text, longestWord)))
		}
	}
	return strings.Join(said, " ")
}

// exchange says what an exchange came to.
func (l *line) exchange() {
	l.say(dim, "#"+l.take("id").String())
	id, fault, cause := l.words("error"), l.words("fault"), l.take("cause").String()
	status, colour := outcomeOf(l.take("status"), id+fault)
	l.say(colour, status)
	if namespace := l.words("namespace"); namespace != "" {
		l.say("", "["+namespace+"]")
	}
	l.say("", l.words("method", "url"))
	about := l.words("dialect", "operation", "model")
	if l.take("stream").String() == "true" {
		about += " stream"
	}
	l.say("", strings.TrimSpace(about))
	l.say("", l.why(cause))
	if fault != "" {
		l.say(red, "fault "+fault)
	}
	l.say(colour, id)
	if l.take("client_left").String() == "true" {
		l.say(yellow, "the client left")
	}
	if failed := l.take("failed").String(); failed != "" {
		l.say(red, "failed: "+printable(clip(failed, longestText)))
	}
	l.take("sent_bytes") // Who wants to know reads the journal.
	if took := l.take("took_ns"); took.Kind() == slog.KindInt64 {
		l.say(dim, time.Duration(took.Int64()).Round(10*time.Microsecond).String())
	}
}

// outcomeOf returns the status and its colour: an error at 200 is none the less
// one.
func outcomeOf(status slog.Value, wrong string) (text, colour string) {
	code := int64(0)
	if status.Kind() == slog.KindInt64 {
		code = status.Int64()
	}
	switch {
	case code == 0:
		return "---", red
	case code >= 500:
		return strconv.FormatInt(code, 10), red
	case code >= 400 || wrong != "":
		return strconv.FormatInt(code, 10), yellow
	default:
		return strconv.FormatInt(code, 10), green
	}
}

// why says who answered so.
func (l *line) why(cause string) string {
	limit, problem := l.take("limit").String(), l.take("problem").String()
	var said []string
	switch scenarios.Cause(cause) {
	case scenarios.ByRule:
	case scenarios.BySuccess:
		said = append(said, "ok")
	case scenarios.ByLimit:
		said = append(said, "limit "+inQuotes(limit))
	case scenarios.ByIdentity, scenarios.ByBody:
		said = append(said, "refused: "+cause)
	default:
		if problem == "" {
			said = append(said, cause)
		}
	}
	if problem != "" {
		said = append(said, "refused: "+printable(clip(problem, longestText)))
	}
	if firings, ok := l.take("rules").Any().([]journal.Firing); ok {
		for _, f := range firings {
			said = append(said, fmt.Sprintf("rule %s #%d", inQuotes(f.Rule), f.N))
		}
	}
	return strings.Join(said, ", ")
}

// How many characters of an exchange's words are said, and of its sentences.
const longestWord, longestText = 120, 300

// clip shortens a text to so many characters.
func clip(text string, longest int) string {
	n := 0
	for at := range text {
		if n++; n > longest {
			return text[:at] + "…"
		}
	}
	return text
}

// inQuotes returns a name in quotes. What would break the line or move the cursor
// is written out.
func inQuotes(text string) string { return strconv.Quote(text) }

// word returns a text as it is, or in quotes if it is not plainly one word.
func word(text string) string {
	if text == "" || !utf8.ValidString(text) || strings.ContainsFunc(text, func(c rune) bool { return c == ' ' || c == '"' || !unicode.IsPrint(c) }) {
		return inQuotes(text)
	}
	return text
}

// printable returns a text with what cannot be shown written out.
func printable(text string) string {
	q := strconv.Quote(text)
	return strings.ReplaceAll(strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`), `\\`, `\`)
}

// warnings is a handler that leaves out what is less than a warning.
type warnings struct{ slog.Handler }

// Enabled implements [slog.Handler].
func (h warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}
