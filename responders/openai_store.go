package responders

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Files and batches in OpenAI's form, which both vendors offer. What differs
// between them is a storeVendor's.

// A storeVendor is what one vendor does otherwise than the other.
type storeVendor interface {
	// responder answers the lines of a batch, and writes errors.
	responder() Responder

	// fileID, resultID, batchID and lineID draw ids: of what is uploaded, of
	// what a batch writes, of a batch, and of one of its lines.
	fileID(m Meta, purpose string) string
	resultID(m Meta, failures bool) string
	batchID(m Meta) string
	lineID(m Meta) string

	// file, fileList, batch and batchList write what is asked for.
	file(f storedFile) []byte
	fileList(files [][]byte, more bool) []byte
	batch(b batch, s batchState) []byte
	batchList(batches [][]byte, ids []string, more bool) []byte

	// lineOperation returns which operation the lines with the url call, or "",
	// and linePath its path here.
	lineOperation(url string) string
	linePath(url string) string

	// noForm, noPurpose, lacks, noEndpoint, noFile, noBatch, closed and ended
	// refuse: an upload without a file, or without its purpose; a batch without
	// that parameter, or for an endpoint that batches do not have; the verb on a
	// file that is not there, any call on a batch that is not; a download that
	// the purpose forbids, or nil; and to cancel what has ended.
	noForm() *scenarios.Refusal
	noPurpose() *scenarios.Refusal
	lacks(parameter string) *scenarios.Refusal
	noEndpoint() *scenarios.Refusal
	noFile(verb, id string) *scenarios.Refusal
	noBatch(id string) *scenarios.Refusal
	closed(f storedFile) *scenarios.Refusal
	ended() *scenarios.Refusal

	// internalError is the id of the entry for what has no better one.
	internalError() string

	// header returns the header of a success, which may be a file.
	header(r *scenarios.Request, m Meta, download bool) http.Header
}

// A storeCall is a call about files or batches.
type storeCall struct {
	vendor storeVendor
	in     *Incoming
	id     string // Of the file or batch, "" for all of them.
	verb   string // What stands behind the id: "content", "cancel" or "".
	form   form
	isForm bool
	body   *jsonBody

	changes []scenarios.Change
	refused *scenarios.Refusal
}

// storeRoutes are the paths below a base, which ends in a slash.
func storeRoutes(base string) []Route {
	return []Route{
		{base + "files", catalog.OpFile}, {base + "files/{file_id}", catalog.OpFile}, {base + "files/{file_id}/content", catalog.OpFile},
		{base + "batches", catalog.OpBatch}, {base + "batches/{batch_id}", catalog.OpBatch}, {base + "batches/{batch_id}/cancel", catalog.OpBatch},
	}
}

// isStore reports whether the operation is about files or batches.
func isStore(operation string) bool {
	return operation == catalog.OpFile || operation == catalog.OpBatch
}

// readStore reads such a call.
func readStore(in *Incoming, body *jsonBody, vendor storeVendor) *storeCall {
	c := &storeCall{vendor: vendor, in: in, body: body, id: clipped(cmp.Or(in.Vars["file_id"], in.Vars["batch_id"]))}
	if behind := in.Path[strings.LastIndexByte(in.Path, '/')+1:]; behind == "content" || behind == "cancel" {
		c.verb = behind
	}
	if c.uploads() {
		c.form, c.isForm = readForm(in)
	}
	return c
}

func (c *storeCall) uploads() bool {
	return c.in.Operation == catalog.OpFile && c.id == "" && c.in.Method == http.MethodPost
}

func (c *storeCall) creates() bool {
	return c.in.Operation == catalog.OpBatch && c.id == "" && c.in.Method == http.MethodPost
}

// storeMethods are the methods that a path about files or batches wants.
func storeMethods(in *Incoming) []string {
	named := in.Vars["file_id"] != "" || in.Vars["batch_id"] != ""
	switch {
	case strings.HasSuffix(in.Path, "/content") && named:
		return []string{http.MethodGet}
	case strings.HasSuffix(in.Path, "/cancel") && named:
		return []string{http.MethodPost}
	case named && in.Operation == catalog.OpBatch:
		return []string{http.MethodGet}
	case named:
		return []string{http.MethodGet, http.MethodDelete}
	}
	return []string{http.MethodGet, http.MethodPost}
}

// turns returns nothing: nobody talks to a file.
func (c *storeCall) turns() []scenarios.Turn { return nil }

