package responders

import (
	"net/http"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// compatibleStore is how DashScope keeps files and batches in compatible mode.
type compatibleStore struct{}

func (compatibleStore) responder() Responder { return dashScopeCompatible{} }

// fileID draws an id that names the purpose, where DashScope's do.
func (compatibleStore) fileID(m Meta, purpose string) string {
	return m.dashScopeFileID(m.Entropy[0], purpose)
}

// dashScopeFileID draws the id of a file. An upload may bring many, so that
// each has a seed of its own.
func (m Meta) dashScopeFileID(seed uint64, purpose string) string {
	own := Meta{Entropy: [2]uint64{seed, m.Entropy[1]}}
	switch purpose {
	case toBeParsed:
		return hexID(own.chance(forFiles), "file-fe-")
	case "batch":
		return hexID(own.chance(forFiles), "file-batch-")
	}
	return own.randomUUID(forFiles)
}

// Purposes of chance for what is kept.
const (
	forFiles uint64 = 4<<32 + iota
	forResults
	forFailures
	forBatches
)

func (compatibleStore) resultID(m Meta, failures bool) string {
	if failures {
		return hexID(m.chance(forFailures), "file-batch_output-")
	}
	return hexID(m.chance(forResults), "file-batch_output-")
}

func (compatibleStore) batchID(m Meta) string { return "batch_" + m.randomUUID(forBatches) }

func (compatibleStore) lineID(m Meta) string { return m.requestUUID() }

func (compatibleStore) file(f storedFile) []byte {
	return obj().str("id", f.id).str("object", "file").num("bytes", int64(len(f.content))).str("filename", f.name).
		str("purpose", f.purpose).str("status", "processed").num("created_at", f.at.Unix()).end()
}

func (compatibleStore) fileList(files [][]byte, more bool) []byte {
	return obj().str("object", "list").raw("data", array(files...)).boolean("has_more", more).end()
}

// batch writes a batch. When it is cancelled stands there only once it has
// come to its end, and when it expires never, as captures show.
func (compatibleStore) batch(b batch, s batchState) []byte {
	total, completed, failed := b.counts(s)
	errors := []byte("null")
	if s.status == batchFailed {
		errors = obj().str("object", "list").raw("data", array(errorList(b.errors)...)).end()
	}
	o := obj().str("id", b.id).str("object", "batch").str("endpoint", b.endpoint).raw("errors", errors).
		str("input_file_id", b.input).str("completion_window", b.window).str("status", s.status).
		nullable("output_file_id", b.resultFile(s, false)).nullable("error_file_id", b.resultFile(s, true)).
		num("created_at", b.at.Unix()).moment("in_progress_at", s.started).null("expires_at").
		moment("finalizing_at", s.finalizing)
	s.endings(o, batchCompleted, batchFailed, batchExpired)
	o.moment("cancelling_at", s.cancelling)
	s.endings(o, batchCancelled)
	return o.raw("request_counts", obj().num("total", int64(total)).num("completed", int64(completed)).num("failed", int64(failed)).end()).
		raw("metadata", []byte(b.metadata)).end()
}

// endings writes when the batch ended under the state in which it did, and null
// under the others.
func (s batchState) endings(o *object, states ...string) {
	for _, state := range states {
		if s.status == state {
			o.moment(state+"_at", s.ended)
		} else {
			o.null(state + "_at")
		}
	}
}

func errorList(errors []lineError) [][]byte {
	written := make([][]byte, len(errors))
	for i, e := range errors {
		written[i] = e.json()
	}
	return written
}

// moment adds a time in seconds, or null for one that has not come.
func (o *object) moment(name string, at time.Time) *object {
	if at.IsZero() {
		return o.null(name)
	}
	return o.num(name, at.Unix())
}

// nullable adds a text, or null for none.
func (o *object) nullable(name, value string) *object {
	if value == "" {
		return o.null(name)
	}
	return o.str(name, value)
}

func (compatibleStore) batchList(batches [][]byte, ids []string, more bool) []byte {
	data, firstID, lastID := []byte("null"), "", ""
	if len(ids) > 0 {
		data, firstID, lastID = array(batches...), ids[0], ids[len(ids)-1]
	}
	return obj().str("object", "list").raw("data", data).nullable("first_id", firstID).nullable("last_id", lastID).
		boolean("has_more", more).end()
}

// lineOperation knows the calls that batches may have; one is for tests of
// batches themselves.
func (compatibleStore) lineOperation(url string) string {
	switch url {
	case "/v1/chat/completions", "/v1/chat/ds-test":
		return catalog.OpChat
	case "/v1/embeddings":
		return catalog.OpEmbedding
	}
	return ""
}

func (compatibleStore) linePath(url string) string {
	return "/compatible-mode" + strings.Replace(url, "ds-test", "completions", 1)
}

func (compatibleStore) noForm() *scenarios.Refusal { return fieldRequired("file") }

func (compatibleStore) noPurpose() *scenarios.Refusal {
	return &scenarios.Refusal{ID: dashScopeModel + "invalid_request_error", Variant: "'purpose' must be 'file-extract'"}
}

func (compatibleStore) lacks(parameter string) *scenarios.Refusal { return fieldRequired(parameter) }

func (compatibleStore) noEndpoint() *scenarios.Refusal { return parameterMissing("endpoint") }

func (compatibleStore) noFile(_, id string) *scenarios.Refusal {
	return invalidParameter("File [id:{file_id}] cannot be found.", map[string]string{"file_id": id})
}

func (compatibleStore) noBatch(string) *scenarios.Refusal {
	return &scenarios.Refusal{ID: dashScopeModel + "NotFound", Variant: "Not found!"}
}

func (compatibleStore) closed(storedFile) *scenarios.Refusal { return nil }

func (compatibleStore) ended() *scenarios.Refusal {
	return &scenarios.Refusal{ID: dashScopeModel + "UnsupportedOperation", Variant: "The operation is unsupported on the referee object."}
}

func (compatibleStore) internalError() string { return dashScopeModel + "InternalError" }

// header returns the header of an answer: a file that is downloaded has no
// content type, and only batches name their charset.
func (compatibleStore) header(r *scenarios.Request, m Meta, download bool) http.Header {
	header := m.dashScopeControlHeader(r, "application/json")
	switch {
	case download:
		delete(header, "Content-Type")
	case r.Operation == catalog.OpBatch:
		header["Content-Type"] = []string{controlType}
	}
	return header
}

// controlType is the content type of DashScope's answers about files, batches
// and jobs.
const controlType = "application/json;charset=UTF-8"

// controlErrorType is the content type of an error there. The gateway in front
// names no charset.
func controlErrorType(f *scenarios.Failure) string {
	if f.Variant.Origin == catalog.OriginGateway {
		return "application/json"
	}
	return controlType
}

// dashScopeControlHeader returns the headers of an answer that no model gives.
func (m Meta) dashScopeControlHeader(r *scenarios.Request, contentType string) http.Header {
	header := m.dashScopeHeader(r, http.StatusUnauthorized, contentType) // Whom no gateway let in to a model.
	header["Vary"] = []string{"Accept-Encoding"}
	return header
}

// isControl reports whether no model answers the operation.
func isControl(operation string) bool {
	switch operation {
	case catalog.OpFile, catalog.OpBatch, catalog.OpUpload, catalog.OpToken, catalog.OpFineTune, catalog.OpModel, catalog.OpDeployment:
		return true
	}
	return false
}

// purposeMissing is OpenAI's envelope alone, as a capture shows of an upload
// without a purpose, on the native API too.
func purposeMissing(message string) []byte {
	return obj().raw("error", obj().str("message", message).str("type", "invalid_request_error").str("param", "purpose").null("code").end()).end()
}

// failsBatch reports whether an error is what the check of an input file finds:
// it comes as the batch that it fails.
func failsBatch(r *scenarios.Request, f *scenarios.Failure) bool {
	return r.Operation == catalog.OpBatch && f.Entry.Family == "batch" && f.Variant.Origin == catalog.OriginTask
}

// failedBatch returns the batch that an error fails, and whether it was there
// before. One that is made is checked first, as every batch; the check of any
// other is over at once.
func (m Meta) failedBatch(r *scenarios.Request, e described) (b batch, there bool) {
	b = batch{id: compatibleStore{}.batchID(m), at: m.Now, endpoint: "/v1/chat/completions", window: "24h", life: time.Hour, metadata: "null"}
	if c, is := r.Detail.(*storeCall); is {
		b.endpoint, b.input, b.window, b.metadata = c.text("endpoint"), c.text("input_file_id"), c.text("completion_window"), c.metadata()
		if known, found := m.batch(r.Provider, c.id); found {
			b, there = known, true
			b.validating, b.cancelled = min(b.validating, m.Now.Sub(b.at)), time.Time{}
		}
		if c.creates() {
			b.validating = m.onClock(usualValidating)
		}
	}
	b.errors = []lineError{{code: e.code, message: e.message, param: paramOf(e.code), line: 1}}
	return b, there
}

// Kept returns the batch that an error makes, or fails.
func (d dashScopeCompatible) Kept(r *scenarios.Request, m Meta, f *scenarios.Failure) []scenarios.Change {
	call, is := r.Detail.(*storeCall)
	if !is || !failsBatch(r, f) {
		return nil
	}
	b, there := m.failedBatch(r, d.describe(r, f))
	if !there && !call.creates() {
		return nil
	}
	change := b.change(r.Provider)
	change.Existing = there
	return []scenarios.Change{change}
}
