package journal

import (
	"bytes"
	"time"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// planned is what is kept of a script.
type planned struct {
	steps  int // How many there are in all,
	bytes  int // and how many bytes of the answer's body they write.
	header packedHeader
	script []play.Step // The first ones, without header, and with the beginning of what they write.
	sizes  []int       // How much each of them writes.
	beats  []beat      // Those behind the first ones.
}

// packScript packs what is kept of a script. Of a long one exactly as much is
// taken as it surveyed before.
func packScript(s play.Script) []byte {
	if len(s) <= fewSteps && !s.Says() {
		return packFew(s)
	}
	f := survey(s)
	k := keeping{to: f.pack(make(packer, 0, f.size)), room: room{bytes: keptBody}}
	k.all(s)
	return k.to.header(sentHeader(s))
}

// packFew packs a short script, as most are: on the stack, if it fits.
func packFew(s play.Script) []byte {
	var scratch [2 << 10]byte
	var f surveyed
	for i := range s {
		f.count(&s[i])
	}
	p := f.pack(scratch[:0])
	left := room{bytes: keptBody}
	for i := range s {
		var data []byte
		p, data = left.keep(p, &s[i])
		p = append(p, data...)
	}
	return bytes.Clone(p.header(sentHeader(s)))
}

// surveyed is what a survey of a script counts.
type surveyed struct {
	steps, bytes int
	size         int // How much packing takes.
}

func (f *surveyed) count(step *play.Step) {
	f.steps++
	switch step.Kind {
	case play.Write, play.Text, play.Binary, play.Copy:
		f.bytes += sizeOfStep(step)
	}
}

// sizeOfStep is how much a step writes: of what was copied, its data is the
// beginning only.
func sizeOfStep(s *play.Step) int {
	if s.Kind == play.Copy {
		return int(s.Bytes)
	}
	return len(s.Data)
}

// pack packs what stands in front of the steps.
func (f *surveyed) pack(p packer) packer {
	return p.number(int64(f.steps)).number(int64(f.bytes)).number(int64(min(f.steps, keptSteps)))
}

func survey(s play.Script) surveyed {
	var scratch [1 << 10]byte // Enough for most.
	header := len(packer(scratch[:0]).header(sentHeader(s)))
	k := keeping{room: room{bytes: keptBody}, surveys: true}
	k.all(s)
	k.found.size += header + len(k.found.pack(scratch[:0]))
	return k.found
}

// room is how much is kept so far, and may still be.
type room struct{ steps, bytes int }

// keep packs a step, and returns what belongs behind: what is kept of what it
// writes.
func (r *room) keep(p packer, step *play.Step) (_ packer, data []byte) {
	r.steps++
	switch {
	case r.steps <= keptSteps:
		data = step.Data[:min(len(step.Data), r.bytes)]
		r.bytes -= len(data)
		return p.step(step).number(int64(len(data))), data
	case r.steps <= keptSteps+keptBeats:
		return p.beat(step), nil
	default:
		return p, nil
	}
}

// keeping packs one step after the other, or surveys what that would take.
type keeping struct {
	room
	to      packer
	surveys bool
	found   surveyed
}

// all goes through a script. A step is large: it stays where it is.
func (k *keeping) all(s play.Script) {
	if s.Says() {
		for step := range s.Steps() {
			if !k.next(&step) {
				return
			}
		}
		return
	}
	for i := range s {
		if !k.next(&s[i]) {
			return
		}
	}
}

// next takes a step, and reports whether there is more to do.
func (k *keeping) next(step *play.Step) bool {
	to, data := k.keep(k.to, step)
	if !k.surveys {
		k.to = append(to, data...)
		return k.steps < keptSteps+keptBeats
	}
	k.found.count(step)
	k.found.size += len(to) + len(data)
	k.to = to[:0]
	return true
}

// numbers are those of a step; most of them are 0 in most.
type numbers [10]int64

func numbersOf(s *play.Step) numbers {
	return numbers{
		int64(s.Status), int64(s.Rate), int64(s.Piece), int64(s.Split), int64(s.Code), s.Length,
		int64(s.For), int64(s.Every), int64(s.Frames), s.Bytes,
	}
}

// step packs a step without what it writes.
func (p packer) step(s *play.Step) packer {
	all, given := numbersOf(s), int64(0)
	for i, n := range all {
		if n != 0 {
			given |= 1 << i
		}
	}
	p = append(p, byte(s.Kind)).flags(s.Part, s.Late != nil, s.Portion != nil).number(given)
	for _, n := range all {
		if n != 0 {
			p = p.number(n)
		}
	}
	p = p.text(s.Reason)
	if c := s.Portion; c != nil {
		p = p.number(int64(c.Frames)).number(c.Bytes).number(int64(c.For)).text(string(c.Until)).text(string(c.Change))
	}
	return p.number(int64(sizeOfStep(s)))
}

// step unpacks a step, and how much it writes.
func (u *unpacker) step() (s play.Step, size int) {
	s.Kind = play.Kind((*u)[0])
	*u = (*u)[1:]
	var late, portion bool
	u.flags(&s.Part, &late, &portion)
	var n numbers
	given := u.number()
	for i := range n {
		if given&(1<<i) != 0 {
			n[i] = u.number()
		}
	}
	s.Status, s.Rate, s.Piece, s.Split, s.Code = int32(n[0]), int32(n[1]), int32(n[2]), int32(n[3]), int32(n[4])
	s.Length, s.For, s.Every, s.Frames, s.Bytes = n[5], time.Duration(n[6]), time.Duration(n[7]), int(n[8]), n[9]
	s.Reason = u.text()
	if late {
		s.Late = func(int) []byte { return nil } // Nobody performs it any more.
	}
	if portion {
		s.Portion = &play.Portion{Frames: int(u.number()), Bytes: u.number(), For: time.Duration(u.number())}
		s.Portion.Until, s.Portion.Change = scenarios.Place(u.text()), scenarios.FaultKind(u.text())
	}
	return s, int(u.number())
}

// keptBeats is how many steps are kept behind those that are kept whole.
const keptBeats = 1000

// A beat is a step without what it writes: enough to draw it.
type beat struct {
	kind  play.Kind
	lasts time.Duration
	bytes int
	part  bool
}

func (p packer) beat(s *play.Step) packer {
	size := sizeOfStep(s)
	return append(p, byte(s.Kind)).flags(s.Part).number(int64(lasts(s, size))).number(int64(size))
}

func (u *unpacker) beat() (b beat) {
	b.kind = play.Kind((*u)[0])
	*u = (*u)[1:]
	u.flags(&b.part)
	b.lasts, b.bytes = time.Duration(u.number()), int(u.number())
	return b
}

// planned unpacks what is kept of the script.
func (r *Raw) planned() *planned {
	p, u := new(planned), unpacker(r.script)
	p.steps, p.bytes = int(u.number()), int(u.number())
	for range u.number() {
		step, size := u.step()
		step.Data = u.bytes()
		p.script, p.sizes = append(p.script, step), append(p.sizes, size)
	}
	for range min(p.steps-len(p.script), keptBeats) {
		p.beats = append(p.beats, u.beat())
	}
	p.header = packedHeader(u)
	return p
}

// sentHeader returns the header that a script sends.
func sentHeader(script play.Script) map[string][]string {
	for i := range script {
		if script[i].Kind == play.Head {
			return script[i].Header
		}
	}
	return nil
}
