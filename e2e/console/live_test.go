package console

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/mockllm/mockllm/admin"
)

// A person watches a failing client: sees the call, opens it, and reads what
// answered and why the others did not.
func TestLiveTellsWhy(t *testing.T) {
	w := serve(t, `
		name = "why"
		seed = 7
		[[rule]]
		name  = "later"
		match = { model = "qwen-plus" }
		when  = { calls = "5.." }
		error = "Arrearage"
		[[rule]]
		name  = "a roll"
		match = { model = "qwen-plus" }
		when  = { probability = 1.0 }
		error = "Throttling.RateQuota"
		`, admin.Options{})
	p := open(t, w.console, desk)
	p.sees(".empty", "Nothing has been called in this namespace yet.")
	p.sees("#stream", "live")
	if status, _ := w.chat("", "qwen-plus", "Hello!"); status != 429 {
		t.Fatalf("status %d", status)
	}
	p.sees("#list", "POST /compatible-mode/v1/chat/completions", "qwen-plus", "429", "model/Throttling.RateQuota", "a roll #1")
	p.click("#row-1")
	p.sees("#detail .decision", "rule", "dashscope/model/Throttling.RateQuota", "a roll · call 1", "below the probability 1", "later: when.calls starts at 5, this is call 1")
	p.sees("#detail .sent", "HTTP/1.1 429 Too Many Requests", "Content-Type: application/json", `"code":"`, "frames: 1")
	p.sees("#detail .request", "POST /compatible-mode/v1/chat/completions", `"content": "Hello!"`)
	if body := p.text("#detail"); strings.Contains(body, "console-0123456789") {
		t.Error("the key is shown")
	}
	if hash := eval[string](p, `location.hash`); hash != "#live?id=1" {
		t.Errorf("the address of the exchange is %s", hash)
	}
	p.visit("live?namespace=blue")
	p.sees(".empty", "Clients call "+w.vendors+"/ns/blue.")
	p.quiet()
}

// The timeline is to scale, and shows where the answer is cut.
func TestTimelineIsToScale(t *testing.T) {
	w := serve(t, `
		name = "scale"
		[[rule]]
		name    = "slow"
		match   = { stream = true, dialect = "dashscope-compatible" }
		reply   = { text = "abcdefghij", frames = 6 }
		latency = { first_frame = "60ms", frame = "20ms" }
		fault   = { kind = "cut", after_frames = 3 }
		`, admin.Options{})
	w.post("", "/compatible-mode/v1/chat/completions", "sk-1", `{"model":"qwen-max","stream":true,"messages":[{"role":"user","content":"x"}]}`)
	p := open(t, w.console+"#live?id=1", desk)
	p.until(`document.querySelectorAll('.timeline rect.cut').length === 1`)
	waits := eval[[]float64](p, `[...document.querySelectorAll('.timeline rect.wait')].map((r) => r.width.baseVal.value)`)
	if len(waits) != 3 || waits[0] < 2.9*waits[1] || waits[0] > 3.1*waits[1] {
		t.Errorf("the waits are drawn %v wide, want 3:1:1", waits)
	}
	if n := eval[int](p, `document.querySelectorAll('.timeline rect.frame').length`); n != 3 {
		t.Errorf("%d frames are drawn, 3 were sent", n)
	}
	if label := eval[string](p, `document.querySelector('.timeline').getAttribute('aria-label')`); label != "Frames: 3, waits: 3, in all: 100 ms; the last step is close" {
		t.Errorf("to readers it is %q", label)
	}
	p.sees("#detail .sent", "data: {")
	p.quiet()
}

// What was planned and did not leave is told from what did.
func TestBytesAsSent(t *testing.T) {
	w := serve(t, `
		name = "bytes"
		[[rule]]
		name  = "torn"
		match = { stream = true, dialect = "dashscope-compatible" }
		reply = { text = "你好" }
		fault = { kind = "cut", at = "inside-rune" }
		`, admin.Options{})
	w.post("", "/compatible-mode/v1/chat/completions", "sk-1", `{"model":"qwen-max","stream":true,"messages":[{"role":"user","content":"x"}]}`)
	p := open(t, w.console+"#live?id=1", desk)
	p.sees("#detail .bytes", `\xe4`)
	p.quiet()
}

