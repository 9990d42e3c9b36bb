package mockllm

import (
	"net/http"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// TestBatchOfAnErrorIsKept: a batch that an error stands for is checked first,
// as every batch, and then has failed for good.
func TestBatchOfAnErrorIsKept(t *testing.T) {
	c := newCaller(t, "[[rule]]\nname = \"r\"\nmatch = { operation = \"batch\", method = \"POST\" }\nwhen.calls = 1\nerror = \"duplicate_custom_id\"")
	const all, body = compatibleBase + "/batches", `{"input_file_id":"f","endpoint":"/v1/chat/completions","completion_window":"24h"}`
	made := c.do(http.MethodPost, all, body)
	one := all + "/" + made.Get("id").Str
	if again := c.do(http.MethodGet, one, ""); made.Get("status").Str != "validating" || made.Get("errors").Type != gjson.Null || made.Raw != again.Raw {
		t.Errorf("made %s\nthen %s", made.Raw, again.Raw)
	}
	c.clock.Advance(time.Second)
	seen, listed := c.do(http.MethodGet, one, ""), c.do(http.MethodGet, all, "").Get("data.0")
	if seen.Get("status").Str != "failed" || seen.Get("errors.data.0.code").Str != "duplicate_custom_id" || seen.Raw != listed.Raw ||
		seen.Get("failed_at").Int() != made.Get("created_at").Int()+1 {
		t.Errorf("then %s\nlisted %s", seen.Raw, listed.Raw)
	}
	c.refuse(http.MethodPost, one+"/cancel", "{}", http.StatusBadRequest, "UnsupportedOperation")
}

// TestBatchOfAnErrorFailsWhenLookedAt: an error that a look meets is there at
// once, also while the batch is still checked.
func TestBatchOfAnErrorFailsWhenLookedAt(t *testing.T) {
	c := newCaller(t, "[[rule]]\nname = \"r\"\nmatch = { operation = \"batch\" }\nwhen.calls = \"1..2\"\nerror = \"duplicate_custom_id\"")
	made := c.do(http.MethodPost, compatibleBase+"/batches", `{"input_file_id":"f","endpoint":"/v1/chat/completions","completion_window":"24h"}`)
	for range 2 {
		if seen := c.do(http.MethodGet, compatibleBase+"/batches/"+made.Get("id").Str, ""); seen.Get("status").Str != "failed" {
			t.Errorf("batch %s", seen.Raw)
		}
	}
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
