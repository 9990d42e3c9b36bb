package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
	"github.com/mockllm/mockllm/verdict"
)

// fake is a server to manage.
type fake struct {
	history  *journal.Journal
	reset    []string
	released string // The last rule that was to be released.
	revoked  string // The last key that was revoked, behind its namespace.
	stopped  bool
	advanced time.Duration
	full     bool // No shot can be thrown.
	thrown   []scenarios.Queued
	followed *scenarios.Scenario
	judged   string // What verdicts are made of.
}

func (*fake) Info() Info { return Info{Version: "v1", Seed: 7} }

// History returns a journal from which three exchanges were evicted, unless the
// test has one of its own.
func (f *fake) History() *journal.Journal {
	if f.history == nil {
		f.history = journal.New(2, 1<<20)
		for range 4 {
			f.history.Begin(journal.Exchange{Model: "<script>"})
		}
		f.history.Begin(journal.Exchange{Namespace: "blue", Model: "<script>"})
	}
	return f.history
}

func (f *fake) Near(namespace string, id uint64) (journal.Exchange, []journal.Near, error) {
	return f.History().Look(namespace, id, func(scenarios.Past) []scenarios.RuleTrace {
		return []scenarios.RuleTrace{{Rule: "a", Why: sentences.Plain("of a")}, {Rule: "b", Why: sentences.Plain("of b")}, {Rule: "c", Why: sentences.Plain("of c")}, {Rule: "d", Why: sentences.Plain("of d")}}
	})
}

