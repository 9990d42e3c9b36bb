package journal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// see takes n events and writes them as "begin 1" and "over 1".
func see(t *testing.T, w *Watcher, n int) string {
	t.Helper()
	var seen []string
	for range n {
		e, err := w.Next(t.Context())
		if err != nil {
			t.Fatalf("behind %v: %v", seen, err)
		}
		name := "begin"
		if e.Over {
			name = "over"
		}
		seen = append(seen, fmt.Sprintf("%s %d", name, e.Exchange.ID))
	}
	return strings.Join(seen, ", ")
}

func watch(t *testing.T, w *Watcher, err error) *Watcher {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// nothing holds that no event waits.
func nothing(t *testing.T, w *Watcher) {
	t.Helper()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if e, err := w.Next(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("there is more: %+v, %v", e, err)
	}
}

func TestWatch(t *testing.T) {
	j := New(10, 1<<20)
	j.Begin(Exchange{})
	first, err := j.Watch("")
	w := watch(t, first, err)
	nothing(t, w)
	id := j.Begin(Exchange{Raw: Keep(call())})
	j.Begin(Exchange{Namespace: "other"})
	j.Finish(id, Sent{Status: 200})
	j.Begin(Exchange{Done: true})
	e, err := w.Next(t.Context())
	if err != nil || strings.Contains(all(t, e.Exchange), secret) || e.Exchange.Key == "" {
		t.Errorf("got %+v, %v", e, err)
	}
	if got := see(t, w, 3); got != "over 2, begin 4, over 4" {
		t.Errorf("seen: %s", got)
	}
	nothing(t, w)
}

// TestWatchSince comes back after each event and must miss nothing.
func TestWatchSince(t *testing.T) {
	for since, want := range map[uint64]string{
		0: "begin 1, over 1, begin 2, over 2, begin 3",
		1: "over 1, begin 2, over 2, begin 3", // 1 was over only when 2 had begun.
		2: "over 1, over 2, begin 3",
		3: "over 2",
	} {
		j := New(10, 1<<20)
		one, two := j.Begin(Exchange{}), j.Begin(Exchange{})
		j.Finish(one, Sent{})
		j.Begin(Exchange{})
		j.Finish(two, Sent{})
		first, err := j.WatchSince("", since)
		w := watch(t, first, err)
		if got := see(t, w, strings.Count(want, ",")+1); got != want {
			t.Errorf("since %d: %s, want %s", since, got, want)
		}
		nothing(t, w)
	}
}

func TestWatchTellsOfTheGap(t *testing.T) {
	j := New(2, 1<<20)
	for range 5 {
		j.Begin(Exchange{})
	}
	for since, want := range map[uint64]uint64{1: 3, 2: 3, 3: 0, 5: 0} {
		first, err := j.WatchSince("", since)
		if w := watch(t, first, err); w.Missed() != want {
			t.Errorf("since %d: missed up to %d, want %d", since, w.Missed(), want)
		}
	}
}

// TestSlowWatcher takes nothing while many exchanges come.
func TestSlowWatcher(t *testing.T) {
	j := New(10_000, 1<<30)
	first, err := j.Watch("")
	w := watch(t, first, err)
	for range maxWaiting {
		j.Begin(Exchange{})
	}
	see(t, w, 1)
	j.Begin(Exchange{})
	see(t, w, 1)
	j.Begin(Exchange{})
	j.Begin(Exchange{}) // One too many.
	if _, err := w.Next(t.Context()); !errors.Is(err, ErrSlow) {
		t.Errorf("got %v", err)
	}
	if len(w.waiting) != 0 {
		t.Errorf("%d events are still kept", len(w.waiting))
	}
}

// TestWatcherOfEvicted is too slow for a small journal.
func TestWatcherOfEvicted(t *testing.T) {
	j := New(1, 1<<20)
	first, err := j.Watch("")
	w := watch(t, first, err)
	j.Begin(Exchange{})
	j.Begin(Exchange{})
	if _, err := w.Next(t.Context()); !errors.Is(err, ErrSlow) {
		t.Errorf("got %v", err)
	}
}

func TestWatchOverAReset(t *testing.T) {
	j := New(5, 1<<20)
	first, err := j.Watch("")
	w := watch(t, first, err)
	j.Begin(Exchange{})
	j.Reset("")
	j.Begin(Exchange{})
	if got := see(t, w, 1); got != "begin 2" {
		t.Errorf("seen: %s", got)
	}
}

func TestTooManyWatchers(t *testing.T) {
	j := New(1, 1)
	for range maxWatchers {
		w, err := j.Watch("")
		watch(t, w, err)
	}
	if _, err := j.Watch(""); !errors.Is(err, ErrWatchers) {
		t.Errorf("got %v", err)
	}
}

func TestCloseEndsWatchingAndWaiting(t *testing.T) {
	j := New(1, 1)
	w, err := j.Watch("")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := w.Next(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("watching ended with %v", err)
		}
	})
	wait.Go(func() {
		if err := j.Await(t.Context(), "", 1); !errors.Is(err, ErrClosed) {
			t.Errorf("waiting ended with %v", err)
		}
	})
	j.Close()
	wait.Wait()
}

// TestAwait counts what is over, in one namespace, evicted or not.
func TestAwait(t *testing.T) {
	j := New(1, 1<<20)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	one, two := j.Begin(Exchange{}), j.Begin(Exchange{}) // The first is evicted.
	j.Begin(Exchange{Namespace: "other", Done: true})
	j.Finish(two, Sent{})
	if err := j.Await(ended, "", 2); !errors.Is(err, context.Canceled) {
		t.Errorf("one of two is over: %v", err)
	}
	waited := make(chan error)
	go func() { waited <- j.Await(t.Context(), "", 2) }()
	j.Finish(one, Sent{})
	if err := <-waited; err != nil {
		t.Error(err)
	}
	if len(j.orphans) != 0 {
		t.Errorf("%d orphans are left", len(j.orphans))
	}
	j.Reset("")
	if err := j.Await(ended, "", 1); !errors.Is(err, context.Canceled) {
		t.Errorf("after a reset: %v", err)
	}
}
