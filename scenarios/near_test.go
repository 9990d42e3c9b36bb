package scenarios

import (
	"context"
	"strings"
	"testing"
	"time"
)

// past decides on a request and returns what is remembered of it.
func past(t *testing.T, e *Engine, r *Request) Past {
	t.Helper()
	d, err := e.Decide(context.Background(), time.Unix(0, 0), r)
	if err != nil {
		t.Fatal(err)
	}
	p := Past{Request: r, Cause: d.Cause, Passed: d.Passed, Redact: func(text string) string { return strings.ReplaceAll(text, "secret", "***") }}
	for _, f := range d.Fired {
		p.Fired = append(p.Fired, f.Rule)
	}
	return p
}

func TestNear(t *testing.T) {
	s, err := Load("near.toml", []byte(`
		[[rule]]
		name  = "elsewhere"
		match = { operation = "embedding" }
		error = "Throttling"
		[[rule]]
		name  = "far"
		match = { model = "a", key = "b", stream = true }
		error = "Throttling"
		[[rule]]
		name  = "nearer"
		match = { model = "m*", prompt = "x" }
		error = "Throttling"
		[[rule]]
		name  = "in the window"
		when  = { window = "1h..2h" }
		error = "Throttling"
		[[rule]]
		name  = "unlucky"
		when  = { probability = 0.000001 }
		error = "Throttling"
		[[rule]]
		name  = "answers"
		match = { model = "mod*" }
		error = "Throttling"
		[[rule]]
		name  = "behind"
		error = "Throttling"`))
	if err != nil {
		t.Fatal(err)
	}
	e := NewEngine(s, Settings{}, NewMemory())
	r := &Request{Provider: "dashscope", Dialect: "dashscope-native", Operation: "chat", Model: "model", Turns: []Turn{{Role: "user", Text: "a secret"}}}
	p := past(t, e, r)
	want := []struct{ rule, why string }{
		{"in the window", "when.window is 1h0m0s to 2h0m0s, the namespace is 0s old"},
		{"unlucky", "when.probability is 1e-06, the roll of call 1 is "},
		{"behind", "it matches, but a rule before it answers"},
		{"nearer", `match.prompt wants "x", the request has "a ***"`},
		{"far", `match.model wants "a", the request has "model"`},
		{"elsewhere", `match.operation wants "embedding", the request has "chat"`},
	}
	for range 2 { // It counts nothing.
		got := e.Near(p)
		if len(got) != len(want) {
			t.Fatalf("got %+v", got)
		}
		for i := range want {
			if got[i].Rule != want[i].rule || !strings.HasPrefix(got[i].Why.String(), want[i].why) {
				t.Errorf("%d: got %+v, want %+v", i, got[i], want[i])
			}
		}
	}
	p.Cut = true
	if got := e.Near(p)[3]; got.Why.String() != `match.prompt wants "x", and the request's body was too long to be kept` {
		t.Errorf("of a cut request: %+v", got)
	}
	refused := Past{Request: r, Cause: ByIdentity, Redact: p.Redact}
	if got := e.Near(refused)[0]; got.Rule != "in the window" || got.Why.String() != "the caller is not let in" {
		t.Errorf("of a refused caller: %+v", got)
	}
}
