package console

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/mockllm/mockllm/admin"
)

const counted = `
name = "counted"
seed = 7

[[limit]]
name = "plan"
rpm  = 4

[[rule]]
name  = "first two"
match = { model = "qwen-plus" }
when  = { calls = "1..2" }
error = "Throttling.RateQuota"

[[rule]]
name   = "wall"
match  = { model = "qwen-max" }
when   = { calls = 1 }
error  = "Arrearage"
sticky = "key"
`

// A person edits a scenario with a mistake, reads the message at its line, puts
// it right, and a client meets it.
func TestEditScenario(t *testing.T) {
	w := serve(t, counted, admin.Options{})
	p := open(t, w.console+"#scenario", desk)
	p.until(`document.querySelector('#editor').value.includes('first two')`)
	p.write("#editor", "name = \"edited\"\n\n[[rule]]\nname  = \"always\"\nerror = \"Throtling\"\nwhen  = { every = 0 }\n")
	p.sees("#apply", "Apply •")
	p.visit("live") // What was not applied is not lost.
	p.visit("scenario")
	p.sees("#apply", "Apply •")
	p.click("#apply")
	p.sees("#problems", "Not applied. Problems: 2", "line 5", `no documented error is called "Throtling"; did you mean "Throttling"?`, "line 6")
	if marked := eval[[]string](p, `[...document.querySelectorAll('.numbers .marked')].map((n) => n.textContent)`); strings.Join(marked, " ") != "5 6" {
		t.Errorf("marked are the lines %q", marked)
	}
	if line := eval[string](p, `getSelection().toString() || (() => { const a = document.querySelector('#editor'); return a.value.slice(a.selectionStart, a.selectionEnd) })()`); line != `error = "Throtling"` {
		t.Errorf("selected is %q", line)
	}
	if status, _ := w.chat("", "qwen-turbo", "x"); status != 200 {
		t.Errorf("what is wrong is followed: status %d", status)
	}
	p.write("#editor", "name = \"edited\"\n\n[[rule]]\nname  = \"always\"\nerror = \"dashscope/model/Throttling\"\n")
	p.run(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	p.sees("#said", "“edited” is followed. Rules: 1")
	p.sees("#standing", "always", "calls: 0, of which fire: 0", "the next one fires")
	p.until(`document.querySelector('#problems').childElementCount === 0 && !document.querySelector('.numbers .marked')`)
	if status, _ := w.chat("", "qwen-turbo", "x"); status != 429 {
		t.Errorf("what was applied is not followed: status %d", status)
	}
	p.sees("#standing", "calls: 1, of which fire: 1")
	p.quiet("422")
}

// Counters, limits and holds fill up, and are released and reset.
func TestScenarioFillsUp(t *testing.T) {
	w := serve(t, counted, admin.Options{})
	p := open(t, w.console+"#scenario", desk)
	p.sees("#standing", "first two", "calls 1–2 · counted together", "plan", "rpm: nothing of 4 used")
	w.chat("", "qwen-plus", "one")
	p.sees("#rule-0", "calls: 1, of which fire: 1", "the next one fires")
	w.chat("", "qwen-max", "two")
	p.sees("#rule-1", "holds", "sk-c***89")
	w.chat("", "qwen-plus", "three")
	p.sees("#rule-0", "calls: 2, of which fire: 2", "the next one does not")
	p.sees("#standing", "rpm: 3 of 4 used", "all there again at")
	p.click("#release-rule-1")
	p.sees("#said", "“wall” holds for nobody now.")
	p.sees("#rule-1", "holds for nobody")
	p.click("#reset")
	p.sees("dialog", "Make the namespace as new?")
	p.press(kb.Escape)
	p.until(`!document.querySelector('dialog')`)
	p.sees("#rule-0", "calls: 2")
	p.click("#reset")
	p.click("dialog .danger")
	p.sees("#said", "The namespace is as new.")
	p.sees("#rule-0", "calls: 0, of which fire: 0")
	if n := len(w.server.Journal()); n != 0 {
		t.Errorf("the journal still has %d exchanges", n)
	}
	p.quiet()
}

// The library is one click away, also for a namespace of its own.
func TestLibrary(t *testing.T) {
	w := serve(t, "", admin.Options{})
	p := open(t, w.console+"#scenario?namespace=blue", desk)
	p.choose("#library", "stream-cut")
	p.until(`document.querySelector('#editor').value.includes('name = "stream-cut"')`)
	p.until(`document.querySelector('#library').value === ''`) // The same one can be taken again.
	p.click("#apply")
	p.sees("#said", "“stream-cut” is followed.")
	p.sees("#scenario-name", "stream-cut")
	if got := w.server.Admin().Scenario("").Name; got == "stream-cut" {
		t.Error("the default namespace follows it too")
	}
	p.click("#drop")
	p.sees("#said", "The namespace follows the default scenario.")
	if got := w.server.Admin().Scenario("blue").Name; got == "stream-cut" {
		t.Error("it is still followed")
	}
	p.quiet()
}

// From the exchange to the rule, and to the line where it stands.
func TestFromExchangeToRule(t *testing.T) {
	w := serve(t, counted, admin.Options{})
	w.chat("", "qwen-plus", "one")
	p := open(t, w.console+"#live?id=1", desk)
	p.click("#detail .firing a.rule")
	p.until(`(() => { const a = document.querySelector('#editor'); return a && a.value.slice(a.selectionStart, a.selectionEnd) === '[[rule]]' })()`)
	p.sees(".card.wanted", "first two")
	p.quiet()
}

// What is told of those who count alone is not all, and that is said.
func TestScenarioSaysWhatIsCovered(t *testing.T) {
	w := serve(t, "[[rule]]\nname = \"each\"\nwhen = { calls = 2, per = \"key\" }\nerror = \"Throttling\"\n", admin.Options{})
	call := func(key int) {
		w.post("", "/compatible-mode/v1/chat/completions", fmt.Sprintf("sk-of-caller-%04d", key), `{"model":"qwen-plus","messages":[{"role":"user","content":"x"}]}`)
	}
	for i := range 20 {
		call(i)
	}
	p := open(t, w.console+"#scenario", desk)
	p.until(`document.querySelectorAll('#rule-0 .meter').length === 20`)
	if p.text(".covered") != "" {
		t.Errorf("all is told of, and it says %q", p.text(".covered"))
	}
	for i := range 485 {
		call(i % 25)
	}
	p.sees("#rule-0 .covered", "There are more; the 20 who called last are shown.", "Looked for in the newest 500 of 505 calls.")
	p.quiet()
}

// What was written and not applied is thrown away only by who says so, with keys
// as with the mouse, and in both languages.
func TestDiscardIsAsked(t *testing.T) {
	const mine = "name = \"mine\"\n"
	for name, l := range map[string]look{"en": desk, "zh": {width: 390, height: 844, zh: true}} {
		t.Run(name, func(t *testing.T) {
			question, no := "The text was changed and not applied. Discard that?", "Cancel"
			if l.zh {
				question, no = "文本已修改但未应用。要放弃修改吗？", "取消"
			}
			w := serve(t, counted, admin.Options{})
			p := open(t, w.console+"#scenario", l)
			p.holds(counted)
			p.click("#undo") // Nothing was written.
			p.until(`!document.querySelector('dialog')`)
			p.write("#editor", mine)
			eval[bool](p, `(() => { document.querySelector('#undo').focus(); return true })()`)
			p.press(kb.Enter)
			p.sees("dialog", question)
			if got := eval[string](p, `document.activeElement.textContent`); got != no {
				t.Errorf("the keys are on %q", got)
			}
			p.press(kb.Enter) // What is safe is one key away.
			p.until(`!document.querySelector('dialog')`)
			p.holds(mine)
			if got := eval[string](p, `document.activeElement.id`); got != "undo" {
				t.Errorf("the keys are on %q again", got)
			}
			p.press(kb.Enter)
			p.sees("dialog", question)
			p.press(kb.Tab, kb.Enter)
			p.holds(counted)
			p.quiet()
		})
	}
}

// Who has a namespace follow the default's scenario again is asked, too.
func TestDropIsAsked(t *testing.T) {
	const mine = "name = \"mine\"\n"
	w := serve(t, counted, admin.Options{})
	p := open(t, w.console+"#scenario?namespace=blue", desk)
	p.holds(counted)
	p.write("#editor", mine)
	p.click("#apply")
	p.sees("#said", "“mine” is followed.")
	p.write("#editor", mine+"# and more\n")
	p.click("#drop")
	p.click("dialog button:not(.danger)")
	if got := w.server.Admin().Scenario("blue").Name; got != "mine" {
		t.Errorf("followed is %q", got)
	}
	p.holds(mine + "# and more\n")
	p.click("#drop")
	p.click("dialog .danger")
	p.holds(counted)
	p.quiet()
}

// What was written and not applied is there again when the page is loaded anew, and
// when one goes away before the text is there.
func TestDraftIsKept(t *testing.T) {
	const mine = "name = \"mine\"\n"
	w := serve(t, counted, admin.Options{})
	p := open(t, w.console+"#scenario", desk)
	p.holds(counted)
	p.write("#editor", mine)
	p.sees("#apply", "Apply •")
	p.run(reload())
	p.holds(mine)
	p.sees("#apply", "Apply •")
	p.visit("live")
	p.until(`await (async () => {
		for (const view of ['scenario', 'live', 'scenario', 'verdict']) {
			const there = new Promise((r) => addEventListener('hashchange', r, { once: true }));
			location.hash = view;
			await there;
		}
		return true;
	})()`)
	p.visit("scenario")
	p.holds(mine)
	p.click("#undo")
	p.click("dialog .danger")
	p.holds(counted)
	p.run(reload())
	p.holds(counted)
	p.quiet()
}

// Two people edit the same scenario: neither undoes unawares what the other did.
func TestTwoEdit(t *testing.T) {
	const theirs, mine = "name = \"theirs\"\n", "name = \"mine\"\n"
	w := serve(t, counted, admin.Options{})
	p, q := open(t, w.console+"#scenario", desk), open(t, w.console+"#scenario", desk)
	apply := func(p *page, text string) {
		t.Helper()
		p.write("#editor", text)
		p.click("#apply")
	}
	followed := func(want string) {
		t.Helper()
		if got := string(w.server.Admin().Scenario("").Source()); got != want {
			t.Errorf("followed is %q, want %q", got, want)
		}
	}
	p.holds(counted)
	q.holds(counted)
	apply(q, theirs)
	q.sees("#said", "“theirs” is followed.")
	p.holds(theirs) // Nothing was written here, so the new one is shown.
	p.write("#editor", mine)
	apply(q, counted)
	q.sees("#said", "“counted” is followed.")
	p.sees("#news", "Somebody else replaced the scenario meanwhile")
	p.visit("verdict") // It is told again.
	p.visit("scenario")
	p.holds(mine)
	p.sees("#news", "Somebody else replaced the scenario meanwhile")
	p.click("#apply")
	p.until(`performance.getEntriesByType('resource').some((r) => r.name.includes('/api/v1/scenario') && r.responseStatus === 412)`)
	followed(counted)
	p.holds(mine)
	p.click("#mine")
	p.sees("#said", "“mine” is followed.")
	p.until(`document.querySelector('#news').childElementCount === 0`)
	followed(mine)
	q.holds(mine)
	q.write("#editor", theirs)
	apply(p, counted)
	q.click("#theirs")
	q.holds(counted)
	p.quiet("412")
	q.quiet()
}
