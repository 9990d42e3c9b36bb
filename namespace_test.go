package mockllm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

func mustLoad(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	s, err := scenarios.Load("own.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A script of calls whose outcome depends on everything that a namespace has of
// its own: counters, one-shots, limits, sticky rules, records, clock.
const ownScenario = `
seed = 7
[[rule]]
name  = "first two"
match = { operation = "chat" }
when  = { calls = "1..2" }
error = "Throttling.RateQuota"
[[rule]]
name   = "wall"
match  = { prompt = "wall" }
error  = "DataInspectionFailed"
sticky = { by = "namespace", for = "1m" }
[[rule]]
name  = "by chance"
match = { operation = "embedding" }
when  = { probability = 0.5 }
error = "ModelUnavailable"
[[limit]]
match = { operation = "tokenize" }
rpm   = 2`

// walk goes through the script in a namespace and returns all that it was told.
func walk(t *testing.T, ns *Namespace) string {
	var told bytes.Buffer
	call := func(method, path, body string, header ...string) {
		req, err := http.NewRequest(method, ns.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Authorization", "Bearer sk-test-0123456789")
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		fmt.Fprintf(&told, "%s %d %s %s %v\n", path, answer.StatusCode, answer.Header.Get("X-Mockllm-Rule"), text, err)
	}
	const (
		tokenizer = "/api/v1/tokenizer"
		input     = `{"model":"qwen-plus","input":{"messages":[{"role":"user","content":"hi"}]}}`
		images    = "/api/v1/services/aigc/text2image/image-synthesis"
	)
	for range 3 {
		call("POST", chatPath, hello)
		call("POST", "/compatible-mode/v1/embeddings", `{"model":"text-embedding-v4","input":"a"}`)
	}
	ns.Fail("Arrearage", 1)
	call("POST", chatPath, hello)
	for range 3 {
		call("POST", tokenizer, input)
	}
	call("POST", images, `{"model":"wanx-v1","input":{"prompt":"a cat"},"parameters":{"n":1}}`, "X-DashScope-Async", "enable")
	call("GET", "/api/v1/tasks/", "")
	call("POST", chatPath, strings.Replace(hello, "Say hello.", "a wall", 1))
	call("POST", chatPath, hello)
	ns.Advance(2 * time.Minute)
	call("POST", chatPath, hello)
	call("POST", tokenizer, input)
	call("GET", "/api/v1/tasks/", "")
	fmt.Fprintf(&told, "%d exchanges\n", len(ns.Journal()))
	return strings.ReplaceAll(told.String(), ns.URL(), "")
}

// TestParallelNamespaces runs 64 tests at once on one server: each sees what it
// would see alone.
func TestParallelNamespaces(t *testing.T) {
	follow := func(srv *Server, name string) *Namespace {
		ns := srv.Namespace(name)
		if err := ns.Follow(mustLoad(t, ownScenario)); err != nil {
			t.Fatal(err)
		}
		return ns
	}
	names := make([]string, 64)
	alone, together := map[string]string{}, map[string]string{}
	for i := range names {
		names[i] = fmt.Sprintf("test-%d", i)
		srv := RunT(t, WithClock(play.NewManual(goldenTime)))
		alone[names[i]] = walk(t, follow(srv, names[i]))
	}
	srv := RunT(t, WithClock(play.NewManual(goldenTime)))
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, name := range names {
		ns := follow(srv, name)
		wait.Go(func() {
			told := walk(t, ns)
			mu.Lock()
			defer mu.Unlock()
			together[name] = told
		})
	}
	wait.Wait()
	for _, name := range names {
		if alone[name] != together[name] {
			t.Fatalf("%s saw, alone:\n%s\ntogether:\n%s", name, alone[name], together[name])
		}
	}
	if n := len(srv.Journal()); n != 0 {
		t.Errorf("the default namespace has %d exchanges", n)
	}
	if !strings.Contains(alone["test-0"], "DataInspectionFailed") && !strings.Contains(alone["test-0"], "data_inspection_failed") {
		t.Errorf("the walk does not meet what it is about:\n%s", alone["test-0"])
	}
}

// TestNamespaceEnds lets namespaces be idle until they are forgotten, but not
// one that is in use, nor the default one.
func TestNamespaceEnds(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), ScenarioText("[[rule]]\nname = \"slow\"\nmatch = { prompt = \"slowly\" }\nlatency = \"3h\""))
	post(t, srv.URL()+chatPath, hello)
	post(t, srv.Namespace("idle").URL()+chatPath, hello)
	done := make(chan struct{})
	go func() {
		defer close(done)
		post(t, srv.Namespace("busy").URL()+chatPath, strings.Replace(hello, "Say hello.", "slowly", 1))
	}()
	if err := clock.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	clock.Advance(idleTime)
	post(t, srv.Namespace("new").URL()+chatPath, hello)
	var names []string
	for _, n := range srv.Admin().Namespaces() {
		names = append(names, n.Name)
	}
	if got := strings.Join(names, ","); got != ",busy,new" {
		t.Errorf("namespaces %q, want the default one, busy and new", got)
	}
	if n := len(srv.Namespace("idle").Journal()); n != 0 {
		t.Errorf("the forgotten namespace has %d exchanges", n)
	}
	if n := len(srv.Journal()); n != 1 {
		t.Errorf("the default namespace has %d exchanges, want 1", n)
	}
	clock.Advance(2 * time.Hour)
	<-done
}

func TestNamespacesAreBounded(t *testing.T) {
	clock := play.NewManual(goldenTime)
	w := newWorlds(clock, nil)
	for i := range maxWorlds + 5 {
		at, gone := w.visit(fmt.Sprint(i))
		w.leave(at)
		if wantGone := i >= maxWorlds; wantGone != (len(gone) == 1) || wantGone && gone[0] != fmt.Sprint(i-maxWorlds) {
			t.Fatalf("namespace %d: %v were forgotten", i, gone)
		}
		clock.Advance(time.Millisecond)
	}
	if len(w.all) != maxWorlds {
		t.Errorf("%d namespaces", len(w.all))
	}
}

// TestFollow replaces scenarios: namespaces without one follow the default
// one's, and a bad one changes nothing.
func TestFollow(t *testing.T) {
	rule := func(code string) *scenarios.Scenario {
		return mustLoad(t, fmt.Sprintf("name = %q\n[[rule]]\nname = \"r\"\nerror = %q", code, code))
	}
	srv := RunT(t)
	own, other := srv.Namespace("own"), srv.Namespace("other")
	check := func(step string, want map[*Namespace]string) {
		t.Helper()
		for ns, code := range want {
			if _, body := post(t, ns.URL()+nativePath, `{"model":"qwen-plus","input":{"prompt":"a"}}`); !strings.Contains(body, code) {
				t.Errorf("%s: namespace %q got %s, want %s", step, ns.Name(), body, code)
			}
		}
	}
	check("at first", map[*Namespace]string{own: `"output"`, other: `"output"`})
	if err := own.Follow(rule("Arrearage")); err != nil {
		t.Fatal(err)
	}
	check("one of its own", map[*Namespace]string{own: "Arrearage", other: `"output"`, srv.Namespace(""): `"output"`})
	if err := srv.Follow(rule("ModelUnavailable")); err != nil {
		t.Fatal(err)
	}
	check("another default", map[*Namespace]string{own: "Arrearage", other: "ModelUnavailable"})
	if err := own.Follow(&scenarios.Scenario{Rules: []scenarios.Rule{{Name: "bad"}}}); err == nil {
		t.Error("a bad scenario is followed")
	}
	check("a bad one", map[*Namespace]string{own: "Arrearage"})
	if err := own.Follow(nil); err != nil {
		t.Fatal(err)
	}
	check("none of its own", map[*Namespace]string{own: "ModelUnavailable"})
	if err := srv.Follow(nil); err == nil {
		t.Error("the default namespace is left without a scenario")
	}
	for _, want := range []bool{true, false} { // Once a bug: it was made, to be removed.
		if found, err := srv.Admin().Forget(context.Background(), "own"); found != want || err != nil {
			t.Errorf("forget: %t, %v", found, err)
		}
	}
	if _, err := srv.Admin().Forget(context.Background(), ""); err == nil {
		t.Error("the default namespace is removed")
	}
}

// TestLookingMakesNoNamespace: who looks at one that nobody called does not make
// it, and nobody keeps one by looking at it.
func TestLookingMakesNoNamespace(t *testing.T) {
	clock := play.NewManual(time.Unix(1_779_955_200, 0))
	srv := RunT(t, WithClock(clock))
	post(t, srv.Namespace("called").URL()+chatPath, hello)
	clock.Advance(59 * time.Minute)
	look := func(namespace string) {
		at := srv.Admin()
		at.Clock(namespace)
		at.Scenario(namespace)
		at.Judge(namespace)
		at.Near(namespace, 1)
		at.Stand(t.Context(), namespace)
		at.Thrown(t.Context(), namespace)
		at.TakeBack(t.Context(), namespace, 0)
	}
	look("called")
	look("never")
	if got := len(srv.Admin().Namespaces()); got != 2 {
		t.Errorf("%d namespaces", got)
	}
	clock.Advance(2 * time.Minute)
	post(t, srv.Namespace("next").URL()+chatPath, hello)
	if all := srv.Admin().Namespaces(); len(all) != 2 || all[1].Name != "next" {
		t.Errorf("namespaces: %+v", all)
	}
}

// TestFail throws errors from Go, and says what it cannot throw.
func TestFail(t *testing.T) {
	srv := RunT(t)
	srv.Fail("Throttling.RateQuota", 2)
	for _, want := range []int{429, 429, 200} {
		if status, body := post(t, srv.URL()+chatPath, hello); status != want {
			t.Errorf("got %d %s, want %d", status, body, want)
		}
	}
	srv.Fail("invalid_api_key", 1) // The compatible mode's name of InvalidApiKey.
	post(t, srv.URL()+chatPath, hello)
	srv.WantError(t, "invalid_api_key", 1)
	srv.WantError(t, "InvalidApiKey", 1)
	h, fuzzing := &heard{}, &fuzzed{}
	RunT(h).Namespace("subtest").Fail("Throtling.RateQuota", 1)
	RunT(fuzzing).Fail("Throtling.RateQuota", 1)
	if h.fatal > 0 || len(h.errors) != 1 || !strings.HasPrefix(h.errors[0], `mockllm: fail "Throtling.RateQuota", 1 times: no documented error is called`) || len(fuzzing.errors) > 0 {
		t.Errorf("the test is told %q, %d times fatally; while inputs are tried, %q", h.errors, h.fatal, fuzzing.errors)
	}
	h.end()
	fuzzing.end()
	if len(fuzzing.errors) != 1 || fuzzing.fatal > 0 {
		t.Errorf("the fuzz test is told %q", fuzzing.errors)
	}
	alone, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, "did you mean") {
			t.Errorf("an unknown error: %s", said)
		}
	}()
	alone.Fail("Throtling.RateQuota", 1)
}

