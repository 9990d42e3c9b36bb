package journal

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/mockllm/mockllm/play"
)

func TestRingForgetsTheOldest(t *testing.T) {
	j := New(3, 1<<20)
	for i := range 5 {
		j.Begin(Exchange{Model: fmt.Sprint(i)})
	}
	found, evicted := j.Exchanges("")
	if len(found) != 3 || found[0].Model != "2" || found[2].ID != 5 || evicted != 2 {
		t.Errorf("found %+v, evicted %d", found, evicted)
	}
}

func TestFinish(t *testing.T) {
	j := New(2, 1<<20)
	first := j.Begin(Exchange{})
	second := j.Begin(Exchange{})
	j.Finish(second, Sent{Status: 200})
	j.Begin(Exchange{})
	j.Finish(first, Sent{Status: 500}) // Evicted by now.
	found, _ := j.Exchanges("")
	if !found[0].Done || found[0].Status != 200 || found[1].Done {
		t.Errorf("found %+v", found)
	}
}

func TestResetKeepsOtherNamespaces(t *testing.T) {
	j := New(4, 1<<20)
	for i := range 6 {
		j.Begin(Exchange{Namespace: []string{"a", "b"}[i%2], Model: fmt.Sprint(i)})
	}
	j.Reset("a")
	if found, _ := j.Exchanges("a"); len(found) != 0 {
		t.Errorf("a has %v", found)
	}
	if found, _ := j.Exchanges("b"); len(found) != 2 || found[0].Model != "3" || found[1].Model != "5" {
		t.Errorf("b has %v", found)
	}
	for i := range 9 {
		j.Begin(Exchange{Namespace: "c", Model: fmt.Sprint(i)})
	}
	if found, _ := j.Exchanges("c"); len(found) != 4 || found[3].Model != "8" {
		t.Errorf("c has %v", found)
	}
}

func TestBeginFromManyGoroutines(t *testing.T) {
	j := New(100, 1<<20)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			for i := range 100 {
				j.Finish(j.Begin(Exchange{}), Sent{})
				if i%10 == 0 {
					j.Exchanges("")
				}
			}
		})
	}
	wait.Wait()
	found, evicted := j.Exchanges("")
	if uint64(len(found))+evicted != 5000 {
		t.Errorf("kept %d and evicted %d of 5000", len(found), evicted)
	}
	seen := map[uint64]bool{}
	for _, e := range found {
		if seen[e.ID] {
			t.Fatalf("id %d twice", e.ID)
		}
		seen[e.ID] = true
	}
}

// TestUpdate fills in what is known later, of an exchange that is still kept.
func TestUpdate(t *testing.T) {
	j := New(1, 1<<20)
	first := j.Begin(Exchange{Raw: Keep(call())})
	second := j.Begin(Exchange{Raw: Keep(call())})
	script := play.Script{{Kind: play.Text, Data: []byte("said")}, {Kind: play.Binary, Data: make([]byte, 10)}}
	j.Update(first, nil, "lost")
	j.Update(second, script, "x/y/z")
	got, _ := j.Exchanges("")
	if len(got) != 1 || len(got[0].Script) != 2 || got[0].Script[0] != `text    4 bytes "said"` || got[0].Error != "x/y/z" || got[0].Done {
		t.Errorf("got %+v", got)
	}
	if j.size != j.entries[0].size {
		t.Errorf("%d bytes in all, %d of the only one", j.size, j.entries[0].size)
	}
}

// TestUpdateOfLongCall holds that a call to which more and more is planned shows all
// of it at any time, and is kept in the end as if it had been planned at once.
func TestUpdateOfLongCall(t *testing.T) {
	j := New(1, 1<<20)
	id := j.Begin(Exchange{Raw: Keep(call())})
	var script play.Script
	for n := 1; n <= 3*fewSteps; n++ {
		script = append(script, play.Step{Kind: play.Text, Data: []byte("said")})
		j.Update(id, script, "")
		if got, _ := j.Exchanges(""); len(got[0].Script) != n || got[0].Script[n-1] != `text    4 bytes "said"` {
			t.Fatalf("after %d messages: %q", n, got[0].Script)
		}
		if kept := j.entries[0]; j.size != kept.size || kept.Raw.size < int64(4*n) {
			t.Fatalf("after %d messages %d bytes in all, %d of the only one, %d of what was kept", n, j.size, kept.size, kept.Raw.size)
		}
	}
	j.Finish(id, Sent{})
	at := call()
	at.Script = script
	if got, want := j.entries[0].Raw, Keep(at).settled(); got.isPending() || got.size != want.size || !bytes.Equal(got.script, want.script) || j.size != j.entries[0].size {
		t.Errorf("kept in %d bytes, at once in %d", got.size, want.size)
	}
}

// TestBytesBound keeps fewer exchanges if they are long, and always the newest.
func TestBytesBound(t *testing.T) {
	body := strings.Repeat("x", 10_000)
	j := New(100, 100_000)
	for range 50 {
		j.Begin(Exchange{Body: body})
	}
	found, evicted := j.Exchanges("")
	if len(found) != 9 || evicted != 41 || j.size > 100_000 {
		t.Errorf("%d are kept and %d evicted, %d bytes", len(found), evicted, j.size)
	}
	j = New(100, 1)
	j.Begin(Exchange{})
	j.Begin(Exchange{Raw: Keep(call())})
	if found, _ := j.Exchanges(""); len(found) != 1 || found[0].ID != 2 {
		t.Errorf("found %v", found)
	}
	j.Reset("")
	if j.size != 0 {
		t.Errorf("%d bytes are left of nothing", j.size)
	}
}

