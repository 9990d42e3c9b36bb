package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mockllm/mockllm/catalog"
)

func (w *world) throw(source string) uint64 {
	w.tb.Helper()
	id, err := w.engine.Throw(context.Background(), "", w.now, []byte(source))
	if err != nil {
		w.tb.Fatal(err)
	}
	return id
}

// Shots are thrown first in, first out, each at the calls that it is for, and
// count for no rule.
func TestShots(t *testing.T) {
	w := newWorld(t, replyRule("r", ""))
	w.throw(`{"error": "Throttling.RateQuota", "times": 2}`)
	w.throw(`{"match": {"model": "n"}, "reply": {"text": "thrown"}}`)
	w.throw(`{"error": "Arrearage"}`)
	call, other := chat(catalog.DashScopeNative), chat(catalog.DashScopeNative, model("n"))
	if got := w.pattern(2, call); got != "Throttling.RateQuota Throttling.RateQuota" {
		t.Errorf("got %s", got)
	}
	if got := w.pattern(2, other); got != "thrown Arrearage" {
		t.Errorf("got %s", got)
	}
	if d := w.decide(call); answerOf(d) != "r" || d.Fired[0].N != 1 || d.Shot != 0 {
		t.Errorf("behind the shots: %+v", d)
	}
}

// A shot comes before what the gateway refuses, and one that only damages
// shapes what comes behind it.
func TestShotsComeFirst(t *testing.T) {
	refused := chat(catalog.DashScopeNative, func(r *Request) { r.Identity = &Refusal{ID: "dashscope/model/InvalidApiKey"} })
	w := newWorld(t, "")
	w.throw(`{"error": "ModelUnavailable"}`)
	if d := w.decide(refused); d.Cause != ByShot || d.Shot != 1 {
		t.Errorf("got %s, shot %d", d.Cause, d.Shot)
	}
	w.throw(`{"fault": "reset", "latency": "1s"}`)
	if d := w.decide(refused); d.Cause != ByIdentity || d.Fault == nil || d.Delay == nil || d.Shot != 2 {
		t.Errorf("got %s, fault %v, shot %d", d.Cause, d.Fault, d.Shot)
	}
	if d := w.decide(chat(catalog.DashScopeNative)); d.Fault != nil {
		t.Error("the fault is thrown twice")
	}
}

func TestShotsEnd(t *testing.T) {
	w := newWorld(t, "speed = 10")
	w.throw(`{"error": "Arrearage", "for": "10s"}`)
	second := w.throw(`{"error": "Throttling"}`)
	w.now = w.now.Add(time.Second)
	if waiting, err := w.engine.Queued(context.Background(), "", w.now); err != nil || len(waiting) != 1 || waiting[0].ID != second {
		t.Errorf("after its time: %+v, %v", waiting, err)
	}
	for _, want := range []bool{true, false} {
		if got, err := w.engine.Unqueue(context.Background(), "", second); err != nil || got != want {
			t.Errorf("taken back: %t, %v, want %t", got, err, want)
		}
	}
	if got := w.pattern(1, chat(catalog.DashScopeNative)); got != "." {
		t.Errorf("got %s", got)
	}
	for range maxShots {
		w.throw(`{"error": "Throttling"}`)
	}
	if _, err := w.engine.Throw(context.Background(), "", w.now, []byte(`{"error": "Throttling"}`)); !errors.Is(err, ErrQueueFull) {
		t.Errorf("one too many: %v", err)
	}
}

// However calls interleave, a shot is thrown as often as it says.
func TestShotsAreExact(t *testing.T) {
	w := newWorld(t, "")
	w.throw(`{"error": "Throttling", "times": 100}`)
	var thrown atomic.Int64
	var wait sync.WaitGroup
	for i := range 32 {
		wait.Go(func() {
			for k := range 10 {
				d, err := w.engine.Decide(context.Background(), start, chat(catalog.DashScopeNative, fingerprint(fmt.Sprint(i, k))))
				if err != nil {
					t.Error(err)
				}
				if d.Cause == ByShot {
					thrown.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if thrown.Load() != 100 {
		t.Errorf("thrown %d times, want 100", thrown.Load())
	}
}

func TestBadShots(t *testing.T) {
	for source, want := range map[string]string{
		``:                                      "one-shot: no valid JSON: an object is wanted",
		`null`:                                  "an object is wanted",
		`[1]`:                                   "an object is wanted",
		`{} {}`:                                 "something stands behind the object",
		`{}`:                                    "does nothing",
		`{"error": null}`:                       "null says nothing",
		`{"eror": "Throttling"}`:                `eror: unknown key; did you mean "error"?`,
		`{"error": "Throttlin"}`:                `did you mean "Throttling"`,
		`{"error": "Throttling", "times": 0}`:   "times: must be at least 1",
		`{"error": "Throttling", "times": 1.5}`: "times: must be a whole number",
		`{"error": "Throttling", "for": 10}`:    "for: must be a duration",
		`{"error": "Throttling", "when": {}}`:   "when: unknown key",
		`{"match": {"dialect": "x"}, "reply": {}}`:     `unknown value "x"`,
		`{"error": "18", "delivery": "framed"}`:        "delivery",
		`{"reply": {}, "match": {"prompt": "/(/"}}`:    "no regular expression",
		`{"error": "Throttling", "latency": 1e400}`:    "no number that can be kept",
		`{"error": "Throttling", "reply": {}}`:         "does not go with error",
		`{"reply": {"usage": {"prompt_tokens": 1.5}}}`: "must be a whole number",
	} {
		_, err := ReadShot([]byte(source))
		var invalid *InvalidError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "rule") {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}

func FuzzReadShot(f *testing.F) {
	f.Add(`{"error": "Throttling", "times": 2, "match": {"model": "q*"}, "delivery": {"mode": "mid-stream", "after_frames": 3}}`)
	f.Add(`{"fault": {"kind": "stall", "after_frames": 1e3}, "for": "1s"}`)
	f.Add(`{"raw": {"status": 502, "header": {"A": "b"}}}`)
	f.Fuzz(func(t *testing.T, source string) {
		shot, err := ReadShot([]byte(source))
		var invalid *InvalidError
		if (shot == nil) == (err == nil) || err != nil && !errors.As(err, &invalid) {
			t.Errorf("got %v, %v", shot, err)
		}
	})
}
