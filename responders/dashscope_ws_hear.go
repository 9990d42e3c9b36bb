package responders

import (
	"slices"
	"strings"

	"github.com/mockllm/mockllm/scenarios"
)

// hearing is sound that is written down: one sentence, made up, which grows as
// sound comes in.
type hearing struct {
	words []string
	bytes int // Of sound so far.
	shown int // Words of the newest result.
}

// heardPiece is how much sound brings a new result, a tenth of a second at 16
// kHz; so a little sound gets little.
const heardPiece = 3200

// perSecond is how many bytes of sound we take for a second.
const perSecond = 10 * heardPiece

func newHearing(t *spokenTask, reply *scenarios.Reply) hearing {
	sentences := chinese
	if strings.HasPrefix(t.payload.Get("parameters.language_hints.0").String(), "en") {
		sentences = english
	}
	text := sentences[hashed(t.request.Model)%uint64(len(sentences))]
	if reply != nil && reply.Text != nil {
		text = *reply.Text
	}
	return hearing{words: slices.Collect(cut(text, 0).all())}
}

func (w hearing) text(*spokenTask, string) (work, []SocketEvent, *scenarios.Refusal) {
	return w, nil, nil // Some clients send parameters so; nothing comes of it.
}

// audio answers the first sound, and then each further piece, with what was
// understood so far.
func (w hearing) audio(t *spokenTask, data []byte) (work, []SocketEvent, *scenarios.Refusal) {
	before := (w.bytes + heardPiece - 1) / heardPiece
	w.bytes += len(data)
	if (w.bytes+heardPiece-1)/heardPiece == before || t.whole() || w.shown+1 >= len(w.words) {
		return w, nil, nil
	}
	w.shown++
	return w, []SocketEvent{w.result(t, false)}, nil
}

func (w hearing) finish(t *spokenTask) ([]SocketEvent, *scenarios.Refusal) {
	if w.bytes == 0 {
		return nil, &scenarios.Refusal{ID: dashScopeSocket + "NO_VALID_AUDIO_ERROR"}
	}
	w.shown = len(w.words)
	end := t.meta.taskFinished(t.id, obj().raw("output", obj().end()).end())
	return []SocketEvent{w.result(t, true), end}, nil
}

// result writes the sentence as far as it was understood. Its times are those
// of the sound, spread over the words.
func (w hearing) result(t *spokenTask, last bool) SocketEvent {
	total := int64(w.bytes) * 1000 / perSecond
	at := func(i int) int64 { return total * int64(i) / int64(max(w.shown, 1)) }
	words := make([][]byte, w.shown)
	for i, word := range w.words[:w.shown] {
		words[i] = obj().num("begin_time", at(i)).num("end_time", at(i+1)).str("text", word).str("punctuation", "").end()
	}
	sentence := obj().num("begin_time", 0)
	if last {
		sentence.num("end_time", total)
	} else {
		sentence.null("end_time")
	}
	sentence.str("text", strings.Join(w.words[:w.shown], "")).boolean("heartbeat", false).boolean("sentence_end", last).raw("words", array(words...))
	payload := obj().raw("output", obj().raw("sentence", sentence.end()).end())
	if last {
		payload.raw("usage", obj().num("duration", max((total+999)/1000, 1)).end())
	} else {
		payload.null("usage")
	}
	return t.meta.resultGenerated(t.id, payload.end())
}
