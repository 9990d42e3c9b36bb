package recordings

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// longestScenario is a little less than the language reads.
const longestScenario = 4<<20 - 64<<10

// A Recording is what was written down.
type Recording struct {
	Text    []byte // The scenario.
	Takes   int    // How many exchanges are in it.
	Skipped map[string]int
}

// Write writes down what was kept, as a scenario of that name, redacted. Calls
// that were made again are steps of one rule. The scenario is loaded once, so
// that it is known to be one.
func (r *Recorder) Write(name, version string) (Recording, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := writer{skipped: maps.Clone(r.skipped), numbers: map[string]int{}}
	for _, t := range r.takes {
		w.redactor.Learn(t.Request.Key, t.Header, t.Query, t.Request.Body, t.body())
	}
	fmt.Fprintf(&w.text, "# Recorded by mockllm %s. Keys and tokens are redacted.\n# mockllm serve --scenario FILE answers the same calls with what came back;\n"+
		"# mockllm learn FILE compares it with what mockllm would have sent.\nname = %s\nrefusals = \"off\"\nunmatched = \"refuse\"\n", version, quote(name))
	for _, group := range r.groups() {
		w.rule(r, group)
	}
	recording := Recording{Text: []byte(w.text.String()), Takes: w.takes, Skipped: w.skipped}
	if _, err := scenarios.Load(name+".toml", recording.Text); err != nil {
		return recording, fmt.Errorf("the recording is no valid scenario: %w", err)
	}
	return recording, nil
}

// groups returns the exchanges of each call in order, by index.
func (r *Recorder) groups() [][]int {
	var groups [][]int
	at := map[string]int{}
	for i, t := range r.takes {
		call := matchOf(t)
		if _, known := at[call]; !known {
			at[call] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[call]] = append(groups[at[call]], i)
	}
	return groups
}

// matchOf writes what tells the call from others. A form of parts has random
// bounds between them, and is never the same twice.
func matchOf(t *Take) string {
	q := t.Request
	match := fmt.Sprintf("dialect = %s, operation = %s", quote(q.Dialect), quote(q.Operation))
	if d, _ := catalog.DialectNamed(q.Dialect); streams(d, q.Operation) {
		match += fmt.Sprintf(", stream = %t", q.Stream) // A header may ask for it, of which the fingerprint says nothing.
	}
	if !strings.HasPrefix(strings.ToLower(t.Header.Get("Content-Type")), "multipart/") {
		return match + ", fingerprint = " + quote(q.Fingerprint)
	}
	return match + fmt.Sprintf(", method = %s, path = %s", quote(q.Method), quote(q.Path))
}

func streams(d catalog.Dialect, operation string) bool {
	o, _ := d.Operation(operation)
	return o.Streams
}

// writer writes a scenario.
type writer struct {
	text     strings.Builder
	redactor journal.Redactor
	numbers  map[string]int // By operation.
	takes    int
	skipped  map[string]int
}

// rule writes the exchanges of one call, as far as there is room.
func (w *writer) rule(r *Recorder, group []int) {
	var outcomes []string
	first, size := r.takes[group[0]], 0
	match := w.redactor.Text(matchOf(first))
	for _, i := range group {
		outcome, why := w.outcome(r.takes[i], r.ends[i])
		outcome += w.asked(r.takes[i])
		if why == "" && !isRule(match, outcome) {
			why = unsaid
		}
		if size += len(outcome); why == "" && w.text.Len()+size > longestScenario {
			why = tooMany
		}
		if why != "" {
			w.skipped[why]++
			continue
		}
		outcomes = append(outcomes, outcome)
	}
	if len(outcomes) == 0 {
		return
	}
	operation := first.Request.Operation
	w.takes += len(outcomes)
	w.numbers[operation]++
	fmt.Fprintf(&w.text, "\n[[rule]]\nname = %s\nmatch = { %s }\n", quote(fmt.Sprintf("%s-%d", operation, w.numbers[operation])), match)
	if len(outcomes) == 1 {
		w.text.WriteString(outcomes[0])
		return
	}
	w.text.WriteString("then = \"repeat\"\n")
	for _, outcome := range outcomes {
		w.text.WriteString("[[rule.step]]\n" + outcome)
	}
}

// isRule reports whether a rule with that outcome is one: a real server may
// answer what no scenario can say, and costs no other answer its place.
func isRule(match, outcome string) bool {
	_, err := scenarios.Load("rule.toml", []byte("[[rule]]\nname = \"r\"\nmatch = { "+match+" }\n"+outcome))
	return err == nil
}

