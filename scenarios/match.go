package scenarios

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// Match says which calls a rule is about. All that is given must hold.
type Match struct {
	Provider    ProviderName    `toml:"provider"`                // Whose API is called.
	Dialect     DialectName     `toml:"dialect"`                 // Which of its APIs.
	Operation   OperationName   `toml:"operation"`               // What is called for, such as chat.
	Action      Glob            `toml:"action"`                  // The ?Action= of Qianfan's console.
	Method      string          `toml:"method" need:"text"`      // The HTTP method, case ignored.
	Path        Glob            `toml:"path"`                    // The path of the URL.
	Model       Glob            `toml:"model"`                   // The model that is named.
	Stream      *bool           `toml:"stream"`                  // Whether the call asks for a stream.
	Key         Glob            `toml:"key"`                     // The API key, access token or access key id of the caller.
	Header      map[string]Glob `toml:"header"`                  // From a header's name to its value.
	Prompt      *Pattern        `toml:"prompt"`                  // In the last turn of the user.
	History     *Pattern        `toml:"history"`                 // In any turn.
	Fingerprint string          `toml:"fingerprint" need:"text"` // That very call, by its fingerprint as the journal shows it.

	Body map[string]Condition `toml:"body"` // From a path in the JSON body to what must hold there.

	conditions []condition
}

// condition is one thing that must hold, ready to be asked.
type condition struct {
	demand
	holds func(*Request) bool
	got   func(*Request) string // What the request has instead, for explanations.
}

// A demand is what a condition asks for: two with equal ones are the same.
type demand struct {
	key  string // As in the file, such as "model" or "body.n".
	want string // For explanations.
	kind string // The type of what is asked for, where the text alone does not tell.
}

// compile prepares the conditions that differ from request to request of one
// dialect and operation; those two are dealt with by the rule's routes.
func (m *Match) compile() {
	m.conditions = nil
	m.text("method", m.Method, func(want string, r *Request) bool { return strings.EqualFold(want, r.Method) },
		func(r *Request) string { return r.Method })
	m.text("fingerprint", m.Fingerprint, func(want string, r *Request) bool { return strings.EqualFold(want, r.Fingerprint) },
		func(r *Request) string { return r.Fingerprint })
	m.glob("action", m.Action, func(r *Request) string { return r.Action })
	m.glob("path", m.Path, func(r *Request) string { return r.Path })
	m.glob("model", m.Model, func(r *Request) string { return r.Model })
	m.glob("key", m.Key, func(r *Request) string { return r.Key })
	m.hide("key")
	if m.Stream != nil {
		want := *m.Stream
		m.add("stream", strconv.FormatBool(want), func(r *Request) bool { return r.Stream == want },
			func(r *Request) string { return strconv.FormatBool(r.Stream) })
	}
	for _, name := range sortedKeys(m.Header) {
		m.glob("header."+name, m.Header[name], func(r *Request) string { return r.HeaderValue(name) })
		m.hide("header." + name)
	}
	if m.Prompt != nil {
		m.add("prompt", m.Prompt.Text, func(r *Request) bool { return m.Prompt.in(r.Prompt()) }, (*Request).Prompt)
	}
	if m.History != nil {
		m.add("history", m.History.Text, m.inHistory, func(r *Request) string { return fmt.Sprintf("%d turns", len(r.Turns)) })
	}
	for _, path := range sortedKeys(m.Body) {
		c := m.Body[path]
		m.add("body."+path, c.Text, func(r *Request) bool { return c.holds(r.field(path)) },
			func(r *Request) string { return r.field(path).Raw })
		m.conditions[len(m.conditions)-1].kind = c.kind
		m.hide("body." + path)
	}
}

// onlyStream adds what an outcome implies: that the call asks for a stream, or
// that it does not.
func (m *Match) onlyStream(want bool) {
	if m.Stream == nil {
		m.add("stream", strconv.FormatBool(want), func(r *Request) bool { return r.Stream == want },
			func(r *Request) string { return strconv.FormatBool(r.Stream) })
	}
}

