package statetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

func put(id string) scenarios.Change {
	return scenarios.Change{Kind: "k", ID: id, Value: []byte(id)}
}

func (s *subject) commit(namespace string, after time.Duration, changes ...scenarios.Change) int {
	s.Helper()
	n, err := s.state.Commit(s.Context(), namespace, start.Add(after), changes)
	s.must(err)
	return n
}

// view returns a view behind its visit.
func (s *subject) view(namespace string) scenarios.View {
	s.Helper()
	view, err := s.state.View(s.Context(), namespace)
	s.must(err)
	s.visit(namespace, 0, &scenarios.Call{Records: view, Passed: scenarios.NoShots})
	return view
}

func (s *subject) list(namespace, kind string) string {
	s.Helper()
	var ids []string
	view := s.view(namespace)
	for _, r := range view.List(kind) {
		ids = append(ids, r.ID)
	}
	if v, may := view.(scenarios.SharedView); may {
		s.must(v.Err())
	}
	return strings.Join(ids, " ")
}

func records(s *subject) {
	change := func(id, value string) scenarios.Change {
		return scenarios.Change{Kind: "k", ID: id, Value: []byte(value), Existing: true}
	}
	s.commit("", time.Second, put("a"), put("b"), put("c"), scenarios.Change{Kind: "other", ID: "a", Value: []byte("x")})
	s.commit("", 2*time.Second, scenarios.Change{Kind: "k", ID: "a"}, scenarios.Change{Kind: "k", ID: "nobody"})
	s.commit("", 3*time.Second, put("a")) // Made anew: the youngest now.
	binary := "\n\x00 \xff\n"
	s.commit("", 4*time.Second, scenarios.Change{Kind: "k", ID: "b", Value: []byte(binary), Until: start.Add(time.Hour)})
	s.commit("", 5*time.Second, change("nobody", "x"), change("c", ""))
	if got := s.list("", "k"); got != "b c a" {
		s.Errorf("there are %q", got)
	}
	view := s.view("")
	for _, test := range []struct {
		kind, id, value string
		created, until  time.Time
	}{
		{"k", "b", binary, start.Add(time.Second), start.Add(time.Hour)},
		{"k", "c", "", start.Add(time.Second), time.Time{}},
		{"k", "a", "a", start.Add(3 * time.Second), time.Time{}},
		{"other", "a", "x", start.Add(time.Second), time.Time{}},
	} {
		r, found := view.Get(test.kind, test.id)
		if !found || string(r.Value) != test.value || r.Kind != test.kind || r.ID != test.id || !r.Created.Equal(test.created) || !r.Until.Equal(test.until) {
			s.Errorf("%s %s is %+v, %t", test.kind, test.id, r, found)
		}
	}
	for _, missing := range [][2]string{{"k", "nobody"}, {"other", "b"}, {"", "a"}} {
		if r, found := view.Get(missing[0], missing[1]); found {
			s.Errorf("%v is %+v", missing, r)
		}
	}
	if got := s.list("elsewhere", "k") + s.list("", "kind"); got != "" {
		s.Errorf("elsewhere are %q", got)
	}
	s.must(s.state.Reset(s.Context(), ""))
	if got := s.list("", "k"); got != "" {
		s.Errorf("after a reset there are %q", got)
	}
}

// callers: what is read before the visit is so when that is done, or it fails and
// has done nothing; read again, it is.
func callers(s *subject) {
	n := uint64(0)
	judged := func(want string, between ...scenarios.Change) {
		s.Helper()
		for range 3 {
			view, err := s.state.View(s.Context(), "")
			s.must(err)
			r, found := view.Get("token", "t")
			_, other := view.Get("token", "u")
			got := fmt.Sprint(string(r.Value), found, other)
			if between != nil {
				s.commit("", 0, between...)
				between = nil
			}
			c := scenarios.Call{Records: view, Counters: []scenarios.Counter{{Rule: "r"}}}
			done, err := s.state.Visit(s.Context(), "", start, &c)
			if errors.Is(err, scenarios.ErrStale) {
				continue
			}
			s.must(err)
			if n++; !done || c.Values[0] != n {
				s.Errorf("visit %d counts %v", n, c.Values)
			}
			if got != want {
				s.Errorf("the caller was judged by %s, want %s", got, want)
			}
			return
		}
		s.Error("stale again and again")
	}
	token := func(value string) scenarios.Change {
		return scenarios.Change{Kind: "token", ID: "t", Value: []byte(value)}
	}
	judged("false false")
	s.commit("", 0, token("one"))
	judged("onetrue false")
	judged("onetrue false")
	s.commit("", 0, token("two"))
	judged("twotrue false")
	s.commit("", 0, scenarios.Change{Kind: "token", ID: "t"})
	judged("false false")
	s.commit("", 0, token("three"))
	judged("threetrue false")
	s.commit("", 0, put("unread"))
	judged("threetrue false")
	s.must(s.state.Reset(s.Context(), ""))
	n = 0
	judged("false false")
}

// forgotten: beyond the bounds what finished first goes first, then the oldest.
func forgotten(s *subject) {
	until := func(id string, at time.Duration) scenarios.Change {
		return scenarios.Change{Kind: "k", ID: id, Value: []byte("x"), Until: start.Add(at)}
	}
	const most = 10_000
	changes := []scenarios.Change{put("old"), until("late", 30*time.Second), until("early", 10*time.Second), until("moved", 5*time.Second)}
	moved := until("moved", 40*time.Second)
	moved.Existing = true
	changes = append(changes, moved)
	for i := range most - 4 {
		changes = append(changes, put(fmt.Sprint(i)))
	}
	if n := s.commit("", 0, changes...); n != 0 {
		s.Fatalf("%d were forgotten", n)
	}
	for i, test := range []struct {
		second time.Duration
		want   string // What goes.
	}{{9, "old"}, {20, "early"}, {39, "late"}, {40, "moved"}, {40, "0"}} {
		if _, found := s.view("").Get("k", test.want); !found {
			s.Errorf("second %d: %s is gone before", test.second, test.want)
		}
		if n := s.commit("", test.second*time.Second, put(fmt.Sprint("more ", i))); n != 1 {
			s.Errorf("second %d: %d were forgotten", test.second, n)
		}
		if _, found := s.view("").Get("k", test.want); found {
			s.Errorf("second %d: %s is still there", test.second, test.want)
		}
	}
	large := make([]byte, 24<<20)
	big := func(id string) scenarios.Change { return scenarios.Change{Kind: "k", ID: id, Value: large} }
	s.commit("bytes", 0, big("1"), big("2"))
	if n := s.commit("bytes", 0, big("3")); n != 1 || s.list("bytes", "k") != "2 3" {
		s.Errorf("%d were forgotten, and there are %s", n, s.list("bytes", "k"))
	}
	s.must(s.state.Reset(s.Context(), "bytes"))
}
