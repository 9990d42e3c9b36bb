package responders

import (
	"net/http"

	"github.com/mockllm/mockllm/scenarios"
)

// Own writes a refusal of our own, which no vendor's client can take for its
// vendor's: a body with the single key "mockllm", and a header that says so.
func Own(mistake scenarios.Mistake) Message {
	body := obj().raw("mockllm", obj().
		num("status", int64(mistake.Status)).
		str("problem", mistake.Title.String()).
		str("detail", mistake.Detail.String()).end()).end()
	return Message{
		Status: mistake.Status,
		Header: http.Header{"Content-Type": {"application/json"}, "X-Mockllm-Problem": {mistake.Title.String()}},
		Frames: []Frame{append(body, '\n')},
	}
}

// FromRaw writes an answer that a scenario writes out in full.
func FromRaw(raw *scenarios.Raw) Message {
	m := Message{Status: int(raw.Status), Header: http.Header{}, Frames: []Frame{raw.Bytes(raw.Body)}}
	if m.Status == 0 {
		m.Status = http.StatusOK
	}
	for name, value := range raw.Header {
		m.Header[name] = append(m.Header[name], value)
	}
	if raw.Frames == nil {
		return m
	}
	m.Frames, m.Stream = nil, true
	for _, f := range raw.Frames {
		m.Frames, m.Waits = append(m.Frames, raw.Bytes(f.Data)), append(m.Waits, f.After)
	}
	return m
}
