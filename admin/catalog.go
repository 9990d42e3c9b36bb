package admin

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/gorilla/mux"

	"github.com/mockllm/mockllm/catalog"
)

// catalog lists the documented errors, or those that mention all words of a
// search, in either language.
func (a api) catalog(w http.ResponseWriter, _ *http.Request, query url.Values) {
	found := []*catalog.Entry{}
	for _, e := range catalog.All() {
		if e.Mentions(query.Get("search")) {
			found = append(found, e)
		}
	}
	write(w, http.StatusOK, catalog.Listing(found))
}

// An entry is what GET /api/v1/catalog/{entry} says of one.
type entry struct {
	catalog.Listed
	Samples []sample `json:"samples"`
}

// entry tells of one documented error, with the bytes that each dialect sends.
func (a api) entry(w http.ResponseWriter, r *http.Request, query url.Values) {
	name, err := url.PathUnescape(mux.Vars(r)["entry"])
	if err != nil {
		problem(w, http.StatusBadRequest, "bad name", "%v", err)
		return
	}
	e, err := catalog.Resolve(name, catalog.Scope{})
	if err != nil {
		problem(w, http.StatusNotFound, "no such entry", "%v", err)
		return
	}
	variant, err := variantOf(e, query)
	if err != nil {
		problem(w, http.StatusBadRequest, "bad parameter", "%v", err)
		return
	}
	edition := catalog.Edition(a.server.Info().Edition)
	write(w, http.StatusOK, entry{Listed: catalog.Listing([]*catalog.Entry{e})[0], Samples: samplesOf(e, variant, edition)})
}

// variantOf reads which of an entry's messages is meant, from 1; 0 is any.
func variantOf(e *catalog.Entry, query url.Values) (int, error) {
	if !query.Has("variant") {
		return 0, nil
	}
	n, err := strconv.Atoi(query.Get("variant"))
	if err != nil || n < 1 || n > len(e.Variants) {
		return 0, errNoVariant(e)
	}
	return n, nil
}
