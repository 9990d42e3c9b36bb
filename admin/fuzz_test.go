package admin

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/scenarios"
)

// FuzzBodies sends any body to everything that reads one: it is understood, or
// refused as a mistake of the caller's with a body that says so.
func FuzzBodies(f *testing.F) {
	for _, body := range []string{
		"", "{}", "null", "[]", "1", "\xff", `{"a":1}`, strings.Repeat("[", 20_000), strings.Repeat(`{"match":`, 5_000),
		`{"by":"90s"}`, `{"by":"-1s"}`, `{"by":"9999999h"}`, `{"by":1}`, `{"stopped":true}`, `{"stopped":null}`, `{"stopped":true}{}`,
		`{"error":"Throttling"}`, `{"error":"Throttling","times":3,"for":"1m","match":{"model":"qwen-*"}}`, `{"fault":"reset"}`,
		`{"fault":{"kind":"stall","after_frames":1e9}}`, `{"step":[{"error":"x"}]}`, `{"reply":{"text":"a","frames":99999999999}}`,
		`{"count":1,"match":{"model":"*","status":429,"error":"Throttling"}}`, `{"at_least":2,"at_most":1}`, `{"count":1e400}`,
		"[[rule]]\nname = \"a\"\nerror = \"Throttling\"", "a = " + strings.Repeat("[", 10_000), strings.Repeat("a.", 10_000) + "a = 1",
		"seed = 99999999999999999999", "[[rule]]\nname = \"a\"\nmatch = { prompt = \"/(/\" }\nreply = { frames = 1000000000 }",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"POST verify", "POST faults", "PUT clock", "POST clock/advance", "PUT scenario"} {
			method, name, _ := strings.Cut(path, " ")
			w := httptest.NewRecorder()
			r := httptest.NewRequest(method, "http://127.0.0.1/api/v1/"+name+"?namespace=blue", strings.NewReader(string(body)))
			Handler(&fake{followed: &scenarios.Scenario{}}, Options{}).ServeHTTP(w, r)
			if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: %d %q", path, w.Code, w.Body)
			}
			if refused := w.Header().Get("Content-Type") == "application/problem+json"; refused != (w.Code >= 400) {
				t.Errorf("%s: %d with %s", path, w.Code, w.Header())
			}
		}
	})
}

// FuzzTarget asks for any path with any query, as any host: whoever is let in
// may be told that there is nothing, and nothing breaks.
func FuzzTarget(f *testing.F) {
	for _, target := range []string{
		"/version", "/healthz", "/api/v1/journal?namespace=a&limit=3", "/api/v1/journal/1", "/api/v1/journal/%2e%2e", "/api/v1/journal?limit=-1&since=x",
		"/api/v1/rules/a%2fb/release", "/api/v1/keys/%00/revoke", "/api/v1/namespaces?namespace=..", "/api/v1//reset", "/api/v1/reset?namespace=%zz",
		"/api/v1/faults/0", "/api/v1/verdict?format=xml", "/../x", "*", "/\xff",
	} {
		f.Add("GET", target, "127.0.0.1")
		f.Add("POST", target, "localhost:1")
		f.Add("DELETE", target, "[::1]:x")
	}
	f.Fuzz(func(t *testing.T, method, target, host string) {
		r := httptest.NewRequest("GET", "/", nil)
		u, err := r.URL.Parse(target)
		if err != nil || strings.HasSuffix(u.Path, "/stream") {
			t.Skip() // A stream never ends.
		}
		r.Method, r.URL, r.Host = method, u, host
		w := httptest.NewRecorder()
		Handler(&fake{}, Options{}).ServeHTTP(w, r)
		if w.Code >= 500 || !isLoopback(host) && w.Code != 403 {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	})
}

// FuzzPreconditions sends any If-Match: it holds, or does not, or is refused as no
// list of tags.
func FuzzPreconditions(f *testing.F) {
	for _, header := range []string{"*", `"a"`, `W/"a"`, `"a", "b"`, `"a`, "", ",", " * ", `"",`, "\xff", strings.Repeat(`"a",`, 5_000), strings.Repeat(`"`, 5_000)} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		for _, name := range []string{"If-Match", "If-None-Match"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("PUT", "http://127.0.0.1/api/v1/scenario", strings.NewReader("name = \"x\"\n"))
			r.Header[name] = []string{header}
			Handler(&fake{followed: &scenarios.Scenario{}}, Options{}).ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 400 && w.Code != 412 || !json.Valid(w.Body.Bytes()) || w.Body.Len() > 2000 {
				t.Errorf("%s: %d %q", name, w.Code, w.Body)
			}
		}
	})
}
