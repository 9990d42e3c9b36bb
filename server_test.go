package mockllm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

const (
	chatPath   = "/compatible-mode/v1/chat/completions"
	nativePath = "/api/v1/services/aigc/text-generation/generation"
	v1Path     = "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions"
	hello      = `{"model":"qwen-plus","messages":[{"role":"user","content":"Say hello."}]}`
)

// post calls a path with a key and returns status and body.
func post(t *testing.T, url, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk-test-0123456789")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// TestBadBodies sends what is no request to every dialect: each gets its own
// documented refusal, and the journal keeps it.
func TestBadBodies(t *testing.T) {
	deep := strings.Repeat("[", 200_000)
	bodies := map[string]string{
		"not JSON":      "hello",
		"cut":           `{"model":"m","messages":[{"role":"us`,
		"empty":         "",
		"deep":          deep,
		"deep object":   strings.Repeat(`{"a":`, 200_000),
		"deep, closed":  deep + strings.Repeat("]", 200_000),
		"invalid UTF-8": "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\xfe\"}]}",
		"an array":      "[]",
		"a number":      "1",
		"null":          "null",
		"two documents": "{}{}",
		"NUL bytes":     "\x00\x00",
		"a mark first":  "\ufeff{}",
		"compressed":    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00",
	}
	paths := map[string]struct{ url, want string }{
		"qianfan-v1":           {v1Path + "?access_token=x", `{"error_code":336002,"error_msg":"Invalid JSON","id":"as-`},
		"qianfan-anthropic":    {"/anthropic/v1/messages", `{"detail":[{"type":"`},
		"qianfan-responses":    {"/v2/responses", `{"error":{"code":"malformed_json","message":"Invalid Argument","type":"invalid_request_error"},"id":"as-`},
		"dashscope-native":     {nativePath, `{"code":"InvalidParameter","message":"Required body invalid, please check the request body format.","request_id":"`},
		"dashscope-responses":  {"/compatible-mode/v1/responses", `{"code":"InvalidParameter","message":"Required body invalid, please check the request body format.","request_id":"`},
		"dashscope-anthropic":  {"/apps/anthropic/v1/messages", `{"error":{"code":"invalid_parameter_error","message":"Required body invalid, please check the request body format.","param":null,`},
		"dashscope-compatible": {chatPath, `{"error":{"message":"Required body invalid, please check the request body format.","type":"invalid_request_error","param":null,"code":"invalid_parameter_error"},"id":"chatcmpl-`},
	}
	for dialect, p := range paths {
		for name, body := range bodies {
			t.Run(dialect+"/"+name, func(t *testing.T) {
				t.Parallel()
				srv := RunT(t)
				_, got := post(t, srv.URL()+p.url, body)
				if !strings.HasPrefix(got, p.want) {
					t.Errorf("got %s\nwant %s…", got, p.want)
				}
				j := srv.Journal()
				if len(j) != 1 || j[0].Cause != string(scenarios.ByBody) || j[0].BodyBytes != len(body) {
					t.Errorf("journal: %+v", j)
				}
			})
		}
	}
}

// TestTooLargeBody gets the documented refusal and the end of the connection,
// although most of the body was never read.
func TestTooLargeBody(t *testing.T) {
	srv := RunT(t)
	body := `{"model":"` + strings.Repeat("x", defaultMaxBody) + `"}`
	for path, want := range map[string]string{
		nativePath:                  `"code":"BadRequest.TooLarge"`,
		chatPath:                    `"code":"BadRequest.TooLarge"`,
		v1Path + "?access_token=xy": `"error_code":336007`,
	} {
		_, got := post(t, srv.URL()+path, body)
		if !strings.Contains(got, want) {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	for _, e := range srv.Journal() {
		if e.Failed != "" || len(e.Body) > 16<<10 {
			t.Errorf("journal: failed %q, %d bytes of body kept", e.Failed, len(e.Body))
		}
	}
}

// TestCutBody ends the request before its declared length: the client that
// still listens gets the refusal, and a FIN, not a RST.
func TestCutBody(t *testing.T) {
	srv := RunT(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: 1000\r\n\r\n{\"model\":", nativePath)
	conn.(*net.TCPConn).CloseWrite()
	raw, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("the connection did not end with a FIN: %v", err)
	}
	if !strings.Contains(string(raw), "Required body invalid") {
		t.Errorf("got %s", raw)
	}
}

// TestNamespaces keeps the counters of two worlds apart, however they are
// chosen.
func TestNamespaces(t *testing.T) {
	const scenario = `
		[[rule]]
		name  = "first"
		when  = { calls = 1 }
		error = "Throttling"`
	choose := map[string]func(ns string) (path string, header []string){
		"path":   func(ns string) (string, []string) { return "/ns/" + ns + chatPath, nil },
		"header": func(ns string) (string, []string) { return chatPath, []string{"X-Mockllm-Namespace", ns} },
		"key": func(ns string) (string, []string) {
			return chatPath, []string{"Authorization", "Bearer sk-mockllm-ns-" + ns}
		},
	}
	for how, of := range choose {
		t.Run(how, func(t *testing.T) {
			srv := RunT(t, ScenarioText(scenario))
			for _, ns := range []string{"blue", "red"} {
				path, header := of(ns)
				for call, want := range []int{429, 200, 200} {
					if got, _ := post(t, srv.URL()+path, hello, header...); got != want {
						t.Errorf("%s, call %d: status %d, want %d", ns, call+1, got, want)
					}
				}
				if found := srv.Namespace(ns).Journal(); len(found) != 3 {
					t.Errorf("%s: %d exchanges in the journal, want 3", ns, len(found))
				}
			}
			if err := srv.Namespace("blue").Reset(t.Context()); err != nil {
				t.Fatal(err)
			}
			path, header := of("blue")
			if got, _ := post(t, srv.URL()+path, hello, header...); got != 429 {
				t.Errorf("after a reset: status %d, want 429", got)
			}
			if found := srv.Namespace("red").Journal(); len(found) != 3 {
				t.Errorf("the reset of blue touched red")
			}
		})
	}
}

// TestTokenCarriesNamespace goes the way of a Qianfan client: the token that
// is issued to a key of a namespace leads back into it.
func TestTokenCarriesNamespace(t *testing.T) {
	srv := RunT(t)
	_, body := post(t, srv.URL()+"/oauth/2.0/token?grant_type=client_credentials&client_id=ak-mockllm-ns-blue&client_secret=s", "")
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &token); err != nil {
		t.Fatal(err)
	}
	post(t, srv.URL()+v1Path+"?access_token="+token.AccessToken, `{"messages":[{"role":"user","content":"hi"}]}`, "Authorization", "")
	if found := srv.Namespace("blue").Journal(); len(found) != 2 || found[1].Dialect != catalog.QianfanV1 {
		t.Errorf("the journal of blue: %+v", found)
	}
}

// TestPacing advances a manual clock through the frames of a stream.
func TestPacing(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), ScenarioText(`
		[[rule]]
		name    = "slow"
		latency = { first_byte = "2s", first_frame = "3s", frame = "1s" }
		reply   = { frames = ["a", "b"] }`))
	lines := make(chan string)
	go stream(t, srv.URL()+chatPath, lines)
	// Opening chunk, two pieces, closing chunk, end mark.
	for i, wait := range []time.Duration{2 * time.Second, 3 * time.Second, time.Second, time.Second, time.Second, time.Second} {
		select {
		case line := <-lines:
			t.Fatalf("step %d: %q came too early", i, line)
		case <-sleeping(clock):
		}
		clock.Advance(wait)
		if i > 0 {
			<-lines
		}
	}
	if line, open := <-lines; open {
		t.Errorf("more than expected: %q", line)
	}
	e := onlyExchange(t, srv)
	if e.FirstByte != 2*time.Second || e.Took != 9*time.Second || e.SentFrames != 5 {
		t.Errorf("journal: first byte after %v, took %v, %d frames", e.FirstByte, e.Took, e.SentFrames)
	}
}

