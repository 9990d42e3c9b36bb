package e2e

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/tidwall/gjson"
)

// TestBatches drives files and batches of both vendors through OpenAI's own Go
// SDK.
func TestBatches(t *testing.T) {
	for _, h := range batchHouses {
		t.Run(h.name, func(t *testing.T) { runCases(t, h.cases()) })
	}
}

// A batchHouse is a vendor that offers batches.
type batchHouse struct {
	name                     string
	client                   func(s server) *openai.Client
	url, model               string
	completed, failed, ended string // Its words for states, the last for a cancelled batch.
	fileMissing              string // The code of a file that nobody uploaded.
}

var batchHouses = []batchHouse{
	{"dashscope", func(s server) *openai.Client { return s.client(option.WithMaxRetries(0)) },
		"/v1/chat/completions", "qwen-plus", "completed", "failed", "cancelled", "invalid_parameter_error"},
	{"qianfan", func(s server) *openai.Client { return s.qianfanV2(option.WithMaxRetries(0)) },
		"/v2/chat/completions", "ernie-4.5-turbo-32k", "Done", "Failed", "Stopped", "invalid_retrieve_file"},
}

// fast lets a batch of the vendor's eleven seconds take a few milliseconds.
const fast = "speed = 2000\n"

func (h batchHouse) cases() []testCase {
	return []testCase{
		{"a batch from upload to download", fast, func(t *testing.T, s server) {
			client := h.client(s)
			file := h.upload(t, client, h.url, h.url)
			if file.Purpose != "batch" || file.Filename != "in.jsonl" || file.Bytes == 0 {
				t.Errorf("file %s", file.RawJSON())
			}
			b := h.await(t, client, h.create(t, client, file.ID), h.completed)
			if b.RequestCounts.Total != 2 || b.RequestCounts.Completed != 2 || b.RequestCounts.Failed != 0 || b.ErrorFileID != "" {
				t.Errorf("batch %s", b.RawJSON())
			}
			lines := download(t, client, b.OutputFileID)
			if len(lines) != 2 || lines[1].Get("custom_id").Str != "q2" ||
				lines[1].Get("response.body.object").Str != "chat.completion" || lines[1].Get("response.body.choices.0.message.content").Str == "" {
				t.Errorf("lines %v", lines)
			}
			if must(client.Files.Delete(t.Context(), file.ID))(t); len(must(client.Files.List(t.Context(), openai.FileListParams{Purpose: openai.String("batch")}))(t).Data) != 0 {
				t.Error("the input file is still listed")
			}
			if list := must(client.Batches.List(t.Context(), openai.BatchListParams{}))(t); len(list.Data) != 1 || list.Data[0].ID != b.ID {
				t.Errorf("batches %s", list.RawJSON())
			}
		}},
		{"a batch whose file is wrong", fast, func(t *testing.T, s server) {
			client := h.client(s)
			file := h.upload(t, client, h.url, "/v1/chat/completion")
			b := h.await(t, client, h.create(t, client, file.ID), h.failed)
			raw := gjson.Parse(b.RawJSON())
			if !strings.Contains(raw.Get("errors").Raw, `"code":"url_not_found","message":"The provided url '/v1/chat/completion' is not supported by the Batch API."`) ||
				b.OutputFileID != "" || b.FailedAt == 0 {
				t.Errorf("batch %s", b.RawJSON())
			}
			if h.name == "dashscope" && (len(b.Errors.Data) != 1 || b.Errors.Data[0].Line != 2 || b.Errors.Data[0].Param != "url") {
				t.Errorf("errors %s", b.Errors.RawJSON())
			}
		}},
		{"a line that fails", fast + `
			[[rule]]
			name  = "second line"
			match = { operation = "batch", method = "POST" }
			reply = { batch = { failed_lines = [2] } }`, func(t *testing.T, s server) {
			client := h.client(s)
			b := h.await(t, client, h.create(t, client, h.upload(t, client, h.url, h.url).ID), h.completed)
			if b.RequestCounts.Completed != 1 || b.RequestCounts.Failed != 1 || len(download(t, client, b.OutputFileID)) != 1 {
				t.Errorf("batch %s", b.RawJSON())
			}
			if lines := download(t, client, b.ErrorFileID); len(lines) != 1 || lines[0].Get("custom_id").Str != "q2" || lines[0].Get("response.status_code").Int() != 500 {
				t.Errorf("failures %v", lines)
			}
		}},
		{"a batch that is cancelled", `
			[[rule]]
			name  = "slow"
			match = { operation = "batch", method = "POST" }
			reply = { batch = { running = "24h", finalizing = "0s", validating = "0s" } }`, func(t *testing.T, s server) {
			client := h.client(s)
			id := h.create(t, client, h.upload(t, client, h.url, h.url).ID)
			must(client.Batches.Cancel(t.Context(), id))(t)
			b := h.await(t, client, id, h.ended)
			if b.RequestCounts.Failed != 2 || len(download(t, client, b.ErrorFileID)) != 2 {
				t.Errorf("batch %s", b.RawJSON())
			}
			_, err := client.Batches.Cancel(t.Context(), id)
			if e := wantError[*openai.Error](t, err); e.StatusCode != 400 {
				t.Errorf("cancelled again: %s", e.RawJSON())
			}
		}},
		{"a file that nobody uploaded", "", func(t *testing.T, s server) {
			_, err := h.client(s).Files.Get(t.Context(), "file-fe-nobody")
			if e := wantError[*openai.Error](t, err); e.StatusCode != 400 || e.Code != h.fileMissing {
				t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
			}
		}},
		{"throttled", `
			[[rule]]
			name  = "full"
			match = { operation = "batch" }
			error = "` + map[string]string{"dashscope": "dashscope/model/Throttling.AllocationQuota", "qianfan": "Offline_batch_reasoning_refused"}[h.name] + `"`,
			func(t *testing.T, s server) {
				_, err := h.client(s).Batches.New(t.Context(), openai.BatchNewParams{InputFileID: "f", Endpoint: "/v1/chat/completions", CompletionWindow: "24h"})
				if e := wantError[*openai.Error](t, err); e.StatusCode != 429 {
					t.Errorf("error %d %s", e.StatusCode, e.RawJSON())
				}
			}},
	}
}

