package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/sentences"
)

// parameters are all that every path about a namespace takes.
var parameters = []string{"namespace"}

// inNamespace calls the handler with the namespace that the query names.
func inNamespace(next func(http.ResponseWriter, *http.Request, string)) func(http.ResponseWriter, *http.Request, url.Values) {
	return func(w http.ResponseWriter, r *http.Request, query url.Values) { next(w, r, query.Get("namespace")) }
}

// withQuery calls the handler with the query, which may have more parameters
// than the namespace. It refuses every query that it does not fully understand:
// what a caller misspelt would otherwise be done to the default namespace, and
// a reset cannot be undone.
func withQuery(more []string, next func(http.ResponseWriter, *http.Request, url.Values)) http.HandlerFunc {
	return withBody(more, func(w http.ResponseWriter, r *http.Request, query url.Values) {
		if n, _ := r.Body.Read(make([]byte, 1)); n > 0 {
			problem(w, http.StatusBadRequest, "unexpected body", "no body is read here: the namespace is a parameter of the query")
			return
		}
		next(w, r, query)
	})
}

// withBody is withQuery for a handler that reads the request's body.
func withBody(more []string, next func(http.ResponseWriter, *http.Request, url.Values)) http.HandlerFunc {
	known := slices.Concat(parameters, more)
	return func(w http.ResponseWriter, r *http.Request) {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			problem(w, http.StatusBadRequest, "bad query", "%v", err)
			return
		}
		if title, detail := mistakeIn(query, known); title != "" {
			refuse(w, http.StatusBadRequest, title, detail, nil)
			return
		}
		next(w, r, query)
	}
}

// mistakeIn says what is wrong with a query; the title is empty if nothing is.
func mistakeIn(query url.Values, known []string) (title string, detail sentences.Sentence) {
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names) // The same mistakes give the same answer.
	for _, name := range names {
		if !slices.Contains(known, name) {
			return "unknown parameter", unknownParameter(name, known)
		}
		if len(query[name]) > 1 {
			return "parameter given twice", sentences.New("%s may be given once", name)
		}
	}
	if namespace := query.Get("namespace"); !responders.ValidNamespace(namespace) {
		return "bad namespace", sentences.New("%q is no namespace: its name has at most 100 letters, digits and -._~, and is neither . nor ..", namespace)
	}
	return "", sentences.Sentence{}
}

// unknownParameter names what there is instead, if nothing is near.
func unknownParameter(name string, known []string) sentences.Sentence {
	if hint := catalog.DidYouMean(name, known); hint.Form != "" {
		return sentences.New("%q is no parameter of this path%s", name, hint)
	}
	return sentences.New("%q is no parameter of this path; there is: %s", name, strings.Join(known, ", "))
}
