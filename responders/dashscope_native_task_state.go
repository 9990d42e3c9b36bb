package responders

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// What becomes of a task is a function of its record and the time.

// taskRecords is what records of tasks are called.
const taskRecords = "task"

// task is what is kept of a task.
type task struct {
	ID        string `json:"-"` // The record's own.
	kept      bool   // Whether there is a record.
	Kind      int    `json:"kind"`
	Made      int64  `json:"made"`    // In milliseconds.
	Request   string `json:"request"` // The id of the call that made it.
	Caller    uint64 `json:"caller"`  // A hash of the key.
	Model     string `json:"model"`
	Results   int    `json:"results"`
	Cancelled int64  `json:"cancelled,omitempty"` // When it was, in milliseconds.

	Pending time.Duration         `json:"pending"` // On the clock, as Running and Life are: a new speed is for new tasks.
	Running time.Duration         `json:"running"`
	Life    time.Duration         `json:"life"` // How long it is known.
	Outcome scenarios.TaskOutcome `json:"outcome"`
	Failed  int                   `json:"failed,omitempty"` // How many results are.
	Code    string                `json:"code,omitempty"`   // Of what fails, as is Message.
	Message string                `json:"message,omitempty"`

	Prompt  string   `json:"prompt,omitempty"`
	Size    string   `json:"size,omitempty"`
	Seconds int      `json:"seconds,omitempty"`
	Style   int      `json:"style,omitempty"`
	Files   []string `json:"files,omitempty"`
	Single  bool     `json:"single,omitempty"` // There is one file, and the result is no list.
}

// begin makes a task of what a call asks for. Without a life it goes the usual
// way.
func (t *task) begin(r *scenarios.Request, m Meta, life *scenarios.Task) {
	t.Made, t.Request, t.Caller = m.Now.UnixMilli(), m.requestUUID(), hashed(r.Key)
	t.take(m, life)
	t.Outcome = scenarios.TaskSucceeded
	if life != nil {
		t.Outcome, t.Failed = life.Ends(), min(int(life.Failed), t.Results)
	}
	if t.Failed == t.Results {
		t.Outcome, t.Failed = scenarios.TaskFailed, 0 // Nothing succeeds.
	}
	if t.Outcome == scenarios.TaskFailed || t.Failed > 0 {
		failure := t.usualFailure(r)
		if life.Failure != nil {
			failure = life.Failure
		}
		t.Code, t.Message = failure.Entry.Code, withHelp(fill(failure, r), failure, helpOff)
	}
	t.ID = m.taskID(r.Namespace, taskID{
		made: m.Now, kind: t.Kind, results: t.Results, usual: life == nil && len(t.Files) == 0,
	})
}

// take sets how long what happens to the task takes.
func (t *task) take(m Meta, life *scenarios.Task) {
	pending, running := m.Tasks.Life(life)
	t.Pending, t.Running, t.Life = m.onClock(pending), m.onClock(running), m.onClock(taskLife)
}

// usualFailure is why a task or some of its results fail if nobody says.
func (t *task) usualFailure(r *scenarios.Request) *scenarios.Failure {
	refused := scenarios.Refusal{ID: dashScopeModel + "InternalError.Timeout"}
	switch {
	case t.Failed > 0 && len(t.Files) > 0:
		refused = scenarios.Refusal{ID: dashScopeModel + "InvalidFile.DownloadFailed"}
	case t.Failed > 0:
		refused = scenarios.Refusal{ID: dashScopeModel + "DataInspectionFailed", Variant: "Output data may contain inappropriate content."}
	}
	return failureOf(&refused, r.Dialect)
}

// change keeps the task. It may be forgotten once it has ended.
func (t *task) change() scenarios.Change {
	value, err := json.Marshal(t)
	if err != nil {
		panic(err) // There is nothing in it that JSON does not know.
	}
	return scenarios.Change{Kind: taskRecords, ID: t.ID, Value: value, Until: t.ends(), Existing: t.kept}
}

// readTask reads a record.
func readTask(r scenarios.Record) task {
	t := task{}
	if json.Unmarshal(r.Value, &t) != nil || t.Kind < 0 || t.Kind >= len(taskKinds) {
		t = task{} // Nobody else writes records of tasks.
	}
	t.ID, t.kept = r.ID, true
	return t
}

// findTask returns the task of that id: from its record or, if there is none
// and the task went the usual way, from the id alone.
func (m Meta) findTask(namespace, id string) (task, bool) {
	if m.Records != nil {
		if r, found := m.Records.Get(taskRecords, id); found {
			return readTask(r), true
		}
	}
	told, genuine := readTaskID(id, namespace)
	if !genuine || !told.usual {
		return task{}, false
	}
	t := task{
		ID: id, Kind: told.kind, Made: told.made.UnixMilli(), Results: told.results, Outcome: scenarios.TaskSucceeded,
		Size: pictureSize("", told.kind), Seconds: mp4Seconds,
	}
	t.take(m, nil)
	return t, true
}

// The states of a task.
const (
	pending   = "PENDING"
	running   = "RUNNING"
	succeeded = "SUCCEEDED"
	failed    = "FAILED"
	canceled  = "CANCELED"
	unknown   = "UNKNOWN"
)

// stage is how far a task is. Times that have not come yet are zero.
type stage struct {
	status             string
	made, begun, ended time.Time
}

// begins and ends return when the task is to begin to run, and to end.

func (t *task) begins() time.Time { return time.UnixMilli(t.Made).Add(t.Pending) }

func (t *task) ends() time.Time {
	switch {
	case t.Cancelled != 0:
		return time.UnixMilli(t.Cancelled)
	case t.Outcome == scenarios.TaskCanceled:
		return t.begins()
	}
	return t.begins().Add(t.Running)
}

// stage returns how far the task is now.
func (t *task) stage(m Meta) stage {
	s := stage{status: pending, made: time.UnixMilli(t.Made)}
	begins, ends := t.begins(), t.ends()
	if !m.Now.Before(s.made.Add(t.Life)) {
		return stage{status: unknown}
	}
	if t.Cancelled == 0 && !m.Now.Before(begins) && t.Outcome != scenarios.TaskCanceled {
		s.status, s.begun = running, begins
	}
	if m.Now.Before(ends) {
		return s
	}
	s.ended = ends
	switch {
	case t.Cancelled != 0 || t.Outcome == scenarios.TaskCanceled:
		s.status = canceled
	case t.Outcome == scenarios.TaskUnknown:
		return stage{status: unknown}
	case t.Outcome == scenarios.TaskFailed:
		s.status = failed
	default:
		s.status = succeeded
	}
	return s
}

// cancel asks a task not to begin.
func (t *task) cancel(m Meta) bool {
	if t.stage(m).status != pending {
		return false
	}
	t.Cancelled = max(m.Now.UnixMilli(), t.Made)
	return true
}

// isIn reports whether the task is in the state, or whether any will do.
func (s stage) isIn(status string) bool { return cmp.Or(status, s.status) == s.status }

// vendorTime writes a time as the task service does.
func vendorTime(t time.Time) string { return t.In(cst).Format("2006-01-02 15:04:05.000") }
