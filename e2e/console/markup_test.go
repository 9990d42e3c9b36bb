package console

import (
	"bufio"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/mockllm/mockllm/admin"
)

// evil is markup that would call attention to itself, in all places that a
// caller, a scenario or a person can write to.
const evil = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>`

// Markup and scripts are shown as text in every view.
func TestMarkupIsText(t *testing.T) {
	name := strings.ReplaceAll(evil, `"`, `\"`)
	w := serve(t, `
		name = "`+name+`"
		[[rule]]
		name   = "`+name+`"
		match  = { prompt = "onerror" }
		error  = "Arrearage"
		sticky = "content"
		[[rule]]
		name   = "near `+name+`"
		match  = { model = "other`+name+`" }
		when   = { per = "model" }
		error  = "Arrearage"
		[[limit]]
		name = "`+name+`"
		per  = "model"
		rpm  = 100
		[[expect]]
		max_attempts = 1
		`, admin.Options{})
	body := `{"model":` + quote(evil) + `,"messages":[{"role":` + quote("user") + `,"content":` + quote(evil) + `}]}`
	for range 2 {
		w.post("", "/compatible-mode/v1/chat/completions?"+url.QueryEscape(evil)+"="+url.QueryEscape(evil), evil, body)
	}
	req, err := http.NewRequest(http.MethodPost, w.vendors+"/nowhere/"+url.PathEscape(evil), strings.NewReader(evil))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Evil", evil)
	req.Header.Set("User-Agent", evil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if _, err := w.server.Admin().Throw(t.Context(), "", []byte(`{"error":"Arrearage","match":{"model":`+quote(evil)+`}}`)); err != nil {
		t.Fatal(err)
	}
	const shown = "<img src=x"
	p := open(t, w.console, desk)
	p.sees("#list", shown)
	for _, id := range []string{"1", "2", "3"} {
		p.visit("live?id=" + id)
		p.sees("#detail", "#"+id)
		p.until(`document.querySelectorAll('#detail section').length === 4`)
		p.sees("#detail", shown)
		eval[bool](p, `(() => { for (const d of document.querySelectorAll('details')) d.open = true; return true })()`)
	}
	p.write("#filter-text", evil)
	p.visit("scenario")
	p.sees("#standing", shown, "Limit "+shown)
	p.sees("#scenario-name", shown)
	p.write("#editor", `name = "`+name+`"`+"\n[[rule]]\nname = \""+name+"\"\nerror = \""+name+"\"\n")
	p.click("#apply")
	p.sees("#problems", shown)
	p.click("#release-rule-0")
	p.sees("#said", shown)
	p.visit("throw?search=" + url.QueryEscape(evil) + "&entry=" + url.QueryEscape(evil))
	p.sees("#waiting", shown)
	p.sees("#entry", shown)
	p.visit("verdict")
	p.sees("#judged", shown)
	p.visit("clock?namespace=" + url.QueryEscape(evil))
	p.sees("#clock-about", shown)
	p.until(`document.querySelector('#namespace').innerText.includes('<img src=x')`)
	if hurt := eval[bool](p, `window.hurt !== undefined || document.querySelector('img, main script, [onerror]') !== null`); hurt {
		t.Error("markup became part of the page")
	}
	p.quiet("400", "422", "404")
}

// What would be run or fetched from elsewhere, or put in by markup, is not.
func TestContentSecurityPolicy(t *testing.T) {
	w := serve(t, "", admin.Options{})
	p := open(t, w.console, desk)
	p.sees("#stream", "live")
	for what, js := range map[string]string{ // Not at once: what a debugger evaluates may more than a page.
		"markup": `(() => { try { document.querySelector('main').innerHTML = '<b>x</b>'; return false } catch { return true } })()`,
		"eval":   `(() => { try { Function('return 1')(); return false } catch { return true } })()`,
		"an inline style": `(() => { const e = document.createElement('p'); e.setAttribute('style', 'color: rgb(1, 2, 3)'); document.body.append(e);
			const kept = getComputedStyle(e).color; e.remove(); return kept !== 'rgb(1, 2, 3)' })()`,
	} {
		p.until(`(window.tried ??= {})[` + quote(what) + `] ??= (setTimeout(() => { window.tried[` + quote(what) + `] = String(` + js + `) }), '')`)
		if got := eval[string](p, `window.tried[`+quote(what)+`]`); got != "true" {
			t.Errorf("%s is let in", what)
		}
	}
	elsewhere := serve(t, "", admin.Options{})
	p.until(`(window.asked ??= fetch(` + quote(elsewhere.console+"version") + `).then(() => window.answer = 'came', () => window.answer = 'refused'), window.answer)`)
	if got := eval[string](p, `window.answer`); got != "refused" {
		t.Error("the page may talk to another origin")
	}
	p.quiet("Content Security Policy", "TrustedHTML", "Trusted", "innerHTML")
}

// What a server behind says is text, too, even where it is no HTTP.
func TestMarkupFromUpstream(t *testing.T) {
	const said = "<script>window.hurt=1</script>" // All of a line without spaces is quoted.
	l := listen(t)
	var gone sync.WaitGroup
	gone.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				io.Copy(io.Discard, req.Body) // What is left unread would reset the connection.
			}
			io.WriteString(c, said+"\r\n\r\n")
			c.Close()
		}
	})
	t.Cleanup(func() {
		l.Close()
		gone.Wait()
	})
	w := serve(t, "name = \"behind\"\n[upstream]\nurl = \"http://"+l.Addr().String()+"\"\n", admin.Options{})
	if status, body := w.chat("", "qwen-plus", "x"); status != http.StatusBadGateway {
		t.Fatalf("%d %s", status, body)
	}
	p := open(t, w.console, desk)
	p.sees("#list", said)
	p.click("#row-1")
	p.sees("#detail .upstream", said)
	p.sees("#detail .decision", said)
	if hurt := eval[bool](p, `window.hurt !== undefined || document.querySelector('img, main script, [onerror]') !== null`); hurt {
		t.Error("markup became part of the page")
	}
	p.quiet()
}