// Pause never ends by itself.
func (*fake) Pause(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

func (*fake) Judge(namespace string) *verdict.Verdict {
	return &verdict.Verdict{Status: verdict.Fail, Scenario: "of " + namespace, Seed: 7}
}

func (f *fake) JudgedFrom(string) string { return f.judged }

func (f *fake) Reset(_ context.Context, namespace string) error {
	if namespace == "broken" {
		return errors.New("it broke")
	}
	f.reset = append(f.reset, namespace)
	return nil
}

func (f *fake) Release(_ context.Context, namespace, rule string) error {
	f.released = rule
	switch rule {
	case "a wall", "a/b":
		return nil
	case "broken":
		return errors.New("it broke")
	}
	return fmt.Errorf("%w %q", scenarios.ErrNotSticky, rule)
}

func (f *fake) Revoke(_ context.Context, namespace, key string) error {
	if key == "broken" {
		return errors.New("it broke")
	}
	f.revoked = namespace + ":" + key
	return nil
}

func (*fake) Namespaces() []Namespace {
	return []Namespace{{Scenario: "none"}, {Name: "blue", Scenario: "own", Own: true, Requests: 2}}
}

func (f *fake) Forget(_ context.Context, namespace string) (bool, error) {
	f.reset = append(f.reset, namespace)
	return namespace == "blue", nil
}

func (f *fake) Clock(string) Clock { return Clock{Stopped: f.stopped, Speed: 60} }

func (f *fake) AdvanceClock(_ string, by time.Duration) error {
	f.advanced += by
	return nil
}

func (f *fake) StopClock(_ string, stopped bool) error {
	f.stopped = stopped
	return nil
}

func (f *fake) Throw(_ context.Context, _ string, source []byte) (uint64, error) {
	if f.full {
		return 0, fmt.Errorf("it is: %w", scenarios.ErrQueueFull)
	}
	if _, err := scenarios.ReadShot(source); err != nil {
		return 0, err
	}
	f.thrown = append(f.thrown, scenarios.Queued{ID: uint64(len(f.thrown) + 1), Left: 1, Source: source})
	return uint64(len(f.thrown)), nil
}

func (f *fake) Thrown(context.Context, string) ([]scenarios.Queued, error) { return f.thrown, nil }

func (f *fake) TakeBack(_ context.Context, _ string, id uint64) (bool, error) {
	found := id == 0 || id <= uint64(len(f.thrown))
	f.thrown = nil
	return found, nil
}

func (*fake) Stand(_ context.Context, namespace string) (scenarios.Standing, error) {
	if namespace == "broken" {
		return scenarios.Standing{}, errors.New("it broke")
	}
	return scenarios.Standing{Rules: []scenarios.RuleStanding{{Rule: "of " + namespace}}}, nil
}

func (f *fake) Scenario(string) *scenarios.Scenario {
	if f.followed != nil {
		return f.followed
	}
	return &scenarios.Scenario{Name: "in Go"}
}

func (f *fake) FollowIf(namespace string, s *scenarios.Scenario, still func(*scenarios.Scenario) bool) error {
	if s == nil && namespace == "" {
		return errors.New("the default namespace needs a scenario")
	}
	if !still(f.Scenario(namespace)) {
		return ErrChanged
	}
	f.followed = s
	return nil
}

func TestAPI(t *testing.T) {
	for name, c := range map[string]struct {
		method, target string
		options        Options
		host           string
		header         http.Header
		status         int
		want           string // A part of the body.
	}{
		"health":               {"GET", "/healthz", Options{}, "", nil, 200, `"ok"`},
		"health needs none":    {"GET", "/healthz", Options{Token: "t"}, "", nil, 200, `"ok"`},
		"version":              {"GET", "/version", Options{}, "", nil, 200, `"seed":7`},
		"journal":              {"GET", "/api/v1/journal?namespace=blue", Options{}, "", nil, 200, `"namespace":"blue"`},
		"journal, evicted":     {"GET", "/api/v1/journal", Options{}, "", nil, 200, `"evicted":3`},
		"rules":                {"GET", "/api/v1/rules?namespace=blue", Options{}, "", nil, 200, `"scenario":"in Go","called":false,"age_ns":0,"connections":null,"rules":[{"rule":"of blue"`},
		"rules, failing":       {"GET", "/api/v1/rules?namespace=broken", Options{}, "", nil, 500, "it broke"},
		"library":              {"GET", "/api/v1/library", Options{}, "", nil, 200, `{"name":"stream-cut","about":"A stream ends in the middle.","rules":`},
		"library, one":         {"GET", "/api/v1/library/stream-cut", Options{}, "", nil, 200, "# A stream ends in the middle.\n"},
		"library, near":        {"GET", "/api/v1/library/stream-cot", Options{}, "", nil, 404, `did you mean \"stream-cut\"?`},
		"library, above":       {"GET", "/api/v1/library/..%2Flibrary%2Fstream-cut", Options{}, "", nil, 404, "no such scenario"},
		"catalog, search":      {"GET", "/api/v1/catalog?search=%E6%AC%A0%E8%B4%B9", Options{}, "", nil, 200, `"id":"dashscope/model/Arrearage"`},
		"catalog, none":        {"GET", "/api/v1/catalog?search=nothing+like+that", Options{}, "", nil, 200, "[]"},
		"entry":                {"GET", "/api/v1/catalog/dashscope%2Fmodel%2FArrearage", Options{}, "", nil, 200, `"samples":[{"dialect":"dashscope-native","delivery":"status","variant":1,"transcript":"HTTP/1.1 400 `},
		"entry, short":         {"GET", "/api/v1/catalog/Arrearage?variant=1", Options{}, "", nil, 200, `"samples":[{`},
		"entry, client side":   {"GET", "/api/v1/catalog/APIConnectionError", Options{}, "", nil, 200, `"samples":[]`},
		"entry, near":          {"GET", "/api/v1/catalog/Arrearag", Options{}, "", nil, 404, `did you mean \"Arrearage\"?`},
		"entry, no variant":    {"GET", "/api/v1/catalog/Arrearage?variant=99", Options{}, "", nil, 400, "has messages 1 to "},
		"entry, bad variant":   {"GET", "/api/v1/catalog/Arrearage?variant=x", Options{}, "", nil, 400, "has messages 1 to "},
		"stream, bad":          {"GET", "/api/v1/journal/stream?brief=yes", Options{}, "", nil, 400, `there is no brief \"yes\"`},
		"stream, both":         {"GET", "/api/v1/journal/stream?all=true&namespace=blue", Options{}, "", nil, 400, "all does not go with namespace"},
		"verdict":              {"GET", "/api/v1/verdict?namespace=blue", Options{}, "", nil, 200, `"scenario": "of blue"`},
		"verdict, json":        {"GET", "/api/v1/verdict?format=json", Options{}, "", nil, 200, `"status": "FAIL"`},
		"verdict, text":        {"GET", "/api/v1/verdict?format=text&namespace=blue", Options{}, "", nil, 200, "FAIL  of blue, seed 7: 0 calls in 0 exchanges"},
		"verdict, junit":       {"GET", "/api/v1/verdict?format=junit", Options{}, "", nil, 200, `<testsuite name="mockllm: of "`},
		"verdict, markdown":    {"GET", "/api/v1/verdict?format=markdown", Options{}, "", nil, 200, "## mockllm: FAIL"},
		"verdict, unknown":     {"GET", "/api/v1/verdict?format=xml", Options{}, "", nil, 400, "it is one of json, text, junit, markdown"},
		"verdict, near":        {"GET", "/api/v1/verdict?format=markdwn", Options{}, "", nil, 400, `did you mean \"markdown\"?`},
		"verdict, empty":       {"GET", "/api/v1/verdict?format=", Options{}, "", nil, 400, "unknown format"},
		"verdict, twice":       {"GET", "/api/v1/verdict?format=json&format=text", Options{}, "", nil, 400, "given once"},
		"verdict, parameter":   {"GET", "/api/v1/verdict?formt=json", Options{}, "", nil, 400, `did you mean \"format\"?`},
		"format elsewhere":     {"POST", "/api/v1/reset?format=json", Options{}, "", nil, 400, `\"format\" is no parameter of this path`},
		"reset":                {"POST", "/api/v1/reset?namespace=x", Options{}, "", nil, 204, ""},
		"reset fails":          {"POST", "/api/v1/reset?namespace=broken", Options{}, "", nil, 500, "it broke"},
		"release":              {"POST", "/api/v1/rules/a%20wall/release", Options{}, "", nil, 204, ""},
		"release, slash":       {"POST", "/api/v1/rules/a%2Fb/release", Options{}, "", nil, 204, ""},
		"release, no rule":     {"POST", "/api/v1/rules/none/release", Options{}, "", nil, 404, "no sticky rule"},
		"release fails":        {"POST", "/api/v1/rules/broken/release", Options{}, "", nil, 500, "it broke"},
		"revoke":               {"POST", "/api/v1/keys/sk-1/revoke?namespace=x", Options{}, "", nil, 204, ""},
		"revoke, odd key":      {"POST", "/api/v1/keys/bce-v3%2FALTAK-a%2Fb/revoke", Options{}, "", nil, 204, ""},
		"revoke fails":         {"POST", "/api/v1/keys/broken/revoke", Options{}, "", nil, 500, "it broke"},
		"revoke, too long":     {"POST", "/api/v1/keys/" + strings.Repeat("k", 5000) + "/revoke", Options{}, "", nil, 400, "4096"},
		"wrong method":         {"GET", "/api/v1/reset", Options{}, "", nil, 405, "GET does not go with"},
		"metrics":              {"GET", "/metrics", Options{Metrics: counted}, "", nil, 200, "a_total 1"},
		"metrics, no token":    {"GET", "/metrics", Options{Metrics: counted, Token: "t"}, "", nil, 401, "token"},
		"metrics, token":       {"GET", "/metrics", Options{Metrics: counted, Token: "t"}, "", http.Header{"Authorization": {"Bearer t"}}, 200, "a_total 1"},
		"metrics, host":        {"GET", "/metrics", Options{Metrics: counted}, "evil.example", nil, 403, "loopback"},
		"metrics, POST":        {"POST", "/metrics", Options{Metrics: counted}, "", nil, 405, "POST does not go with"},
		"metrics, none":        {"GET", "/metrics", Options{}, "", nil, 404, "no observer that counts"},
		"no such path":         {"GET", "/nothing", Options{}, "", nil, 404, "/nothing is not part"},
		"token missing":        {"GET", "/version", Options{Token: "t"}, "", nil, 401, "token"},
		"token wrong":          {"GET", "/version", Options{Token: "t"}, "", http.Header{"Authorization": {"Bearer u"}}, 401, "token"},
		"token right":          {"GET", "/version", Options{Token: "t"}, "", http.Header{"Authorization": {"Bearer t"}}, 200, "v1"},
		"host rebound":         {"GET", "/version", Options{}, "evil.example", nil, 403, "loopback"},
		"host rebound, port":   {"GET", "/version", Options{}, "evil.example:8081", nil, 403, "loopback"},
		"host any":             {"GET", "/version", Options{AnyHost: true}, "mock.svc", nil, 200, "v1"},
		"host localhost":       {"GET", "/version", Options{}, "localhost:8081", nil, 200, "v1"},
		"host IPv6":            {"GET", "/version", Options{}, "[::1]:8081", nil, 200, "v1"},
		"cross-origin":         {"POST", "/api/v1/reset", Options{}, "", http.Header{"Origin": {"http://evil.example"}}, 403, "cross-origin"},
		"cross-site, no Orig.": {"GET", "/version", Options{}, "", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, "cross-origin"},
		"own origin":           {"POST", "/api/v1/reset", Options{}, "", http.Header{"Origin": {"http://127.0.0.1:8081"}}, 204, ""},
		"null origin":          {"POST", "/api/v1/reset", Options{}, "", http.Header{"Origin": {"null"}}, 403, "cross-origin"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(c.method, c.target, nil)
			r.Host = "127.0.0.1:8081"
			if c.host != "" {
				r.Host = c.host
			}
			for k, v := range c.header {
				r.Header[k] = v
			}
			w := httptest.NewRecorder()
			Handler(&fake{}, c.options).ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("got %d %s\nwant %d with %q", w.Code, w.Body, c.status, c.want)
			}
			if c.status >= 400 && w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %q", w.Header().Get("Content-Type"))
			}
		})
	}
}

