package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/sentences"
)

// A Fault is damage to whatever would be sent, success included. Its
// shorthand is the kind alone.
type Fault struct {
	Kind      FaultKind `toml:"kind"`             // What is on the wire.
	For       *Duration `toml:"for"`              // How long hang and stall last; until the client leaves unless given.
	KeepAlive *Duration `toml:"keep_alive"`       // How often stall sends a comment.
	Rate      Count     `toml:"bytes_per_second"` // Of drip.
	Bytes     Count     `toml:"bytes"`            // The size of split's pieces.
	Code      CloseCode `toml:"code"`             // Of ws-close.
	Reason    string    `toml:"reason"`           // Of ws-close.
	Moment
}

// UnmarshalTOML reads the shorthand.
func (f *Fault) UnmarshalTOML(in any) error { return f.Kind.UnmarshalTOML(in) }

// A FaultKind names what is on the wire.
type FaultKind string

// The values of [FaultKind]: the bytes, then how the connection ends.
const (
	FaultReset       FaultKind = "reset"        // RST, before anything or at the moment given.
	FaultEmpty       FaultKind = "empty"        // Nothing, FIN.
	FaultHang        FaultKind = "hang"         // Nothing, and the connection stays open.
	FaultStall       FaultKind = "stall"        // Header and some frames, then silence, and the connection stays open.
	FaultCut         FaultKind = "cut"          // Header and some frames of a chunked body, FIN without the last chunk.
	FaultEarlyEnd    FaultKind = "early-end"    // As cut, but the chunked body ends properly.
	FaultTruncate    FaultKind = "truncate"     // A declared length, fewer bytes, FIN.
	FaultGarbage     FaultKind = "garbage"      // Bytes that are not HTTP, FIN.
	FaultBadChunk    FaultKind = "bad-chunk"    // Valid up to there, then a broken chunk header, FIN.
	FaultBadJSON     FaultKind = "bad-json"     // Valid up to there, then broken JSON; the body ends properly.
	FaultBadSSE      FaultKind = "bad-sse"      // Valid up to there, then a broken event; the body ends properly.
	FaultDrip        FaultKind = "drip"         // Everything, slowly.
	FaultSplit       FaultKind = "split"        // Everything, frames cut at any byte, also inside a character.
	FaultDuplicate   FaultKind = "duplicate"    // Everything, one frame twice.
	FaultReorder     FaultKind = "reorder"      // Everything, two frames swapped.
	FaultDropDone    FaultKind = "drop-done"    // Everything but the end mark; the body ends properly.
	FaultWrongLength FaultKind = "wrong-length" // A complete body, a length that is too large, FIN.
	FaultWrongType   FaultKind = "wrong-type"   // A complete answer with another content type.
	FaultEmptyBody   FaultKind = "empty-body"   // Status and header, an empty body.
	FaultGatewayHTML FaultKind = "gateway-html" // A gateway's HTML page at 502, instead of the answer.
	FaultGzipCut     FaultKind = "gzip-cut"     // A compressed body whose end is missing, of the right length.
	FaultIdleClose   FaultKind = "idle-close"   // A good answer, then the kept connection closes.
	FaultWSClose     FaultKind = "ws-close"     // A WebSocket is closed with a code and a reason.
)

// trait is what a kind of fault can be combined with.
type trait struct {
	stream  bool // Needs a stream.
	whole   bool // Needs an answer that is not streamed.
	moments bool // Has a moment.
	params  []string
	answer  bool // Replaces the answer: there is nothing left of an error to see.

	socket     bool // Strikes calls on a WebSocket too.
	socketOnly bool // Strikes these only.
	opening    bool // Strikes the handshake of one too.
}

