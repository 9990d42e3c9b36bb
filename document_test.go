package mockllm

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// TestFilesAreParsed: what is asked about a file that was just uploaded is
// refused until the file is parsed, in vendor time.
func TestFilesAreParsed(t *testing.T) {
	c := newCaller(t, "speed = 2")
	id := func(purpose, content string) string {
		t.Helper()
		_, text := c.upload(compatibleBase+"/files", "purpose="+purpose, "file=@a.txt:"+content)
		return gjson.Get(text, "id").Str
	}
	good, blank, other := id("file-extract", "Once."), id("file-extract", " "), id("batch", "{}")
	about := func(model string, ids ...string) string {
		return `{"model":"` + model + `","messages":[{"role":"system","content":"fileid://` + strings.Join(ids, ",fileid://") + `"},{"role":"user","content":"What is it about?"}]}`
	}
	const path = compatibleBase + "/chat/completions"
	early := "File parsing in progress, please try again later."
	c.refuse(http.MethodPost, path, about("qwen-long", good), http.StatusBadRequest, early)
	c.refuse(http.MethodPost, "/api/v1/services/aigc/text-generation/generation",
		`{"model":"qwen-long","input":`+strings.Replace(about("qwen-long", good), `"model":"qwen-long",`, "", 1)+`}`, http.StatusBadRequest, early)
	c.do(http.MethodPost, path, about("qwen-plus", good))
	c.clock.Advance(999 * time.Millisecond)
	c.refuse(http.MethodPost, path, about("qwen-long", good), http.StatusBadRequest, early)
	c.clock.Advance(time.Millisecond)
	c.do(http.MethodPost, path, about("qwen-long", good))
	for ids, want := range map[string]string{
		"file-fe-none":              "File [id:file-fe-none] cannot be found.",
		good + ",fileid://" + blank: "File [id:" + blank + "] content blank.",
		other:                       "Invalid file [id:" + other + "].",
		strings.Repeat(good+",fileid://", 100) + good: "Too many files provided.",
	} {
		c.refuse(http.MethodPost, path, about("qwen-long", ids), http.StatusBadRequest, want)
	}
}

// TestFilesAndDeploymentsFinish: once they are ready they are forgotten before
// what still runs.
func TestFilesAndDeploymentsFinish(t *testing.T) {
	clock, state := play.NewManual(goldenTime), untilState{scenarios.NewMemory(), map[string]time.Time{}}
	c := caller{t, RunT(t, WithClock(clock), WithState(state)), clock, "sk-any"}
	want := func(kind string, after time.Duration) {
		t.Helper()
		if got := state.until[kind].Sub(goldenTime); got != after {
			t.Errorf("%s is finished after %v, want %v", kind, got, after)
		}
	}
	c.upload(compatibleBase+"/files", "purpose=file-extract", "file=@a.txt:a")
	want("dashscope-file", 2*time.Second)
	c.upload("/api/v1/files", "purpose=batch", "files=@a.txt:a")
	want("dashscope-file", 0)
	c.upload("/v2/files", "purpose=batch", "file=@a.txt:a")
	want("qianfan-file", 0)
	path := "/api/v1/deployments/" + c.do(http.MethodPost, "/api/v1/deployments", `{"model_name":"qwen-plus"}`).Get("output.deployed_model").Str
	want("dashscope-deployment", 5*time.Second)
	clock.Advance(time.Minute)
	c.do(http.MethodPut, path+"/scale", `{"capacity":4}`)
	want("dashscope-deployment", 65*time.Second)
}
