package scenarios

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

func put(id string) Change { return Change{Kind: "k", ID: id, Value: []byte(id)} }

func ids(records []Record) string {
	var all []string
	for _, r := range records {
		all = append(all, r.ID)
	}
	return strings.Join(all, " ")
}

func TestRecords(t *testing.T) {
	m := NewMemory()
	commit := func(changes ...Change) {
		if _, err := m.Commit(t.Context(), "ns", time.Unix(1, 0), changes); err != nil {
			t.Fatal(err)
		}
	}
	view, err := m.View(t.Context(), "ns")
	if err != nil {
		t.Fatal(err)
	}
	commit(put("a"), put("b"), put("c"), Change{Kind: "other", ID: "a", Value: []byte("x")})
	commit(Change{Kind: "k", ID: "a"}, Change{Kind: "k", ID: "nobody"}) // Removed.
	commit(put("a"))                                                    // Made anew: the youngest now.
	commit(Change{Kind: "k", ID: "b", Value: []byte("new")})            // Changed: keeps its place.
	if got := ids(view.List("k")); got != "b c a" {
		t.Errorf("list is %q", got)
	}
	if r, found := view.Get("k", "b"); !found || string(r.Value) != "new" || r.Created.Unix() != 1 {
		t.Errorf("b is %+v, %t", r, found)
	}
	if _, found := view.Get("k", "nobody"); found {
		t.Error("nobody is found")
	}
	if other, _ := m.View(t.Context(), "elsewhere"); len(other.List("k")) != 0 {
		t.Error("another namespace sees the records")
	}
	m.Reset(t.Context(), "ns")
	if again, _ := m.View(t.Context(), "ns"); len(again.List("k")) != 0 {
		t.Error("a reset keeps records")
	}
}

// TestExisting: a change of what exists does not bring back what was removed.
func TestExisting(t *testing.T) {
	for _, c := range []struct {
		name    string
		changes []Change
		want    string
	}{
		{"there", []Change{put("a"), {Kind: "k", ID: "a", Value: []byte("new"), Existing: true}}, "new"},
		{"never made", []Change{{Kind: "k", ID: "a", Value: []byte("new"), Existing: true}}, ""},
		{"removed", []Change{put("a"), {Kind: "k", ID: "a"}, {Kind: "k", ID: "a", Value: []byte("new"), Existing: true}}, ""},
	} {
		var s shelf
		s.commit(time.Time{}, c.changes)
		if r, found := s.Get("k", "a"); string(r.Value) != c.want || found != (c.want != "") {
			t.Errorf("%s: %q, %t", c.name, r.Value, found)
		}
		if got := len(s.List("k")); got != len(s.records) {
			t.Errorf("%s: %d listed of %d", c.name, got, len(s.records))
		}
	}
}

func TestRecordsAreBounded(t *testing.T) {
	var s shelf
	for i := range maxRecords + 50 {
		s.commit(time.Time{}, []Change{put(fmt.Sprint(i))})
	}
	all := s.List("k")
	if len(all) != maxRecords || all[0].ID != "50" {
		t.Errorf("%d records, the oldest is %s", len(all), all[0].ID)
	}
	for range 5 * maxRecords { // Coming and going must not pile up.
		s.commit(time.Time{}, []Change{put("x"), {Kind: "k", ID: "x"}})
	}
	if len(s.order) > 2*maxRecords+64 {
		t.Errorf("%d places for %d records", len(s.order), len(s.records))
	}
}

// TestFinishedAreForgottenFirst: beyond the bound the one goes that finished
// first, however old others are.
func TestFinishedAreForgottenFirst(t *testing.T) {
	var s shelf
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	s.commit(at(0), []Change{
		put("old"),
		{Kind: "k", ID: "late", Value: []byte("x"), Until: at(30)},
		{Kind: "k", ID: "early", Value: []byte("x"), Until: at(10)},
		{Kind: "k", ID: "moved", Value: []byte("x"), Until: at(5)},
	})
	s.commit(at(0), []Change{{Kind: "k", ID: "moved", Value: []byte("x"), Until: at(40), Existing: true}})
	for i := range maxRecords - 4 {
		s.commit(at(1), []Change{put(fmt.Sprint(i))})
	}
	for _, c := range []struct {
		second int64
		want   string // What is forgotten for one record more.
	}{{9, "old"}, {20, "early"}, {39, "late"}, {40, "moved"}, {40, "0"}} {
		before := ids(s.List("k"))
		if n := s.commit(at(c.second), []Change{put(fmt.Sprint("more ", c.second, c.want))}); n != 1 {
			t.Fatalf("%d records were forgotten", n)
		}
		if _, found := s.Get("k", c.want); found || !strings.Contains(" "+before+" ", " "+c.want+" ") {
			t.Errorf("second %d: %s is still there", c.second, c.want)
		}
	}
	for i := range int64(5 * maxRecords) { // Ending again and again must not pile up.
		s.commit(at(1), []Change{{Kind: "k", ID: "5", Value: []byte("x"), Until: at(100 + i)}})
	}
	if len(s.ends) > 2*maxRecords+64 {
		t.Errorf("%d endings for %d records", len(s.ends), len(s.records))
	}
}

// TestRecordBytesAreBounded: files are large, and the oldest give way.
func TestRecordBytesAreBounded(t *testing.T) {
	var s shelf
	large := make([]byte, maxRecordBytes/4)
	for i := range 10 {
		s.commit(time.Time{}, []Change{{Kind: "k", ID: fmt.Sprint(i), Value: large}})
	}
	s.commit(time.Time{}, []Change{{Kind: "k", ID: "9", Value: large[1:]}, {Kind: "k", ID: "gone", Value: large, Existing: true}})
	if all := s.List("k"); len(all) != 4 || all[0].ID != "6" || s.bytes != maxRecordBytes-1 {
		t.Errorf("%d records of %d bytes, the oldest is %s", len(all), s.bytes, all[0].ID)
	}
	for i := range 10 {
		s.commit(time.Time{}, []Change{{Kind: "k", ID: fmt.Sprint(i)}})
	}
	if s.bytes != 0 || len(s.records) != 0 {
		t.Errorf("%d bytes in %d records", s.bytes, len(s.records))
	}
	s.commit(time.Time{}, []Change{{Kind: "k", ID: "huge", Value: make([]byte, maxRecordBytes+1)}})
	if s.bytes != 0 {
		t.Errorf("%d bytes: what is too large by itself is not kept", s.bytes)
	}
}

func TestRecordsFromManyGoroutines(t *testing.T) {
	m := NewMemory()
	var wait sync.WaitGroup
	for g := range 16 {
		wait.Go(func() {
			for i := range 100 {
				m.Commit(t.Context(), "", time.Time{}, []Change{put(fmt.Sprint(g, ".", i))})
				view, _ := m.View(t.Context(), "")
				view.List("k")
			}
		})
	}
	wait.Wait()
	if view, _ := m.View(t.Context(), ""); len(view.List("k")) != 1600 {
		t.Errorf("%d records of 1600", len(view.List("k")))
	}
}
