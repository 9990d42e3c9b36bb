package admin

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// The console is plain files: it asks this API as any other client does.
//
//go:embed console
var console embed.FS

// consolePolicy lets the console use what it is served with, and talk to its
// own origin, and nothing else.
const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// consolePrefix begins the paths of the console's files.
const consolePrefix = "/console/"

// consoleFiles returns what is served of the console, by path.
func consoleFiles() map[string]http.Handler {
	files := map[string]http.Handler{}
	err := fs.WalkDir(console, "console", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := console.ReadFile(name)
		file := newConsoleFile(name, text)
		files[consolePrefix+strings.TrimPrefix(name, "console/")] = file
		if name == "console/index.html" {
			files["/"] = file
		}
		return err
	})
	if err != nil {
		return nil // An embedded folder can be read.
	}
	return files
}

// A consoleFile is one file of the console.
type consoleFile struct {
	text        []byte
	contentType string
	tag         string
}

// newConsoleFile names the types itself: what the system says of them differs.
func newConsoleFile(name string, text []byte) consoleFile {
	types := map[string]string{".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
	return consoleFile{text: text, contentType: types[path.Ext(name)] + "; charset=utf-8", tag: fmt.Sprintf(`"%x"`, sha256.Sum256(text))}
}

// ServeHTTP sends the file, or says that it has not changed.
func (f consoleFile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", consolePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache") // It may be asked for again, and is then seldom sent again.
	h.Set("ETag", f.tag)
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.contentType)
	w.Write(f.text)
}

// isConsole reports whether a path is one of the console's.
func isConsole(path string) bool { return path == "/" || strings.HasPrefix(path, consolePrefix) }

// visitsConsole reports whether somebody comes to the console by a link on
// another site, which is all that such a site can do with it.
func visitsConsole(r *http.Request) bool {
	return isConsole(r.URL.Path) && r.Method == http.MethodGet && r.Header.Get("Origin") == "" &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}
