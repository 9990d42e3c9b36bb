package console

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/mockllm/mockllm/admin"
)

// places are all views, with what to wait for.
var places = []struct{ fragment, ready string }{
	{"live", `document.querySelector('#list .line')`},
	{"live?id=12", `document.querySelectorAll('#detail section').length === 4`},
	{"scenario", `document.querySelector('#standing .card') && document.querySelector('#library')`},
	{"throw?entry=dashscope%2Fmodel%2FThrottling.RateQuota", `document.querySelector('#samples') && document.querySelector('.result')`},
	{"verdict", `document.querySelector('.verdict-line')`},
	{"clock", `document.querySelector('#clock-about .badge')`},
}

// unnamed lists the controls that a reader could not name, and ids that stand
// for two things.
const unnamed = `[...document.querySelectorAll('button, a, input, select, textarea, summary, [role=img], [role=grid], dialog, nav, section, aside, pre[tabindex]')].filter((e) => {
	if (e.closest('[hidden]') || e.checkVisibility && !e.checkVisibility()) return false;
	const label = e.getAttribute('aria-label') || [...(e.labels || [])].map((l) => l.textContent).join('') || (e.matches('input, select, textarea, [role=img], nav, section, aside') ? '' : e.textContent);
	return !label.trim();
}).map((e) => e.outerHTML.slice(0, 120)).concat(Object.entries([...document.querySelectorAll('[id]')].reduce((n, e) => (n[e.id] = (n[e.id] || 0) + 1, n), {})).filter(([, n]) => n > 1).map(([id]) => 'two are #' + id))`

// faint lists the texts whose contrast is less than 4.5 to 1, as the browser
// paints them.
const faint = `(() => {
	const parse = (c) => { const m = /rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)/.exec(c); return m ? [+m[1], +m[2], +m[3], m[4] === undefined ? 1 : +m[4]] : [0, 0, 0, 0] };
	const over = (a, b) => [0, 1, 2].map((i) => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const light = (c) => { const f = (v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }; return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]) };
	const ground = (e) => { const layers = []; for (let n = e; n; n = n.parentElement) layers.push(parse(getComputedStyle(n).backgroundColor)); return layers.reverse().reduce((below, l) => over(l, below), [255, 255, 255, 1]) };
	const found = [];
	for (const e of document.querySelectorAll('body *')) {
		const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || e.matches('input, textarea, select');
		if (!own || e.closest('svg') || e.checkVisibility && !e.checkVisibility() || e.matches('.unseen, .skip, option, datalist *')) continue;
		const below = ground(e), colour = over(parse(getComputedStyle(e).color), below);
		const [a, b] = [light(colour), light(below)].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) found.push(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2) + ': ' + e.textContent.slice(0, 40));
	}
	return found;
})()`

// Every control has a name, and every text can be read, in both themes and
// languages, on both screens.
func TestLabelsAndContrast(t *testing.T) {
	w := serve(t, rich, admin.Options{})
	w.busy()
	for _, l := range []look{{1280, 860, false, false}, {1280, 860, true, true}, {390, 844, true, false}, {390, 844, false, true}} {
		p := open(t, w.console, l)
		for _, place := range places {
			p.visit(place.fragment)
			p.until(place.ready)
			for _, e := range eval[[]string](p, unnamed) {
				t.Errorf("%+v %s: no name: %s", l, place.fragment, e)
			}
			for _, e := range eval[[]string](p, faint) {
				t.Errorf("%+v %s: too faint: %s", l, place.fragment, e)
			}
			if n := eval[int](p, `document.querySelectorAll('main h1').length`); n != 1 {
				t.Errorf("%s has %d headings of the first rank", place.fragment, n)
			}
		}
		p.quiet()
	}
}

// The measure itself finds what is faint and what has no name.
func TestMeasuresFindFaults(t *testing.T) {
	w := serve(t, "", admin.Options{})
	p := open(t, w.console+"#clock", desk)
	p.sees("#clock-about", "runs")
	eval[bool](p, `(() => { const b = document.createElement('button'); document.querySelector('main').append(b); const q = document.createElement('p'); q.textContent = 'pale'; q.style.color = '#aaa'; document.querySelector('main').append(q); return true })()`)
	if got := eval[[]string](p, unnamed); len(got) != 1 {
		t.Errorf("without a name are %q", got)
	}
	if got := eval[[]string](p, faint); len(got) != 1 || !strings.Contains(got[0], "pale") {
		t.Errorf("faint are %q", got)
	}
}

// The focus goes through the page in the order in which it is read, is seen
// wherever it is, and gets out of everything that it gets into.
func TestFocusOrder(t *testing.T) {
	w := serve(t, rich, admin.Options{})
	w.busy()
	for fragment, want := range map[string][]string{
		"live":    {"tab-live", "tab-scenario", "tab-throw", "tab-verdict", "tab-clock", "namespace", "language", "theme", "filter-dialect", "filter-entry", "filter-outcome", "filter-cause", "filter-text", "filter-all", "list"},
		"verdict": {"tab-live", "tab-scenario", "tab-throw", "tab-verdict", "tab-clock", "namespace", "language", "theme", "download-junit", "download-markdown", "download-json", "download-har"},
		"clock":   {"tab-live", "tab-scenario", "tab-throw", "tab-verdict", "tab-clock", "namespace", "language", "theme", "stop", "+1s", "+30s", "+1m", "+10m", "+1h", "+24h", "by", "advance"},
	} {
		p := open(t, w.console+"#"+fragment, desk)
		p.until(`document.querySelector('#namespace')`)
		if fragment == "live" {
			p.sees("#count", "14 of 14")
		}
		p.press(kb.Tab)
		p.until(`document.activeElement.className === 'skip'`)
		var got []string
		for range want {
			p.press(kb.Tab)
			got = append(got, eval[string](p, `document.activeElement.id || document.activeElement.textContent`))
			if outline := eval[string](p, `(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle === 'none' || parseFloat(s.outlineWidth) < 2 ? 'none' : 'seen' })()`); outline != "seen" {
				t.Errorf("%s: the focus on %s cannot be seen", fragment, got[len(got)-1])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: the focus goes %q, want %q", fragment, got, want)
		}
	}
}

// Every view can be reached and used without a mouse.
func TestByKeyboardAlone(t *testing.T) {
	w := serve(t, "", admin.Options{})
	p := open(t, w.console, desk)
	for _, view := range []string{"scenario", "throw", "verdict", "clock", "live"} {
		eval[bool](p, fmt.Sprintf(`(() => { document.querySelector('#tab-%s').focus(); return true })()`, view))
		p.press(kb.Enter)
		p.until(fmt.Sprintf(`document.querySelector('main.%s h1')`, view))
	}
	eval[bool](p, `(() => { document.querySelector('#language').focus(); return true })()`)
	p.press(kb.Enter)
	p.until(`document.documentElement.lang === 'zh-CN'`)
	eval[bool](p, `(() => { document.querySelector('#theme').focus(); return true })()`)
	p.press(kb.Enter)
	p.until(`document.documentElement.dataset.theme === 'dark'`)
	p.run(reload())
	p.until(`document.documentElement.lang === 'zh-CN' && document.documentElement.dataset.theme === 'dark'`)
	p.quiet()
}
