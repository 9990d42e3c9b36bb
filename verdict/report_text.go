package verdict

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// WriteText writes the verdict for a terminal.
func WriteText(w io.Writer, v *Verdict) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s  %s\n", v.Status, printable(v.summary()))
	for _, reason := range v.Reasons {
		fmt.Fprintf(&b, "  ? %s\n", printable(reason))
	}
	for _, e := range v.Expectations {
		fmt.Fprintf(&b, "  %s %s\n", mark(e.Status), printable(e.summary()))
		writeEvidence(&b, v.shown(e))
	}
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "  %s %s: %s\n", f.Severity.mark(), f.Kind, f.summary())
		if f.Severity == Allowed {
			continue
		}
		writeEvidence(&b, f.Evidence)
		if more := f.Count - len(f.Evidence); more > 0 {
			fmt.Fprintf(&b, "      … %d more\n", more)
		}
		fmt.Fprintf(&b, "      A resilient client: %s\n", f.Instead)
	}
	if len(v.Seen) > 0 {
		b.WriteString("  these exchanges, with the time since the first call:\n")
	}
	for _, line := range v.Seen {
		fmt.Fprintf(&b, "    %s\n", printable(line))
	}
	_, err := w.Write(b.Bytes())
	return err
}

func writeEvidence(b *bytes.Buffer, all []Evidence) {
	for _, e := range all {
		fmt.Fprintf(b, "      %s\n", printable(e.String()))
	}
}

// shown is the evidence of an expectation that was not met, without what stands
// below with the finding that it forbids.
func (v *Verdict) shown(e Expectation) []Evidence {
	if e.Status != Fail {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(e.Evidence), func(place Evidence) bool {
		return slices.ContainsFunc(v.Findings, func(f Finding) bool { return f.Severity != Allowed && f.shows(place) })
	})
}

// shows reports whether the finding's evidence is that of an expectation never to
// find it.
func (f *Finding) shows(place Evidence) bool {
	return slices.ContainsFunc(f.Evidence, func(own Evidence) bool {
		return place.Text == forbidden(f.Kind, own).String() && slices.Equal(place.Exchanges, own.Exchanges)
	})
}

// summary says in one line what was judged.
func (v *Verdict) summary() string {
	return fmt.Sprintf("%s, seed %d: %s in %s", v.Scenario, v.Seed, counted(v.Calls, "%d call", "%d calls"), counted(v.Exchanges, "%d exchange", "%d exchanges"))
}

// summary says in one line what was expected and found.
func (e *Expectation) summary() string {
	return fmt.Sprintf("expect #%d, %s: %s = %s: %s", e.Number, e.About, e.Key, e.Want, e.Text)
}

// summary says in one line what was found, and how often.
func (f *Finding) summary() string {
	if f.Severity == Allowed {
		return f.Text + " (allowed)"
	}
	return fmt.Sprintf("%s (%s)", f.Text, counted(f.Count, "%d time", "%d times"))
}

// String tells what was seen, and where.
func (e Evidence) String() string {
	if len(e.Exchanges) == 0 {
		return e.Text
	}
	const most = 12
	var ids []string
	for _, id := range e.Exchanges[:min(len(e.Exchanges), most)] {
		ids = append(ids, fmt.Sprintf("#%d", id))
	}
	if more := len(e.Exchanges) - most; more > 0 {
		ids = append(ids, fmt.Sprintf("… %d more", more))
	}
	return e.Text + " (" + strings.Join(ids, ", ") + ")"
}

// mark stands before a line, so that it is found in a log.
func mark(s Status) string {
	return map[Status]string{Pass: "+", Fail: "x", Inconclusive: "?"}[s]
}

func (s Severity) mark() string {
	return map[Severity]string{Failing: "x", Warning: "!", Allowed: "-"}[s]
}

// printable keeps what callers choose, such as a model's name, from steering a
// terminal.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || !unicode.IsPrint(c) && c != ' ' {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}
