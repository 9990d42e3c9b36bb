package responders

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Read reads a request as the responder of its path does, and counts what is
// the same for all.
func Read(responder Responder, in *Incoming) *scenarios.Request {
	r := responder.Decode(in)
	measure(r)
	return r
}

// measure counts how long the question is.
func measure(r *scenarios.Request) {
	r.InputTokens = 0
	for _, t := range r.Turns {
		r.InputTokens += countTokens(t.Text)
	}
}

// newRequest fills in what is the same for every dialect.
func newRequest(in *Incoming, d catalog.Dialect) *scenarios.Request {
	r := &scenarios.Request{
		Provider: d.Provider, Dialect: d.Name, Operation: in.Operation, Namespace: in.Namespace,
		Method: in.Method, Path: in.Path, Header: in.Header, Body: in.Body,
		JSON: utf8.Valid(in.Body) && json.Valid(in.Body), Asked: in.Asked,
	}
	r.Fingerprint = fingerprint(in)
	return r
}

// secretQuery are the parameters that say who calls, not what is called. They
// are exactly these: others that sound secret may fill a template.
var secretQuery = []string{"access_token", "client_secret"}

// fingerprint hashes what makes a call the same call when it is sent again:
// method, path, query without credentials, and body.
func fingerprint(in *Incoming) string {
	h := sha256.New()
	h.Write([]byte(in.Method + " " + in.Path))
	names := make([]string, 0, len(in.Query))
	for name := range in.Query {
		if !slices.Contains(secretQuery, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		h.Write([]byte("\x00" + name + "=" + strings.Join(in.Query[name], "\x01")))
	}
	h.Write([]byte{'\n'})
	h.Write(in.Body)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// askFor takes over an error that the model's name asks for, unless a header
// asked already.
func askFor(r *scenarios.Request) {
	if code, found := strings.CutPrefix(r.Model, "mockllm-error-"); found {
		r.Asked = cmp.Or(r.Asked, code)
	}
}
