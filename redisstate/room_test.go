package redisstate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
)

// puts puts n exchanges that are so long, and waits until Redis has each hundred of
// them.
func puts(t *testing.T, s *redisstate.State, namespace string, n, long int) journal.Kept {
	t.Helper()
	for id := range n {
		s.Put(journal.Exchange{ID: uint64(id + 1), Namespace: namespace, Body: strings.Repeat("x", long), Done: true})
		if (id+1)%100 == 0 {
			if _, err := s.Kept(t.Context(), "another"); err != nil {
				t.Fatal(err)
			}
		}
	}
	kept, err := s.Kept(t.Context(), namespace)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

// TestLongExchanges: of long exchanges fewer are kept, and those that are not are
// told of as missing.
func TestLongExchanges(t *testing.T) {
	server := redistest.Run(t)
	state := open(t, server, patient, redisstate.Options{})
	const n, long = 600, 200 << 10
	kept := puts(t, state, "", n, long)
	bytes := len(kept.Exchanges) * long
	if bytes > 96<<20 || bytes < 48<<20 || int(kept.Lost) != n-len(kept.Exchanges) || kept.Exchanges[len(kept.Exchanges)-1].ID != n {
		t.Errorf("%d exchanges of %d bytes in all are kept, %d are missing", len(kept.Exchanges), bytes, kept.Lost)
	}
}

// TestJournalLeavesRoom: the journals do not fill a Redis so that calls would be
// refused.
func TestJournalLeavesRoom(t *testing.T) {
	server := redistest.Run(t, "--maxmemory", "64mb", "--maxmemory-policy", "noeviction")
	state := open(t, server, patient, redisstate.Options{})
	e := engine(t, every, state)
	for _, namespace := range []string{"", "blue", "red"} {
		kept := puts(t, state, namespace, 1500, 20<<10)
		if len(kept.Exchanges) == 0 || len(kept.Exchanges)+int(kept.Lost) != 1500 || kept.Exchanges[len(kept.Exchanges)-1].ID != 1500 {
			t.Errorf("%q: %d exchanges are kept, %d are missing", namespace, len(kept.Exchanges), kept.Lost)
		}
		if _, err := e.Decide(t.Context(), time.Unix(1, 0), chat()); err != nil {
			t.Error(err)
		}
	}
	if stats := state.Stats(); stats.Outages > 0 || stats.Dropped > 0 {
		t.Errorf("%+v", stats)
	}
}

// TestRoomUnknown: a Redis that does not say how full it is to who may only use its
// keys is taken to have room.
func TestRoomUnknown(t *testing.T) {
	server := redistest.Run(t)
	admin := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
	defer admin.Close()
	if err := admin.Do(t.Context(), "ACL", "SETUSER", "mock", "on", ">pw", "~mockllm:*", "~{mockllm:*", "+@all", "-info", "-@dangerous", "resetchannels").Err(); err != nil {
		t.Fatal(err)
	}
	state, err := redisstate.Open(t.Context(), "redis://mock:pw@"+server.Addr()+"/0?"+patient, redisstate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	if kept := puts(t, state, "", 300, 10); len(kept.Exchanges) != 300 || state.Stats().Outages > 0 {
		t.Errorf("%d exchanges are kept, %+v", len(kept.Exchanges), state.Stats())
	}
}