// refusal is what is refused of the call as such.
func (c *storeCall) refusal(*dashScopeQuestion) *scenarios.Refusal {
	switch {
	case c.uploads() && (!c.isForm || len(c.form.files) == 0):
		return c.vendor.noForm()
	case c.uploads() && c.form.field("purpose") == "":
		return c.vendor.noPurpose()
	case !c.creates():
		return nil
	}
	for _, name := range []string{"input_file_id", "endpoint", "completion_window"} {
		if c.text(name) == "" {
			return c.vendor.lacks(name)
		}
	}
	if _, ok := c.window(); !ok {
		return c.vendor.lacks("completion_window")
	}
	if c.vendor.lineOperation(c.text("endpoint")) == "" {
		return c.vendor.noEndpoint()
	}
	return nil
}

// text returns a string of the body.
func (c *storeCall) text(name string) string { return clipped(c.body.Get(name).String()) }

// window reads how long a batch may last: "24h" or "14d".
func (c *storeCall) window() (time.Duration, bool) {
	said := c.text("completion_window")
	if days, found := strings.CutSuffix(said, "d"); found {
		d, err := time.ParseDuration(days + "h")
		return 24 * d, err == nil && d > 0 && d <= longestWindow/24
	}
	d, err := time.ParseDuration(said)
	return d, err == nil && strings.HasSuffix(said, "h") && d > 0 && d <= longestWindow
}

// longestWindow is the longest that the vendors document.
const longestWindow = 672 * time.Hour

// answer does what is asked, or says why that cannot be done.
func (c *storeCall) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	body := c.do(r, m, reply)
	if c.refused != nil {
		return Error(c.vendor.responder(), r, m, failureOf(c.refused, r.Dialect))
	}
	header := c.vendor.header(r, m, c.verb == "content")
	return Message{Status: http.StatusOK, Header: header, Frames: []Frame{body}, Changes: c.changes}
}

// bodyRefusal is what is wrong with the body: it is JSON only where a batch is
// made.
func (c *storeCall) bodyRefusal(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	if in.State != BodyComplete || c.creates() {
		if refused := bodyRefusal(in, r); refused != nil {
			return refused
		}
	}
	return c.refusal(nil)
}

// do does what is asked and returns the body of the answer.
func (c *storeCall) do(r *scenarios.Request, m Meta, reply *scenarios.Reply) []byte {
	switch {
	case c.uploads():
		return c.upload(r, m)
	case c.creates():
		return c.create(r, m, reply)
	case c.in.Operation == catalog.OpBatch && c.id == "":
		return c.listBatches(r, m)
	case c.in.Operation == catalog.OpBatch:
		return c.aboutBatch(r, m)
	case c.id == "":
		return c.listFiles(r, m)
	}
	return c.aboutFile(r, m)
}

// refuse notes why the call cannot be done, as its records show.
func (c *storeCall) refuse(refused *scenarios.Refusal) []byte {
	c.refused = refused
	return nil
}

func (c *storeCall) upload(r *scenarios.Request, m Meta) []byte {
	if len(c.form.files) == 0 {
		return c.refuse(c.vendor.noForm()) // With refusals off there is still nothing to keep.
	}
	sent := c.form.files[0]
	f := storedFile{name: sent.name, content: sent.content, purpose: c.form.field("purpose"), at: m.Now}
	f.id, f.ready = c.vendor.fileID(m, f.purpose), m.readyAt(f.purpose)
	f.number = m.chance(forRecords).Int64N(1e9)
	c.changes = append(c.changes, f.put(r.Provider))
	return c.vendor.file(f)
}

// aboutFile shows, downloads or deletes a file.
func (c *storeCall) aboutFile(r *scenarios.Request, m Meta) []byte {
	f, found := m.file(r.Provider, c.id)
	switch {
	case !found:
		return c.refuse(c.vendor.noFile(cmp.Or(c.verb, c.in.Method), c.id))
	case c.in.Method == http.MethodDelete:
		c.changes = append(c.changes, scenarios.Change{Kind: storedKind(r.Provider), ID: f.id})
		return obj().str("id", f.id).str("object", "file").boolean("deleted", true).end()
	case c.verb == "content":
		if refused := c.vendor.closed(f); refused != nil {
			return c.refuse(refused)
		}
		return f.content
	}
	return c.vendor.file(f)
}

// mostListed is how many files one list shows.
const mostListed = 2_000

func (c *storeCall) listFiles(r *scenarios.Request, m Meta) []byte {
	var asked []storedFile
	purpose := first(c.in.Query, "purpose")
	for _, f := range m.files(r.Provider) {
		if purpose == "" || purpose == f.purpose {
			asked = append(asked, f)
		}
	}
	limit := min(queryNumber(c.in, "limit", mostListed, 1), mostListed)
	some, more := page(asked, func(f storedFile) string { return f.id }, first(c.in.Query, "after"), limit)
	written := make([][]byte, len(some))
	for i, f := range some {
		written[i] = c.vendor.file(f)
	}
	return c.vendor.fileList(written, more)
}
