package mockllm

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/journal"
)

// TestNoSecretLeavesTheServer plants a secret in every place of a call to every
// vendor, and looks for it in everything that can be read afterwards.
func TestNoSecretLeavesTheServer(t *testing.T) {
	const secret, other = "sk-very-secret-0123456789", "another-one-qwertzuiop"
	var log lines
	srv := RunT(t, WithLogger(slog.New(slog.NewTextHandler(&log, nil))), ScenarioText(`
		[[rule]]
		name  = "other key"
		match = { key = "sk-other", header = { X-Api-Key = "none" } }
		error = "Throttling"
		[[rule]]
		name  = "a body with a table"
		match = { dialect = "dashscope-compatible", body = { options = "none" } }
		error = "Throttling"
		[[rule]]
		name  = "a prompt"
		match = { prompt = "none" }
		error = "Throttling"`))
	management := httptest.NewServer(srv.AdminHandler(admin.Options{}))
	defer management.Close()
	stream, err := http.Get(management.URL + "/api/v1/journal/stream?since=0")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	const n = 8
	body := `{"model":"qwen-plus","options":{"api_key":"` + other + `"},"messages":[{"role":"user","content":"I have ` + secret + `"}]}`
	for i, path := range []string{
		chatPath, nativePath, v1Path, "/v2/chat/completions", "/nowhere", "/oauth/2.0/token", "/compatible-mode/v1/models", "/ns/%20/x",
	} {
		query := "?access_token=" + secret + "&client_id=ak-" + secret + "&client_secret=" + secret + "&grant_type=client_credentials&%61ccess_token=" + secret + "&x=1;sk=" + secret
		post(t, srv.URL()+path+query, body, "Authorization", "Bearer "+secret, "X-Api-Key", secret, "Cookie", "s="+secret, "Referer", "http://x/?token="+secret)
		if _, err := srv.AwaitExchanges(t.Context(), i); err != nil {
			t.Fatal(err)
		}
	}
	outputs := map[string]string{"log": log.String()}
	for _, path := range []string{"/api/v1/journal", "/api/v1/journal?format=jsonl", "/api/v1/journal?format=har", "/api/v1/journal/1", "/api/v1/journal/2", "/api/v1/journal/6"} {
		outputs[path] = get(t, management.URL+path)
	}
	claim, err := http.Post(management.URL+"/api/v1/verify", "application/json", strings.NewReader(`{"match":{"key":"sk-***","body_contains":"zzz"},"at_least":1}`))
	if err != nil {
		t.Fatal(err)
	}
	defer claim.Body.Close()
	text, _ := io.ReadAll(claim.Body)
	outputs["verify"] = string(text)
	srv.Admin().History().Close()
	text, _ = io.ReadAll(stream.Body)
	outputs["stream"] = string(text)
	for name, text := range outputs {
		for _, part := range []string{secret, "very-secret", "0123456789", other[4:]} {
			if at := strings.Index(text, part); at >= 0 {
				t.Errorf("%s: %q stands in …%s…", name, part, text[max(at-200, 0):min(at+60, len(text))])
			}
		}
		if name != "verify" && !strings.Contains(text, "sk-v***89") && !strings.Contains(text, "sk-v%2A%2A%2A89") {
			t.Errorf("%s shows nothing of the calls: %.300s", name, text)
		}
	}
	if near := outputs["/api/v1/journal/1"]; !strings.Contains(near, `match.key wants`) || !strings.Contains(near, `match.body.options wants`) ||
		!strings.Contains(near, `the request has \"I have sk-v***89\"`) {
		t.Errorf("near: %s", near)
	}
	if got := strings.Count(outputs["stream"], "event: begin"); got != n {
		t.Errorf("%d exchanges in the stream", got)
	}
}

