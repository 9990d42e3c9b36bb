package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/sentences"
)

// Times of a stream.
const (
	heartbeat  = 15 * time.Second // After which a comment is sent if nothing happens, by the server's clock.
	writeLimit = 10 * time.Second // How long a reader may take for one event.
)

// stream sends an event for every exchange that begins and that is over, until
// the reader leaves, is too slow, or the server closes.
func (a api) stream(w http.ResponseWriter, r *http.Request, query url.Values) {
	watcher, err := a.watch(r, query)
	switch {
	case errors.Is(err, journal.ErrWatchers):
		problem(w, http.StatusServiceUnavailable, "too many streams", "%v", err)
		return
	case err != nil:
		problem(w, http.StatusBadRequest, "bad parameter", "%v", err)
		return
	}
	defer watcher.Close()
	// The server bounds how long a request takes; this one may take forever.
	http.NewResponseController(w).SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if replica := a.server.History().Replica(); replica > 0 && query.Get("all") == "true" {
		w.Header().Set("X-Mockllm-Replica", strconv.FormatUint(replica, 10)) // It tells of no other's.
	}
	s := sse{w: w, control: http.NewResponseController(w)}
	defer s.control.SetWriteDeadline(time.Time{})
	s.send(": the journal\n\n")
	if upTo := watcher.Missed(); upTo > 0 {
		s.event("gap", 0, map[string]any{"evicted_up_to": upTo})
	}
	for s.err == nil {
		e, err := a.next(r.Context(), watcher)
		switch {
		case err == nil && e.Over:
			s.event("over", e.Exchange.ID, e.Exchange)
		case err == nil:
			s.event("begin", e.Exchange.ID, e.Exchange)
		case errors.Is(err, errQuiet):
			s.send(": nothing new\n\n")
		case errors.Is(err, journal.ErrSlow):
			s.event("dropped", 0, map[string]any{"detail": err.Error()})
			return
		case errors.Is(err, journal.ErrClosed):
			s.event("closed", 0, map[string]any{"detail": err.Error()})
			return
		default:
			return
		}
	}
}

// watch begins to watch where the reader wants to: a browser that connects
// again sends the last id that it has seen.
func (a api) watch(r *http.Request, query url.Values) (*journal.Watcher, error) {
	watch := journal.Watch{Namespace: query.Get("namespace")}
	for name, into := range map[string]*bool{"all": &watch.All, "brief": &watch.Brief} {
		if err := truth(name, query, into); err != nil {
			return nil, err
		}
	}
	if watch.All && query.Get("namespace") != "" {
		return nil, sentences.Errorf("all does not go with namespace: it watches every one")
	}
	name, since := "Last-Event-ID", r.Header.Get("Last-Event-ID")
	if since == "" {
		name, since = "since", query.Get("since")
	}
	if since != "" {
		id, err := idOf(name, since)
		if err != nil {
			return nil, err
		}
		watch.Since = &id
	}
	return a.server.History().Follow(watch)
}

// truth reads a parameter that is true or false.
func truth(name string, query url.Values, into *bool) error {
	if !query.Has(name) {
		return nil
	}
	value, err := oneOf(name, query.Get(name), []string{"true", "false"})
	*into = value == "true"
	return err
}

// errQuiet says that nothing happened for long.
var errQuiet = errors.New("nothing happened")

// next waits for the next event, for as long as there is no need of a sign of
// life.
func (a api) next(ctx context.Context, watcher *journal.Watcher) (journal.Event, error) {
	bounded, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		if a.server.Pause(bounded, heartbeat) == nil {
			cancel(errQuiet)
		}
	}()
	e, err := watcher.Next(bounded)
	if err != nil && errors.Is(context.Cause(bounded), errQuiet) && ctx.Err() == nil {
		return e, errQuiet
	}
	return e, err
}

// sse writes server-sent events, each at once.
type sse struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error // The first that went wrong; nothing is written behind it.
}

// event sends one; the id 0 is none.
func (s *sse) event(name string, id uint64, data any) {
	text := "event: " + name + "\n"
	if id > 0 {
		text += fmt.Sprintf("id: %d\n", id)
	}
	s.send(text + "data: " + string(line(data)) + "\n\n")
}

func (s *sse) send(text string) {
	if s.err != nil {
		return
	}
	s.control.SetWriteDeadline(time.Now().Add(writeLimit))
	if _, s.err = s.w.Write([]byte(text)); s.err == nil {
		s.err = s.control.Flush()
	}
}
