package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// filled returns a server with a journal that holds some exchanges.
func filled() *fake {
	f := &fake{history: journal.New(100, 1<<20)}
	body := []byte(`{"model":"qwen-plus","api_key":"sk-0123456789abcdef"}`)
	e := journal.Exchange{
		Time: time.Date(2026, 11, 21, 8, 0, 0, 5e6, time.UTC), Dialect: "dashscope-native", Operation: "chat", Method: "POST", BodyBytes: len(body),
		Cause: "rule", Error: "dashscope/model/Throttling.RateQuota", Rules: []journal.Firing{{Rule: "quota", N: 1}}, Connection: 3,
		Raw: journal.Keep(journal.Call{
			Request: &scenarios.Request{Path: "/p", Model: "qwen-plus", Key: "sk-0123456789abcdef", Body: body}, Body: body,
			Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer sk-0123456789abcdef"}, "X-Two": {"b", "a"}},
			Host:   "http://h:1", Path: "/ns/x/p", Query: "a=b%20c&access_token=sk-0123456789abcdef",
			Script: play.Script{
				{Kind: play.Head, Status: 429, Header: http.Header{"Content-Type": {"application/json"}}, Length: 15},
				{Kind: play.Write, Data: []byte(`{"code":"<&>!"}`)}, {Kind: play.End},
			},
		}),
	}
	id := f.history.Begin(e)
	f.history.Finish(id, journal.Sent{Status: 429, SentBytes: 15, SentFrames: 1, FirstByte: 2 * time.Millisecond, Took: 5 * time.Millisecond})
	f.history.Begin(journal.Exchange{Cause: "connection", Done: true})
	e.Cause, e.Error, e.Operation, e.BodyBytes = "success", "", "token", 0
	f.history.Begin(e)
	return f
}

func TestJournalFilters(t *testing.T) {
	for query, want := range map[string]string{
		"":                                 "1 2 3",
		"?format=json&limit=2":             "2 3",
		"?since=1&limit=1":                 "2",
		"?operation=chat":                  "1",
		"?error=Throttling.RateQuota":      "1",
		"?error=dashscope/Throttling":      "",
		"?cause=connection":                "2",
		"?cause=success&namespace=nowhere": "",
		"?error=dashscope/Throttling.RateQuota&since=0": "1",
		"?operation=token&limit=5&since=2":              "3",
		"?since=18446744073709551615":                   "",
		"?namespace=&operation=speech":                  "",
	} {
		w := ask(filled(), "GET", "/api/v1/journal"+query)
		var got struct{ Exchanges []journal.Exchange }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Exchanges == nil {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
			continue
		}
		var ids []string
		for _, e := range got.Exchanges {
			ids = append(ids, fmt.Sprint(e.ID))
		}
		if strings.Join(ids, " ") != want {
			t.Errorf("%s: found %v, want %s", query, ids, want)
		}
	}
}

// What finds nothing because it is misspelt would look like an answer.
func TestJournalRefuses(t *testing.T) {
	for target, want := range map[string]string{
		"/api/v1/journal?format=xml":            `there is no format \"xml\"; there are json, jsonl, har`,
		"/api/v1/journal?format=":               `there is no format`,
		"/api/v1/journal?operation=chats":       `did you mean \"chat\"?`,
		"/api/v1/journal?operation=":            `there is no operation`,
		"/api/v1/journal?cause=rules":           `did you mean \"rule\"?`,
		"/api/v1/journal?error=Throtling":       `no documented error`,
		"/api/v1/journal?since=-1":              `ids are whole numbers`,
		"/api/v1/journal?since=x":               `ids are whole numbers`,
		"/api/v1/journal?limit=0":               `limit \"0\" is no whole number from 1`,
		"/api/v1/journal?limit=1&limit=2":       `given twice`,
		"/api/v1/journal?sinse=1":               `did you mean \"since\"?`,
		"/api/v1/journal/x":                     `is no id of an exchange`,
		"/api/v1/journal/1?format=har":          `unknown parameter`,
		"/api/v1/journal/stream?limit=1":        `unknown parameter`,
		"/api/v1/journal/stream?since=x":        `since \"x\" is no id`,
		"/api/v1/journal?cause=" + long + long:  `…`,
		"/api/v1/journal/stream?namespace=a%20": `bad namespace`,
	} {
		w := ask(filled(), "GET", target)
		if w.Code != 400 || !strings.Contains(w.Body.String(), want) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %d %s, want 400 with %s", target, w.Code, w.Body, want)
		}
		if w.Body.Len() > 1000 {
			t.Errorf("%s: answered with %d bytes", target, w.Body.Len())
		}
	}
}

