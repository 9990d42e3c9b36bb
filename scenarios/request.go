package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// A Request is a call as the engine sees it, whatever its dialect.
type Request struct {
	Provider  string
	Dialect   string
	Operation string
	Action    string // The ?Action= of Qianfan's console, if it has one.
	Namespace string // The isolated world that it belongs to; "" is the default one.

	Method      string
	Path        string              // As sent, without the query.
	Header      map[string][]string // By canonical name; shared, not to be changed.
	Body        []byte              // As sent.
	JSON        bool                // Whether the body is valid JSON, not too deep.
	Fingerprint string              // The same for the same call sent again.

	Model  string
	Stream bool
	Task   bool   // Whether the call makes a task.
	Key    string // API key, access token or access key id, in full.
	Turns  []Turn // The conversation, oldest first.

	Account     string        // Whose key it is, where a key is made anew from time to time; "" is the key itself.
	InputTokens int           // How long the question is.
	Patience    time.Duration // How long the caller lets itself be queued, in vendor time.

	Asked    string   // The error that the caller itself asks for, if any.
	Identity *Refusal // What the vendor refuses before it looks at anything else.
	Refused  *Refusal // What the vendor refuses of the body.

	Records View // The records by which Identity was judged; nil if by none.

	Detail any // What the responder read; only the responder looks at it.
}

// A Turn is one message of a conversation.
type Turn struct {
	Role string
	Text string // All of its text; parts of other kinds are left out.
}

// A Refusal names a documented error that a vendor gives by itself.
type Refusal struct {
	ID      string            // The entry, as provider/family/code.
	Variant string            // A part of the message; "" is the first.
	Args    map[string]string // Values for the message's holes.
	Always  bool              // Even if refusals are off: there is nothing else to answer.
	Late    bool              // Not before some of a streamed answer was sent: it is about the answer.
}

// Prompt returns the text of the last turn of the user.
func (r *Request) Prompt() string {
	for _, t := range slices.Backward(r.Turns) {
		if t.Role == "user" {
			return t.Text
		}
	}
	return ""
}

// HeaderValue returns the header's values, joined by commas. The name's case
// does not matter.
func (r *Request) HeaderValue(name string) string {
	for k, v := range r.Header {
		if strings.EqualFold(k, name) {
			return strings.Join(v, ", ")
		}
	}
	return ""
}

// field returns a value of the JSON body.
func (r *Request) field(path string) gjson.Result {
	if !r.JSON {
		return gjson.Result{}
	}
	return gjson.GetBytes(r.Body, path)
}
