package mockllm

import (
	"net/http"
	"testing"
)

// TestBatchOfAnErrorIsKept: a batch that an error stands for can be asked for
// again, and has failed for good.
func TestBatchOfAnErrorIsKept(t *testing.T) {
	c := newCaller(t, "[[rule]]\nname = \"r\"\nmatch = { operation = \"batch\" }\nwhen.calls = \"1..2\"\nerror = \"duplicate_custom_id\"")
	const all, body = compatibleBase + "/batches", `{"input_file_id":"f","endpoint":"/v1/chat/completions","completion_window":"24h"}`
	made := c.do(http.MethodPost, all, body)
	one := all + "/" + made.Get("id").Str
	again := c.do(http.MethodGet, one, "") // The rule answers this one too.
	seen, listed := c.do(http.MethodGet, one, ""), c.do(http.MethodGet, all, "").Get("data.0")
	if made.Get("status").Str != "failed" || made.Raw != again.Raw || made.Raw != seen.Raw || made.Raw != listed.Raw {
		t.Errorf("made %s\nthen %s\nthen %s\nlisted %s", made.Raw, again.Raw, seen.Raw, listed.Raw)
	}
	c.refuse(http.MethodPost, one+"/cancel", "{}", http.StatusBadRequest, "UnsupportedOperation")
}

// TestBatchFailsLater: an error that meets a batch which runs already fails it
// from then on.
func TestBatchFailsLater(t *testing.T) {
	c := newCaller(t, "[[rule]]\nname = \"r\"\nmatch = { operation = \"batch\", method = \"GET\" }\nwhen.calls = 1\nerror = \"mismatched_model\"")
	b := c.newBatch(compatibleBase, "/v1/chat/completions", batchInput("/v1/chat/completions", 2))
	one := compatibleBase + "/batches/" + b.Get("id").Str
	for range 2 {
		if b := c.do(http.MethodGet, one, ""); b.Get("status").Str != "failed" || b.Get("errors.data.0.code").Str != "mismatched_model" {
			t.Errorf("batch %s", b.Raw)
		}
	}
}
