package mockllm

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

const (
	picturePath = "/api/v1/services/aigc/text2image/image-synthesis"
	pictureBody = `{"model":"wanx-v1","input":{"prompt":"A cat."},"parameters":{"n":2}}`
	tasks       = "/api/v1/tasks"
)

// createTask asks for pictures and returns the task's id.
func createTask(t *testing.T, base string) string {
	t.Helper()
	status, body := post(t, base+picturePath, pictureBody, "X-DashScope-Async", "enable")
	id := gjson.Get(body, "output.task_id").Str
	if status != 200 || id == "" {
		t.Fatalf("created: %d %s", status, body)
	}
	return id
}

// look gets what the task service says below a path.
func look(t *testing.T, url string) gjson.Result {
	t.Helper()
	status, _, body := fetch(t, url)
	if status != 200 {
		t.Fatalf("%s: %d %s", url, status, body)
	}
	return gjson.ParseBytes(body)
}

func fetch(t *testing.T, url string) (status int, contentType string, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk-test")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header.Get("Content-Type"), body
}

func statusOfTask(t *testing.T, base, id string) string {
	t.Helper()
	return look(t, base+tasks+"/"+id).Get("output.task_status").Str
}

// TestTaskFromCreateToPicture is the life of a task, up to the picture in the
// client's hands.
func TestTaskFromCreateToPicture(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), WithSpeed(10))
	id := createTask(t, srv.URL())
	for _, step := range []struct {
		wait time.Duration
		want string
	}{{0, "PENDING"}, {199 * time.Millisecond, "PENDING"}, {time.Millisecond, "RUNNING"}, {799 * time.Millisecond, "RUNNING"}, {time.Millisecond, "SUCCEEDED"}} {
		clock.Advance(step.wait)
		if got := statusOfTask(t, srv.URL(), id); got != step.want {
			t.Fatalf("%v later: %s, want %s", step.wait, got, step.want)
		}
	}
	urls := look(t, srv.URL()+tasks+"/"+id).Get("output.results.#.url").Array()
	var pictures [][]byte
	for _, u := range urls {
		status, contentType, body := fetch(t, u.Str)
		if _, err := png.Decode(bytes.NewReader(body)); status != 200 || contentType != "image/png" || err != nil {
			t.Errorf("%s: %d %s %v", u.Str, status, contentType, err)
		}
		pictures = append(pictures, body)
	}
	if len(pictures) != 2 || bytes.Equal(pictures[0], pictures[1]) {
		t.Errorf("%d pictures, not two different ones", len(pictures))
	}
}

// TestResultsOfEachKind fetches what other tasks make.
func TestResultsOfEachKind(t *testing.T) {
	srv := RunT(t, ScenarioText("[tasks]\npending = \"0s\"\nrunning = \"0s\""))
	for _, c := range []struct{ path, body, link, contentType, begins string }{
		{"aigc/video-generation/video-synthesis", `{"model":"wan2.6-t2v","input":{"prompt":"p"}}`, "output.video_url", "video/mp4", "\x00\x00\x00\x20ftyp"},
		{"audio/asr/transcription", `{"model":"paraformer-v2","input":{"file_urls":["http://a/b.wav"]}}`, "output.results.0.transcription_url", "application/json", `{"properties":`},
		{"embeddings/text-embedding/text-embedding", `{"model":"text-embedding-async-v2","input":{"url":"http://a/b.txt"}}`, "output.url", "application/gzip", "\x1f\x8b"},
	} {
		status, body := post(t, srv.URL()+"/ns/n/api/v1/services/"+c.path, c.body, "X-DashScope-Async", "enable")
		id := gjson.Get(body, "output.task_id").Str
		link := look(t, srv.URL()+"/ns/n"+tasks+"/"+id).Get(c.link).Str
		if status != 200 || !strings.HasPrefix(link, srv.URL()+"/ns/n/mockllm-files/") {
			t.Fatalf("%s: %d %s, link %q", c.path, status, body, link)
		}
		status, contentType, file := fetch(t, link)
		if status != 200 || contentType != c.contentType || !strings.HasPrefix(string(file), c.begins) {
			t.Errorf("%s: %d %s %.20q", link, status, contentType, file)
		}
		if _, _, again := fetch(t, link); !bytes.Equal(file, again) {
			t.Errorf("%s is another file the second time", link)
		}
		if strings.HasSuffix(link, ".gz") {
			checkVectors(t, file)
		}
	}
}

