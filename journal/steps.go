package journal

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// A Step is one step of the script, as far as it is kept, for who draws it.
type Step struct {
	Kind   string        `json:"kind"`
	For    time.Duration `json:"for_ns,omitempty"`   // How long it takes: of waits, of hangs that end, of bytes sent slowly.
	Status int           `json:"status,omitempty"`   // Of head; of shut its code.
	Bytes  int           `json:"bytes,omitempty"`    // How much it writes.
	Part   bool          `json:"part,omitempty"`     // More of the same frame follows.
	Text   string        `json:"text,omitempty"`     // The beginning of it, redacted; what is no UTF-8 stands as \xe4.
	Cut    bool          `json:"text_cut,omitempty"` // That is not all of it.
}

// Steps returns the script of an exchange of a namespace, as far as it is kept,
// and how many steps more there are.
func (j *Journal) Steps(namespace string, id uint64) (steps []Step, more int) {
	j.mu.Lock()
	var raw *Raw
	if kept := j.find(id); kept != nil && kept.Namespace == namespace {
		raw = kept.Raw
	}
	j.mu.Unlock()
	if raw = raw.settled(); raw == nil {
		return nil, 0
	}
	v := raw.view()
	v.planned = raw.planned()
	v.read()
	for i := range v.planned.script {
		steps = append(steps, v.step(i))
	}
	for _, b := range v.planned.beats {
		steps = append(steps, Step{Kind: b.kind.String(), For: b.lasts, Bytes: b.bytes, Part: b.part, Cut: b.bytes > 0})
	}
	return steps, v.planned.steps - len(steps)
}

// step returns the i-th step, with all that is kept of what it writes.
func (v *view) step(i int) Step {
	s, size := v.planned.script[i], v.planned.sizes[i]
	shown := Step{Kind: s.Kind.String(), For: lasts(&s, size), Status: int(s.Status), Bytes: size, Part: s.Part, Cut: size > len(s.Data)}
	switch {
	case s.Kind == play.Shut:
		shown.Status, shown.Text = int(s.Code), s.Reason
	case writes(s):
		shown.Text = visible(cover(v.written, v.secrets, v.starts[i], v.starts[i]+len(s.Data)))
	default:
		shown.Text = visible(hush(string(s.Data), v.known))
	}
	return shown
}

// lasts returns how long a step is planned to take; a hang without an end is 0.
func lasts(s *play.Step, size int) time.Duration {
	if s.Rate > 0 {
		return time.Duration(size) * time.Second / time.Duration(s.Rate)
	}
	return s.For
}

// visible writes bytes that are no UTF-8 so that they can be seen.
func visible(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, text[0])
		} else {
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// Pasts returns the newest calls of a namespace as the engine saw them, the
// newest first, at most that many, and how many calls there were since the
// namespace was reset, on this server.
func (j *Journal) Pasts(namespace string, most int) (newestFirst []scenarios.Past, of uint64) {
	var newest []Exchange
	j.mu.Lock()
	of = j.tallies.look(namespace).gone
	for i := len(j.entries) - 1; i >= 0; i-- {
		if e := j.entries[i]; e.Namespace == namespace && e.Raw != nil {
			if of++; len(newest) < most {
				newest = append(newest, e.Exchange)
			}
		}
	}
	j.mu.Unlock()
	pasts := make([]scenarios.Past, len(newest))
	for i := range newest {
		pasts[i] = newest[i].Raw.view().past(&newest[i])
	}
	return pasts, of
}
