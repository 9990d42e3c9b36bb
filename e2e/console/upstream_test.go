package console

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/admin"
)

// behind starts a server in front of another one, which is slow, and has one
// call of each kind pass.
func behind(t *testing.T) *world {
	real := serve(t, `
		name = "real"
		[[rule]]
		name  = "dies"
		match = { model = "qwen-max" }
		fault = { kind = "cut", after_frames = 2 }
		[[rule]]
		name    = "slow"
		match   = { stream = true, dialect = "dashscope-compatible" }
		reply   = { text = "abcdefghij", frames = 6 }
		latency = { first_byte = "80ms", frame = "20ms" }
		`, admin.Options{})
	front := serve(t, `
		name = "in front"
		[upstream]
		url = "`+real.vendors+`"
		[[rule]]
		name  = "torn"
		match = { model = "qwen-turbo", stream = true }
		fault = { kind = "cut", after_frames = 2 }
		`, admin.Options{})
	ask := func(model string, stream bool) {
		front.post("", "/compatible-mode/v1/chat/completions", "sk-console-0123456789", fmt.Sprintf(`{"model":%q,"stream":%t,"messages":[{"role":"user","content":"x"}]}`, model, stream))
	}
	ask("qwen-plus", true)
	ask("qwen-turbo", true)
	ask("qwen-max", true)
	real.server.Close()
	ask("qwen-plus", false)
	front.post("", "/nowhere", "sk-console-0123456789", "")
	return front
}

// What came from a real server is shown beside what was done to it.
func TestUpstream(t *testing.T) {
	w := behind(t)
	for name, l := range map[string]look{"1280-light-en": desk, "390-dark-zh": {390, 844, true, true}} {
		p := open(t, w.console, l)
		p.sees("#list", "qwen-max")
		p.until(`!document.querySelector('#list').innerText.includes('cause.')`)
		p.shows(name, "live-upstream")
		for _, id := range []string{"1", "2", "3", "4"} {
			p.visit("live?id=" + id)
			p.sees("#detail h2", "#"+id)
			p.sees("#detail .upstream", "http://127.0.0.1:")
			p.shows(name, "upstream-"+id)
			for _, e := range append(eval[[]string](p, unnamed), eval[[]string](p, faint)...) {
				t.Errorf("%s: exchange %s: %s", name, id, e)
			}
		}
		if l.zh {
			p.visit("live?id=4")
			p.sees("#detail .decision", "连接被拒绝") // The system says so.
		}
		p.quiet()
	}
	p := open(t, w.console, desk)
	p.sees("#count", "5 of 5")
	p.choose("#filter-cause", "rule")
	p.sees("#count", "0 of 5")
	p.choose("#filter-cause", "upstream")
	p.sees("#count", "5 of 5")
	p.choose("#filter-outcome", "refused")
	p.sees("#list", "upstream failed")
	p.sees("#count", "2 of 5")
	p.choose("#filter-outcome", "failed")
	p.sees("#count", "1 of 5")

	p.visit("live?id=1")
	p.sees("#detail .decision", "passed to upstream")
	p.sees("#detail .upstream", "Status", "200", "First byte after", "frames: 9")
	p.sees("#detail .sent", "HTTP/1.1 200 OK", "Content-Type: text/event-stream", "data: [DONE]")
	if rest := p.text("#detail .bytes .rest"); rest != "" {
		t.Errorf("%q is shown as not sent", rest)
	}
	p.sees("#detail .legend", "waiting for upstream", "copied from upstream", "proper end")
	at := eval[[]float64](p, `['upstream', 'copy', 'ok'].flatMap((k) => { const r = document.querySelector('.timeline rect.' + k); return [r.x.baseVal.value, r.width.baseVal.value] })`)
	if at[0] != 0 || at[1] < 100 || at[2] < at[1] || at[3] < 100 || at[4] < 990 {
		t.Errorf("the timeline is %v, want a wait, a copy behind it, and the end", at)
	}
	if label := eval[string](p, `document.querySelector('.timeline').getAttribute('aria-label')`); !strings.HasPrefix(label, "Frames: 9, waits: 1, ") {
		t.Errorf("to readers it is %q", label)
	}
	p.visit("live?id=2")
	p.sees("#detail .decision", "passed to upstream", "torn · call 1", "cut")
	p.until(`document.querySelector('.timeline rect.cut')`)
	p.visit("live?id=3")
	p.sees("#detail h2", "broken off")
	p.sees("#detail .upstream", "Failed", "unexpected EOF")
	p.visit("live?id=4")
	p.sees("#detail h2", "refused by mockllm")
	p.sees("#detail .upstream", "none came", "connect")
	p.quiet()
}