func checkVectors(t *testing.T, packed []byte) {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for i, line := range lines {
		if !json.Valid([]byte(line)) || gjson.Get(line, "output.text_index").Int() != int64(i) || len(gjson.Get(line, "output.embedding").Array()) != 1536 {
			t.Errorf("line %d is %.80s", i, line)
		}
	}
	if len(lines) != 2 {
		t.Errorf("%d lines", len(lines))
	}
}

// TestQianfanPictureCanBeFetched: an address in V2's answer leads to a picture.
func TestQianfanPictureCanBeFetched(t *testing.T) {
	srv := RunT(t)
	_, body := post(t, srv.URL()+"/v2/images/generations", `{"model":"irag-1.0","prompt":"A cat.","size":"512x1024"}`)
	status, _, file := fetch(t, gjson.Get(body, "data.0.url").Str)
	picture, err := png.Decode(bytes.NewReader(file))
	if status != 200 || err != nil || picture.Bounds().Dx() != 32 || picture.Bounds().Dy() != 64 {
		t.Errorf("%s: %d %v", body, status, err)
	}
}

// TestLostAnswerLeavesTheTask: the call was accepted and counted, whatever the
// client sees of it.
func TestLostAnswerLeavesTheTask(t *testing.T) {
	for _, fault := range []string{`"reset"`, `"empty"`, `{ kind = "hang", for = "1ms" }`} {
		srv := RunT(t, ScenarioText(`
			[[rule]]
			name  = "lost"
			match = { operation = "image" }
			when  = { calls = 1 }
			reply = { task = { outcome = "failed", error = "InvalidFile.Content" } }
			fault = `+fault))
		answer, err := http.DefaultClient.Do(pictureRequest(t, srv.URL()))
		if err == nil {
			answer.Body.Close()
			t.Fatalf("%s: the answer arrived", fault)
		}
		list := look(t, srv.URL()+tasks)
		if list.Get("total").Int() != 1 || list.Get("data.0.status").Str != "PENDING" {
			t.Errorf("%s: the list is %s", fault, list.Raw)
		}
		if id := createTask(t, srv.URL()); look(t, srv.URL()+tasks).Get("data.#.task_id").Array()[0].Str != id {
			t.Errorf("%s: the second task is not the newest of %s", fault, look(t, srv.URL()+tasks).Raw)
		}
	}
}

func pictureRequest(t *testing.T, base string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+picturePath, strings.NewReader(pictureBody))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer sk-test")
	req.Header.Set("X-DashScope-Async", "enable")
	req.Close = true // A client may send a request again on a connection that was used.
	req.GetBody = nil
	return req
}

// TestRefusedCallLeavesNothing: no task is made by a call that fails.
func TestRefusedCallLeavesNothing(t *testing.T) {
	for name, outcome := range map[string]string{
		"refused":                  `error = "Throttling.RateQuota"`,
		"refused for a status":     "error = \"InvalidFile.Content\"\nstatus = 400",
		"refused for its delivery": "error = \"InvalidFile.Content\"\ndelivery = \"status\"",
		"raw":                      `raw = { status = 502 }`,
	} {
		srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch = { operation = \"image\" }\n"+outcome))
		if status, body := post(t, srv.URL()+picturePath, pictureBody, "X-DashScope-Async", "enable"); status < 400 {
			t.Errorf("%s: %d %s", name, status, body)
		}
		if n := look(t, srv.URL()+tasks).Get("total").Int(); n != 0 {
			t.Errorf("%s: %d tasks", name, n)
		}
	}
}

// TestTaskSteps follows a rule whose tasks end one after the other.
func TestTaskSteps(t *testing.T) {
	srv := RunT(t, ScenarioText(`
		tasks = { pending = "0s", running = "0s" }
		[[rule]]
		name = "r"
		step = [ { error = "InvalidFile.Content" }, { error = "Arrearage", delivery = "task" }, { reply = { task = { outcome = "unknown" } } }, { reply = { task = {} } } ]`))
	for i, want := range []string{"FAILED InvalidFile.Content", "FAILED Arrearage", "UNKNOWN ", "SUCCEEDED ", "SUCCEEDED "} {
		got := look(t, srv.URL()+tasks+"/"+createTask(t, srv.URL())).Get("output")
		if s := got.Get("task_status").Str + " " + got.Get("code").Str; s != want {
			t.Errorf("task %d: %q, want %q", i+1, s, want)
		}
	}
}

