package admin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
)

// A Server is what the admin API manages.
type Server interface {
	// Info describes the server and the scenario that it follows.
	Info() Info

	// Exchanges returns the journal of a namespace, oldest first, and how many
	// exchanges of all namespaces were evicted.
	Exchanges(namespace string) ([]journal.Exchange, uint64)

	// Reset makes a namespace as new: counters, windows and journal.
	Reset(ctx context.Context, namespace string) error

	// Release ends what a sticky rule holds for in a namespace. The error wraps
	// [scenarios.ErrNotSticky] if there is no such rule.
	Release(ctx context.Context, namespace, rule string) error
}

// Info is what GET /version says.
type Info struct {
	Version     string `json:"version"`
	Go          string `json:"go"`
	Scenario    string `json:"scenario"`
	Rules       int    `json:"rules"`
	Connections int    `json:"connections"`
	Seed        uint64 `json:"seed"`
	Edition     string `json:"edition"`
}

// Options are how the admin API protects itself.
type Options struct {
	Token string // Demanded as a bearer token, if not empty.

	// AnyHost lets requests in whatever their Host says. Otherwise it must be
	// a loopback name or address, which keeps pages of other sites out that
	// were bound to this address.
	AnyHost bool
}

// Handler returns the admin API of the server.
func Handler(s Server, o Options) http.Handler {
	a := api{server: s}
	r := mux.NewRouter().UseEncodedPath().SkipClean(true) // Names of rules may hold slashes, or be dots alone.
	r.HandleFunc("/healthz", a.health).Methods(http.MethodGet)
	r.HandleFunc("/version", a.version).Methods(http.MethodGet)
	r.HandleFunc("/api/v1/journal", inNamespace(a.journal)).Methods(http.MethodGet)
	r.HandleFunc("/api/v1/reset", inNamespace(a.reset)).Methods(http.MethodPost)
	r.HandleFunc("/api/v1/rules/{name}/release", inNamespace(a.release)).Methods(http.MethodPost)
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "no such path", r.URL.Path+" is not part of the admin API")
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusMethodNotAllowed, "wrong method", r.Method+" does not go with "+r.URL.Path)
	})
	return guard(r, o)
}

type api struct{ server Server }

func (a api) health(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a api) version(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, a.server.Info())
}

func (a api) journal(w http.ResponseWriter, _ *http.Request, namespace string) {
	exchanges, evicted := a.server.Exchanges(namespace)
	if exchanges == nil {
		exchanges = []journal.Exchange{}
	}
	write(w, http.StatusOK, struct {
		Exchanges []journal.Exchange `json:"exchanges"`
		Evicted   uint64             `json:"evicted"`
	}{exchanges, evicted})
}

func (a api) reset(w http.ResponseWriter, r *http.Request, namespace string) {
	if err := a.server.Reset(r.Context(), namespace); err != nil {
		problem(w, http.StatusInternalServerError, "reset failed", err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a api) release(w http.ResponseWriter, r *http.Request, namespace string) {
	name, err := url.PathUnescape(mux.Vars(r)["name"])
	if err != nil {
		problem(w, http.StatusBadRequest, "bad name", err.Error())
		return
	}
	switch err := a.server.Release(r.Context(), namespace, name); {
	case errors.Is(err, scenarios.ErrNotSticky):
		problem(w, http.StatusNotFound, "no such rule", err.Error())
	case err != nil:
		problem(w, http.StatusInternalServerError, "release failed", err.Error())
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// guard lets in who may: the right Host, no page of another origin, and the
// token, if there is one. Health stays open, so that probes need no secret.
func guard(next http.Handler, o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 8<<20)
		switch {
		case !o.AnyHost && !isLoopback(r.Host):
			problem(w, http.StatusForbidden, "wrong host", "this port answers to loopback names only, not to "+r.Host)
		case foreignOrigin(r):
			problem(w, http.StatusForbidden, "cross-origin request", "pages of other origins may not use this port")
		case r.URL.Path != "/healthz" && !hasToken(r, o.Token):
			w.Header().Set("WWW-Authenticate", "Bearer")
			problem(w, http.StatusUnauthorized, "token missing or wrong", "send Authorization: Bearer and the admin token")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

func foreignOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "cross-site", "same-site":
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || !strings.EqualFold(u.Host, r.Host)
}

func hasToken(r *http.Request, want string) bool {
	if want == "" {
		return true
	}
	got, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return found && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.Encode(body)
}

// problem answers as RFC 9457 says.
func problem(w http.ResponseWriter, status int, title, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"title": title, "status": status, "detail": detail})
}
