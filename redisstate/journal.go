package redisstate

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/journal"
)

// Bounds of what is told of exchanges.
const (
	maxQueue     = 4096     // Exchanges that wait to be put into Redis.
	maxBatch     = 128      // As many go at once.
	maxExchanges = 10_000   // Of a namespace that Redis keeps, as the journal of one server does,
	maxBytes     = 64 << 20 // and of about how many bytes.
	pageSize     = 100      // As many are read at once: Redis holds them in memory until then.
)

var _ journal.Archive = (*State)(nil)

// told is what waits to be put into Redis: an exchange, or somebody who waits
// until all before is there.
type told struct {
	exchange *journal.Exchange
	flushed  chan struct{}
}

// An archived exchange is what stands in Redis: rendered, so that no secret does.
type archived struct {
	journal.Exchange
	Address string `json:"address"`
}

// Put implements [journal.Archive]. What does not fit into the queue is lost, and
// counted.
func (s *State) Put(e journal.Exchange) {
	select {
	case s.queue <- told{exchange: &e}:
	default:
		s.dropped(volume{e.Namespace, e.Volume}, 1)
	}
}

// volume is one of a namespace's journal; without a name it is the one that is
// written now.
type volume struct{ namespace, name string }

// volumeName is what the scripts call a volume of that world, which was emptied so
// often before.
func volumeName(world, emptied string) string {
	if world == "" {
		return ""
	}
	return world + "." + cmp.Or(emptied, "0")
}

// Lose implements [journal.Archive].
func (s *State) Lose(namespace, name string) { s.dropped(volume{namespace, name}, 1) }

// dropped notes exchanges that nobody will read. It is told when Redis can be.
func (s *State) dropped(of volume, n uint64) {
	s.guard.Lock()
	defer s.guard.Unlock()
	s.stats.Dropped += n
	if s.lost == nil {
		s.lost = map[volume]uint64{}
	}
	if _, known := s.lost[of]; known || len(s.lost) < maxSeen {
		s.lost[of] += n
	}
}

// takeLost returns how many exchanges of a volume were dropped and not told.
func (s *State) takeLost(of volume) uint64 {
	s.guard.Lock()
	defer s.guard.Unlock()
	n := s.lost[of]
	delete(s.lost, of)
	return n
}

// gatherTime is how long exchanges are gathered, so that many go at once. As much
// of what a replica did is lost if it is killed.
const gatherTime = 10 * time.Millisecond

// publish puts exchanges into Redis, as many at once as wait, until the state is
// closed and none does.
func (s *State) publish() {
	for {
		select {
		case first := <-s.queue:
			if first.flushed == nil && len(s.queue) < maxBatch {
				s.clock.Sleep(s.alive, gatherTime)
			}
			s.tell(first)
		case <-s.alive.Done():
			select {
			case first := <-s.queue:
				s.tell(first)
			default:
				return
			}
		}
	}
}

// tell puts one batch into Redis.
func (s *State) tell(first told) {
	batch := map[volume][]string{}
	var waiting []chan struct{}
	note := func(t told) {
		if t.flushed != nil {
			waiting = append(waiting, t.flushed)
			return
		}
		e := t.exchange.Rendered()
		text, err := json.Marshal(archived{e, e.Address})
		if err != nil {
			s.dropped(volume{e.Namespace, e.Volume}, 1)
			return
		}
		of := volume{e.Namespace, e.Volume}
		batch[of] = append(batch[of], string(text))
	}
	note(first)
	for range min(len(s.queue), maxBatch) {
		note(<-s.queue)
	}
	for of, texts := range batch {
		s.put(of, texts)
	}
	if len(waiting) > 0 {
		s.tellLost()
	}
	for _, w := range waiting {
		close(w)
	}
}

// mention has losses told although nobody asks for them: after a reset they would
// seem to be of what comes behind it.
func (s *State) mention() {
	s.guard.Lock()
	none := len(s.lost) == 0
	s.guard.Unlock()
	if none {
		return
	}
	select {
	case s.queue <- told{flushed: make(chan struct{})}:
	default: // Those that wait tell of theirs.
	}
}