// TestCallerChoosesTheFailure: an error of tasks that a header asks for makes a
// task that fails.
func TestCallerChoosesTheFailure(t *testing.T) {
	srv := RunT(t, ScenarioText(`tasks = { pending = "0s", running = "0s" }`))
	_, body := post(t, srv.URL()+picturePath, pictureBody, "X-DashScope-Async", "enable", "X-Mockllm-Error", "InvalidFile.FaceNotMatch")
	got := look(t, srv.URL()+tasks+"/"+gjson.Get(body, "output.task_id").Str).Get("output.code").Str
	if got != "InvalidFile.FaceNotMatch" {
		t.Errorf("%s fails with %q", body, got)
	}
}

// TestTasksOfEachNamespace: nobody sees the tasks of another world, however its
// name is given.
func TestTasksOfEachNamespace(t *testing.T) {
	srv := RunT(t)
	id := createTask(t, srv.URL()+"/ns/blue")
	if got := statusOfTask(t, srv.URL()+"/ns/blue", id); got != "PENDING" {
		t.Errorf("in its namespace: %s", got)
	}
	for _, base := range []string{srv.URL(), srv.URL() + "/ns/green"} {
		if got := statusOfTask(t, base, id); got != "UNKNOWN" {
			t.Errorf("%s sees a task that is %s", base, got)
		}
		if list := look(t, base+tasks); list.Get("total").Int() != 0 {
			t.Errorf("%s lists %s", base, list.Raw)
		}
		if status, body := post(t, base+tasks+"/"+id+"/cancel", ""); status != 400 {
			t.Errorf("%s cancels: %d %s", base, status, body)
		}
	}
	if status, body := post(t, srv.URL()+"/ns/blue"+tasks+"/"+id+"/cancel", ""); status != 200 {
		t.Errorf("cancel: %d %s", status, body)
	}
}

// TestTaskWithoutRecord: a server that never saw a task answers for one that
// goes the usual way, and for no other.
func TestTaskWithoutRecord(t *testing.T) {
	clock := play.NewManual(goldenTime)
	one, other := RunT(t, WithClock(clock)), RunT(t, WithClock(clock))
	scripted := RunT(t, WithClock(clock), ScenarioText("[[rule]]\nname = \"r\"\nreply = { task = { running = \"1h\" } }"))
	usual, special := createTask(t, one.URL()), createTask(t, scripted.URL())
	clock.Advance(10 * time.Second)
	if got := look(t, other.URL()+tasks+"/"+usual); got.Get("output.task_status").Str != "SUCCEEDED" || len(got.Get("output.results").Array()) != 2 {
		t.Errorf("the usual task: %s", got.Raw)
	}
	if got := statusOfTask(t, other.URL(), special); got != "UNKNOWN" {
		t.Errorf("the scripted task: %s", got)
	}
}

// TestTaskKeepsItsSpeed: what a task has come to stays so when a scenario with
// another speed takes over.
func TestTaskKeepsItsSpeed(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), ScenarioText("speed = 60"))
	done := createTask(t, srv.URL())
	clock.Advance(time.Second)
	follow := func(text string) {
		t.Helper()
		scenario, err := scenarios.Load("other.toml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := srv.Follow(scenario); err != nil {
			t.Fatal(err)
		}
	}
	follow("speed = 1")
	if got := statusOfTask(t, srv.URL(), done); got != "SUCCEEDED" {
		t.Errorf("the task that had succeeded is %s now", got)
	}
	slow := createTask(t, srv.URL())
	clock.Advance(time.Second)
	follow("speed = 1000000")
	if got := statusOfTask(t, srv.URL(), slow); got != "PENDING" {
		t.Errorf("the task that was slow is %s now", got)
	}
}

