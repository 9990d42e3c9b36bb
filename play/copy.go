package play

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// A Portion says how much of an upstream's answer a copy step takes, and what
// it does to the frames.
type Portion struct {
	Frames int             // At most so many frames, or Rest.
	Bytes  int64           // At most so many bytes, or Rest.
	For    time.Duration   // What comes so long behind the header, and no longer; 0 for no bound.
	Until  scenarios.Place // Up to this place: before a frame, or inside of one; "" for no bound.

	Change scenarios.FaultKind // What is done to each frame: one of the kinds that strike a frame; "" for nothing.

	ends func(frame []byte) (ending, mark bool) // Whether a frame says that the answer ends.
	pace func(i int) time.Duration              // How long the i-th frame of the answer waits, from 0.
}

// Rest is all that still comes.
const Rest = -1

// everything is a portion of all that still comes.
func everything() *Portion { return &Portion{Frames: Rest, Bytes: Rest} }

// String says how much it is, for people.
func (c *Portion) String() string {
	text := "all that comes from upstream"
	switch {
	case c.For > 0:
		text = "what comes from upstream within " + c.For.String()
	case c.Bytes != Rest:
		text = fmt.Sprintf("%d bytes from upstream", c.Bytes)
	case c.Frames == 1:
		text = "1 frame from upstream"
	case c.Frames != Rest:
		text = fmt.Sprintf("%d frames from upstream", c.Frames)
	}
	if c.Until != "" {
		text += ", up to " + string(c.Until)
	}
	if c.Change != "" {
		text += ", with " + string(c.Change)
	}
	return text
}

// copied says what a copy step takes or has taken, for people.
func (s Step) copied(beginning string) string {
	if s.Portion != nil {
		return s.Portion.String()
	}
	return fmt.Sprintf("%d frames, %d bytes from upstream %s", s.Frames, s.Bytes, abridge(beginning, int(s.Bytes)))
}

// keptCopy bounds what the performed script keeps of what was copied.
const keptCopy = 16 << 10

// isUpstream reports whether what comes from upstream broke off.
func isUpstream(err error) bool {
	var upstream *UpstreamError
	return errors.As(err, &upstream) || errors.Is(err, errFrameTooLong)
}

// copy performs a copy step. Where upstream breaks off, so does the answer,
// behind all that came.
func (p *player) copy(step *Step, out output) error {
	stop := context.AfterFunc(p.ctx, func() { p.from.Close() })
	defer stop()
	c := copying{player: p, Portion: step.Portion, out: out, how: Step{Rate: step.Rate, Piece: step.Piece}, buffer: make([]byte, copySize)}
	p.done[len(p.done)-1].Portion = nil
	var err error
	switch {
	case c.For > 0:
		err = c.within(c.For - p.clock.Now().Sub(p.headed))
	case c.Bytes != Rest:
		err = c.upTo(c.Bytes)
	case c.Frames == Rest && c.Until == "" && c.Change == "" && c.pace == nil:
		err = c.rest()
	default:
		err = c.frames()
	}
	if err != nil && p.ctx.Err() != nil {
		return p.ctx.Err() // That is why the source was closed.
	}
	if err != nil {
		out.flush()
	}
	return err
}

// copying performs one copy step.
type copying struct {
	*player
	*Portion
	out    output
	how    Step // Rate and pieces of what is written.
	buffer []byte
}

// give writes a piece of what came.
func (c *copying) give(data []byte) error {
	c.how.Data = data
	if err := c.player.write(&c.how, c.out); err != nil {
		return err
	}
	before := c.copied.frames
	c.copied.add(data)
	done := &c.done[len(c.done)-1]
	done.Bytes += int64(len(data))
	done.Data = append(done.Data, data[:min(len(data), keptCopy-len(done.Data))]...)
	if c.from.stream {
		c.count(c.copied.frames - before)
	}
	return nil
}

func (c *copying) count(frames int) {
	c.sent.Frames += frames
	c.done[len(c.done)-1].Frames += frames
}

