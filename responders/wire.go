package responders

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// readBody returns the JSON body, or nothing if it is none.
func readBody(r *scenarios.Request) gjson.Result {
	if !r.JSON {
		return gjson.Result{}
	}
	return gjson.ParseBytes(r.Body)
}

// modelOf returns the model that the body names.
func modelOf(body gjson.Result) string { return clipped(body.Get("model").String()) }

// clipped cuts a name or an id at a length that no real one has: streams repeat
// it in every frame.
func clipped(name string) string {
	const longest = 256
	if len(name) <= longest {
		return name
	}
	return strings.ToValidUTF8(name[:longest], "")
}

// fill returns the failure's message. Holes that the scenario leaves open are
// filled from the request where that is natural.
func fill(f *scenarios.Failure, r *scenarios.Request) string {
	natural := map[string]string{"method": r.Method}
	if r.Model != "" {
		natural["model"] = r.Model
	}
	maps.Copy(natural, f.Args)
	filled := *f
	filled.Args = natural
	return filled.Text()
}

// statusOf returns the status that the error has, wherever it stands.
func statusOf(responder Responder, r *scenarios.Request, m Meta, f *scenarios.Failure) int {
	if f.Status != 0 {
		return f.Status
	}
	if s, knows := responder.(statuser); knows {
		if status := s.Status(r, f); status != 0 {
			return status
		}
	}
	return f.Variant.StatusOn(responder.Dialect(), m.Edition)
}

// retryAfter adds the header in whole seconds, rounded up, if asked for.
func retryAfter(header http.Header, f *scenarios.Failure) {
	if f.RetryAfter == nil {
		return
	}
	seconds := (time.Duration(*f.RetryAfter) + time.Second - 1) / time.Second
	header["Retry-After"] = []string{strconv.FormatInt(int64(seconds), 10)}
}

// dataFrame writes an SSE event as the OpenAI-shaped dialects do.
func dataFrame(json []byte) Frame {
	frame := make(Frame, 0, len(json)+8)
	frame = append(frame, "data: "...)
	frame = append(frame, json...)
	return append(frame, "\n\n"...)
}