// TestTaskPages lists many tasks page by page, the newest first.
func TestTaskPages(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock))
	var made []string
	for range 5 {
		made = append([]string{createTask(t, srv.URL())}, made...)
		clock.Advance(time.Second)
	}
	for query, want := range map[string][]string{
		"?page_size=2":                 made[:2],
		"?page_size=2&page_no=3":       made[4:],
		"?page_no=99999999999999":      nil,
		"?page_size=0&page_no=-1":      made,
		"?status=RUNNING":              made[1:],
		"?status=PENDING":              made[:1],
		"?model_name=wanx-v1":          made,
		"?model_name=other":            nil,
		"?start_time=20260528160003":   made[:2],
		"?end_time=20260528160001":     made[3:],
		"?start_time=x&end_time=today": made,
	} {
		list := look(t, srv.URL()+tasks+query)
		var got []string
		for _, id := range list.Get("data.#.task_id").Array() {
			got = append(got, id.Str)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

// TestPublicURL: files stand where the option says.
func TestPublicURL(t *testing.T) {
	srv := RunT(t, WithPublicURL("https://mock.example:8443/x/"), ScenarioText(`tasks = { pending = "0s", running = "0s" }`))
	got := look(t, srv.URL()+tasks+"/"+createTask(t, srv.URL())).Get("output.results.0.url").Str
	if !strings.HasPrefix(got, "https://mock.example:8443/x/mockllm-files/image/") {
		t.Errorf("the picture stands at %s", got)
	}
	for _, bad := range []string{"", "mock:8080", "ftp://mock", "http://", "http://mock/?a=b", "http://a:b@mock", "http://mock/#a", "http://:80", "::"} {
		if _, err := New(WithPublicURL(bad)); err == nil || strings.Contains(err.Error(), "a:b@") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// fullState has room for nothing else: each change costs a record.
type fullState struct{ scenarios.State }

func (f fullState) Commit(ctx context.Context, namespace string, now time.Time, changes []scenarios.Change) (int, error) {
	_, err := f.State.Commit(ctx, namespace, now, changes)
	return 1, err
}

// TestForgottenRecordsAreTold in the log and on the admin port.
func TestForgottenRecordsAreTold(t *testing.T) {
	var log bytes.Buffer
	srv := RunT(t, WithState(fullState{scenarios.NewMemory()}), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	createTask(t, srv.URL())
	createTask(t, srv.URL())
	look(t, srv.URL()+tasks) // It changes nothing.
	management := httptest.NewServer(srv.AdminHandler(admin.Options{}))
	defer management.Close()
	var info admin.Info
	if getJSON(t, management.URL+"/version", &info); info.EvictedRecords != 2 {
		t.Errorf("%d records were evicted, want 2", info.EvictedRecords)
	}
	srv.Close()
	if n := strings.Count(log.String(), "too many records"); n != 2 {
		t.Errorf("the log says so %d times", n)
	}
}

// TestTaskMatches: rules find what a call that makes a task says.
func TestTaskMatches(t *testing.T) {
	srv := RunT(t, ScenarioText(`
		[[rule]]
		name  = "cats"
		match = { operation = "image", prompt = "cat", model = "wanx-*" }
		error = "Arrearage"`))
	if status, _ := post(t, srv.URL()+picturePath, pictureBody, "X-DashScope-Async", "enable"); status != 400 {
		t.Errorf("a cat: %d", status)
	}
	if status, _ := post(t, srv.URL()+picturePath, `{"model":"wanx-v1","input":{"prompt":"A dog."}}`, "X-DashScope-Async", "enable"); status != 200 {
		t.Errorf("a dog: %d", status)
	}
}

// TestAmbiguousCreate: the making of a task is unseen and polls fail, as in
// reports of tasks that were paid for twice. Who looks into the list finds the
// one task, and why it failed.
func TestAmbiguousCreate(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), ScenarioText(`
		[[rule]]
		name  = "made, and nobody knows"
		match = { operation = "image" }
		reply = { task = { outcome = "failed", error = "InvalidFile.Content" } }
		fault = "reset"

		[[rule]]
		name  = "polls fail"
		match = { operation = "task", path = "/api/v1/tasks/*" }
		step  = [ { error = "Throttling.RateQuota" }, { error = "InternalError" } ]`))
	if answer, err := http.DefaultClient.Do(pictureRequest(t, srv.URL())); err == nil {
		answer.Body.Close()
		t.Fatal("the answer arrived")
	}
	id := look(t, srv.URL()+tasks+"?model_name=wanx-v1").Get("data.0.task_id").Str
	clock.Advance(10 * time.Second)
	for _, want := range []int{429, 500, 200} {
		status, _, body := fetch(t, srv.URL()+tasks+"/"+id)
		if status != want {
			t.Fatalf("%d %s, want %d", status, body, want)
		}
		if got := gjson.GetBytes(body, "output.code").Str; status == 200 && got != "InvalidFile.Content" {
			t.Errorf("the task fails with %q: %s", got, body)
		}
	}
	if n := look(t, srv.URL()+tasks).Get("total").Int(); n != 1 {
		t.Errorf("%d tasks were made", n)
	}
}
