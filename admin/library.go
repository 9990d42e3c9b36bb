package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"

	"github.com/mockllm/mockllm/scenarios"
)

// An incident is what GET /api/v1/library says of a scenario of the library.
type incident struct {
	Name  string `json:"name"`
	About string `json:"about"` // The first line of its text: what happens.
	Rules int    `json:"rules"`
}

// library lists the scenarios that come with mockllm.
func (a api) library(w http.ResponseWriter, _ *http.Request, _ string) {
	incidents := []incident{}
	for _, name := range scenarios.Library() {
		s, err := scenarios.FromLibrary(name)
		if err != nil {
			problem(w, http.StatusInternalServerError, "no library", "%v", err)
			return
		}
		first, _, _ := strings.Cut(string(s.Source()), "\n")
		incidents = append(incidents, incident{Name: name, About: strings.TrimLeft(first, "# "), Rules: len(s.Rules)})
	}
	write(w, http.StatusOK, struct {
		Library []incident `json:"library"`
	}{incidents})
}

// fromLibrary answers the text of one of them.
func (a api) fromLibrary(w http.ResponseWriter, r *http.Request, _ string) {
	name, err := url.PathUnescape(mux.Vars(r)["name"])
	if err != nil {
		problem(w, http.StatusBadRequest, "bad name", "%v", err)
		return
	}
	s, err := scenarios.FromLibrary(name)
	if err != nil {
		problem(w, http.StatusNotFound, "no such scenario", "%v", err)
		return
	}
	w.Header().Set("Content-Type", "application/toml")
	fmt.Fprintf(w, "%s", s.Source())
}

// rules tells how far the rules and limits of a namespace have come.
func (a api) rules(w http.ResponseWriter, r *http.Request, namespace string) {
	standing, err := a.server.Stand(r.Context(), namespace)
	if err != nil {
		failed(w, "no standing", err)
		return
	}
	s := a.server.Scenario(namespace)
	write(w, http.StatusOK, struct {
		Scenario string `json:"scenario"`
		Hash     string `json:"hash,omitempty"`
		scenarios.Standing
	}{s.Name, s.Hash(), standing})
}
