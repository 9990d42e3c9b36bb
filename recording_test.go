package mockllm

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/recordings"
	"github.com/mockllm/mockllm/scenarios"
)

// recorded passes calls to an upstream and returns the recording of them.
func recorded(t *testing.T, upstream string, calls func(front *Server)) recordings.Recording {
	t.Helper()
	recorder := recordings.NewRecorder()
	front := inFrontOf(t, upstream, "", WithRecorder(recorder), WithClock(newWound()))
	calls(front)
	front.Close() // All exchanges are over.
	r, err := recorder.Write("recorded", "v0")
	if err != nil {
		t.Fatalf("%v\n%s", err, r.Text)
	}
	return r
}

// TestReplay holds that a recording answers the same calls with the same bytes,
// one after the other where the same call got several answers.
func TestReplay(t *testing.T) {
	upstream := RunT(t, WithClock(newWound()), ScenarioText("[[rule]]\nname = \"r\"\nmatch = { dialect = \"dashscope-compatible\", stream = false }\nwhen.calls = 2\nerror = \"Throttling\""))
	call := func(s *Server) []string {
		return []string{
			onTheWire(t, s.URL(), liveStream), onTheWire(t, s.URL(), liveWhole), onTheWire(t, s.URL(), liveWhole), onTheWire(t, s.URL(), "no JSON"),
			onTheWire(t, s.URL(), `{"model":"\u0000\n\"\\ 🙂"}`),
		}
	}
	var want []string
	r := recorded(t, upstream.URL(), func(front *Server) { want = call(front) })
	if r.Takes != 5 || len(r.Skipped) != 0 {
		t.Errorf("%d exchanges, skipped %v", r.Takes, r.Skipped)
	}
	replay := RunT(t, ScenarioText(string(r.Text)), WithQuietWire(), WithClock(newWound()))
	for i, got := range call(replay) {
		if want := strings.ReplaceAll(want[i], "\nX-Mockllm-Rule: r", ""); got != want {
			t.Errorf("call %d: got\n%s\nwant\n%s", i+1, got, want)
		}
	}
	if got := onTheWire(t, replay.URL(), hello); !strings.Contains(got, "no rule matches") {
		t.Errorf("a call that was not recorded gets %s", got)
	}
}

// TestRecordsTiming holds that a recording keeps when frames came, that a stream
// that broke off breaks off again, and what is left out.
func TestRecordsTiming(t *testing.T) {
	clock := newWound()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		clock.Advance(340e6)
		w.(http.Flusher).Flush()
		if r.URL.Path == "/v2/app/conversation/runs" {
			w.Header().Set("Content-Encoding", "gzip")
			return
		}
		for i := range 3 {
			fmt.Fprintf(w, "data: {\"n\":%d}\n\n", i)
			w.(http.Flusher).Flush()
		}
		if r.URL.Path == nativePath {
			panic(http.ErrAbortHandler)
		}
	}))
	defer upstream.Close()
	recorder := recordings.NewRecorder()
	front := inFrontOf(t, upstream.URL, "", WithRecorder(recorder), WithClock(clock))
	post(t, front.URL()+chatPath, liveStream)
	req, _ := http.NewRequest(http.MethodPost, front.URL()+nativePath, strings.NewReader(`{"model":"qwen-plus"}`))
	req.Header.Set("X-DashScope-SSE", "enable")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, answer.Body)
	post(t, front.URL()+"/nothing", "{}")
	front.AwaitExchanges(t.Context(), 3)
	front.Close()
	r, err := recorder.Write("x", "v0")
	if err != nil {
		t.Fatal(err)
	}
	text := string(r.Text)
	for _, want := range []string{`latency = "340ms"`, `{ data = "data: {\"n\":1}\n\n" },`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	if r.Skipped["nothing that a rule can match"] != 1 || r.Takes != 2 || !strings.Contains(text, `fault = { kind = "cut", at = "before-end" }`) {
		t.Errorf("%d, skipped %v\n%s", r.Takes, r.Skipped, text)
	}
}

// planted are secrets of all kinds, none of which may be written down.
const (
	plantedKey    = "sk-0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	plantedToken  = "24.0123456789abcdef0123456789abcdef.2592000.1700000000.282335-1"
	plantedSecret = "p/a+s\"s wörd!0987654321"
	plantedCookie = "sessionid-abcdefghijkl"
	plantedAnswer = "answered-secret-424242"
)

// TestNoSecretIsRecorded plants secrets everywhere and looks for them, as they
// are and as they may be written, in what is saved.
func TestNoSecretIsRecorded(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := w.Header()
		h.Set("Set-Cookie", "sid="+plantedCookie)
		h.Set("X-Auth-Token", plantedAnswer)
		h.Set("X-Echo", r.Header.Get("Authorization"))
		h.Set("Location", "/v2/files?access_token="+plantedToken)
		if strings.Contains(r.Header.Get("Accept"), "event") {
			h.Set("Content-Type", "text/event-stream")
			fmt.Fprintf(w, "data: {\"delta\":%q}\n\n", "your key is "+plantedKey)
		}
		fmt.Fprintf(w, `{"access_token":%q,"session_key":%q,"text":%q,"body":%q}`, plantedAnswer, plantedCookie, r.Header.Get("Authorization")+r.URL.String(), body)
	}))
	defer upstream.Close()
	r := recorded(t, upstream.URL, func(front *Server) {
		send := func(method, path, body string, header ...string) {
			req, err := http.NewRequest(method, front.URL()+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(header); i += 2 {
				req.Header.Add(header[i], header[i+1])
			}
			answer, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
		send("POST", chatPath, `{"model":"qwen-plus","messages":[{"role":"user","content":"my key is `+plantedKey+`"}],"password":"p/a+s\"s wörd!0987654321"}`,
			"Authorization", "Bearer "+plantedKey, "Cookie", "sid="+plantedCookie)
		send("POST", chatPath, liveStream, "Authorization", "Bearer "+plantedKey, "Accept", "text/event-stream")
		send("POST", v1Path+"?access_token="+plantedToken, `{"messages":[{"role":"user","content":"hi"}]}`)
		send("GET", "/oauth/2.0/token?grant_type=client_credentials&client_id=ak-1234567890&client_secret=p%2Fa%2Bs%22s%20w%C3%B6rd!0987654321", "")
		send("POST", "/oauth/2.0/token", "grant_type=client_credentials&client_id=ak-1234567890&client_secret=p%2Fa%2Bs%22s+w%C3%B6rd%210987654321", "Content-Type", "application/x-www-form-urlencoded")
		send("POST", "/v2/files", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nkey "+plantedKey+"\r\n--b--\r\n",
			"Authorization", "Bearer "+plantedKey, "Content-Type", "multipart/form-data; boundary=b")
		send("GET", "/v2/models", "", "Authorization", "Bearer "+plantedKey, "X-Echo", plantedAnswer)
	})
	if r.Takes != 7 {
		t.Errorf("%d exchanges, skipped %v", r.Takes, r.Skipped)
	}
	text := string(r.Text)
	for _, secret := range []string{
		plantedKey, plantedKey[3:], plantedToken, plantedToken[3:20], plantedSecret, "0987654321", "1234567890", plantedCookie, plantedAnswer, "p%2Fa%2Bs", `p/a+s`,
	} {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%q is saved: …%s…", secret, text[max(at-80, 0):min(at+80, len(text))])
		}
	}
	if _, err := scenarios.Load("again.toml", r.Text); err != nil {
		t.Error(err)
	}
}
