package mockllm

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/verdict"
)

// A trial drives one scenario of the library with one client.
type trial struct {
	scenario string
	client   string // What kind of client it is.
	drive    func(b *testbed)
	fails    string // The finding ("gave-up") or the key of an expectation ("final") that fails; "" if it passes.
}

// A testbed is a server that follows the scenario, on a clock that stands
// still.
type testbed struct {
	t     *testing.T
	srv   *Server
	clock *play.Manual
}

func (b *testbed) client(h habits, dialect string) *client {
	return newClient(b.t, b.srv, b.clock, h, dialect)
}

// streaming returns a client that asks for streams.
func (b *testbed) streaming(h habits, dialect string) *client {
	c := b.client(h, dialect)
	c.stream = true
	return c
}

// pump lets time pass whenever the server waits in such an exchange.
func (b *testbed) pump(is func(journal.Exchange) bool) {
	go func() {
		for hushed(b.t.Context(), b.srv, b.clock, is) {
			b.clock.Advance(time.Second)
		}
	}()
}

const (
	compatible = "dashscope-compatible"
	native     = "dashscope-native"
	ernieV1    = "qianfan-v1"
	ernieV2    = "qianfan-v2"
)

// questions returns so many different questions.
func questions(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("Question %d?", i+1))
	}
	return all
}

var (
	careless = habits{again: never}
	pounding = habits{strict: true, again: always(3, 100*time.Millisecond)}
	strictly = habits{strict: true, again: never}
)

// talks asks so many questions in one conversation.
func talks(h habits, dialect string, stream bool, n int) func(*testbed) {
	return func(b *testbed) {
		c := b.client(h, dialect)
		c.stream = stream
		c.talk(questions(n)...)
	}
}

// asks asks so many questions, each in a conversation of its own.
func asks(h habits, dialect string, stream bool, n int) func(*testbed) {
	return func(b *testbed) {
		for _, question := range questions(n) {
			c := b.client(h, dialect)
			c.stream, c.watch = stream, h.strict
			c.talk(question)
		}
	}
}

// overflows asks a question that is too long, and then others.
func overflows(h habits, dialect string, stream bool, others ...string) func(*testbed) {
	return func(b *testbed) {
		c := b.client(h, dialect)
		c.stream = stream
		c.talk(append([]string{"Sum this up: " + strings.Repeat("A long page. ", 100)}, others...)...)
	}
}

// callsTool asks questions that offer a tool.
func callsTool(h habits, half bool, n int) func(*testbed) {
	return func(b *testbed) {
		c := b.client(h, compatible)
		c.tools, c.half = true, half
		c.talk(questions(n)...)
	}
}

// meetsStall asks two questions of a server that may fall silent.
func meetsStall(h habits, dialect string) func(*testbed) {
	return func(b *testbed) {
		c := b.streaming(h, dialect)
		c.watch = h.strict
		if !c.watch {
			b.pump(stalled)
		}
		c.talk(questions(2)...)
	}
}

// meetsWall asks questions with a key of its own.
func meetsWall(h habits, dialect, key string, n int) func(*testbed) {
	return func(b *testbed) {
		c := b.client(h, dialect)
		c.key = key
		c.talk(questions(n)...)
	}
}

// bursts lets twenty workers ask at once.
func bursts(of func(i int) habits) func(*testbed) {
	return func(b *testbed) {
		var workers []*client
		for i := range 20 {
			workers = append(workers, b.client(of(i), compatible))
		}
		crowd(workers)
	}
}

// indexes sends ten batches of texts.
func indexes(h habits, dialect string) func(*testbed) {
	return func(b *testbed) { b.client(h, dialect).index(questions(10)...) }
}

// speaks has so many texts read aloud.
func speaks(h habits, n int) func(*testbed) {
	return func(b *testbed) {
		c := b.client(h, "dashscope-ws")
		c.watch = h.strict
		if !c.watch {
			b.pump(stalled)
		}
		for _, text := range questions(n) {
			c.speak(text)
		}
	}
}

// cutsHistory talks for longer than it keeps of the history.
func cutsHistory(h habits) func(*testbed) {
	return func(b *testbed) {
		c := b.client(h, ernieV1)
		c.window = 4
		c.talk(questions(5)...)
	}
}

