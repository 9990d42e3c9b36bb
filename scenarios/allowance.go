package scenarios

import (
	"context"
	"time"

	"github.com/mockllm/mockllm/catalog"
)

// A Claim asks for some of a limit.
type Claim struct {
	Limit string // Its name.
	Unit  catalog.Unit
	Key   string // For whom it counts; "" for all.

	Max    uint64        // How much there is.
	Amount uint64        // How much is asked for.
	Window time.Duration // After which all of it is there again, on the clock; 0 is never.

	Patience time.Duration // Of a burst: how long the call may wait until there is enough.
}

// Taken says what became of claims.
type Taken struct {
	Refused int           // The place of the first claim for which too little is left, or -1.
	Left    []uint64      // How much is left of each.
	Wait    time.Duration // How long the call has to wait for what it got, or did wait in vain.
	Opens   time.Duration // How long it takes from then until there is something again; 0 if nobody knows.
	Slots   []Slot        // To be given back; they are the caller's to keep.
}

// A Slot is a place among calls that are under way at the same time.
type Slot struct {
	Limit, Key string
	World      uint64 // Which life of the namespace it belongs to; a reset begins another.
}

// Allowances is the part of a [State] that counts against limits besides its
// visits. Windows follow one another from the namespace's first visit on.
type Allowances interface {
	// Spend takes what the claims ask for from the windows of that time,
	// whether or not there is as much: the length of an answer is known late.
	Spend(ctx context.Context, namespace string, at time.Time, claims []Claim) error

	// Free gives slots back.
	Free(ctx context.Context, namespace string, slots []Slot) error
}

// bucketKey names what is left of one limit to one caller.
type bucketKey struct {
	limit string
	unit  catalog.Unit
	key   string
}

// bucket is how much is used.
type bucket struct {
	window int64         // Which window it is about, from 0,
	length time.Duration // of windows of that length.
	used   uint64        // Of the window.
	next   time.Duration // Of a burst: the age of the namespace at which nothing is used any more.
}

// take takes what all claims of a call ask for, or nothing.
func (s *space) take(call *Call) {
	age, taken := call.Age, &call.Taken
	*taken = Taken{Refused: -1, Left: taken.Left[:0]}
	for i, c := range call.Claims {
		_, wait, opens := s.bucket(c).take(c, age)
		if wait > c.Patience {
			taken.Refused, taken.Wait, taken.Opens = i, c.Patience, opens-c.Patience
			break
		}
		taken.Wait = max(taken.Wait, wait)
	}
	for _, c := range call.Claims {
		b := s.bucket(c).at(c, age)
		if taken.Refused < 0 {
			b, _, _ = b.take(c, age)
			s.put(c, b)
			if c.Unit == catalog.UnitConcurrency {
				taken.Slots = append(taken.Slots, Slot{Limit: c.Limit, Key: c.Key, World: s.world})
			}
		}
		taken.Left = append(taken.Left, left(c, b, age))
	}
}

// Spend implements [Allowances].
func (m *memory) Spend(_ context.Context, namespace string, at time.Time, claims []Claim) error {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	age := s.age(at)
	for _, c := range claims {
		b := s.bucket(c)
		if c.Window > 0 && c.Window == b.length && int64(age/c.Window) < b.window {
			continue // That window is over.
		}
		b = b.at(c, age)
		b.used += c.Amount
		s.put(c, b)
	}
	return nil
}

// Free implements [Allowances].
func (m *memory) Free(_ context.Context, namespace string, slots []Slot) error {
	s := m.space(namespace)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, slot := range slots {
		if slot.World != s.world {
			continue
		}
		key := bucketKey{slot.Limit, catalog.UnitConcurrency, slot.Key}
		if s.slots[key]--; s.slots[key] == 0 {
			delete(s.slots, key)
		}
	}
	return nil
}

// age returns how old the namespace is. One that nobody called is new.
func (s *space) age(now time.Time) time.Duration {
	if s.born.IsZero() {
		s.born = now
	}
	return max(now.Sub(s.born), 0)
}

// bucket returns how much of what the claim is about is used.
func (s *space) bucket(c Claim) bucket {
	key := bucketKey{c.Limit, c.Unit, c.Key}
	if c.Unit == catalog.UnitConcurrency {
		return bucket{used: s.slots[key]}
	}
	b, _ := s.buckets.get(key)
	return b
}

func (s *space) put(c Claim, b bucket) {
	key := bucketKey{c.Limit, c.Unit, c.Key}
	if c.Unit == catalog.UnitConcurrency {
		s.slots[key] = b.used
		return
	}
	s.buckets.put(key, b)
}

// at returns the bucket as it is at that age: a new window is empty, and so is
// one of another length, which another scenario has.
func (b bucket) at(c Claim, age time.Duration) bucket {
	if c.Window > 0 {
		if now := int64(age / c.Window); now > b.window || c.Window != b.length {
			return bucket{window: now, length: c.Window, next: b.next}
		}
	}
	return b
}

// take returns the bucket with what the claim asks for taken from it, how long
// the call has to wait for it, and, if that is too long, how long it takes until
// there is enough.
func (b bucket) take(c Claim, age time.Duration) (after bucket, wait, opens time.Duration) {
	if c.Unit == catalog.UnitBurst {
		each := c.Window / time.Duration(c.Max)
		b.next = max(b.next, age) + each
		wait = max(b.next-age-c.Window, 0)
		return b, wait, wait
	}
	b = b.at(c, age)
	if c.Amount <= c.Max && b.used <= c.Max-c.Amount {
		b.used += c.Amount
		return b, 0, 0
	}
	if c.Window > 0 && c.Amount <= c.Max {
		opens = time.Duration(b.window+1)*c.Window - age
	}
	return b, never, opens
}

// never is longer than anybody waits.
const never = forever

// left returns how much is left of what the claim is about.
func left(c Claim, b bucket, age time.Duration) uint64 {
	if c.Unit == catalog.UnitBurst {
		each := max(c.Window/time.Duration(c.Max), 1)
		return uint64(max(c.Window-max(b.next-age, 0), 0) / each)
	}
	if b.used >= c.Max {
		return 0
	}
	return c.Max - b.used
}
