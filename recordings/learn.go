package recordings

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// A Lesson is one recorded answer, from which can be learnt how the real server
// answers.
type Lesson struct {
	Rule      string
	Step      int // From 1; 0 for a rule without steps.
	Dialect   string
	Operation string
	Asked     *scenarios.Recorded
	Answer    Answer
	Sighting  *responders.Sighting // The error that it tells; nil for a success.
}

// An Answer is what is compared: what was recorded, or what the mock would
// send.
type Answer struct {
	Status int
	Header http.Header
	Stream bool
	Frames [][]byte // One unless Stream.
}

// Lessons lists the recorded answers of a scenario.
func Lessons(s *scenarios.Scenario) []Lesson {
	var lessons []Lesson
	for _, rule := range s.Rules {
		add := func(step int, asked *scenarios.Recorded, raw *scenarios.Raw) {
			if asked == nil || raw == nil {
				return
			}
			l := Lesson{Rule: rule.Name, Step: step, Dialect: string(rule.Match.Dialect), Operation: string(rule.Match.Operation), Asked: asked, Answer: answerOf(raw)}
			l.Sighting = sight(l.Dialect, l.Operation, l.Answer)
			lessons = append(lessons, l)
		}
		add(0, rule.Recorded, rule.Raw)
		for i, step := range rule.Step {
			add(i+1, step.Recorded, step.Raw)
		}
	}
	return lessons
}

func answerOf(raw *scenarios.Raw) Answer {
	m := responders.FromRaw(raw)
	a := Answer{Status: m.Status, Header: m.Header, Stream: m.Stream}
	for _, f := range m.Frames {
		a.Frames = append(a.Frames, f)
	}
	return a
}

// sight finds the error that an answer tells, in its body or in an event.
func sight(dialect, operation string, a Answer) *responders.Sighting {
	for _, frame := range a.Frames {
		if a.Stream {
			frame = responders.EventData(frame)
		}
		if s := responders.Recognize(dialect, operation, a.Header, frame); s != nil && (a.Status >= 400 || a.Stream || s.Entry != nil) {
			return s
		}
	}
	return nil
}

// Planned returns the answer that a script would send.
func Planned(script play.Script) Answer {
	var a Answer
	for _, step := range script {
		switch step.Kind {
		case play.Head:
			a.Status, a.Header, a.Stream = int(step.Status), step.Header, step.Length == play.Chunked
		case play.Write:
			a.Frames = append(a.Frames, step.Data)
		}
	}
	return a
}

// A Difference is one way in which the mock does not answer as was recorded.
type Difference struct {
	Part string `json:"part"` // "entry", "message", "status", "header", "framing" or "body".
	Text string `json:"text"`
}

// Entry names what the lesson is about: a documented error, one that is not
// documented, or the success.
func (l *Lesson) Entry() string {
	switch s := l.Sighting; {
	case s == nil:
		return "success"
	case s.Entry == nil:
		return fmt.Sprintf("unknown error %q", s.Code)
	default:
		return s.Entry.ID()
	}
}

// Unknown tells what the catalogue does not have of the error.
func (l *Lesson) Unknown() []Difference {
	switch s := l.Sighting; {
	case s == nil || s.Variant > 0:
		return nil
	case s.Entry == nil:
		return []Difference{{"entry", fmt.Sprintf("the catalogue has no error %q on %s %s: %q", s.Code, l.Dialect, l.Operation, s.Message)}}
	default:
		return []Difference{{"message", fmt.Sprintf("%q is none of the %d messages of the entry", s.Message, len(s.Entry.Variants))}}
	}
}

// Compare tells how the mock's answer differs from the one that was recorded.
func (l *Lesson) Compare(mock Answer) []Difference {
	var all []Difference
	add := func(part, format string, args ...any) {
		all = append(all, Difference{part, fmt.Sprintf(format, args...)})
	}
	if l.Answer.Status != mock.Status {
		add("status", "recorded %d, mockllm %d", l.Answer.Status, mock.Status)
	}
	for _, d := range compareHeaders(l.Answer.Header, mock.Header) {
		add("header", "%s", d)
	}
	if form, ours := formOf(l.Answer), formOf(mock); form != ours {
		add("framing", "recorded %s, mockllm %s", form, ours)
		return all
	}
	for _, d := range compareBodies(l.Answer, mock) {
		add("body", "%s", d)
	}
	return all
}

// Headers that belong to the connection, or are never recorded.
var uncompared = []string{"Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Set-Cookie"}

// compareHeaders compares the names, and what is said of the body's type.
func compareHeaders(recorded, mock http.Header) []string {
	names := func(h http.Header) []string {
		all := map[string]bool{}
		for name := range h {
			name = http.CanonicalHeaderKey(name)
			if !slices.Contains(uncompared, name) && !strings.HasPrefix(name, "X-Mockllm") {
				all[name] = true
			}
		}
		return slices.Sorted(maps.Keys(all))
	}
	theirs, ours := names(recorded), names(mock)
	differences := onlyIn(theirs, ours)
	if kind, our := get(recorded, "Content-Type"), get(mock, "Content-Type"); kind != our && kind != "" && our != "" {
		differences = append(differences, fmt.Sprintf("Content-Type: recorded %q, mockllm %q", kind, our))
	}
	return differences
}

// get returns a value whatever the spelling of the name.
func get(h http.Header, name string) string {
	for n, values := range h {
		if strings.EqualFold(n, name) {
			return strings.Join(values, ", ")
		}
	}
	return ""
}

// onlyIn tells what stands in one list only.
func onlyIn(recorded, mock []string) []string {
	var differences []string
	missing := func(where string, names, others []string) {
		rest := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
		if len(rest) > 0 {
			differences = append(differences, where+" only: "+strings.Join(rest, ", "))
		}
	}
	missing("recorded", recorded, mock)
	missing("mockllm", mock, recorded)
	return differences
}
