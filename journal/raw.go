package journal

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unsafe"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// Bounds of what is kept of one exchange.
const (
	keptBody   = 16 << 10 // Bytes of the request's body, and of the answer's.
	keptText   = 2 << 10  // Bytes of any other text that is shown.
	keptSteps  = 64       // Steps of the script.
	fewSteps   = 16       // Steps of a script that is copied at once.
	keptTurns  = 64       // Turns of the conversation that are shown.
	keptFields = 100      // Values of the request's header,
	keptHeader = 16 << 10 // and their bytes.
)

// A Call is what an exchange is made of, as it came.
type Call struct {
	Request *scenarios.Request
	Header  map[string][]string
	Body    []byte
	Host    string // Scheme and host as the client sees them.
	Path    string // The path with the namespace in it, as the client sent it.
	Query   string // As sent.
	Script  play.Script
	Passed  []scenarios.Pass // The rules that match and did not fire.
}

// Raw is what is kept of a [Call]: with its secrets, which is why nobody but
// the journal looks inside. It is rendered and redacted when somebody reads,
// which hardly anybody does. Most of it is copied into one piece of bytes: what
// thousands of calls were made of would keep the collector of garbage busy.
type Raw struct {
	request           scenarios.Request // Without what only answers need; of a long body without body and turns.
	body              []byte            // The beginning of it.
	whole             bool              // Whether that is all.
	turns             []Turn            // Of a long body, whose texts are not kept.
	host, path, query string
	passed            []scenarios.Pass

	header  []byte      // The request's header, packed.
	answer  []byte      // The answer's header likewise.
	script  []play.Step // The first ones, without header, and with the beginning of what they write.
	sizes   []int       // How much each of them writes, if that is more than is kept of it.
	beats   []beat      // Those behind the first ones.
	steps   int         // How many there are in all.
	planned int         // Bytes of the answer's body.

	// pending is the script of a long answer that is under way: it is there as
	// long as that is performed, and copied when it is over. Thousands of
	// streams at once would take twice the memory otherwise.
	pending play.Script

	size int64 // Bytes that are kept, more or less,
	rest int64 // and of them of header and script.
}

// Keep keeps what the journal shows of a call, and nothing else of it.
func Keep(c Call) *Raw {
	r := &Raw{request: *c.Request, host: c.Host, path: c.Path, query: c.Query, passed: c.Passed}
	r.request.Header, r.request.Detail, r.request.Identity, r.request.Refused, r.request.Records = nil, nil, nil, nil, nil
	r.keepBody(c.Body)
	switch {
	case c.Script.Says():
		r.keepRest(c.Header, nil)
		r.pending = c.Script // Which is little: nothing is reserved.
	case len(c.Script) > fewSteps:
		r.keepRest(c.Header, nil)
		r.pending = c.Script
		r.reserve(c.Script)
	default:
		r.keepRest(c.Header, c.Script)
	}
	r.size += int64(unsafe.Sizeof(Raw{})+unsafe.Sizeof(Exchange{})) + int64(len(c.Host)+len(c.Path)+len(c.Query)+len(r.request.Key)) +
		int64(len(c.Passed))*int64(unsafe.Sizeof(scenarios.Pass{}))
	return r
}

// keepBody keeps the body if it is short, and else the beginning and what was
// read of it.
func (r *Raw) keepBody(body []byte) {
	q := &r.request
	r.body, r.whole = body, len(body) <= keptBody
	if !r.whole {
		r.turns = turnsOf(q.Turns)
		r.body = slices.Clone(body[:keptBody])
		q.Body, q.Turns = nil, nil
		q.Model, q.Asked = strings.Clone(Clip(q.Model)), strings.Clone(Clip(q.Asked)) // They may be parts of the body.
		q.Key, q.Account = strings.Clone(q.Key), strings.Clone(q.Account)
	}
	r.size += int64(cap(r.body)+len(q.Body)) + // The texts that were read are parts of a copy.
		int64(len(q.Turns))*int64(unsafe.Sizeof(scenarios.Turn{})) + int64(len(r.turns))*int64(unsafe.Sizeof(Turn{}))
}

// keepRest copies the headers and what the script writes into one piece.
func (r *Raw) keepRest(header map[string][]string, s play.Script) {
	written := r.survey(s)
	kept, behind := packBoth(header, sentHeader(s), min(written, keptBody))
	r.header, r.answer = kept[:behind], kept[behind:]
	r.keepScript(s, kept, written > keptBody)
	r.rest = int64(cap(kept)) + int64(len(r.script))*int64(unsafe.Sizeof(play.Step{})) + int64(len(r.beats))*int64(unsafe.Sizeof(beat{}))
	r.size += r.rest
}