// trials are of each scenario, with clients that fail and clients that pass.
func trials() []trial {
	return []trial{
		{"bailian-tpm-throttle", "takes it for a bill", talks(strictly, compatible, false, 6), "gave-up"},
		{"bailian-tpm-throttle", "knocks for a moment", talks(pounding, native, true, 6), "too-early"},
		{"bailian-tpm-throttle", "", talks(careful(1), compatible, false, 7), ""},
		{"bailian-tpm-throttle", "native", talks(careful(1), native, true, 7), ""},

		{"burst-ramp", "looks for other words", bursts(func(int) habits { return strictly }), "gave-up"},
		{"burst-ramp", "a herd", bursts(func(int) habits { return habits{true, always(3, time.Second)} }), "never"},
		{"burst-ramp", "", bursts(func(i int) habits { return careful(uint64(i)) }), ""},

		{"embedding-429-sawtooth", "gives the document up", indexes(strictly, native), "gave-up"},
		{"embedding-429-sawtooth", "gives the document up, V1", indexes(strictly, ernieV1), "gave-up"},
		{"embedding-429-sawtooth", "begins again", func(b *testbed) {
			c := b.client(strictly, native)
			for range 3 { // Its fourth batch is refused for ever.
				c.index(questions(5)...)
				b.clock.Advance(time.Second)
			}
		}, "max_accepted"},
		{"embedding-429-sawtooth", "", indexes(careful(1), native), ""},
		{"embedding-429-sawtooth", "V1", indexes(careful(1), ernieV1), ""},

		{"sse-error-as-200", "takes it for an empty answer", talks(careless, native, true, 3), "error-taken-for-success"},
		{"sse-error-as-200", "takes all for a bad request", talks(strictly, native, true, 3), "gave-up"},
		{"sse-error-as-200", "tries all again", talks(pounding, native, true, 3), "max_attempts"},
		{"sse-error-as-200", "", talks(careful(1), native, true, 3), ""},

		{"moderation-mid-stream", "keeps half an answer", talks(careless, compatible, true, 3), "error-taken-for-success"},
		{"moderation-mid-stream", "asks the same again", talks(pounding, native, true, 3), "hopeless-retry"},
		{"moderation-mid-stream", "", talks(careful(1), compatible, true, 3), ""},
		{"moderation-mid-stream", "native", talks(careful(1), native, true, 3), ""},

		{"moderation-poisoned-history", "keeps the turn", talks(careless, compatible, false, 5), "poison-resent"},
		{"moderation-poisoned-history", "asks the same again", talks(pounding, compatible, false, 5), "hopeless-retry"},
		{"moderation-poisoned-history", "", talks(careful(1), compatible, false, 5), ""},

		{"toolcall-args-poison", "sends it back", callsTool(careless, true, 2), "max_calls"},
		{"toolcall-args-poison", "sends it back for ever", callsTool(pounding, true, 2), "hopeless-retry"},
		{"toolcall-args-poison", "dies of it", callsTool(strictly, false, 1), "min_calls"},
		{"toolcall-args-poison", "", callsTool(careful(1), false, 2), ""},

		{"context-overflow", "dies of it", overflows(careless, compatible, false), "final"},
		{"context-overflow", "asks something else", func(b *testbed) {
			overflows(careless, compatible, false)(b)
			asks(careless, compatible, false, 2)(b)
		}, "final"},
		{"context-overflow", "keeps it in the conversation, V1", overflows(careless, ernieV1, false, "And now?"), "final"},
		{"context-overflow", "sends it again", overflows(habits{again: always(3, time.Second)}, compatible, false), "hopeless-retry"},
		{"context-overflow", "", overflows(careful(1), compatible, false), ""},
		{"context-overflow", "goes on", overflows(careful(1), native, false, "And now?"), ""},
		{"context-overflow", "streamed", overflows(careful(1), compatible, true), ""},
		{"context-overflow", "native, streamed", overflows(careful(1), native, true), ""},
		{"context-overflow", "V1", overflows(careful(1), ernieV1, false), ""},

		{"account-wall", "calls again and again", meetsWall(pounding, compatible, "sk-good", 4), "hopeless-retry"},
		{"account-wall", "calls V1 again and again", meetsWall(pounding, ernieV1, "ak-good", 4), "hopeless-retry"},
		{"account-wall", "calls with a dead key", meetsWall(pounding, native, "sk-revoked", 1), "hopeless-retry"},
		{"account-wall", "", func(b *testbed) {
			c := b.client(careful(1), compatible)
			c.talk(questions(4)...)
			if err := b.srv.Admin().Release(b.t.Context(), "", "arrears"); err != nil {
				b.t.Error(err)
			}
			if _, err := c.ask([]turn{{"role": "user", "content": "Question 4?"}}); err != nil {
				b.t.Errorf("topped up: %v", err)
			}
		}, ""},
		{"account-wall", "asks each question once", asks(strictly, compatible, false, 12), ""},
		{"account-wall", "V1", meetsWall(careful(1), ernieV1, "ak-good", 4), ""},
		{"account-wall", "V2", meetsWall(careful(1), ernieV2, "sk-good", 4), ""},
		{"account-wall", "revoked", meetsWall(careful(1), compatible, "sk-revoked", 2), ""},
		{"account-wall", "foreign", meetsWall(careful(1), native, "sk-foreign", 2), ""},
		{"account-wall", "free tier", meetsWall(careful(1), compatible, "sk-free", 2), ""},

		{"capacity-503-in-disguise", "twenty workers at once", bursts(func(i int) habits { return careful(uint64(i)) }), ""},
		{"capacity-503-in-disguise", "goes by the status", talks(careless, compatible, false, 3), "gave-up"},
		{"capacity-503-in-disguise", "without a pause", talks(habits{true, always(5, 10*time.Millisecond)}, compatible, false, 3), "no-backoff"},
		{"capacity-503-in-disguise", "V1, takes it for success", talks(careless, ernieV1, false, 3), "error-taken-for-success"},
		{"capacity-503-in-disguise", "", talks(careful(1), compatible, false, 3), ""},
		{"capacity-503-in-disguise", "V1", talks(careful(1), ernieV1, true, 3), ""},

		{"stream-stall", "waits for ever", meetsStall(careless, compatible), "no-read-timeout"},
		{"stream-stall", "waits for ever, V1", meetsStall(careless, ernieV1), "max_wait"},
		{"stream-stall", "", meetsStall(careful(1), compatible), ""},
		{"stream-stall", "native", meetsStall(careful(1), native), ""},
		{"stream-stall", "V1", meetsStall(careful(1), ernieV1), ""},

		{"stream-cut", "takes whatever came", talks(careless, compatible, true, 7), "early-end-taken-for-success"},
		{"stream-cut", "takes whatever came, V1", talks(careless, ernieV1, true, 7), "early-end-taken-for-success"},
		{"stream-cut", "never asks again", talks(strictly, native, true, 7), "final"},
		{"stream-cut", "", talks(careful(1), compatible, true, 3), ""},
		{"stream-cut", "native", talks(careful(1), native, true, 3), ""},
		{"stream-cut", "V1", talks(careful(1), ernieV1, true, 3), ""},
		{"stream-cut", "V2", talks(careful(1), ernieV2, true, 3), ""},

		{"empty-200", "keeps nothing as the answer", talks(careless, compatible, true, 8), "max_calls"},
		{"empty-200", "keeps a turn without content", func(b *testbed) {
			b.client(careless, compatible).ask([]turn{{"role": "user", "content": "Hi."}, {"role": "assistant"}, {"role": "user", "content": "And?"}})
		}, "max_calls"},
		{"empty-200", "dies of it", talks(strictly, compatible, true, 1), "gave-up"},
		{"empty-200", "takes nothing for the answer", asks(careless, compatible, true, 8), "gave-up"},
		{"empty-200", "", talks(careful(1), compatible, true, 4), ""},

		{"ernie-qps-200", "looks for the result", talks(careless, ernieV1, false, 6), "error-taken-for-success"},
		{"ernie-qps-200", "never asks again", talks(strictly, ernieV1, true, 6), "gave-up"},
		{"ernie-qps-200", "", talks(careful(1), ernieV1, false, 10), ""},

		{"ernie-daily-cap", "hammers", talks(pounding, ernieV1, false, 6), "too-early"},
		{"ernie-daily-cap", "tries each question again", asks(pounding, ernieV1, false, 12), "too-early"},
		{"ernie-daily-cap", "asks each question once", asks(strictly, ernieV1, false, 12), ""},
		{"ernie-daily-cap", "goes on in the conversation", talks(strictly, ernieV1, false, 12), ""},
		{"ernie-daily-cap", "takes it for an answer", talks(careless, ernieV1, false, 12), "error-taken-for-success"},
		{"ernie-daily-cap", "", func(b *testbed) {
			c := b.client(careful(1), ernieV1)
			c.talk(questions(6)...)
			b.clock.Advance(5 * time.Second) // Tomorrow.
			if _, err := c.ask([]turn{{"role": "user", "content": "Is it tomorrow?"}}); err != nil {
				b.t.Errorf("tomorrow: %v", err)
			}
		}, ""},

		{"ernie-token-expiry", "keeps the token", func(b *testbed) {
			b.pump(ofToken)
			c := b.client(pounding, ernieV1)
			c.strict = false
			c.talk(questions(12)...)
		}, "final"},
		{"ernie-token-expiry", "never drops the token", func(b *testbed) {
			b.pump(ofToken)
			c := b.client(habits{strict: true, again: always(2, time.Second)}, ernieV1)
			c.keep = true
			c.talk(questions(12)...)
		}, "token-not-refreshed"},
		{"ernie-token-expiry", "a token for each worker", func(b *testbed) {
			b.pump(ofToken)
			for range 12 {
				b.client(careful(1), ernieV1).talk("Hello.")
				b.clock.Advance(time.Millisecond)
			}
		}, "token-stampede"},
		{"ernie-token-expiry", "", func(b *testbed) {
			b.pump(ofToken)
			b.streaming(careful(1), ernieV1).talk(questions(4)...)
		}, ""},
		{"ernie-token-expiry", "110", func(b *testbed) {
			b.pump(ofToken)
			c := b.client(careful(1), ernieV1)
			for _, q := range questions(70) {
				c.talk(q)
			}
		}, ""},
		{"ernie-token-expiry", "20 workers", func(b *testbed) {
			b.pump(ofToken)
			c := b.client(careful(1), ernieV1)
			var wait sync.WaitGroup
			for i := range 20 {
				wait.Go(func() {
					w := b.client(careful(uint64(i)), ernieV1)
					w.tokens = c.tokens
					w.talk(fmt.Sprintf("Question of worker %d?", i))
				})
			}
			wait.Wait()
		}, ""},

		{"ernie-stream-json-error", "finds no event", talks(careless, ernieV1, true, 3), "error-taken-for-success"},
		{"ernie-stream-json-error", "asks the same again", talks(pounding, ernieV1, true, 4), "hopeless-retry"},
		{"ernie-stream-json-error", "loses the cause", talks(strictly, ernieV1, true, 4), "gave-up"},
		{"ernie-stream-json-error", "", talks(careful(1), ernieV1, true, 4), ""},

		{"ernie-strict-roles", "cuts anywhere", cutsHistory(careless), "final"},
		{"ernie-strict-roles", "", cutsHistory(careful(1)), ""},

		{"task-ambiguous-create", "pays twice", func(b *testbed) {
			c := b.client(habits{again: always(3, time.Second)}, native)
			c.make("picture", "/services/aigc/text2image/image-synthesis", pictureBody)
			c.make("picture", "/services/aigc/text2image/image-synthesis", pictureBody)
		}, "paid-twice"},
		{"task-ambiguous-create", "", func(b *testbed) {
			c := b.client(careful(1), native)
			c.make("picture", "/services/aigc/text2image/image-synthesis", pictureBody)
			c.make("picture", "/services/aigc/text2image/image-synthesis", strings.Replace(pictureBody, "cat", "dog", 1))
		}, ""},
		{"task-ambiguous-create", "video", func(b *testbed) {
			c := b.client(careful(1), native)
			c.make("video", "/services/aigc/video-generation/video-synthesis", `{"model":"wan2.6-t2v","input":{"prompt":"A cat."}}`)
			c.make("video", "/services/aigc/video-generation/video-synthesis", `{"model":"wan2.6-t2v","input":{"prompt":"A dog."}}`)
		}, ""},

		{"tts-ws-task-failed", "plays whatever came", speaks(careless, 3), "final"},
		{"tts-ws-task-failed", "waits for ever", speaks(careless, 6), "no-read-timeout"},
		{"tts-ws-task-failed", "", speaks(careful(1), 3), ""},
	}
}

