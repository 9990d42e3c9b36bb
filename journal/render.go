package journal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// Rendered returns the exchange with all that it shows, redacted, and without
// what it was made of. What is already there stays.
func (e Exchange) Rendered() Exchange {
	r := e.Raw.settled()
	if r == nil {
		return e
	}
	v := view{raw: r, known: r.known()}
	e = e.brief(v.known)
	e.Raw = nil
	e.Body = cmp.Or(e.Body, v.body())
	if e.Turns == nil {
		e.Turns = v.turns()
	}
	if e.Script == nil {
		e.Script = v.script()
	}
	e.RequestHeader, e.AnswerHeader = v.header(), v.answerHeader()
	e.AnswerBody, e.AnswerBytes = v.answer(), r.planned
	return e
}

// Brief returns the exchange with the short texts that it shows, redacted: what
// a line of a log says. The rest is not rendered.
func (e Exchange) Brief() Exchange {
	if e.Raw == nil {
		return e
	}
	return e.brief(e.Raw.known())
}

func (e Exchange) brief(known []string) Exchange {
	q := &e.Raw.request
	if q.Key != "" {
		e.Key, e.KeyHash = cmp.Or(e.Key, RedactKey(q.Key)), cmp.Or(e.KeyHash, hashOfKey(q.Key))
	}
	e.Model = cmp.Or(e.Model, hush(Clip(q.Model), known))
	e.Method = Clip(e.Method)
	e.URL = cmp.Or(e.URL, Clip(hush(RedactURL(q.Path, e.Raw.query), known)))
	e.Address = cmp.Or(e.Address, Clip(hush(e.Raw.host+RedactURL(e.Raw.path, e.Raw.query), known)))
	e.Problem = hush(e.Problem, known)
	if e.Said != nil {
		said := e.Said.Filled(func(text string) string { return hush(text, known) })
		e.Said = &said
	}
	return e
}

// hashOfKey tells keys apart that look the same when redacted. It is too short
// to find a key by it.
func hashOfKey(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:4])
}

// A view shows what is kept of one exchange.
type view struct {
	raw   *Raw
	known []string // Secrets that are looked for in every text.

	written string // What the script writes, as far as it is kept.
	secrets []span // In it.
	starts  []int  // Where what each step writes begins in it.
}

// known lists the secrets of the request that no text may quote, wherever it
// got them from.
func (r *Raw) known() []string {
	var known []string
	add := func(secret string) {
		if len(secret) >= shortestKnown && !slices.Contains(known, secret) {
			known = append(known, secret)
		}
	}
	add(r.request.Key)
	for name, value := range unpacked(r.header) {
		if scenarios.IsSecret(name) {
			_, credentials, _ := strings.Cut(value, " ")
			add(value)
			add(credentials)
		}
	}
	return known
}

// body returns the beginning of the request's body.
func (v *view) body() string {
	return hush(RedactBody(strings.ToValidUTF8(string(v.raw.body), "�")), v.known)
}

// shownBody returns what [Exchange.Rendered] shows of the body, without the
// cost of the rest.
func (e *Exchange) shownBody() string {
	if e.Raw == nil || e.Body != "" {
		return e.Body
	}
	v := view{raw: e.Raw, known: e.Raw.known()}
	return v.body()
}

// turns returns the newest turns of the conversation.
func (v *view) turns() []Turn {
	turns := slices.Clone(v.raw.turns)
	if v.raw.whole {
		turns = turnsOf(v.raw.request.Turns)
	}
	for i := range turns {
		turns[i].Role = hush(turns[i].Role, v.known)
	}
	return turns
}

// header returns the request's header.
func (v *view) header() map[string][]string {
	shown := map[string][]string{}
	for name, value := range unpacked(v.raw.header) {
		shown[name] = append(shown[name], v.value(name, value))
	}
	return shown
}

// value redacts a value of a header. Of credentials, the scheme stays.
func (v *view) value(name, value string) string {
	if !scenarios.IsSecret(name) {
		return hush(redactQuery(value), v.known)
	}
	if scheme, credentials, found := strings.Cut(value, " "); found && (strings.EqualFold(scheme, "Bearer") || strings.EqualFold(scheme, "Basic")) {
		return scheme + " " + RedactKey(credentials)
	}
	return RedactKey(value)
}

// read puts together what the script writes.
func (v *view) read() {
	if v.starts != nil {
		return
	}
	var b strings.Builder
	v.starts = make([]int, len(v.raw.script))
	for i, step := range v.raw.script {
		v.starts[i] = b.Len()
		if writes(step) {
			b.Write(step.Data)
		}
	}
	v.written = b.String()
	v.secrets = merged(append(secretStrings(v.written, isSecretAnswer), mentions(v.written, v.known)...))
}

// writes reports whether a step writes some of the answer's text.
func writes(step play.Step) bool {
	return step.Kind == play.Write || step.Kind == play.Text || step.Kind == play.Copy
}

func (v *view) answer() string {
	v.read()
	return strings.ToValidUTF8(cover(v.written, v.secrets, 0, min(len(v.written), keptBody)), "�")
}

// answerHeader returns the header as it is sent, as far as the script knows.
func (v *view) answerHeader() map[string][]string {
	for _, step := range v.raw.script {
		if step.Kind != play.Head {
			continue
		}
		shown := map[string][]string{}
		for name, value := range unpacked(v.raw.answer) {
			shown[name] = append(shown[name], v.answerValue(name, value))
		}
		switch step.Length {
		case play.Chunked:
			shown["Transfer-Encoding"] = []string{"chunked"}
		case play.UntilClose:
			shown["Connection"] = []string{"close"}
		default:
			shown["Content-Length"] = []string{strconv.FormatInt(step.Length, 10)}
		}
		return shown
	}
	return nil
}

// answerValue redacts a value of the answer's header; the names of rules are
// ours, whatever they sound like.
func (v *view) answerValue(name, value string) string {
	if name == play.RuleHeader {
		return hush(value, v.known)
	}
	return v.value(name, value)
}

// script writes a line for every step.
func (v *view) script() []string {
	v.read()
	lines := make([]string, 0, len(v.raw.script)+1)
	for i, step := range v.raw.script {
		size := len(step.Data)
		if v.raw.sizes != nil {
			size = v.raw.sizes[i]
		}
		lines = append(lines, step.Line(size, v.beginning(i)))
	}
	if more := v.raw.steps - len(v.raw.script); more > 0 {
		lines = append(lines, fmt.Sprintf("… %d more steps", more))
	}
	return lines
}

// beginning returns the beginning of what the i-th step writes.
func (v *view) beginning(i int) string {
	data := v.raw.script[i].Data
	n := min(len(data), play.Quoted)
	if !writes(v.raw.script[i]) {
		return hush(string(data[:n]), v.known)
	}
	return cover(v.written, v.secrets, v.starts[i], v.starts[i]+n)
}
