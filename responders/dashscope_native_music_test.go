package responders

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/catalog"
)

const musicPath = "/api/v1/services/audio/music/generation"

func TestMusicRefusals(t *testing.T) {
	for input, want := range map[string]string{
		`{"prompt":"a"}`:        "",
		`{"lyrics":"la la la"}`: "",
		`{"lyrics":"` + strings.Repeat("好", longestChinese) + `"}`: "",
		`{"prompt":"` + strings.Repeat("好", longestTheme) + `"}`:   "",
		`{"prompt":"a","gender":null,"format":"wav"}`:              "",
		`{"prompt":"a","lyrics":"la","is_instrumental":true}`:      "",
		`{"lyrics":"la la la","is_instrumental":true}`:             "prompt",
		`{}`: "prompt",
		`{"prompt":"` + strings.Repeat("a", longestTheme+1) + `"}`: "prompt",
		`{"lyrics":"la"}`: "lyrics",
		`{"lyrics":"` + strings.Repeat("好", longestChinese+1) + `"}`:     "lyrics",
		`{"lyrics":"` + strings.Repeat("a", longestLyrics+1) + `"}`:      "lyrics",
		`{"prompt":"a","gender":"both"}`:                                 "gender",
		`{"prompt":"a","format":"flac"}`:                                 "format",
		`{"prompt":"unused","lyrics":"` + strings.Repeat("a", 9) + `"}`:  "",
		`{"prompt":"a","enable_aigc_watermark":true,"something":"else"}`: "",
	} {
		r := dashScopeNative{}.Decode(post(catalog.OpMusic, musicPath, `{"model":"fun-music-v1","input":`+input+`}`))
		got := ""
		if r.Refused != nil {
			got = r.Refused.Args["parameter"]
		}
		if r.Identity != nil || got != want {
			t.Errorf("%.60s: %q, want %q", input, got, want)
		}
	}
	r := dashScopeNative{}.Decode(post(catalog.OpMusic, musicPath, `{"model":"fun-music-preview","input":{"lyrics":"la la la"}}`))
	if r.Refused == nil || r.Refused.Args["parameter"] != "prompt" {
		t.Errorf("a preview without a prompt: %+v", r.Refused)
	}
}

// TestMusicStream: the pieces of a stream are the file at its end.
func TestMusicStream(t *testing.T) {
	in := post(catalog.OpMusic, musicPath, `{"model":"fun-music-v1","input":{"lyrics":"la la la"}}`)
	in.Header.Set("X-DashScope-SSE", "enable")
	r := dashScopeNative{}.Decode(in)
	sound, last := heard(t, dashScopeNative{}.Success(r, Meta{Entropy: [2]uint64{1, 2}, Now: in.Now}, nil))
	url := last.Get("output.audio.url").Str
	if name := url[strings.LastIndexByte(url, '/')+1:]; !bytes.Equal(sound, wav(name)) || last.Get("output.extra_info.lyrics").Str != "la la la" {
		t.Errorf("%d bytes, at last %s", len(sound), last.Raw)
	}
}
