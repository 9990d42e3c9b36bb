package admin

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// TestScenarioIsGuarded: who read a scenario replaces that one or none.
func TestScenarioIsGuarded(t *testing.T) {
	const first, second = "name = \"first\"\n", "name = \"second\"\n"
	f := &fake{}
	ask := func(method, body, header, value string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(method, "/api/v1/scenario?namespace=blue", strings.NewReader(body))
		r.Host = "127.0.0.1:8081"
		if header != "" {
			r.Header.Set(header, value)
		}
		w := httptest.NewRecorder()
		Handler(f, Options{}).ServeHTTP(w, r)
		return w
	}
	want := func(what string, w *httptest.ResponseRecorder, status int, part string) {
		t.Helper()
		if w.Code != status || !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s: %d %s, want %d with %s", what, w.Code, w.Body, status, part)
		}
	}
	want("nothing was there", ask("PUT", first, "If-Match", "*"), 412, `"title":"scenario changed"`)
	w := ask("PUT", first, "If-None-Match", "*")
	want("nothing was there, as was thought", w, 200, "first")
	tag := w.Header().Get("ETag")
	if got := ask("GET", "", "", "").Header().Get("ETag"); got != tag || len(tag) < 10 || tag[0] != '"' {
		t.Fatalf("the tags are %s and %s", got, tag)
	}
	want("nothing was there before", ask("PUT", second, "If-None-Match", "*"), 412, "follows another scenario")
	want("it is the one that was read", ask("PUT", second, "If-Match", `"other", `+tag), 200, "second")
	want("it is another by now", ask("PUT", first, "If-Match", tag), 412, "read it again")
	want("it is another by now, and is not dropped", ask("DELETE", "", "If-Match", tag), 412, "read it again")
	want("what is wrong is told first", ask("PUT", "seed = \n", "If-Match", tag), 422, "no valid TOML")
	if got := ask("GET", "", "", ""); got.Body.String() != second {
		t.Errorf("followed is %s", got.Body)
	}
	want("a weak tag is never the same", ask("PUT", first, "If-Match", "W/"+ask("GET", "", "", "").Header().Get("ETag")), 412, "")
	for _, wrong := range []string{"abc", `"abc`, `"a" "b"`, "", ",", strings.Repeat("x", 1000)} {
		want("no tags: "+wrong, ask("PUT", first, "If-Match", wrong), 400, "bad header")
	}
	want("whatever it is", ask("DELETE", "", "If-Match", "*"), 204, "")
	want("nobody asks", ask("PUT", first, "", ""), 200, "first")
}

// TestVerdictHasTag: who has the verdict already is told just that.
func TestVerdictHasTag(t *testing.T) {
	for _, c := range []struct {
		judged, asked string
		status        int
	}{
		{"abc", "", 200},
		{"abc", `"abc-json"`, 304},
		{"abc", `"of another server", W/"abc-json"`, 304},
		{"abc", `*`, 304},
		{"abc", `"abd-json"`, 200},
		{"abc", `"abc-text"`, 200},
		{"abc", `abc-json`, 400},
		{"", "", 200},
		{"", `"-json"`, 200},
		{"", `*`, 200},
	} {
		r := httptest.NewRequest("GET", "/api/v1/verdict", nil)
		r.Host = "127.0.0.1:8081"
		if c.asked != "" {
			r.Header.Set("If-None-Match", c.asked)
		}
		w := httptest.NewRecorder()
		Handler(&fake{judged: c.judged}, Options{}).ServeHTTP(w, r)
		if w.Code != c.status || (w.Body.Len() == 0) != (c.status == 304) || (w.Header().Get("ETag") == "") != (c.judged == "") {
			t.Errorf("made of %q, asked with %s: %d, tag %q, %d bytes", c.judged, c.asked, w.Code, w.Header().Get("ETag"), w.Body.Len())
		}
	}
}
