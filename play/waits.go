package play

import "time"

// Waits are how long a script is asked to take: its waits, its silences that
// end by themselves, and what is sent at a rate.
type Waits struct {
	FirstByte time.Duration // Before the status line, or the first message.
	All       time.Duration
	begun     bool
}

// Waits adds up what the script asks for.
func (s Script) Waits() Waits {
	var w Waits
	w.add(s)
	return w
}

func (w *Waits) add(s Script) {
	for i := range s {
		step := &s[i]
		if step.Kind == Say {
			w.All += step.Speech.asked()
			continue
		}
		d := step.For
		if step.Rate > 0 {
			d = time.Duration(len(step.Data)) * time.Second / time.Duration(step.Rate)
		}
		w.All += d
		switch step.Kind {
		case Head, Text, Binary:
			w.begun = true
		}
		if !w.begun {
			w.FirstByte += d
		}
	}
}

// Waits returns how long the call was asked to take so far.
func (r *SocketRun) Waits() Waits { return r.waits }
