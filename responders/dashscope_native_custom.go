package responders

import (
	"regexp"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// Voices that are cloned or designed, and lists of hot words. All that can be
// done with them is asked for on one path, by a model of its own and an action.

const (
	voicesPath = "/api/v1/services/audio/tts/customization"
	wordsPath  = "/api/v1/services/audio/asr/customization"
)

// A customizer is a model that makes such things, and how it words what is asked
// of it.
type customizer struct {
	model  string
	path   string
	suffix string   // Of its actions.
	id     string   // How it calls the id of a thing.
	able   []string // Its actions, without the suffix.
	most   int      // How many things an account may have.
}

// The models that customize, the usual one of each path first.
const (
	cloneCosy  = "voice-enrollment"
	cloneQwen  = "qwen-voice-enrollment"
	designQwen = "qwen-voice-design"
	biasWords  = "speech-biasing"
)

const (
	mostVoices = 1000
	mostLists  = 10
)

var customizers = []customizer{
	{cloneCosy, voicesPath, "_voice", "voice_id", []string{"create", "list", "query", "update", "delete"}, mostVoices},
	{cloneQwen, voicesPath, "", "voice", []string{"create", "list", "delete"}, mostVoices},
	{designQwen, voicesPath, "", "voice", []string{"create", "list", "query", "delete"}, mostVoices},
	{biasWords, wordsPath, "_vocabulary", "vocabulary_id", []string{"create", "list", "query", "update", "delete"}, mostLists},
}

// A customCall is what is asked of a customizer.
type customCall struct {
	by        customizer
	elsewhere bool   // The customizer has another path.
	action    string // Without its suffix; "" for none that it has.
	input     *jsonBody
}

func readCustom(q *dashScopeQuestion) customCall {
	c := customCall{input: q.input}
	for _, by := range customizers {
		if by.model == q.r.Model || c.by.model == "" && by.path == q.in.Path {
			c.by, c.elsewhere = by, by.path != q.in.Path
		}
	}
	asked := c.input.Get("action").String()
	for _, action := range c.by.able {
		if asked == action+c.by.suffix {
			c.action = action
		}
	}
	return c
}

func (c customCall) text(name string) string { return c.input.Get(name).String() }

// turns returns the description of a voice that is designed.
func (c customCall) turns() []scenarios.Turn {
	if said := c.text("voice_prompt"); said != "" {
		return asTurns([]string{said})
	}
	return nil
}

func (c customCall) refusal(*dashScopeQuestion) *scenarios.Refusal {
	switch {
	case c.elsewhere:
		return invalidParameter("url error, please check url！", nil)
	case c.action == "":
		return parameterMissing("action")
	}
	for _, name := range c.needs() {
		if !c.fits(name) {
			return parameterMissing(name)
		}
	}
	return nil
}

// needs returns what the action must be given.
func (c customCall) needs() []string {
	switch c.by.model + " " + c.action {
	case cloneCosy + " create":
		if c.input.Get("voice_prompt").Exists() {
			return []string{"target_model", "prefix", "voice_prompt", "preview_text"}
		}
		return []string{"target_model", "prefix", "url"}
	case cloneCosy + " update":
		return []string{"voice_id", "url"}
	case cloneQwen + " create":
		return []string{"target_model", "preferred_name", "audio.data"}
	case designQwen + " create":
		return []string{"target_model", "voice_prompt", "preview_text"}
	case biasWords + " create":
		return []string{"target_model", "prefix", "vocabulary"}
	case biasWords + " update":
		return []string{"vocabulary_id", "vocabulary"}
	}
	if c.action == "list" {
		return nil
	}
	return []string{c.by.id}
}

// What names may be made of, as documented.
var (
	customPrefix = regexp.MustCompile(`^[0-9A-Za-z]{1,10}$`)
	customName   = regexp.MustCompile(`^[0-9A-Za-z_]{1,16}$`)
)

// The bounds of a list of hot words: the documented number, and what is kept.
const (
	mostWords     = 500
	mostWordBytes = 64 << 10
)

func (c customCall) fits(name string) bool {
	v := c.input.Get(name)
	switch name {
	case "vocabulary":
		return isWordList(v)
	case "prefix":
		return v.Type == gjson.String && customPrefix.MatchString(v.Str)
	case "preferred_name":
		return v.Type == gjson.String && customName.MatchString(v.Str)
	}
	return v.Type == gjson.String && v.Str != ""
}

// isWordList reports whether the value is a list of hot words, each with a text
// and a weight from 1 to 5.
func isWordList(v gjson.Result) bool {
	words := elements(v)
	if len(words) == 0 || len(words) > mostWords || len(v.Raw) > mostWordBytes {
		return false
	}
	for _, word := range words {
		if word.Get("text").Type != gjson.String || word.Get("text").Str == "" || number(word.Get("weight"), 1, 5, 0) == 0 {
			return false
		}
	}
	return true
}

// customID draws the id of a new thing, which tells what it is for.
func (c customCall) customID(m Meta) string {
	chance := m.chance(forRecords)
	kind, local := "-vc-", m.Now.In(cst)
	stamp := local.Format("20060102150405") + strings.TrimPrefix(local.Format(".000"), ".")
	switch c.by.model {
	case biasWords:
		return "vocab-" + clipped(c.text("prefix")) + "-" + randomHex(chance, 32)
	case cloneCosy:
		return clipped(c.text("target_model")) + "-" + clipped(c.text("prefix")) + "-" + randomHex(chance, 32)
	case designQwen:
		kind, stamp = "-vd-", local.Format("20060102150405")
	}
	family, name := "qwen-tts", clipped(c.text("preferred_name"))
	if strings.Contains(c.text("target_model"), "omni") {
		family = "qwen-omni"
	}
	if name != "" {
		name += "-"
	}
	return family + kind + name + "voice-" + stamp + "-" + randomHex(chance, 4)
}

// deployTime is how long a voice is looked at before it can be called, in vendor
// time.
const deployTime = 2 * time.Second
