package scenarios

import (
	"encoding/json"
	"slices"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
)

// A Scenario is what a TOML file says. The zero value is a valid scenario in
// which nothing goes wrong.
type Scenario struct {
	Name      string          `toml:"name" need:"text"` // For reports; the file's name if it has none.
	Seed      *uint64         `toml:"seed"`             // The seed of all chance, unless the command or option gives one.
	Speed     Speed           `toml:"speed"`            // How many times faster vendor time goes; 0 means 1.
	ScaleWire bool            `toml:"scale_wire"`       // Whether speed also shortens waits on the wire.
	Edition   catalog.Edition `toml:"edition"`          // Whose statuses are sent; "" means the seed edition.
	Refusals  Refusals        `toml:"refusals"`         // What the vendor refuses by itself.
	Unmatched Unmatched       `toml:"unmatched"`        // "succeed" (default) or "refuse".
	Tasks     Tasks           `toml:"tasks"`            // How long tasks take.
	Rules     []Rule          `toml:"rule"`             // Asked in file order.

	Connections []Connection             `toml:"connection"` // Faults before any request; asked in file order.
	Limits      []Limit                  `toml:"limit"`      // How much may be called.
	Keys        map[string]Key           `toml:"keys"`       // What the vendor knows of a key, by the key or a glob.
	Tokens      Tokens                   `toml:"tokens"`     // How access tokens live.
	Models      map[string]catalog.Model `toml:"models"`     // What is known of a model besides the catalogue, by its name or a glob.
	Expect      []Expect                 `toml:"expect"`     // How the client must behave.
	Upstream    *Upstreams               `toml:"upstream"`   // Where calls go that nothing here answers; without, they succeed here.

	compiled bool
	source   []byte         // The text that it was read from,
	models   map[string]any // and what it says of models: false and 0 are said there too.
}

// A Rule says what comes out, when, of the calls that it matches.
type Rule struct {
	Name  string `toml:"name"`  // For reports, and what chance and counters belong to; no other rule has it.
	Match Match  `toml:"match"` // Which calls it is about; all that its outcome can arrive on unless given.
	When  When   `toml:"when"`  // At which of these calls it fires; at all unless given.
	Outcome
	Sticky *Sticky `toml:"sticky"` // Whether it holds once it has fired.
	Step   []Step  `toml:"step"`   // One after the other, instead of one outcome.
	Then   Then    `toml:"then"`   // What follows the last step; "" means pass.

	Recorded *Recorded `toml:"recorded"` // What was asked when the answer was recorded.

	routes   map[route]bool // Which calls it can answer at all.
	outcomes []*outcome     // Compiled: the steps, or the one outcome.
}

// A Step is an outcome that holds for some firings.
type Step struct {
	Outcome
	Times Count `toml:"times"` // For how many firings; 0 means 1.

	Recorded *Recorded `toml:"recorded"` // What was asked when the answer was recorded.
}

// An Outcome is what is sent instead of the vendor's success. At most one of
// Error, Reply and Raw is given; with none of them, what would be sent anyway
// is sent, with the outcome's latency and fault.
type Outcome struct {
	Error      string            `toml:"error" need:"text"`   // An entry of the catalogue: its id or a short form.
	Variant    VariantRef        `toml:"variant"`             // Which of the entry's messages; the first, mid-stream the one about the answer, unless given.
	Args       map[string]string `toml:"args"`                // Values for the holes of the message.
	Status     HTTPStatus        `toml:"status"`              // Instead of the documented status.
	Message    string            `toml:"message" need:"text"` // Instead of the documented message.
	RetryAfter *Duration         `toml:"retry_after"`         // Adds a Retry-After header, which neither vendor was seen to send.

	Reply *Reply `toml:"reply"` // A success, scripted.
	Raw   *Raw   `toml:"raw"`   // An answer written out in full.

	Delivery *Delivery `toml:"delivery"` // In which way the error arrives.
	Latency  *Latency  `toml:"latency"`  // How long what is sent takes.
	Fault    *Fault    `toml:"fault"`    // How what is sent is damaged.
}

