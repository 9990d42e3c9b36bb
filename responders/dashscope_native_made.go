package responders

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// The multimodal path of the native API has models that answer with something
// else than a message: those that read a text aloud, and those that draw.

// operationOfModel returns which operation a call on that path is: the same as on
// the path that is for nothing else.
func operationOfModel(model string) string {
	switch {
	case onlySpeaks(model):
		return catalog.OpSpeech
	case strings.HasPrefix(model, "qwen-image"):
		return catalog.OpImage
	}
	return catalog.OpChat
}

func readMultimodal(q *dashScopeQuestion) dashScopeCall {
	switch q.in.Operation {
	case catalog.OpSpeech:
		return readAloud{readSpeech(q.in, q.body)}
	case catalog.OpImage:
		return readDrawing(q)
	}
	return readNativeChat(q, true)
}

// onlySpeaks reports whether a model does nothing else than read aloud.
func onlySpeaks(model string) bool { return strings.Contains(model, "tts") }

// countsCharacters reports whether a model that reads aloud is paid for in
// characters, as newer ones are, and not in tokens.
func countsCharacters(model string) bool { return !strings.HasPrefix(model, "qwen-tts") }

// readAloud asks for a text to be read aloud.
type readAloud struct{ speech }

func (a readAloud) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	usage, output := a.usage(r)
	write := func(finish, data, url string) []byte {
		audio := obj().num("expires_at", m.recordingEnd()).str("data", data).str("id", m.audioID())
		if url != "" {
			audio.str("url", url)
		}
		return m.nativeBody(obj().str("finish_reason", finish).raw("audio", audio.end()).end(), usage)
	}
	end := write("stop", "", a.files+m.recording())
	var message Message
	if !r.Stream {
		message = m.dashScopeWhole(r, end)
	} else {
		message = m.dashScopeStream(r, a.soundFrames(m, write, end), 1)
	}
	message.Output = output
	return message
}

// soundFrames writes the pieces of the recording, without a file's header, and
// then its address.
func (a readAloud) soundFrames(m Meta, write func(finish, data, url string) []byte, end []byte) []Frame {
	var frames []Frame
	emit := func(body []byte) {
		frames = append(frames, nativeFrame(len(frames)+1, "result", http.StatusOK, body))
	}
	for piece := range inPieces(wav(m.recording())[wavHeader:], soundPieces) {
		emit(write("null", base64.StdEncoding.EncodeToString(piece), ""))
	}
	emit(end)
	return frames
}

// usage tells what the recording costs, and how many tokens it brings.
func (a readAloud) usage(r *scenarios.Request) (used []byte, output int) {
	if countsCharacters(r.Model) {
		return obj().num("characters", int64(a.characters())).end(), 0
	}
	spoken := completion{}
	spoken.count(r, nil)
	u := spoken.usage
	u.completion, u.total = u.completion+readCost, u.total+readCost
	return obj().raw("input_tokens_details", obj().num("text_tokens", int64(u.prompt)).end()).
		num("total_tokens", int64(u.total)).num("output_tokens", int64(u.completion)).num("input_tokens", int64(u.prompt)).
		raw("output_tokens_details", obj().num("audio_tokens", int64(u.completion)).num("text_tokens", 0).end()).end(), u.completion
}

// drawing asks for pictures that are waited for.
type drawing struct {
	said          []scenarios.Turn
	number        int
	width, height int
	files         string // The address of the folder in which the pictures will stand.
}

// The size of a picture if the caller does not say, as documented.
const usualWidth, usualHeight = 1664, 928

func readDrawing(q *dashScopeQuestion) drawing {
	d := drawing{said: readNativeTurns(q.body), number: number(q.parameters.Get("n"), 1, 6, 1), files: fileURL(q.in, filesPath)}
	d.width, d.height = pictureSides(q.parameters.Get("size").String())
	if d.width == 0 {
		d.width, d.height = usualWidth, usualHeight
	}
	return d
}

func (d drawing) turns() []scenarios.Turn { return d.said }

func (d drawing) refusal(q *dashScopeQuestion) *scenarios.Refusal { return q.messages() }

// answer gives a choice for each picture, as captured.
func (d drawing) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	choices := make([][]byte, d.number)
	for i := range choices {
		name := pictureFile(m.requestUUID()+"-"+strconv.Itoa(i+1), drawnSide(d.width), drawnSide(d.height))
		message := obj().raw("content", array(obj().str("image", d.files+name).end())).str("role", "assistant").end()
		choices[i] = obj().str("finish_reason", finishStop).raw("message", message).end()
	}
	metric := obj().num("FAILED", 0).num("SUCCEEDED", int64(d.number)).num("TOTAL", int64(d.number)).end()
	usage := obj().num("height", int64(d.height)).num("image_count", int64(d.number)).num("width", int64(d.width)).end()
	body := m.nativeBody(obj().raw("choices", array(choices...)).raw("task_metric", metric).end(), usage)
	return m.dashScopeWhole(r, body)
}
