package responders

import (
	"bytes"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// readBody returns the JSON body, or nothing if it is none.
func readBody(r *scenarios.Request) *jsonBody {
	if !r.JSON {
		return &jsonBody{}
	}
	return newJSONBody(gjson.ParseBytes(r.Body))
}

// isObject reports whether JSON is an object.
func isObject(body []byte) bool {
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && body[0] == '{'
}

// modelOf returns the model that the body names.
func modelOf(body *jsonBody) string { return clipped(body.Get("model").String()) }

// clipped cuts a name or an id at a length that no real one has: streams repeat
// it in every frame.
func clipped(name string) string { return shortened(name, 256) }

// shortened cuts a text at so many bytes.
func shortened(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "")
}

// fill returns the failure's message. Holes that the scenario leaves open are
// filled from the request where that is natural.
func fill(f *scenarios.Failure, r *scenarios.Request) string {
	if f.Message != "" || len(f.Variant.Holes) == 0 {
		return f.Text()
	}
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

// header makes a header of names and values in turn. The values stay where they
// are, so that it takes one piece of memory and not one for each.
func header(fields []string) http.Header {
	h := make(http.Header, len(fields)/2+1) // Our own X-Mockllm-Rule may follow.
	for i := 0; i < len(fields); i += 2 {
		h[fields[i]] = fields[i+1 : i+2 : i+2]
	}
	return h
}

// dataFrame writes an SSE event as the OpenAI-shaped dialects do.
func dataFrame(json []byte) Frame {
	frame := make(Frame, 0, len(json)+8)
	frame = append(frame, "data: "...)
	frame = append(frame, json...)
	return append(frame, "\n\n"...)
}

// firstRefusal asks one rule after the other, as the vendors do, until one
// refuses.
func firstRefusal(rules ...func() *scenarios.Refusal) *scenarios.Refusal {
	for _, rule := range rules {
		if refused := rule(); refused != nil {
			return refused
		}
	}
	return nil
}
