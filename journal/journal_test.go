package journal

import (
	"fmt"
	"sync"
	"testing"
)

func TestRingForgetsTheOldest(t *testing.T) {
	j := New(3)
	for i := range 5 {
		j.Begin(Exchange{Model: fmt.Sprint(i)})
	}
	found, evicted := j.Exchanges("")
	if len(found) != 3 || found[0].Model != "2" || found[2].ID != 5 || evicted != 2 {
		t.Errorf("found %+v, evicted %d", found, evicted)
	}
}

func TestFinish(t *testing.T) {
	j := New(2)
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
	j := New(4)
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
	j := New(100)
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			for range 100 {
				j.Begin(Exchange{})
				j.Exchanges("")
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
