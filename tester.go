package mockllm

import (
	"sync"

	"github.com/mockllm/mockllm/journal"
)

// T is the part of *testing.T, *testing.B and *testing.F that this package
// needs.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// A tester tells a test what a server sees. A test that is over is told
// nothing: that would be a panic.
type tester struct {
	t       T
	silent  bool // Its log is not for us.
	fuzzing bool // While inputs are tried, no method of it may be called.

	mu   sync.Mutex
	over bool
	held []string // What has failed, until inputs are no longer tried.
}

// newTester finds out what kind of test it is. Naming the types would have
// every program that imports us compile package testing.
func newTester(t T) *tester {
	_, fuzzing := t.(interface{ Fuzz(ff any) })
	_, benchmark := t.(interface{ ReportAllocs() })
	return &tester{t: t, silent: fuzzing || benchmark, fuzzing: fuzzing}
}

// log writes a line about an exchange. A nil tester hears nothing.
func (t *tester) log(e *journal.Exchange) {
	if t == nil || t.silent {
		return
	}
	t.t.Helper()
	t.tell(e.Line())
}

// tell writes something else than an exchange into the log, in the same way.
func (t *tester) tell(text string) {
	if t == nil || t.silent {
		return
	}
	t.t.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.t.Logf("mockllm: %s", text)
	}
}

// fail fails the test, which goes on.
func (t *tester) fail(problem string) {
	t.t.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.over:
	case t.fuzzing:
		t.held = append(t.held[:min(len(t.held), mostHeld-1)], problem)
	default:
		t.t.Errorf("%s", problem)
	}
}

// mostHeld bounds how many failures wait for the end of a fuzz test.
const mostHeld = 10

// end tells what is left to tell, and nothing from then on.
func (t *tester) end() {
	t.t.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	for _, problem := range t.held {
		t.t.Errorf("%s", problem)
	}
}