// stream reads the data lines of a streaming call.
func stream(t *testing.T, url string, lines chan<- string) {
	defer close(lines)
	req, _ := http.NewRequest(http.MethodPost, url, strings.NewReader(strings.Replace(hello, "{", `{"stream":true,`, 1)))
	req.Header.Set("Authorization", "Bearer k")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	defer answer.Body.Close()
	for scan := bufio.NewScanner(answer.Body); scan.Scan(); {
		if strings.HasPrefix(scan.Text(), "data:") {
			lines <- scan.Text()
		}
	}
}

// sleeping is closed once somebody sleeps by the clock.
func sleeping(clock *play.Manual) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		clock.Await(context.Background(), 1)
	}()
	return done
}

// onlyExchange returns the one exchange that there was, as soon as it is over.
// Its client must have had a byte of the answer, so that it has begun.
func onlyExchange(t *testing.T, srv *Server) journal.Exchange {
	t.Helper()
	srv.exchanges.Wait()
	found := srv.Journal()
	if len(found) != 1 || !found[0].Done {
		t.Fatalf("the journal holds %+v, want one exchange that is over", found)
	}
	return found[0]
}

// TestClientLeaves breaks a paced stream off and finds that in the journal.
func TestClientLeaves(t *testing.T) {
	srv := RunT(t, ScenarioText(`
		[[rule]]
		name    = "slow"
		latency = { frame = "1h" }`))
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL()+chatPath, strings.NewReader(strings.Replace(hello, "{", `{"stream":true,`, 1)))
	req.Header.Set("Authorization", "Bearer k")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	answer.Body.Close()
	if e := onlyExchange(t, srv); !e.ClientLeft || e.SentFrames != 1 || e.Failed != "" {
		t.Errorf("journal: client left %t, %d frames, failed %q", e.ClientLeft, e.SentFrames, e.Failed)
	}
}

