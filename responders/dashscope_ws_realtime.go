package responders

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// realtimeSession is a connection of the realtime endpoint: one session of one
// model, in which an answer is asked for again and again. Such an answer is a
// call. An error is an event, and the connection stays open.
type realtimeSession struct {
	in    *Incoming // The handshake.
	meta  Meta
	model string
	said  int // Events of the session's own so far.

	modalities   []string
	voice        string
	instructions string
	text         string // Waits to be read aloud.
	heard        int    // Bytes of sound that wait to be answered.
	buffered     int    // Those of them that were not committed yet.
}

// commitText is the event that has a text read aloud.
const commitText = "input_text_buffer.commit"

func openRealtime(in *Incoming, r *scenarios.Request, m Meta) (Session, SocketMessage) {
	s := realtimeSession{in: in, meta: m, model: r.Model, modalities: []string{"text", "audio"}, voice: "Cherry"}
	return s.say("session.created", "session", s.session())
}

// speaks reports whether the model only reads aloud.
func (s realtimeSession) speaks() bool { return onlySpeaks(s.model) }

// session describes the session, keys as captured.
func (s realtimeSession) session() []byte {
	o := obj().str("object", "realtime.session")
	id := "sess_" + text(s.meta.chance(forConversation), 21, base64Abc)
	if s.speaks() {
		return o.str("mode", "server_commit").str("model", s.model).str("voice", s.voice).
			str("response_format", "pcm").num("sample_rate", 24000).str("id", id).end()
	}
	o.str("model", s.model).raw("modalities", quoted(s.modalities)).str("voice", s.voice).
		str("input_audio_format", "pcm").str("output_audio_format", "pcm").
		raw("input_audio_transcription", obj().str("model", "qwen3-asr-flash-realtime").end())
	turns := obj().str("type", "server_vad").raw("threshold", []byte("0.5")).num("prefix_padding_ms", 300).
		num("silence_duration_ms", 800).boolean("create_response", true).boolean("interrupt_response", true)
	return o.raw("turn_detection", turns.end()).str("id", id).end()
}

func quoted(words []string) []byte {
	values := make([][]byte, len(words))
	for i, word := range words {
		values[i] = appendQuoted(nil, word)
	}
	return array(values...)
}

// say says an event of the session's own; a key without a name adds nothing.
func (s realtimeSession) say(kind, key string, value []byte) (realtimeSession, SocketMessage) {
	s.said++
	o := obj().str("event_id", s.meta.eventID(s.said)).str("type", kind)
	if key != "" {
		o.raw(key, value)
	}
	return s, SocketMessage{Events: []SocketEvent{{SocketFrame: SocketFrame{Data: o.end()}}}}
}

// eventID returns the id of the n-th event.
func (m Meta) eventID(n int) string {
	return "event_" + text(m.chance(forEvents+uint64(n)), 21, base64Abc)
}

// wrong says that an event of the client was.
func (s realtimeSession) wrong(message, param string) (realtimeSession, SocketMessage) {
	e := obj()
	if !s.speaks() {
		e.str("type", "invalid_request_error")
	}
	e.str("code", "invalid_value").str("message", message)
	if param != "" && !s.speaks() {
		e.str("param", param)
	}
	return s.say("error", "error", e.end())
}

// realtimeError writes a documented error as an event. Models that only read
// aloud leave out its type.
func realtimeError(r *scenarios.Request, m Meta, f *scenarios.Failure) Frame {
	e := obj()
	if !onlySpeaks(r.Model) {
		kind := f.Variant.Type
		if kind == "" {
			kind = f.Entry.Code
		}
		e.str("type", kind)
	}
	e.str("code", f.Entry.Code).str("message", fill(f, r))
	return obj().str("event_id", m.eventID(0)).str("type", "error").raw("error", e.end()).end()
}

func (s realtimeSession) Next(f SocketFrame) (Session, *scenarios.Request, SocketMessage) {
	body := gjson.ParseBytes(f.Data)
	if f.Binary || !utf8.Valid(f.Data) || !json.Valid(f.Data) || !body.IsObject() {
		next, message := s.wrong("Invalid event: it must be a JSON object.", "")
		return next, nil, message
	}
	switch kind := body.Get("type").String(); kind {
	case "response.create", commitText:
		if kind == commitText && s.speaks() && s.text == "" {
			next, message := s.wrong("Invalid text: the buffer is empty.", "")
			return next, nil, message
		}
		next, call := s.call(f)
		return next, call, SocketMessage{}
	default:
		next, message := s.event(kind, body)
		return next, nil, message
	}
}

