package journal

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
	v := r.view()
	v.planned = r.planned()
	e = e.brief(v)
	e.Raw = nil
	e.Body = cmp.Or(e.Body, v.body())
	if e.Turns == nil {
		e.Turns = v.turns()
	}
	if e.Script == nil {
		e.Script = v.script()
	}
	e.RequestHeader, e.AnswerHeader = v.header(), v.answerHeader()
	e.AnswerBody, e.AnswerBytes = v.answer(), v.planned.bytes
	return e
}

// Brief returns the exchange with the short texts that it shows, redacted: what
// a line of a log says. The rest is not rendered.
func (e Exchange) Brief() Exchange {
	if e.Raw == nil {
		return e
	}
	return e.brief(e.Raw.view())
}

func (e Exchange) brief(v *view) Exchange {
	q, known := &v.came.request, v.known
	if q.Key != "" {
		e.Key, e.KeyHash = cmp.Or(e.Key, RedactKey(q.Key)), cmp.Or(e.KeyHash, hashOfKey(q.Key))
	}
	e.Model = cmp.Or(e.Model, hush(Clip(q.Model), known))
	e.Method = Clip(e.Method)
	e.URL = cmp.Or(e.URL, Clip(hush(RedactURL(q.Path, v.came.query), known)))
	e.Address = cmp.Or(e.Address, Clip(hush(v.came.host+RedactURL(v.came.path, v.came.query), known)))
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
	raw     *Raw
	came    *came
	planned *planned // Nil if nobody asks for it.
	known   []string // Secrets that are looked for in every text.

	written string // What the script writes, as far as it is kept.
	secrets []span // In it.
	starts  []int  // Where what each step writes begins in it.
}

func (r *Raw) view() *view {
	c := r.came()
	return &view{came: c, raw: r, known: c.known()}
}

// past is the call as the engine saw it.
func (v *view) past(e *Exchange) scenarios.Past {
	v.came.unpack()
	v.came.request.Header = map[string][]string{}
	for name, value := range v.came.header.all() {
		v.came.request.Header[name] = append(v.came.request.Header[name], value)
	}
	p := scenarios.Past{
		Request: &v.came.request, Cut: !v.raw.whole, Cause: scenarios.Cause(e.Cause), Passed: v.came.passed,
		Redact: func(text string) string { return hush(RedactBody(text), v.known) },
	}
	for _, f := range e.Rules {
		p.Fired = append(p.Fired, f.Rule)
	}
	return p
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
	return e.Raw.view().body()
}

// turns returns the newest turns of the conversation.
func (v *view) turns() []Turn {
	v.came.unpack()
	turns := v.came.turns
	if v.raw.whole {
		turns = turnsOf(v.came.request.Turns)
	}
	for i := range turns {
		turns[i].Role = hush(turns[i].Role, v.known)
	}
	return turns
}

// header returns the request's header.
func (v *view) header() map[string][]string {
	shown := map[string][]string{}
	for name, value := range v.came.header.all() {
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
	v.starts = make([]int, len(v.planned.script))
	for i, step := range v.planned.script {
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
	for _, step := range v.planned.script {
		if step.Kind != play.Head {
			continue
		}
		shown := map[string][]string{}
		for name, value := range v.planned.header.all() {
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
	lines := make([]string, 0, len(v.planned.script)+1)
	for i, step := range v.planned.script {
		lines = append(lines, step.Line(v.planned.sizes[i], v.beginning(i)))
	}
	if more := v.planned.steps - len(v.planned.script); more > 0 {
		lines = append(lines, fmt.Sprintf("… %d more steps", more))
	}
	return lines
}

// beginning returns the beginning of what the i-th step writes.
func (v *view) beginning(i int) string {
	data := v.planned.script[i].Data
	n := min(len(data), play.Quoted)
	if !writes(v.planned.script[i]) {
		return hush(string(data[:n]), v.known)
	}
	return cover(v.written, v.secrets, v.starts[i], v.starts[i]+n)
}
