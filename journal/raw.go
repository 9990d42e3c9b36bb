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
	fewSteps   = 16       // Steps of a script that is packed at once.
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
// the journal looks inside. It is unpacked, rendered and redacted when somebody
// reads, which hardly anybody does.
type Raw struct {
	call   []byte // What came, packed; see [came].
	body   []byte // The beginning of the request's body.
	whole  bool   // Whether that is all, and the conversation is kept too.
	script []byte // What is planned, packed; see [planned].

	// pending is the script of a long answer that is under way: it is there as
	// long as that is performed, and packed when it is over. Thousands of
	// streams at once would take twice the memory otherwise.
	pending play.Script

	size int64 // Bytes that are kept, more or less,
	rest int64 // and of them of the script.
}

// Keep keeps what the journal shows of a call, and nothing else of it.
func Keep(c Call) *Raw {
	r := &Raw{body: c.Body, whole: len(c.Body) <= keptBody && lengthOf(c.Request.Turns) <= keptBody}
	if len(c.Body) > keptBody {
		r.body = slices.Clone(c.Body[:keptBody])
	}
	r.call = packCall(&c, r.whole)
	switch {
	case c.Script.Says():
		r.pending = c.Script // Which is little: nothing is reserved.
	case len(c.Script) > fewSteps:
		r.pending = c.Script
		r.rest = int64(survey(c.Script).size)
	default:
		r.keepScript(c.Script)
	}
	r.size += int64(unsafe.Sizeof(Raw{})+unsafe.Sizeof(Exchange{})) + int64(cap(r.call)+cap(r.body)) + r.rest
	return r
}

func (r *Raw) keepScript(s play.Script) {
	r.script = packScript(s)
	r.rest = int64(cap(r.script))
}

func (r *Raw) isPending() bool { return r != nil && r.pending != nil }

// settled returns what is kept when nothing is pending any more.
func (r *Raw) settled() *Raw {
	if !r.isPending() {
		return r
	}
	return r.replanned(r.pending)
}

// continued returns what is kept if that is the script so far. One that grows long
// is packed once, when it is over: until then all of it is there.
func (r *Raw) continued(s play.Script) *Raw {
	if len(s) <= fewSteps {
		return r.replanned(s)
	}
	next := *r
	next.pending = s
	if r.pending == nil {
		next.script, next.rest = nil, 0
	}
	for i := len(r.pending); i < len(s); i++ {
		next.rest += int64(unsafe.Sizeof(s[i])) + int64(len(s[i].Data))
	}
	next.size += next.rest - r.rest
	return &next
}

// replanned returns what is kept if that is the script.
func (r *Raw) replanned(s play.Script) *Raw {
	next := *r
	next.pending = nil
	next.keepScript(s)
	next.size += next.rest - r.rest
	return &next
}

// lengthOf is how many bytes a conversation has. On a WebSocket it may be far longer
// than the message that asks for its answer.
func lengthOf(conversation []scenarios.Turn) (n int) {
	for i := range conversation {
		n += len(conversation[i].Role) + len(conversation[i].Text)
	}
	return n
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
