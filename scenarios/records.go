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

	// Existing puts the value only if the record is still there. Between the
	// look at a record and the commit of its change another client may remove
	// it, and the change must not bring it back.
	Existing bool
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

// shelf is the records of one namespace. It is safe for use by many
// goroutines.
type shelf struct {
	mu      sync.Mutex
	records map[recordKey]shelved
	order   []shelvedAt // Oldest first; what was removed or made anew may stand here still.
	made    uint64
}

type recordKey struct{ kind, id string }

// shelved is a record and its number, which tells it from an older one of the
// same name.
type shelved struct {
	Record
	number uint64
}

type shelvedAt struct {
	key    recordKey
	number uint64
}

// Get implements [View].
func (s *shelf) Get(kind, id string) (Record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found := s.records[recordKey{kind, id}]
	return r.Record, found
}

// List implements [View].
func (s *shelf) List(kind string) []Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Record
	for _, at := range s.order {
		if at.key.kind != kind {
			continue
		}
		if r := s.records[at.key]; r.number == at.number {
			found = append(found, r.Record)
		}
	}
	return found
}

func (s *shelf) commit(now time.Time, changes []Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records == nil {
		s.records = map[recordKey]shelved{}
	}
	for _, c := range changes {
		key := recordKey{c.Kind, c.ID}
		old, found := s.records[key]
		switch {
		case c.Value == nil:
			delete(s.records, key)
		case found:
			old.Value = c.Value
			s.records[key] = old
		case c.Existing: // It was removed meanwhile, and stays so.
		default:
			s.made++
			s.records[key] = shelved{Record{Kind: c.Kind, ID: c.ID, Created: now, Value: c.Value}, s.made}
			s.order = append(s.order, shelvedAt{key, s.made})
		}
	}
	s.tidy()
}

// tidy forgets the oldest records beyond the bound, and places in the order
// that belong to nobody any more once they are the most.
func (s *shelf) tidy() {
	for len(s.records) > maxRecords {
		if at := s.order[0]; s.records[at.key].number == at.number {
			delete(s.records, at.key)
		}
		s.order = s.order[1:]
	}
	if len(s.order) > 2*len(s.records)+64 {
		s.order = slices.DeleteFunc(slices.Clone(s.order), func(at shelvedAt) bool { return s.records[at.key].number != at.number })
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
