package responders

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

func line(id, url, model string) string {
	return fmt.Sprintf(`{"custom_id":%q,"method":"POST","url":%q,"body":{"model":%q,"messages":[{"role":"user","content":"hi"}]}}`, id, url, model)
}

const chatURL = "/v1/chat/completions"

// TestLineErrors: each error arises from the file itself, and tells where.
func TestLineErrors(t *testing.T) {
	good := line("1", chatURL, "qwen-plus")
	for name, c := range map[string]struct {
		content string
		want    []string // "code param line"
	}{
		"good":             {good + "\n" + line("2", chatURL, "qwen-plus") + "\n\n", nil},
		"the test model":   {line("1", "/v1/chat/ds-test", "batch-test-model"), nil},
		"no line feed":     {good, nil},
		"carriage returns": {good + "\r\n" + line("2", chatURL, "qwen-plus") + "\r\n", nil},
		"empty":            {"\n \n", []string{"empty_file  0"}},
		"another url":      {good + "\n" + line("2", "/v1/chat/completion", "qwen-plus"), []string{"url_not_found url 2"}},
		"another model":    {good + "\n\n" + line("2", chatURL, "qwen-max"), []string{"mismatched_model model 3"}},
		"a custom id twice": {good + "\n" + good + "\n" + good,
			[]string{"duplicate_custom_id custom_id 2", "duplicate_custom_id custom_id 3"}},
		"no model":            {line("1", chatURL, ""), []string{"model_not_found model 1"}},
		"a model that speaks": {line("1", chatURL, "cosyvoice-v3-flash"), []string{"model_not_found model 1"}},
		"no JSON":             {"{\n" + good, []string{"invalid_json_line  1"}},
		"not UTF-8":           {"{\"a\":\"\xff\"}", []string{"invalid_json_line  1"}},
		"no custom id":        {`{"url":"/v1/chat/completions","body":{"model":"m"}}`, []string{"missing_required_parameter custom_id 1"}},
		"no body":             {`{"custom_id":"1","url":"/v1/chat/completions"}`, []string{"missing_required_parameter body 1"}},
		"all at once": {line("1", "/nowhere", "qwen-plus") + "\n" + line("1", "/nowhere", "qwen-max"),
			[]string{"url_not_found url 1", "url_not_found url 2", "mismatched_model model 2", "duplicate_custom_id custom_id 2"}},
	} {
		_, errors := readLines([]byte(c.content), compatibleStore{}, nil)
		var got []string
		for _, e := range errors {
			got = append(got, fmt.Sprintf("%s %s %d", e.code, e.param, e.line))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestLinesAreBounded(t *testing.T) {
	var content strings.Builder
	for i := range maxLines + 5 {
		content.WriteString(line(fmt.Sprint(i), chatURL, "qwen-plus") + "\n")
	}
	lines, errors := readLines([]byte(content.String()), compatibleStore{}, nil)
	if len(lines) != maxLines || len(errors) != 1 || errors[0].line != maxLines+1 {
		t.Errorf("%d lines, errors %+v", len(lines), errors)
	}
	_, errors = readLines(bytes.Repeat([]byte("{\n"), 100_000), compatibleStore{}, nil)
	if len(errors) > maxLineErrors {
		t.Errorf("%d errors", len(errors))
	}
}

// TestResultsAreBounded: vectors are much larger than the texts that ask for
// them.
func TestResultsAreBounded(t *testing.T) {
	var lines []callLine
	for i := range maxLines {
		body := `{"model":"text-embedding-v4","dimensions":2048,"input":["a","b","c","d","e","f","g","h","i","j"]}`
		lines = append(lines, callLine{customID: fmt.Sprint(i), url: "/v1/embeddings", operation: catalog.OpEmbedding, body: []byte(body)})
	}
	c := storeCall{vendor: compatibleStore{}, in: &Incoming{Header: http.Header{"Authorization": {"Bearer k"}}}}
	results, failed := c.answerLines(Meta{}, lines, &scenarios.Batch{})
	if len(results) > maxResults+2<<20 || len(failed) == 0 || bytes.Count(results, []byte("\n")) != maxLines {
		t.Errorf("%d bytes, %d of %d failed", len(results), len(failed), bytes.Count(results, []byte("\n")))
	}
}

func TestBatchStates(t *testing.T) {
	at := time.Date(2026, time.May, 28, 8, 0, 0, 0, time.UTC)
	usual := batch{at: at, validating: time.Second, running: 10 * time.Second, finalizing: time.Second, life: time.Hour, total: 4, failed: []int{1}}
	with := func(change func(*batch)) batch { b := usual; change(&b); return b }
	for name, c := range map[string]struct {
		batch batch
		after time.Duration
		want  string // status, total/completed/failed
	}{
		"at once":              {usual, 0, "validating 0/0/0"},
		"checked":              {usual, time.Second, "in_progress 4/0/0"},
		"half way":             {usual, 6 * time.Second, "in_progress 4/1/1"},
		"all lines done":       {usual, 11 * time.Second, "finalizing 4/3/1"},
		"done":                 {usual, 12 * time.Second, "completed 4/3/1"},
		"bad file":             {with(func(b *batch) { b.errors = []lineError{{}} }), 999 * time.Millisecond, "validating 0/0/0"},
		"bad file found":       {with(func(b *batch) { b.errors = []lineError{{}} }), time.Second, "failed 0/0/0"},
		"expired by itself":    {with(func(b *batch) { b.life = 6 * time.Second }), time.Minute, "expired 4/1/3"},
		"made to expire":       {with(func(b *batch) { b.outcome = scenarios.BatchExpired }), time.Minute, "expired 4/1/3"},
		"made to be cancelled": {with(func(b *batch) { b.outcome = scenarios.BatchCancelled }), 11 * time.Second, "cancelling 4/1/1"},
		"cancelled":            {with(func(b *batch) { b.cancelled = at.Add(6 * time.Second) }), time.Minute, "cancelled 4/1/3"},
		"cancelled, soon":      {with(func(b *batch) { b.cancelled = at.Add(6 * time.Second) }), 6500 * time.Millisecond, "cancelling 4/1/1"},
		"cancelled unchecked":  {with(func(b *batch) { b.cancelled = at }), time.Minute, "cancelled 4/0/4"},
		"no time at all":       {with(func(b *batch) { b.validating, b.running, b.finalizing = 0, 0, 0 }), 0, "completed 4/3/1"},
	} {
		s := c.batch.state(at.Add(c.after))
		total, completed, failed := c.batch.counts(s)
		if got := fmt.Sprintf("%s %d/%d/%d", s.status, total, completed, failed); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

// TestBatchRecord: what is kept is all that there is.
func TestBatchRecord(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	b := batch{
		id: "b", at: at, endpoint: "/e", input: "i", window: "24h", model: "m", metadata: `{"a":1}`, output: "o", failures: "f",
		validating: 1, running: 2, finalizing: 3, life: 4, outcome: scenarios.BatchExpired,
		errors: []lineError{{"c", "m\n", "p", 2}, {"d", "", "", 0}}, total: 7, failed: []int{1, 3}, cancelled: at.Add(time.Second), results: []byte("x\ny\n"),
	}
	back := readBatch(scenarios.Record{ID: "b", Created: at, Value: b.change("p").Value})
	if got, want := fmt.Sprintf("%+v", back), fmt.Sprintf("%+v", b); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestTooLargeUpload: what is longer than a server reads is refused as that, and
// not for the form that it breaks.
func TestTooLargeUpload(t *testing.T) {
	for responder, want := range map[Responder]string{
		dashScopeNative{}: "dashscope/model/BadRequest.TooLarge", dashScopeCompatible{}: "dashscope/model/BadRequest.TooLarge",
		qianfanV2{}: "qianfan/v2/characters_too_long",
	} {
		in := post(catalog.OpFile, "/files", "--x\r\n")
		in.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		in.State = BodyTooLarge
		if refused := responder.Decode(in).Refused; refused == nil || refused.ID != want {
			t.Errorf("%s: %+v, want %s", responder.Dialect().Name, refused, want)
		}
	}
}

// FuzzReadLines: whatever a file holds, reading it ends, and a file without
// errors can be answered line by line.
func FuzzReadLines(f *testing.F) {
	f.Add([]byte(line("1", chatURL, "m") + "\n" + line("2", "/v1/embeddings", "m")))
	f.Add([]byte("{}\n[]\nnull\n\xff\n{\"custom_id\":1,\"url\":2,\"body\":3}"))
	f.Add([]byte(`{"custom_id":{},"url":"/v1/embeddings","body":{"model":"m","input":[1]}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, vendor := range []storeVendor{compatibleStore{}, qianfanStore{}} {
			lines, errors := readLines(content, vendor, nil)
			if len(lines) > maxLines || len(errors) > 3*maxLineErrors || len(lines) == 0 && len(errors) == 0 {
				t.Fatalf("%d lines, %d errors", len(lines), len(errors))
			}
			if len(errors) > 0 {
				continue
			}
			c := storeCall{vendor: vendor, in: &Incoming{Header: http.Header{"Authorization": {"Bearer k"}}}}
			results, failed := c.answerLines(Meta{Entropy: [2]uint64{1, 2}}, lines, &scenarios.Batch{FailedLines: []scenarios.Count{1}})
			if len(failed) == 0 || failed[0] != 0 || bytes.Count(results, []byte("\n")) != len(lines) {
				t.Fatalf("%d lines, failed %v: %q", len(lines), failed, results)
			}
			for result := range bytes.Lines(results) {
				if !json.Valid(result) || !gjson.GetBytes(result, "response.body").IsObject() {
					t.Fatalf("result %q", result)
				}
			}
		}
	})
}

// FuzzReadForm: an upload is any bytes under any boundary.
func FuzzReadForm(f *testing.F) {
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a/../b\"\r\n\r\nhello\r\n--x--\r\n"))
	f.Add("multipart/form-data; boundary=x", []byte("--x\nContent-Disposition: form-data; name=purpose\n\nbatch\n--x\n\n\n--x--"))
	f.Add("multipart/form-data; boundary=\"\"", []byte("--\r\n"))
	f.Add("multipart/mixed; boundary=x", []byte("--x--"))
	f.Add("text/plain; charset=\"", []byte{})
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		in := &Incoming{Method: http.MethodPost, Operation: catalog.OpFile, Path: "/v2/files", Header: http.Header{"Content-Type": {contentType}}, Body: body}
		got, ok := readForm(in)
		kept := 0
		for _, file := range got.files {
			kept += len(file.content)
			if file.content == nil || len(file.name) > 256 || strings.ContainsAny(file.name, "/\n") {
				t.Fatalf("file %q", file.name)
			}
		}
		if kept > len(body) || !ok && (got.files != nil || got.fields != nil) {
			t.Fatalf("%d bytes of %d, ok %t", kept, len(body), ok)
		}
		for _, responder := range []Responder{dashScopeNative{}, dashScopeCompatible{}, qianfanV2{}} {
			r := responder.Decode(in)
			answer := responder.Success(r, Meta{Now: time.Unix(1_700_000_000, 0), Records: noRecords{}}, nil)
			wellFormed(t, responder.Dialect().Name, answer)
		}
	})
}
