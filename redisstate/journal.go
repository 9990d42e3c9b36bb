package redisstate

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/journal"
)

// Bounds of what is told of exchanges.
const (
	maxQueue     = 4096   // Exchanges that wait to be put into Redis.
	maxBatch     = 128    // As many go at once.
	maxExchanges = 10_000 // Of a namespace that Redis keeps, as the journal of one server does.
	pageSize     = 500    // As many are read at once.
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
		s.dropped(e.Namespace, 1)
	}
}

// Lose implements [journal.Archive].
func (s *State) Lose(namespace string) { s.dropped(namespace, 1) }

// dropped notes exchanges that nobody will read. It is told when Redis can be.
func (s *State) dropped(namespace string, n uint64) {
	s.guard.Lock()
	defer s.guard.Unlock()
	s.stats.Dropped += n
	if s.lost == nil {
		s.lost = map[string]uint64{}
	}
	if _, known := s.lost[namespace]; known || len(s.lost) < maxSeen {
		s.lost[namespace] += n
	}
}

// takeLost returns how many exchanges of a namespace were dropped and not told.
func (s *State) takeLost(namespace string) uint64 {
	s.guard.Lock()
	defer s.guard.Unlock()
	n := s.lost[namespace]
	delete(s.lost, namespace)
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
	batch := map[string][]string{}
	var waiting []chan struct{}
	note := func(t told) {
		if t.flushed != nil {
			waiting = append(waiting, t.flushed)
			return
		}
		e := t.exchange.Rendered()
		text, err := json.Marshal(archived{e, e.Address})
		if err != nil {
			s.dropped(e.Namespace, 1)
			return
		}
		batch[e.Namespace] = append(batch[e.Namespace], string(text))
	}
	note(first)
	for range min(len(s.queue), maxBatch) {
		note(<-s.queue)
	}
	for namespace, texts := range batch {
		s.put(namespace, texts)
	}
	for _, w := range waiting {
		s.tellLost()
		close(w)
	}
}

// tellLost tells of namespaces of which there is nothing but losses to tell.
func (s *State) tellLost() {
	s.guard.Lock()
	var namespaces []string
	for namespace := range s.lost {
		namespaces = append(namespaces, namespace)
	}
	s.guard.Unlock()
	for _, namespace := range namespaces {
		s.put(namespace, nil)
	}
}

// put puts exchanges of one namespace into Redis, and tells how many were lost.
func (s *State) put(namespace string, texts []string) {
	lost := s.takeLost(namespace)
	a := args{}
	a.text(strconv.Itoa(maxExchanges))
	a.number(uint64(len(texts)) + lost)
	a.text(texts...)
	if _, err := s.eval(s.alive, s.scripts.tell, namespace, a); err != nil {
		s.dropped(namespace, uint64(len(texts)))
		s.owe(namespace, lost)
	}
}

// owe notes losses again that could not be told.
func (s *State) owe(namespace string, n uint64) {
	s.guard.Lock()
	defer s.guard.Unlock()
	if n > 0 {
		s.lost[namespace] += n
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
func (s *State) Kept(ctx context.Context, namespace string) ([]journal.Exchange, uint64, error) {
	if err := s.flush(ctx); err != nil {
		return nil, 0, err
	}
	if err := s.down(); err != nil {
		return nil, 0, s.refusal(err)
	}
	found, all, err := s.archive(context.WithoutCancel(ctx), namespace)
	if err != nil {
		return nil, 0, s.refusal(s.judge(err))
	}
	return found, uint64(max(all-len(found), 0)), nil
}

// archive reads what stands in Redis of a namespace, and how many exchanges there
// were.
func (s *State) archive(ctx context.Context, namespace string) (found []journal.Exchange, all int, err error) {
	stream := s.base(namespace) + ":journal"
	var newest *redis.XMessageSliceCmd
	var count *redis.StringCmd
	if _, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		newest, count = p.XRevRangeN(ctx, stream, "+", "-", 1), p.HGet(ctx, s.base(namespace)+":told", "n")
		return nil
	}); err != nil && err != redis.Nil {
		return nil, 0, err
	}
	all, _ = count.Int()
	if len(newest.Val()) == 0 {
		return nil, all, nil
	}
	for from, last := "-", newest.Val()[0].ID; ; {
		page, err := s.client.XRangeN(ctx, stream, from, last, pageSize).Result()
		if err != nil {
			return nil, 0, err
		}
		for _, message := range page {
			var e archived
			text, _ := message.Values["e"].(string)
			if err := json.Unmarshal([]byte(text), &e); err != nil {
				return nil, 0, fmt.Errorf("exchange %s of the journal: %w", message.ID, err)
			}
			e.Exchange.Address = e.Address
			found = append(found, e.Exchange)
		}
		if len(page) < pageSize {
			return found, all, nil
		}
		from = "(" + page[len(page)-1].ID
	}
}

// Empty implements [journal.Archive].
func (s *State) Empty(ctx context.Context, namespace string) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	if err := s.down(); err != nil {
		return s.refusal(err)
	}
	base := s.base(namespace)
	return s.refusal(s.judge(s.client.Unlink(context.WithoutCancel(ctx), base+":journal", base+":told").Err()))
}