// TestSizeIsTrue holds that what counts against the bound is not far from what
// is really kept.
func TestSizeIsTrue(t *testing.T) {
	c := call()
	c.Body = []byte(strings.Repeat("x", 10_000))
	c.Request.Body = c.Body
	if size := Keep(c).size; size < 10_000 || size > 14_000 {
		t.Errorf("10,000 bytes of body count %d", size)
	}
	c.Request.Turns[0].Text = string(c.Body)
	if size := Keep(c).size; size < 20_000 || size > 24_000 {
		t.Errorf("10,000 bytes of body, and as many read of it, count %d", size)
	}
	c.Body = []byte(strings.Repeat("x", 1<<20))
	c.Request.Body = c.Body
	if size := Keep(c).size; size < keptBody || size > 2*keptBody {
		t.Errorf("a long body counts %d", size)
	}
}

func TestEvictedByNamespace(t *testing.T) {
	j := New(2, 1<<20)
	for _, namespace := range []string{"a", "a", "a", "b", "b"} {
		j.Begin(Exchange{Namespace: namespace})
	}
	for namespace, want := range map[string]uint64{"a": 3, "b": 0, "c": 0} {
		if p := j.Find(namespace, Filter{}); p.EvictedHere != want || p.Evicted != 3 {
			t.Errorf("%s: %d of %d were evicted, want %d of 3", namespace, p.EvictedHere, p.Evicted, want)
		}
	}
	j.Reset("a")
	if p := j.Find("a", Filter{}); p.EvictedHere != 0 || p.Evicted != 3 {
		t.Errorf("after a reset: %+v", p)
	}
}

// Clients may make up any number of namespaces.
func TestNamespacesAreForgotten(t *testing.T) {
	j := New(1, 1<<20)
	for i := range 3 * maxDead {
		j.Begin(Exchange{Namespace: fmt.Sprint(i)})
	}
	if n := len(j.tallies.of); n > maxDead+2 || j.tallies.dead > n {
		t.Errorf("%d namespaces are remembered, %d of them dead", n, j.tallies.dead)
	}
}

func TestFind(t *testing.T) {
	j := New(10, 1<<20)
	for _, e := range []Exchange{
		{Operation: "chat", Error: "q/f/1", Cause: "rule"}, {Operation: "chat", Cause: "success"}, {Operation: "token", Cause: "success"},
		{Operation: "chat", Namespace: "other"}, {Operation: "chat", Error: "q/f/2", Cause: "body"},
	} {
		j.Begin(e)
	}
	for want, f := range map[string]Filter{
		"[1 2 3 5]": {}, "[1 2 5]": {Operation: "chat"}, "[2 3]": {Cause: "success"}, "[1 5]": {Errors: []string{"q/f/1", "q/f/2"}},
		"[3 5]": {Since: 2}, "[3]": {Since: 2, Limit: 1}, "[5]": {Limit: 1}, "[2 5]": {Limit: 2, Operation: "chat"}, "[]": {Since: 5},
	} {
		got := []uint64{}
		for e := range j.Find("", f).All() {
			got = append(got, e.ID)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%+v: found %v, want %s", f, got, want)
		}
	}
}

// Whoever saw a revision has seen all that is kept, until there is another one.
func TestRevision(t *testing.T) {
	j := New(2, 1<<20)
	seen := map[uint64]bool{}
	is := func(what, namespace string, changed bool) {
		t.Helper()
		revision, known := j.Revision(namespace)
		if seen[revision] == changed || !known {
			t.Errorf("%s: revision %d, known: %t", what, revision, known)
		}
		seen[revision] = true
	}
	is("nothing was called", "a", true)
	first := j.Begin(Exchange{Namespace: "a"})
	is("it began", "a", true)
	j.Update(first, nil, "a/b/c")
	is("its error became known", "a", true)
	j.Amend(first, nil, func(e *Exchange) { e.Status = 200 })
	is("what came from upstream became known", "a", true)
	j.Finish(first, Sent{Status: 200})
	is("it is over", "a", true)
	is("it is asked for again", "a", false)
	j.Begin(Exchange{Namespace: "b"})
	is("somebody else called", "a", false)
	j.Begin(Exchange{Namespace: "b"})
	is("somebody else needed its room", "a", true)
	j.Reset("a")
	j.Finish(j.Begin(Exchange{Namespace: "a"}), Sent{Status: 200})
	is("it was emptied, and as much happened again", "a", true)
}

// otherServers is an archive into which others put, too.
type otherServers struct{ Archive }

func (otherServers) Replica() uint64 { return 1 }

func TestNobodyKnowsTheRevisionOfOthers(t *testing.T) {
	j := New(2, 1<<20)
	j.Share(otherServers{})
	if _, known := j.Revision("a"); known {
		t.Error("it is known")
	}
}
