package scenarios

import (
	"cmp"
	"fmt"
	"time"

	"github.com/mockllm/mockllm/catalog"
)

// Tasks says how long the tasks take that clients make and then ask for, in
// vendor time.
type Tasks struct {
	Pending *Duration `toml:"pending"` // How long one waits until it runs; 2s unless given.
	Running *Duration `toml:"running"` // How long it runs; 8s unless given.
}

// The times of a task where nobody says otherwise.
const (
	usualPending = Duration(2 * time.Second)
	usualRunning = Duration(8 * time.Second)
)

// A Task is the life of a task, and how it ends.
type Task struct {
	Pending *Duration   `toml:"pending"`           // How long it waits until it runs, instead of the scenario's.
	Running *Duration   `toml:"running"`           // How long it runs, instead of the scenario's.
	Outcome TaskOutcome `toml:"outcome"`           // "" means succeeded, or failed if there is an error and no number of failed results.
	Error   string      `toml:"error" need:"text"` // Why the task fails, or why single results do: an entry of the catalogue.
	Failed  Count       `toml:"failed"`            // How many of the results fail while the others succeed.

	Failure *Failure // What Error means, once a scenario is loaded; nil without one.
}

// A TaskOutcome is how a task ends.
type TaskOutcome string

// The values of [TaskOutcome].
const (
	TaskSucceeded TaskOutcome = "succeeded"
	TaskFailed    TaskOutcome = "failed"
	TaskCanceled  TaskOutcome = "canceled" // By the vendor, when it would begin to run.
	TaskUnknown   TaskOutcome = "unknown"  // The vendor has lost it.
)

// UnmarshalTOML reads an outcome.
func (o *TaskOutcome) UnmarshalTOML(in any) error {
	text, err := oneOf(in, string(TaskSucceeded), string(TaskFailed), string(TaskCanceled), string(TaskUnknown))
	*o = TaskOutcome(text)
	return err
}

// check says what is wrong with the task as such.
func (t *Task) check(path string, r *report) {
	switch {
	case t.Failed > 0 && t.Outcome != "" && t.Outcome != TaskSucceeded:
		r.add(path+".failed", "does not go with outcome %q: the task succeeds in part", t.Outcome)
	case t.Error != "" && t.Outcome != "" && t.Outcome != TaskFailed && t.Failed == 0:
		r.add(path+".error", "does not go with outcome %q", t.Outcome)
	case t.Running != nil && t.Outcome == TaskCanceled:
		r.add(path+".running", "does not go with outcome %q: a task that runs cannot be canceled", t.Outcome)
	}
}

// checkTaskError refuses what goes with a refusal only: the answer to the call
// is the task.
func checkTaskError(path string, o *Outcome, r *report) {
	if o.Status != 0 {
		r.add(path+".status", "does not go with delivery task: the call itself succeeds")
	}
	if o.RetryAfter != nil {
		r.add(path+".retry_after", "does not go with delivery task: the call itself succeeds")
	}
}

// makesTask reports whether the error arrives as a task that fails.
func (d *Delivery) makesTask() bool {
	return d != nil && catalog.Delivery(d.Mode) == catalog.DeliverTask
}

// makesTask reports whether the outcome is about a task, so that something is
// left of it if the answer is lost.
func (o *Outcome) makesTask() bool {
	return o.Delivery.makesTask() || o.Reply != nil && o.Reply.Task != nil
}

// fitsTask reports whether an error can arrive there, as far as tasks go. What a
// task fails for is not what the vendor says of a call that asks for one: that
// must be asked for by its operation.
func (o *outcome) fitsTask(m *Match, at route) bool {
	if o.makesTask() {
		return at.operationOf().MakesTasks()
	}
	return at.operation != catalog.OpTask || m.Operation != "" || o.variants[at.dialect].Origin != catalog.OriginTask
}

// impliedTask narrows the rule to calls that make a task, if an outcome of it
// is about one.
func impliedTask(rule *Rule) {
	needed := rule.makesTask()
	for i := range rule.Step {
		needed = needed || rule.Step[i].makesTask()
	}
	if needed {
		rule.Match.onlyTasks()
	}
}

// onlyTasks adds what an outcome implies: that the call makes a task. A call of
// the same operation may be one that does not.
func (m *Match) onlyTasks() {
	m.add("task", "true", func(r *Request) bool { return r.Task }, func(r *Request) string { return fmt.Sprint(r.Task) })
}

// ready returns the reply as responders take it: the error of its task looked
// up. The scenario's own stays as it was read, as servers share it.
func (r *Reply) ready(path string, rule *Rule, problems *report) *Reply {
	if r.Task == nil || r.Task.Error == "" {
		return r
	}
	entry, err := catalog.Resolve(r.Task.Error, catalog.Scope{Dialects: rule.dialects(), Operation: string(rule.Match.Operation)})
	if err != nil {
		problems.add(path+".task.error", "%v", err)
		return r
	}
	own, task := *r, *r.Task
	for _, dialect := range rule.dialects() {
		variant := entry.Variant(dialect)
		if task.Failed > 0 {
			variant = entry.MidStreamVariant(dialect) // It is about a result.
		}
		task.Failure = &Failure{Entry: entry, Variant: variant}
	}
	own.Task = &task
	return &own
}

// Ends returns how the task ends.
func (t *Task) Ends() TaskOutcome {
	if t.Outcome == "" && t.Error != "" && t.Failed == 0 {
		return TaskFailed
	}
	return cmp.Or(t.Outcome, TaskSucceeded)
}

// Life returns how long a task waits and runs, in vendor time. The task may be
// nil.
func (t Tasks) Life(task *Task) (pending, running time.Duration) {
	given := Task{}
	if task != nil {
		given = *task
	}
	usual := [2]Duration{usualPending, usualRunning}
	pending = time.Duration(*cmp.Or(given.Pending, t.Pending, &usual[0]))
	running = time.Duration(*cmp.Or(given.Running, t.Running, &usual[1]))
	return pending, running
}

// Tasks returns how long tasks take.
func (e *Engine) Tasks() Tasks { return e.scenario.Tasks }
