package journal

import (
	"time"

	"github.com/mockllm/mockllm/sentences"
)

// An Exchange is one request and what became of it. The same words stand in
// JSON.
type Exchange struct {
	ID        uint64    `json:"id"` // Counted from 1 over the life of the server; of a deployment, from its number times 2^32.
	Time      time.Time `json:"time"`
	Namespace string    `json:"namespace"`
	Volume    string    `json:"-"` // Of the namespace's journal: emptying it begins another. "" is not known.

	Dialect   string `json:"dialect,omitempty"`
	Operation string `json:"operation,omitempty"`
	Model     string `json:"model,omitempty"`
	Stream    bool   `json:"stream"`
	Key       string `json:"key,omitempty"`      // Redacted.
	KeyHash   string `json:"key_hash,omitempty"` // The same for the same key; redacted, many look the same.

	Connection uint64 `json:"connection,omitempty"` // Which connection it came on, counted from 1; 0 if nobody knows.
	Turns      []Turn `json:"turns,omitempty"`      // The conversation so far, the newest 64 turns of it.

	Method        string              `json:"method"`
	URL           string              `json:"url"`                      // With secrets redacted.
	Address       string              `json:"-"`                        // The whole of it, as the client sees it; of requests only.
	RequestHeader map[string][]string `json:"request_header,omitempty"` // With secrets redacted.
	Body          string              `json:"body"`                     // The beginning of it.
	BodyBytes     int                 `json:"body_bytes"`
	Fingerprint   string              `json:"fingerprint,omitempty"`

	Cause string `json:"cause"`           // Which part of the order of things answered.
	Limit string `json:"limit,omitempty"` // The limit of which nothing was left, if that answered.
	Error string `json:"error,omitempty"` // The id of the documented error sent.
	Retry string `json:"retry,omitempty"` // What a client may expect of sending the call again; see the catalogue.

	RetryAfter time.Duration `json:"retry_after_ns,omitempty"` // What the answer's Retry-After header says.

	Delivery string `json:"delivery,omitempty"` // In which way the error arrives.
	Fault    string `json:"fault,omitempty"`    // The kind of damage, if the answer is damaged.

	Problem string              `json:"problem,omitempty"`      // What our own refusal says,
	Said    *sentences.Sentence `json:"problem_said,omitempty"` // and the same for other languages.

	Rules  []Firing `json:"rules,omitempty"` // What fired.
	Seed   uint64   `json:"seed"`
	Script []string `json:"script"` // What was planned, step by step.

	AnswerHeader map[string][]string `json:"answer_header,omitempty"` // As planned.
	AnswerBody   string              `json:"answer_body,omitempty"`   // The beginning of it, as planned.
	AnswerBytes  int                 `json:"answer_bytes"`            // How long it is planned to be.

	Upstream *Upstream `json:"upstream,omitempty"` // What came from the server behind, if the call passed.

	Done bool `json:"done"` // Whether the answer is over; before, nothing is known of what was sent.
	Sent

	// Raw is what came. What is to be shown of it is made by [Exchange.Rendered];
	// nothing that is read from a journal has it any more.
	Raw *Raw `json:"-"`
}

// Refuse notes what our own refusal says.
func (e *Exchange) Refuse(said sentences.Sentence) {
	said = said.Filled(Clip)
	e.Problem, e.Said = Clip(said.String()), &said
}

// A Turn stands for one turn of a conversation, without what it says.
type Turn struct {
	Role string `json:"role"`
	Hash string `json:"hash"` // The same for the same text.
}

// Sent is what really went out.
type Sent struct {
	Status     int           `json:"status"` // 0 if no status line was sent.
	SentBytes  int64         `json:"sent_bytes"`
	SentFrames int           `json:"sent_frames"`
	FirstByte  time.Duration `json:"first_byte_ns"`
	Took       time.Duration `json:"took_ns"`
	ClientLeft bool          `json:"client_left"`
	Failed     string        `json:"failed,omitempty"` // What broke it off on our side.
}

// A Firing is a rule that fired.
type Firing struct {
	Rule        string  `json:"rule"`
	N           uint64  `json:"n"`
	Roll        float64 `json:"roll,omitempty"`
	Probability float64 `json:"probability,omitempty"` // What the roll is below.
	Step        int     `json:"step,omitempty"`        // From 1; 0 for rules without steps.
	Held        bool    `json:"held,omitempty"`        // It is sticky and had fired before.
}