// TestIssuedTokensAreRedacted looks for the token that was issued.
func TestIssuedTokensAreRedacted(t *testing.T) {
	srv := RunT(t)
	_, answer := post(t, srv.URL()+"/oauth/2.0/token?grant_type=client_credentials&client_id=any&client_secret=any", "")
	_, token, _ := strings.Cut(answer, `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	e := srv.Journal()[0]
	if shown := strings.Join(e.Script, "") + e.AnswerBody; len(token) < 20 || strings.Contains(shown, token[:15]) || !strings.Contains(shown, "access_token") {
		t.Errorf("of the token %q this is shown: %s", token, shown)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s, %v", url, answer.Status, text, err)
	}
	return string(text)
}

// TestNear asks of calls that are over why no rule answered. Asking counts
// nothing.
func TestNear(t *testing.T) {
	srv := RunT(t, ScenarioText(`
		[[rule]]
		name  = "embeddings"
		match = { operation = "embedding" }
		error = "Throttling"
		[[rule]]
		name  = "two misses"
		match = { model = "ernie", stream = true }
		error = "Throttling"
		[[rule]]
		name  = "one miss"
		match = { prompt = "refund" }
		error = "Throttling"
		[[rule]]
		name  = "the third call"
		when  = { calls = 3 }
		error = "Throttling"`))
	for range 2 {
		post(t, srv.URL()+chatPath, hello)
	}
	want := [][2]string{
		{"the third call", "when.calls starts at 3, this is call 2"},
		{"one miss", `match.prompt wants "refund", the request has "Say hello."`},
		{"two misses", `match.model wants "ernie", the request has "qwen-plus"`},
	}
	for range 2 {
		_, near, err := srv.Admin().Near("", 2)
		if err != nil || len(near) != len(want) {
			t.Fatalf("near: %+v %v", near, err)
		}
		for i, n := range near {
			if n.Rule != want[i][0] || n.Why != want[i][1] || n.Said.String() != n.Why {
				t.Errorf("near: %+v, want %q", n, want[i])
			}
		}
	}
	if status, _ := post(t, srv.URL()+chatPath, hello); status != http.StatusTooManyRequests {
		t.Errorf("the third call is answered with %d", status)
	}
	if _, near, _ := srv.Admin().Near("", 3); len(near) == 0 || near[0].Rule == "the third call" {
		t.Errorf("near, of a rule that fired: %+v", near)
	}
}

// TestNearOfALongCall does not guess of what was not kept.
func TestNearOfALongCall(t *testing.T) {
	srv := RunT(t, ScenarioText(`
		[[rule]]
		name  = "refunds"
		match = { prompt = "refund" }
		error = "Throttling"`))
	long := strings.Replace(hello, "Say", strings.Repeat("Say ", 20_000)+" refund", 1)
	post(t, srv.URL()+chatPath, strings.Replace(long, "refund", "", 1))
	e, near, _ := srv.Admin().Near("", 1)
	if len(near) != 1 || !strings.Contains(near[0].Why, "too long to be kept") || len(e.Turns) != 1 || e.Model != "qwen-plus" {
		t.Errorf("near %+v, %d turns, model %q", near, len(e.Turns), e.Model)
	}
}

// TestWithJournal keeps as much as it is told to.
func TestWithJournal(t *testing.T) {
	srv := RunT(t, WithJournal(2, 1<<20))
	for range 5 {
		post(t, srv.URL()+chatPath, hello)
	}
	if found, evicted := srv.Admin().History().Exchanges(""); len(found) != 2 || evicted != 3 {
		t.Errorf("%d are kept, %d evicted", len(found), evicted)
	}
	for _, bad := range []Option{WithJournal(0, 1), WithJournal(1, 0), WithJournal(-1, -1)} {
		if _, err := New(bad); err == nil {
			t.Error("a journal that keeps nothing was accepted")
		}
	}
}

func TestAwaitExchanges(t *testing.T) {
	srv := RunT(t)
	type result struct {
		over []journal.Exchange
		err  error
	}
	waited := make(chan result, 1)
	go func() {
		over, err := srv.AwaitExchanges(t.Context(), 2)
		waited <- result{over, err}
	}()
	post(t, srv.URL()+"/ns/other"+chatPath, hello)
	post(t, srv.URL()+chatPath, hello)
	post(t, srv.URL()+chatPath, hello)
	if r := <-waited; r.err != nil || len(r.over) != 2 || !r.over[1].Done || r.over[1].Status != 200 {
		t.Errorf("got %+v", r)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := srv.AwaitExchanges(ended, 3); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	srv.Close()
	if _, err := srv.AwaitExchanges(t.Context(), 3); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// TestShutdownEndsStreams does not wait for those who watch.
func TestShutdownEndsStreams(t *testing.T) {
	srv := RunT(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.ServeAdmin(l, admin.Options{}) }()
	answer, err := http.Get("http://" + l.Addr().String() + "/api/v1/journal/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	patient, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := srv.Shutdown(patient); err != nil || patient.Err() != nil {
		t.Errorf("shutdown: %v, %v", err, patient.Err())
	}
	if text, err := io.ReadAll(answer.Body); err != nil || !strings.Contains(string(text), "event: closed") {
		t.Errorf("the stream ended with %v: %s", err, text)
	}
	<-served
}
