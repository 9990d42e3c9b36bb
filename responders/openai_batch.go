package responders

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// A batch is what a client had made of a file of calls. All that happens to it
// is decided when it is made; what of that has happened is a function of the
// time.
type batch struct {
	id string
	at time.Time

	endpoint, input, window, model string
	metadata                       string // JSON.
	output, failures               string // The ids of the files that it writes.

	// On the clock: how long it is checked, runs and comes to its end, and how
	// long it may last in all.
	validating, running, finalizing, life time.Duration

	outcome   scenarios.BatchOutcome
	errors    []lineError // What the check of the input file finds.
	total     int         // How many lines there are.
	failed    []int       // The indexes of those that fail, ascending.
	cancelled time.Time   // When the client cancelled it; zero if it did not.
	results   []byte      // For each line of the input, the line that is written.
}

// A lineError is what the check of an input file finds in a line.
type lineError struct {
	code, message, param string
	line                 int // 0 if it is about the file.
}

func (e lineError) json() []byte {
	o := obj().str("code", e.code).str("message", e.message)
	if e.param == "" {
		o.null("param")
	} else {
		o.str("param", e.param)
	}
	if e.line == 0 {
		return o.null("line").end()
	}
	return o.num("line", int64(e.line)).end()
}

// batchKind is what a vendor's batch records are called.
func batchKind(provider string) string { return provider + "-batch" }

// change keeps the batch: a line of JSON, and the results behind it.
func (b batch) change(provider string) scenarios.Change {
	errors := make([][]byte, len(b.errors))
	for i, e := range b.errors {
		errors[i] = e.json()
	}
	failed := make([][]byte, len(b.failed))
	for i, index := range b.failed {
		failed[i] = strconv.AppendInt(nil, int64(index), 10)
	}
	head := obj().str("endpoint", b.endpoint).str("input", b.input).str("window", b.window).str("model", b.model).
		raw("metadata", []byte(b.metadata)).str("output", b.output).str("failures", b.failures).
		num("validating", int64(b.validating)).num("running", int64(b.running)).num("finalizing", int64(b.finalizing)).
		num("life", int64(b.life)).str("outcome", string(b.outcome)).raw("errors", array(errors...)).
		num("total", int64(b.total)).raw("failed", array(failed...))
	if !b.cancelled.IsZero() {
		head.num("cancelled", b.cancelled.UnixNano())
	}
	value := append(head.end(), '\n')
	return scenarios.Change{Kind: batchKind(provider), ID: b.id, Value: append(value, b.results...), Until: b.over()}
}

// readBatch is the reverse of change.
func readBatch(record scenarios.Record) batch {
	head, results, _ := bytes.Cut(record.Value, []byte("\n"))
	told := gjson.ParseBytes(head)
	span := func(name string) time.Duration { return time.Duration(told.Get(name).Int()) }
	b := batch{
		id: record.ID, at: record.Created, results: results,
		endpoint: told.Get("endpoint").Str, input: told.Get("input").Str, window: told.Get("window").Str,
		model: told.Get("model").Str, metadata: told.Get("metadata").Raw,
		output: told.Get("output").Str, failures: told.Get("failures").Str,
		validating: span("validating"), running: span("running"), finalizing: span("finalizing"), life: span("life"),
		outcome: scenarios.BatchOutcome(told.Get("outcome").Str), total: int(told.Get("total").Int()),
	}
	for _, e := range told.Get("errors").Array() {
		b.errors = append(b.errors, lineError{e.Get("code").Str, e.Get("message").Str, e.Get("param").Str, int(e.Get("line").Int())})
	}
	for _, index := range told.Get("failed").Array() {
		b.failed = append(b.failed, int(index.Int()))
	}
	if at := told.Get("cancelled"); at.Exists() {
		b.cancelled = time.Unix(0, at.Int())
	}
	return b
}

// batch returns the batch of that id.
func (m Meta) batch(provider, id string) (batch, bool) {
	if m.Records == nil {
		return batch{}, false
	}
	record, found := m.Records.Get(batchKind(provider), id)
	return readBatch(record), found
}

// batches returns all batches, the newest first.
func (m Meta) batches(provider string) []batch {
	if m.Records == nil {
		return nil
	}
	var all []batch
	for _, record := range slices.Backward(m.Records.List(batchKind(provider))) {
		all = append(all, readBatch(record))
	}
	return all
}

// The states of a batch, in OpenAI's words.
const (
	batchValidating = "validating"
	batchInProgress = "in_progress"
	batchFinalizing = "finalizing"
	batchCompleted  = "completed"
	batchFailed     = "failed"
	batchExpired    = "expired"
	batchCancelling = "cancelling"
	batchCancelled  = "cancelled"
)

