package redisstate_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
)

// watched takes events until so many exchanges are over, and returns their ids.
func watched(t *testing.T, w *journal.Watcher, n int) (ids []uint64) {
	t.Helper()
	for len(ids) < n {
		e, err := w.Next(t.Context())
		if err != nil {
			t.Fatalf("after %d exchanges: %v", len(ids), err)
		}
		if e.Over {
			ids = append(ids, e.Exchange.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// TestWatchOfReplicas: whoever watches a namespace on one replica sees the
// exchanges of all, each once, and of no other namespace.
func TestWatchOfReplicas(t *testing.T) {
	three := replicas(t, redistest.Run(t), 3)
	ask(t, three[1], "blue") // Before.
	await(t, func() bool { return len(three[0].Namespace("blue").Journal()) == 1 })
	for _, brief := range []bool{false, true} {
		w, err := three[0].Admin().History().Follow(journal.Watch{Namespace: "blue", Brief: brief})
		if err != nil {
			t.Fatal(err)
		}
		before := len(three[0].Namespace("blue").Journal())
		for i := range 30 {
			ask(t, three[i%3], "blue")
			ask(t, three[i%3], "red")
		}
		got := watched(t, w, 30)
		var want []uint64
		for _, e := range three[0].Namespace("blue").Journal()[before:] {
			want = append(want, e.ID)
		}
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("watched %d, want %d", got, want)
		}
		w.Close()
	}
	brief, err := three[0].Admin().History().Follow(journal.Watch{Namespace: "blue", Brief: true})
	if err != nil {
		t.Fatal(err)
	}
	defer brief.Close()
	ask(t, three[2], "blue")
	e, err := brief.Next(t.Context())
	if err != nil || !e.Over || e.Exchange.ID>>32 != 3 || e.Exchange.Body != "" || e.Exchange.Script != nil || e.Exchange.URL == "" || !e.Exchange.Done {
		t.Errorf("in brief: %+v, %v", e, err)
	}
}

// TestWatchSinceOfReplicas: nothing that came behind an exchange is left out,
// whichever replica it is of and whichever is asked.
func TestWatchSinceOfReplicas(t *testing.T) {
	two := replicas(t, redistest.Run(t), 2)
	for i := range 6 {
		ask(t, two[i%2], "")
	}
	all := over(t, two[0], 6)
	for _, srv := range two {
		for i, since := range append([]journal.Exchange{{}}, all...) {
			want := map[uint64]bool{}
			for _, e := range all[i:] {
				want[e.ID] = true
			}
			w, err := srv.Admin().History().WatchSince("", since.ID)
			if err != nil {
				t.Fatal(err)
			}
			for len(want) > 0 {
				e, err := w.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if e.Over {
					delete(want, e.Exchange.ID)
				}
			}
			w.Close()
		}
	}
}

// TestWatchWithoutRedis: who watches while Redis is gone sees what happens on this
// replica, and what happens on others once it is back.
func TestWatchWithoutRedis(t *testing.T) {
	server := redistest.Run(t)
	var two []*mockllm.Server
	var states []*redisstate.State
	for range 2 {
		state := open(t, server, patient, redisstate.Options{Failure: redisstate.Local})
		two, states = append(two, mockllm.RunT(t, mockllm.WithState(state))), append(states, state)
	}
	before, err := two[0].Admin().History().Watch("")
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	server.Kill()
	await(t, func() bool {
		ask(t, two[0], "")
		ask(t, two[1], "")
		return !states[0].Stats().Up && !states[1].Stats().Up
	})
	meanwhile, err := two[0].Admin().History().Watch("")
	if err != nil {
		t.Fatal(err)
	}
	defer meanwhile.Close()
	ask(t, two[0], "")
	watched(t, meanwhile, 1)
	server.Restart()
	await(t, func() bool { return states[0].Stats().Up && states[1].Stats().Up })
	for i, w := range []*journal.Watcher{before, meanwhile} {
		ctx, cancel := context.WithCancel(t.Context())
		calls := make(chan struct{})
		go func() { // Who came without Redis begins where the archive ends some time after it is back.
			defer close(calls)
			for play.Real().Sleep(ctx, moment) == nil {
				ask(t, two[1], "")
			}
		}()
		for {
			e, err := w.Next(t.Context())
			if err != nil {
				t.Fatal(i, err)
			}
			if e.Exchange.ID>>32 == 2 {
				break
			}
		}
		cancel()
		<-calls
	}
}

// TestWatchTooSlow: who is so far behind that what others put is not kept any more
// is told so.
func TestWatchTooSlow(t *testing.T) {
	server := redistest.Run(t)
	slow, busy := open(t, server, patient, redisstate.Options{}), open(t, server, patient, redisstate.Options{})
	put := func(from, to uint64) {
		t.Helper()
		for id := from; id < to; id++ {
			busy.Put(journal.Exchange{ID: 2<<32 + id, Done: true})
			if id%1000 == 999 {
				if _, err := busy.Kept(t.Context(), ""); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	put(0, 1000)
	place := slow.Place(t.Context(), "", nil)
	put(1000, 3000)
	found, next, err := slow.Behind(t.Context(), "", place)
	if err != nil || len(found) == 0 || found[0].ID != 2<<32+1000 {
		t.Fatalf("%d exchanges, %v", len(found), err)
	}
	put(3000, 15_000)
	if found, _, err := slow.Behind(t.Context(), "", next); !errors.Is(err, journal.ErrSlow) {
		t.Errorf("%d exchanges, %v", len(found), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if found, _, err := slow.Behind(ctx, "", slow.Place(t.Context(), "", nil)); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%d exchanges, %v", len(found), err)
	}
}

// TestAnswersOfOneReplica: where an answer is about the replica alone that is
// asked, it says so.
func TestAnswersOfOneReplica(t *testing.T) {
	two := replicas(t, redistest.Run(t), 2)
	ask(t, two[0], "")
	id := over(t, two[1], 1)[0].ID
	for i, srv := range two {
		api := httptest.NewServer(srv.AdminHandler(admin.Options{}))
		get := func(path string) (string, []byte) {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, api.URL+"/api/v1/journal/"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			begin := make([]byte, 1<<20)
			n, _ := io.ReadAtLeast(res.Body, begin, 2)
			return res.Header.Get("X-Mockllm-Replica"), begin[:n]
		}
		if of, _ := get("stream?all=true"); of != strconv.Itoa(i+1) {
			t.Errorf("replica %d streams all of %q", i+1, of)
		}
		if of, _ := get("stream"); of != "" {
			t.Errorf("replica %d streams a namespace of %q", i+1, of)
		}
		if _, body := get(strconv.FormatUint(id, 10)); bytes.Contains(body, []byte(`"elsewhere":true`)) != (i == 1) {
			t.Errorf("replica %d tells %s", i+1, body)
		}
		api.CloseClientConnections()
		api.Close()
	}
}
