package scenarios

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

// stand asks how things stand after calls that are remembered.
func stand(t *testing.T, e *Engine, now time.Time, seen ...Past) Standing {
	t.Helper()
	s, err := e.Stand(context.Background(), "", now, seen)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func asker(key, model, prompt string) *Request {
	return &Request{
		Provider: "dashscope", Dialect: "dashscope-compatible", Operation: "chat", Key: key, Model: model, Fingerprint: model + prompt,
		Turns: []Turn{{Role: "user", Text: prompt}},
	}
}

const standing = `
name  = "standing"
seed  = 7
speed = 2

[[limit]]
name = "plan"
rpm  = 3
burst = 2
concurrency = 5

[[rule]]
name  = "by key"
match = { model = "qwen-*" }
when  = { calls = "2..3", per = "key" }
error = "Throttling.RateQuota"

[[rule]]
name  = "chance"
when  = { probability = 0.5, window = "10s..20s" }
error = "dashscope/model/Throttling"

[[rule]]
name   = "wall"
match  = { prompt = "never" }
error  = "Arrearage"
sticky = { by = "content", for = "1m" }

[[connection]]
name  = "refused"
when  = { calls = 3 }
fault = "refuse"
`

func TestStand(t *testing.T) {
	e := NewEngine(mustLoad(t, standing), Settings{}, NewMemory())
	if s := stand(t, e, start); s.Called || s.Age != 0 || len(s.Rules) != 3 || len(s.Rules[0].Counts) != 0 || len(s.Limits[0].Units[0].Used) != 0 {
		t.Errorf("before any call: %+v", s)
	}
	var seen []Past
	var slots []Decision
	for i, r := range []*Request{asker("sk-one-0123456789", "qwen-plus", "a"), asker("sk-two-0123456789", "qwen-plus", "b"), asker("sk-one-0123456789", "qwen-max", "never")} {
		d, err := e.Decide(context.Background(), start.Add(time.Duration(i)*time.Second), r)
		if err != nil {
			t.Fatal(err)
		}
		slots = append(slots, d)
		seen = append([]Past{{Request: r, Cause: d.Cause, Redact: strings.ToUpper}}, seen...)
	}
	now := start.Add(5 * time.Second) // Ten seconds of vendor time: the window opens.
	s := stand(t, e, now, seen...)
	if !s.Called || s.Age != 10*time.Second || s.Rules[0].Line != 12 || s.Limits[0].Line != 6 {
		t.Errorf("age %v, lines %d and %d", s.Age, s.Rules[0].Line, s.Limits[0].Line)
	}
	byKey := s.Rules[0].Counts
	if len(byKey) != 2 || byKey[0].For != "sk-o***89" || byKey[0].N != 2 || byKey[0].Fired != 1 || !byKey[0].Next.Fires || byKey[1].N != 1 || byKey[1].Fired != 0 || !byKey[1].Next.Fires {
		t.Errorf("by key: %+v", s.Rules[0])
	}
	chance := s.Rules[1]
	if c := chance.Counts[0]; !chance.Window.Open || c.N != 3 || c.Next.Roll != Roll(7, "chance", "", 4) || c.Next.Fires != (c.Next.Roll < 0.5) {
		t.Errorf("chance: %+v, %+v", chance, chance.Counts[0])
	}
	left := map[string]uint64{}
	for _, u := range s.Limits[0].Units {
		for _, used := range u.Used {
			left[fmt.Sprint(u.Unit, " ", used.For)] = used.Left
		}
	}
	want := map[string]uint64{"rpm sk-o***89": 1, "rpm sk-t***89": 2, "burst sk-o***89": 2, "burst sk-t***89": 2, "concurrency sk-o***89": 3, "concurrency sk-t***89": 4}
	if !reflect.DeepEqual(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
	for i := range slots {
		if err := e.Done(context.Background(), "", &slots[i]); err != nil {
			t.Fatal(err)
		}
	}
	if u := stand(t, e, now.Add(time.Minute), seen...).Limits[0].Units; u[0].Used[0].Left != u[0].Max || u[0].Used[0].Opens != nil {
		t.Errorf("a minute later: %+v", u[0].Used[0])
	}
}

// Who counts alone is told of up to a bound, and it is said if there are more.
func TestStandSaysHowMany(t *testing.T) {
	e := NewEngine(mustLoad(t, standing), Settings{}, NewMemory())
	var seen []Past
	call := func(i int) {
		seen = append(seen, Past{Request: asker(fmt.Sprintf("sk-%d-0123456789", i), "qwen-plus", "x"), Redact: strings.ToUpper})
	}
	for i := range mostWhom {
		call(i)
	}
	call(0) // The same again is nobody more.
	more := func() (rules, limits bool) {
		s := stand(t, e, start, seen...)
		for _, r := range s.Rules {
			if rules = rules || r.More; len(r.Counts) > mostWhom {
				t.Errorf("%s tells of %d", r.Rule, len(r.Counts))
			}
		}
		for _, l := range s.Limits {
			limits = limits || l.More
		}
		return rules, limits
	}
	if rules, limits := more(); rules || limits {
		t.Errorf("%d called, and more are told of: %t, %t", mostWhom, rules, limits)
	}
	call(mostWhom)
	if rules, limits := more(); !rules || !limits {
		t.Errorf("%d called, and no more are told of: %t, %t", mostWhom+1, rules, limits)
	}
}

// Who looks changes nothing: neither what comes next, nor what is remembered.
func TestStandCountsNothing(t *testing.T) {
	decisions := func(looks bool) (all []Decision) {
		e := NewEngine(mustLoad(t, standing), Settings{}, NewMemory())
		r := asker("sk-one-0123456789", "qwen-plus", "never")
		for i := range 8 {
			now := start.Add(time.Duration(i) * 3 * time.Second)
			if looks {
				for range 3 {
					stand(t, e, now, Past{Request: r, Redact: strings.ToUpper})
				}
			}
			d, err := e.Decide(context.Background(), now, r)
			if err != nil {
				t.Fatal(err)
			}
			d.Failure, d.Slots = nil, nil
			all = append(all, d)
		}
		return all
	}
	if with, without := decisions(true), decisions(false); !reflect.DeepEqual(with, without) {
		t.Errorf("looked at:\n%+v\nnot looked at:\n%+v", with, without)
	}
	m := NewMemory().(*memory)
	if a, err := m.Look(context.Background(), "nobody", start, Question{Counters: []Counter{{Rule: "r"}}}); err != nil || a.Called || m.made != 0 {
		t.Errorf("looking made a namespace: %+v, %v", a, err)
	}
}

// A hold is told of with whom it is about and until when, redacted.
func TestStandTellsHolds(t *testing.T) {
	e := NewEngine(mustLoad(t, `
		[[rule]]
		name   = "wall"
		match  = { prompt = "never" }
		error  = "Arrearage"
		sticky = { by = "content", for = "1m" }`), Settings{}, NewMemory())
	r := asker("sk-one-0123456789", "qwen-plus", "never "+strings.Repeat("x", 100))
	p := past(t, e, r)
	p.Redact = func(text string) string { return strings.ReplaceAll(text, "never", "***") }
	s, err := e.Stand(context.Background(), "", time.Unix(30, 0), []Past{p})
	if err != nil {
		t.Fatal(err)
	}
	holds := s.Rules[0].Holds
	if len(holds) != 1 || !strings.HasPrefix(holds[0].For, "*** xxx") || len(holds[0].For) > 70 || holds[0].Until == nil || !holds[0].Until.Equal(time.Unix(60, 0)) {
		t.Errorf("holds %+v", holds)
	}
	if s, err = e.Stand(context.Background(), "", time.Unix(90, 0), []Past{p}); err != nil || len(s.Rules[0].Holds) != 0 {
		t.Errorf("when it is over: %+v, %v", s.Rules[0].Holds, err)
	}
}

// Faults of connections count too, for the default namespace.
func TestStandTellsConnections(t *testing.T) {
	e := NewEngine(mustLoad(t, standing), Settings{}, NewMemory())
	for range 2 {
		if _, _, err := e.Connect(context.Background(), start, nil); err != nil {
			t.Fatal(err)
		}
	}
	c := stand(t, e, start).Connections
	if len(c) != 1 || c[0].Rule != "refused" || c[0].Outcomes[0] != "refuse" || c[0].Counts[0].N != 2 || !c[0].Counts[0].Next.Fires || c[0].Line == 0 {
		t.Errorf("connections %+v", c)
	}
	if s, err := e.Stand(context.Background(), "blue", start, nil); err != nil || len(s.Connections) != 0 {
		t.Errorf("in another namespace: %+v, %v", s.Connections, err)
	}
}
