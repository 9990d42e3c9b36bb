package admin

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/sentences"
	"github.com/mockllm/mockllm/verdict"
)

// A report is a form in which a verdict can be had.
type report struct {
	format, contentType string
	write               func(io.Writer, *verdict.Verdict) error
}

// reports lists the forms; the first is the one that is sent unless asked.
func reports() []report {
	return []report{
		{"json", "application/json", verdict.WriteJSON},
		{"text", "text/plain; charset=utf-8", verdict.WriteText},
		{"junit", "application/xml", verdict.WriteJUnit},
		{"markdown", "text/markdown; charset=utf-8", verdict.WriteMarkdown},
	}
}

func (a api) verdict(w http.ResponseWriter, r *http.Request, namespace string) {
	as, known := reports()[0], true
	if r.URL.Query().Has("format") {
		as, known = reportNamed(r.URL.Query().Get("format"))
	}
	if !known {
		problem(w, http.StatusBadRequest, "bad format", "%s", unknownFormat(r.URL.Query().Get("format")))
		return
	}
	tag := ""
	if from := a.server.JudgedFrom(namespace); from != "" { // Asked first: what happens meanwhile makes it old, not the verdict.
		tag = `"` + from + "-" + as.format + `"`
		w.Header().Set("ETag", tag)
	}
	switch known, err := has(r.Header, tag); {
	case err != nil:
		problem(w, http.StatusBadRequest, "bad header", "%v", err)
		return
	case known:
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", as.contentType)
	as.write(w, a.server.Judge(namespace))
}

func reportNamed(format string) (report, bool) {
	at := slices.IndexFunc(reports(), func(r report) bool { return r.format == format })
	if at < 0 {
		return report{}, false
	}
	return reports()[at], true
}

func unknownFormat(format string) sentences.Sentence {
	var names []string
	for _, r := range reports() {
		names = append(names, r.format)
	}
	if hint := catalog.DidYouMean(format, names); hint.Form != "" {
		return sentences.New("unknown format %q%s", format, hint)
	}
	return sentences.New("unknown format %q; it is one of %s", format, strings.Join(names, ", "))
}
