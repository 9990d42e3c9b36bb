package admin

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
	"github.com/mockllm/mockllm/verdict"
)

// A Server is what the admin API manages. The namespace "" is the default one. An
// error that does not say otherwise is that of a state that servers share.
type Server interface {
	// Info describes the server and the scenario that it follows.
	Info() Info

	// History returns the journal.
	History() *journal.Journal

	// Near returns an exchange of a namespace and the rules that nearly
	// answered. The error is [journal.ErrNone] if the journal does not have it.
	Near(namespace string, id uint64) (journal.Exchange, []journal.Near, error)

	// Pause waits by the server's clock, or returns the context's error.
	Pause(ctx context.Context, d time.Duration) error

	// Judge says how the client of a namespace behaved so far.
	Judge(namespace string) *verdict.Verdict

	// JudgedFrom names everything that a verdict is made of: as long as that is
	// the same, so is the verdict. It is "" where nobody can tell without judging.
	JudgedFrom(namespace string) string

	// Reset makes a namespace as new: counters, windows, limits, one-shots,
	// records and journal. Its scenario and its clock stay.
	Reset(ctx context.Context, namespace string) error

	// Release ends what a sticky rule holds for in a namespace. The error wraps
	// [scenarios.ErrNotSticky] if there is no such rule.
	Release(ctx context.Context, namespace, rule string) error

	// Revoke makes a key or an access token bad in a namespace, whatever the
	// scenario says of it, until the namespace is reset.
	Revoke(ctx context.Context, namespace, key string) error

	// Namespaces lists them, the default one first.
	Namespaces() []Namespace

	// Forget removes a namespace with all that belongs to it, and reports
	// whether there was one. The default one cannot be removed.
	Forget(ctx context.Context, namespace string) (bool, error)

	// Clock tells a namespace's time.
	Clock(namespace string) Clock

	// AdvanceClock moves a namespace's clock forward, for vendor time and waits
	// on the wire alike. The error is [ErrTooFar] if that is too much.
	AdvanceClock(namespace string, by time.Duration) error

	// StopClock has a namespace's clock stand still, or go on.
	StopClock(namespace string, stopped bool) error

	// Throw throws a one-shot at the next calls of a namespace that match, and
	// returns its id. It is written in JSON with the keys of a rule; see
	// [scenarios.Shot]. An error is a [*scenarios.InvalidError] or wraps
	// [scenarios.ErrQueueFull].
	Throw(ctx context.Context, namespace string, source []byte) (uint64, error)

	// Thrown lists the one-shots that wait.
	Thrown(ctx context.Context, namespace string) ([]scenarios.Queued, error)

	// TakeBack takes a one-shot back, or with 0 all of a namespace, and reports
	// whether there was one.
	TakeBack(ctx context.Context, namespace string, id uint64) (bool, error)

	// Scenario returns the scenario that a namespace follows.
	Scenario(namespace string) *scenarios.Scenario

	// Stand tells how far the rules and limits of a namespace have come. It
	// counts nothing.
	Stand(ctx context.Context, namespace string) (scenarios.Standing, error)

	// FollowIf has a namespace follow a scenario from its next call on, if the
	// function says so of the one that it follows until then, so that nobody
	// undoes what somebody else changed meanwhile; nil follows the default
	// namespace's again. If it does not say so, the error is [ErrChanged]. The
	// function may be called more than once, and must not ask the server.
	FollowIf(namespace string, s *scenarios.Scenario, still func(now *scenarios.Scenario) bool) error
}

// Info is what GET /version says.
type Info struct {
	Version     string  `json:"version"`
	Go          string  `json:"go"`
	Scenario    string  `json:"scenario"`
	Hash        string  `json:"hash,omitempty"` // Of the scenario's text, if it has one.
	Rules       int     `json:"rules"`
	Limits      int     `json:"limits"`
	Connections int     `json:"connections"`
	Seed        uint64  `json:"seed"`
	Speed       float64 `json:"speed"`
	Edition     string  `json:"edition"`
	URL         string  `json:"url,omitempty"` // Of the vendors' paths; "" before there is any.

	// EvictedRecords is how many records of clients, such as tasks, were
	// forgotten because their namespace had too many.
	EvictedRecords uint64 `json:"evicted_records"`
}

// Options are how the admin API protects itself, and what it shows besides.
type Options struct {
	Token string // Demanded as a bearer token, if not empty.

	// AnyHost lets requests in whatever their Host says. Otherwise it must be
	// a loopback name or address, which keeps pages of other sites out that
	// were bound to this address.
	AnyHost bool

	Log *slog.Logger // Is told of panics, which their requests get as a 500; nil is nobody.

	// Metrics answers GET /metrics; nil where nothing is counted.
	Metrics http.Handler
}

// Handler returns the admin API of the server.
func Handler(s Server, o Options) http.Handler {
	a := api{server: s}
	r := mux.NewRouter().UseEncodedPath().SkipClean(true) // Names of rules may hold slashes, or be dots alone.
	r.HandleFunc("/healthz", a.health).Methods(http.MethodGet)
	r.HandleFunc("/version", a.version).Methods(http.MethodGet)
	r.Handle("/metrics", metrics(o.Metrics)).Methods(http.MethodGet)
	for path, file := range consoleFiles() {
		r.Handle(path, file).Methods(http.MethodGet)
	}
	for _, route := range a.routes() {
		r.HandleFunc("/api/v1/"+route.path, route.handler()).Methods(route.method)
	}
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusNotFound, "no such path", "%s is not part of the admin API", r.URL.Path)
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem(w, http.StatusMethodNotAllowed, "wrong method", "%s does not go with %s", r.Method, r.URL.Path)
	})
	return rescued(guard(r, o), o.Log)
}

