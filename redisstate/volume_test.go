package redisstate_test

import (
	"testing"
	"time"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/redisstate"
	"github.com/mockllm/mockllm/redisstate/redistest"
)

// TestEmptiedWhileOneIsUnderWay: an exchange that is under way on another replica
// while the journal is emptied belongs to what was emptied, as on one server.
func TestEmptiedWhileOneIsUnderWay(t *testing.T) {
	for name, empty := range map[string]func(*mockllm.Server) error{
		"reset":   func(srv *mockllm.Server) error { return srv.Reset(t.Context()) },
		"emptied": func(srv *mockllm.Server) error { return srv.Admin().History().Empty(t.Context(), "") },
	} {
		t.Run(name, func(t *testing.T) {
			two := replicas(t, redistest.Run(t), 2, mockllm.ScenarioText("[[rule]]\nname = \"slow\"\nmatch.model = \"qwen-plus\"\nlatency = \"1h\"\n"))
			a, b := two[0], two[1]
			watcher, err := b.Admin().History().Watch("")
			if err != nil {
				t.Fatal(err)
			}
			defer watcher.Close()
			slow := make(chan string)
			go func() { slow <- ask(t, b, "") }()
			if _, err := watcher.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			if all := b.Journal(); len(all) != 1 || all[0].Done {
				t.Fatalf("under way: %+v", all)
			}
			if err := empty(a); err != nil {
				t.Fatal(err)
			}
			if all := b.Journal(); len(all) != 0 {
				t.Errorf("its own replica tells of %d exchanges under way", len(all))
			}
			if err := b.Admin().AdvanceClock("", 2*time.Hour); err != nil {
				t.Fatal(err)
			}
			if got := <-slow; got != "200slow" {
				t.Fatal(got)
			}
			if _, err := b.AwaitExchanges(t.Context(), 1); err != nil { // It is told now.
				t.Fatal(err)
			}
			for i, srv := range two {
				if v := srv.Verdict(); v.Exchanges != 0 || v.Evicted != 0 {
					t.Errorf("replica %d tells of %d exchanges, %d are missing", i+1, v.Exchanges, v.Evicted)
				}
			}
		})
	}
}

// TestVolumes: what belongs to a volume that was emptied since is neither kept nor
// missing; what names none is kept.
func TestVolumes(t *testing.T) {
	server := redistest.Run(t)
	a, b := open(t, server, patient, redisstate.Options{}), open(t, server, patient, redisstate.Options{})
	e := engine(t, every, b)
	volume := func() string {
		t.Helper()
		d, err := e.Decide(t.Context(), time.Unix(1, 0), chat())
		if err != nil || d.Volume == "" {
			t.Fatal(d.Volume, err)
		}
		return d.Volume
	}
	first := volume()
	put := func(id uint64, volume string) { b.Put(journal.Exchange{ID: id, Volume: volume, Done: true}) }
	put(1, first)
	b.Lose("", first)
	kept := func(want int, lost uint64, volume string) {
		t.Helper()
		if _, err := b.Kept(t.Context(), ""); err != nil { // It told what it has.
			t.Fatal(err)
		}
		if k, err := a.Kept(t.Context(), ""); err != nil || len(k.Exchanges) != want || k.Lost != lost || k.Volume != volume {
			t.Errorf("%d exchanges, %d are missing, volume %q, %v; want %d, %d, %q", len(k.Exchanges), k.Lost, k.Volume, err, want, lost, volume)
		}
	}
	kept(1, 1, first)
	if err := a.Empty(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	put(2, first)
	b.Lose("", first)
	second := volume()
	kept(0, 0, second)
	put(3, second)
	put(4, "")
	kept(2, 0, second)
	if err := a.Reset(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	put(5, second)
	kept(0, 0, "")
	third := volume()
	put(6, second)
	put(7, third)
	kept(1, 0, third)
	if first == second || second == third || first == third {
		t.Errorf("the volumes %q, %q, %q", first, second, third)
	}
}
