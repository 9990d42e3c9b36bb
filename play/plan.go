package play

import (
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
	p.script = append(p.script, Step{Kind: Head, Status: m.Status, Header: m.Header, Length: length})
	for i, frame := range m.Frames {
		if delay != nil {
			tokens := 0
			if i < len(m.Tokens) {
				tokens = m.Tokens[i]
			}
			p.script = p.script.wait(p.wire.of(delay.Frame(i, tokens)))
		}
		p.script = append(p.script, Step{Kind: Write, Data: frame})
	}
	p.script = append(p.script, Step{Kind: End})
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
