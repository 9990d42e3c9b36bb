package admin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// A Namespace is what GET /api/v1/namespaces says of one.
type Namespace struct {
	Name     string    `json:"name"`
	Scenario string    `json:"scenario"` // The name of the one that it follows.
	Own      bool      `json:"own"`      // Whether that is its own, not the default namespace's.
	Created  time.Time `json:"created"`
	Used     time.Time `json:"used"` // When it was called last.
	Requests uint64    `json:"requests"`
	Active   int       `json:"active"` // Exchanges under way.
}

// A Clock is what GET /api/v1/clock says.
type Clock struct {
	Now     time.Time `json:"now"`
	Stopped bool      `json:"stopped"`
	Speed   float64   `json:"speed"` // How many times faster vendor time goes.
}

func (a api) namespaces(w http.ResponseWriter, _ *http.Request, _ string) {
	write(w, http.StatusOK, struct {
		Namespaces []Namespace `json:"namespaces"`
	}{a.server.Namespaces()})
}

func (a api) forget(w http.ResponseWriter, r *http.Request, namespace string) {
	if namespace == "" {
		problem(w, http.StatusBadRequest, "bad namespace", "the default namespace cannot be removed, only reset")
		return
	}
	switch found, err := a.server.Forget(r.Context(), namespace); {
	case err != nil:
		failed(w, "not removed", err)
	case !found:
		problem(w, http.StatusNotFound, "no such namespace", "nobody has called %q", namespace)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

func (a api) clock(w http.ResponseWriter, _ *http.Request, namespace string) {
	write(w, http.StatusOK, a.server.Clock(namespace))
}

// setClock stops the clock or has it go on.
func (a api) setClock(w http.ResponseWriter, r *http.Request, namespace string) {
	var asked struct {
		Stopped *bool `json:"stopped"`
	}
	if !read(w, r, &asked) {
		return
	}
	if asked.Stopped == nil {
		problem(w, http.StatusBadRequest, "bad body", `/stopped: must be true or false`)
		return
	}
	if err := a.server.StopClock(namespace, *asked.Stopped); err != nil {
		failed(w, "clock not set", err)
		return
	}
	a.clock(w, r, namespace)
}

// ErrTooFar says that a clock was not moved: nanoseconds since 1970, in which much
// is kept, end in 2262.
var ErrTooFar = sentences.Errorf("a clock goes at most 100 years ahead")

// longestAdvance bounds how far a clock is moved at once.
const longestAdvance = 365 * 24 * time.Hour

func (a api) advance(w http.ResponseWriter, r *http.Request, namespace string) {
	var asked struct {
		By string `json:"by"`
	}
	if !read(w, r, &asked) {
		return
	}
	by, err := time.ParseDuration(asked.By)
	if err != nil || by <= 0 || by > longestAdvance {
		problem(w, http.StatusBadRequest, "bad body", `/by: must be a duration such as "90s", more than 0 and at most a year`)
		return
	}
	switch err := a.server.AdvanceClock(namespace, by); {
	case errors.Is(err, ErrTooFar):
		problem(w, http.StatusConflict, "too far", "%v", ErrTooFar)
	case err != nil:
		failed(w, "clock not advanced", err)
	default:
		a.clock(w, r, namespace)
	}
}

// A shot is what GET /api/v1/faults says of a one-shot.
type shot struct {
	ID    uint64          `json:"id"`
	Left  uint64          `json:"left"`
	Until *time.Time      `json:"until,omitempty"`
	Fault json.RawMessage `json:"fault"` // As it was posted.
}

func (a api) faults(w http.ResponseWriter, r *http.Request, namespace string) {
	waiting, err := a.server.Thrown(r.Context(), namespace)
	if err != nil {
		failed(w, "no faults", err)
		return
	}
	shots := make([]shot, len(waiting))
	for i, q := range waiting {
		shots[i] = shot{ID: q.ID, Left: q.Left, Fault: q.Source}
		if !q.Until.IsZero() {
			shots[i].Until = &waiting[i].Until
		}
	}
	write(w, http.StatusOK, struct {
		Faults []shot `json:"faults"`
	}{shots})
}

func (a api) throw(w http.ResponseWriter, r *http.Request, namespace string) {
	source, ok := body(w, r, maxBody)
	if !ok {
		return
	}
	id, err := a.server.Throw(r.Context(), namespace, source)
	var invalid *scenarios.InvalidError
	switch {
	case errors.As(err, &invalid):
		invalidText(w, "bad fault", invalid)
	case errors.Is(err, scenarios.ErrQueueFull):
		problem(w, http.StatusConflict, "queue full", "%v", err)
	case err != nil:
		failed(w, "not thrown", err)
	default:
		write(w, http.StatusCreated, map[string]uint64{"id": id})
	}
}

func (a api) takeAllBack(w http.ResponseWriter, r *http.Request, namespace string) {
	if _, err := a.server.TakeBack(r.Context(), namespace, 0); err != nil {
		failed(w, "not taken back", err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a api) takeBack(w http.ResponseWriter, r *http.Request, namespace string) {
	id, err := strconv.ParseUint(mux.Vars(r)["id"], 10, 64)
	if err != nil || id == 0 {
		problem(w, http.StatusBadRequest, "bad id", "the id of a fault is a number from 1")
		return
	}
	switch found, err := a.server.TakeBack(r.Context(), namespace, id); {
	case err != nil:
		failed(w, "not taken back", err)
	case !found:
		problem(w, http.StatusNotFound, "no such fault", "no fault with id %d waits", id)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// scenario answers the text itself, which a client may edit and put back.
func (a api) scenario(w http.ResponseWriter, _ *http.Request, namespace string) {
	s := a.server.Scenario(namespace)
	if s.Source() == nil {
		problem(w, http.StatusNotFound, "no text", "scenario %q was built in Go", s.Name)
		return
	}
	w.Header().Set("Content-Type", "application/toml")
	w.Header().Set("X-Mockllm-Scenario", strconv.QuoteToASCII(s.Name))
	w.Header().Set("ETag", tagOf(s))
	w.Write(s.Source())
}

func (a api) setScenario(w http.ResponseWriter, r *http.Request, namespace string) {
	text, ok := body(w, r, maxScenario)
	if !ok {
		return
	}
	s, err := scenarios.Load("scenario.toml", text)
	var invalid *scenarios.InvalidError
	if errors.As(err, &invalid) {
		invalidText(w, "bad scenario", invalid)
		return
	}
	if err != nil {
		failed(w, "not followed", err)
		return
	}
	if !a.follow(w, r, namespace, s, http.StatusInternalServerError, "not followed") {
		return
	}
	w.Header().Set("ETag", tagOf(s))
	write(w, http.StatusOK, map[string]any{"name": s.Name, "hash": s.Hash(), "rules": len(s.Rules)})
}

// dropScenario has a namespace follow the default one's again.
func (a api) dropScenario(w http.ResponseWriter, r *http.Request, namespace string) {
	if a.follow(w, r, namespace, nil, http.StatusBadRequest, "bad namespace") {
		w.WriteHeader(http.StatusNoContent)
	}
}

// follow has a namespace follow a scenario if what the request demands of the one
// before holds. Otherwise it answers, as where the server cannot, which has that
// status and title.
func (a api) follow(w http.ResponseWriter, r *http.Request, namespace string, s *scenarios.Scenario, status int, title string) bool {
	still, err := precondition(r.Header)
	if err != nil {
		problem(w, http.StatusBadRequest, "bad header", "%v", err)
		return false
	}
	switch err := a.server.FollowIf(namespace, s, still); {
	case errors.Is(err, ErrChanged):
		problem(w, http.StatusPreconditionFailed, "scenario changed", "%v", err)
	case errors.Is(err, scenarios.ErrUnavailable):
		unread(w, err)
	case err != nil:
		problem(w, status, title, "%v", err)
	default:
		return true
	}
	return false
}

// Bounds of what may be posted, in bytes.
const (
	maxBody     = 64 << 10 // Of all but scenarios.
	maxScenario = 4 << 20
)

// body reads a request's body up to the bound.
func body(w http.ResponseWriter, r *http.Request, most int64) ([]byte, bool) {
	text, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	switch {
	case err != nil:
		problem(w, http.StatusBadRequest, "bad body", "%v", err)
	case int64(len(text)) > most:
		problem(w, http.StatusRequestEntityTooLarge, "body too large", "at most %d bytes are read here", most)
	default:
		return text, true
	}
	return nil, false
}

// read fills in a value from the request's body, whose every key must be known.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	text, ok := body(w, r, maxBody)
	if !ok {
		return false
	}
	if err := strict(text, into); err != nil {
		problem(w, http.StatusBadRequest, "bad body", "%v", err)
		return false
	}
	return true
}

// invalidText lists what is wrong with a text, each with its line and its key, and
// how much more there is.
func invalidText(w http.ResponseWriter, title string, invalid *scenarios.InvalidError) {
	type found struct {
		Line    int                `json:"line,omitempty"`
		In      string             `json:"in,omitempty"`
		Name    string             `json:"name,omitempty"`
		Pointer string             `json:"pointer,omitempty"`
		Detail  string             `json:"detail"`
		Said    sentences.Sentence `json:"said"`
	}
	problems := make([]found, len(invalid.Problems))
	for i, p := range invalid.Problems {
		problems[i] = found{Line: p.Line, In: p.In, Name: p.Name, Pointer: pointer(p.Key), Detail: p.Text, Said: p.Said}
	}
	refuse(w, http.StatusUnprocessableEntity, title, sentences.New("%v", invalid), map[string]any{"problems": problems, "more": invalid.More})
}