// tellLost tells of volumes of which there is nothing but losses to tell.
func (s *State) tellLost() {
	s.guard.Lock()
	all := slices.Collect(maps.Keys(s.lost))
	s.guard.Unlock()
	for _, of := range all {
		s.put(of, nil)
	}
}

// put puts exchanges of one volume into Redis, and tells how many were lost.
func (s *State) put(of volume, texts []string) {
	lost := s.takeLost(of)
	a := args{}
	a.text(strconv.Itoa(maxExchanges), of.name)
	a.number(uint64(len(texts)) + lost)
	a.number(maxBytes)
	a.text(texts...)
	if _, err := s.eval(s.alive, s.scripts.tell, of.namespace, a); err != nil {
		s.dropped(of, uint64(len(texts)))
		s.owe(of, lost)
	}
}

// owe notes losses again that could not be told.
func (s *State) owe(of volume, n uint64) {
	s.guard.Lock()
	defer s.guard.Unlock()
	if n > 0 {
		s.lost[of] += n
	}
}

// flush waits until what was put so far stands in Redis.
func (s *State) flush(ctx context.Context) error {
	flushed := make(chan struct{})
	select {
	case s.queue <- told{flushed: flushed}:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.alive.Done():
		return nil
	}
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.alive.Done():
		return nil
	}
}

// Kept implements [journal.Archive].
func (s *State) Kept(ctx context.Context, namespace string) (journal.Kept, error) {
	if err := s.flush(ctx); err != nil {
		return journal.Kept{}, err
	}
	if err := s.down(); err != nil {
		return journal.Kept{}, s.refusal(err)
	}
	kept, err := s.kept(context.WithoutCancel(ctx), namespace)
	return kept, s.refusal(s.judge(namespace, err))
}

// kept reads what stands in Redis of a namespace.
func (s *State) kept(ctx context.Context, namespace string) (k journal.Kept, err error) {
	base := s.base(namespace)
	var newest *redis.XMessageSliceCmd
	var count *redis.StringCmd
	var life *redis.SliceCmd
	if _, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		newest, count = p.XRevRangeN(ctx, base+":journal", "+", "-", 1), p.HGet(ctx, base+":told", "n")
		life = p.HMGet(ctx, base+":main", "world", "emptied")
		return nil
	}); err != nil && err != redis.Nil {
		return k, err
	}
	world, _ := life.Val()[0].(string)
	emptied, _ := life.Val()[1].(string)
	k.Volume = volumeName(world, emptied)
	if len(newest.Val()) > 0 {
		if k.Exchanges, err = s.upTo(ctx, namespace, newest.Val()[0].ID); err != nil {
			return journal.Kept{}, err
		}
	}
	all, _ := count.Int()
	k.Lost = uint64(max(all-len(k.Exchanges), 0))
	return k, nil
}

// upTo reads the exchanges of a namespace up to that one.
func (s *State) upTo(ctx context.Context, namespace, last string) (found []journal.Exchange, err error) {
	for from := "-"; ; {
		page, err := s.client.XRangeN(ctx, s.base(namespace)+":journal", from, last, pageSize).Result()
		if err != nil {
			return nil, err
		}
		for _, message := range page {
			e, err := exchangeOf(message)
			if err != nil {
				return nil, err
			}
			found = append(found, e)
		}
		if len(page) < pageSize {
			return found, nil
		}
		from = "(" + page[len(page)-1].ID
	}
}

// exchangeOf reads an exchange as it stands in Redis.
func exchangeOf(message redis.XMessage) (journal.Exchange, error) {
	var e archived
	text, _ := message.Values["e"].(string)
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return journal.Exchange{}, fmt.Errorf("exchange %s of the journal: %w", message.ID, err)
	}
	e.Exchange.Address = e.Address
	return e.Exchange, nil
}

// Empty implements [journal.Archive].
func (s *State) Empty(ctx context.Context, namespace string) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	_, err := s.try(ctx, s.scripts.empty, namespace, nil)
	return s.refusal(err)
}
