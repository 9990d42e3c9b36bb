package play

import (
	"bytes"
	"iter"
	"time"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// A Speech is the paced frames of a stream that are made when they are sent:
// thousands of such streams at once do not hold what they still have to say.
type Speech struct {
	frames responders.Frames
	waits  func(i, tokens int) time.Duration // Before the i-th frame, from 0.
}

// Says reports whether the frames of an answer may be made when they are sent:
// it is delayed, and nothing is done to it that has to see the whole.
func Says(d scenarios.Decision) bool {
	return d.Delay.Paces() && d.Fault == nil && d.Failure == nil
}

// each makes one frame after the other, with the wait before it.
func (s *Speech) each(yield func(wait time.Duration, frame []byte) bool) {
	i := 0
	for frame, tokens := range s.frames {
		if !yield(s.waits(i, tokens), frame) {
			return
		}
		i++
	}
}

// Says reports whether the script makes frames when it sends them.
func (s Script) Says() bool { return s.has(Say) }

// Steps goes through the script with the waits and writes that its speeches are.
// What a step writes is good until the next one.
func (s Script) Steps() iter.Seq[Step] {
	return func(yield func(Step) bool) {
		for i := range s {
			if s[i].Kind == Say {
				if !s[i].Speech.steps(yield) {
					return
				}
			} else if !yield(s[i]) {
				return
			}
		}
	}
}

func (s *Speech) steps(yield func(Step) bool) bool {
	for wait, frame := range s.each {
		if wait > 0 && !yield(Step{Kind: Wait, For: wait}) || !yield(Step{Kind: Write, Data: frame}) {
			return false
		}
	}
	return true
}

// Spelt returns that script.
func (s Script) Spelt() Script {
	if !s.Says() {
		return s
	}
	var spelt Script
	for step := range s.Steps() {
		step.Data = bytes.Clone(step.Data)
		spelt = append(spelt, step)
	}
	return spelt
}

// asked adds up the waits.
func (s *Speech) asked() (all time.Duration) {
	for wait := range s.each {
		all += max(wait, 0)
	}
	return all
}

// say performs a speech.
func (p *player) say(s *Speech, out output) (err error) {
	for wait, frame := range s.each {
		if wait > 0 {
			err = p.clock.Sleep(p.ctx, wait)
		}
		if err == nil {
			err = out.write(frame)
		}
		if err != nil {
			return err
		}
		p.sent.Bytes += int64(len(frame))
		p.sent.Frames++
	}
	return nil
}
