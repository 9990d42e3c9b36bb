package responders

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// What clients do with batches.

// How long a batch takes in vendor time if no scenario says otherwise. The
// vendors take minutes to hours.
const (
	usualValidating = time.Second
	usualRunning    = 10 * time.Second
	usualFinalizing = time.Second
)

// create makes a batch, and answers all of its lines at once: they are shown
// when their time has come.
func (c *storeCall) create(r *scenarios.Request, m Meta, reply *scenarios.Reply) []byte {
	input, found := m.file(r.Provider, c.text("input_file_id"))
	if !found {
		return c.refuse(c.vendor.noFile("batch", c.text("input_file_id")))
	}
	script := &scenarios.Batch{}
	if reply != nil && reply.Batch != nil {
		script = reply.Batch
	}
	life, _ := c.window()
	b := batch{
		id: c.vendor.batchID(m), at: m.Now, endpoint: c.text("endpoint"), input: input.id, window: c.text("completion_window"),
		metadata: c.metadata(), output: c.vendor.resultID(m, false), failures: c.vendor.resultID(m, true),
		validating: m.vendorTime(script.Validating, usualValidating), running: m.vendorTime(script.Running, usualRunning),
		finalizing: m.vendorTime(script.Finalizing, usualFinalizing), life: m.onClock(life), outcome: script.Outcome,
	}
	lines, errors := readLines(input.content, c.vendor, c.in.Scenario)
	if b.outcome == scenarios.BatchFailed && len(errors) == 0 {
		errors = c.scriptedErrors(r, script)
	}
	b.errors = errors
	if len(lines) > 0 {
		b.model = lines[0].model
	}
	if len(errors) == 0 {
		b.total = len(lines)
		answered := m
		answered.Now = m.Now.Add(b.validating)
		b.results, b.failed = c.answerLines(answered, lines, script)
	}
	c.changes = append(c.changes, b.change(r.Provider))
	if len(errors) == 0 {
		c.changes = append(c.changes, b.resultChange(r.Provider, false), b.resultChange(r.Provider, true))
	}
	return c.vendor.batch(b, b.state(m.Now))
}

// resultChange keeps a place for what the batch will write, which is of no use
// without the batch.
func (b batch) resultChange(provider string, failures bool) scenarios.Change {
	f := storedFile{id: b.output, name: b.id + "_output.jsonl", purpose: "batch_output", batch: b.id, failures: failures}
	if failures {
		f.id, f.name = b.failures, b.id+"_error.jsonl"
	}
	change := f.put(provider)
	change.Until = b.over()
	return change
}

// metadata returns what the client attached, or null.
func (c *storeCall) metadata() string {
	v := c.body.Get("metadata")
	if !v.IsObject() || len(v.Raw) > maxKept {
		return "null"
	}
	return string(compact(v.Raw))
}

// scriptedErrors is what the check finds because a scenario wants it to: an
// error in the lines that it names, or in the first.
func (c *storeCall) scriptedErrors(r *scenarios.Request, script *scenarios.Batch) []lineError {
	f := c.scripted(script.Error)
	e := lineError{code: f.Entry.CodeOn(c.vendor.responder().Dialect()), message: fill(f, r), param: paramOf(f.Entry.Code)}
	lines := script.FailedLines
	if len(lines) == 0 {
		lines = []scenarios.Count{1}
	}
	var errors []lineError
	for _, n := range lines[:min(len(lines), maxLineErrors)] {
		e.line = int(n)
		errors = append(errors, e)
	}
	return errors
}

// paramOf returns the parameter that a documented error of a line is about.
func paramOf(code string) string {
	switch code {
	case "url_not_found":
		return "url"
	case "duplicate_custom_id":
		return "custom_id"
	case "mismatched_model", "model_not_found":
		return "model"
	}
	return ""
}

// vendorTime converts what a scenario gives, or else what is usual.
func (m Meta) vendorTime(given *scenarios.Duration, usual time.Duration) time.Duration {
	if given != nil {
		usual = time.Duration(*given)
	}
	return m.onClock(usual)
}

// aboutBatch shows or cancels a batch.
func (c *storeCall) aboutBatch(r *scenarios.Request, m Meta) []byte {
	b, found := m.batch(r.Provider, c.id)
	if !found {
		return c.refuse(c.vendor.noBatch(c.id))
	}
	s := b.state(m.Now)
	if c.verb == "cancel" && c.in.Method == http.MethodPost {
		switch s.status {
		case batchCancelling: // Again is as good as once.
		case batchValidating, batchInProgress:
			b.cancelled = m.Now
			change := b.change(r.Provider)
			change.Existing = true
			c.changes = append(c.changes, change)
			s = b.state(m.Now)
		default:
			return c.refuse(c.vendor.ended())
		}
	}
	return c.vendor.batch(b, s)
}

// mostBatches and usualBatches are how many batches one list shows, at most and
// unless the client says how many.
const mostBatches, usualBatches = 100, 20

func (c *storeCall) listBatches(r *scenarios.Request, m Meta) []byte {
	var asked []batch
	for _, b := range m.batches(r.Provider) {
		if c.wants(b, b.state(m.Now)) {
			asked = append(asked, b)
		}
	}
	limit := min(queryNumber(c.in, "limit", usualBatches, 1), mostBatches)
	some, more := page(asked, func(b batch) string { return b.id }, first(c.in.Query, "after"), limit)
	written, ids := make([][]byte, len(some)), make([]string, len(some))
	for i, b := range some {
		written[i], ids[i] = c.vendor.batch(b, b.state(m.Now)), b.id
	}
	return c.vendor.batchList(written, ids, more)
}

// wants reports whether a list's filters let the batch through.
func (c *storeCall) wants(b batch, s batchState) bool {
	named := func(name, value string) bool {
		wanted := first(c.in.Query, name)
		return wanted == "" || slices.Contains(strings.Split(wanted, ","), value)
	}
	made := b.at.In(cst).Format("20060102150405")
	after, before := first(c.in.Query, "create_after"), first(c.in.Query, "create_before")
	name := first(c.in.Query, "ds_name")
	return named("status", s.status) && named("input_file_ids", b.input) &&
		(after == "" || made >= after) && (before == "" || made <= before) &&
		(name == "" || strings.Contains(gjson.Get(b.metadata, "ds_name").String(), name))
}
