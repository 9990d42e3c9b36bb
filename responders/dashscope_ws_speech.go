package responders

import (
	"encoding/binary"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/mockllm/mockllm/scenarios"
)

// reading is a text that is read aloud, sentence by sentence.
type reading struct {
	format     string
	pending    string // Text whose sentence has not ended.
	said       int    // Characters of all text so far.
	sentences  int    // Read so far.
	characters int    // Of these, as they are paid for.
}

// Bounds of the text of one task, as documented.
const (
	longestText  = 20_000  // Characters of one message.
	longestTexts = 200_000 // Of all of a task.
)

func newReading(t *spokenTask) reading {
	return reading{format: t.payload.Get("parameters.format").String()}
}

// refuseSpeech is what is refused of a message that has a text read.
func (run taskRun) refuseSpeech(model string) *scenarios.Refusal {
	switch {
	case strings.HasPrefix(model, "cosyvoice") && run.payload.Get("parameters.voice").String() == "":
		return socketParameter("Request voice is invalid!", nil)
	case !run.gathers() && run.payload.Get("input.text").String() == "":
		return socketParameter("Please ensure input text is valid.", nil)
	}
	return nil
}

func (w reading) text(t *spokenTask, text string) (work, []SocketEvent, *scenarios.Refusal) {
	n := utf8.RuneCountInString(text)
	w.said += n
	if n > longestText || w.said > longestTexts {
		return w, nil, socketParameter("Please ensure input text is valid.", nil)
	}
	w.pending += text
	if t.whole() {
		return w, nil, nil
	}
	sentences, rest := cutSentences(w.pending, w.sentences)
	w.pending = rest
	var events []SocketEvent
	for _, sentence := range sentences {
		var more []SocketEvent
		w, more = w.read(t, sentence)
		events = append(events, more...)
	}
	return w, events, nil
}

func (w reading) audio(*spokenTask, []byte) (work, []SocketEvent, *scenarios.Refusal) {
	return w, nil, protocolMissing("payload.input.text")
}

func (w reading) finish(t *spokenTask) ([]SocketEvent, *scenarios.Refusal) {
	var events []SocketEvent
	if strings.TrimSpace(w.pending) != "" {
		w, events = w.read(t, w.pending)
	}
	if w.sentences == 0 {
		return nil, socketParameter("Please ensure input text is valid.", nil)
	}
	output := obj().raw("sentence", obj().raw("words", array()).end()).end()
	usage := obj().num("characters", int64(w.characters)).end()
	return append(events, t.meta.taskFinished(t.id, obj().raw("output", output).raw("usage", usage).end())), nil
}

// soundPieces is in how many messages the sound of a sentence comes.
const soundPieces = 2

// inPieces cuts sound into so many pieces.
func inPieces(sound []byte, many int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range many {
			if !yield(sound[i*len(sound)/many : (i+1)*len(sound)/many]) {
				return
			}
		}
	}
}

// read reads a sentence: it begins, comes in pieces, each announced, and ends.
// A result in one piece is the sound alone.
func (w reading) read(t *spokenTask, sentence string) (reading, []SocketEvent) {
	sound := recorded(w.format, sentence, w.sentences == 0)
	index := int64(w.sentences)
	w.sentences++
	w.characters += speech{text: sentence}.characters()
	if t.whole() {
		return w, []SocketEvent{binaryEvent(sound)}
	}
	var events []SocketEvent
	event := func(kind, text string, usage []byte) {
		o := obj().raw("sentence", obj().num("index", index).raw("words", array()).end()).str("type", kind)
		if text != "" {
			o.str("original_text", text)
		}
		payload := obj().raw("output", o.end())
		if usage != nil {
			payload.raw("usage", usage)
		}
		events = append(events, t.meta.resultGenerated(t.id, payload.end()))
	}
	event("sentence-begin", sentence, nil)
	for piece := range inPieces(sound, soundPieces) {
		event("sentence-synthesis", "", nil)
		events = append(events, binaryEvent(piece))
	}
	event("sentence-end", sentence, obj().num("characters", int64(w.characters)).end())
	return w, events
}

// Bounds of a sentence, in bytes, and of how many may be short.
const (
	shortestSentence = 8
	longestSentence  = 600
	shortSentences   = 100
)

// cutSentences cuts off the sentences that have ended, behind so many that were
// read. Short ones wait for the next, as do all that are not long once there
// were many, so that a short text gets a short answer. Long ones are cut.
func cutSentences(text string, read int) (sentences []string, rest string) {
	start := 0
	for end := 0; end < len(text); {
		c, size := utf8.DecodeRuneInString(text[end:])
		end += size
		ends := end-start >= shortestSentence && read+len(sentences) < shortSentences && strings.ContainsRune("。！？；.!?;\n", c)
		if ends || end-start >= longestSentence {
			sentences = append(sentences, text[start:end])
			start = end
		}
	}
	return sentences, text[start:]
}

// recorded returns the sound of a sentence in the format: a file's begin stands
// before the first one only.
func recorded(format, sentence string, first bool) []byte {
	sound := wav(sentence)
	switch {
	case format == "mp3" || format == "":
		return silentMP3()
	case format == "pcm" || !first:
		return sound[wavHeader:]
	default:
		return sound
	}
}

// silentMP3 returns a tenth of a second of silence: frames of MPEG-1 layer 3,
// 128 kbit/s, 44.1 kHz, one channel, in which nothing is coded.
func silentMP3() []byte {
	const frames, size = 4, 417
	sound := make([]byte, frames*size)
	for i := range frames {
		binary.BigEndian.PutUint32(sound[i*size:], 0xfffb90c4)
	}
	return sound
}