// The filters leave what is looked for, and the address keeps them.
func TestLiveFilters(t *testing.T) {
	w := serve(t, rich, admin.Options{})
	w.busy()
	p := open(t, w.console, desk)
	count := func(want string) {
		t.Helper()
		p.until(fmt.Sprintf(`document.querySelector('#count').innerText === %s`, quote(want)))
	}
	count("14 of 14")
	p.choose("#filter-outcome", "error")
	count("6 of 14")
	p.choose("#filter-outcome", "damaged")
	p.sees("#list", "cut")
	count("1 of 14")
	p.choose("#filter-outcome", "")
	p.choose("#filter-dialect", "qianfan-v2")
	count("1 of 14")
	p.choose("#filter-dialect", "")
	p.write("#filter-entry", "RateQuota")
	count("2 of 14")
	p.write("#filter-text", "nothing like it")
	p.sees(".empty", "No exchange fits the filters.")
	p.run(reload())
	p.sees(".empty", "No exchange fits the filters.")
	p.write("#filter-text", "")
	count("2 of 14")
	p.write("#filter-entry", "")
	p.click("#filter-all")
	count("15 of 15")
	p.sees("#list", "blue")
	p.click("#filter-all")
	p.choose("#namespace", "blue")
	count("1 of 1")
	p.choose("#namespace", "\n") // Another, which nobody has called yet.
	p.until(`document.querySelector('input#namespace')`)
	p.write("#namespace", "green!")
	p.press(kb.Enter)
	p.sees("#said", "A namespace has at most 100 letters")
	p.write("#namespace", "green")
	p.press(kb.Enter)
	p.until(`location.hash === '#live?namespace=green'`)
	count("0 of 0")
	w.chat("green", "qwen-plus", "x")
	count("1 of 1")
	p.quiet()
}

// Everything in the list can be done with the keyboard.
func TestLiveByKeyboard(t *testing.T) {
	w := serve(t, rich, admin.Options{})
	w.busy()
	p := open(t, w.console, desk)
	p.sees("#count", "14 of 14")
	eval[bool](p, `(() => { document.querySelector('#list').focus(); return true })()`)
	p.press(kb.ArrowDown, kb.ArrowDown)
	p.until(`document.querySelector('#list').getAttribute('aria-activedescendant') === 'row-14'`)
	p.press(kb.End)
	p.until(`document.querySelector('#list').getAttribute('aria-activedescendant') === 'row-1'`)
	p.press(kb.Enter)
	p.sees("#detail", "#1 ", "Throttling.RateQuota")
	p.until(`document.activeElement.id === 'detail'`)
	p.press(kb.Tab)
	p.until(`document.activeElement.id === 'close-detail'`)
	p.press(kb.Enter)
	p.until(`document.querySelector('#detail').hidden && document.activeElement.id === 'list'`)
	p.quiet()
}

// What of an answer was sent is not known while it is under way, and is not guessed.
func TestUnderWay(t *testing.T) {
	w := serve(t, "[[rule]]\nname = \"silent\"\nfault = { kind = \"stall\", after_frames = 2 }\n", admin.Options{})
	ctx, leave := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	calling.Go(func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.vendors+"/compatible-mode/v1/chat/completions", strings.NewReader(`{"model":"qwen-plus","stream":true,"messages":[{"role":"user","content":"x"}]}`))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Authorization", "Bearer sk-console-0123456789")
		if res, err := http.DefaultClient.Do(req); err == nil {
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
		}
	})
	defer calling.Wait()
	defer leave()
	p := open(t, w.console+"#live", desk)
	p.sees("#list", "under way")
	p.click("#row-1")
	p.sees("#detail .sent", "planned:", "What of it was sent is known when it is over.")
	if p.text("#detail .rest") != "" || p.text("#detail .planned") == "" {
		t.Error("what is under way looks as if it had not been sent")
	}
	leave()
	p.sees("#detail .sent", "the client left")
	p.until(`document.querySelector('#detail .gone')?.textContent.includes('data: ') && !document.querySelector('#detail .planned')`)
	p.quiet()
}

// Ten thousand exchanges are as few elements as a screenful, and all of them
// can be reached.
func TestTenThousandExchanges(t *testing.T) {
	w := serve(t, "", admin.Options{})
	const all = 10_000
	for i := range all {
		w.chat("", "qwen-plus", fmt.Sprint("call ", i))
	}
	p := open(t, w.console, desk)
	p.sees("#count", "10000 of 10000")
	bounded := func() {
		t.Helper()
		if n := eval[int](p, `document.querySelectorAll('#list .line').length`); n == 0 || n > 100 {
			t.Errorf("%d rows are in the document", n)
		}
		if n := eval[int](p, `document.querySelectorAll('*').length`); n > 2000 {
			t.Errorf("%d elements are in the document", n)
		}
	}
	bounded()
	p.until(`document.querySelector('#row-10000')`)
	eval[int](p, `document.querySelector('#list').scrollTop = document.querySelector('#list').scrollHeight`)
	p.until(`document.querySelector('#row-1')`)
	bounded()
	eval[int](p, `document.querySelector('#list').scrollTop = 160000`)
	p.until(`document.querySelector('#row-5000')`)
	top := eval[float64](p, `document.querySelector('#row-5000').getBoundingClientRect().top`)
	w.chat("", "qwen-plus", "one more")
	p.sees("#count", "10001 of 10001") // The journal keeps ten thousand, the page some more.
	if now := eval[float64](p, `document.querySelector('#row-5000').getBoundingClientRect().top`); now < top-1 || now > top+1 {
		t.Errorf("what is looked at moved from %v to %v when a call came", top, now)
	}
	bounded()
	p.quiet()
}
