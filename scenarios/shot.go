package scenarios

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/mockllm/mockllm/sentences"
)

// A Shot is an outcome that is thrown at the next calls that match, before
// rules are asked. It counts for no rule.
type Shot struct {
	Match Match `toml:"match"`
	Outcome
	Times Count     `toml:"times"` // At how many calls; 0 means 1.
	For   *Duration `toml:"for"`   // How long it waits for them, in vendor time; until it is taken back unless given.
}

// A Queued shot waits for its calls.
type Queued struct {
	ID     uint64
	Left   uint64    // At how many calls it is still to be thrown.
	Until  time.Time // When it is forgotten; zero is never.
	Source []byte    // As it was written, in JSON.

	rule *Rule
}

// Shots is the part of a [State] that keeps what is thrown next.
type Shots interface {
	// Queue puts a shot behind those of the namespace and returns its number,
	// from 1. It fails with [ErrQueueFull].
	Queue(ctx context.Context, namespace string, q Queued) (uint64, error)

	// Queued returns the shots that wait in the namespace, oldest first.
	Queued(ctx context.Context, namespace string, now time.Time) ([]Queued, error)

	// Unqueue takes a shot back, or with 0 all, and reports whether there was
	// one.
	Unqueue(ctx context.Context, namespace string, id uint64) (bool, error)
}

// maxShots bounds the shots that wait in a namespace.
const maxShots = 1000

// ErrQueueFull says that too many shots wait already.
var ErrQueueFull = sentences.Errorf("%d one-shots wait already, which is the most", maxShots)

// Queue implements [Shots].
func (m *memory) Queue(_ context.Context, namespace string, q Queued) (uint64, error) {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.shots) >= maxShots {
		return 0, ErrQueueFull
	}
	s.shot++
	q.ID = s.shot
	s.shots = append(s.shots, q)
	return q.ID, nil
}

// Queued implements [Shots].
func (m *memory) Queued(_ context.Context, namespace string, now time.Time) ([]Queued, error) {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.shots) == 0 {
		return nil, nil
	}
	s.shots = slices.DeleteFunc(s.shots, func(q Queued) bool { return q.over(now) })
	return slices.Clone(s.shots), nil
}

// throw takes one throw of the shot that a call claims. It reports whether the
// call may go on, and else says what waits for it.
func (s *space) throw(now time.Time, c *Call) bool {
	c.Waiting = c.Waiting[:0]
	if len(s.shots) == 0 {
		return c.Shot == 0
	}
	s.shots = slices.DeleteFunc(s.shots, func(q Queued) bool { return q.over(now) })
	if i := slices.IndexFunc(s.shots, func(q Queued) bool { return q.ID == c.Shot }); i >= 0 {
		if s.shots[i].Left--; s.shots[i].Left == 0 {
			s.shots = slices.Delete(s.shots, i, i+1)
		}
		return true
	}
	for _, q := range s.shots {
		if q.ID > c.Passed {
			c.Waiting = append(c.Waiting, q)
		}
	}
	return c.Shot == 0 && len(c.Waiting) == 0
}

// over reports whether the shot has waited long enough.
func (q *Queued) over(now time.Time) bool { return !q.Until.IsZero() && !now.Before(q.Until) }

// Unqueue implements [Shots].
func (m *memory) Unqueue(_ context.Context, namespace string, id uint64) (bool, error) {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.shots)
	s.shots = slices.DeleteFunc(s.shots, func(q Queued) bool { return id == 0 || q.ID == id })
	return len(s.shots) < before, nil
}

// Requeued is a shot that waits, as it was written. A state that keeps its text
// elsewhere makes it once, not for each call.
func Requeued(source []byte) (Queued, error) {
	_, rule, err := readShot(source)
	return Queued{Source: source, rule: rule}, err
}

// ReadShot reads a shot from JSON, whose keys are those of a rule. An error is
// an [*InvalidError] that lists all that is wrong.
func ReadShot(source []byte) (*Shot, error) {
	shot, _, err := readShot(source)
	return shot, err
}

