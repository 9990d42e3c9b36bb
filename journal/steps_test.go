package journal

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// keep begins an exchange with a script.
func keep(j *Journal, namespace string, s play.Script) uint64 {
	r := &scenarios.Request{Key: "sk-0123456789abcdef", Namespace: namespace}
	return j.Begin(Exchange{Namespace: namespace, Raw: Keep(Call{Request: r, Body: []byte("{}"), Header: map[string][]string{"Accept": {"x"}}, Script: s})})
}

func TestSteps(t *testing.T) {
	j := New(10, 1<<20)
	id := keep(j, "blue", play.Script{
		{Kind: play.Wait, For: time.Second},
		{Kind: play.Head, Status: 200, Length: play.Chunked},
		{Kind: play.Write, Data: []byte(`{"token":"sk-0123456789abcdef","t":"你`)[:36], Part: true},
		{Kind: play.Write, Data: []byte("slow"), Rate: 2},
		{Kind: play.Reset},
	})
	steps, more := j.Steps("blue", id)
	if len(steps) != 5 || more != 0 {
		t.Fatalf("%d steps, %d more", len(steps), more)
	}
	if s := steps[0]; s.Kind != "wait" || s.For != time.Second {
		t.Errorf("%+v", s)
	}
	if s := steps[2]; !s.Part || s.Bytes != 36 || strings.Contains(s.Text, "456789") || !strings.HasSuffix(s.Text, `"t":"`) {
		t.Errorf("%+v", s)
	}
	if s := steps[3]; s.For != 2*time.Second || s.Text != "slow" {
		t.Errorf("%+v", s)
	}
	if steps, _ := j.Steps("", id); steps != nil {
		t.Error("another namespace has it too")
	}
	if got := visible("a\xe4\xbdb你"); got != `a\xe4\xbdb你` {
		t.Errorf("%q", got)
	}
}

// TestStepsSayHowMuchAndHowLong is about steps that write more than they keep, or
// slowly.
func TestStepsSayHowMuchAndHowLong(t *testing.T) {
	slow := []byte("slow")
	for name, c := range map[string]struct {
		step  play.Step
		bytes int
		lasts time.Duration
		cut   bool
	}{
		"a text":          {play.Step{Kind: play.Text, Data: slow, Rate: 2}, 4, 2 * time.Second, false},
		"a binary":        {play.Step{Kind: play.Binary, Data: slow, Rate: 2}, 4, 2 * time.Second, false},
		"half a text":     {play.Step{Kind: play.Text, Data: slow, Length: 9}, 4, 0, false},
		"a copy":          {play.Step{Kind: play.Copy, Data: slow, Bytes: 4, Rate: 2}, 4, 2 * time.Second, false},
		"a long copy":     {play.Step{Kind: play.Copy, Data: slow, Bytes: 1 << 20}, 1 << 20, 0, true},
		"a copy to come":  {play.Step{Kind: play.Copy, Portion: &play.Portion{Frames: play.Rest, Bytes: play.Rest}, Rate: 2}, 0, 0, false},
		"a tunnel's copy": {play.Step{Kind: play.Copy, Bytes: 9}, 9, 0, true},
	} {
		for place, before := range map[string]int{"first": 0, "behind the first": keptSteps} {
			j := New(10, 1<<20)
			steps, _ := j.Steps("", keep(j, "", append(make(play.Script, before), c.step)))
			got := steps[before]
			cut := c.cut || before > 0 && c.bytes > 0
			if got.Bytes != c.bytes || got.For != c.lasts || got.Cut != cut {
				t.Errorf("%s, %s: %+v", name, place, got)
			}
		}
	}
}

// A long script is kept to its end, but for what it writes.
func TestStepsOfLongScript(t *testing.T) {
	j := New(10, 1<<20)
	script := play.Script{{Kind: play.Head, Status: 200, Length: play.Chunked}}
	for range 150 {
		script = append(script, play.Step{Kind: play.Wait, For: time.Millisecond}, play.Step{Kind: play.Write, Data: []byte("frame")})
	}
	script = append(script, play.Step{Kind: play.Close})
	steps, more := j.Steps("", keep(j, "", script))
	if len(steps) != len(script) || more != 0 || steps[len(steps)-1].Kind != "close" || steps[200].Bytes+int(steps[200].For) == 0 {
		t.Errorf("%d of %d steps, the last is %+v", len(steps), len(script), steps[len(steps)-1])
	}
	for range 1000 {
		script = append(script, play.Step{Kind: play.Wait, For: 1})
	}
	if steps, more = j.Steps("", keep(j, "", script)); len(steps) != keptSteps+keptBeats || len(steps)+more != len(script) {
		t.Errorf("%d steps and %d more of %d", len(steps), more, len(script))
	}
}

func TestPasts(t *testing.T) {
	j := New(10, 1<<20)
	keep(j, "", nil)
	keep(j, "blue", nil)
	keep(j, "", nil)
	keep(j, "", nil)
	if pasts, of := j.Pasts("", 2); len(pasts) != 2 || of != 3 || pasts[0].Request.Key != "sk-0123456789abcdef" || pasts[0].Redact("it is sk-0123456789abcdef") == "it is sk-0123456789abcdef" {
		t.Errorf("%+v", pasts)
	}
	if pasts, of := j.Pasts("blue", 9); len(pasts) != 1 || of != 1 || pasts[0].Request.Namespace != "blue" {
		t.Errorf("%+v", pasts)
	}
}

// Who follows all namespaces sees every exchange, and briefly if that is asked.
func TestFollow(t *testing.T) {
	j := New(4, 1<<20)
	for _, namespace := range []string{"", "blue", "", "red", "green"} {
		keep(j, namespace, play.Script{{Kind: play.Write, Data: []byte("x")}})
	}
	since := uint64(0)
	w, err := j.Follow(Watch{All: true, Brief: true, Since: &since})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if w.Missed() != 1 {
		t.Errorf("evicted were exchanges up to %d", w.Missed())
	}
	var seen []string
	for range 4 {
		e, err := w.Next(context.Background())
		if err != nil {
			t.Fatalf("%v behind %q", err, seen)
		}
		if e.Exchange.Raw != nil || e.Exchange.Script != nil || e.Exchange.RequestHeader != nil || e.Exchange.Key == "" {
			t.Errorf("%+v", e.Exchange)
		}
		seen = append(seen, e.Exchange.Namespace)
	}
	if got := strings.Join(seen, ","); got != "blue,,red,green" {
		t.Errorf("seen are %q", seen)
	}
}