// Once a bug: a clock that was moved on by 293 years stood in 1735.
func TestNoClockGoesTooFar(t *testing.T) {
	srv := RunT(t)
	year := 365 * 24 * time.Hour
	for _, by := range []time.Duration{60 * year, 39 * year, year} {
		srv.Advance(by)
	}
	before := srv.Admin().Clock("").Now
	ask := func() (int, string) {
		got := httptest.NewRecorder()
		req := httptest.NewRequest(http.MethodPost, "http://localhost/api/v1/clock/advance", strings.NewReader(`{"by": "1h"}`))
		srv.AdminHandler(admin.Options{}).ServeHTTP(got, req)
		return got.Code, got.Body.String()
	}
	if status, text := ask(); status != http.StatusConflict || !strings.Contains(text, "at most 100 years ahead") {
		t.Errorf("answered %d %s", status, text)
	}
	if err := srv.Admin().AdvanceClock("", math.MaxInt64); !errors.Is(err, admin.ErrTooFar) {
		t.Errorf("moved by the longest duration: %v", err)
	}
	if now := srv.Admin().Clock("").Now; now.Before(before) || now.Sub(before) > time.Hour {
		t.Errorf("it is %v, and was %v", now, before)
	}
}

// TestNoClockGoesBack panics instead.
func TestNoClockGoesBack(t *testing.T) {
	srv := RunT(t)
	before := srv.Admin().Clock("").Now
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, "cannot be moved back") || srv.Admin().Clock("").Now.Before(before) {
			t.Errorf("moved back: %s", said)
		}
	}()
	srv.Advance(-time.Hour)
}
