package play

import (
	"context"
	"sync"
	"time"
)

// An Adjustable clock follows another one until it is moved forward, or stopped
// and moved by hand.
type Adjustable struct {
	base Clock

	mu       sync.Mutex
	ahead    time.Duration // Of the other one, while it follows.
	stopped  bool
	at       time.Time // Where it stands while it is stopped.
	moved    context.Context
	announce context.CancelFunc // Ends moved.
}

// NewAdjustable returns a clock that follows another one.
func NewAdjustable(base Clock) *Adjustable {
	a := &Adjustable{base: base}
	a.moved, a.announce = context.WithCancel(context.Background())
	return a
}

// Now implements [Clock].
func (a *Adjustable) Now() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now()
}

func (a *Adjustable) now() time.Time {
	if a.stopped {
		return a.at
	}
	return a.base.Now().Add(a.ahead)
}

// Stopped reports whether the clock stands still.
func (a *Adjustable) Stopped() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stopped
}

// Advance moves the clock forward and wakes everybody whose wait is over.
func (a *Adjustable) Advance(d time.Duration) {
	a.change(func() {
		if a.stopped {
			a.at = a.at.Add(d)
		} else {
			a.ahead += d
		}
	})
}

// Stop makes the clock stand still until it is advanced.
func (a *Adjustable) Stop() {
	a.change(func() { a.at, a.stopped = a.now(), true })
}

// Resume makes the clock go on from where it stands.
func (a *Adjustable) Resume() {
	a.change(func() {
		if a.stopped {
			a.ahead, a.stopped = a.at.Sub(a.base.Now()), false
		}
	})
}

// An Adjustment says how an [Adjustable] clock differs from the one that it
// follows. The zero value is not at all.
type Adjustment struct {
	Ahead   time.Duration `json:"ahead_ns,omitempty"` // Of the other one, while it follows.
	Stopped *time.Time    `json:"stopped,omitempty"`  // Where it stands; nil while it follows.
}

// Adjust makes the clock differ like that.
func (a *Adjustable) Adjust(to Adjustment) {
	a.change(func() {
		a.ahead, a.stopped = to.Ahead, to.Stopped != nil
		if a.stopped {
			a.at = *to.Stopped
		}
	})
}

// Adjustment tells how the clock differs, if it were stopped or went on.
func (a *Adjustable) Adjustment(stopped bool) Adjustment {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	switch {
	case stopped:
		return Adjustment{Stopped: &now}
	case a.stopped:
		return Adjustment{Ahead: now.Sub(a.base.Now())}
	default:
		return Adjustment{Ahead: a.ahead}
	}
}

// change changes the clock and has every sleeper look again.
func (a *Adjustable) change(how func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	how()
	a.announce()
	a.moved, a.announce = context.WithCancel(context.Background())
}

// Sleep implements [Clock].
func (a *Adjustable) Sleep(ctx context.Context, d time.Duration) error {
	until := a.Now().Add(d)
	for {
		a.mu.Lock()
		left, stopped, moved := until.Sub(a.now()), a.stopped, a.moved
		a.mu.Unlock()
		switch {
		case left <= 0:
			return ctx.Err()
		case stopped:
			select {
			case <-moved.Done():
			case <-ctx.Done():
				return ctx.Err()
			}
		default:
			if over, err := a.follow(ctx, moved, left); over || err != nil {
				return err
			}
		}
	}
}

// follow sleeps by the other clock until that time is over or the clock moves. If
// it is over, it is so whatever the other clock says then: it may have been set.
func (a *Adjustable) follow(ctx, moved context.Context, d time.Duration) (over bool, err error) {
	if base, real := a.base.(*realClock); real {
		return base.sleepUntil(ctx, moved.Done(), d) // A paced stream sleeps before each frame: without a context for each.
	}
	either, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(moved, cancel)()
	err = a.base.Sleep(either, d)
	if err != nil && moved.Err() == nil {
		return false, err
	}
	return err == nil, ctx.Err()
}
