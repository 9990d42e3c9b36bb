package responders

import (
	"cmp"

	"github.com/tidwall/gjson"
)

// What a client of the realtime endpoint puts into the conversation.

// and says two things, one behind the other.
func (m SocketMessage) and(next SocketMessage) SocketMessage {
	m.Events = append(m.Events, next.Events...)
	return m
}

func (s realtimeSession) itemID() string {
	return "item_" + text(s.meta.chance(forEvents+uint64(s.said)), 21, base64Abc)
}

// commit makes an item of the sound that was sent, and writes down what was
// heard.
func (s realtimeSession) commit() (realtimeSession, SocketMessage) {
	if s.buffered == 0 {
		return s.wrong("Error committing input audio buffer, maybe no invalid audio stream.", "")
	}
	s.buffered = 0
	id := s.itemID()
	item := realtimeItem(id, inProgress, "user", obj().str("type", "input_audio").end())
	s, committed := s.say("input_audio_buffer.committed", "item_id", appendQuoted(nil, id))
	s, created := s.say("conversation.item.created", "item", item)
	s, heard := s.transcribed(id)
	return s, committed.and(created).and(heard)
}

// transcribed tells what was heard, which is made up: another sentence for each
// item.
func (s realtimeSession) transcribed(id string) (realtimeSession, SocketMessage) {
	s.said++
	event := obj().str("event_id", s.meta.eventID(s.said)).str("type", "conversation.item.input_audio_transcription.completed").
		str("item_id", id).num("content_index", 0).str("transcript", chinese[hashed(id)%uint64(len(chinese))])
	return s, SocketMessage{Events: []SocketEvent{{SocketFrame: SocketFrame{Data: event.end()}}}}
}

// addItem takes what a tool of the client's gave.
func (s realtimeSession) addItem(item gjson.Result) (realtimeSession, SocketMessage) {
	kind := item.Get("type").String()
	if kind != "function_call_output" {
		return s.wrong("Invalid value: '"+clipped(kind)+"'. Supported values are: 'function_call_output'.", "item.type")
	}
	added := obj().str("id", cmp.Or(clipped(item.Get("id").String()), s.itemID())).str("object", "realtime.item").str("type", kind).
		str("status", "completed").str("call_id", clipped(item.Get("call_id").String())).raw("output", echo(item, "output", `""`))
	return s.say("conversation.item.created", "item", added.end())
}

// noneToCancel refuses to cancel an answer: whoever asks us to has heard the
// last one to its end. Unlike others this error has no code.
func (s realtimeSession) noneToCancel() (realtimeSession, SocketMessage) {
	e := obj()
	if !s.speaks() {
		e.str("type", "invalid_request_error")
	}
	return s.say("error", "error", e.null("code").str("message", "Conversation has none active response").end())
}