type api struct{ server Server }

// A route is one thing that can be asked of a namespace.
type route struct {
	method, path string
	query        []string // Parameters besides the namespace.
	body         bool     // Whether a body is read.
	handle       func(http.ResponseWriter, *http.Request, url.Values)
}

// handler refuses what the route does not understand, and calls it.
func (r route) handler() http.HandlerFunc {
	if r.body {
		return withBody(r.query, r.handle)
	}
	return withQuery(r.query, r.handle)
}

// routes is everything below /api/v1/. docs/openapi.json describes it.
func (a api) routes() []route {
	const get, put, post, remove = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete
	of := inNamespace
	return []route{
		{get, "catalog", []string{"search"}, false, a.catalog},
		{get, "catalog/{entry}", []string{"variant"}, false, a.entry},
		{get, "library", nil, false, of(a.library)},
		{get, "library/{name}", nil, false, of(a.fromLibrary)},
		{get, "journal", journalParameters(), false, a.journal},
		{remove, "journal", nil, false, of(a.forgetJournal)},
		{get, "journal/stream", []string{"since", "all", "brief"}, false, a.stream},
		{get, "journal/{id}", nil, false, of(a.exchange)},
		{post, "verify", nil, true, a.verify},
		{get, "verdict", []string{"format"}, false, of(a.verdict)},
		{post, "reset", nil, false, of(a.reset)},
		{get, "rules", nil, false, of(a.rules)},
		{post, "rules/{name}/release", nil, false, of(a.release)},
		{post, "keys/{key}/revoke", nil, false, of(a.revoke)},
		{get, "namespaces", nil, false, of(a.namespaces)},
		{remove, "namespaces", nil, false, of(a.forget)},
		{get, "clock", nil, false, of(a.clock)},
		{put, "clock", nil, true, of(a.setClock)},
		{post, "clock/advance", nil, true, of(a.advance)},
		{get, "faults", nil, false, of(a.faults)},
		{post, "faults", nil, true, of(a.throw)},
		{remove, "faults", nil, false, of(a.takeAllBack)},
		{remove, "faults/{id}", nil, false, of(a.takeBack)},
		{get, "scenario", nil, false, of(a.scenario)},
		{put, "scenario", nil, true, of(a.setScenario)},
		{remove, "scenario", nil, false, of(a.dropScenario)},
	}
}

func (a api) health(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (a api) version(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, a.server.Info())
}

// metrics returns what answers a scrape.
func metrics(counted http.Handler) http.Handler {
	if counted != nil {
		return counted
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusNotFound, "no metrics", "this server has no observer that counts; mockllm serve has one")
	})
}

func (a api) reset(w http.ResponseWriter, r *http.Request, namespace string) {
	if err := a.server.Reset(r.Context(), namespace); err != nil {
		failed(w, "reset failed", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a api) release(w http.ResponseWriter, r *http.Request, namespace string) {
	name, err := url.PathUnescape(mux.Vars(r)["name"])
	if err != nil {
		problem(w, http.StatusBadRequest, "bad name", "%v", err)
		return
	}
	switch err := a.server.Release(r.Context(), namespace, name); {
	case errors.Is(err, scenarios.ErrNotSticky):
		problem(w, http.StatusNotFound, "no such rule", "%v", err)
	case err != nil:
		failed(w, "release failed", err)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// longestKey bounds the keys that can be revoked, in bytes.
const longestKey = 4 << 10

func (a api) revoke(w http.ResponseWriter, r *http.Request, namespace string) {
	key, err := url.PathUnescape(mux.Vars(r)["key"])
	if err != nil {
		problem(w, http.StatusBadRequest, "bad key", "%v", err)
		return
	}
	if len(key) > longestKey {
		problem(w, http.StatusBadRequest, "bad key", "a key has at most 4096 bytes")
		return
	}
	if err := a.server.Revoke(r.Context(), namespace, key); err != nil {
		failed(w, "revoke failed", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// guard lets in who may: the right Host, no page of another origin, and the
// token, if there is one. Health stays open, so that probes need no secret, and
// so do the files of the console, which hold none: it asks for the token.
func guard(next http.Handler, o Options) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 8<<20)
		switch {
		case !o.AnyHost && !isLoopback(r.Host):
			problem(w, http.StatusForbidden, "wrong host", "this port answers to loopback names only, not to %s", r.Host)
		case foreignOrigin(r) && !visitsConsole(r):
			problem(w, http.StatusForbidden, "cross-origin request", "pages of other origins may not use this port")
		case r.URL.Path != "/healthz" && !isConsole(r.URL.Path) && !hasToken(r, o.Token):
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

// problem answers as RFC 9457 says. The detail is a format.
func problem(w http.ResponseWriter, status int, title, detail string, args ...any) {
	refuse(w, status, title, sentences.New(detail, args...), nil)
}

// refuse answers with a problem and what else there is to say of it.
func refuse(w http.ResponseWriter, status int, title string, detail sentences.Sentence, more map[string]any) {
	body := map[string]any{"title": title, "status": status, "detail": detail.String()}
	if detail.Form != "{1}" { // Else there is nothing to say in another language.
		body["said"] = detail
	}
	maps.Copy(body, more)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(append(line(body), '\n'))
}
