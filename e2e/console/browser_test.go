package console

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience bounds how long anything may take on a machine that has much else
// to do. It only tells a test that hangs from one that is slow.
const patience = 3 * time.Minute

// names are what the browser is called.
var names = []string{"chromium", "chromium-browser", "google-chrome"}

// program finds the browser.
func program() string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// browser is the one browser of all tests; its context is nil if there is none.
var browser context.Context

func TestMain(m *testing.M) {
	os.Exit(func() int {
		path := program()
		if path == "" {
			return m.Run() // Each test says that it is skipped, or fails.
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("lang", "en"),
			chromedp.WSURLReadTimeout(patience))
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		defer stop()
		ctx, closeAll := chromedp.NewContext(allocator)
		defer closeAll()
		if err := chromedp.Do(ctx); err != nil {
			fmt.Fprintf(os.Stderr, "%s does not start: %v\n", path, err)
			return 1
		}
		browser = ctx
		return m.Run()
	}())
}

// need skips the test loudly where there is no browser, or fails it where one
// is required.
func need(t *testing.T) {
	t.Helper()
	if browser != nil {
		return
	}
	for _, word := range strings.Split(os.Getenv("MOCKLLM_E2E_REQUIRE"), ",") {
		if word == "chromium" {
			t.Fatalf("chromium is required and missing: there is none of %s", strings.Join(names, ", "))
		}
	}
	fmt.Fprintf(os.Stderr, "SKIPPED %s: no chromium: there is none of %s\n", t.Name(), strings.Join(names, ", "))
	t.Skip("no chromium")
}

// A page is a tab in which somebody looks at a console.
type page struct {
	t   *testing.T
	ctx context.Context
	url string

	mu     sync.Mutex
	errors []string // What the browser complained of.
}

// look is how somebody looks at the console.
type look struct {
	width, height int
	dark          bool
	zh            bool
}

// desk is how most do.
var desk = look{width: 1280, height: 860}

// open opens the console of a server in a tab of its own.
func open(t *testing.T, url string, l look) *page {
	t.Helper()
	need(t)
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext()) // With a memory of its own.
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx, url: url}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	p.run(chromedp.EmulateViewport(int64(l.width), int64(l.height)), chromedp.Navigate(url))
	p.until(`document.querySelector('header nav a')`)
	if l.zh {
		p.click("#language")
		p.until(`document.documentElement.lang === 'zh-CN'`)
	}
	return p
}

// listen keeps what the browser complains of.
func (p *page) listen(event any) {
	text := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			text = fmt.Sprintf("%s %s", e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
	case *runtime.EventConsoleAPICalled:
		text = fmt.Sprintf("console.%s", e.Type)
		for _, arg := range e.Args {
			text += " " + string(arg.Value)
		}
	}
	if text != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.errors = append(p.errors, text)
	}
}

// quiet holds that the browser complained of nothing but what is expected.
func (p *page) quiet(expected ...string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
next:
	for _, e := range p.errors {
		for _, part := range expected {
			if strings.Contains(e, part) {
				continue next
			}
		}
		p.t.Errorf("the browser says: %s", e)
	}
}

func (p *page) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%v\n%s", err, p.state())
	}
}

// state is what can be seen, for a test that failed.
func (p *page) state() string {
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + '\n' + document.body.innerText`))
	if err != nil {
		text = err.Error()
	}
	if len(text) > 3000 {
		text = text[:3000] + "…"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("the page is:\n%s\nthe browser said: %q", text, p.errors)
}

// eval returns what an expression is.
func eval[T any](p *page, js string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](js))
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", js, err, p.state())
	}
	return v
}

// until waits until an expression holds.
func (p *page) until(js string) {
	p.t.Helper()
	wait := fmt.Sprintf(`(async () => { while (!(%s)) await new Promise((r) => setTimeout(r, 15)); return true })()`, js)
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](wait, chromedp.EvalAwaitPromise)); err != nil {
		p.t.Fatalf("waiting for %s: %v\n%s", js, err, p.state())
	}
}

// sees waits until an element shows all of these words.
func (p *page) sees(selector string, words ...string) {
	p.t.Helper()
	for _, word := range words {
		p.until(fmt.Sprintf(`document.querySelector(%s)?.innerText.includes(%s)`, quote(selector), quote(word)))
	}
}

// text returns what an element shows.
func (p *page) text(selector string) string {
	p.t.Helper()
	return eval[string](p, fmt.Sprintf(`document.querySelector(%s)?.innerText ?? ''`, quote(selector)))
}

func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// click clicks on an element with the mouse.
func (p *page) click(selector string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.querySelector(%s)`, quote(selector)))
	p.run(chromedp.Click(chromedp.CSS(selector)))
}

// holds waits until the editor holds this text.
func (p *page) holds(want string) {
	p.t.Helper()
	p.until(`document.querySelector('#editor')?.value === ` + quote(want))
}

// write types into a field instead of what is there.
func (p *page) write(selector, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.querySelector(%s)`, quote(selector)))
	eval[bool](p, fmt.Sprintf(`(() => { const f = document.querySelector(%s); f.focus(); f.select(); return true })()`, quote(selector)))
	if text == "" {
		p.press(kb.Delete)
		return
	}
	if _, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		p.t.Fatal(err)
	}
}

// choose picks an option of a select.
func (p *page) choose(selector, value string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`[...document.querySelector(%s)?.options ?? []].some((o) => o.value === %s)`, quote(selector), quote(value)))
	eval[bool](p, fmt.Sprintf(`(() => { const s = document.querySelector(%s); s.value = %s; return s.dispatchEvent(new Event('change', {bubbles: true})) })()`, quote(selector), quote(value)))
}

// press presses keys.
func (p *page) press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.run(chromedp.KeyEvent(key))
	}
}

// visit goes to a view by its address.
func (p *page) visit(fragment string) {
	p.t.Helper()
	eval[string](p, `location.hash = `+quote(fragment))
	view, _, _ := strings.Cut(fragment, "?")
	p.until(fmt.Sprintf(`document.querySelector('#tab-%s')?.getAttribute('aria-current') === 'page'`, view))
}

// picture keeps what can be seen as a file.
func (p *page) picture(name string) {
	p.t.Helper()
	dir := os.Getenv("MOCKLLM_E2E_SCREENSHOTS")
	if dir == "" {
		dir = p.t.ArtifactDir()
	}
	png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	if len(png) < 1000 {
		p.t.Errorf("%s: a picture of %d bytes shows nothing", name, len(png))
	}
	if err = os.MkdirAll(dir, 0o755); err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// reload loads the page anew.
func reload() chromedp.Action[chromedp.Void] { return chromedp.Reload() }
