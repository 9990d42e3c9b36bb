package scenarios

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Record is something that a client made and can ask for again: a task, a
// file, a dataset. Its value is JSON that only its dialect reads.
type Record struct {
	Kind    string // Such as "dataset".
	ID      string
	Created time.Time
	Value   []byte
}

// A Change puts a record, or removes it if Value is nil.
type Change struct {
	Kind, ID string
	Value    []byte
}

// A View reads the records of one namespace.
type View interface {
	// Get returns a record.
	Get(kind, id string) (Record, bool)

	// List returns the records of a kind, oldest first.
	List(kind string) []Record
}

// Records is the part of a [State] that keeps records.
type Records interface {
	// View returns the records of a namespace as they are now.
	View(ctx context.Context, namespace string) (View, error)

	// Commit makes all changes at once. Beyond the state's bound the oldest
	// records of the namespace are forgotten.
	Commit(ctx context.Context, namespace string, now time.Time, changes []Change) error
}

// maxRecords bounds the records of a namespace in memory.
const maxRecords = 10_000

// shelf is the records of one namespace, oldest first. It is safe for use by
// many goroutines.
type shelf struct {
	mu      sync.Mutex
	records []Record
}

// Get implements [View].
func (s *shelf) Get(kind, id string) (Record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.index(kind, id); i >= 0 {
		return s.records[i], true
	}
	return Record{}, false
}

// List implements [View].
func (s *shelf) List(kind string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Record
	for _, r := range s.records {
		if r.Kind == kind {
			found = append(found, r)
		}
	}
	return found
}

func (s *shelf) index(kind, id string) int {
	return slices.IndexFunc(s.records, func(r Record) bool { return r.Kind == kind && r.ID == id })
}

func (s *shelf) commit(now time.Time, changes []Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changes {
		i := s.index(c.Kind, c.ID)
		switch {
		case i >= 0 && c.Value == nil:
			s.records = slices.Delete(s.records, i, i+1)
		case i >= 0:
			s.records[i].Value = c.Value
		case c.Value != nil:
			s.records = append(s.records, Record{Kind: c.Kind, ID: c.ID, Created: now, Value: c.Value})
		}
	}
	if over := len(s.records) - maxRecords; over > 0 {
		s.records = slices.Delete(s.records, 0, over)
	}
}

// View implements [Records].
func (m *memory) View(_ context.Context, namespace string) (View, error) {
	return &m.space(namespace).shelf, nil
}

// Commit implements [Records].
func (m *memory) Commit(_ context.Context, namespace string, now time.Time, changes []Change) error {
	m.space(namespace).shelf.commit(now, changes)
	return nil
}

// View returns the records of a namespace.
func (e *Engine) View(ctx context.Context, namespace string) (View, error) {
	return e.state.View(ctx, namespace)
}

// Commit keeps what an answer changed.
func (e *Engine) Commit(ctx context.Context, namespace string, now time.Time, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	return e.state.Commit(ctx, namespace, now, changes)
}
