package redisstate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/journal"
)

// followEvery is how often is looked for what other replicas put. Waiting in Redis
// itself would take a connection for each who follows.
const followEvery = 100 * time.Millisecond

// beginning is the place before all.
const beginning = "0-0"

// beforeAnswer is how much earlier than its answer an exchange is thought to begin
// at most: until then it was read, decided on, and perhaps passed.
const beforeAnswer = 10 * time.Second

// Place implements [journal.Archive]. A place is the id of an entry of the stream,
// or "" for the end as it is once Redis can be reached.
func (s *State) Place(ctx context.Context, namespace string, since *uint64) string {
	place, unknown := "", ""
	if since != nil {
		unknown = beginning
	}
	if s.gone() {
		return unknown
	}
	var err error
	if since == nil {
		place, err = s.end(ctx, namespace)
	} else {
		place, err = s.placeOf(ctx, namespace, *since)
	}
	if s.judge(namespace, err) != nil {
		return unknown
	}
	return place
}

// end returns the place behind all.
func (s *State) end(ctx context.Context, namespace string) (string, error) {
	newest, err := s.client.XRevRangeN(ctx, s.base(namespace)+":journal", "+", "-", 1).Result()
	if err != nil {
		return "", err
	}
	if len(newest) == 0 {
		return beginning, nil
	}
	return newest[0].ID, nil
}

// placeOf returns a place before which nothing was put since an exchange began.
func (s *State) placeOf(ctx context.Context, namespace string, since uint64) (string, error) {
	for from := "-"; ; {
		page, err := s.client.XRangeN(ctx, s.base(namespace)+":journal", from, "+", pageSize).Result()
		if err != nil {
			return beginning, err
		}
		for _, message := range page {
			e, err := exchangeOf(message)
			if err != nil {
				return beginning, err
			}
			if e.ID != since {
				continue
			}
			ms, _, _ := strings.Cut(message.ID, "-")
			ended, err := strconv.ParseInt(ms, 10, 64)
			return fmt.Sprintf("%d-0", max(ended-(e.Took+beforeAnswer).Milliseconds(), 0)), err
		}
		if len(page) < pageSize {
			return beginning, nil
		}
		from = "(" + page[len(page)-1].ID
	}
}

// Behind implements [journal.Archive]. While Redis cannot be reached it waits.
func (s *State) Behind(ctx context.Context, namespace, place string) ([]journal.Exchange, string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.alive, cancel)()
	for {
		page, err := s.behind(ctx, namespace, &place)
		switch {
		case s.alive.Err() != nil || ctx.Err() != nil:
			return nil, place, context.Canceled
		case errors.Is(err, journal.ErrSlow):
			return nil, place, err
		case s.judge(namespace, err) == nil && len(page) > 0:
			if theirs := s.theirs(page); len(theirs) > 0 {
				return theirs, place, nil
			}
		default:
			if err := s.clock.Sleep(ctx, followEvery); err != nil {
				return nil, place, err
			}
		}
	}
}

// behind reads what stands behind a place now, and moves the place behind that.
func (s *State) behind(ctx context.Context, namespace string, place *string) (page []redis.XMessage, err error) {
	switch {
	case s.gone():
		return nil, nil
	case *place == "":
		*place, err = s.end(ctx, namespace)
		return nil, err
	}
	stream := s.base(namespace) + ":journal"
	page, err = s.client.XRangeN(ctx, stream, "("+*place, "+", pageSize).Result()
	if err != nil || len(page) == 0 {
		return nil, err
	}
	if len(page) == pageSize && *place != beginning { // It is far behind.
		oldest, err := s.client.XRangeN(ctx, stream, "-", page[0].ID, 1).Result()
		if err != nil {
			return nil, err
		}
		if len(oldest) == 0 || oldest[0].ID == page[0].ID {
			return nil, journal.ErrSlow // What stood there before is gone.
		}
	}
	*place = page[len(page)-1].ID
	return page, nil
}

// theirs returns what other replicas put of what was read.
func (s *State) theirs(page []redis.XMessage) (found []journal.Exchange) {
	for _, message := range page {
		if e, err := exchangeOf(message); err == nil && e.ID>>32 != s.number {
			found = append(found, e)
		}
	}
	return found
}
