package mockllm

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
)

// TestMisuse refuses what Go code may hand over by mistake.
func TestMisuse(t *testing.T) {
	for name, option := range map[string]Option{
		"no option": nil, "no scenario": WithScenario(nil), "no clock": WithClock(nil), "no state": WithState(nil), "no logger": WithLogger(nil),
	} {
		if _, err := New(option); err == nil || !strings.HasSuffix(err.Error(), "is nil") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, &http.Request{Method: "GET", URL: &url.URL{Path: "/v2/models"}, Header: http.Header{}})
	if w.Code == 0 || w.Body.Len() == 0 {
		t.Errorf("a request without a body: %d %s", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	s.Handler().ServeHTTP(w, &http.Request{Method: "GET", URL: &url.URL{Path: "/v2/models"}, Header: http.Header{"X-Mockllm-Error": {}}})
	if w.Code != 400 || !strings.Contains(w.Body.String(), "must be given once") {
		t.Errorf("a header without values: %d %s", w.Code, w.Body)
	}
}

// TestOwnHeaders refuses headers of ours that cannot be what was meant.
func TestOwnHeaders(t *testing.T) {
	srv := RunT(t)
	for _, c := range []struct {
		path   string
		header http.Header
		want   string
	}{
		{chatPath, http.Header{"X-Mockllm-Namespace": {"a"}}, ""},
		{"/ns/a" + chatPath, http.Header{"X-Mockllm-Namespace": {"a"}}, ""},
		{"/ns/b" + chatPath, http.Header{"X-Mockllm-Namespace": {"a"}}, "but the path"},
		{"/ns/" + chatPath, nil, "a namespace has"},
		{"/ns/.." + chatPath, nil, "a namespace has"},
		{chatPath, http.Header{"X-Mockllm-Namespace": {""}}, "must be given once, with a value"},
		{chatPath, http.Header{"X-Mockllm-Error": {"Throttling", "Arrearage"}}, "must be given once"},
		{chatPath, http.Header{"X-Mockllm-Eror": {"Throttling"}}, "did you mean"},
		{chatPath, http.Header{"X_Mockllm_Error": {"Throttling"}}, "is no header of mockllm"},
	} {
		req, err := http.NewRequest("POST", srv.URL()+c.path, strings.NewReader(hello))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = c.header.Clone()
		if req.Header == nil {
			req.Header = http.Header{}
		}
		req.Header["Authorization"] = []string{"Bearer sk-test"}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if ours := resp.Header.Get("X-Mockllm-Problem") != ""; ours != (c.want != "") || !strings.Contains(string(body), c.want) {
			t.Errorf("%s %v: %d %s, want %q", c.path, c.header, resp.StatusCode, body, c.want)
		}
	}
}

// TestCloseOnForeignServer ends answers under way also where somebody else's
// server calls the handler.
func TestCloseOnForeignServer(t *testing.T) {
	s, err := New(ScenarioText("[[rule]]\nname = \"slow\"\nlatency = \"1h\""))
	if err != nil {
		t.Fatal(err)
	}
	foreign := httptest.NewServer(s.Handler())
	defer foreign.Close()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if resp, err := http.Post(foreign.URL+chatPath, "application/json", strings.NewReader(hello)); err == nil {
			resp.Body.Close()
		}
	}()
	for len(s.Journal()) == 0 {
		runtime.Gosched()
	}
	s.Close()
	<-answered
}

// TestShutdownWaits lets an answer finish that has taken over its connection.
func TestShutdownWaits(t *testing.T) {
	srv := RunT(t, ScenarioText("[[rule]]\nname = \"slow\"\nlatency = \"100ms\"\nfault = \"idle-close\""))
	answered := make(chan error, 1)
	go func() {
		resp, err := http.Post(srv.URL()+chatPath, "application/json", strings.NewReader(hello))
		if err == nil {
			resp.Body.Close()
		}
		answered <- err
	}()
	for len(srv.Journal()) == 0 {
		runtime.Gosched()
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Errorf("the answer was broken off: %v", err)
	}
}

// TestJournalKeepsNoSecrets looks at what a client's token request leaves.
func TestJournalKeepsNoSecrets(t *testing.T) {
	srv := RunT(t)
	post(t, srv.URL()+"/oauth/2.0/token", "grant_type=client_credentials&client_id=AK-0123456789abcdef&client_secret=SK-0123456789abcdef",
		"Content-Type", "application/x-www-form-urlencoded")
	e := srv.Journal()[0]
	if all := fmt.Sprintf("%+v", e); !strings.Contains(e.Body, "client_credentials") || strings.Contains(all, "0123456789abcdef") || strings.Contains(all, "sk-test-0123456789") {
		t.Errorf("the journal keeps %s", all)
	}
}

// TestCloseBreaksStreams never lets a stream that was broken off look whole.
func TestCloseBreaksStreams(t *testing.T) {
	clock := play.NewManual(time.Unix(1_779_955_200, 0))
	srv := RunT(t, WithClock(clock), ScenarioText("[[rule]]\nname = \"slow\"\nlatency = { frame = \"1h\" }"))
	req, err := http.NewRequest(http.MethodPost, srv.URL()+chatPath, strings.NewReader(`{"model":"qwen-plus","stream":true,"messages":[{"role":"user","content":"x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer any")
	read := make(chan error, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		read <- err
	}()
	<-sleeping(clock)
	srv.Close()
	if err := <-read; err == nil {
		t.Error("the stream looks whole, though the server was closed under it")
	}
}
