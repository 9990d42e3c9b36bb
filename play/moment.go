package play

import (
	"bytes"
	"time"
	"unicode/utf8"

	"github.com/mockllm/mockllm/scenarios"
)

// position is a place in a script: before a step, or behind some bytes or some
// of the time of it.
type position struct {
	step  int
	bytes int           // Of a write.
	part  time.Duration // Of a wait.
}

// find returns the position of a moment that is given.
func (p *draft) find(m scenarios.Moment) position {
	switch {
	case m.At.Inside():
		skip := 0
		if m.AfterFrames != nil {
			skip = int(*m.AfterFrames)
		}
		return p.inside(m.At, skip)
	case m.AfterFrames != nil:
		return p.afterFrames(int(*m.AfterFrames))
	case m.AfterBytes != nil:
		return p.afterBytes(int(*m.AfterBytes))
	case m.After != nil:
		return p.afterTime(p.wire.of(*m.After))
	}
	switch m.At {
	case scenarios.BeforeHeaders:
		return position{step: p.index(Head)}
	case scenarios.AfterHeaders:
		return position{step: p.index(Head) + 1}
	case scenarios.BeforeMark:
		return p.afterFrames(p.script.frames() - p.marks)
	default:
		return p.afterFrames(p.script.frames() - p.ending)
	}
}

// index returns where the first step of a kind stands; there is one.
func (p *draft) index(kind Kind) int {
	for i, step := range p.script {
		if step.Kind == kind {
			return i
		}
	}
	return len(p.script)
}

// afterFrames is behind so many frames, or before the end.
func (p *draft) afterFrames(n int) position {
	seen := 0
	for i, step := range p.script {
		switch {
		case step.Kind == Head && n <= 0:
			return position{step: i + 1}
		case step.Kind == End:
			return position{step: i}
		case step.Kind == Write && !step.Part:
			if seen++; seen == n {
				return position{step: i + 1}
			}
		}
	}
	return position{step: len(p.script)}
}

// afterBytes is behind so many bytes of the body, or before the end.
func (p *draft) afterBytes(n int) position {
	for i, step := range p.script {
		switch {
		case step.Kind == Head && n == 0:
			return position{step: i + 1}
		case step.Kind == End:
			return position{step: i}
		case step.Kind == Write && n <= len(step.Data):
			return position{step: i, bytes: n}
		case step.Kind == Write:
			n -= len(step.Data)
		}
	}
	return position{step: len(p.script)}
}

// afterTime is so long behind the header. If the answer would be over by then,
// it is before the end, after a wait for the rest of the time.
func (p *draft) afterTime(d time.Duration) position {
	for i, step := range p.script {
		switch {
		case i <= p.index(Head):
			continue
		case step.Kind == Wait && step.For > d:
			return position{step: i, part: d}
		case step.Kind == Wait:
			d -= step.For
		case step.Kind == End && d > 0:
			rest := append(Script{{Kind: Wait, For: d}}, p.script[i:]...)
			p.script = append(p.script[:i:i], rest...)
			return position{step: i + 1}
		case step.Kind == End:
			return position{step: i}
		}
	}
	return position{step: len(p.script)}
}

// inside is inside a frame, the first behind so many that has such a place.
func (p *draft) inside(place scenarios.Place, skip int) position {
	offset := insideString
	if place == scenarios.InsideRune {
		offset = insideRune
	}
	fallback := p.afterFrames(skip)
	seen := 0
	for i, step := range p.script {
		if step.Kind != Write {
			continue
		}
		if seen++; seen <= skip {
			continue
		}
		if at := offset(step.Data); at > 0 {
			return position{step: i, bytes: at}
		}
		if fallback.bytes == 0 {
			fallback = position{step: i, bytes: len(step.Data) / 2}
		}
	}
	return fallback
}

// insideRune returns a place between two bytes of one character, or 0.
func insideRune(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if size > 1 && r != utf8.RuneError {
			return i + 1
		}
		i += size
	}
	return 0
}

// insideString returns the middle of the longest JSON string, or 0.
func insideString(data []byte) int {
	best, length := 0, 0
	for i := 0; i < len(data); i++ {
		if data[i] != '"' {
			continue
		}
		start := i + 1
		for i++; i < len(data) && data[i] != '"'; i++ {
			if data[i] == '\\' {
				i++
			}
		}
		if i-start > length {
			best, length = start+(i-start)/2, i-start
		}
	}
	return best
}

// frameBoundary moves a position inside a frame behind that frame.
func (p *draft) frameBoundary(at position) position {
	if at.bytes > 0 {
		return position{step: at.step + 1}
	}
	return at
}

// cut drops everything behind the position.
func (p *draft) cut(at position) {
	kept := p.script[:at.step:at.step]
	if at.step < len(p.script) {
		switch last := p.script[at.step]; {
		case at.bytes > 0:
			last.Part = at.bytes < len(last.Data)
			last.Data = last.Data[:at.bytes]
			kept = append(kept, last)
		case at.part > 0:
			last.For = at.part
			kept = append(kept, last)
		}
	}
	p.script = kept
}

// json returns where the JSON of a frame starts and ends, or false.
func json(data []byte) (start, end int, ok bool) {
	start, end = bytes.IndexByte(data, '{'), bytes.LastIndexByte(data, '}')
	return start, end + 1, start >= 0 && end > start
}
