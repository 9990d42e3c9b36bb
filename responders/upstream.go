package responders

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// What has to be known of a dialect when its answers come from upstream.

// Nobody reads a request whose path no vendor has.
func Nobody(in *Incoming) *scenarios.Request {
	r := newRequest(in, catalog.Dialect{})
	r.Asked = ""
	return r
}

// Signed reports whether the call is signed, host included: such a call means
// something to the host alone for which it was signed.
func Signed(in *Incoming) bool {
	return strings.HasPrefix(in.Header.Get("Authorization"), bceAuth) || strings.HasPrefix(first(in.Query, "authorization"), bceAuth)
}

// BreakOff returns what writes the failure as the n-th frame of a stream, from
// 1, if it arrives there; else nil.
func BreakOff(responder Responder, r *scenarios.Request, m Meta, f *scenarios.Failure) func(n int) Frame {
	if f == nil || !r.Stream || DeliveryOf(responder.Dialect(), r, m, f) != catalog.DeliverMidStream {
		return nil
	}
	status := statusOf(responder, r, m, f)
	return func(n int) Frame { return responder.Event(r, m, f, status, n) }
}

// lastEvents are the types of events behind which nothing comes.
var lastEvents = []string{"message_stop", "response.completed", "response.incomplete", "response.failed"}

// EndOf returns what tells of a real frame of the dialect whether it says that
// the answer ends, and whether it is the end mark, behind which nothing comes.
func EndOf(dialect string) func(frame []byte) (ending, mark bool) {
	return func(frame []byte) (ending, mark bool) {
		data := EventData(frame)
		if string(data) == "[DONE]" {
			return true, true
		}
		body := gjson.ParseBytes(data)
		switch kind := body.Get("type").String(); {
		case slices.Contains(lastEvents, kind), body.Get("is_end").Bool():
			return true, true
		case kind == "message_delta":
			return body.Get("delta.stop_reason").String() != "", false
		}
		for _, path := range []string{"choices.#.finish_reason", "output.finish_reason", "output.choices.#.finish_reason"} {
			ended := slices.ContainsFunc(body.Get(path).Array(), func(v gjson.Result) bool { return v.String() != "" && v.String() != "null" })
			if ended {
				return true, dialect == catalog.DashScopeNative // There, no mark follows.
			}
		}
		return false, false
	}
}

// OutputTokens returns how many tokens an answer of a real server, or an event
// of it, says that it has; 0 if it does not say.
func OutputTokens(body []byte) int {
	if !gjson.ValidBytes(body) {
		return 0
	}
	tokens := 0
	for _, usage := range gjson.GetManyBytes(body, "usage.completion_tokens", "usage.output_tokens", "response.usage.output_tokens") {
		tokens = max(tokens, int(min(usage.Int(), math.MaxInt32)))
	}
	return tokens
}

// EventData returns the data of an SSE event.
func EventData(frame []byte) []byte {
	var all [][]byte
	for line := range bytes.Lines(frame) {
		if data, found := bytes.CutPrefix(bytes.TrimRight(line, "\r\n"), []byte("data:")); found {
			all = append(all, bytes.TrimPrefix(data, []byte(" ")))
		}
	}
	return bytes.Join(all, []byte("\n"))
}
