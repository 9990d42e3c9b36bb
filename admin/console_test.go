package admin

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// files returns the texts of the console whose names end so.
func files(t *testing.T, ending string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(console, "console", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(name, ending) {
			var text []byte
			text, err = console.ReadFile(name)
			texts[strings.TrimPrefix(name, "console/")] = string(text)
		}
		return err
	})
	if err != nil || len(texts) == 0 {
		t.Fatalf("%d files: %v", len(texts), err)
	}
	return texts
}

func TestConsoleFiles(t *testing.T) {
	h := Handler(&fake{}, Options{Token: "t"})
	get := func(path string, header map[string]string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "127.0.0.1:8081"
		for name, value := range header {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/console/index.html": "text/html; charset=utf-8", "/console/main.js": "text/javascript; charset=utf-8",
		"/console/console.css": "text/css; charset=utf-8", "/console/icon.svg": "image/svg+xml; charset=utf-8",
	} {
		w := get(path, nil)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != want || w.Body.Len() == 0 {
			t.Errorf("%s: %d, %s, %d bytes", path, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
		for _, part := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
			"form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"} {
			if !strings.Contains(w.Header().Get("Content-Security-Policy")+";", part+";") {
				t.Errorf("%s: the policy lacks %s: %s", path, part, w.Header().Get("Content-Security-Policy"))
			}
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: header %v", path, w.Header())
		}
		if again := get(path, map[string]string{"If-None-Match": w.Header().Get("ETag")}); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s again: %d", path, again.Code)
		}
	}
	link := map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
	for what, c := range map[string]struct {
		path   string
		header map[string]string
		status int
	}{
		"a file that there is not":       {"/console/none.js", nil, 404},
		"what is above":                  {"/console/../admin.go", nil, 404},
		"the API, without the token":     {"/api/v1/rules", nil, 401},
		"a link of another site":         {"/", link, 200},
		"the same to the API":            {"/api/v1/rules", link, 403},
		"a frame of another site":        {"/", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		"a script for another site":      {"/console/main.js", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		"a page whose origin is another": {"/", map[string]string{"Origin": "http://evil.example"}, 403},
	} {
		if w := get(c.path, c.header); w.Code != c.status {
			t.Errorf("%s: %d, want %d", what, w.Code, c.status)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Host = "evil.example"
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Errorf("a foreign host: %d", w.Code)
	}
}

// The console fetches nothing from elsewhere, and never reads markup.
func TestConsoleIsPlain(t *testing.T) {
	for name, text := range files(t, "") {
		if name == "chinese.js" {
			continue // It is data alone, and quotes addresses; the test of the sentences reads it.
		}
		text = strings.ReplaceAll(text, "http://www.w3.org/2000/svg", "") // A name, which nobody fetches.
		for _, bad := range []string{"http://", "https://", "//cdn", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "DOMParser", "eval(", "new Function", "@import", "setAttribute('style'", " style=", "javascript:"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
		if strings.HasSuffix(name, ".html") && regexp.MustCompile(`(?i)<script[^>]*>[^<]|\son\w+=`).MatchString(text) {
			t.Errorf("%s has a script of its own", name)
		}
	}
}

// Every word that is asked for is there in both languages, and every one that
// is there is asked for.
func TestConsoleWords(t *testing.T) {
	scripts := files(t, ".js")
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  '([^']+)': \['(.*)', '(.*)'\],$`).FindAllStringSubmatch(scripts["i18n.js"], -1) {
		name, en, zh := m[1], m[2], m[3]
		if known[name] || en == "" || zh == "" {
			t.Errorf("%q is there twice, or lacks a language", name)
		}
		known[name] = true
		holes := regexp.MustCompile(`\{\w+\}`)
		inEnglish, inChinese := holes.FindAllString(en, -1), holes.FindAllString(zh, -1)
		slices.Sort(inEnglish)
		slices.Sort(inChinese)
		if !slices.Equal(inEnglish, inChinese) {
			t.Errorf("%s fills in %q in English, %q in Chinese", name, inEnglish, inChinese)
		}
	}
	asked := map[string]bool{}
	for name, text := range scripts {
		for _, m := range regexp.MustCompile(`'((?:[a-z]+\.)+(?:[a-z.-]+)?|[a-z]+)'( \+)?`).FindAllStringSubmatch(text, -1) {
			if name == "i18n.js" {
				continue
			}
			asked[m[1]] = true
			for word := range known { // The rest of the name is put together.
				if m[2] != "" && strings.HasSuffix(m[1], ".") && strings.HasPrefix(word, m[1]) {
					asked[word] = true
				}
			}
		}
		for _, m := range regexp.MustCompile(`\bt\((?:[^'()]*\? )?'([^']+)'(?: : '([^']+)')?[,)]`).FindAllStringSubmatch(text, -1) {
			for _, word := range m[1:] {
				if word != "" && !known[word] {
					t.Errorf("%s asks for %q, which there is not", name, word)
				}
			}
		}
	}
	for word := range known {
		if !asked[word] {
			t.Errorf("nobody asks for %q", word)
		}
	}
	if len(known) < 100 {
		t.Errorf("%d words: the test looks at nothing", len(known))
	}
}

// TestConsoleKnowsCauses holds that the console has a filter and words for
// everything that can have answered.
func TestConsoleKnowsCauses(t *testing.T) {
	texts := files(t, ".js")
	listed := regexp.MustCompile(`export const causes = \[(.*)\];`).FindStringSubmatch(texts["outcome.js"])
	if listed == nil {
		t.Fatal("outcome.js lists no causes")
	}
	got := regexp.MustCompile(`[a-z-]+`).FindAllString(listed[1], -1)
	if want := causes(); !slices.Equal(got, want) {
		t.Errorf("the console filters by %q, want %q", got, want)
	}
	for _, cause := range causes() {
		if !strings.Contains(texts["i18n.js"], "'cause."+cause+"': [") {
			t.Errorf("the console has no words for the cause %s", cause)
		}
	}
}