// event answers what asks for nothing of the model.
func (s realtimeSession) event(kind string, body gjson.Result) (realtimeSession, SocketMessage) {
	switch kind {
	case "session.update":
		return s.update(body.Get("session"))
	case "session.finish":
		next, message := s.say("session.finished", "", nil)
		message.Close = closing(closeNormal, "")
		return next, message
	case "input_text_buffer.append":
		s.text += body.Get("text").String()
		if len(s.text) > longestTexts {
			s.text = ""
			return s.wrong("Invalid text: it is too long.", "text")
		}
		return s, SocketMessage{}
	case "input_text_buffer.clear":
		s.text = ""
		return s.say("input_text_buffer.cleared", "", nil)
	case "input_audio_buffer.commit":
		return s.commit()
	case "input_audio_buffer.clear":
		s.heard, s.buffered = s.heard-s.buffered, 0
		return s.say("input_audio_buffer.cleared", "", nil)
	case "input_audio_buffer.append":
		sound := base64.StdEncoding.DecodedLen(len(body.Get("audio").String()))
		s.heard, s.buffered = s.heard+sound, s.buffered+sound
		return s, SocketMessage{}
	case "conversation.item.create":
		return s.addItem(body.Get("item"))
	case "response.cancel":
		return s.noneToCancel()
	case "input_image_buffer.append":
		return s, SocketMessage{}
	}
	return s.wrong("Invalid event type: '"+clipped(kind)+"'.", "type")
}

// update changes the session, or says that it cannot be so.
func (s realtimeSession) update(session gjson.Result) (realtimeSession, SocketMessage) {
	if wanted := session.Get("modalities"); wanted.Exists() && !s.speaks() {
		var words []string
		for _, word := range wanted.Array()[:min(len(wanted.Array()), 8)] {
			words = append(words, clipped(word.String()))
		}
		switch strings.Join(words, ",") {
		case "text", "text,audio", "audio,text":
			s.modalities = words
		default:
			return s.wrong("Invalid modalities: ['"+strings.Join(words, "', '")+"']. Supported combinations are: ['text'] and ['audio', 'text'].", "session.modalities")
		}
	}
	if voice := session.Get("voice"); voice.Type == gjson.String {
		s.voice = clipped(voice.Str)
	}
	if instructions := session.Get("instructions"); instructions.Type == gjson.String && !s.speaks() {
		s.instructions = instructions.Str
	}
	return s.say("session.updated", "session", s.session())
}

// call asks the model for an answer, to the text that waits if it reads aloud,
// else to the sound that waits. It is refused as calls of tasks are.
func (s realtimeSession) call(f SocketFrame) (realtimeSession, *scenarios.Request) {
	operation := catalog.OpChat
	if s.speaks() {
		operation = catalog.OpSpeech
	}
	r := dashScopeWS{}.newCall(s.in, f, operation)
	askFor(r)
	said := gjson.GetBytes(f.Data, "response.instructions").String() + s.text
	if s.instructions != "" {
		r.Turns = append(r.Turns, scenarios.Turn{Role: "system", Text: s.instructions})
	}
	if said != "" {
		r.Turns = append(r.Turns, asTurns([]string{said})...)
	}
	measure(r)
	heard := soundTokens(s.heard, heardPerSecond)
	r.InputTokens += heard
	r.Detail = realtimeCall{heard: heard}
	called := *s.in
	called.Operation, called.Body = operation, obj().str("instructions", s.instructions).str("said", said).end()
	q := newDashScopeQuestion(&called, r, newJSONBody(gjson.ParseBytes(called.Body)), false)
	r.Identity = socketAccount(&called, r)
	r.Refused = firstRefusal(s.modelMissing, q.modelUnknown, q.unsafe)
	s.text, s.heard, s.buffered = "", 0, 0
	return s, r
}

func (s realtimeSession) modelMissing() *scenarios.Refusal {
	if s.model != "" {
		return nil
	}
	return protocolMissing("model")
}

func (s realtimeSession) Begin(r *scenarios.Request, m Meta, d scenarios.Decision) (Session, SocketMessage) {
	return s, dashScopeWS{}.decided(r, m, d, func() SocketMessage { return s.answer(r, m, d.Reply) })
}

func (s realtimeSession) Patience() time.Duration { return idlePatience }

func (s realtimeSession) Silence() SocketMessage {
	return SocketMessage{Close: closing(closeNormal, "")}
}

func (realtimeSession) TooBig() SocketMessage { return dashScopeWS{}.tooBig() }
