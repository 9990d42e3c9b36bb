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
type fake struct{ reset []string }

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
