package play

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// An Answer is what came from upstream: the head, and a body still to be read.
// The zero value stands for one that is not known yet.
type Answer struct {
	Status int
	Header http.Header // Without what belongs to the connection.
	Length int64       // The declared length of the body, Chunked, or UntilClose.
	Stream bool        // Whether frames are SSE events.
	Body   *Source
}

// A Passing is what is known of a call besides the decision on it when its
// answer comes from upstream.
type Passing struct {
	Ends  func(frame []byte) (ending, mark bool) // Whether a frame says that the answer ends.
	Break func(n int) responders.Frame           // Writes the error that breaks the answer off, as the n-th frame; nil if none does.
}

// longestDamaged bounds an answer that is read as a whole to be damaged.
const longestDamaged = 10 << 20

// errEncoded says why a compressed answer cannot be damaged.
var errEncoded = sentences.Errorf("upstream compressed the answer, though it was asked not to: its frames cannot be told apart")

// Shapes reports whether the decision does anything to an answer from upstream
// for which its frames have to be told apart.
func Shapes(d scenarios.Decision) bool {
	return d.Fault != nil || d.Delay.Paces() || d.Failure != nil
}

// PlanCopy writes the script for an answer from upstream: delayed, broken off
// and damaged as the decision says. The error says what cannot be done to it:
// nothing weaker is done instead. What is damaged as a whole is read here.
func PlanCopy(a Answer, d scenarios.Decision, wire Timing, p Passing) (Script, error) {
	switch {
	case d.Delay.CountsTokens():
		return nil, sentences.Errorf("latency.tokens_per_second: the tokens of an answer from upstream are not known")
	case Shapes(d) && a.encoded():
		return nil, errEncoded
	case d.Fault != nil && a.Status != 0 && !a.Stream && !replaces(d.Fault):
		return a.damaged(d, wire)
	}
	c := copyDraft{answer: a, passing: p, wire: wire, delay: d.Delay, fired: d.Fired}
	c.write(d)
	if d.Fault == nil {
		return c.script, nil
	}
	if p.Break != nil && d.Fault.Given() {
		return nil, sentences.Errorf("fault: a moment of its own does not go with an error in the middle of an answer from upstream")
	}
	err := c.damage(d.Fault)
	return c.script, err
}

// Unknown forgets the status of a script whose answer is not known yet.
func (s Script) Unknown() {
	for i := range s {
		if s[i].Kind == Head && s[i].Length == Chunked {
			s[i].Status = 0
		}
	}
}

// encoded reports whether the body is compressed.
func (a Answer) encoded() bool {
	encoding := a.Header.Get("Content-Encoding")
	return encoding != "" && !strings.EqualFold(encoding, "identity")
}

// replaces reports whether nothing of the answer is left.
func replaces(f *scenarios.Fault) bool {
	return slices.Contains([]scenarios.FaultKind{
		scenarios.FaultEmpty, scenarios.FaultHang, scenarios.FaultGarbage, scenarios.FaultGatewayHTML,
	}, f.Kind) || f.Kind == scenarios.FaultReset && (!f.Given() || f.At == scenarios.BeforeHeaders)
}

// damaged plans for an answer that is no stream, and is read as a whole.
func (a Answer) damaged(d scenarios.Decision, wire Timing) (Script, error) {
	if a.Status == http.StatusSwitchingProtocols {
		return nil, sentences.Errorf("fault: a WebSocket that passes cannot have kind %s: its handshake is over", d.Fault.Kind)
	}
	body, err := a.Body.all(longestDamaged)
	if err != nil {
		return nil, err
	}
	d.Failure = nil
	return Plan(responders.Message{Status: a.Status, Header: a.Header.Clone(), Frames: []responders.Frame{body}}, d, wire), nil
}

// copyDraft is a script that copies, on its way.
type copyDraft struct {
	answer  Answer
	passing Passing
	wire    Timing
	delay   *scenarios.Delay
	script  Script
	fired   []scenarios.Firing
	early   int // Where what is sent begins: behind the waits before it.
}

// write writes the whole answer, and the error that breaks it off.
func (c *copyDraft) write(d scenarios.Decision) {
	c.script = c.script.wait(d.Queued)
	if c.delay != nil {
		c.script = c.script.wait(c.wire.of(c.delay.FirstByte()))
	}
	c.early = len(c.script)
	header := withRules(c.answer.Header.Clone(), d)
	if c.answer.Status == http.StatusSwitchingProtocols {
		c.script = append(c.script, Step{Kind: Upgrade, Header: header}, Step{Kind: Copy, Portion: everything()})
		return
	}
	c.script = append(c.script, Step{Kind: Head, Status: int32(c.answer.Status), Header: header, Length: c.answer.Length})
	if c.passing.Break != nil {
		c.head().Length = Chunked
		c.script = append(c.script, c.copy(c.portion(d.Failure.Delivery.Moment, scenarios.BeforeEnd)...)...)
		c.script = append(c.script, Step{Kind: Write, Late: func(n int) []byte { return c.passing.Break(n) }}, Step{Kind: End})
		return
	}
	c.script = append(c.script, c.copy(everything())...)
	c.script = append(c.script, Step{Kind: End})
}

// copy makes steps of portions.
func (c *copyDraft) copy(portions ...*Portion) (steps Script) {
	for _, p := range portions {
		p.ends = c.passing.Ends
		if c.delay.Paces() {
			p.pace = func(i int) time.Duration { return c.wire.of(c.delay.Frame(i, 0)) }
		}
		steps = append(steps, Step{Kind: Copy, Portion: p})
	}
	return steps
}