// TestLibrary drives every scenario of the library with clients as they are and
// as they should be: the verdict accuses the ones, for the very reason that the
// scenario is about, and lets the others pass.
func TestLibrary(t *testing.T) {
	tried := map[string]map[bool]bool{}
	for _, c := range trials() {
		if tried[c.scenario] == nil {
			tried[c.scenario] = map[bool]bool{}
		}
		tried[c.scenario][c.fails == ""] = true
		t.Run(c.scenario+"/"+cmp.Or(c.client, "resilient"), func(t *testing.T) {
			t.Parallel()
			v, _ := c.run(t)
			reasons := failing(v)
			switch {
			case c.fails == "" && v.Status != verdict.Pass:
				t.Errorf("a resilient client: %s\n%s", v.Status, textOf(t, v))
			case c.fails != "" && (v.Status != verdict.Fail || !slices.Contains(reasons, c.fails)):
				t.Errorf("%s %q, want %q\n%s", v.Status, reasons, c.fails, textOf(t, v))
			}
		})
	}
	for _, name := range scenarios.Library() {
		if !tried[name][true] || !tried[name][false] {
			t.Errorf("%s: no client passes, or none fails", name)
		}
	}
}

// TestLibraryTooLittle: a resilient client of which too little is asked is not
// accused.
func TestLibraryTooLittle(t *testing.T) {
	for _, c := range []trial{
		{"tts-ws-task-failed", "one text", speaks(careful(1), 1), ""},
		{"tts-ws-task-failed", "two texts", speaks(careful(1), 2), ""},
		{"context-overflow", "nothing too long", asks(careful(1), compatible, false, 2), ""},
		{"ernie-daily-cap", "five questions", asks(careful(1), ernieV1, false, 5), ""},
		{"task-ambiguous-create", "one picture", func(b *testbed) {
			b.client(careful(1), native).make("picture", "/services/aigc/text2image/image-synthesis", pictureBody)
		}, ""},
	} {
		t.Run(c.scenario+"/"+c.client, func(t *testing.T) {
			t.Parallel()
			if v, _ := c.run(t); v.Status != verdict.Inconclusive {
				t.Errorf("%s\n%s", v.Status, textOf(t, v))
			}
		})
	}
}

