package responders

import (
	"encoding/base64"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// realtimeAnswer is an answer while it is written.
type realtimeAnswer struct {
	session  realtimeSession
	meta     Meta
	id, item string // Of the answer, and of its one item.
	said     string
	events   []SocketEvent
}

// answer writes what the model answers, in the documented order: that the
// answer, its item and its part begin, pieces of text or of sound, and that all
// of these are done.
func (s realtimeSession) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) SocketMessage {
	a := &realtimeAnswer{
		session: s, meta: m, said: madeUp(r.Fingerprint, r.Prompt()),
		id: "resp_" + text(m.chance(forAnswerID), 21, base64Abc), item: "item_" + text(m.chance(forMessage), 21, base64Abc),
	}
	if s.speaks() {
		a.said = r.Prompt()
	}
	if reply != nil && reply.Text != nil {
		a.said = *reply.Text
	}
	a.begin(gjson.GetBytes(r.Body, "type").Str == commitText)
	a.pieces()
	a.end()
	used, output := s.usage(r, a.said, reply)
	a.emit(SocketFinish, "response.done", func(o *object) {
		o.raw("response", a.response("completed", array(a.written("completed", "transcript")), used))
	})
	a.events[len(a.events)-1].Output = output
	return SocketMessage{Events: a.events}
}

func (a *realtimeAnswer) emit(part SocketPart, kind string, rest func(o *object)) {
	o := obj().str("event_id", a.meta.eventID(len(a.events)+1)).str("type", kind)
	rest(o)
	a.events = append(a.events, SocketEvent{SocketFrame: SocketFrame{Data: o.end()}, Part: part})
}

// begin tells that the answer, its item and its part begin. Models that only
// read aloud keep no conversation, and say first that they have the text that
// was committed.
func (a *realtimeAnswer) begin(committed bool) {
	speaks := a.session.speaks()
	if speaks && committed {
		a.emit(SocketAside, "input_text_buffer.committed", func(o *object) { o.str("item_id", "") })
	}
	a.emit(SocketAside, "response.created", func(o *object) { o.raw("response", a.response(inProgress, array(), nil)) })
	item := realtimeItem(a.item, inProgress, "assistant")
	a.emit(SocketAside, "response.output_item.added", a.aboutItem(item))
	if !speaks {
		a.emit(SocketAside, "conversation.item.created", func(o *object) { o.raw("item", item) })
	}
	a.emit(SocketAside, "response.content_part.added", a.inPart("part", a.part("text", "")))
}

// pieces writes the text, then the sound.
func (a *realtimeAnswer) pieces() {
	kind := "response.audio_transcript.delta"
	if !a.sounds() {
		kind = "response.text.delta"
	}
	delta := func(kind, data string) {
		a.emit(SocketResult, kind, a.inPart("delta", appendQuoted(nil, data)))
	}
	if !a.session.speaks() {
		for piece := range cut(a.said, 0).all() {
			delta(kind, piece)
			a.events[len(a.events)-1].Tokens = countTokens(piece)
		}
	}
	if a.sounds() {
		for piece := range inPieces(wav(a.said)[wavHeader:], soundPieces) {
			delta("response.audio.delta", base64.StdEncoding.EncodeToString(piece))
		}
	}
}

// end tells that what begin began is done, from the innermost on.
func (a *realtimeAnswer) end() {
	if !a.session.speaks() {
		kind, key := "response.audio_transcript.done", "transcript"
		if !a.sounds() {
			kind, key = "response.text.done", "text"
		}
		a.emit(SocketEnding, kind, a.inPart(key, appendQuoted(nil, a.said)))
	}
	if a.sounds() {
		a.emit(SocketEnding, "response.audio.done", a.inPart("", nil))
	}
	a.emit(SocketEnding, "response.content_part.done", a.inPart("part", a.part("text", a.told())))
	a.emit(SocketEnding, "response.output_item.done", a.aboutItem(a.written("completed", "text")))
}

// sounds reports whether the answer is spoken.
func (a *realtimeAnswer) sounds() bool {
	return a.session.speaks() || len(a.session.modalities) > 1
}

// told is the text that parts and items have. What is only read aloud is not
// told again.
func (a *realtimeAnswer) told() string {
	if a.session.speaks() {
		return ""
	}
	return a.said
}

// part writes a part of the item. The text of one that is spoken stands under
// one key in events of its own and under another in the whole answer.
func (a *realtimeAnswer) part(key, said string) []byte {
	if !a.sounds() {
		return obj().str("type", "text").str("text", said).end()
	}
	return obj().str("type", "audio").str(key, said).end()
}

// written writes the item with all that is said.
func (a *realtimeAnswer) written(status, key string) []byte {
	return realtimeItem(a.item, status, "assistant", a.part(key, a.told()))
}

// realtimeItem writes a message of the conversation.
func realtimeItem(id, status, role string, content ...[]byte) []byte {
	return obj().str("id", id).str("object", "realtime.item").str("type", "message").str("status", status).
		str("role", role).raw("content", array(content...)).end()
}

// aboutItem says of an event that it is about the item.
func (a *realtimeAnswer) aboutItem(item []byte) func(*object) {
	return func(o *object) { o.str("response_id", a.id).num("output_index", 0).raw("item", item) }
}

// inPart says of an event that it is about the part, and adds a value if the
// key has a name.
func (a *realtimeAnswer) inPart(key string, value []byte) func(*object) {
	return func(o *object) {
		o.str("response_id", a.id).str("item_id", a.item).num("output_index", 0).num("content_index", 0)
		if key != "" {
			o.raw(key, value)
		}
	}
}

// response describes the answer. Models that only read aloud are in no
// conversation, and tell the modalities at the end.
func (a *realtimeAnswer) response(status string, output []byte, used *object) []byte {
	s, o := a.session, obj().str("id", a.id).str("object", "realtime.response")
	if s.speaks() {
		o.str("conversation_id", "")
	} else {
		o.str("conversation_id", "conv_"+text(s.meta.chance(forAnswerID), 21, base64Abc))
	}
	o.str("status", status)
	if !s.speaks() || used != nil {
		o.raw("modalities", quoted(s.modalities))
	}
	o.str("voice", s.voice)
	if !s.speaks() {
		o.str("output_audio_format", "pcm")
	}
	if o.raw("output", output); used != nil {
		o.raw("usage", used.end())
	}
	return o.end()
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
	if s.speaks() && countsCharacters(s.model) {
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
