package journal

import (
	"context"
	"errors"
)

// Bounds of watching.
const (
	maxWatchers = 64
	maxWaiting  = 1024 // Events that a watcher has not taken yet, besides those that it asked to see again.
)

// Reasons why a [Watcher] ends.
var (
	ErrSlow     = errors.New("events came faster than they were taken, and some are lost")
	ErrClosed   = errors.New("the server closes")
	ErrWatchers = errors.New("too many watch the journal already")
)

// An Event tells that an exchange began, or that it is over.
type Event struct {
	Over     bool
	Exchange Exchange
}

// A Watch says what a [Watcher] watches, and how it tells of it.
type Watch struct {
	Namespace string
	All       bool    // All namespaces instead.
	Since     *uint64 // Behind this exchange, as [Journal.WatchSince] does; nil is from now on.
	Brief     bool    // Only the short texts of each, as [Exchange.Brief] returns them.
}

// A Watcher tells of the exchanges of a namespace, or of all, as they come. Where
// several servers share an archive, it tells of those of the others in the
// namespace when they are over; of all namespaces it tells of this server's alone.
type Watcher struct {
	j         *Journal
	namespace string
	all       bool
	brief     bool
	missed    uint64        // The newest id that it asked for and that was evicted before.
	ready     chan struct{} // Holds a token when there may be something to see.
	others    others        // What other servers put into the archive.

	waiting []mark // Guarded by the journal's lock, as the rest.
	most    int    // How many may wait.
	slow    bool
}

// mark stands for an event.
type mark struct {
	id   uint64
	over bool
}

// Watch begins to watch a namespace, from now on.
func (j *Journal) Watch(namespace string) (*Watcher, error) {
	return j.Follow(Watch{Namespace: namespace})
}

// WatchSince begins to watch a namespace behind an exchange: what happened
// after it began comes first, as far as it is kept. Nothing is left out, but
// what somebody who saw it has seen may come again.
func (j *Journal) WatchSince(namespace string, id uint64) (*Watcher, error) {
	return j.Follow(Watch{Namespace: namespace, Since: &id})
}

// Follow begins to watch as it is told.
func (j *Journal) Follow(o Watch) (*Watcher, error) {
	w := &Watcher{j: j, namespace: o.Namespace, all: o.All, brief: o.Brief, ready: make(chan struct{}, 1)}
	if err := j.watch(w, o); err != nil {
		return nil, err
	}
	j.followOthers(w, o)
	return w, nil
}

// watch has a watcher see what happens on this server.
func (j *Journal) watch(w *Watcher, o Watch) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.watchers) >= maxWatchers {
		return ErrWatchers
	}
	if o.Since != nil {
		w.catchUp(*o.Since)
	}
	w.most = len(w.waiting) + maxWaiting
	j.watchers[w] = struct{}{}
	w.wake()
	return nil
}

// catchUp notes what happened behind an exchange: all that is kept, if it is
// another server's.
func (w *Watcher) catchUp(since uint64) {
	if w.j.isOthers(since) {
		since = 0
	}
	if upTo := w.goneUpTo(); upTo > since {
		w.missed = upTo
	}
	for _, e := range w.j.entries {
		if !w.watches(e.Namespace) {
			continue
		}
		if e.ID > since {
			w.waiting = append(w.waiting, mark{id: e.ID})
		}
		if e.Done && (e.ID > since || e.newerThan >= since) {
			w.waiting = append(w.waiting, mark{id: e.ID, over: true})
		}
	}
}

func (w *Watcher) watches(namespace string) bool { return w.all || w.namespace == namespace }

// goneUpTo returns the newest id that was evicted of what is watched.
func (w *Watcher) goneUpTo() uint64 {
	if w.all {
		return w.j.tallies.goneUpTo
	}
	return w.j.tallies.look(w.namespace).goneUpTo
}

// Missed returns the newest id that was asked for and is not kept any more; 0
// if nothing is missing.
func (w *Watcher) Missed() uint64 { return w.missed }

// Close ends the watching.
func (w *Watcher) Close() {
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	delete(w.j.watchers, w)
	if w.others.leave != nil {
		w.others.leave()
	}
}

// tell notes an event for all who watch.
func (j *Journal) tell(namespace string, m mark) {
	for w := range j.watchers {
		if !w.watches(namespace) || w.slow {
			continue
		}
		if len(w.waiting) >= w.most {
			w.slow, w.waiting = true, nil
		} else {
			w.waiting = append(w.waiting, m)
		}
		w.wake()
	}
}

// wake lets the watcher look.
func (w *Watcher) wake() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// Next returns the next event as soon as there is one. The error is [ErrSlow],
// [ErrClosed] or the context's.
func (w *Watcher) Next(ctx context.Context) (Event, error) {
	for {
		if e, found := w.others.turn(); found {
			return w.elsewhere(e), nil
		}
		e, found, err := w.take()
		if found || err != nil {
			if w.brief {
				e.Exchange = e.Exchange.Brief()
				e.Exchange.Raw = nil
			} else {
				e.Exchange = e.Exchange.Rendered()
			}
			return e, err
		}
		select {
		case <-w.ready:
		case e := <-w.others.came:
			return w.elsewhere(e), nil
		case <-ctx.Done():
			return Event{}, ctx.Err()
		}
	}
}

// elsewhere is the event that an exchange of another server is over.
func (w *Watcher) elsewhere(e Exchange) Event {
	if w.brief {
		e.RequestHeader, e.Body, e.Turns, e.Script, e.AnswerHeader, e.AnswerBody, e.AnswerBytes = nil, "", nil, nil, nil, "", 0
	}
	return Event{Over: true, Exchange: e}
}

// take takes the first event that waits. What was evicted before it was taken
// is lost; what was reset is of no interest.
func (w *Watcher) take() (e Event, found bool, err error) {
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	if w.slow {
		return e, false, ErrSlow
	}
	for len(w.waiting) > 0 {
		m := w.waiting[0]
		w.waiting = w.waiting[1:]
		kept := w.j.find(m.id)
		switch {
		case kept != nil:
			return Event{Over: m.over, Exchange: kept.Exchange}, true, nil
		case m.id <= w.goneUpTo():
			return e, false, ErrSlow
		}
	}
	if w.j.closed {
		return e, false, ErrClosed
	}
	return e, false, nil
}

// Await waits until that many exchanges of a namespace are over, since it was
// reset. The error is [ErrClosed] or the context's.
func (j *Journal) Await(ctx context.Context, namespace string, n int) error {
	for {
		changed, err := j.awaited(namespace, n)
		if changed == nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// awaited returns what is closed when the number of exchanges that are over may
// have been reached; nil if it is, or never will be.
func (j *Journal) awaited(namespace string, n int) (<-chan struct{}, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.tallies.look(namespace).done >= n {
		return nil, nil
	}
	if j.closed {
		return nil, ErrClosed
	}
	if j.changed == nil {
		j.changed = make(chan struct{})
	}
	return j.changed, nil
}
