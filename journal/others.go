package journal

import "context"

// others follows what other servers put into the archive, for a watcher. It takes
// no more than the watcher does.
type others struct {
	came  chan Exchange
	leave context.CancelFunc
	last  bool // Whether the event before this was one of theirs.
}

// followOthers has a watcher of one namespace see what other servers put, from now
// on or behind an exchange. Of all namespaces nobody could read all archives.
func (j *Journal) followOthers(w *Watcher, o Watch) {
	if j.archive == nil || o.All {
		return
	}
	place := j.archive.Place(context.Background(), o.Namespace, o.Since)
	ctx, leave := context.WithCancel(context.Background())
	w.others = others{came: make(chan Exchange), leave: leave}
	go func() {
		for {
			found, next, err := j.archive.Behind(ctx, o.Namespace, place)
			if err != nil {
				w.lag(ctx)
				return
			}
			for _, e := range found {
				select {
				case w.others.came <- e:
				case <-ctx.Done():
					return
				}
			}
			place = next
		}
	}()
}

// lag ends a watcher that reads too slowly for what others put.
func (w *Watcher) lag(ctx context.Context) {
	if ctx.Err() != nil {
		return // It is closed.
	}
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	w.slow, w.waiting = true, nil
	w.wake()
}

// turn returns an exchange of another server if one waits, and the event before was
// none: neither side has the other wait for long.
func (o *others) turn() (e Exchange, found bool) {
	if o.last = !o.last; !o.last {
		return e, false
	}
	select {
	case e = <-o.came:
		return e, true
	default:
		return e, false
	}
}

// isOthers reports whether an id is of another server.
func (j *Journal) isOthers(id uint64) bool { return j.archive != nil && id>>idBits != j.Replica() }
