package scenarios

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Record is something that a client made and can ask for again: a task, a
// file, a dataset. Only its dialect reads its value.
type Record struct {
	Kind    string // Such as "dataset".
	ID      string
	Created time.Time
	Until   time.Time // When it is finished, and may be forgotten before others; zero for never.
	Value   []byte
}

// A Change puts a record, or removes it if Value is nil.
type Change struct {
	Kind, ID string
	Value    []byte
	Until    time.Time // As of [Record].

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

// A SharedView is a [View] of records that are kept elsewhere, for other servers
// too. Until the visit of the call for which it was made, what it says may be out
// of date: the visit holds that against the truth.
type SharedView interface {
	View

	// Err returns why records could not be read, which then look as if they
	// were not there; nil if all could.
	Err() error

	// World returns what all servers agreed on for the namespace; nil for
	// nothing. It is the same slice until it changes.
	World() []byte

	// DefaultWorld returns the same of the default namespace, as it was a few
	// seconds ago or later.
	DefaultWorld() []byte
}

// Shared is what a [State] can do besides that several servers use.
type Shared interface {
	// World returns what all servers agreed on for a namespace, such as its
	// scenario; nil for nothing. It outlives a reset.
	World(ctx context.Context, namespace string) ([]byte, error)

	// SetWorld has all servers agree on something else, from their next visit to
	// the namespace on; nil is nothing. It fails with [ErrStale], having done
	// nothing, if they do not agree on was any more.
	SetWorld(ctx context.Context, namespace string, was, world []byte) error
}

// Records is the part of a [State] that keeps records.
type Records interface {
	// View returns the records of a namespace as they are now.
	View(ctx context.Context, namespace string) (View, error)

	// Commit makes all changes at once, and returns how many records of the
	// namespace were forgotten because there is more than the state's bounds:
	// the one that has been finished for the longest time first and, if none is
	// finished, the oldest.
	Commit(ctx context.Context, namespace string, now time.Time, changes []Change) (forgotten int, err error)
}

// Bounds of the records of a namespace in memory.
const (
	maxRecords     = 10_000
	maxRecordBytes = 64 << 20 // Of their values.
)

// shelf is the records of one namespace. It is safe for use by many
// goroutines.
type shelf struct {
	mu      sync.Mutex
	records map[recordKey]shelved
	order   []shelvedAt // Oldest first; what was removed or made anew may stand here still.
	ends    endings     // Of those that finish; likewise.
	made    uint64
	bytes   int // Of all values.
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

func (s *shelf) commit(now time.Time, changes []Change) (forgotten int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records == nil {
		s.records = map[recordKey]shelved{}
	}
	for _, c := range changes {
		key := recordKey{c.Kind, c.ID}
		old, found := s.records[key]
		if found || !c.Existing {
			s.bytes += len(c.Value) - len(old.Value)
		}
		switch {
		case c.Value == nil:
			delete(s.records, key)
		case found:
			old.Value, old.Until = c.Value, c.Until
			s.records[key] = old
			s.note(key, old)
		case c.Existing: // It was removed meanwhile, and stays so.
		default:
			s.made++
			made := shelved{Record{Kind: c.Kind, ID: c.ID, Created: now, Until: c.Until, Value: c.Value}, s.made}
			s.records[key] = made
			s.order = append(s.order, shelvedAt{key, s.made})
			s.note(key, made)
		}
	}
	return s.tidy(now)
}

// tidy forgets records beyond the bounds and returns how many. Of the places
// in the order that belong to nobody any more it forgets all once they are the
// most.
func (s *shelf) tidy(now time.Time) (forgotten int) {
	for len(s.records) > maxRecords || s.bytes > maxRecordBytes {
		at, found := s.finished(now)
		if !found {
			at, s.order = s.order[0], s.order[1:]
		}
		if s.records[at.key].number == at.number {
			s.bytes -= len(s.records[at.key].Value)
			delete(s.records, at.key)
			forgotten++
		}
	}
	if len(s.order) > 2*len(s.records)+64 {
		s.order = slices.DeleteFunc(slices.Clone(s.order), func(at shelvedAt) bool { return s.records[at.key].number != at.number })
	}
	s.compact()
	return forgotten
}

// View implements [Records].
func (m *memory) View(_ context.Context, namespace string) (View, error) {
	return &m.space(namespace).shelf, nil
}

// Commit implements [Records].
func (m *memory) Commit(_ context.Context, namespace string, now time.Time, changes []Change) (int, error) {
	return m.space(namespace).shelf.commit(now, changes), nil
}

// View returns the records of a namespace.
func (e *Engine) View(ctx context.Context, namespace string) (View, error) {
	return e.state.View(ctx, namespace)
}

// Commit keeps what an answer changed, and returns how many records were
// forgotten for it.
func (e *Engine) Commit(ctx context.Context, namespace string, now time.Time, changes []Change) (forgotten int, err error) {
	if len(changes) == 0 {
		return 0, nil
	}
	return e.state.Commit(ctx, namespace, now, changes)
}

// Revoke makes a key or an access token bad in a namespace, whatever the
// scenario says of it, until the namespace is reset.
func (e *Engine) Revoke(ctx context.Context, namespace, key string, now time.Time) error {
	_, err := e.state.Commit(ctx, namespace, now, []Change{{Kind: revocations, ID: short(key), Value: []byte("{}")}})
	return err
}