// asked writes what was asked.
func (w *writer) asked(t *Take) string {
	q := t.Request
	var b strings.Builder
	fmt.Fprintf(&b, "recorded = { asked_at = %s, method = %s, url = %s", quote(t.Time.UTC().Format(time.RFC3339)), quote(q.Method), quote(w.redactor.URL(q.Path, t.Query)))
	without := notAsked
	if t.Header["Upgrade"] == nil {
		without = append(without[:len(without):len(without)], "Connection")
	}
	if header := w.header(t.Header, without); header != "" {
		b.WriteString(", header = { " + header + " }")
	}
	if len(q.Body) > 0 && utf8.Valid(q.Body) {
		b.WriteString(", body = " + quote(w.redactor.Body(string(q.Body))))
	}
	b.WriteString(" }\n")
	return b.String()
}

// Headers that say nothing of the call, or that the connection sets itself.
var (
	notAsked    = []string{"Content-Length", "Accept-Encoding", "Cookie"}
	notAnswered = []string{"Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Set-Cookie"}
)

// header writes a header without those names, redacted.
func (w *writer) header(h http.Header, without []string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if slices.Contains(without, http.CanonicalHeaderKey(name)) || strings.HasPrefix(strings.ToLower(name), "x-mockllm") || strings.Contains(name, " ") {
			continue // A blank is the one thing in a name that Go's client lets pass and no header may have.
		}
		value := strings.Map(oneLine, strings.ToValidUTF8(strings.Join(h[name], ", "), "�"))
		pairs = append(pairs, quote(name)+" = "+quote(w.redactor.Header(name, value)))
	}
	return strings.Join(pairs, ", ")
}

func oneLine(c rune) rune {
	if c < ' ' && c != '\t' || c == 0x7f || c >= 0x80 && c < 0xa0 {
		return -1
	}
	return c
}

// outcome writes an answer: on a line each, its keys. The text says why it
// cannot be.
func (w *writer) outcome(t *Take, end End) (text, why string) {
	body := t.body()
	status := t.Status
	var b strings.Builder
	if d := t.FirstByte.Round(time.Millisecond); d > 0 {
		fmt.Fprintf(&b, "latency = %s\n", quote(d.String()))
	}
	if end == BrokenOff {
		b.WriteString("fault = { kind = \"cut\", at = \"before-end\" }\n")
	}
	fmt.Fprintf(&b, "raw = { status = %d", status)
	if header := w.header(t.Answer, notAnswered); header != "" {
		b.WriteString(", header = { " + header + " }")
	}
	switch plain := utf8.Valid(body); {
	case !plain && w.redactor.Knows(body):
		return "", secretBytes
	case !plain:
		fmt.Fprintf(&b, ", encoding = \"base64\", body = %s", quote(base64.StdEncoding.EncodeToString(body)))
	case t.Stream && status != http.StatusNoContent && status != http.StatusNotModified: // Also one without any frame.
		w.frames(&b, t, body)
	case len(body) > 0:
		b.WriteString(", body = " + quote(w.redactor.Answer(string(body))))
	}
	b.WriteString(" }\n")
	return b.String(), ""
}

// frames writes a stream frame by frame, each with how long it came behind the
// one before.
func (w *writer) frames(b *strings.Builder, t *Take, body []byte) {
	ends := play.FrameEnds(body)
	if len(body) > 0 && (len(ends) == 0 || ends[len(ends)-1] < len(body)) {
		ends = append(ends, len(body)) // What is no whole frame.
	}
	b.WriteString(", frames = [\n")
	from, last := 0, time.Duration(0)
	for _, to := range ends {
		at := t.arrival(to)
		after := ""
		if d := (at - last).Round(time.Millisecond); d > 0 {
			after, last = fmt.Sprintf("after = %s, ", quote(d.String())), at
		}
		fmt.Fprintf(b, "  { %sdata = %s },\n", after, quote(w.redactor.Answer(string(body[from:to]))))
		from = to
	}
	b.WriteString("]")
}

// arrival returns when so many bytes were there.
func (t *Take) arrival(bytes int) time.Duration {
	for _, c := range t.chunks {
		if bytes -= len(c.data); bytes <= 0 {
			return c.at
		}
	}
	return 0
}

// quote writes a TOML string.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