// TestCloseEndsWaits closes the server under an answer that would take an hour.
func TestCloseEndsWaits(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), ScenarioText(`
		[[rule]]
		name    = "slow"
		latency = "1h"`))
	failed := make(chan error, 1)
	go func() {
		req, _ := http.NewRequest(http.MethodPost, srv.URL()+chatPath, strings.NewReader(hello))
		req.Header.Set("Authorization", "Bearer k")
		_, err := http.DefaultClient.Do(req)
		failed <- err
	}()
	<-sleeping(clock)
	bounded, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	srv.Shutdown(bounded)
	if err := <-failed; err == nil {
		t.Error("the call succeeded, though the server was closed under it")
	}
}

// TestParallelCalls finds every call counted once under load.
func TestParallelCalls(t *testing.T) {
	srv := RunT(t, ScenarioText(`
		[[rule]]
		name  = "first ten"
		when  = { calls = "1..10" }
		error = "Throttling"`))
	var refused sync.Map
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			if status, _ := post(t, srv.URL()+chatPath, hello); status == 429 {
				refused.Store(i, true)
			}
		})
	}
	wait.Wait()
	n := 0
	refused.Range(func(any, any) bool { n++; return true })
	if n != 10 {
		t.Errorf("%d calls were refused, want 10", n)
	}
	if j := srv.Journal(); len(j) != 64 {
		t.Errorf("%d exchanges in the journal, want 64", len(j))
	}
}

// brokenState refuses to count.
type brokenState struct{ scenarios.State }

func (brokenState) Visit(context.Context, string, time.Time, *scenarios.Call) (bool, error) {
	return false, errors.New("state is gone")
}

// TestBrokenState answers with our own refusal, which says what broke.
func TestBrokenState(t *testing.T) {
	srv := RunT(t, WithState(brokenState{scenarios.NewMemory()}))
	status, body := post(t, srv.URL()+chatPath, hello)
	if status != 500 || !strings.Contains(body, `{"mockllm":`) || !strings.Contains(body, "state is gone") {
		t.Errorf("got %d %s", status, body)
	}
}

// TestOptionsRefuseNonsense lists what New must not accept.
func TestOptionsRefuseNonsense(t *testing.T) {
	for name, option := range map[string]Option{
		"speed 0":         WithSpeed(0),
		"speed negative":  WithSpeed(-1),
		"edition unknown": WithEdition("1999"),
		"no file":         ScenarioFile("testdata/none.toml"),
		"bad text":        ScenarioText("seed = -1"),
		"nil scenario":    WithScenario(nil),
		"bad value":       WithScenario(&scenarios.Scenario{Rules: []scenarios.Rule{{Name: "does nothing"}}}),
	} {
		if _, err := New(option); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestScenarioBuiltInGo follows a scenario that no file was read for.
func TestScenarioBuiltInGo(t *testing.T) {
	srv := RunT(t, WithScenario(&scenarios.Scenario{
		Name:  "in Go",
		Rules: []scenarios.Rule{{Name: "always", Outcome: scenarios.Outcome{Error: "Arrearage"}}},
	}))
	if status, body := post(t, srv.URL()+chatPath, hello); status != 400 || !strings.Contains(body, `"code":"Arrearage"`) {
		t.Errorf("got %d %s", status, body)
	}
}

// TestAdminHandler asks the management side over a real socket.
func TestAdminHandler(t *testing.T) {
	srv := RunT(t, ScenarioText(`name = "mine"`))
	post(t, srv.URL()+chatPath, hello)
	management := httptest.NewServer(srv.AdminHandler(admin.Options{}))
	defer management.Close()
	var info admin.Info
	getJSON(t, management.URL+"/version", &info)
	if info.Scenario != "mine" || info.Seed != scenarios.DefaultSeed || info.Version == "" {
		t.Errorf("version: %+v", info)
	}
	var j struct{ Exchanges []journal.Exchange }
	getJSON(t, management.URL+"/api/v1/journal", &j)
	if len(j.Exchanges) != 1 || j.Exchanges[0].Model != "qwen-plus" {
		t.Errorf("journal: %+v", j)
	}
	answer, err := http.Post(management.URL+"/api/v1/reset", "", nil)
	if err != nil || answer.StatusCode != http.StatusNoContent {
		t.Fatalf("reset: %v %v", answer, err)
	}
	answer.Body.Close()
	if left := srv.Journal(); len(left) != 0 {
		t.Errorf("after the reset the journal has %d exchanges", len(left))
	}
}

func getJSON(t *testing.T, url string, into any) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Fatal(err)
	}
}
