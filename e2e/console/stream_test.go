package console

import (
	"testing"

	"github.com/mockllm/mockllm/admin"
)

// A connection that is lost is told of and made again, and nothing that
// happened meanwhile is missing.
func TestStreamReconnects(t *testing.T) {
	w := serve(t, "", admin.Options{})
	w.chat("", "qwen-plus", "before")
	p := open(t, w.console, desk)
	p.sees("#count", "1 of 1")
	w.line.cut()
	p.sees("#stream", "connection lost, reconnecting…")
	w.chat("", "qwen-plus", "meanwhile")
	w.line.mend()
	p.until(`['back', 'open'].includes(document.querySelector('#stream').dataset.state)`)
	p.sees("#count", "2 of 2")
	w.chat("", "qwen-plus", "after")
	p.sees("#count", "3 of 3")
	p.quiet("net::ERR")
}

// Another server that answers instead begins to count anew: what the first one
// told is no longer true.
func TestStreamOfAnotherServer(t *testing.T) {
	first := serve(t, "", admin.Options{})
	for range 3 {
		first.chat("", "qwen-plus", "of the first")
	}
	p := open(t, first.console, desk)
	p.sees("#count", "3 of 3")
	first.line.cut()
	p.sees("#stream", "reconnecting")
	second := serveOn(t, "", admin.Options{}, first.line)
	second.chat("", "qwen-max", "of the second")
	p.sees("#list", "qwen-max")
	p.sees("#count", "1 of 1")
	p.quiet("net::ERR")
}

// With a token, the page asks for it and forgets it with the tab.
func TestToken(t *testing.T) {
	w := serve(t, "", admin.Options{Token: "open sesame"})
	w.chat("", "qwen-plus", "x")
	p := open(t, w.console, desk)
	p.sees("dialog", "This server demands its admin token.")
	p.write("#token", "wrong")
	p.click("dialog button[type=submit]")
	p.sees("dialog", "That is not the admin token of this server.")
	p.write("#token", "open sesame")
	p.click("dialog button[type=submit]")
	p.sees("#count", "1 of 1")
	p.run(reload())
	p.sees("#count", "1 of 1")
	if kept := eval[bool](p, `JSON.stringify(localStorage).includes('sesame') || document.cookie.includes('sesame') || location.href.includes('sesame')`); kept {
		t.Error("the token outlives the tab")
	}
	other := open(t, w.console, desk)
	other.sees("dialog", "demands its admin token")
	p.quiet("401")
	other.quiet("401")
}
