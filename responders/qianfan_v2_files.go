package responders

import (
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// qianfanStore is how Qianfan keeps files and batches.
type qianfanStore struct{}

func (qianfanStore) responder() Responder { return qianfanV2{} }

func (qianfanStore) fileID(m Meta, _ string) string {
	return "file-" + text(m.chance(forFiles), 10, lowerAlnum)
}

func (qianfanStore) resultID(m Meta, failures bool) string {
	if failures {
		return "file-" + text(m.chance(forFailures), 10, lowerAlnum)
	}
	return "file-" + text(m.chance(forResults), 10, lowerAlnum)
}

func (qianfanStore) batchID(m Meta) string {
	return "infer-" + text(m.chance(forBatches), 10, lowerAlnum)
}

func (qianfanStore) lineID(m Meta) string { return m.asID() }

func (qianfanStore) file(f storedFile) []byte {
	return obj().str("id", f.id).str("object", "file").num("bytes", int64(len(f.content))).num("created_at", f.at.Unix()).
		str("filename", f.name).str("purpose", f.purpose).end()
}

func (qianfanStore) fileList(files [][]byte, _ bool) []byte {
	return obj().raw("data", array(files...)).str("object", "list").end()
}

// qianfanBatchStates are Qianfan's words for the states of a batch.
var qianfanBatchStates = map[string]string{
	batchValidating: "Queuing", batchInProgress: "Running", batchFinalizing: "Running", batchCancelling: "Running",
	batchCompleted: "Done", batchFailed: "Failed", batchExpired: "Expired", batchCancelled: "Stopped",
}

// batch writes a batch with the keys in the documented order.
func (qianfanStore) batch(b batch, s batchState) []byte {
	total, completed, failed := b.counts(s)
	o := obj().str("id", b.id).str("object", "batch").str("endpoint", b.endpoint).nullable("model", b.model)
	if s.status == batchFailed {
		o.raw("errors", obj().str("code", b.errors[0].code).str("message", b.errors[0].message).end())
	} else {
		o.null("errors")
	}
	o.str("input_file_id", b.input).str("completion_window", b.window).str("status", qianfanBatchStates[s.status]).
		nullable("output_file_id", b.resultFile(s, false)).nullable("error_file_id", b.resultFile(s, true)).
		num("created_at", b.at.Unix()).moment("in_progress_at", s.started).num("expires_at", b.at.Add(b.life).Unix())
	s.endings(o, batchExpired, batchFailed)
	o.moment("finalizing_at", s.finalizing)
	s.endings(o, batchCompleted)
	o.moment("cancelling_at", s.cancelling)
	s.endings(o, batchCancelled)
	return o.raw("request_counts", obj().num("total", int64(total)).num("completed", int64(completed)).num("failed", int64(failed)).end()).
		raw("usage", qianfanBatchUsage(b, s)).raw("metadata", []byte(b.metadata)).end()
}

// qianfanBatchUsage adds up what the answers of a batch say, once it is over.
func qianfanBatchUsage(b batch, s batchState) []byte {
	if !s.over || s.status == batchFailed {
		return []byte("null")
	}
	var in, out, thought int64
	for _, line := range gjson.ParseBytes(b.write(s, false)).Get("..#.response.body.usage").Array() {
		in += line.Get("prompt_tokens").Int()
		out += line.Get("completion_tokens").Int()
		thought += line.Get("completion_tokens_details.reasoning_tokens").Int()
	}
	return obj().num("input_tokens", in).raw("input_tokens_details", obj().num("cached_tokens", 0).end()).
		num("output_tokens", out).raw("output_tokens_details", obj().num("reasoning_tokens", thought).end()).
		num("total_tokens", in+out).end()
}

func (qianfanStore) batchList(batches [][]byte, ids []string, more bool) []byte {
	firstID, lastID := "", ""
	if len(ids) > 0 {
		firstID, lastID = ids[0], ids[len(ids)-1]
	}
	return obj().str("object", "list").raw("data", array(batches...)).nullable("first_id", firstID).nullable("last_id", lastID).
		boolean("has_more", more).end()
}

func (qianfanStore) lineOperation(url string) string {
	switch url {
	case "/v2/chat/completions":
		return catalog.OpChat
	case "/v2/images/generations", v2Edits:
		return catalog.OpImage
	}
	return ""
}

func (qianfanStore) linePath(url string) string { return url }

func (qianfanStore) noForm() *scenarios.Refusal {
	return &scenarios.Refusal{ID: v2Codes + "invalid_upload_file", Variant: "missing file parameter"}
}

func (qianfanStore) noPurpose() *scenarios.Refusal {
	return &scenarios.Refusal{ID: v2Codes + "invalid_upload_file", Variant: "missing purpose parameter"}
}

func (qianfanStore) lacks(parameter string) *scenarios.Refusal {
	return v2Argument("you must provide the parameter", map[string]string{"param": parameter})
}

func (qianfanStore) noEndpoint() *scenarios.Refusal {
	return &scenarios.Refusal{ID: "qianfan/batch/UnsupportedEndpoint"}
}

// noFile names the call in its code.
func (qianfanStore) noFile(verb, _ string) *scenarios.Refusal {
	switch verb {
	case http.MethodDelete:
		return &scenarios.Refusal{ID: v2Codes + "invalid_delete_file"}
	case "content":
		return &scenarios.Refusal{ID: v2Codes + "invalid_retrieve_content_file", Variant: "file not found"}
	}
	return &scenarios.Refusal{ID: v2Codes + "invalid_retrieve_file"}
}

func (qianfanStore) noBatch(string) *scenarios.Refusal { return v2Argument("batch not found", nil) }

// closed forbids to download what a client uploaded for assistants.
func (qianfanStore) closed(f storedFile) *scenarios.Refusal {
	if f.purpose != "assistants" {
		return nil
	}
	return &scenarios.Refusal{ID: v2Codes + "invalid_retrieve_content_file", Variant: "Not allowed to download files", Args: map[string]string{"purpose": f.purpose}}
}

func (qianfanStore) ended() *scenarios.Refusal { return v2Argument("batch cannot be cancelled", nil) }

func (qianfanStore) internalError() string { return v2Codes + "internal_error" }

func (qianfanStore) header(r *scenarios.Request, m Meta, download bool) http.Header {
	header := m.v2Header(r, false, false)
	if download {
		header["Content-Type"] = []string{"application/octet-stream"}
	}
	return header
}