func (m *Match) inHistory(r *Request) bool {
	return slices.ContainsFunc(r.Turns, func(t Turn) bool { return m.History.in(t.Text) })
}

func (m *Match) add(key, want string, holds func(*Request) bool, got func(*Request) string) {
	m.conditions = append(m.conditions, condition{demand: demand{key: key, want: want}, holds: holds, got: got})
}

func (m *Match) text(key, want string, holds func(string, *Request) bool, got func(*Request) string) {
	if want != "" {
		m.add(key, want, func(r *Request) bool { return holds(want, r) }, got)
	}
}

func (m *Match) glob(key string, want Glob, got func(*Request) string) {
	if want != "" {
		m.add(key, string(want), func(r *Request) bool { return want.Matches(got(r)) }, got)
	}
}

// hide makes explanations of the newest condition show a secret only as far as
// [RedactKey] does: what explains a rule is pasted into bug reports. The last
// part of the condition's key names what is looked at.
func (m *Match) hide(key string) {
	if len(m.conditions) == 0 || !IsSecret(key[strings.LastIndex(key, ".")+1:]) {
		return
	}
	if c := &m.conditions[len(m.conditions)-1]; c.key == key {
		got := c.got
		c.got = func(r *Request) string { return RedactKey(strings.Trim(got(r), `"`)) }
	}
}

// holds reports whether all conditions hold.
func (m *Match) holds(r *Request) bool {
	for i := range m.conditions {
		if !m.conditions[i].holds(r) {
			return false
		}
	}
	return true
}

// holdsApart reports whether the conditions hold that are not about what the
// conversation says.
func (m *Match) holdsApart(r *Request) bool {
	for i := range m.conditions {
		if c := &m.conditions[i]; !c.aboutContent() && !c.holds(r) {
			return false
		}
	}
	return true
}

// aboutContent reports whether the condition is about what the conversation
// says.
func (c *condition) aboutContent() bool {
	return c.key == "prompt" || c.key == "history" || strings.HasPrefix(c.key, "body.")
}

// miss returns the first condition that does not hold, in words.
func (m *Match) miss(r *Request) sentences.Sentence {
	for _, c := range m.conditions {
		if !c.holds(r) {
			return c.miss(c.got(r))
		}
	}
	return sentences.Sentence{}
}

// miss says that the condition does not hold, and what the request has instead.
func (c *condition) miss(got string) sentences.Sentence {
	return sentences.New("match.%s wants %q, the request has %q", c.key, c.want, clip(got, mostQuoted))
}

// A Condition is what must hold of a value in a JSON body: a value that it
// equals, a comparison such as "> 3" or "!= x", or "exists" or "absent". A
// string that would be read as one of these is written after "== ".
type Condition struct {
	Text  string // As written.
	kind  string // The type of the value written.
	holds func(gjson.Result) bool
}

// UnmarshalTOML reads a condition.
func (c *Condition) UnmarshalTOML(in any) error {
	c.Text, c.kind = fmt.Sprint(in), fmt.Sprintf("%T", in)
	switch v := in.(type) {
	case string:
		return c.fromText(v)
	case bool:
		c.holds = func(r gjson.Result) bool { return r.IsBool() && r.Bool() == v }
	case int64:
		c.holds = func(r gjson.Result) bool { return r.Type == gjson.Number && isWhole(r, v) }
	case float64:
		c.holds = func(r gjson.Result) bool { return r.Type == gjson.Number && r.Num == v }
	case map[string]any:
		return sentences.Errorf(`must be a value, a comparison such as "> 3", "exists" or "absent", not a table; a path with dots is written in quotes`)
	default:
		return sentences.Errorf(`must be a value, a comparison such as "> 3", "exists" or "absent", not %s`, kindOf(in))
	}
	return nil
}

