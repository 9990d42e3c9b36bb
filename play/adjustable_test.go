package play

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestAdjustable(t *testing.T) {
	start := time.Date(2026, 5, 28, 8, 0, 0, 0, time.UTC)
	base := NewManual(start)
	clock := NewAdjustable(base)
	at := func(want time.Duration) {
		t.Helper()
		if got := clock.Now().Sub(start); got != want {
			t.Errorf("it is %v, want %v", got, want)
		}
	}
	base.Advance(time.Second)
	at(time.Second)
	clock.Advance(time.Minute)
	at(time.Minute + time.Second)
	clock.Stop()
	base.Advance(time.Hour)
	at(time.Minute + time.Second)
	clock.Advance(time.Second)
	at(time.Minute + 2*time.Second)
	clock.Resume()
	clock.Resume()
	base.Advance(time.Second)
	at(time.Minute + 3*time.Second)
	if clock.Stopped() {
		t.Error("it is stopped")
	}
}

// TestAdjustableSleep wakes a sleeper by each way in which time can pass.
func TestAdjustableSleep(t *testing.T) {
	for name, pass := range map[string]func(*Manual, *Adjustable){
		"the other clock goes on": func(m *Manual, _ *Adjustable) { m.Advance(time.Minute) },
		"it is advanced":          func(_ *Manual, a *Adjustable) { a.Advance(time.Minute) },
		"both": func(m *Manual, a *Adjustable) {
			a.Advance(30 * time.Second)
			m.Await(context.Background(), 1)
			m.Advance(30 * time.Second)
		},
		"it is stopped and advanced": func(m *Manual, a *Adjustable) {
			a.Stop()
			m.Advance(time.Hour)
			a.Advance(time.Minute)
		},
		"it is stopped and goes on": func(m *Manual, a *Adjustable) {
			a.Stop()
			a.Resume()
			m.Await(context.Background(), 1)
			m.Advance(time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := NewManual(time.Unix(0, 0))
			clock := NewAdjustable(base)
			done := make(chan error)
			go func() { done <- clock.Sleep(t.Context(), time.Minute) }()
			if err := base.Await(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			pass(base, clock)
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	clock := NewAdjustable(NewManual(time.Unix(0, 0)))
	if err := clock.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("a sleeper that leaves: %v", err)
	}
	clock.Stop()
	if err := clock.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("a sleeper that leaves a stopped clock: %v", err)
	}
}

// backwards is a clock that is set back while everybody sleeps.
type backwards struct{ now time.Time }

func (b *backwards) Now() time.Time { return b.now }

func (b *backwards) Sleep(context.Context, time.Duration) error {
	b.now = b.now.Add(-2 * time.Hour)
	return nil
}

// TestAdjustableOverAClockThatIsSetBack: who has slept for as long as was wanted
// has slept enough, whatever the clock on the wall says then.
func TestAdjustableOverAClockThatIsSetBack(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	base := &backwards{now: time.Unix(1_700_000_000, 0)}
	if err := NewAdjustable(base).Sleep(ctx, time.Second); err != nil {
		t.Fatal(err)
	}
	if slept := time.Unix(1_700_000_000, 0).Sub(base.now); slept != 2*time.Hour {
		t.Errorf("slept more than once: the clock is %s behind", slept)
	}
}
