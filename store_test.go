package mockllm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// A caller keeps a server, its clock and a key.
type caller struct {
	t     *testing.T
	srv   *Server
	clock *play.Manual
	key   string
}

func newCaller(t *testing.T, scenario string) caller {
	clock := play.NewManual(goldenTime)
	return caller{t, RunT(t, ScenarioText(scenario), WithClock(clock)), clock, "sk-any"}
}

// send sends a request and returns what comes back.
func (c caller) send(method, path, contentType, body string) (int, string) {
	c.t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = c.srv.URL() + path
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// do sends JSON and wants JSON back, with status 200.
func (c caller) do(method, path, body string) gjson.Result {
	c.t.Helper()
	status, text := c.send(method, path, "application/json", body)
	if status != http.StatusOK || !gjson.Valid(text) {
		c.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return gjson.Parse(text)
}

// refuse wants that status, and that text in the answer.
func (c caller) refuse(method, path, body string, status int, want string) {
	c.t.Helper()
	if got, text := c.send(method, path, "application/json", body); got != status || !strings.Contains(text, want) {
		c.t.Errorf("%s %s: %d %s, want %d and %s", method, path, got, text, status, want)
	}
}

// upload sends a form of fields and files, each "name=value" or
// "name=@file:content".
func (c caller) upload(path string, parts ...string) (int, string) {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		file, content, isFile := strings.Cut(strings.TrimPrefix(value, "@"), ":")
		if !isFile || !strings.HasPrefix(value, "@") {
			form.WriteField(name, value)
			continue
		}
		w, err := form.CreateFormFile(name, file)
		if err != nil {
			c.t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	form.Close()
	return c.send(http.MethodPost, path, form.FormDataContentType(), body.String())
}

// batchInput is an input file of so many chats.
func batchInput(url string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"custom_id":"c%d","method":"POST","url":%q,"body":{"model":"qwen-plus","messages":[{"role":"user","content":"%d?"}]}}`+"\n", i+1, url, i)
	}
	return b.String()
}

// newBatch uploads an input file and makes a batch of it.
func (c caller) newBatch(base, url, input string) gjson.Result {
	c.t.Helper()
	status, text := c.upload(base+"/files", "purpose=batch", "file=@in.jsonl:"+input)
	if status != http.StatusOK {
		c.t.Fatalf("upload: %d %s", status, text)
	}
	return c.do(http.MethodPost, base+"/batches", fmt.Sprintf(`{"input_file_id":%q,"endpoint":%q,"completion_window":"24h","metadata":{"ds_name":"n"}}`,
		gjson.Get(text, "id").Str, url))
}

const (
	compatibleBase = "/compatible-mode/v1"
	v2Base         = "/v2"
)

// TestBatchLife walks a batch through its states on both vendors, and compares
// an answer in it with what the same call gets alone.
func TestBatchLife(t *testing.T) {
	for _, v := range []struct {
		base, url, chat string
		states          [4]string
	}{
		{compatibleBase, "/v1/chat/completions", chatPath, [4]string{"validating", "in_progress", "finalizing", "completed"}},
		{v2Base, "/v2/chat/completions", "/v2/chat/completions", [4]string{"Queuing", "Running", "Running", "Done"}},
	} {
		t.Run(v.base, func(t *testing.T) {
			c := newCaller(t, "")
			b := c.newBatch(v.base, v.url, batchInput(v.url, 3))
			path := v.base + "/batches/" + b.Get("id").Str
			if b.Get("status").Str != v.states[0] || b.Get("request_counts.total").Int() != 0 || b.Get("metadata.ds_name").Str != "n" {
				t.Errorf("made: %s", b.Raw)
			}
			for i, after := range []time.Duration{time.Second, 10 * time.Second, time.Second} {
				c.clock.Advance(after)
				if b = c.do(http.MethodGet, path, ""); b.Get("status").Str != v.states[i+1] || b.Get("request_counts.total").Int() != 3 {
					t.Errorf("then: %s", b.Raw)
				}
			}
			if b.Get("request_counts.completed").Int() != 3 || b.Get("completed_at").Int() != goldenTime.Unix()+12 || b.Get("error_file_id").Type != gjson.Null {
				t.Errorf("at the end: %s", b.Raw)
			}
			_, output := c.send(http.MethodGet, v.base+"/files/"+b.Get("output_file_id").Str+"/content", "", "")
			lines := strings.Split(strings.TrimSpace(output), "\n")
			alone := c.do(http.MethodPost, v.chat, `{"model":"qwen-plus","messages":[{"role":"user","content":"1?"}]}`)
			if len(lines) != 3 || gjson.Get(lines[1], "custom_id").Str != "c2" || gjson.Get(lines[1], "response.status_code").Int() != 200 ||
				gjson.Get(lines[1], "response.body.choices").Raw != alone.Get("choices").Raw || gjson.Get(lines[1], "error").Type != gjson.Null {
				t.Errorf("output %s\nalone %s", output, alone.Raw)
			}
			c.refuse(http.MethodPost, path+"/cancel", "", 400, "")
			if got := c.do(http.MethodGet, v.base+"/batches?limit=5", "").Get("data.#.id").String(); got != `["`+b.Get("id").Str+`"]` {
				t.Errorf("batches %s", got)
			}
		})
	}
}

func TestBatchFailsOnItsFile(t *testing.T) {
	c := newCaller(t, "")
	b := c.newBatch(compatibleBase, "/v1/chat/ds-test", batchInput("/v1/chat/completion", 1))
	c.clock.Advance(time.Second)
	b = c.do(http.MethodGet, compatibleBase+"/batches/"+b.Get("id").Str, "")
	want := `{"object":"list","data":[{"code":"url_not_found","message":"The provided url '/v1/chat/completion' is not supported by the Batch API.","param":"url","line":1}]}`
	if b.Get("status").Str != "failed" || b.Get("errors").Raw != want || b.Get("failed_at").Int() != goldenTime.Unix()+1 || b.Get("in_progress_at").Type != gjson.Null {
		t.Errorf("batch %s", b.Raw)
	}
	b = c.newBatch(v2Base, "/v2/chat/completions", batchInput("/v1/chat/completion", 1))
	c.clock.Advance(time.Second)
	b = c.do(http.MethodGet, "/v2/batches/"+b.Get("id").Str, "")
	if b.Get("status").Str != "Failed" || b.Get("errors.code").Str != "url_not_found" {
		t.Errorf("batch %s", b.Raw)
	}
}

func TestBatchIsCancelled(t *testing.T) {
	c := newCaller(t, "speed = 10")
	b := c.newBatch(compatibleBase, "/v1/chat/completions", batchInput("/v1/chat/completions", 4))
	path := compatibleBase + "/batches/" + b.Get("id").Str
	c.clock.Advance(600 * time.Millisecond) // Six seconds of the vendor's: half of the lines.
	if b = c.do(http.MethodPost, path+"/cancel", ""); b.Get("status").Str != "cancelling" {
		t.Errorf("batch %s", b.Raw)
	}
	c.do(http.MethodPost, path+"/cancel", "")
	c.clock.Advance(100 * time.Millisecond)
	if b = c.do(http.MethodGet, path, ""); b.Get("status").Str != "cancelled" || b.Get("request_counts").Raw != `{"total":4,"completed":2,"failed":2}` {
		t.Errorf("batch %s", b.Raw)
	}
	_, output := c.send(http.MethodGet, compatibleBase+"/files/"+b.Get("output_file_id").Str+"/content", "", "")
	_, failures := c.send(http.MethodGet, compatibleBase+"/files/"+b.Get("error_file_id").Str+"/content", "", "")
	if got := gjson.Get(output, "..#.custom_id").String() + gjson.Get(failures, "..#.error.code").String(); got != `["c1","c2"]["batch_cancelled","batch_cancelled"]` {
		t.Errorf("files say %s", got)
	}
}

func TestBatchByScenario(t *testing.T) {
	c := newCaller(t, `
		[[rule]]
		name  = "some lines fail"
		match = { operation = "batch", method = "POST", dialect = "dashscope-compatible" }
		when  = { calls = 1 }
		reply = { batch = { validating = "0s", running = "2s", finalizing = "0s", failed_lines = [2, 99], error = "Throttling.RateQuota" } }
		[[rule]]
		name  = "it expires"
		match = { operation = "batch", method = "POST" }
		when  = { calls = 2 }
		reply = { batch = { outcome = "expired", running = "1h" } }
		[[rule]]
		name  = "it fails"
		match = { operation = "batch", method = "POST" }
		when  = { calls = 3 }
		reply = { batch = { outcome = "failed", error = "dashscope/batch/model_not_found", failed_lines = [3] } }`)
	made := func() string {
		b := c.newBatch(compatibleBase, "/v1/chat/completions", batchInput("/v1/chat/completions", 4))
		return compatibleBase + "/batches/" + b.Get("id").Str
	}
	first, second, third := made(), made(), made()
	c.clock.Advance(2 * time.Second)
	b := c.do(http.MethodGet, first, "")
	if b.Get("status").Str != "completed" || b.Get("request_counts").Raw != `{"total":4,"completed":3,"failed":1}` {
		t.Errorf("batch %s", b.Raw)
	}
	_, failures := c.send(http.MethodGet, compatibleBase+"/files/"+b.Get("error_file_id").Str+"/content", "", "")
	if gjson.Get(failures, "custom_id").Str != "c2" || gjson.Get(failures, "response.status_code").Int() != 429 ||
		gjson.Get(failures, "response.body.error.code").Str != "limit_requests" || gjson.Get(failures, "error.code").Str != "limit_requests" {
		t.Errorf("failures %s", failures)
	}
	if b = c.do(http.MethodGet, third, ""); b.Get("status").Str != "failed" || b.Get("errors.data.0.code").Str != "model_not_found" || b.Get("errors.data.0.line").Int() != 3 {
		t.Errorf("batch %s", b.Raw)
	}
	c.clock.Advance(time.Hour)
	if b = c.do(http.MethodGet, second, ""); b.Get("status").Str != "expired" || b.Get("expired_at").Int() != goldenTime.Unix()+3601 || b.Get("request_counts.completed").Int() != 2 {
		t.Errorf("batch %s", b.Raw)
	}
	if got := c.do(http.MethodGet, compatibleBase+"/batches?status=expired,failed", "").Get("data.#").Int(); got != 2 {
		t.Errorf("%d batches have expired or failed", got)
	}
}

// TestFilesOnBothFaces: DashScope's files are the same on both of its APIs,
// and none of Qianfan's, nor of another namespace.
func TestFilesOnBothFaces(t *testing.T) {
	c := newCaller(t, "")
	status, text := c.upload("/api/v1/files", "purpose=file-extract", "files=@a b.txt:hello", "files=@b.bin:\x00\xff\n", "descriptions=one")
	if status != 200 || gjson.Get(text, "data.uploaded_files.#").Int() != 2 {
		t.Fatalf("upload: %d %s", status, text)
	}
	id, other := gjson.Get(text, "data.uploaded_files.0.file_id").Str, gjson.Get(text, "data.uploaded_files.1.file_id").Str
	f := c.do(http.MethodGet, "/api/v1/files/"+id, "").Get("data")
	if f.Get("name").Str != "a b.txt" || f.Get("size").Int() != 5 || f.Get("md5").Str != "XUFAKrxLKna5cZ2REBfFkg==" || f.Get("description").Str != "one" ||
		f.Get("gmt_create").Str != "2026-05-28 16:00:00" {
		t.Errorf("file %s", f.Raw)
	}
	if _, content := c.send(http.MethodGet, f.Get("url").Str, "", ""); content != "hello" {
		t.Errorf("content %q", content)
	}
	if _, content := c.send(http.MethodGet, compatibleBase+"/files/"+other+"/content", "", ""); content != "\x00\xff\n" {
		t.Errorf("content %q", content)
	}
	if got := c.do(http.MethodGet, compatibleBase+"/files?limit=1", ""); got.Get("data.0.id").Str != other || !got.Get("has_more").Bool() {
		t.Errorf("files %s", got.Raw)
	}
	if got := c.do(http.MethodGet, compatibleBase+"/files?limit=1&after="+other, ""); got.Get("data.0.id").Str != id || got.Get("has_more").Bool() {
		t.Errorf("files %s", got.Raw)
	}
	elsewhere := c
	elsewhere.key = "sk-mockllm-ns-blue"
	elsewhere.refuse(http.MethodGet, "/api/v1/files/"+id, "", 400, "File not found.")
	c.refuse(http.MethodGet, "/v2/files/"+id, "", 400, "invalid_retrieve_file")
	c.do(http.MethodDelete, compatibleBase+"/files/"+id, "")
	c.do(http.MethodDelete, "/api/v1/files/"+other, "")
	if got := c.do(http.MethodGet, "/api/v1/files", "").Get("data.total").Int(); got != 0 {
		t.Errorf("%d files are left", got)
	}
}

func TestBatchesOfEachNamespace(t *testing.T) {
	c := newCaller(t, "")
	b := c.newBatch(compatibleBase, "/v1/chat/completions", batchInput("/v1/chat/completions", 1))
	elsewhere := c
	elsewhere.key = "sk-mockllm-ns-blue"
	elsewhere.refuse(http.MethodGet, compatibleBase+"/batches/"+b.Get("id").Str, "", 404, "NotFound")
	elsewhere.refuse(http.MethodPost, compatibleBase+"/batches", `{"input_file_id":"`+b.Get("input_file_id").Str+
		`","endpoint":"/v1/chat/completions","completion_window":"24h"}`, 400, "cannot be found")
}

func TestAssistantsFilesAreNotDownloaded(t *testing.T) {
	c := newCaller(t, "")
	_, text := c.upload("/v2/files", "purpose=assistants", "file=@a.txt:x")
	c.refuse(http.MethodGet, "/v2/files/"+gjson.Get(text, "id").Str+"/content", "", 400, "Not allowed to download files of purpose:assistants")
}

// TestUploadWithPolicy sends a file where a policy says, as clients do before
// they name it to a model.
func TestUploadWithPolicy(t *testing.T) {
	c := newCaller(t, "")
	p := c.do(http.MethodGet, "/api/v1/uploads?action=getPolicy&model=qwen-vl-plus", "").Get("data")
	send := func(parts ...string) int {
		status, _ := c.upload(p.Get("upload_host").Str, append([]string{
			"OSSAccessKeyId=" + p.Get("oss_access_key_id").Str, "Signature=" + p.Get("signature").Str,
			"x-oss-object-acl=private", "x-oss-forbid-overwrite=true", "key=" + p.Get("upload_dir").Str + "/a.png", "file=@a.png:png",
		}, parts...)...)
		return status
	}
	policy := "policy=" + p.Get("policy").Str
	for _, want := range []struct {
		status int
		parts  []string
	}{{200, []string{policy, "success_action_status=200"}}, {204, []string{policy}}, {403, nil}, {400, []string{policy, "file=@b.png:png"}}} {
		if got := send(want.parts...); got != want.status {
			t.Errorf("status %d, want %d for %q", got, want.status, want.parts)
		}
	}
	c.clock.Advance(301 * time.Second)
	if got := send(policy); got != 403 {
		t.Errorf("status %d with an old policy", got)
	}
}

func TestTuningLife(t *testing.T) {
	c := newCaller(t, "")
	const jobs = "/api/v1/fine-tunes"
	made := c.do(http.MethodPost, jobs, `{"model":"qwen3-14b","training_file_ids":["a"],"hyper_parameters":{"n_epochs":3}}`).Get("output")
	path := jobs + "/" + made.Get("job_id").Str
	state := func() string { return c.do(http.MethodGet, path, "").Get("output.status").Str }
	if got := state(); got != "PENDING" {
		t.Errorf("at once: %s", got)
	}
	c.clock.Advance(3 * time.Second)
	if got := state(); got != "RUNNING" {
		t.Errorf("then: %s", got)
	}
	c.clock.Advance(time.Minute)
	job := c.do(http.MethodGet, path, "").Get("output")
	if job.Get("status").Str != "SUCCEEDED" || job.Get("finetuned_output").Str != "qwen3-14b-"+made.Get("job_id").Str || job.Get("end_time").Str != "2026-05-28 16:01:02" {
		t.Errorf("job %s", job.Raw)
	}
	logs := c.do(http.MethodGet, path+"/logs?offset=1&line=3", "").Get("output")
	if logs.Get("logs.#").Int() != 3 || logs.Get("total").Int() != 8 {
		t.Errorf("logs %s", logs.Raw)
	}
	c.do(http.MethodGet, path+"/export/checkpoint-1?model_name=mine", "")
	c.refuse(http.MethodGet, path+"/export/checkpoint-4?model_name=mine", "", 404, "NotFound")
	if got := c.do(http.MethodGet, path+"/checkpoints", "").Get("output.#.status").String(); got != `["SUCCEEDED","PENDING","SUCCEEDED"]` {
		t.Errorf("checkpoints %s", got)
	}
	c.refuse(http.MethodPost, path+"/cancel", "", 400, `{"code":"UnsupportedOperation","request_id":"`)
	c.refuse(http.MethodDelete, path, "", 400, "can not be deleted")
	if got := c.do(http.MethodGet, "/api/v1/deployments/models?page_size=200", "").Raw; !strings.Contains(got, job.Get("finetuned_output").Str) {
		t.Errorf("what was made cannot be deployed: %s", got)
	}

	second := jobs + "/" + c.do(http.MethodPost, jobs, `{"model":"m","training_file_ids":["a"]}`).Get("output.job_id").Str
	c.do(http.MethodPost, second+"/cancel", "")
	if got := c.do(http.MethodGet, second, "").Get("output"); got.Get("status").Str != "CANCELED" || got.Get("usage").Int() != 0 {
		t.Errorf("job %s", got.Raw)
	}
	for i := range 19 {
		c.do(http.MethodPost, jobs, fmt.Sprintf(`{"model":"m%d","training_file_ids":["a"]}`, i))
	}
	c.refuse(http.MethodPost, jobs, `{"model":"m","training_file_ids":["b"]}`, 429, "Only 20 fine-tune job in running or succeeded allowed per user.")
	if got := c.do(http.MethodGet, jobs+"?page_no=3&page_size=10", "").Get("output"); got.Get("total").Int() != 21 || got.Get("jobs.#").Int() != 1 {
		t.Errorf("jobs %s", got.Raw)
	}
}

func TestDeploymentLife(t *testing.T) {
	c := newCaller(t, "")
	const all = "/api/v1/deployments"
	made := c.do(http.MethodPost, all, `{"model_name":"qwen-plus","capacity":2,"suffix":"s"}`).Get("output")
	path := all + "/" + made.Get("deployed_model").Str
	show := func(want string) {
		t.Helper()
		d := c.do(http.MethodGet, path, "").Get("output")
		if got := fmt.Sprint(d.Get("status").Str, d.Get("ready_capacity").Raw, d.Get("capacity").Raw); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	show("PENDING02")
	c.clock.Advance(5 * time.Second)
	show("RUNNING22")
	c.do(http.MethodPut, path+"/scale", `{"capacity":4}`)
	show("UPDATING24")
	c.clock.Advance(5 * time.Second)
	show("RUNNING44")
	if got := c.do(http.MethodPut, path+"/update", `{"rpm_limit":1000}`).Get("output.rpm_limit").Int(); got != 1000 {
		t.Errorf("limit %d", got)
	}
	c.refuse(http.MethodPut, path+"/scale", `{"capacity":1.5}`, 400, "Invalid capacity (1.5)")
	c.refuse(http.MethodPost, all, `{"model_name":"qwen-plus","suffix":"s"}`, 409, `"code":"Conflict"`)
	if got := c.do(http.MethodGet, all, "").Get("output.deployments.#").Int(); got != 1 {
		t.Errorf("%d deployments", got)
	}
	if got := c.do(http.MethodDelete, path, "").Get("output.status").Str; got != "DELETING" {
		t.Errorf("deleted: %s", got)
	}
	c.refuse(http.MethodGet, path, "", 404, "not found!")
}

// TestTemporaryKeys: a key works until its end, in vendor time.
func TestTemporaryKeys(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, ScenarioText("speed = 2"), WithClock(clock))
	c := caller{t, srv, clock, "sk-mockllm-ns-blue"}
	issued := c.do(http.MethodPost, "/api/v1/tokens?expire_in_seconds=600", "")
	if issued.Get("expires_at").Int() != goldenTime.Unix()+300 {
		t.Errorf("issued %s", issued.Raw)
	}
	if len(srv.Journal()) != 0 {
		t.Error("the call stands in the default namespace")
	}
	c.key = issued.Get("token").Str
	c.do(http.MethodGet, "/api/v1/files", "")
	clock.Advance(299 * time.Second)
	c.do(http.MethodGet, "/api/v1/files", "")
	clock.Advance(time.Second)
	c.refuse(http.MethodGet, "/api/v1/files", "", 401, "InvalidApiKey")
	if exchanges := srv.Namespace("blue").Journal(); len(exchanges) != 4 {
		t.Errorf("%d exchanges in the namespace of the key that asked for it, want 4", len(exchanges))
	}
}

// untilState notes when the records of each kind are finished, by what was
// said of them last.
type untilState struct {
	scenarios.State
	until map[string]time.Time
}

func (u untilState) Commit(ctx context.Context, namespace string, now time.Time, changes []scenarios.Change) (int, error) {
	for _, c := range changes {
		u.until[c.Kind] = c.Until
	}
	return u.State.Commit(ctx, namespace, now, changes)
}

// TestFinishedWithTheirBatch: what a batch writes is finished when the batch
// is, or thousands of empty places would outlive their batches and push out
// what is still asked for. A job that was cancelled is finished at once, and so
// is a response.
func TestFinishedWithTheirBatch(t *testing.T) {
	clock, state := play.NewManual(goldenTime), untilState{scenarios.NewMemory(), map[string]time.Time{}}
	c := caller{t, RunT(t, WithClock(clock), WithState(state)), clock, "sk-any"}
	c.newBatch(compatibleBase, "/v1/chat/completions", batchInput("/v1/chat/completions", 1))
	for _, kind := range []string{"dashscope-batch", "dashscope-file"} {
		if got := state.until[kind].Sub(goldenTime); got != 12*time.Second {
			t.Errorf("%s is finished after %v", kind, got)
		}
	}
	c.do(http.MethodPost, "/compatible-mode/v1/responses", `{"model":"qwen-plus","input":"hi"}`)
	if got := state.until["response"].Sub(goldenTime); got != 0 {
		t.Errorf("a response is finished after %v", got)
	}
	job := c.do(http.MethodPost, "/api/v1/fine-tunes", `{"model":"m","training_file_ids":["a"]}`).Get("output.job_id").Str
	clock.Advance(time.Second)
	c.do(http.MethodPost, "/api/v1/fine-tunes/"+job+"/cancel", "")
	if got := state.until["dashscope-fine-tune"].Sub(goldenTime); got != time.Second {
		t.Errorf("a cancelled job is finished after %v", got)
	}
}
