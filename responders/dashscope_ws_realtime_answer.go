package responders

import (
	"encoding/base64"
	"strings"

	"github.com/mockllm/mockllm/scenarios"
)

// answer writes what the model answers: that it begins, pieces of text or of
// sound, and that it is done.
func (s realtimeSession) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) SocketMessage {
	var events []SocketEvent
	id := "resp_" + text(m.chance(forAnswerID), 21, base64Abc)
	item := "item_" + text(m.chance(forMessage), 21, base64Abc)
	emit := func(part SocketPart, kind string, rest func(o *object)) {
		o := obj().str("event_id", m.eventID(len(events)+1)).str("type", kind)
		rest(o)
		events = append(events, SocketEvent{SocketFrame: SocketFrame{Data: o.end()}, Part: part})
	}
	response := func(status string, output []byte, used *object) func(*object) {
		return func(o *object) {
			told := obj().str("id", id).str("object", "realtime.response")
			if !s.speaks() {
				told.str("conversation_id", "conv_"+text(s.meta.chance(forAnswerID), 21, base64Abc))
			}
			told.str("status", status).raw("modalities", quoted(s.modalities)).str("voice", s.voice)
			if !s.speaks() {
				told.str("output_audio_format", "pcm")
			}
			if told.raw("output", output); used != nil {
				told.raw("usage", used.end())
			}
			o.raw("response", told.end())
		}
	}
	delta := func(data string) func(*object) {
		return func(o *object) {
			o.str("response_id", id).str("item_id", item).num("output_index", 0).num("content_index", 0).str("delta", data)
		}
	}
	emit(SocketAside, "response.created", response("in_progress", array(), nil))
	said := madeUp(r.Fingerprint, r.Prompt())
	if s.speaks() {
		said = r.Prompt()
	}
	if reply != nil && reply.Text != nil {
		said = *reply.Text
	}
	kind, content := "response.audio_transcript.delta", obj().str("type", "audio").str("transcript", said)
	if len(s.modalities) == 1 {
		kind, content = "response.text.delta", obj().str("type", "text").str("text", said)
	}
	if !s.speaks() {
		for _, piece := range cut(said, 0) {
			emit(SocketResult, kind, delta(piece))
			events[len(events)-1].Tokens = countTokens(piece)
		}
	}
	if s.speaks() || len(s.modalities) > 1 {
		sound := wav(said)[wavHeader:]
		for i := range soundPieces {
			emit(SocketResult, "response.audio.delta", delta(base64.StdEncoding.EncodeToString(sound[i*len(sound)/soundPieces:(i+1)*len(sound)/soundPieces])))
		}
	}
	done := obj().str("id", item).str("object", "realtime.item").str("type", "message").str("status", "completed").
		str("role", "assistant").raw("content", array(content.end())).end()
	used, output := s.usage(r, said, reply)
	emit(SocketFinish, "response.done", response("completed", array(done), used))
	events[len(events)-1].Output = output
	return SocketMessage{Events: events}
}

// realtimeCall is what an answer is asked for with, besides text.
type realtimeCall struct{ heard int } // Tokens of sound.

// How sound is paid for: the rates of it at which the model listens and
// speaks, in bytes of a second, and what a second of it costs.
const (
	heardPerSecond  = 2 * 16_000
	spokenPerSecond = 2 * 24_000
	soundCost       = 25
	readCost        = 50 // Of models that only read aloud.
)

// soundTokens is what so much sound costs; a second that has begun counts.
func soundTokens(bytes, perSecond int) int { return (bytes + perSecond - 1) / perSecond * soundCost }

// usage tells what an answer costs, and how many tokens it brings. Of the models
// that only read aloud, the newer ones are paid for in characters.
func (s realtimeSession) usage(r *scenarios.Request, said string, reply *scenarios.Reply) (used *object, output int) {
	if s.speaks() && !strings.HasPrefix(s.model, "qwen-tts") {
		return obj().num("characters", int64(speech{text: said}.characters())), 0
	}
	heard, spoken := 0, readCost
	if !s.speaks() {
		heard, spoken = r.Detail.(realtimeCall).heard, 0
		if len(s.modalities) > 1 {
			spoken = soundTokens(len(wav(said))-wavHeader, spokenPerSecond)
		}
	}
	written := completion{text: said}
	if s.speaks() {
		written.text = ""
	}
	var given *scenarios.Usage
	if reply != nil {
		given = reply.Usage
	}
	written.count(r, given)
	u := written.usage
	if given == nil {
		u.prompt, u.completion, u.total = u.prompt+heard, u.completion+spoken, u.total+heard+spoken
	}
	heard, spoken = min(heard, u.prompt), min(spoken, u.completion)
	asked, answered := obj().num("text_tokens", int64(u.prompt-heard)), obj().num("text_tokens", int64(u.completion-spoken))
	if !s.speaks() {
		asked.num("audio_tokens", int64(heard))
	}
	if spoken > 0 {
		answered.num("audio_tokens", int64(spoken))
	}
	return obj().num("total_tokens", int64(u.total)).num("input_tokens", int64(u.prompt)).num("output_tokens", int64(u.completion)).
		raw("input_tokens_details", asked.end()).raw("output_tokens_details", answered.end()), u.completion
}