// counted stands for an observer's metrics.
var counted = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a_total 1\n") })

// Once a bug: what was misspelt was ignored, and the default namespace reset
// instead.
func TestQueriesAreRefused(t *testing.T) {
	for query, want := range map[string]string{
		"ns=zzz":                  `unknown parameter`,
		"namespce=x":              `did you mean \"namespace\"?`,
		"Namespace=x":             `did you mean \"namespace\"?`,
		"namespace=x&verbose=1":   `\"verbose\" is no parameter`,
		"verbose":                 `there is: namespace`,
		"=x":                      `unknown parameter`,
		"namespace=%zz":           `bad query`,
		"namespace=a;b":           `bad query`,
		"namespace=a&namespace=b": `given twice`,
		"namespace=a%20b":         `bad namespace`,
		"namespace=a%2Fb":         `bad namespace`,
		"namespace=%E9%99%90":     `bad namespace`,
		"namespace=a%00":          `bad namespace`,
		"namespace=" + long[:101]: `at most 100`,
		"namespace=%FF":           `bad namespace`,
	} {
		for target, method := range map[string]string{"/api/v1/reset": "POST", "/api/v1/journal": "GET", "/api/v1/rules/a%20wall/release": "POST"} {
			f := &fake{}
			w := ask(f, method, target+"?"+query)
			if w.Code != 400 || !strings.Contains(w.Body.String(), want) || w.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s?%s: got %d %s, want 400 with %s", target, query, w.Code, w.Body, want)
			}
			if len(f.reset) > 0 || f.released != "" {
				t.Errorf("%s?%s: was done", target, query)
			}
		}
	}
}

