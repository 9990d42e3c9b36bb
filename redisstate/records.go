package redisstate

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// Bounds of the records of a namespace, as in memory.
const (
	maxRecords     = 10_000
	maxRecordBytes = 64 << 20
)

// A view reads the records of one namespace for one call. Until the visit of
// that, it believes what this replica saw last, and that what it never saw is not
// there; the visit holds that against the truth, and fails if it is not so.
// Afterwards it asks Redis.
type view struct {
	state     *State
	ctx       context.Context
	namespace string

	settled bool
	reads   []reading
	err     error
}

// A reading is a record that was believed to be in a version; "" is not there.
type reading struct{ hash, field, version string }

// View implements [scenarios.Records].
func (s *State) View(ctx context.Context, namespace string) (scenarios.View, error) {
	if local := s.local(); local != nil {
		return local.View(ctx, namespace)
	}
	return &view{state: s, ctx: ctx, namespace: namespace}, nil
}

// readings lists what the visit has to hold against the truth.
func (v *view) readings() []reading {
	if v == nil {
		return nil
	}
	return v.reads
}

// Get implements [scenarios.View].
func (v *view) Get(kind, id string) (scenarios.Record, bool) {
	name := field(kind, id)
	if v.settled {
		return v.fetch(kind, id, name)
	}
	known := v.state.seen.get(v.namespace, name)
	v.read(reading{"records", name, known.version})
	return known.record, known.version != ""
}

// read notes what was believed of a record, for the visit.
func (v *view) read(r reading) {
	if !v.settled && !slices.ContainsFunc(v.reads, func(b reading) bool { return b.hash == r.hash && b.field == r.field }) {
		v.reads = append(v.reads, r)
	}
}

// fetch reads a record from Redis.
func (v *view) fetch(kind, id, name string) (scenarios.Record, bool) {
	text, found, err := v.state.hget(v.ctx, v.namespace, "records", name)
	if err != nil || !found {
		v.fail(err)
		return scenarios.Record{}, false
	}
	r, err := recordOf(kind, id, text)
	v.fail(err)
	return r.record, err == nil
}

func (v *view) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

// List implements [scenarios.View].
func (v *view) List(kind string) []scenarios.Record {
	a := args{}
	a.text(field(kind, ""))
	reply, err := v.state.run(v.ctx, v.state.scripts.list, v.namespace, a)
	if err != nil {
		v.fail(v.state.refusal(err))
		return nil
	}
	var found []scenarios.Record
	r := &reader{values: reply}
	for len(r.values) > 0 {
		id := strings.TrimPrefix(r.text(), field(kind, ""))
		known, err := recordOf(kind, id, r.text())
		if err != nil {
			v.fail(err)
			return nil
		}
		found = append(found, known.record)
	}
	return found
}

// Err implements [scenarios.SharedView].
func (v *view) Err() error { return v.err }

// learn takes over what the records that were read really are.
func (v *view) learn(values []any) {
	for i, read := range v.reads {
		text, found := "", false
		if i < len(values) {
			text, found = values[i].(string)
		}
		switch read.hash {
		case keptHash:
			v.state.learnWorld(v.namespace, text, found)
			continue
		case v.state.defaultKept:
			v.state.learnWorld("", text, found)
			continue
		}
		if !found {
			v.state.seen.forget(v.namespace, read.field)
			continue
		}
		kind, id := apart(read.field)
		if r, err := recordOf(kind, id, text); err == nil {
			v.state.seen.put(v.namespace, read.field, r)
		}
	}
	v.reads = nil
}

// apart takes a field of kind and id apart.
func apart(name string) (kind, id string) {
	length, rest, _ := strings.Cut(name, ":")
	n, _ := strconv.Atoi(length)
	return rest[:n], rest[n:]
}

// seen is a record in a version, as it was read.
type seen struct {
	version string
	record  scenarios.Record
}

// recordOf reads a record as the script keeps it: version, when it was made,
// when it is finished, and behind the end of the line its value.
func recordOf(kind, id, text string) (seen, error) {
	head, value, found := strings.Cut(text, "\n")
	parts := strings.Fields(head)
	if !found || len(parts) != 5 {
		return seen{}, fmt.Errorf("redis: record %s of %s has the head %q", id, kind, head)
	}
	return seen{version: parts[0], record: scenarios.Record{
		Kind: kind, ID: id, Created: momentOf(parts[1], parts[2]), Until: momentOf(parts[3], parts[4]), Value: []byte(value),
	}}, nil
}

// Commit implements [scenarios.Records].
func (s *State) Commit(ctx context.Context, namespace string, now time.Time, changes []scenarios.Change) (int, error) {
	if local := s.local(); local != nil {
		return local.Commit(ctx, namespace, now, changes)
	}
	a := args{}
	a.text(strconv.FormatInt(now.Unix(), 10), strconv.Itoa(now.Nanosecond()), strconv.Itoa(maxRecords), strconv.Itoa(maxRecordBytes))
	for _, c := range changes {
		how := "put"
		switch {
		case c.Value == nil:
			how = "remove"
		case c.Existing:
			how = "change"
		}
		a.text(how, field(c.Kind, c.ID))
		a.moment(c.Until)
		a = append(a, bytes.Clone(c.Value))
	}
	forgotten, err := s.count(ctx, s.scripts.commit, namespace, a)
	if err != nil {
		return fall(s, err, func(m scenarios.State) (int, error) { return m.Commit(ctx, namespace, now, changes) })
	}
	return int(forgotten), nil
}
