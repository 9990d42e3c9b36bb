package console

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/mockllm/mockllm/admin"
)

// Who has no mouse gets everywhere, is not sent through long lists to get on, and
// never loses the place where the keys go.
func TestKeys(t *testing.T) {
	w := serve(t, "", admin.Options{})
	w.chat("", "qwen-plus", "one")
	w.chat("", "qwen-plus", "two")
	p := open(t, w.console, desk)
	on := func(selector string) {
		t.Helper()
		p.until(`document.activeElement.matches(` + quote(selector) + `)`)
	}
	from := func(selector string) {
		t.Helper()
		p.until(`document.querySelector(` + quote(selector) + `)`)
		eval[bool](p, `(document.querySelector(`+quote(selector)+`).focus(), true)`)
	}
	p.until(`document.querySelectorAll('#list [role=row]').length === 2`)
	from("#list")
	p.press(kb.ArrowDown, kb.ArrowDown, kb.Enter)
	p.sees("#detail", "#1")
	on("#detail")
	p.press(kb.Tab)
	on("#close-detail")
	p.press(kb.Escape)
	on("#list")
	p.until(`document.querySelector('#detail').hidden`)

	p.choose("#namespace", "\n")
	on("input#namespace")
	p.press(kb.Escape)
	on("select#namespace")
	p.choose("#namespace", "\n")
	p.write("input#namespace", "blue")
	p.press(kb.Enter)
	p.until(`location.hash.includes('namespace=blue')`)
	on("select#namespace")

	p.visit("throw")
	from(".result[data-id$='/Arrearage']")
	p.press(kb.Enter)
	p.sees("#entry", "Arrearage")
	on("#entry")
	p.press(kb.Tab)
	on("#variant")
	p.press(kb.Escape)
	on(".result[data-id$='/Arrearage']")
	p.quiet()
}
