package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// journalParameters are what the journal can be asked for.
func journalParameters() []string {
	return []string{"format", "operation", "error", "cause", "since", "limit"}
}

// formats are how the journal is written, by name.
func (a api) formats() map[string]struct {
	contentType string
	write       func(io.Writer, journal.Page)
} {
	return map[string]struct {
		contentType string
		write       func(io.Writer, journal.Page)
	}{
		"json":  {"application/json", writeJSON},
		"jsonl": {"application/jsonl", writeLines},
		"har":   {"application/json", a.writeHAR},
	}
}

func (a api) journal(w http.ResponseWriter, _ *http.Request, query url.Values) {
	name := "json"
	if query.Has("format") {
		name = query.Get("format")
	}
	format, known := a.formats()[name]
	if !known {
		problem(w, http.StatusBadRequest, "bad parameter", "%s", choose("format", name, []string{"json", "jsonl", "har"}))
		return
	}
	filter, err := filterOf(query)
	if err != nil {
		problem(w, http.StatusBadRequest, "bad parameter", "%v", err)
		return
	}
	page := a.server.History().Find(query.Get("namespace"), filter)
	if page.Err != nil {
		unread(w, page.Err)
		return
	}
	w.Header().Set("Content-Type", format.contentType)
	format.write(w, page)
}

// unread says that what all servers of a deployment know cannot be read: half of a
// journal would be no answer.
func unread(w http.ResponseWriter, err error) {
	problem(w, http.StatusServiceUnavailable, "state unavailable", "%v", err)
}

// failed says that the state did not do what it was asked for: because it cannot be
// reached, or else what the title says.
func failed(w http.ResponseWriter, title string, err error) {
	if errors.Is(err, scenarios.ErrUnavailable) {
		unread(w, err)
		return
	}
	problem(w, http.StatusInternalServerError, title, "%v", err)
}

// writeJSON writes one exchange after the other: each is rendered when its turn
// comes, so that a long journal is never in memory as text.
func writeJSON(w io.Writer, p journal.Page) {
	io.WriteString(w, `{"exchanges":[`)
	comma := ""
	for e := range p.All() {
		io.WriteString(w, comma)
		w.Write(line(e))
		comma = ","
	}
	fmt.Fprintf(w, "],\"evicted\":%d,\"evicted_here\":%d}\n", p.Evicted, p.EvictedHere)
}

func writeLines(w io.Writer, p journal.Page) {
	for e := range p.All() {
		w.Write(append(line(e), '\n'))
	}
}

// line returns the JSON of a value on one line, without an end of line.
func line(value any) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(value)
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

// filterOf reads which exchanges are asked for.
func filterOf(query url.Values) (f journal.Filter, err error) {
	for _, name := range []string{"operation", "error", "cause", "since", "limit"} {
		if !query.Has(name) {
			continue
		}
		value := query.Get(name)
		switch name {
		case "operation":
			f.Operation, err = oneOf(name, value, operations())
		case "error":
			f.Errors, err = errorIDs(value)
		case "cause":
			f.Cause, err = oneOf(name, value, causes())
		case "since":
			f.Since, err = idOf(name, value)
		default:
			f.Limit, err = strconv.Atoi(value)
			if err != nil || f.Limit < 1 {
				err = sentences.Errorf("limit %q is no whole number from 1", value)
			}
		}
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

// longestValue bounds how much of a wrong value is quoted, in bytes.
const longestValue = 100

func idOf(name, value string) (uint64, error) {
	id, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return 0, sentences.Errorf("%s %q is no id of an exchange: ids are whole numbers", name, value)
	}
	return id, nil
}

// oneOf refuses a value that is not among those known: it would find nothing,
// and that would look like an answer.
func oneOf(name, value string, known []string) (string, error) {
	if !slices.Contains(known, value) {
		return "", sentences.Errorf("%s", choose(name, value, known))
	}
	return value, nil
}

// clipped is the beginning of a value.
func clipped(value string) string {
	if len(value) > longestValue {
		return strings.ToValidUTF8(value[:longestValue], "") + "…"
	}
	return value
}

// choose says what there is instead of a value.
func choose(name, value string, known []string) sentences.Sentence {
	value = clipped(value)
	if hint := catalog.DidYouMean(value, known); hint.Form != "" {
		return sentences.New("there is no %s %q%s", name, value, hint)
	}
	return sentences.New("there is no %s %q; there are %s", name, value, strings.Join(known, ", "))
}

// operations lists what can be called, on any dialect.
func operations() []string {
	var names []string
	for _, d := range catalog.Dialects() {
		names = append(names, d.OperationNames()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// causes lists what can have answered: what the engine decides, and what never
// comes to it.
func causes() []string {
	var names []string
	for _, c := range scenarios.Causes() {
		names = append(names, string(c))
	}
	return append(names, "server", "connection")
}

// errorIDs lists the errors that a name means; a short one may mean several.
func errorIDs(name string) ([]string, error) {
	entry, err := catalog.Resolve(name, catalog.Scope{})
	var several *catalog.AmbiguousError
	switch {
	case errors.As(err, &several):
		return several.Candidates, nil
	case err != nil:
		return nil, err
	}
	return []string{entry.ID()}, nil
}

func (a api) forgetJournal(w http.ResponseWriter, r *http.Request, namespace string) {
	if err := a.server.History().Empty(r.Context(), namespace); err != nil {
		unread(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a api) exchange(w http.ResponseWriter, r *http.Request, namespace string) {
	id, err := idOf("exchange", mux.Vars(r)["id"])
	if err != nil {
		problem(w, http.StatusBadRequest, "bad id", "%v", err)
		return
	}
	e, near, err := a.server.Near(namespace, id)
	switch {
	case errors.Is(err, journal.ErrNone):
		problem(w, http.StatusNotFound, "no such exchange", "the journal of this namespace has no exchange %d, or has it no more", id)
		return
	case err != nil:
		unread(w, err)
		return
	}
	steps, more := a.server.History().Steps(namespace, id)
	write(w, http.StatusOK, struct {
		journal.Exchange
		Elsewhere bool           `json:"elsewhere,omitempty"` // Another server answered: here nobody knows what follows.
		Near      []journal.Near `json:"near"`
		Steps     []journal.Step `json:"steps"`
		More      int            `json:"more_steps"`
	}{e, near == nil, append([]journal.Near{}, near...), append([]journal.Step{}, steps...), more})
}
