package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/responders"
)

// parameters are all that the paths about a namespace take.
var parameters = []string{"namespace"}

// inNamespace calls the handler with the namespace that the query names. It
// refuses every query that it does not fully understand: what a caller
// misspelt would otherwise be done to the default namespace, and a reset
// cannot be undone.
func inNamespace(next func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			problem(w, http.StatusBadRequest, "bad query", err.Error())
			return
		}
		if title, detail := mistakeIn(query); title != "" {
			problem(w, http.StatusBadRequest, title, detail)
			return
		}
		if n, _ := r.Body.Read(make([]byte, 1)); n > 0 {
			problem(w, http.StatusBadRequest, "unexpected body", "no body is read here: the namespace is a parameter of the query")
			return
		}
		next(w, r, query.Get("namespace"))
	}
}

// mistakeIn says what is wrong with a query; the title is empty if nothing is.
func mistakeIn(query url.Values) (title, detail string) {
	names := make([]string, 0, len(query))
	for name := range query {
		names = append(names, name)
	}
	slices.Sort(names) // The same mistakes give the same answer.
	for _, name := range names {
		if !slices.Contains(parameters, name) {
			return "unknown parameter", unknownParameter(name)
		}
		if len(query[name]) > 1 {
			return "parameter given twice", fmt.Sprintf("%s may be given once", name)
		}
	}
	if namespace := query.Get("namespace"); !responders.ValidNamespace(namespace) {
		return "bad namespace", fmt.Sprintf("%q is no namespace: its name has at most 100 letters, digits and -._~, and is neither . nor ..", namespace)
	}
	return "", ""
}

// unknownParameter names what there is instead, if nothing is near.
func unknownParameter(name string) string {
	detail := fmt.Sprintf("%q is no parameter of the admin API", name)
	if hint := catalog.DidYouMean(name, parameters); hint != "" {
		return detail + hint
	}
	return detail + "; there is: " + strings.Join(parameters, ", ")
}