// A Reply scripts a success. What is not given is made up from the request,
// always the same for the same request.
type Reply struct {
	Text         *string    `toml:"text"`                      // What the model says.
	Reasoning    *string    `toml:"reasoning"`                 // What it thinks before.
	ToolCalls    []ToolCall `toml:"tool_calls"`                // The calls that it asks its client to make.
	FinishReason string     `toml:"finish_reason" need:"text"` // Sent as it stands.
	Usage        *Usage     `toml:"usage"`                     // The tokens that it is said to take.
	Frames       *Frames    `toml:"frames"`                    // How a stream is cut into pieces of text.
	Batch        *Batch     `toml:"batch"`                     // What becomes of a batch that is made.

	Task *Task `toml:"task"` // The life of the task that the call makes.

	// What goes wrong at HTTP 200.
	Choices          *Index `toml:"choices"`            // 0 sends no choice at all, in a stream the usage only.
	NullContent      bool   `toml:"null_content"`       // The content is null.
	NeedClearHistory bool   `toml:"need_clear_history"` // Qianfan V1: the conversation is poisoned.
	BanRound         *int   `toml:"ban_round"`          // Qianfan: which round it is that offends; -1 is the last.
	Flag             *int   `toml:"flag"`               // Qianfan: how much, from 0 to 4.
	IsSafe           *int   `toml:"is_safe"`            // Qianfan V1 completions: 0 is not safe.
}

// SaysNothing reports whether there is nothing in the answer, as if there were.
func (r *Reply) SaysNothing() bool {
	none := r.NullContent || r.Choices != nil && *r.Choices == 0 || r.Text != nil && *r.Text == ""
	return none && len(r.ToolCalls) == 0 && r.Task == nil && r.Batch == nil && (r.FinishReason == "" || r.FinishReason == "stop")
}

// A ToolCall is a call that the model asks its client to make.
type ToolCall struct {
	ID        string    `toml:"id"`        // Made up if empty.
	Name      string    `toml:"name"`      // The name of the function.
	Arguments Arguments `toml:"arguments"` // JSON text, or a table that becomes JSON.
}

// Usage is a number of tokens. A total that is not given is the sum.
type Usage struct {
	PromptTokens     int  `toml:"prompt_tokens"`     // Of the question.
	CompletionTokens int  `toml:"completion_tokens"` // Of the answer.
	TotalTokens      *int `toml:"total_tokens"`      // Of both; their sum unless given.
}

// Frames says how a stream's text is cut: into a number of pieces, or into
// the very pieces given.
type Frames struct {
	Number int
	Pieces []string
}

// Raw is an answer written out in full.
type Raw struct {
	Status HTTPStatus        `toml:"status"` // 0 means 200.
	Header map[string]string `toml:"header"` // From a name to its value.
	Body   string            `toml:"body"`   // Sent as it stands.

	Frames   []RawFrame `toml:"frames"`   // A stream, instead of a body.
	Encoding Encoding   `toml:"encoding"` // How body and frames are written here: "text" (default) or "base64".
}

// Speed is a factor by which vendor time goes faster: windows, tokens, tasks.
type Speed float64

// UnmarshalTOML reads a factor from 0.001 to 1,000,000.
func (s *Speed) UnmarshalTOML(in any) error {
	v, err := number(in)
	if err != nil {
		return err
	}
	*s = Speed(v)
	return CheckSpeed(v)
}

// CheckSpeed says what is wrong with a speed, if anything.
func CheckSpeed(v float64) error {
	if !(v >= 0.001 && v <= 1e6) {
		return sentences.Errorf("%v is out of range: a speed is from 0.001 to 1000000", v)
	}
	return nil
}

// A Switch is "on" or "off".
type Switch string

// UnmarshalTOML reads a switch.
func (s *Switch) UnmarshalTOML(in any) (err error) {
	text, err := oneOf(in, "on", "off")
	*s = Switch(text)
	return err
}

// Unmatched says what becomes of a request that no rule matches.
type Unmatched string

// UnmarshalTOML reads "succeed" or "refuse".
func (u *Unmatched) UnmarshalTOML(in any) error {
	text, err := oneOf(in, "succeed", "refuse")
	*u = Unmatched(text)
	return err
}

// Then says what follows the last step of a rule.
type Then string

// The values of [Then].
const (
	ThenPass   Then = "pass"   // The rule no longer fires.
	ThenRepeat Then = "repeat" // The last step again and again.
	ThenLoop   Then = "loop"   // From the first step again.
)

// UnmarshalTOML reads what follows the last step.
func (t *Then) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(ThenPass), string(ThenRepeat), string(ThenLoop))
	*t = Then(text)
	return err
}

// A VariantRef picks one of an entry's messages: by number, from 1, or by a
// part of its text.
type VariantRef struct {
	Number int
	Text   string
}

