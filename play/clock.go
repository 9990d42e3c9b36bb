package play

import (
	"context"
	"sync"
	"time"
)

// A Clock tells the time and waits. Nothing else in the project does.
type Clock interface {
	Now() time.Time

	// Sleep returns nil after d, or the context's error as soon as that ends.
	Sleep(ctx context.Context, d time.Duration) error
}

// Real returns the machine's clock.
func Real() Clock { return new(realClock) }

// realClock keeps the timers of those who have slept: a paced stream sleeps
// before each of its frames.
type realClock struct{ timers sync.Pool }

func (*realClock) Now() time.Time { return time.Now() }

func (c *realClock) Sleep(ctx context.Context, d time.Duration) error {
	_, err := c.sleepUntil(ctx, nil, d)
	return err
}

// sleepUntil sleeps until the time is over or something else happens, and
// reports whether it is over.
func (c *realClock) sleepUntil(ctx context.Context, event <-chan struct{}, d time.Duration) (over bool, err error) {
	t, used := c.timers.Get().(*time.Timer)
	if used {
		t.Reset(d)
	} else {
		t = time.NewTimer(d)
	}
	defer func() {
		t.Stop() // From then on nothing comes from it until it is set again.
		c.timers.Put(t)
	}()
	select {
	case <-t.C:
		return true, nil
	case <-event:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// A Manual clock stands still until it is advanced. The zero value stands at
// the zero time.
type Manual struct {
	mu      sync.Mutex
	now     time.Time
	waiters map[*waiter]struct{}
	joined  chan struct{} // Closed when somebody begins to sleep; nil if nobody asked.
}

type waiter struct {
	until time.Time
	done  chan struct{}
}

// NewManual returns a clock that stands at the time given.
func NewManual(now time.Time) *Manual {
	return &Manual{now: now}
}

// Now implements [Clock].
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock on and wakes everybody whose wait is over.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	for w := range m.waiters {
		if !w.until.After(m.now) {
			close(w.done)
			delete(m.waiters, w)
		}
	}
}

// waiting returns how many sleepers there are.
func (m *Manual) waiting() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.waiters)
}

// Await returns as soon as n sleepers wait at once, so that advancing the clock
// then wakes them, or with the context's error when that ends.
func (m *Manual) Await(ctx context.Context, n int) error {
	for {
		m.mu.Lock()
		if len(m.waiters) >= n {
			m.mu.Unlock()
			return nil
		}
		if m.joined == nil {
			m.joined = make(chan struct{})
		}
		joined := m.joined
		m.mu.Unlock()
		select {
		case <-joined:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Sleep implements [Clock].
func (m *Manual) Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	w := m.wait(d)
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.waiters, w)
		return ctx.Err()
	}
}

func (m *Manual) wait(d time.Duration) *waiter {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := &waiter{until: m.now.Add(d), done: make(chan struct{})}
	if m.waiters == nil {
		m.waiters = map[*waiter]struct{}{}
	}
	m.waiters[w] = struct{}{}
	if m.joined != nil {
		close(m.joined)
		m.joined = nil
	}
	return w
}
