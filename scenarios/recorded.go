package scenarios

import (
	"encoding/base64"
	"strings"
	"time"
)

// Recorded says what was asked when a rule's answer came back from a real
// server. It matches nothing: mockllm learn asks the mock the same.
type Recorded struct {
	Time   string            `toml:"asked_at" need:"text"` // When it was asked.
	Method string            `toml:"method" need:"text"`   // The HTTP method.
	URL    string            `toml:"url" need:"text"`      // Path and query, redacted.
	Header map[string]string `toml:"header"`               // Redacted.
	Body   string            `toml:"body"`                 // Redacted.
}

func (q *Recorded) check(path string, r *report) {
	if q.Method == "" || !isToken(q.Method) {
		r.add(path, "needs a method")
	}
	if !strings.HasPrefix(q.URL, "/") {
		r.add(path, "needs a url that begins with the path")
	}
	if _, err := time.Parse(time.RFC3339, q.Time); q.Time != "" && err != nil {
		r.add(path+".asked_at", "%q is no time such as 2026-01-31T15:04:05Z", q.Time)
	}
	for name := range q.Header {
		if !isToken(name) {
			r.add(join(path+".header", name), "%q is no header name", name)
		}
	}
}

// A RawFrame is a piece of an answer that leaves by itself.
type RawFrame struct {
	After *Duration `toml:"after"` // How long behind the one before, or behind the header.
	Data  string    `toml:"data"`  // Sent as it stands.
}

// An Encoding says how what is sent is written down.
type Encoding string

// The values of [Encoding].
const (
	EncodingText   Encoding = "text"   // As it stands (default).
	EncodingBase64 Encoding = "base64" // For what is no text.
)

// UnmarshalTOML reads an encoding.
func (e *Encoding) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(EncodingText), string(EncodingBase64))
	*e = Encoding(text)
	return err
}

// Bytes returns what is sent of a text of the answer.
func (r *Raw) Bytes(text string) []byte {
	if r.Encoding != EncodingBase64 {
		return []byte(text)
	}
	data, _ := base64.StdEncoding.DecodeString(text) // The language has looked at it.
	return data
}

// checkBody says what is wrong with the body or the frames.
func (r *Raw) checkBody(path string, rep *report) {
	if r.Frames != nil && r.Body != "" {
		rep.add(path+".frames", "does not go with body: an answer is whole or comes frame by frame")
	}
	if (r.Body != "" || r.Frames != nil) && r.Status.bodyless() {
		key := path + ".body"
		if r.Frames != nil {
			key = path + ".frames"
		}
		rep.add(key, "does not go with status %d, which has no body", r.Status)
	}
	if len(r.Frames) > maxFrames {
		rep.add(path+".frames", "must hold at most %d frames, not %d", maxFrames, len(r.Frames))
	}
	look := func(at, text string) {
		if _, err := base64.StdEncoding.DecodeString(text); err != nil && r.Encoding == EncodingBase64 {
			rep.add(at, "is no base64, as encoding says")
		}
	}
	look(path+".body", r.Body)
	for i, f := range r.Frames {
		look(path+".frames"+index(i)+".data", f.Data)
	}
}