var long = strings.Repeat("n", 101)

func TestNamespacesAreTaken(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "?": "", "?namespace=": "", "?namespace=blue": "blue", "?namespace=A-z.0_~": "A-z.0_~", "?n%61mespace=%62lue": "blue", "?namespace=" + long[:100]: long[:100],
	} {
		f := &fake{}
		if w := ask(f, "POST", "/api/v1/reset"+query); w.Code != 204 || len(f.reset) != 1 || f.reset[0] != want {
			t.Errorf("%s: got %d, reset %q, want %q", query, w.Code, f.reset, want)
		}
	}
}

func ask(f *fake, method, target string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "127.0.0.1:8081"
	w := httptest.NewRecorder()
	Handler(f, Options{}).ServeHTTP(w, r)
	return w
}

// Once a bug: paths were cleaned, so that rules whose names look like parts of
// a path could not be reached.
func TestReleaseByAnyName(t *testing.T) {
	f := &fake{}
	s := httptest.NewServer(Handler(f, Options{}))
	defer s.Close()
	for sent, want := range map[string]string{
		"a%2Fb": "a/b", "..": "..", ".": ".", "%2E%2E": "..", "%2e": ".", "..%2F..": "../..", "..%2F..%2Freset": "../../reset", "%2F": "/", "a%2F%2Fb": "a//b",
		"50%25%20%E9%99%90%E6%B5%81": "50% 限流", "a%252Fb": "a%2Fb", "a+b": "a+b", "%3Fnamespace=x": "?namespace=x", "a%23b": "a#b", "release": "release", "a;b": "a;b",
	} {
		f.released = "nothing"
		resp, err := http.Post(s.URL+"/api/v1/rules/"+sent+"/release", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if f.released != want {
			t.Errorf("%s: released %q with %s, want %q", sent, f.released, resp.Status, want)
		}
	}
}

// A namespace in a body would be passed over, and another one reset.
func TestBodiesAreRefused(t *testing.T) {
	f := &fake{}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "http://127.0.0.1:8081/api/v1/reset", strings.NewReader("namespace=blue"))
	Handler(f, Options{}).ServeHTTP(w, r)
	if w.Code != http.StatusBadRequest || len(f.reset) > 0 {
		t.Errorf("got %d %s, reset %q", w.Code, w.Body, f.reset)
	}
}
