package play

import (
	"math"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// A SocketCall is a call on a WebSocket, as far as it was planned. What is said
// comes message by message, as the client goes on, so that delays, a break and
// damage are counted over all of them. It never changes: each message makes the
// next.
type SocketCall struct {
	delay *scenarios.Delay
	fault *scenarios.Fault // nil once it has struck.
	wire  Timing

	moment scenarios.Moment          // Of the break.
	last   *responders.SocketMessage // What is said at the break; nil if there is none.

	begun   bool
	over    bool // Nothing more is said.
	results int
	bytes   int                     // Of the results.
	held    *responders.SocketFrame // Comes behind the next message; nil for none.
}

// PlanSocket begins the plan of a call.
func PlanSocket(d scenarios.Decision, wire Timing) SocketCall {
	c := SocketCall{delay: d.Delay, fault: d.Fault, wire: wire}
	if d.Failure != nil && d.Failure.Delivery != nil {
		c.moment = d.Failure.Delivery.Moment
	}
	return c
}

// Plan writes the script for a message and returns the call behind it.
func (c SocketCall) Plan(m responders.SocketMessage) (Script, SocketCall) {
	d := socketDraft{SocketCall: c}
	if !c.begun {
		d.begin(m)
	}
	for _, e := range m.Events {
		if !d.over {
			d.say(e)
		}
	}
	if !d.over {
		d.end(m)
	}
	return d.script, d.SocketCall
}

// socketDraft is the script for one message on its way.
type socketDraft struct {
	SocketCall
	script Script
}

// begin waits for the first byte. What strikes before anything strikes now.
func (d *socketDraft) begin(m responders.SocketMessage) {
	d.begun, d.last = true, m.Break
	f := d.fault
	if f != nil && !f.Given() && (f.Kind == scenarios.FaultEmpty || f.Kind == scenarios.FaultHang || f.Kind == scenarios.FaultGarbage) {
		d.strike()
		return
	}
	if d.delay != nil {
		d.script = d.script.wait(d.wire.of(d.delay.FirstByte()))
	}
	if f == nil {
		return
	}
	whole := m.Break == nil && m.Close == nil // No error that it could come behind.
	early := f.Kind == scenarios.FaultReset || f.Kind == scenarios.FaultWSClose && whole
	if early && !f.Given() || f.At == scenarios.BeforeHeaders {
		d.strike()
	}
}

// say writes one event, and what is due in front of it and behind it.
func (d *socketDraft) say(e responders.SocketEvent) {
	switch e.Part {
	case responders.SocketFinish:
		d.finish(e)
		return
	case responders.SocketEnding:
		d.ending(e)
		return
	case responders.SocketFail:
		d.release()
		d.write(e.SocketFrame)
		return
	case responders.SocketResult:
		if d.delay != nil {
			d.script = d.script.wait(d.wire.of(d.delay.Frame(d.results, e.Tokens)))
		}
		if at := d.inside(e.SocketFrame); at > 0 {
			d.half(e.SocketFrame, at)
			d.strike()
			return
		}
		d.result(e.SocketFrame)
		d.results++
		d.bytes += len(e.Data)
	default:
		d.write(e.SocketFrame)
	}
	d.due()
}

// due does what is to be done behind so many results.
func (d *socketDraft) due() {
	if d.fault != nil && d.cuts() && d.strikes() {
		d.strike()
		return
	}
	if d.last != nil && d.moment.At != scenarios.BeforeEnd && d.moment.At != scenarios.BeforeMark && d.results >= d.breaksAt() {
		d.breakOff()
	}
}

// breaksAt is behind how many results the break comes: by default the first.
func (d *socketDraft) breaksAt() int { return momentAt(d.moment, 1) }

func momentAt(m scenarios.Moment, usual int) int {
	switch {
	case m.AfterFrames != nil:
		return int(*m.AfterFrames)
	case m.Given():
		return 0 // Behind what opens the call.
	default:
		return usual
	}
}

// strikes reports whether the moment of the fault has come, between messages.
func (d *socketDraft) strikes() bool {
	switch f := d.fault; {
	case f.At == scenarios.BeforeEnd, f.At == scenarios.BeforeMark, f.At.Inside():
		return false
	case f.AfterBytes != nil:
		return d.bytes >= int(*f.AfterBytes)
	default:
		return d.results >= d.strikesAt()
	}
}

// inside is where in a piece of the result the fault strikes; 0 for nowhere. A
// place with a name is sought in one text after the other.
func (d *socketDraft) inside(frame responders.SocketFrame) int {
	f := d.fault
	switch {
	case f == nil || !d.cuts():
	case f.AfterBytes != nil && int(*f.AfterBytes)-d.bytes < len(frame.Data):
		return int(*f.AfterBytes) - d.bytes
	case !f.At.Inside() || frame.Binary || f.AfterFrames != nil && d.results < int(*f.AfterFrames):
	case f.At == scenarios.InsideRune:
		return insideRune(frame.Data)
	default:
		return insideString(frame.Data)
	}
	return 0
}

// strikesAt is behind how many results the fault strikes. Where an error breaks
// the call off, the usual moment is behind that error.
func (d *socketDraft) strikesAt() int {
	usual := 1
	if d.last != nil || d.fault.Kind == scenarios.FaultEarlyEnd {
		usual = math.MaxInt
	}
	return momentAt(d.fault.Moment, usual)
}

// cuts reports whether nothing follows the fault.
func (d *socketDraft) cuts() bool {
	switch d.fault.Kind {
	case scenarios.FaultReset, scenarios.FaultStall, scenarios.FaultCut, scenarios.FaultEarlyEnd, scenarios.FaultWSClose:
		return true
	default:
		return false
	}
}

// breakOff says the last word of a call that is broken off.
func (d *socketDraft) breakOff() {
	message := *d.last
	d.last = nil
	d.release()
	for _, e := range message.Events {
		d.write(e.SocketFrame)
	}
	d.end(message)
}

// ending says that the result is complete, unless something strikes in front of
// all that says so: an error replaces it, and faults that want the end.
func (d *socketDraft) ending(e responders.SocketEvent) {
	switch {
	case d.last != nil:
		d.breakOff()
	case d.strikesEnding():
		d.strike()
	default:
		d.write(e.SocketFrame)
		d.release()
	}
}

// strikesEnding reports whether the fault strikes before anything says that the
// answer ends.
func (d *socketDraft) strikesEnding() bool {
	f := d.fault
	return f != nil && d.cuts() && (f.At == scenarios.BeforeEnd || f.At.Inside() || f.Kind == scenarios.FaultEarlyEnd && !f.Given())
}

// finish ends a call that went well, unless something is still to strike: a
// moment behind the end means there.
func (d *socketDraft) finish(e responders.SocketEvent) {
	switch {
	case d.fault != nil && d.cuts() && d.last == nil:
		d.strike()
	case d.last != nil:
		d.breakOff()
	case d.fault != nil && d.fault.Kind == scenarios.FaultDropDone:
	default:
		d.write(e.SocketFrame)
	}
	d.release()
	if d.fault != nil && d.fault.Kind == scenarios.FaultIdleClose && !d.over {
		d.script = append(d.script, Step{Kind: Close})
	}
	d.over = true
}

// end ends the call if the message does, and the connection with it if the
// message says so, unless something still strikes.
func (d *socketDraft) end(m responders.SocketMessage) {
	switch {
	case !m.Ends():
		return
	case d.fault != nil && d.cuts():
		d.strike()
	case m.Close != nil:
		d.release()
		d.script = append(d.script, Step{Kind: Shut, Code: int32(m.Close.Code), Reason: m.Close.Reason})
	}
	d.over = true
}

// strike ends the connection as the fault says.
func (d *socketDraft) strike() {
	f := d.fault
	switch f.Kind {
	case scenarios.FaultReset:
		d.script = append(d.script, Step{Kind: Reset})
	case scenarios.FaultHang, scenarios.FaultStall:
		step := Step{Kind: Hang}
		if f.For != nil {
			step.For = max(d.wire.of(*f.For), 1)
		}
		d.script = append(d.script, step, Step{Kind: Close})
	case scenarios.FaultGarbage:
		d.script = append(d.script, Step{Kind: Raw, Data: []byte("\xff\xff\x00\x7fthis is no message\r\n\r\n")}, Step{Kind: Close})
	case scenarios.FaultEarlyEnd:
		d.script = append(d.script, Step{Kind: Shut, Code: 1000})
	case scenarios.FaultWSClose:
		d.script = append(d.script, Step{Kind: Shut, Code: int32(f.Code), Reason: f.Reason})
	default:
		d.script = append(d.script, Step{Kind: Close})
	}
	d.fault, d.over = nil, true
}

// release writes what was held back.
func (d *socketDraft) release() {
	if d.held != nil {
		frame := *d.held
		d.held = nil
		d.write(frame)
	}
}

// result writes a piece of the result, damaged if it is the one that a fault
// strikes: by default the second.
func (d *socketDraft) result(frame responders.SocketFrame) {
	f := d.fault
	if f == nil || d.results < momentAt(f.Moment, 1) {
		d.write(frame)
		d.release()
		return
	}
	switch f.Kind {
	case scenarios.FaultReorder:
		d.held, d.fault = &frame, nil
		return
	case scenarios.FaultDuplicate:
		d.write(frame)
		d.fault = nil
	case scenarios.FaultBadJSON:
		if !frame.Binary {
			frame.Data = breakJSON(frame.Data)
			d.fault = nil
		}
	}
	d.write(frame)
}

// half writes the beginning of a message.
func (d *socketDraft) half(frame responders.SocketFrame, size int) {
	step := socketStep(frame)
	step.Data, step.Length = frame.Data[:size], int64(len(frame.Data))
	d.script = append(d.script, step)
}

func socketStep(frame responders.SocketFrame) Step {
	step := Step{Kind: Text, Data: frame.Data}
	if frame.Binary {
		step.Kind = Binary
	}
	return step
}

// write writes a message, slowly or in fragments if the fault says so.
func (d *socketDraft) write(frame responders.SocketFrame) {
	step := socketStep(frame)
	if f := d.fault; f != nil && f.Kind == scenarios.FaultDrip {
		step.Rate = int32(min(f.Rate, math.MaxInt32))
	}
	if f := d.fault; f != nil && f.Kind == scenarios.FaultSplit && len(frame.Data) > 1 {
		step.Piece = int32(min(f.Bytes, math.MaxInt32))
		if f.Bytes == 0 {
			step.Split = int32(fragment(frame.Data))
		}
	}
	d.script = append(d.script, step)
}

// fragment is where the second of two fragments begins: inside a character,
// else inside a string, else in the middle.
func fragment(data []byte) int {
	for _, find := range []func([]byte) int{insideRune, insideString} {
		if at := find(data); at > 0 {
			return at
		}
	}
	return len(data) / 2
}
