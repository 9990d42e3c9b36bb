package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/catalog"
)

// start is the moment at which every test begins; no test reads a clock.
var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func mustLoad(tb testing.TB, text string) *Scenario {
	tb.Helper()
	s, err := Load("test.toml", []byte(text))
	if err != nil {
		tb.Fatalf("the scenario does not load:\n%v", err)
	}
	return s
}

// problemsOf returns what Load complains about, nil if it does not.
func problemsOf(tb testing.TB, file string, text []byte) []Problem {
	tb.Helper()
	s, err := Load(file, text)
	if err == nil {
		if s == nil {
			tb.Fatal("neither a scenario nor an error")
		}
		return nil
	}
	if s != nil {
		tb.Errorf("an error and a scenario at once")
	}
	var invalid *InvalidError
	if !errors.As(err, &invalid) || len(invalid.Problems) == 0 {
		tb.Fatalf("error is %T (%v), want an *InvalidError with problems", err, err)
	}
	if invalid.File != file {
		tb.Errorf("the error names file %q, want %q", invalid.File, file)
	}
	return invalid.Problems
}

// world is an engine with its own memory.
type world struct {
	tb     testing.TB
	engine *Engine
	now    time.Time
}

func newWorld(tb testing.TB, text string) *world {
	tb.Helper()
	return &world{tb: tb, engine: NewEngine(mustLoad(tb, text), Settings{}, NewMemory()), now: start}
}

func (w *world) decide(r *Request) Decision {
	w.tb.Helper()
	d, err := w.engine.Decide(context.Background(), w.now, r)
	if err != nil {
		w.tb.Fatal(err)
	}
	return d
}

func (w *world) explain(r *Request) (Decision, Trace) {
	w.tb.Helper()
	d, trace, err := w.engine.Explain(context.Background(), w.now, r)
	if err != nil {
		w.tb.Fatal(err)
	}
	return d, trace
}

// pattern sends n calls and writes for each who answered: the text of the
// scripted reply or the code of the error, "." for plain success.
func (w *world) pattern(n int, r *Request) string {
	w.tb.Helper()
	var out []string
	for range n {
		out = append(out, answerOf(w.decide(r)))
	}
	return strings.Join(out, " ")
}

func answerOf(d Decision) string {
	switch {
	case d.Problem != nil:
		return "problem"
	case d.Failure != nil:
		return d.Failure.Entry.Code
	case d.Raw != nil:
		return "raw:" + d.Raw.Body
	case d.Reply != nil && d.Reply.Text != nil:
		return *d.Reply.Text
	case d.Reply != nil:
		return "reply"
	default:
		return "."
	}
}

// chat returns a request for a chat completion; edit changes it.
func chat(dialect string, edit ...func(*Request)) *Request {
	d, ok := catalog.DialectNamed(dialect)
	if !ok {
		panic("no dialect " + dialect)
	}
	r := &Request{
		Provider: d.Provider, Dialect: dialect, Operation: catalog.OpChat,
		Method: "POST", Path: "/chat", Fingerprint: "f", Model: "m", Key: "sk-1",
	}
	for _, e := range edit {
		e(r)
	}
	return r
}

func fingerprint(f string) func(*Request) { return func(r *Request) { r.Fingerprint = f } }
func model(m string) func(*Request)       { return func(r *Request) { r.Model = m } }
func key(k string) func(*Request)         { return func(r *Request) { r.Key = k } }
func namespace(n string) func(*Request)   { return func(r *Request) { r.Namespace = n } }

// replyRule writes a rule that answers with its own name.
func replyRule(name, keys string) string {
	return fmt.Sprintf("[[rule]]\nname = %q\nreply.text = %q\n%s\n", name, name, keys)
}

// count raises n of the rules that match, as deciding does.
func (e *Engine) count(ctx context.Context, now time.Time, r *Request, matched []encounter) (uint64, error) {
	a := &round{matched: matched}
	a.call.Counters = append(a.call.Counters, Counter{Key: r.Fingerprint})
	a.counters(r)
	if _, err := e.state.Visit(ctx, r.Namespace, now, &a.call); err != nil {
		return 0, err
	}
	a.read()
	return a.repetition(), nil
}
