package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/scenarios"
)

// fake is a server to manage.
type fake struct {
	reset    []string
	released string // The last rule that was to be released.
}

func (*fake) Info() Info { return Info{Version: "v1", Seed: 7} }

func (*fake) Exchanges(namespace string) ([]journal.Exchange, uint64) {
	return []journal.Exchange{{ID: 1, Namespace: namespace, Model: "<script>"}}, 3
}

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
		"reset":                {"POST", "/api/v1/reset?namespace=x", Options{}, "", nil, 204, ""},
		"reset fails":          {"POST", "/api/v1/reset?namespace=broken", Options{}, "", nil, 500, "it broke"},
		"release":              {"POST", "/api/v1/rules/a%20wall/release", Options{}, "", nil, 204, ""},
		"release, slash":       {"POST", "/api/v1/rules/a%2Fb/release", Options{}, "", nil, 204, ""},
		"release, no rule":     {"POST", "/api/v1/rules/none/release", Options{}, "", nil, 404, "no sticky rule"},
		"release fails":        {"POST", "/api/v1/rules/broken/release", Options{}, "", nil, 500, "it broke"},
		"wrong method":         {"GET", "/api/v1/reset", Options{}, "", nil, 405, "GET does not go with"},
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
