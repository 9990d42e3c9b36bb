package responders

import (
	"strconv"
	"strings"

	"github.com/mockllm/mockllm/catalog"
)

// outcome is what a task that has succeeded is written into.
type outcome struct {
	t             *task
	at            stage
	files         string
	output, usage *object
}

// name returns the name of the n-th result, from 1.
func (o outcome) name(n int) string { return o.t.ID + "-" + strconv.Itoa(n) }

func (o outcome) picture(n int) string {
	width, height := pictureSides(o.t.Size)
	return o.files + pictureFile(o.name(n), drawnSide(width), drawnSide(height))
}

// items writes the results: those that succeed, and then those that fail.
func (o outcome) items(done, lost func(i int) *object) []byte {
	items := make([][]byte, o.t.Results)
	for i := range items {
		write := done
		if i >= o.t.Results-o.t.Failed {
			write = lost
		}
		items[i] = write(i).end()
	}
	return array(items...)
}

// pictures writes a list of pictures.
func (o outcome) pictures() {
	o.output.raw("results", o.items(
		func(i int) *object { return obj().str("url", o.picture(i+1)) },
		func(int) *object { return obj().str("code", o.t.Code).str("message", o.t.Message) },
	))
	o.usage.num("image_count", int64(o.t.Results-o.t.Failed))
}

// onePicture writes a single one.
func (o outcome) onePicture() {
	o.output.str("output_image_url", o.picture(1))
	o.usage.num("image_count", 1)
}

// repaint writes a picture in another style, with what its own service says.
func (o outcome) repaint() {
	o.output.str("error_message", "Success").str("start_time", clock(o.at.begun)).num("style_index", int64(o.t.Style)).num("error_code", 0)
	o.output.raw("results", array(obj().str("url", o.picture(1)).end()))
	o.usage.num("image_count", 1)
}

func (o outcome) film() string { return o.files + videoFolder + o.name(1) + ".mp4" }

// video writes a film. Older models count its seconds, newer ones more.
func (o outcome) video() {
	if o.t.Prompt != "" {
		o.output.str("orig_prompt", o.t.Prompt)
	}
	o.output.str("video_url", o.film())
	seconds := int64(o.t.Seconds)
	for _, old := range []string{"wanx", "wan2.1", "wan2.2"} {
		if strings.HasPrefix(o.t.Model, old) {
			o.usage.num("video_duration", seconds).str("video_ratio", o.t.Size).num("video_count", 1)
			return
		}
	}
	width, height := pictureSides(o.t.Size)
	o.usage.num("duration", seconds).str("size", o.t.Size).num("input_video_duration", 0).num("output_video_duration", seconds).
		num("video_count", 1).num("SR", int64(min(width, height)))
}

// videoOfPicture writes a film that was made of a picture.
func (o outcome) videoOfPicture() {
	o.output.raw("results", obj().str("video_url", o.film()).end())
	o.usage.num("video_duration", int64(o.t.Seconds)).str("video_ratio", "standard")
}

// transcripts writes where the transcripts stand.
func (o outcome) transcripts() {
	length := 0
	file := func(i int) string {
		if i < len(o.t.Files) {
			return o.t.Files[i]
		}
		return ""
	}
	link := func(i int) string {
		name := o.name(i+1) + ".json"
		length += seconds(lengthOf(transcript(name)))
		return o.files + transcriptFolder + name
	}
	if o.t.Single {
		o.output.raw("result", obj().str("transcription_url", link(0)).end())
		o.usage.num("seconds", int64(length))
		return
	}
	o.output.raw("results", o.items(
		func(i int) *object {
			return obj().str("file_url", file(i)).str("transcription_url", link(i)).str("subtask_status", succeeded)
		},
		func(i int) *object {
			return obj().str("file_url", file(i)).str("code", o.t.Code).str("message", o.t.Message).str("subtask_status", failed)
		},
	))
	o.usage.num("duration", int64(length))
}

// vectors writes where the vectors stand.
func (o outcome) vectors() {
	o.output.str("url", o.files+vectorFolder+o.name(1)+vectorEnding)
	o.usage.num("total_tokens", vectorLines*vectorTokens)
}

// pictureSize reads a size as DashScope writes it, 1280*720, or takes the usual
// one of such a task.
func pictureSize(text string, kind int) string {
	if width, height := pictureSides(text); width > 0 {
		return strconv.Itoa(width) + "*" + strconv.Itoa(height)
	}
	if taskKinds[kind].operation == catalog.OpVideo {
		return "1280*720"
	}
	return "1024*1024"
}

// pictureSides returns the sides of a picture, or zeros.
func pictureSides(size string) (width, height int) {
	const longest = 1 << 14
	w, h, _ := strings.Cut(size, "*")
	width, errW := strconv.Atoi(w)
	height, errH := strconv.Atoi(h)
	if errW != nil || errH != nil || width < 1 || height < 1 || width > longest || height > longest {
		return 0, 0
	}
	return width, height
}