// run drives the scenario and returns the verdict and what happened.
func (c trial) run(t *testing.T) (*verdict.Verdict, []journal.Exchange) {
	t.Helper()
	s, err := scenarios.FromLibrary(c.scenario)
	if err != nil {
		t.Fatal(err)
	}
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithScenario(s), WithClock(clock))
	c.drive(&testbed{t, srv, clock})
	settled(t, srv)
	all := srv.Journal()
	return verdict.Judge(verdict.Input{Scenario: s, Exchanges: all}), all
}

// failing lists the findings and the keys of expectations that fail.
func failing(v *verdict.Verdict) (reasons []string) {
	for _, f := range v.Findings {
		if f.Severity == verdict.Failing {
			reasons = append(reasons, string(f.Kind))
		}
	}
	for _, e := range v.Expectations {
		if e.Status == verdict.Fail {
			reasons = append(reasons, e.Key)
		}
	}
	return reasons
}

func textOf(t *testing.T, v *verdict.Verdict) string {
	t.Helper()
	var text strings.Builder
	if err := verdict.WriteText(&text, v); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestLibraryUnknownClient: the token endpoint of ernie-token-expiry refuses
// clients that it does not know.
func TestLibraryUnknownClient(t *testing.T) {
	s, err := scenarios.FromLibrary("ernie-token-expiry")
	if err != nil {
		t.Fatal(err)
	}
	srv := RunT(t, WithScenario(s))
	c := newClient(t, srv, play.NewManual(goldenTime), careless, ernieV1)
	if token := c.fetchToken(); token == "" {
		t.Error("a known client gets no token")
	}
	c.key = "ak-unknown"
	if token := c.fetchToken(); token != "" {
		t.Errorf("an unknown client gets the token %s", token)
	}
}
