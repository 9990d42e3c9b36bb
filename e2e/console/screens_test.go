package console

import (
	"fmt"
	"testing"

	"github.com/mockllm/mockllm/admin"
)

// rich is a scenario with something of everything.
const rich = `
name = "a busy afternoon"
seed = 7

[[limit]]
name = "plan"
rpm  = 20
tpm  = 4000

[[rule]]
name  = "throttled at first"
match = { model = "qwen-plus" }
when  = { calls = "1..2" }
error = "Throttling.RateQuota"

[[rule]]
name  = "unlucky"
match = { model = "qwen-turbo" }
when  = { probability = 0.5 }
error = "dashscope/model/InternalError"

[[rule]]
name    = "slow"
match   = { model = "qwen-max", stream = true }
latency = { first_frame = "40ms", frame = "10ms" }
fault   = { kind = "cut", after_frames = 4 }

[[expect]]
rule         = "throttled at first"
max_attempts = 2
allow        = ["gave-up"]

[[rule]]
name   = "flagged"
match  = { prompt = "forbidden" }
when   = { window = "0s..1h" }
error  = "data_inspection_failed"
sticky = "content"
`

// busy makes calls of every kind.
func (w *world) busy() {
	for i := range 4 {
		w.chat("", "qwen-plus", fmt.Sprintf("question %d", i))
		w.chat("", "qwen-turbo", fmt.Sprintf("chance %d", i))
	}
	w.chat("", "qwen-plus", "something forbidden")
	w.chat("blue", "qwen-plus", "in blue")
	w.post("", "/compatible-mode/v1/chat/completions", "sk-other-9876543210", `{"model":"qwen-max","stream":true,"messages":[{"role":"user","content":"a long story, please"}]}`)
	w.post("", "/v2/chat/completions", "bce-v3/ALTAK-1/2", `{"model":"ernie-4.0-8k","messages":[{"role":"user","content":"你好"}]}`)
	w.post("", "/api/v1/services/aigc/text-generation/generation", "sk-other-9876543210", `{"model":"qwen-plus","input":{}}`)
	w.chat("", "qwen-plus", "the same")
	w.chat("", "qwen-plus", "the same")
}

// TestScreens keeps pictures of every view, in all ways in which it is looked
// at. Somebody must look at them.
func TestScreens(t *testing.T) {
	w := serve(t, rich, admin.Options{})
	w.busy()
	w.server.Admin().Throw(t.Context(), "", []byte(`{"error":"Arrearage","times":3,"match":{"model":"never"}}`))
	for _, l := range []look{
		{1280, 860, false, false}, {1280, 860, true, false}, {1280, 860, false, true}, {1280, 860, true, true},
		{390, 844, false, false}, {390, 844, true, false}, {390, 844, false, true}, {390, 844, true, true},
	} {
		name := fmt.Sprintf("%d-%s-%s", l.width, map[bool]string{true: "dark", false: "light"}[l.dark], map[bool]string{true: "zh", false: "en"}[l.zh])
		t.Run(name, func(t *testing.T) {
			p := open(t, w.console, l)
			p.sees("#list", "429")
			p.shows(name, "live")
			p.visit("live?id=12")
			p.sees("#detail", "#12")
			p.until(`document.querySelector('.timeline')`)
			p.shows(name, "exchange")
			p.visit("scenario")
			p.sees("#standing", "throttled at first")
			p.shows(name, "scenario")
			p.write("#editor", "name = \"x\"\n\n[[rule]]\nname = \"wrong\"\nerror = \"Throtling\"\n")
			p.click("#apply")
			p.sees("#problems", "Throtling")
			p.shows(name, "mistake")
			p.click("#undo")
			p.sees("dialog", map[bool]string{true: "放弃", false: "Discard"}[l.zh])
			p.shows(name, "ask")
			p.click("dialog .danger")
			p.until(`document.querySelector('#editor').value.includes('a busy afternoon')`)
			p.visit("throw?entry=dashscope%2Fmodel%2FThrottling.RateQuota")
			p.sees("#samples", "429")
			p.shows(name, "throw")
			p.visit("verdict")
			p.until(`document.querySelector('.verdict-line')`)
			p.shows(name, "verdict")
			p.visit("clock")
			p.until(`document.querySelector('#now')?.textContent.length > 10`)
			p.shows(name, "clock")
			p.quiet("422")
		})
	}
}

// shows keeps a picture of what can be seen, which must fit the screen.
func (p *page) shows(look, view string) {
	p.t.Helper()
	if wide := eval[bool](p, `document.documentElement.scrollWidth > innerWidth || document.querySelector('main').scrollWidth > document.querySelector('main').clientWidth + 1`); wide {
		p.t.Errorf("%s is wider than the screen", view)
	}
	p.picture(view + "-" + look)
}

// TestRowsFillTheList: rows end where their frame does, and the words above them
// stand over their columns, whether there are few or more than fit.
func TestRowsFillTheList(t *testing.T) {
	w := serve(t, "", admin.Options{})
	p := open(t, w.console, desk)
	fits := func(what string) {
		t.Helper()
		p.until(`document.querySelector('.line')`)
		if gap := eval[float64](p, `(() => { const l = document.querySelector('#list'); return l.clientWidth - document.querySelector('.line').offsetWidth })()`); gap != 0 {
			t.Errorf("%s: rows end %g pixels before the list does", what, gap)
		}
		p.until(`['model', 'outcome', 'took'].every((c) => Math.abs(document.querySelector('.head .' + c).getBoundingClientRect().left - document.querySelector('.line .' + c).getBoundingClientRect().left) < 1)`)
	}
	w.chat("", "qwen-plus", "one")
	fits("few")
	if gap := eval[float64](p, `document.querySelector('.head').getBoundingClientRect().right - document.querySelector('.line').getBoundingClientRect().right`); gap != 0 {
		t.Errorf("nothing scrolls, and rows end %g pixels before the frame", gap)
	}
	for range 40 {
		w.chat("", "qwen-plus", "more")
	}
	p.sees("#count", "41 of 41")
	fits("many")
	p.quiet()
}

// What a select has no room for is seen to be cut.
func TestLongNamespaceIsSeenToBeCut(t *testing.T) {
	w := serve(t, "", admin.Options{})
	w.chat("a-namespace-with-quite-a-long-name-for-its-select", "qwen-plus", "one")
	p := open(t, w.console+"#live?namespace=a-namespace-with-quite-a-long-name-for-its-select", look{width: 390, height: 844})
	p.until(`document.querySelector('#namespace')?.value.startsWith('a-namespace')`)
	if got := eval[string](p, `getComputedStyle(document.querySelector('#namespace')).textOverflow`); got != "ellipsis" {
		t.Errorf("it is cut as %q", got)
	}
	p.shows("390-light-en", "long-namespace")
}
