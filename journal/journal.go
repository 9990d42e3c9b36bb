package journal

import (
	"maps"
	"slices"
	"sort"
	"sync"
	"unsafe"

	"github.com/mockllm/mockllm/play"
)

// A Journal keeps the newest exchanges, of all namespaces together. It is safe
// for use by many goroutines.
type Journal struct {
	count int   // How many it may keep,
	bytes int64 // and of how many bytes.

	archive Archive // Where what is over is kept for other servers; nil without any.

	mu       sync.Mutex
	entries  []*entry // Ids ascend.
	size     int64
	last     uint64 // The newest id.
	gone     uint64 // How many were evicted.
	tallies  tallies
	orphans  map[uint64]orphan // Those that were evicted while they were under way.
	watchers map[*Watcher]struct{}
	changed  chan struct{} // Closed when an exchange is over; nil if nobody waits.
	closed   bool
}

// orphan is where an exchange belongs of which nothing else is kept.
type orphan struct{ namespace, volume string }

// entry is an exchange as it is kept.
type entry struct {
	Exchange
	size      int64
	newerThan uint64 // The newest id when it was over.
}

// New returns a journal for at most that many exchanges, of which at most that
// many bytes are kept. The newest exchange is always kept.
func New(exchanges int, bytes int64) *Journal {
	return &Journal{count: max(exchanges, 1), bytes: bytes, tallies: tallies{of: map[string]*tally{}}, orphans: map[uint64]orphan{}, watchers: map[*Watcher]struct{}{}}
}

// Begin keeps an exchange that is being answered and returns its id. So it is
// there before the client has read the end of its answer.
func (j *Journal) Begin(e Exchange) uint64 {
	kept := &entry{Exchange: e, size: sizeOf(&e)}
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.entries) > 0 && (len(j.entries) >= j.count || j.size+kept.size > j.bytes) {
		j.evict()
	}
	j.last++
	kept.ID = j.last
	j.entries = append(j.entries, kept)
	j.size += kept.size
	j.tallies.keep(e.Namespace)
	j.tell(e.Namespace, mark{id: kept.ID})
	if e.Done {
		j.over(kept)
	}
	return kept.ID
}

// sizeOf is how much is kept of an exchange.
func sizeOf(e *Exchange) int64 {
	size := int64(unsafe.Sizeof(*e)) + int64(len(e.Rules))*int64(unsafe.Sizeof(Firing{})) + int64(3*len(e.Problem)+len(e.Method)+len(e.Namespace)+len(e.Body))
	if e.Raw != nil {
		size += e.Raw.size
	}
	return size
}

// evict forgets the oldest exchange to make room.
func (j *Journal) evict() {
	oldest := j.entries[0]
	j.entries[0] = nil
	j.entries = j.entries[1:]
	j.size -= oldest.size
	j.gone++
	j.tallies.evict(oldest.Namespace, oldest.ID)
	if !oldest.Done {
		j.orphans[oldest.ID] = orphan{oldest.Namespace, oldest.Volume}
	}
}

// Update fills in what was planned since an exchange began, and the error that
// it comes to, if the exchange is still kept. A script only grows.
func (j *Journal) Update(id uint64, script play.Script, failure string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.find(id)
	if e == nil {
		return
	}
	e.Error = failure
	j.tallies.touch(e.Namespace)
	if e.Raw != nil {
		j.replace(e, e.Raw.continued(script))
	}
}

// replace replaces what is kept of an exchange. Somebody may be reading the old
// one.
func (j *Journal) replace(e *entry, raw *Raw) {
	if raw == e.Raw {
		return
	}
	j.size += raw.size - e.Raw.size
	e.size += raw.size - e.Raw.size
	e.Raw = raw
}

// Finish fills in what was really sent, if the exchange is still kept.
func (j *Journal) Finish(id uint64, sent Sent) {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.find(id)
	if e != nil && e.Raw.isPending() {
		pending := e.Raw
		j.mu.Unlock()
		settled := pending.settled() // Others need not wait until that is written down.
		j.mu.Lock()
		if e = j.find(id); e != nil && e.Raw == pending {
			j.replace(e, settled)
		}
	}
	if e != nil {
		e.Sent, e.Done = sent, true
		j.over(e)
		return
	}
	if of, found := j.orphans[id]; found {
		delete(j.orphans, id)
		if j.archive != nil {
			j.archive.Lose(of.namespace, of.volume)
		}
		j.done(of.namespace)
	}
}

// over tells everybody that an exchange is.
func (j *Journal) over(e *entry) {
	e.newerThan = j.last
	j.archived(e)
	j.tell(e.Namespace, mark{id: e.ID, over: true})
	j.done(e.Namespace)
}

// done counts an exchange that is over, for those who wait for that.
func (j *Journal) done(namespace string) {
	j.tallies.done(namespace)
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}

// find returns the exchange of an id, or nil.
func (j *Journal) find(id uint64) *entry {
	if len(j.entries) == 0 {
		return nil
	}
	if i := id - j.entries[0].ID; i < uint64(len(j.entries)) && j.entries[i].ID == id {
		return j.entries[i] // None in between was reset.
	}
	if i := j.behind(id - 1); i < len(j.entries) && j.entries[i].ID == id {
		return j.entries[i]
	}
	return nil
}

// Kept returns how many exchanges are kept, of how many bytes, and how many
// were evicted to make room.
func (j *Journal) Kept() (exchanges int, bytes int64, evicted uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries), j.size, j.gone
}

// Revision returns a number that is another one after every change of what is kept
// of a namespace. Where several servers share an archive nobody knows it: what the
// others do changes what is kept as well.
func (j *Journal) Revision(namespace string) (revision uint64, known bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.tallies.look(namespace).revision, j.archive == nil
}

// behind returns where the exchanges begin whose ids are greater.
func (j *Journal) behind(id uint64) int {
	return sort.Search(len(j.entries), func(i int) bool { return j.entries[i].ID > id })
}

// Reset forgets the exchanges of namespaces here. An archive keeps them; see
// [Journal.Empty].
func (j *Journal) Reset(namespaces ...string) {
	if len(namespaces) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := make([]*entry, 0, len(j.entries))
	for _, e := range j.entries {
		if !slices.Contains(namespaces, e.Namespace) {
			kept = append(kept, e)
			continue
		}
		j.size -= e.size
	}
	j.entries = kept
	for _, namespace := range namespaces {
		j.tallies.reset(namespace)
	}
	maps.DeleteFunc(j.orphans, func(_ uint64, of orphan) bool { return slices.Contains(namespaces, of.namespace) })
}

// Close ends all watching and waiting. What happens is still kept.
func (j *Journal) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closed = true
	for w := range j.watchers {
		w.wake()
	}
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
}