// packBoth packs two headers, with room behind for what is more. The second
// one begins where it says.
func packBoth(asked, answered map[string][]string, more int) (packed []byte, behind int) {
	var scratch [2 << 10]byte // Enough for most: going through a map takes longer than copying.
	first := pack(scratch[:0], asked)
	both := pack(first, answered)
	return append(make([]byte, 0, len(both)+more), both...), len(first)
}

// survey counts what a script does, and how much its first steps write.
func (r *Raw) survey(s play.Script) (written int) {
	r.steps, r.planned = 0, 0
	if s.Says() { // Its frames are made once more, so that no more is taken than is kept.
		for step := range s.Steps() {
			written += r.count(&step)
		}
		return written
	}
	for i := range s {
		written += r.count(&s[i])
	}
	return written
}

// count counts a step, and returns how much it writes if it is one of the first.
func (r *Raw) count(step *play.Step) int {
	switch step.Kind {
	case play.Write, play.Text, play.Binary:
		r.planned += len(step.Data)
	case play.Copy:
		r.planned += int(step.Bytes)
	}
	if r.steps++; r.steps > keptSteps {
		return 0
	}
	return len(step.Data)
}

// reserve counts beforehand what a pending script will take.
func (r *Raw) reserve(s play.Script) {
	first := s[:min(len(s), keptSteps)]
	written := 0
	for i := range first {
		written += len(first[i].Data)
	}
	var scratch [2 << 10]byte
	more := int64(len(pack(scratch[:0], sentHeader(first)))+min(written, keptBody)) + int64(len(first))*int64(unsafe.Sizeof(play.Step{})) +
		int64(beatsIn(s))*int64(unsafe.Sizeof(beat{}))
	r.rest += more
	r.size += more
}

func (r *Raw) isPending() bool { return r != nil && r.pending != nil }

// settled returns what is kept when nothing is pending any more.
func (r *Raw) settled() *Raw {
	if !r.isPending() {
		return r
	}
	return r.replanned(r.pending)
}

// replanned returns what is kept if that is the script.
func (r *Raw) replanned(s play.Script) *Raw {
	header := map[string][]string{}
	for name, value := range unpacked(r.header) {
		header[name] = append(header[name], value)
	}
	next := *r
	next.size -= r.rest
	next.sizes, next.planned, next.pending = nil, 0, nil
	next.keepRest(header, s)
	return &next
}

// keepScript copies the first steps, and behind kept what they write, as far as
// it is shown. Steps behind those are kept as beats.
func (r *Raw) keepScript(s play.Script, kept []byte, cut bool) {
	k := keeping{r: r, kept: kept, left: keptBody}
	first := min(r.steps, keptSteps)
	r.script, r.beats, r.sizes = make([]play.Step, 0, first), make([]beat, 0, min(r.steps-first, keptBeats)), nil
	if cut {
		r.sizes = make([]int, 0, first)
	}
	if !s.Says() {
		for i := range s {
			k.keep(&s[i])
		}
		return
	}
	for step := range s.Steps() {
		if !k.keep(&step) {
			return
		}
	}
}

// keeping copies one step after the other.
type keeping struct {
	r    *Raw
	kept []byte
	left int
}

// keep reports whether there is room for more.
func (k *keeping) keep(step *play.Step) bool {
	r := k.r
	if len(r.script) == keptSteps {
		if len(r.beats) == cap(r.beats) {
			return false
		}
		r.beats = append(r.beats, beatOf(step))
		return true
	}
	if r.sizes != nil {
		r.sizes = append(r.sizes, len(step.Data))
	}
	from := len(k.kept)
	k.kept = append(k.kept, step.Data[:min(len(step.Data), k.left)]...)
	k.left -= len(k.kept) - from
	r.script = append(r.script, *step)
	last := &r.script[len(r.script)-1]
	last.Data, last.Header = k.kept[from:], nil
	return true
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

// turnsOf stands for the newest turns of a conversation.
func turnsOf(conversation []scenarios.Turn) []Turn {
	var turns []Turn
	for _, t := range conversation[max(len(conversation)-keptTurns, 0):] {
		h := fnv.New64a()
		h.Write([]byte(t.Text))
		turns = append(turns, Turn{Role: strings.Clone(Clip(t.Role)), Hash: fmt.Sprintf("%016x", h.Sum64())})
	}
	return turns
}

// Clip shortens a text to what is kept of it.
func Clip(text string) string {
	if len(text) <= keptText {
		return text
	}
	return strings.ToValidUTF8(text[:keptText], "") + "…"
}