// faults is the closed list.
var faults = map[FaultKind]trait{
	FaultReset:       {moments: true, socket: true, opening: true},
	FaultEmpty:       {answer: true, socket: true, opening: true},
	FaultHang:        {answer: true, params: []string{"for"}, socket: true, opening: true},
	FaultStall:       {moments: true, params: []string{"for", "keep_alive"}, socket: true},
	FaultCut:         {stream: true, moments: true, socket: true},
	FaultEarlyEnd:    {stream: true, moments: true, socket: true},
	FaultTruncate:    {whole: true, moments: true},
	FaultGarbage:     {answer: true, socket: true, opening: true},
	FaultBadChunk:    {stream: true, moments: true},
	FaultBadJSON:     {moments: true, socket: true},
	FaultBadSSE:      {stream: true, moments: true},
	FaultDrip:        {params: []string{"bytes_per_second"}, socket: true},
	FaultSplit:       {params: []string{"bytes"}, socket: true},
	FaultDuplicate:   {stream: true, moments: true, socket: true},
	FaultReorder:     {stream: true, moments: true, socket: true},
	FaultDropDone:    {stream: true, socket: true},
	FaultWrongLength: {whole: true},
	FaultWrongType:   {},
	FaultEmptyBody:   {},
	FaultGatewayHTML: {answer: true, opening: true},
	FaultGzipCut:     {whole: true},
	FaultIdleClose:   {socket: true},
	FaultWSClose:     {moments: true, params: []string{"code", "reason"}, socket: true, socketOnly: true},
}

// UnmarshalTOML reads a kind.
func (k *FaultKind) UnmarshalTOML(in any) error {
	names := make([]string, 0, len(faults))
	for _, kind := range sortedKeys(faults) {
		names = append(names, string(kind))
	}
	text, err := oneOf(in, names...)
	*k = FaultKind(text)
	return err
}

// needsStream reports whether only a streaming call can get the fault.
func (f *Fault) needsStream() bool {
	return faults[f.Kind].stream || f.KeepAlive != nil || f.AfterFrames != nil && faults[f.Kind].moments ||
		f.At == BeforeEnd || f.At == BeforeMark
}

// needsWhole reports whether only a call without a stream can get the fault.
func (f *Fault) needsWhole() bool { return faults[f.Kind].whole }

// check says what is wrong with the fault as such.
func (f *Fault) check(path string, o *Outcome, r *report) {
	t, known := faults[f.Kind]
	if !known {
		r.add(path, "needs a kind")
		return
	}
	f.Moment.check(path, r)
	if f.Given() && !t.moments {
		r.add(path, "a fault of kind %s has no moment", f.Kind)
	}
	f.checkParams(path, t, r)
	f.checkPlace(path, r)
	f.checkClose(path, r)
	if f.needsStream() && f.needsWhole() {
		r.add(path, "a fault of kind %s is for answers that are not streamed: it has bytes, not frames", f.Kind)
	}
	if t.answer && o.answers() && !o.makesTask() {
		r.add(path, "a fault of kind %s sends nothing of an answer: leave out error, reply or raw", f.Kind)
	}
}

func (f *Fault) checkParams(path string, t trait, r *report) {
	given := map[string]bool{
		"for": f.For != nil, "keep_alive": f.KeepAlive != nil, "bytes_per_second": f.Rate != 0, "bytes": f.Bytes != 0,
		"code": f.Code != 0, "reason": f.Reason != "",
	}
	for _, key := range sortedKeys(given) {
		if given[key] && !slices.Contains(t.params, key) {
			r.add(path+"."+key, "does not go with kind %s%s", f.Kind, goesWith(key))
		}
	}
	if f.Kind == FaultDrip && f.Rate == 0 {
		r.add(path, "a fault of kind drip needs bytes_per_second")
	}
	if f.KeepAlive != nil && time.Duration(*f.KeepAlive) < time.Millisecond {
		r.add(path+".keep_alive", "must be at least 1ms")
	}
}

// goesWith names the kinds that a parameter belongs to.
func goesWith(param string) sentences.Sentence {
	var kinds []string
	for _, kind := range sortedKeys(faults) {
		if slices.Contains(faults[kind].params, param) {
			kinds = append(kinds, string(kind))
		}
	}
	return sentences.New("; it belongs to %s", strings.Join(kinds, ", "))
}

// checkPlace refuses places at which a kind of fault means nothing.
func (f *Fault) checkPlace(path string, r *report) {
	framewise := f.Kind == FaultDuplicate || f.Kind == FaultReorder || f.Kind == FaultBadJSON || f.Kind == FaultBadSSE
	switch {
	case framewise && (f.AfterBytes != nil || f.After != nil || f.At != ""):
		r.add(path, "a fault of kind %s strikes a frame: its moment is after_frames", f.Kind)
	case f.At == BeforeHeaders && f.Kind != FaultReset && f.Kind != FaultWSClose:
		r.add(path+".at", "before the header %s would send nothing; that is kind empty or hang", f.Kind)
	}
}
