package play

import (
	"bytes"
	"compress/gzip"
	"math"
	"net/http"
	"strings"

	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// damage does to the script what the fault says. The language has ruled out
// combinations that make no sense.
func (p *draft) damage(f *scenarios.Fault) {
	switch f.Kind {
	case scenarios.FaultReset:
		p.breakAt(f, scenarios.Moment{At: scenarios.BeforeHeaders}, Step{Kind: Reset})
	case scenarios.FaultEmpty:
		p.script = Script{{Kind: Close}}
	case scenarios.FaultHang:
		p.script = Script{p.hang(f), {Kind: Close}}
	case scenarios.FaultGarbage:
		p.script = Script{{Kind: Raw, Data: []byte("\x05\x00\x7fthis is not HTTP\r\n\r\n")}, {Kind: Close}}
	case scenarios.FaultStall:
		p.breakAt(f, p.first(), p.hang(f), Step{Kind: Close})
	case scenarios.FaultCut:
		p.breakAt(f, p.first(), Step{Kind: Close})
	case scenarios.FaultEarlyEnd:
		p.breakAt(f, scenarios.Moment{At: scenarios.BeforeEnd}, Step{Kind: End})
	case scenarios.FaultTruncate:
		p.breakAt(f, p.half(), Step{Kind: Close})
	case scenarios.FaultBadChunk:
		p.breakAt(f, p.first(), Step{Kind: Raw, Data: []byte("zz\r\n")}, Step{Kind: Close})
	case scenarios.FaultDropDone:
		p.breakAt(f, scenarios.Moment{At: scenarios.BeforeMark}, Step{Kind: End})
	case scenarios.FaultWrongLength:
		p.script[p.index(Head)].Length += 16
		p.script = append(p.script, Step{Kind: Close})
	case scenarios.FaultIdleClose:
		p.script = append(p.script, Step{Kind: Close})
	case scenarios.FaultEmptyBody:
		p.breakAt(f, scenarios.Moment{At: scenarios.AfterHeaders}, Step{Kind: End})
		p.fitLength()
	case scenarios.FaultDrip:
		p.eachWrite(func(s *Step) { s.Rate = int32(min(f.Rate, math.MaxInt32)) })
	case scenarios.FaultWrongType:
		p.header()["Content-Type"] = []string{p.wrongType()}
	case scenarios.FaultGzipCut:
		p.gzipCut()
	case scenarios.FaultSplit:
		p.split(int(f.Bytes))
	default:
		p.damageFrame(f)
	}
}

// breakAt cuts the script at the fault's moment, or at the usual one, and puts
// the steps behind it.
func (p *draft) breakAt(f *scenarios.Fault, usual scenarios.Moment, then ...Step) {
	moment := f.Moment
	if !moment.Given() {
		moment = usual
	}
	p.cut(p.find(moment))
	p.script = append(p.script, then...)
}

// first is behind the first frame of a stream, or behind the header; behind the
// error, if one ended the stream.
func (p *draft) first() scenarios.Moment {
	if p.broken {
		return scenarios.Moment{At: scenarios.BeforeEnd}
	}
	if !p.message.Stream {
		return scenarios.Moment{At: scenarios.AfterHeaders}
	}
	one := scenarios.Index(1)
	return scenarios.Moment{AfterFrames: &one}
}

// half is behind half of the bytes.
func (p *draft) half() scenarios.Moment {
	n := 0
	for _, step := range p.script {
		n += len(step.Data)
	}
	half := scenarios.Index(n / 2)
	return scenarios.Moment{AfterBytes: &half}
}

func (p *draft) hang(f *scenarios.Fault) Step {
	step := Step{Kind: Hang}
	if f.For != nil {
		step.For = max(p.wire.of(*f.For), 1)
	}
	if f.KeepAlive != nil {
		step.Every = max(p.wire.of(*f.KeepAlive), 1)
	}
	return step
}

// header returns the header, for changing it.
func (p *draft) header() http.Header { return p.script[p.index(Head)].Header }

func (p *draft) eachWrite(change func(*Step)) {
	for i := range p.script {
		if p.script[i].Kind == Write {
			change(&p.script[i])
		}
	}
}

// wrongType is what the answer is not.
func (p *draft) wrongType() string {
	if p.message.Stream {
		return "application/json"
	}
	return "text/event-stream"
}

// fitLength makes the declared length true again.
func (p *draft) fitLength() {
	head := &p.script[p.index(Head)]
	if head.Length == Chunked {
		return
	}
	head.Length = 0
	for _, step := range p.script {
		if step.Kind == Write {
			head.Length += int64(len(step.Data))
		}
	}
}

// gzipCut compresses the body and leaves out its end.
func (p *draft) gzipCut() {
	p.header()["Content-Encoding"] = []string{"gzip"}
	p.eachWrite(func(s *Step) {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(s.Data)
		z.Close()
		s.Data = b.Bytes()[:b.Len()*2/3]
	})
	p.fitLength()
}

// split writes every frame in pieces: of so many bytes, or two of which the
// first ends inside a character or a string.
func (p *draft) split(size int) {
	if size > 0 {
		p.eachWrite(func(s *Step) { s.Piece = int32(min(size, math.MaxInt32)) })
		return
	}
	var script Script
	for _, step := range p.script {
		if step.Kind == Write && len(step.Data) > 1 {
			at := insideRune(step.Data)
			if at == 0 {
				at = insideString(step.Data)
			}
			if at == 0 {
				at = len(step.Data) / 2
			}
			begin := step
			begin.Data, begin.Part = step.Data[:at], true
			script = append(script, begin)
			step.Data = step.Data[at:]
		}
		script = append(script, step)
	}
	p.script = script
}

// damageFrame strikes one frame: the one behind so many, by default the
// second of a stream.
func (p *draft) damageFrame(f *scenarios.Fault) {
	skip := 0
	if p.message.Stream {
		skip = 1
	}
	if f.AfterFrames != nil {
		skip = int(*f.AfterFrames)
	}
	writes := p.writes()
	if len(writes) == 0 {
		return
	}
	at := writes[min(skip, len(writes)-1)]
	switch f.Kind {
	case scenarios.FaultDuplicate:
		again := append(Script{p.script[at]}, p.script[at:]...)
		p.script = append(p.script[:at:at], again...)
	case scenarios.FaultReorder:
		if len(writes) > 1 {
			first := min(skip, len(writes)-2) // The last frame has none behind it to change places with.
			a, b := &p.script[writes[first]], &p.script[writes[first+1]]
			a.Data, b.Data = b.Data, a.Data
		}
	case scenarios.FaultBadJSON:
		p.script[at].Data = breakJSON(p.script[at].Data)
		p.script = append(p.script[:at+1:at+1], Step{Kind: End})
		p.fitLength()
	case scenarios.FaultBadSSE:
		p.script[at].Data = breakSSE(p.script[at].Data)
		p.script = append(p.script[:at+1:at+1], Step{Kind: End})
	}
}

// writes lists where frames are written.
func (p *draft) writes() []int {
	var at []int
	for i, step := range p.script {
		if step.Kind == Write {
			at = append(at, i)
		}
	}
	return at
}

// breakJSON leaves out the second half of the JSON, framing kept.
func breakJSON(data []byte) []byte {
	start, end, ok := json(data)
	if !ok {
		return data[:len(data)/2]
	}
	broken := append([]byte(nil), data[:start+(end-start)/2]...)
	return append(broken, data[end:]...)
}

// breakSSE takes the colon from the field and the empty line from the event.
func breakSSE(data []byte) []byte {
	text := strings.Replace(string(data), "data:", "data", 1)
	return []byte(strings.TrimRight(text, "\n") + "\n")
}

// gatewayPage is what a gateway says when nobody answers behind it.
func gatewayPage() responders.Message {
	const page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	return responders.Message{
		Status: http.StatusBadGateway,
		Header: http.Header{"Content-Type": {"text/html"}, "Server": {"nginx"}},
		Frames: []responders.Frame{responders.Frame(page)},
	}
}
