package responders

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
)

const multimodalGeneration = "/api/v1/services/aigc/multimodal-generation/generation"

// heard returns the sound of a stream's frames, and the last of these.
func heard(t *testing.T, m Message) (sound []byte, last gjson.Result) {
	t.Helper()
	for _, frame := range m.Frames {
		_, data, _ := strings.Cut(string(frame), "data:")
		last = gjson.Parse(data)
		piece, err := base64.StdEncoding.DecodeString(last.Get("output.audio.data").Str)
		if err != nil {
			t.Fatal(err)
		}
		sound = append(sound, piece...)
	}
	return sound, last
}

// TestReadAloudStream: the pieces are the recording to which the end points.
func TestReadAloudStream(t *testing.T) {
	in := post(catalog.OpChat, multimodalGeneration, `{"model":"qwen-tts-latest","input":{"text":"Hi.","voice":"Cherry"}}`)
	in.Header = http.Header{"X-Dashscope-Sse": {"enable"}, "Authorization": {"Bearer sk-test"}}
	_, m := ask(t, dashScopeNative{}, in)
	sound, last := heard(t, m)
	url := last.Get("output.audio.url").Str
	if want := wav(url[strings.LastIndexByte(url, '/')+1:])[wavHeader:]; string(sound) != string(want) || last.Get("output.finish_reason").Str != "stop" {
		t.Errorf("%d bytes, want %d; at the end %s", len(sound), len(want), last.Raw)
	}
	if m.Output != 50 || last.Get("usage.output_tokens").Int() != 50 {
		t.Errorf("%d tokens, told %s", m.Output, last.Get("usage").Raw)
	}
}

// TestOperationsOfTheMultimodalPath: what reads aloud and what draws counts as it
// does on the path that is for nothing else, and streams where that streams.
func TestOperationsOfTheMultimodalPath(t *testing.T) {
	for model, want := range map[string]string{
		"qwen-tts": "speech true", "qwen3-tts-flash": "speech true", "qwen-image-plus": "image false", "qwen-vl-plus": "chat true",
		"qwen3-omni-flash": "chat true", "": "chat true",
	} {
		in := post(catalog.OpChat, multimodalGeneration, `{"model":"`+model+`","input":{"text":"Hi.","voice":"Cherry","messages":[{"role":"user","content":[{"text":"Hi."}]}]}}`)
		in.Header.Set("X-DashScope-SSE", "enable")
		r := dashScopeNative{}.Decode(in)
		if got := fmt.Sprint(r.Operation, " ", r.Stream); got != want || r.Task {
			t.Errorf("%q: %s (task %t), want %s", model, got, r.Task, want)
		}
		if m := (dashScopeNative{}).Success(r, Meta{Now: in.Now}, nil); m.Stream != r.Stream {
			t.Errorf("%q: streamed %t", model, m.Stream)
		}
	}
}

// TestDrawing: as many pictures as are asked for, of the size that is told.
func TestDrawing(t *testing.T) {
	for parameters, want := range map[string]string{
		`{}`:                       "1 1664x928 104x58",
		`{"n":3,"size":"512*512"}`: "3 512x512 32x32",
		`{"n":"x","size":"big"}`:   "1 1664x928 104x58",
		`{"n":1000}`:               "1 1664x928 104x58",
	} {
		_, m := ask(t, dashScopeNative{}, post(catalog.OpChat, multimodalGeneration,
			`{"model":"qwen-image-plus","input":{"messages":[{"role":"user","content":[{"text":"A cat."}]}]},"parameters":`+parameters+`}`))
		body := gjson.ParseBytes(m.Frames[0])
		pictures := body.Get("output.choices.#.message.content.0.image").Array()
		parts := strings.Split(pictures[len(pictures)-1].Str, ".")
		got := body.Get("usage.image_count").Raw + " " + body.Get("usage.width").Raw + "x" + body.Get("usage.height").Raw + " " + parts[len(parts)-2]
		if got != want || int64(len(pictures)) != body.Get("usage.image_count").Int() || body.Get("output.task_metric.SUCCEEDED").Int() != int64(len(pictures)) {
			t.Errorf("%s: %s, %d pictures, want %s", parameters, got, len(pictures), want)
		}
	}
}