// A batchState is what has happened to a batch by a moment. Times of what has
// not happened are zero.
type batchState struct {
	status string
	done   int  // How many lines were looked at.
	over   bool // Nothing changes any more, and what was not looked at never will be.

	started, finalizing, cancelling, ended time.Time
}

// stop returns when the batch stops running, and why.
func (b batch) stop() (time.Time, scenarios.BatchOutcome) {
	started := b.at.Add(b.validating)
	end, why := started.Add(b.running), b.outcome
	if len(b.errors) > 0 {
		end, why = started, scenarios.BatchFailed
	}
	if limit := b.at.Add(b.life); limit.Before(end) {
		end, why = limit, scenarios.BatchExpired
	}
	if !b.cancelled.IsZero() && b.cancelled.Before(end) {
		end, why = b.cancelled, scenarios.BatchCancelled
	}
	return end, why
}

// over returns when nothing changes any more, at the latest.
func (b batch) over() time.Time {
	end, _ := b.stop()
	return end.Add(b.finalizing)
}

// state tells the batch's state at a moment.
func (b batch) state(now time.Time) batchState {
	started := b.at.Add(b.validating)
	end, why := b.stop()
	s := batchState{status: batchValidating}
	if now.Before(started) && now.Before(end) {
		return s
	}
	if why != scenarios.BatchFailed && !end.Before(started) {
		s.started = started
	}
	if now.Before(end) {
		s.status, s.done = batchInProgress, b.share(now)
		return s
	}
	ready := end.Add(b.finalizing)
	switch why {
	case scenarios.BatchFailed:
		s.status, s.over, s.ended = batchFailed, true, end
	case scenarios.BatchExpired:
		s.status, s.over, s.ended, s.done = batchExpired, true, end, b.share(end)
	case scenarios.BatchCancelled:
		s.status, s.done = batchCancelling, b.share(end)
		if !now.Before(ready) {
			s.status, s.over, s.cancelling, s.ended = batchCancelled, true, end, ready
		}
	default:
		s.status, s.done, s.finalizing = batchFinalizing, b.total, end
		if !now.Before(ready) {
			s.status, s.over, s.ended = batchCompleted, true, ready
		}
	}
	return s
}

// share returns how many lines were looked at by a moment: one after the other,
// evenly. A batch that a scenario ends early gets half way.
func (b batch) share(now time.Time) int {
	target := b.total
	if b.outcome == scenarios.BatchExpired || b.outcome == scenarios.BatchCancelled {
		target /= 2
	}
	elapsed := now.Sub(b.at) - b.validating
	switch {
	case elapsed <= 0:
		return 0
	case elapsed >= b.running:
		return target
	}
	return int(float64(target) * float64(elapsed) / float64(b.running))
}

// counts returns how many lines there are, were answered, and failed. Before
// the input file is checked, nobody has counted.
func (b batch) counts(s batchState) (total, completed, failed int) {
	if s.status == batchValidating || s.status == batchFailed {
		return 0, 0, 0
	}
	failed, _ = slices.BinarySearch(b.failed, s.done)
	completed = s.done - failed
	if s.over {
		failed = b.total - completed
	}
	return b.total, completed, failed
}

// write returns what stands in the file of answers, or of failures; nothing
// before the batch is over.
func (b batch) write(s batchState, failures bool) []byte {
	if !s.over || s.status == batchFailed {
		return nil
	}
	var written []byte
	index := 0
	for line := range bytes.Lines(b.results) {
		_, fails := slices.BinarySearch(b.failed, index)
		switch {
		case index >= s.done && failures:
			written = append(written, givenUp(line, s.status)...)
		case index < s.done && fails == failures:
			written = append(written, line...)
		}
		index++
	}
	return written
}

// givenUp writes the line of a call that a batch did not get to.
func givenUp(result []byte, status string) []byte {
	why := obj().str("code", "batch_expired").str("message", "This request could not be executed before the completion window expired.")
	if status == batchCancelled {
		why = obj().str("code", "batch_cancelled").str("message", "This request was not executed because the batch was cancelled.")
	}
	told := gjson.ParseBytes(result)
	line := obj().str("id", told.Get("id").Str).str("custom_id", told.Get("custom_id").Str).null("response").raw("error", why.end())
	return append(line.end(), '\n')
}

// resultFile returns the id of a file if there is anything in it.
func (b batch) resultFile(s batchState, failures bool) string {
	_, completed, failed := b.counts(s)
	switch {
	case !s.over:
		return ""
	case failures && failed > 0:
		return b.failures
	case !failures && completed > 0:
		return b.output
	}
	return ""
}
