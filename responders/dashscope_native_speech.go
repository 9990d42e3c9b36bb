package responders

import (
	"encoding/base64"
	"net/http"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// speech asks for a text to be read aloud.
type speech struct {
	text  string
	voice string
	files string // The address of the folder in which the recording will stand.
}

func readSpeech(in *Incoming, body *jsonBody) speech {
	return speech{
		text: body.Get("input.text").String(), voice: body.Get("input.voice").String(),
		files: fileURL(in, audioPath),
	}
}

func (s speech) turns() []scenarios.Turn { return asTurns([]string{s.text}) }

func (s speech) refusal(*dashScopeQuestion) *scenarios.Refusal {
	switch {
	case s.text == "":
		return invalidParameter("Please ensure input text is valid.", nil)
	case s.voice == "":
		return invalidParameter("Request voice is invalid!", nil)
	}
	return nil
}

// recordingLife is how long an answer says that its file will stand.
const recordingLife = 24 * time.Hour

func (s speech) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	if r.Stream {
		return m.dashScopeStream(r, s.frames(m), 1)
	}
	return m.dashScopeWhole(r, s.end(m))
}

// end writes a whole answer, which is the last event of a stream too: the
// address of the recording, and none of it.
func (s speech) end(m Meta) []byte {
	audio := obj().str("data", "").str("url", s.files+m.recording()).
		str("id", m.audioID()).num("expires_at", m.recordingEnd()).end()
	return s.body(m, obj().str("finish_reason", "stop").raw("audio", audio).end())
}

func (s speech) body(m Meta, output []byte) []byte {
	usage := obj().num("characters", int64(s.characters())).end()
	return obj().str("request_id", m.requestUUID()).raw("output", output).raw("usage", usage).end()
}

// frames writes a stream: the sentence begins, comes in pieces and ends, and
// then the recording stands. The pieces together are the file.
func (s speech) frames(m Meta) []Frame {
	const pieces = 4
	var frames []Frame
	emit := func(body []byte) {
		frames = append(frames, nativeFrame(len(frames)+1, "result", http.StatusOK, body))
	}
	event := func(kind, said string, data []byte) {
		o := obj().str("finish_reason", "null").str("type", kind)
		if said != "" {
			o.str("original_text", said)
		}
		audio := obj().str("data", base64.StdEncoding.EncodeToString(data)).str("id", m.audioID()).
			num("expires_at", m.recordingEnd()).end()
		emit(s.body(m, o.raw("sentence", []byte(`{"index":0,"words":[]}`)).raw("audio", audio).end()))
	}
	event("sentence-begin", s.text, nil)
	for piece := range inPieces(wav(m.recording()), pieces) {
		event("sentence-synthesis", "", piece)
	}
	event("sentence-end", s.text, nil)
	emit(s.end(m))
	return frames
}

// characters counts what is paid for: a Han character is two.
func (s speech) characters() int {
	n := 0
	for _, c := range s.text {
		n++
		if isHan(c) {
			n++
		}
	}
	return n
}

func (m Meta) audioID() string { return "audio_" + m.requestUUID() }

// recording returns the name of the file.
func (m Meta) recording() string { return m.requestUUID() + ".wav" }

func (m Meta) recordingEnd() int64 { return m.Now.Add(recordingLife).Unix() }