func TestOneExchange(t *testing.T) {
	w := ask(filled(), "GET", "/api/v1/journal/1")
	var got struct {
		journal.Exchange
		Near []journal.Near
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got.Error != "dashscope/model/Throttling.RateQuota" || len(got.Near) != 3 || got.Near[0].Rule != "a" || got.Near[0].Why != "of a" || got.Near[0].Said.Form != "of a" {
		t.Errorf("got %s", w.Body)
	}
	for _, target := range []string{"/api/v1/journal/9", "/api/v1/journal/0", "/api/v1/journal/1?namespace=blue"} {
		if w := ask(filled(), "GET", target); w.Code != 404 || !strings.Contains(w.Body.String(), "no such exchange") {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
}

func TestForget(t *testing.T) {
	f := filled()
	f.history.Begin(journal.Exchange{Namespace: "blue"})
	if w := ask(f, "DELETE", "/api/v1/journal"); w.Code != 204 || w.Body.Len() > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if left := f.history.Find("", journal.Filter{}).Len(); left != 0 {
		t.Errorf("%d exchanges are left", left)
	}
	if left := f.history.Find("blue", journal.Filter{}).Len(); left != 1 {
		t.Errorf("%d exchanges of another namespace are left", left)
	}
	if w := ask(f, "DELETE", "/api/v1/journal?cause=rule"); w.Code != 400 {
		t.Errorf("a filter was passed over: %d %s", w.Code, w.Body)
	}
}

func TestLines(t *testing.T) {
	w := ask(filled(), "GET", "/api/v1/journal?format=jsonl")
	lines := strings.SplitAfter(w.Body.String(), "\n")
	if len(lines) != 4 || lines[3] != "" || w.Header().Get("Content-Type") != "application/jsonl" {
		t.Fatalf("%q as %s", lines, w.Header().Get("Content-Type"))
	}
	for i, line := range lines[:3] {
		var e journal.Exchange
		if err := json.Unmarshal([]byte(line), &e); err != nil || e.ID != uint64(i+1) {
			t.Errorf("line %d: %v %s", i+1, err, line)
		}
	}
}

// demand holds that an object has these fields, which the specification calls
// for, with values of these kinds.
func demand(t *testing.T, at string, object any, fields map[string]string) map[string]any {
	t.Helper()
	m, ok := object.(map[string]any)
	if !ok {
		t.Fatalf("%s is %T, no object", at, object)
	}
	for name, kind := range fields {
		value, found := m[name]
		if got := fmt.Sprintf("%T", value); !found || got != kind {
			t.Errorf("%s.%s is %s, want %s", at, name, got, kind)
		}
	}
	return m
}

// TestHAR compares with what version 1.2 of the specification demands.
func TestHAR(t *testing.T) {
	w := ask(filled(), "GET", "/api/v1/journal?format=har")
	var whole map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &whole); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	const list, object, text, number = "[]interface {}", "map[string]interface {}", "string", "float64"
	log := demand(t, "log", whole["log"], map[string]string{"version": text, "creator": object, "entries": list})
	demand(t, "creator", log["creator"], map[string]string{"name": text, "version": text})
	entries := log["entries"].([]any)
	if len(entries) != 2 || log["version"] != "1.2" {
		t.Fatalf("%d entries of version %v", len(entries), log["version"])
	}
	for _, e := range entries {
		entry := demand(t, "entry", e, map[string]string{
			"startedDateTime": text, "time": number, "request": object, "response": object, "cache": object, "timings": object, "connection": text,
		})
		if _, err := time.Parse(time.RFC3339Nano, entry["startedDateTime"].(string)); err != nil {
			t.Error(err)
		}
		request := demand(t, "request", entry["request"], map[string]string{
			"method": text, "url": text, "httpVersion": text, "cookies": list, "headers": list, "queryString": list, "headersSize": number, "bodySize": number,
		})
		response := demand(t, "response", entry["response"], map[string]string{
			"status": number, "statusText": text, "httpVersion": text, "cookies": list, "headers": list, "content": object, "redirectURL": text,
			"headersSize": number, "bodySize": number,
		})
		demand(t, "content", response["content"], map[string]string{"size": number, "mimeType": text, "text": text})
		timings := demand(t, "timings", entry["timings"], map[string]string{"send": number, "wait": number, "receive": number})
		if sum := timings["send"].(float64) + timings["wait"].(float64) + timings["receive"].(float64); sum != entry["time"] {
			t.Errorf("the timings are %v together, the entry says %v", sum, entry["time"])
		}
		for _, name := range []string{"headers", "queryString"} {
			for _, pair := range request[name].([]any) {
				demand(t, name, pair, map[string]string{"name": text, "value": text})
			}
		}
		for name := range entry {
			if !strings.Contains(" startedDateTime time request response cache timings connection _mockllm ", " "+name+" ") {
				t.Errorf("an entry has %q, which the specification does not know", name)
			}
		}
	}
	first := entries[0].(map[string]any)
	request := first["request"].(map[string]any)
	demand(t, "postData", request["postData"], map[string]string{"mimeType": text, "text": text})
	if _, has := entries[1].(map[string]any)["request"].(map[string]any)["postData"]; has {
		t.Error("a request without a body has postData")
	}
	got := fmt.Sprint(request["url"], request["headers"], request["queryString"], first["response"].(map[string]any)["content"], first["time"])
	want := "http://h:1/ns/x/p?a=b%20c&access_token=sk-0***ef" +
		"[map[name:Authorization value:Bearer sk-0***ef] map[name:Content-Type value:application/json] map[name:X-Two value:b] map[name:X-Two value:a]] " +
		"[map[name:a value:b c] map[name:access_token value:sk-0***ef]] " +
		`map[mimeType:application/json size:15 text:{"code":"<&>!"}] 5`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestNoFormatLeaks(t *testing.T) {
	for _, target := range []string{"", "?format=jsonl", "?format=har", "/1"} {
		if w := ask(filled(), "GET", "/api/v1/journal"+target); strings.Contains(w.Body.String(), "0123456789") || !strings.Contains(w.Body.String(), "sk-0***ef") {
			t.Errorf("%s: %s", target, w.Body)
		}
	}
}

// A reading is what a client reads of a stream.
type reading struct {
	lines  *bufio.Scanner
	answer *http.Response
}

func listen(t *testing.T, f *fake, query, lastID string) *reading {
	t.Helper()
	s := httptest.NewServer(Handler(f, Options{}))
	t.Cleanup(s.Close)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	req, _ := http.NewRequestWithContext(ctx, "GET", s.URL+"/api/v1/journal/stream"+query, nil)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	return &reading{bufio.NewScanner(answer.Body), answer}
}

// want reads lines until all of these came, in this order.
func (r *reading) want(t *testing.T, beginnings ...string) {
	t.Helper()
	for _, want := range beginnings {
		for {
			if !r.lines.Scan() {
				t.Fatalf("the stream ended before %q: %v", want, r.lines.Err())
			}
			if strings.Contains(r.lines.Text(), "0123456789") {
				t.Errorf("a secret: %s", r.lines.Text())
			}
			if strings.HasPrefix(r.lines.Text(), want) {
				break
			}
		}
	}
}

func (r *reading) wantEnd(t *testing.T) {
	t.Helper()
	if rest, err := io.ReadAll(r.answer.Body); err != nil || len(rest) > 0 {
		t.Errorf("more came: %q, %v", rest, err)
	}
}

func TestStream(t *testing.T) {
	f := filled()
	r := listen(t, f, "", "")
	if got := r.answer.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("content type %q", got)
	}
	r.want(t, ": the journal")
	f.history.Finish(f.history.Begin(journal.Exchange{Model: "new"}), journal.Sent{Status: 200})
	r.want(t, "event: begin", "id: 4", `data: {"id":4,`, "event: over", "id: 4", `data: {"id":4,`)
	f.history.Close()
	r.want(t, "event: closed", "data: ")
	for r.lines.Scan() && r.lines.Text() == "" {
	}
	r.wantEnd(t)
}

func TestStreamResumes(t *testing.T) {
	listen(t, filled(), "?since=0", "2").want(t, "event: begin", "id: 3")
	listen(t, filled(), "?since=0", "").want(t, "event: begin", "id: 1", "event: over", "id: 1", "event: begin", "id: 2", "event: over", "id: 2", "event: begin", "id: 3")
	f := &fake{history: journal.New(1, 1<<20)}
	for range 3 {
		f.history.Begin(journal.Exchange{})
	}
	listen(t, f, "", "1").want(t, "event: gap", `data: {"evicted_up_to":2}`, "event: begin", "id: 3")
}

// slow is a reader that takes nothing from the second event on.
type slow struct {
	*httptest.ResponseRecorder
	writes  int
	stuck   chan struct{}
	release chan struct{}
}

func (s *slow) Write(data []byte) (int, error) {
	if s.writes++; s.writes == 2 {
		close(s.stuck)
		<-s.release
	}
	return s.ResponseRecorder.Write(data)
}

func (s *slow) FlushError() error                { return nil }
func (s *slow) SetWriteDeadline(time.Time) error { return nil }

// TestSlowReaderIsDropped lets more happen than is kept for a reader.
func TestSlowReaderIsDropped(t *testing.T) {
	f := &fake{history: journal.New(10_000, 1<<30)}
	w := &slow{httptest.NewRecorder(), 0, make(chan struct{}), make(chan struct{})}
	r := httptest.NewRequest("GET", "http://127.0.0.1/api/v1/journal/stream?since=0", nil)
	f.history.Begin(journal.Exchange{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Handler(f, Options{}).ServeHTTP(w, r)
	}()
	<-w.stuck
	for range 2000 {
		f.history.Begin(journal.Exchange{})
	}
	close(w.release)
	<-ended
	if !strings.Contains(w.Body.String(), "event: dropped\ndata: {\"detail\":\"events came faster") {
		t.Errorf("got %s", w.Body)
	}
}

// TestReaderLeaves holds that the place of a reader who leaves becomes free.
func TestReaderLeaves(t *testing.T) {
	f := &fake{history: journal.New(10, 1<<20)}
	for range 200 {
		ctx, leave := context.WithCancel(t.Context())
		leave()
		w := httptest.NewRecorder()
		Handler(f, Options{}).ServeHTTP(w, httptest.NewRequestWithContext(ctx, "GET", "http://127.0.0.1/api/v1/journal/stream", nil))
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
}

func TestTooManyStreams(t *testing.T) {
	f := &fake{history: journal.New(10, 1<<20)}
	for {
		w, err := f.history.Watch("")
		if err != nil {
			break
		}
		defer w.Close()
	}
	if w := ask(f, "GET", "/api/v1/journal/stream"); w.Code != 503 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// beating is a server whose clock has the time of one heartbeat.
type beating struct {
	*fake
	beats chan struct{}
}

func (b beating) Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-b.beats:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestHeartbeat(t *testing.T) {
	b := beating{&fake{history: journal.New(10, 1<<20)}, make(chan struct{}, 2)}
	s := httptest.NewServer(Handler(b, Options{}))
	defer s.Close()
	answer, err := http.Get(s.URL + "/api/v1/journal/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	r := &reading{bufio.NewScanner(answer.Body), answer}
	b.beats <- struct{}{}
	r.want(t, ": nothing new")
	b.beats <- struct{}{}
	r.want(t, ": nothing new")
	b.history.Begin(journal.Exchange{})
	r.want(t, "event: begin")
	answer.Body.Close()
}

func TestVerifyRequests(t *testing.T) {
	for body, want := range map[string]string{
		`{"count":3}`: `200 {"ok":true,"count":3,"exchanges":[1,2,3]}`,
		`{"match":{"operation":"chat","model":"qwen-*","error":"Throttling.RateQuota","status":429,"cause":"rule","rule":"quota","key":"sk-0***ef","dialect":"dashscope-native","body_contains":"qwen"},"at_least":1,"at_most":1}`: `200 {"ok":true,"count":1,"exchanges":[1]}`,
		`{"match":{"status":200},"at_least":1}`: `200 {"ok":false,"count":0,"exchanges":[],"near":[{"exchange":3,"field":"status","want":"200","got":"0"},`,
		`{"at_most":0}`:                         `200 {"ok":false,"count":3,"exchanges":[1,2,3]}`,

		``:                                    `"pointer":""`,
		`[]`:                                  `"an object in JSON is wanted here","pointer":""`,
		`{"count":1} {}`:                      `an object in JSON`,
		`null`:                                `an object in JSON`,
		`{}`:                                  `"pointer":"/count"`,
		`{"cuont":1}`:                         `did you mean \"count\"?","pointer":"/cuont"`,
		`{"count":1,"match":{"modle":"x"}}`:   `did you mean \"model\"?","pointer":"/match/modle"`,
		`{"count":1,"match":{"a/b~":"x"}}`:    `"pointer":"/match/a~1b~0"`,
		`{"count":1,"match":[]}`:              `"pointer":"/match"`,
		`{"count":-1}`:                        `-1 is no whole number from 0","pointer":"/count"`,
		`{"count":null}`:                      `"pointer":"/count"`,
		`{"count":1.5}`:                       `"pointer":"/count"`,
		`{"count":1,"at_least":1}`:            `count goes with neither`,
		`{"at_least":2,"at_most":1}`:          `at_least is more than at_most`,
		`{"count":1,"match":{"status":"x"}}`:  `"pointer":"/match/status"`,
		`{"count":1,"match":{"status":42}}`:   `42 is no HTTP status`,
		`{"count":1,"match":{"model":""}}`:    `"pointer":"/match/model"`,
		`{"count":1,"match":{"model":null}}`:  `"pointer":"/match/model"`,
		`{"count":1,"match":{"error":"Thr"}}`: `"pointer":"/match/error"`,
		`{"count":1,"match":{"key":"sk-01"}}`: `a key is given redacted`,
		`{"count":1,"match":{"cause":"x"}}`:   `"pointer":"/match/cause"`,
		`{"count":1,"match":{"dialect":"x"}}`: `"pointer":"/match/dialect"`,
	} {
		r := httptest.NewRequest("POST", "http://127.0.0.1/api/v1/verify", strings.NewReader(body))
		w := httptest.NewRecorder()
		Handler(filled(), Options{}).ServeHTTP(w, r)
		status := 400
		if strings.HasPrefix(want, "200 ") {
			status, want = 200, want[4:]
		}
		if w.Code != status || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%.80s: got %d %.500s, want %d with %s", body, w.Code, w.Body, status, want)
		}
	}
}

func TestVerifyIsLoudWhenEvicted(t *testing.T) {
	r := httptest.NewRequest("POST", "http://127.0.0.1/api/v1/verify", strings.NewReader(`{"at_most":2}`))
	w := httptest.NewRecorder()
	Handler(&fake{}, Options{}).ServeHTTP(w, r)
	if w.Code != 409 || !strings.Contains(w.Body.String(), "3 more were evicted") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