// over tells the proper end of what comes from what breaks off. A body that is
// no stream is one frame.
func (c *copying) over(err error) error {
	if err != io.EOF {
		return err
	}
	if !c.from.stream && c.from.bytes > 0 {
		c.count(1)
	}
	return nil
}

// rest copies all that still comes, piece by piece as it comes.
func (c *copying) rest() error {
	for {
		data, err := c.from.chunk(c.buffer)
		if len(data) > 0 {
			if err := c.give(data); err != nil {
				return err
			}
		}
		if err != nil {
			return c.over(err)
		}
	}
}

// within copies what comes in that time. Of an answer that is over earlier, it
// waits for the rest of the time.
func (c *copying) within(d time.Duration) error {
	ctx, stop := context.WithCancel(c.ctx)
	defer stop()
	var reached bool
	var broken error
	over := make(chan struct{})
	go func() {
		defer close(over)
		broken = Guard(func() error {
			reached = c.clock.Sleep(ctx, d) == nil
			return nil
		})
		if reached || broken != nil {
			c.from.Close()
		}
	}()
	err := c.rest()
	if err != nil {
		stop()
	}
	<-over
	switch {
	case broken != nil:
		return broken
	case err == nil:
		return c.ctx.Err()
	case reached && isUpstream(err):
		return nil
	default:
		return err
	}
}

// upTo copies so many bytes.
func (c *copying) upTo(n int64) error {
	for n > 0 {
		data, err := c.from.chunk(c.buffer)
		if int64(len(data)) > n {
			c.from.unread(data[n:])
			data = data[:n]
		}
		n -= int64(len(data))
		if len(data) > 0 {
			if err := c.give(data); err != nil {
				return err
			}
		}
		if err != nil && n > 0 {
			return c.over(err)
		}
	}
	return nil
}

// frames copies frame by frame, each as soon as it is there in full.
func (c *copying) frames() error {
	for n := 0; c.Frames == Rest || n < c.Frames; n++ {
		data, full, err := c.from.frame(c.buffer)
		if full && c.stopsBefore(data) {
			c.from.unread(data)
			return nil
		}
		if c.pace != nil && len(data) > 0 {
			if err := c.clock.Sleep(c.ctx, c.pace(c.sent.Frames)); err != nil {
				return err
			}
		}
		if full {
			if at := c.inside(data); at > 0 {
				return c.give(data[:at])
			}
			data = c.changed(data)
		}
		if err := c.pieces(data, full); err != nil {
			return err
		}
		if err != nil {
			return c.over(err)
		}
	}
	return nil
}

// stopsBefore reports whether the frame lies behind the place up to which is
// copied.
func (c *copying) stopsBefore(frame []byte) bool {
	if c.ends == nil || c.Until != scenarios.BeforeEnd && c.Until != scenarios.BeforeMark {
		return false
	}
	ending, mark := c.ends(frame)
	return mark || ending && c.Until == scenarios.BeforeEnd
}

// inside returns where to stop inside the frame, or 0.
func (c *copying) inside(frame []byte) int {
	switch c.Until {
	case scenarios.InsideRune:
		return insideRune(frame)
	case scenarios.InsideString:
		return insideString(frame)
	default:
		return 0
	}
}

// changed does to a frame what the portion says.
func (c *copying) changed(frame []byte) []byte {
	switch c.Change {
	case scenarios.FaultBadJSON:
		return breakJSON(frame)
	case scenarios.FaultBadSSE:
		return breakSSE(frame)
	case scenarios.FaultDuplicate:
		return append(frame[:len(frame):len(frame)], frame...)
	case scenarios.FaultReorder:
		next, _, _ := c.from.frame(c.buffer)
		return append(next[:len(next):len(next)], frame...)
	default:
		return frame
	}
}

// pieces writes a frame, in two parts if it is to be split.
func (c *copying) pieces(frame []byte, full bool) error {
	if c.Change == scenarios.FaultSplit && full && len(frame) > 1 {
		at := fragment(frame)
		if err := c.give(frame[:at]); err != nil {
			return err
		}
		frame = frame[at:]
	}
	if len(frame) == 0 {
		return nil
	}
	return c.give(frame)
}