// What stands for a shot where scenarios have a file and rules a name, and the
// path of its table.
const (
	shotName = "one-shot"
	shotPath = shotName + "[0]"
)

func readShot(source []byte) (*Shot, *Rule, error) {
	r := &report{}
	tree, err := parseJSON(source)
	if err != nil {
		r.add(shotPath, "no valid JSON: %v", err)
		return nil, nil, r.err(shotName)
	}
	shot := &Shot{}
	decode(shotPath, tree, reflect.ValueOf(shot).Elem(), r)
	if len(r.problems) > 0 {
		return nil, nil, r.err(shotName)
	}
	rule := &Rule{Name: shotName, Match: shot.Match, Outcome: shot.Outcome}
	rule.Match.prepare(shotPath+".match", r)
	checkShape(shotPath, rule, r)
	if len(r.problems) == 0 {
		rule.Match.compile()
		compileOutcomes(shotPath, rule, r)
	}
	if err := r.err(shotName); err != nil {
		return nil, nil, err
	}
	return shot, rule, nil
}

// parseJSON reads one JSON object into the types that the TOML library makes.
func parseJSON(source []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(source))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	tree, is := value.(map[string]any)
	if !is {
		return nil, sentences.Errorf("an object is wanted")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, sentences.Errorf("something stands behind the object")
	}
	_, err := plainJSON(tree) // It fills in the same one.
	return tree, err
}

// plainJSON turns numbers into whole ones where they are, and refuses null,
// which TOML does not have.
func plainJSON(in any) (any, error) {
	var err error
	switch v := in.(type) {
	case nil:
		return nil, sentences.Errorf("null says nothing: leave the key out")
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		if err != nil || math.IsInf(f, 0) {
			return nil, sentences.Errorf("%s is no number that can be kept", v)
		}
		return f, nil
	case map[string]any:
		for name, value := range v {
			if v[name], err = plainJSON(value); err != nil {
				return nil, sentences.Errorf("%s: %w", name, err)
			}
		}
	case []any:
		for i, value := range v {
			if v[i], err = plainJSON(value); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}

// Throw reads a one-shot from JSON and puts it behind those that wait in a
// namespace. It returns its number.
func (e *Engine) Throw(ctx context.Context, namespace string, now time.Time, source []byte) (uint64, error) {
	shot, rule, err := readShot(source)
	if err != nil {
		return 0, err
	}
	q := Queued{Left: uint64(cmp.Or(shot.Times, 1)), Source: bytes.Clone(source), rule: rule}
	if shot.For != nil {
		q.Until = now.Add(e.wall(time.Duration(*shot.For)))
	}
	return e.state.Queue(ctx, namespace, q)
}

// Queued returns the one-shots that wait in a namespace, oldest first.
func (e *Engine) Queued(ctx context.Context, namespace string, now time.Time) ([]Queued, error) {
	return e.state.Queued(ctx, namespace, now)
}

// Unqueue takes a one-shot back, or with 0 all of a namespace, and reports
// whether there was one.
func (e *Engine) Unqueue(ctx context.Context, namespace string, id uint64) (bool, error) {
	return e.state.Unqueue(ctx, namespace, id)
}

// aim claims the first of the one-shots that wait for a call which is for the
// request, and returns its outcome; nil if none is.
func (a *round) aim(r *Request) (*Rule, error) {
	a.call.Shot = 0
	for _, q := range a.call.Waiting {
		if q.rule == nil {
			var err error
			if _, q.rule, err = readShot(q.Source); err != nil {
				return nil, err
			}
		}
		if q.rule.routes[route{r.Dialect, r.Operation}] && q.rule.Match.holds(r) {
			a.call.Shot = q.ID
			return q.rule, nil
		}
		a.call.Passed = q.ID
	}
	return nil, nil
}

// hit lets a shot shape the answer, or be it.
func (d *Decision) hit(id uint64, shot *Rule, dialect string) {
	o := shot.outcomes[0]
	d.Shot = id
	d.shape(o, &encounter{candidate: &candidate{rule: shot}, n: id})
	if o.answers() {
		d.Cause = ByShot
		d.answer(o, dialect)
	}
}
