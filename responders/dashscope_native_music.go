package responders

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mockllm/mockllm/scenarios"
)

// music asks for a song, or for music without a voice.
type music struct {
	body   *jsonBody
	prompt string
	lyrics string // They win over the prompt.
	silent bool   // Nobody sings.
	stream bool
	files  string // The address of the folder in which the recording will stand.
}

func readMusic(in *Incoming, body *jsonBody) music {
	c := music{
		body: body, prompt: body.Get("input.prompt").String(), lyrics: body.Get("input.lyrics").String(),
		silent: body.Get("input.is_instrumental").Bool(), stream: wantsEvents(in), files: fileURL(in, audioPath),
	}
	if c.silent {
		c.lyrics = ""
	}
	return c
}

func (c music) turns() []scenarios.Turn {
	if c.lyrics != "" {
		return asTurns([]string{c.lyrics})
	}
	return asTurns([]string{c.prompt})
}

// Documented bounds of what is sung about, in characters. Streams have others.
const (
	longestTheme   = 2000
	longestLyrics  = 2000
	longestChinese = 350
	leastLyrics    = 5
)

func (c music) refusal(q *dashScopeQuestion) *scenarios.Refusal {
	choice := func(name string, words ...string) bool {
		v := c.body.Get("input." + name)
		return !isGiven(v) || slices.Contains(words, v.String())
	}
	sung := utf8.RuneCountInString(c.lyrics)
	switch {
	case c.prompt == "" && (c.lyrics == "" || strings.HasSuffix(q.r.Model, "-preview")):
		return parameterMissing("prompt")
	case c.lyrics != "" && !c.stream && (sung < leastLyrics || sung > longestLyrics || sung > longestChinese && strings.ContainsFunc(c.lyrics, isHan)):
		return parameterMissing("lyrics")
	case c.lyrics == "" && !c.stream && utf8.RuneCountInString(c.prompt) > longestTheme:
		return parameterMissing("prompt")
	case !choice("gender", "male", "female"):
		return parameterMissing("gender")
	case !choice("format", "mp3", "wav"):
		return parameterMissing("format")
	}
	return nil
}

func (c music) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	if r.Stream {
		return m.dashScopeStream(r, c.frames(m), 1)
	}
	audio := obj().str("data", "").num("expires_at", m.recordingEnd()).str("id", m.audioID()).str("url", c.files+m.recording()).end()
	extra := obj().num("channels", 2).str("lyrics", c.sung()).str("sample_rate", musicRate).end()
	return m.dashScopeWhole(r, c.end(m, audio, extra))
}

// musicRate is the samples a second that answers tell.
const musicRate = "48000"

// end writes a whole answer, which is the last event of a stream too.
func (c music) end(m Meta, audio, extra []byte) []byte {
	return m.nativeBody(obj().raw("audio", audio).raw("extra_info", extra).str("finish_reason", finishStop).end(),
		obj().num("duration", c.duration()).end())
}

// frames writes the pieces of the recording, which together are the file, and
// then its address. Keys of the last event stand in another order.
func (c music) frames(m Meta) []Frame {
	var frames []Frame
	emit := func(body []byte) {
		frames = append(frames, nativeFrame(len(frames)+1, "result", http.StatusOK, body))
	}
	for piece := range inPieces(wav(m.recording()), soundPieces) {
		audio := obj().str("data", base64.StdEncoding.EncodeToString(piece)).num("expires_at", m.recordingEnd()).str("id", m.audioID()).end()
		emit(obj().raw("output", obj().raw("audio", audio).str("finish_reason", "null").end()).str("request_id", m.requestUUID()).end())
	}
	audio := obj().num("expires_at", m.recordingEnd()).str("id", m.audioID()).str("data", "").str("url", c.files+m.recording()).end()
	extra := obj().num("channels", 2).str("sample_rate", musicRate).str("lyrics", c.sung()).end()
	emit(c.end(m, audio, extra))
	return frames
}

// sung returns the lyrics, made up if there are none.
func (c music) sung() string {
	switch {
	case c.silent:
		return ""
	case c.lyrics != "":
		return c.lyrics
	}
	return "[verse]\n" + madeUp(c.prompt, c.prompt)
}

// duration returns how many seconds are paid for, a function of what is asked.
func (c music) duration() int64 { return 30 + int64(hashed(c.prompt+"\n"+c.lyrics)%211) }