// portion is what comes before a moment, and before a place in any case if one
// is given: an error never comes behind what says that the answer ends. Unless
// the moment says otherwise, that is one frame.
func (c *copyDraft) portion(m scenarios.Moment, before scenarios.Place) []*Portion {
	p := everything()
	p.Until = before
	switch {
	case m.At.Inside():
		p.Until = m.At
		if m.AfterFrames != nil {
			first := everything()
			first.Frames = int(*m.AfterFrames)
			return []*Portion{first, p}
		}
	case m.AfterFrames != nil:
		p.Frames = int(*m.AfterFrames)
	case m.AfterBytes != nil:
		p.Bytes = int64(*m.AfterBytes)
	case m.After != nil:
		p.For = max(c.wire.of(*m.After), 1)
	case m.At == scenarios.BeforeEnd, m.At == scenarios.BeforeMark:
		p.Until = m.At
	case m.At == scenarios.AfterHeaders:
		p.Frames = 0
	default:
		p.Frames = 1
	}
	return []*Portion{p}
}

// damage does to the script what the fault says.
func (c *copyDraft) damage(f *scenarios.Fault) error {
	if c.script.has(Head) && c.head().Length >= 0 {
		c.head().Length = Chunked // What was declared may no longer be true.
	}
	plain := draft{wire: c.wire}
	switch f.Kind {
	case scenarios.FaultEmpty:
		c.instead(Step{Kind: Close})
	case scenarios.FaultHang:
		c.instead(plain.hang(f), Step{Kind: Close})
	case scenarios.FaultGarbage:
		plain.damage(f)
		c.instead(plain.script...)
	case scenarios.FaultGatewayHTML:
		c.instead(Plan(gatewayPage(), scenarios.Decision{Fired: c.fired}, nil)...)
	case scenarios.FaultReset:
		if replaces(f) {
			c.instead(Step{Kind: Reset})
		} else {
			c.breakAt(f, Step{Kind: Reset})
		}
	case scenarios.FaultStall:
		c.breakAt(f, plain.hang(f), Step{Kind: Close})
	case scenarios.FaultCut:
		c.breakAt(f, Step{Kind: Close})
	case scenarios.FaultBadChunk:
		c.breakAt(f, Step{Kind: Raw, Data: []byte("zz\r\n")}, Step{Kind: Close})
	case scenarios.FaultEarlyEnd:
		c.breakBefore(f, scenarios.BeforeEnd)
	case scenarios.FaultDropDone:
		c.breakBefore(f, scenarios.BeforeMark)
	case scenarios.FaultIdleClose:
		c.script = append(c.script, Step{Kind: Close})
	case scenarios.FaultDrip:
		c.eachCopy(func(s *Step) { s.Rate = int32(f.Rate) })
	case scenarios.FaultWrongType:
		c.head().Header["Content-Type"] = []string{"application/json"}
	case scenarios.FaultEmptyBody:
		c.instead(*c.head(), Step{Kind: End})
	default:
		return c.damageFrames(f)
	}
	return nil
}

// damageFrames strikes frames.
func (c *copyDraft) damageFrames(f *scenarios.Fault) error {
	if c.passing.Break != nil {
		return sentences.Errorf("fault: kind %s does not go with an error in the middle of an answer from upstream", f.Kind)
	}
	skip, struck := everything(), everything()
	skip.Frames, struck.Frames, struck.Change = 1, 1, f.Kind
	if f.AfterFrames != nil {
		skip.Frames = int(*f.AfterFrames)
	}
	switch f.Kind {
	case scenarios.FaultSplit:
		if f.Bytes > 0 {
			c.eachCopy(func(s *Step) { s.Piece = int32(f.Bytes) })
			return nil
		}
		struck.Frames = Rest
		c.behindHead(c.copy(struck), Step{Kind: End})
	case scenarios.FaultBadJSON, scenarios.FaultBadSSE:
		c.behindHead(c.copy(skip, struck), Step{Kind: End})
	case scenarios.FaultDuplicate, scenarios.FaultReorder:
		c.behindHead(c.copy(skip, struck, everything()), Step{Kind: End})
	default:
		return sentences.Errorf("fault: kind %s is for answers that are not streamed, and upstream streams", f.Kind)
	}
	return nil
}

// instead sends these steps and nothing of the answer.
func (c *copyDraft) instead(steps ...Step) {
	c.script = append(c.script[:c.early:c.early], steps...)
}

func (c *copyDraft) head() *Step { return &c.script[c.script.find(Head)] }

// behindHead replaces all behind the header.
func (c *copyDraft) behindHead(copied Script, then ...Step) {
	at := c.script.find(Head) + 1
	c.script = append(append(c.script[:at:at], copied...), then...)
}

// breakAt breaks off at the fault's moment, by default behind the first frame,
// or behind the error that ends the answer.
func (c *copyDraft) breakAt(f *scenarios.Fault, then ...Step) {
	if c.passing.Break != nil {
		c.script = append(c.script[:len(c.script)-1], then...)
		return
	}
	c.behindHead(c.copy(c.portion(f.Moment, "")...), then...)
}

// breakBefore ends the body properly at the fault's moment, by default before
// that place. An answer that an error ends has no such place.
func (c *copyDraft) breakBefore(f *scenarios.Fault, usual scenarios.Place) {
	if c.passing.Break != nil {
		return
	}
	moment := f.Moment
	if !moment.Given() {
		moment.At = usual
	}
	c.behindHead(c.copy(c.portion(moment, "")...), Step{Kind: End})
}

func (c *copyDraft) eachCopy(change func(*Step)) {
	for i := range c.script {
		if c.script[i].Kind == Copy {
			change(&c.script[i])
		}
	}
}
