package scenarios

import (
	"container/heap"
	"time"
)

// endings are the times at which records finish, the earliest first. What was
// removed, or ends at another time by now, may stand there still.
type endings []ending

type ending struct {
	shelvedAt
	at time.Time
}

// Len implements [heap.Interface].
func (e endings) Len() int { return len(e) }

// Less implements [heap.Interface].
func (e endings) Less(i, j int) bool {
	if e[i].at.Equal(e[j].at) {
		return e[i].number < e[j].number
	}
	return e[i].at.Before(e[j].at)
}

// Swap implements [heap.Interface].
func (e endings) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push implements [heap.Interface].
func (e *endings) Push(x any) { *e = append(*e, x.(ending)) }

// Pop implements [heap.Interface].
func (e *endings) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

// note remembers when the record finishes, if it does.
func (s *shelf) note(key recordKey, r shelved) {
	if !r.Until.IsZero() {
		heap.Push(&s.ends, ending{shelvedAt{key, r.number}, r.Until})
	}
}

// finished takes out the record that has been finished for the longest time.
func (s *shelf) finished(now time.Time) (shelvedAt, bool) {
	for len(s.ends) > 0 && !s.ends[0].at.After(now) {
		if e := heap.Pop(&s.ends).(ending); s.endsSo(e) {
			return e.shelvedAt, true
		}
	}
	return shelvedAt{}, false
}

// endsSo reports whether the record still finishes then.
func (s *shelf) endsSo(e ending) bool {
	r, found := s.records[e.key]
	return found && r.number == e.number && r.Until.Equal(e.at)
}

// compact forgets the endings that hold no more, once they are the most.
func (s *shelf) compact() {
	if len(s.ends) <= 2*len(s.records)+64 {
		return
	}
	var kept endings
	for _, e := range s.ends {
		if s.endsSo(e) {
			kept = append(kept, e)
		}
	}
	s.ends = kept
	heap.Init(&s.ends)
}