// isWhole reports whether the number is v, exactly where it is written as a
// whole number.
func isWhole(r gjson.Result, v int64) bool {
	if n, err := strconv.ParseInt(r.Raw, 10, 64); err == nil {
		return n == v
	}
	return r.Num == float64(v)
}

// prepare compiles what was built in Go.
func (m *Match) prepare(path string, r *report) {
	if sum, err := hex.DecodeString(m.Fingerprint); m.Fingerprint != "" && (err != nil || len(sum) != 16) {
		r.add(path+".fingerprint", "%q is none: it has 32 hexadecimal digits, as the journal shows them", m.Fingerprint)
	}
	m.Prompt.prepare(path+".prompt", r)
	m.History.prepare(path+".history", r)
	for _, name := range sortedKeys(m.Body) {
		c := m.Body[name]
		if name == "" {
			r.add(path+".body", "a path must not be empty")
		}
		if c.holds != nil {
			continue
		}
		if err := c.UnmarshalTOML(c.Text); err != nil {
			r.add(join(path+".body", name), "%v", err)
			continue
		}
		m.Body[name] = c
	}
}

func (c *Condition) fromText(text string) error {
	switch text {
	case "exists":
		c.holds = gjson.Result.Exists
		return nil
	case "absent":
		c.holds = func(r gjson.Result) bool { return !r.Exists() }
		return nil
	}
	operator, operand, found := strings.Cut(text, " ")
	if !found {
		if sign := text[:len(text)-len(strings.TrimLeft(text, "<>=!"))]; sign != "" && text != sign {
			return sentences.Errorf("%q looks like a comparison; write %q", text, sign+" "+strings.TrimPrefix(text, sign))
		}
		operator = ""
	}
	switch operator {
	case "==":
		c.holds = func(r gjson.Result) bool { return r.Exists() && r.String() == operand }
	case "!=":
		c.holds = func(r gjson.Result) bool { return r.Exists() && r.String() != operand }
	case ">", ">=", "<", "<=":
		bound, err := strconv.ParseFloat(strings.TrimSpace(operand), 64)
		if err != nil || math.IsNaN(bound) {
			return sentences.Errorf("%q compares with %q, which is no number", text, operand)
		}
		c.holds = func(r gjson.Result) bool { return r.Type == gjson.Number && compare(r.Num, operator, bound) }
	default:
		c.holds = func(r gjson.Result) bool { return r.Type == gjson.String && r.Str == text }
	}
	return nil
}

func compare(v float64, operator string, bound float64) bool {
	switch operator {
	case ">":
		return v > bound
	case ">=":
		return v >= bound
	case "<":
		return v < bound
	default:
		return v <= bound
	}
}

// A ProviderName is the name of a provider.
type ProviderName string

// UnmarshalTOML reads the name.
func (p *ProviderName) UnmarshalTOML(in any) error {
	text, err := oneOf(in, catalog.DashScope, catalog.Qianfan)
	*p = ProviderName(text)
	return err
}

// A DialectName is the name of a dialect.
type DialectName string

// UnmarshalTOML reads the name of a dialect that is served.
func (d *DialectName) UnmarshalTOML(in any) error {
	var names []string
	for _, known := range catalog.Dialects() {
		names = append(names, known.Name)
	}
	text, err := oneOf(in, names...)
	*d = DialectName(text)
	return err
}

// An OperationName is the name of an operation.
type OperationName string

// UnmarshalTOML reads the name of an operation that some dialect offers.
func (o *OperationName) UnmarshalTOML(in any) error {
	text, err := oneOf(in, operations()...)
	*o = OperationName(text)
	return err
}

// operations lists what some dialect offers, sorted.
func operations() []string {
	var names []string
	for _, d := range catalog.Dialects() {
		names = append(names, d.OperationNames()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// mostQuoted is how many characters messages quote of a text that may be long.
const mostQuoted = 60

// clip shortens a text to so many characters.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
