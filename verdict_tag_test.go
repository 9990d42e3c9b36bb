package mockllm

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/admin"
)

// TestVerdictIsNotJudgedAgain: who has a verdict is told so as long as it is the
// same, and gets another as soon as anything happened that it is made of.
func TestVerdictIsNotJudgedAgain(t *testing.T) {
	srv := RunT(t, ScenarioText("name = \"walled\"\n[[rule]]\nname = \"wall\"\nerror = \"Arrearage\"\n"))
	api, calls := srv.AdminHandler(admin.Options{}), srv.Handler()
	tags := map[string]string{} // The last one of each form.
	ask := func(form string) int {
		t.Helper()
		req := httptest.NewRequest(http.MethodGet, "/api/v1/verdict?namespace=blue&format="+form, nil)
		req.Host = "127.0.0.1:8081"
		if tags[form] != "" {
			req.Header.Set("If-None-Match", tags[form])
		}
		w := httptest.NewRecorder()
		api.ServeHTTP(w, req)
		if was := tags[form]; (w.Code == http.StatusNotModified) != (w.Body.Len() == 0) || (w.Header().Get("ETag") == was) != (w.Code == http.StatusNotModified) {
			t.Errorf("%d with the tag %s, before it was %s: %.100s", w.Code, w.Header().Get("ETag"), was, w.Body)
		}
		tags[form] = w.Header().Get("ETag")
		return w.Code
	}
	is := func(what string, status int) {
		t.Helper()
		if got := ask("json"); got != status {
			t.Errorf("%s: %d, want %d", what, got, status)
		}
	}
	call := func(namespace string) {
		req := httptest.NewRequest(http.MethodPost, "/ns/"+namespace+chatPath, strings.NewReader(hello))
		req.Header.Set("Authorization", "Bearer sk-any")
		calls.ServeHTTP(httptest.NewRecorder(), req)
	}
	is("it is asked for", 200)
	is("nothing was called", 304)
	call("blue")
	is("it was called", 200)
	is("nothing happened since", 304)
	if got := ask("text"); got != 200 || tags["text"] == tags["json"] {
		t.Errorf("another form: %d with the same tag: %t", got, tags["text"] == tags["json"])
	}
	call("red")
	is("another namespace was called", 304)
	if err := srv.Namespace("blue").Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	call("blue")
	is("it was reset, and called as often", 200)
	if err := srv.Namespace("blue").Follow(mustLoad(t, "name = \"walled\"\n")); err != nil {
		t.Fatal(err)
	}
	is("it follows another scenario", 200)
	is("nothing happened since", 304)
}
