package journal

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// TestSpeech holds that frames that are made when they are sent stand in the
// journal like those of a script that holds them, under way and over.
func TestSpeech(t *testing.T) {
	s, err := scenarios.Load("s.toml", []byte("name = \"s\"\n[[rule]]\nname = \"slow\"\nlatency.frame = \"50ms\"\nreply = {}\n"))
	if err != nil {
		t.Fatal(err)
	}
	request := &scenarios.Request{Provider: "dashscope", Dialect: "dashscope-compatible", Operation: "chat", Stream: true}
	d, err := scenarios.NewEngine(s, scenarios.Settings{}, scenarios.NewMemory()).Decide(t.Context(), time.Time{}, request)
	if err != nil || !play.Says(d) {
		t.Fatalf("%+v: %v", d, err)
	}
	m := responders.Message{Status: 200, Header: map[string][]string{"A": {"b"}}, Stream: true}
	later := m
	later.Later = func(yield func(responders.Frame, int) bool) {
		for i := range 200 {
			if !yield(fmt.Appendf(nil, "data: %d\n\n", i), 1) {
				return
			}
		}
	}
	for f := range later.Later {
		m.Frames = append(m.Frames, bytes.Clone(f))
	}
	told := func(m responders.Message) (under, over []Exchange, steps []Step) {
		j := New(10, 1<<20)
		m.Header = map[string][]string{"A": {"b"}}
		script := play.Plan(m, d, nil)
		if script.Says() != (m.Later != nil) {
			t.Errorf("says %t", script.Says())
		}
		id := j.Begin(Exchange{Raw: Keep(Call{Request: request, Script: script})})
		under, _ = j.Exchanges("")
		j.Finish(id, Sent{Status: 200})
		over, _ = j.Exchanges("")
		steps, _ = j.Steps("", id)
		return under, over, steps
	}
	under, over, steps := told(later)
	wantUnder, wantOver, wantSteps := told(m)
	if !reflect.DeepEqual(under, wantUnder) || !reflect.DeepEqual(over, wantOver) || !reflect.DeepEqual(steps, wantSteps) || len(steps) != 401 {
		t.Errorf("%t %t %t: %d steps, %d", reflect.DeepEqual(under, wantUnder), reflect.DeepEqual(over, wantOver), reflect.DeepEqual(steps, wantSteps), len(steps), len(wantSteps))
	}
}