// upload sends an input file of one line for each url.
func (h batchHouse) upload(t *testing.T, client *openai.Client, urls ...string) *openai.FileObject {
	t.Helper()
	var b strings.Builder
	for i, url := range urls {
		fmt.Fprintf(&b, `{"custom_id":"q%d","method":"POST","url":%q,"body":{"model":%q,"messages":[{"role":"user","content":"Question %d"}]}}`+"\n", i+1, url, h.model, i+1)
	}
	return must(client.Files.New(t.Context(), openai.FileNewParams{
		File: openai.File(strings.NewReader(b.String()), "in.jsonl", "application/jsonl"), Purpose: openai.FilePurposeBatch,
	}))(t)
}

func (h batchHouse) create(t *testing.T, client *openai.Client, file string) string {
	t.Helper()
	return must(client.Batches.New(t.Context(), openai.BatchNewParams{
		InputFileID: file, Endpoint: openai.BatchNewParamsEndpoint(h.url), CompletionWindow: openai.BatchNewParamsCompletionWindow24h,
	}))(t).ID
}

// await asks for a batch until it has that state. The test's own deadline ends
// a wait for one that never comes.
func (h batchHouse) await(t *testing.T, client *openai.Client, id, state string) *openai.Batch {
	t.Helper()
	for {
		b := must(client.Batches.Get(t.Context(), id))(t)
		if string(b.Status) == state {
			return b
		}
		for _, end := range []string{h.completed, h.failed, h.ended} {
			if string(b.Status) == end {
				t.Fatalf("batch %s, want %s", b.RawJSON(), state)
			}
		}
	}
}

// download returns the lines of a file.
func download(t *testing.T, client *openai.Client, id string) []gjson.Result {
	t.Helper()
	answer := must(client.Files.Content(t.Context(), id))(t)
	defer answer.Body.Close()
	text := must(io.ReadAll(answer.Body))(t)
	var lines []gjson.Result
	for line := range strings.Lines(string(text)) {
		lines = append(lines, gjson.Parse(line))
	}
	return lines
}
