package mockllm

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestImportLife: a model of one's own is imported over time, can be deployed
// then, and can be removed when it is not being imported.
func TestImportLife(t *testing.T) {
	c := newCaller(t, "")
	const all, deployable = "/api/v1/custom_models/import", "/api/v1/deployments/models?page_size=200"
	ask := func(change ...string) string {
		return strings.NewReplacer(change...).Replace(`{"model_name":"qwen3-32b","source":"oss","weight_type":"full","storage_info":{"bucket_name":"b","object_key":"models/"}}`)
	}
	made := c.do(http.MethodPost, all, ask()).Get("output")
	name, path := made.Get("model_name").Str, all+"/"+made.Get("job_id").Str
	if !strings.HasPrefix(name, "qwen3-32b-offline-20260528-") || made.Get("display_name").Str != "qwen3-32b" || made.Get("weight_type").Str != "full" {
		t.Errorf("made %s", made.Raw)
	}
	for _, want := range []string{"PENDING", "RUNNING", "SUCCESSED"} {
		if got := c.do(http.MethodGet, path, "").Get("output"); got.Get("status").Str != want || got.Get("weight_type").Exists() {
			t.Errorf("got %s, want %s", got.Raw, want)
		}
		if there := strings.Contains(c.do(http.MethodGet, deployable, "").Raw, name); there != (want == "SUCCESSED") {
			t.Errorf("%s: can be deployed: %t", want, there)
		}
		if want != "SUCCESSED" {
			c.refuse(http.MethodDelete, path, "", 400, `"code":"OperationDenied"`)
		}
		c.clock.Advance(8 * time.Second)
	}
	c.do(http.MethodPost, all, ask("qwen3-32b", "qwen3-14b"))
	for query, want := range map[string]int64{
		"": 2, "?page_size=1": 2, "?status=SUCCESSED": 1, "?status=FAILED": 0, "?model_name=" + name: 1, "?model_name=qwen3-32b": 0,
	} {
		if got := c.do(http.MethodGet, all+query, "").Get("output.total").Int(); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if got := c.do(http.MethodGet, all+"?page_size=1", "").Get("output.list.#.model_name").Raw; !strings.Contains(got, "qwen3-14b") || strings.Contains(got, name) {
		t.Errorf("the newest is %s", got)
	}
	c.do(http.MethodDelete, path, "")
	c.refuse(http.MethodGet, path, "", 404, "Not Found!")
	for _, body := range []string{
		ask("oss", "http"), ask("full", "half"), ask("models/", "models"), ask(`"bucket_name":"b",`, ""),
		ask(`"source"`, `"display_name":"`+strings.Repeat("x", 51)+`","source"`),
	} {
		c.refuse(http.MethodPost, all, body, 400, "missing or invalid")
	}
}
