package mockllm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	voices = "/api/v1/services/audio/tts/customization"
	words  = "/api/v1/services/audio/asr/customization"
)

// TestCustomizationQuota: an account may have so many lists of hot words; one
// that is removed makes room.
func TestCustomizationQuota(t *testing.T) {
	c := newCaller(t, "")
	const create = `{"model":"speech-biasing","input":{"action":"create_vocabulary","target_model":"fun-asr","prefix":"a","vocabulary":[{"text":"a","weight":4}]}}`
	var last string
	for range 10 {
		last = c.do(http.MethodPost, words, create).Get("output.vocabulary_id").Str
	}
	const unnamed = `{"code":"InvalidParameter","message":"Required parameter(vocabulary_id)`
	if status, body := c.send(http.MethodPost, words, "application/json", `{"model":"speech-biasing","input":{"action":"delete_vocabulary"}}`); status != http.StatusBadRequest || !strings.HasPrefix(body, unnamed) {
		t.Errorf("no id: %d %s", status, body)
	}
	const full = `{"code":"Throttling.AllocationQuota","message":"您当前的配额为10","request_id":`
	if status, body := c.send(http.MethodPost, words, "application/json", create); status != http.StatusBadRequest || !strings.HasPrefix(body, full) {
		t.Errorf("the eleventh: %d %s", status, body)
	}
	c.do(http.MethodPost, words, fmt.Sprintf(`{"model":"speech-biasing","input":{"action":"delete_vocabulary","vocabulary_id":%q}}`, last))
	c.do(http.MethodPost, words, create)
}

// TestCustomizersApart: nobody sees what another customizer made, a page is
// counted from 0, and a voice is looked at before it can be called.
func TestCustomizersApart(t *testing.T) {
	c := newCaller(t, "")
	for _, prefix := range []string{"a", "b", "a"} {
		c.do(http.MethodPost, voices, fmt.Sprintf(`{"model":"voice-enrollment","input":{"action":"create_voice","target_model":"cosyvoice-v3-plus","prefix":%q,"url":"u"}}`, prefix))
		c.clock.Advance(time.Second)
	}
	cloned := c.do(http.MethodPost, voices, `{"model":"qwen-voice-enrollment","input":{"action":"create","target_model":"m","preferred_name":"a","audio":{"data":"u"}}}`)
	list := func(input string) string {
		return c.do(http.MethodPost, voices, `{"model":"voice-enrollment","input":{"action":"list_voice"`+input+`}}`).Get("output.voice_list.#.status").Raw
	}
	for input, want := range map[string]string{
		"": `["DEPLOYING","OK","OK"]`, `,"prefix":"a"`: `["DEPLOYING","OK"]`, `,"page_size":2,"page_index":1`: `["OK"]`, `,"page_index":9`: `[]`,
	} {
		if got := list(input); got != want {
			t.Errorf("list%s: %s, want %s", input, got, want)
		}
	}
	own := c.do(http.MethodPost, voices, `{"model":"qwen-voice-enrollment","input":{"action":"list"}}`).Get("output")
	if own.Get("total_count").Int() != 1 || own.Get("voice_list.0.voice").Str != cloned.Get("output.voice").Str {
		t.Errorf("the newer API lists %s", own.Raw)
	}
	status, body := c.send(http.MethodPost, voices, "application/json",
		fmt.Sprintf(`{"model":"qwen-voice-design","input":{"action":"query","voice":%q}}`, cloned.Get("output.voice").Str))
	if status != http.StatusBadRequest || !strings.HasPrefix(body, `{"code":"BadRequest.VoiceNotFound"`) {
		t.Errorf("a clone is asked for as a design: %d %s", status, body)
	}
}
