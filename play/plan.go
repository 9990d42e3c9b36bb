package play

import (
	"net/http"
	"slices"
	"time"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// Timing converts a wait of the scenario to time on the clock. A nil timing
// takes it as it is.
type Timing func(scenarios.Duration) time.Duration

func (t Timing) of(d scenarios.Duration) time.Duration {
	if t == nil {
		return time.Duration(d)
	}
	return t(d)
}

// Plan writes the script for a message: delayed, broken off and damaged as the
// decision says.
func Plan(m responders.Message, d scenarios.Decision, wire Timing) Script {
	if d.Fault != nil && d.Fault.Kind == scenarios.FaultGatewayHTML {
		m = gatewayPage()
	}
	m.Header = withRules(m.Header, d)
	if m.Close {
		m.Header["Connection"] = []string{"close"}
	}
	p := draft{message: m, wire: wire}
	p.script = p.script.wait(d.Queued)
	p.write(d.Delay)
	if m.Break != nil {
		p.breakOff(d.Failure.Delivery.Moment)
	}
	if d.Fault != nil {
		p.damage(d.Fault)
	}
	if m.Close {
		p.script = append(p.script, Step{Kind: Close})
	}
	if m.Status == http.StatusSwitchingProtocols && !p.script.TakesOver() {
		p.upgrade()
	}
	return p.script
}

// draft is a script on its way.
type draft struct {
	message responders.Message
	wire    Timing
	script  Script
	ending  int  // How many frames at the end say that the answer ends.
	marks   int  // How many of them are the end mark.
	broken  bool // An error ended the stream.
}

// write writes the whole answer.
func (p *draft) write(delay *scenarios.Delay) {
	m := p.message
	p.ending, p.marks = m.Ending, m.Marks
	steps := len(m.Frames)
	if delay != nil {
		steps *= 2
	}
	p.script = slices.Grow(p.script, steps+3) // A wait, the head and the end are the others.
	if delay != nil {
		p.script = p.script.wait(p.wire.of(delay.FirstByte()))
	}
	length := Chunked
	if !m.Stream {
		length = 0
		for _, frame := range m.Frames {
			length += len(frame)
		}
	}
	p.script = append(p.script, Step{Kind: Head, Status: int32(m.Status), Header: m.Header, Length: int64(length)})
	if m.Later != nil {
		p.script = append(p.script, Step{Kind: Say, Speech: &Speech{frames: m.Later, waits: p.pace(delay)}})
	}
	for i, frame := range m.Frames {
		if delay != nil {
			tokens := 0
			if i < len(m.Tokens) {
				tokens = m.Tokens[i]
			}
			p.script = p.script.wait(p.wire.of(delay.Frame(i, tokens)))
		}
		if i < len(m.Waits) && m.Waits[i] != nil {
			p.script = p.script.wait(p.wire.of(*m.Waits[i]))
		}
		p.script = append(p.script, Step{Kind: Write, Data: frame})
	}
	p.script = append(p.script, Step{Kind: End})
}

// pace says how long frames that are made later wait.
func (p *draft) pace(delay *scenarios.Delay) func(i, tokens int) time.Duration {
	wire := p.wire
	return func(i, tokens int) time.Duration { return wire.of(delay.Frame(i, tokens)) }
}

// breakOff ends the stream at the moment with the message's last word. An error
// never comes behind what says that the answer ends.
func (p *draft) breakOff(moment scenarios.Moment) {
	if !moment.Given() {
		half := scenarios.Index(max((len(p.message.Frames)-p.ending)/2, 1))
		moment.AfterFrames = &half
	}
	p.dropEnding()
	p.cut(p.frameBoundary(p.find(moment)))
	sent := p.script.frames()
	p.script = append(p.script, Step{Kind: Write, Data: p.message.Break(sent + 1)}, Step{Kind: End})
	p.ending, p.marks, p.broken = 0, 0, true
}

// dropEnding takes away the frames that say that the answer ends, and the waits
// before them.
func (p *draft) dropEnding() {
	kept := p.afterFrames(max(p.script.frames()-p.ending, 0))
	end := p.script[len(p.script)-1]
	p.script = append(p.script[:kept.step:kept.step], end)
	p.ending, p.marks = 0, 0
}

// upgrade lets a WebSocket follow instead of a body.
func (p *draft) upgrade() {
	at := p.index(Head)
	p.script = append(p.script[:at:at], Step{Kind: Upgrade, Header: p.script[at].Header})
}

// frames counts the frames that the script writes.
func (s Script) frames() int {
	n := 0
	for _, step := range s {
		if step.Kind == Write && !step.Part {
			n++
		}
	}
	return n
}
