package journal

import (
	"cmp"
	"context"
	"slices"
)

// An Archive keeps what the servers of a deployment finished, so that each of them
// can tell of all.
type Archive interface {
	// Replica is this server's number, from 1; see [Exchange.ID].
	Replica() uint64

	// Put keeps an exchange that is over. It does not wait, and renders it before
	// anybody else sees it.
	Put(e Exchange)

	// Lose notes that an exchange of a volume is over and cannot be put.
	Lose(namespace, volume string)

	// Kept returns the exchanges of a namespace that all servers put, rendered,
	// this one's up to now among them.
	Kept(ctx context.Context, namespace string) (Kept, error)

	// Place returns where to read on for what other servers put from now on, or
	// since an exchange began, as far as it is kept: more than that if it is not
	// known.
	Place(ctx context.Context, namespace string, since *uint64) string

	// Behind waits until other servers put exchanges behind a place, and returns
	// those that come first, and the place behind them. The error is [ErrSlow] if
	// some are not kept any more, or the context's.
	Behind(ctx context.Context, namespace, place string) (found []Exchange, next string, err error)

	// Empty forgets the exchanges of a namespace, and begins a volume: what
	// belongs to one before is not kept when it is put.
	Empty(ctx context.Context, namespace string) error
}

// Kept is what an [Archive] keeps of a namespace.
type Kept struct {
	Exchanges []Exchange
	Lost      uint64 // How many more there were in this volume.
	Volume    string
}

// idBits is how many bits of an id count the exchanges of one server; those before
// them are its number.
const idBits = 32

// Share puts every exchange into an archive when it is over, and tells of all that
// stand there. It is called before anything else.
func (j *Journal) Share(a Archive) {
	j.archive, j.last = a, a.Replica()<<idBits
}

// Replica returns this server's number in its deployment; 0 if it shares no archive.
func (j *Journal) Replica() uint64 {
	if j.archive == nil {
		return 0
	}
	return j.archive.Replica()
}

// archived puts an exchange that is over into the archive, if there is one.
func (j *Journal) archived(e *entry) {
	if j.archive != nil {
		j.archive.Put(e.Exchange)
	}
}

// own returns the exchanges of a namespace on this server with greater ids, oldest
// first, and how many were evicted.
func (j *Journal) own(namespace string, since uint64) Page {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := Page{Evicted: j.gone, EvictedHere: j.tallies.look(namespace).gone}
	for _, e := range j.entries[j.behind(since):] {
		if e.Namespace == namespace {
			p.found = append(p.found, e.Exchange)
		}
	}
	return p
}

// all returns the exchanges of a namespace that stand behind one, oldest first,
// and how many were evicted. Of those that are over it asks the archive, if there
// is one: any server may have emptied it.
func (j *Journal) all(namespace string, since uint64) Page {
	if j.archive == nil {
		return j.own(namespace, since)
	}
	here := j.own(namespace, 0).found
	kept, err := j.archive.Kept(context.Background(), namespace)
	p := Page{Evicted: kept.Lost, EvictedHere: kept.Lost, Err: err, found: kept.Exchanges}
	over := map[uint64]bool{}
	for _, e := range kept.Exchanges {
		over[e.ID] = true
	}
	for _, e := range here {
		bygone := e.Volume != "" && e.Volume != kept.Volume && err == nil
		if !e.Done && !over[e.ID] && !bygone { // It may have ended meanwhile.
			p.found = append(p.found, e)
		}
	}
	slices.SortStableFunc(p.found, func(a, b Exchange) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.ID, b.ID)) })
	// Of an exchange that is not kept nobody knows what stands behind it.
	if at := slices.IndexFunc(p.found, func(e Exchange) bool { return e.ID == since }); at >= 0 {
		p.found = p.found[at+1:]
	}
	return p
}

// Empty forgets the exchanges of a namespace, on all servers of a deployment.
func (j *Journal) Empty(ctx context.Context, namespace string) error {
	j.Reset(namespace)
	if j.archive == nil {
		return nil
	}
	return j.archive.Empty(ctx, namespace)
}
