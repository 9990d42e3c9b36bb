package scenarios

import (
	"slices"

	"github.com/mockllm/mockllm/catalog"
)

// A Batch scripts what becomes of a batch that a client makes. The durations
// are vendor time. What is not given is as usual.
type Batch struct {
	Validating  *Duration    `toml:"validating"`        // How long the input file is checked.
	Running     *Duration    `toml:"running"`           // How long its lines are answered.
	Finalizing  *Duration    `toml:"finalizing"`        // How long the results are written, or a cancelled batch ends.
	Outcome     BatchOutcome `toml:"outcome"`           // "" is completed.
	FailedLines []Count      `toml:"failed_lines"`      // Lines of the input file, from 1, that are not answered.
	Error       string       `toml:"error" need:"text"` // Which documented error they have.
}

// A BatchOutcome is how a batch ends.
type BatchOutcome string

// The values of [BatchOutcome].
const (
	BatchCompleted BatchOutcome = "completed"
	BatchFailed    BatchOutcome = "failed" // The check of the input file finds something.
	BatchExpired   BatchOutcome = "expired"
	BatchCancelled BatchOutcome = "cancelled"
)

// UnmarshalTOML reads an outcome.
func (b *BatchOutcome) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(BatchCompleted), string(BatchFailed), string(BatchExpired), string(BatchCancelled))
	*b = BatchOutcome(text)
	return err
}

// maxFailedLines bounds how many lines a scenario may name.
const maxFailedLines = 1_000

// check says what is wrong with the batch as such.
func (b *Batch) check(path string, r *report) {
	if len(b.FailedLines) > maxFailedLines {
		r.add(path+".failed_lines", "must name at most %d lines, not %d", maxFailedLines, len(b.FailedLines))
	}
	if b.Error != "" && len(b.FailedLines) == 0 && b.Outcome != BatchFailed {
		r.add(path+".error", "goes with failed_lines, or with outcome %q", BatchFailed)
	}
}

// narrowBatch takes away the routes on whose dialect the batch's error cannot
// arrive.
func narrowBatch(path string, rule *Rule, b *Batch, r *report) {
	if b == nil || b.Error == "" {
		return
	}
	entry, err := catalog.Resolve(b.Error, catalog.Scope{Dialects: rule.dialects()})
	if err != nil {
		r.add(path+".error", "%v", err)
		return
	}
	for at := range rule.routes {
		if !slices.Contains(entry.Dialects, at.dialect) {
			delete(rule.routes, at)
		}
	}
}