// UnmarshalTOML reads a number or a text.
func (v *VariantRef) UnmarshalTOML(in any) error {
	switch n := in.(type) {
	case int64:
		if n < 1 || n > 10_000 {
			return sentences.Errorf("variants are numbered from 1, not %d", n)
		}
		v.Number = int(n)
	case string:
		if n == "" {
			return sentences.Errorf("must not be empty")
		}
		v.Text = n
	default:
		return sentences.Errorf("must be a number or a part of the message, not %s", kindOf(in))
	}
	return nil
}

// pick returns the variant of the entry that is meant on a dialect, or nil.
func (v VariantRef) pick(e *catalog.Entry, dialect string) *catalog.Variant {
	switch {
	case v.Number > 0:
		if v.Number > len(e.Variants) || !e.Variants[v.Number-1].CarriedBy(dialect) {
			return nil
		}
		return &e.Variants[v.Number-1]
	case v.Text != "":
		return e.FindVariant(v.Text, dialect)
	default:
		return e.Variant(dialect)
	}
}

// An HTTPStatus is a status that can end an exchange: 200 to 599.
type HTTPStatus int

// UnmarshalTOML reads a status.
func (s *HTTPStatus) UnmarshalTOML(in any) error {
	n, ok := in.(int64)
	if !ok {
		return sentences.Errorf("must be a whole number, not %s", kindOf(in))
	}
	if n < 200 || n > 599 {
		return sentences.Errorf("%d is no status that can end an exchange: it must be from 200 to 599", n)
	}
	*s = HTTPStatus(n)
	return nil
}

// bodyless reports whether HTTP forbids a body with the status.
func (s HTTPStatus) bodyless() bool { return s == 204 || s == 304 }

// Arguments is the JSON text of a tool call's arguments.
type Arguments string

// UnmarshalTOML reads JSON text as it stands, valid or not, or makes JSON of
// a table.
func (a *Arguments) UnmarshalTOML(in any) error {
	switch v := in.(type) {
	case string:
		*a = Arguments(v)
	case map[string]any:
		text, err := json.Marshal(v)
		if err != nil {
			return sentences.Errorf("cannot become JSON: %w", err)
		}
		*a = Arguments(text)
	default:
		return sentences.Errorf("must be JSON text or a table, not %s", kindOf(in))
	}
	return nil
}

// maxFrames bounds the frames of one answer.
const maxFrames = 10_000

// UnmarshalTOML reads a number of pieces or the pieces.
func (f *Frames) UnmarshalTOML(in any) error {
	switch v := in.(type) {
	case int64:
		if v < 1 || v > maxFrames {
			return sentences.Errorf("must be from 1 to %d, not %d", maxFrames, v)
		}
		f.Number = int(v)
		return nil
	case []any:
		for _, piece := range v {
			text, ok := piece.(string)
			if !ok {
				return sentences.Errorf("the pieces must be strings, not %s", kindOf(piece))
			}
			f.Pieces = append(f.Pieces, text)
		}
		if len(v) == 0 || len(v) > maxFrames {
			return sentences.Errorf("must hold 1 to %d pieces, not %d", maxFrames, len(v))
		}
		return nil
	default:
		return sentences.Errorf("must be a number of pieces or an array of them, not %s", kindOf(in))
	}
}

// parts lists what the reply needs a dialect to show.
func (r *Reply) parts() []string {
	var parts []string
	if r.Reasoning != nil {
		parts = append(parts, catalog.ReplyReasoning)
	}
	switch len(r.ToolCalls) {
	case 0:
	case 1:
		parts = append(parts, catalog.ReplyToolCall)
	default:
		parts = append(parts, catalog.ReplyToolCalls)
	}
	for _, p := range []struct {
		part string
		need bool
	}{
		{catalog.ReplyNoChoices, r.Choices != nil}, {catalog.ReplyNull, r.NullContent},
		{catalog.ReplySafety, r.BanRound != nil || r.Flag != nil}, {catalog.ReplyHistory, r.NeedClearHistory},
		{catalog.ReplyIsSafe, r.IsSafe != nil}, {catalog.ReplyTask, r.Task != nil}, {catalog.ReplyBatch, r.Batch != nil},
	} {
		if p.need {
			parts = append(parts, p.part)
		}
	}
	if r.Text != nil || r.FinishReason != "" || r.Usage != nil || r.Frames != nil {
		parts = append(parts, catalog.ReplyText)
	}
	return parts
}

// shownBy reports whether the operation can show all of the reply.
func (r *Reply) shownBy(o catalog.Operation) bool {
	return !slices.ContainsFunc(r.parts(), func(part string) bool { return !o.Shows(part) })
}
