package responders

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// taskLook looks after tasks: after one, or after all.
type taskLook struct {
	listing
	id     string // "" is all.
	cancel bool
	files  string // The address below which results stand.

	page, size    int
	model, status string
	from, to      time.Time // Of those that a list has; zero for no bound.
}

func readTaskLook(in *Incoming) taskLook {
	return taskLook{
		id: clipped(taskName(in.Path)), cancel: isCancel(in.Path), files: fileURL(in, filesPath),
		page: queryNumber(in, "page_no", 1, 1), size: min(queryNumber(in, "page_size", 10, 1), 100),
		model: first(in.Query, "model_name"), status: first(in.Query, "status"),
		from: readTaskTime(first(in.Query, "start_time")), to: readTaskTime(first(in.Query, "end_time")),
	}
}

// readTaskTime reads a time as lists of tasks have it, 20260528160000 in
// Beijing; anything else is no bound.
func readTaskTime(text string) time.Time {
	t, err := time.ParseInLocation("20060102150405", text, cst)
	if err != nil {
		return time.Time{}
	}
	return t
}

func (l taskLook) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	switch {
	case l.cancel:
		return l.cancels(r, m)
	case l.id == "":
		return m.taskWhole(r, l.list(r, m))
	}
	t, found := m.findTask(r.Namespace, l.id)
	at := stage{status: unknown}
	if found {
		at = t.stage(m)
	}
	t.ID = l.id
	return m.taskWhole(r, t.body(m, at, l.files))
}

// cancels asks a task not to begin, which is too late once it has.
func (l taskLook) cancels(r *scenarios.Request, m Meta) Message {
	t, found := m.findTask(r.Namespace, l.id)
	if !found || !t.cancel(m) {
		return Error(dashScopeNative{}, r, m, failureOf(&scenarios.Refusal{
			ID: dashScopeModel + "UnsupportedOperation", Variant: "Failed to cancel the task",
		}, r.Dialect))
	}
	message := m.taskWhole(r, obj().str("request_id", m.requestUUID()).end())
	message.Changes = []scenarios.Change{t.change()}
	return message
}

// list writes a page of the tasks that the vendor still knows, the newest
// first.
func (l taskLook) list(r *scenarios.Request, m Meta) []byte {
	var lines [][]byte
	total, start := 0, l.start()
	if m.Records != nil {
		for _, record := range slices.Backward(m.Records.List(taskRecords)) {
			t := readTask(record)
			at := t.stage(m)
			if at.status == unknown || !at.isIn(l.status) || !l.has(&t) {
				continue
			}
			if total++; total > start && len(lines) < l.size {
				lines = append(lines, t.line(m, at))
			}
		}
	}
	return obj().num("total", int64(total)).raw("data", array(lines...)).
		num("total_page", int64((total+l.size-1)/l.size)).num("page_no", int64(l.page)).
		str("request_id", m.requestUUID()).num("page_size", int64(l.size)).end()
}

// start returns how many tasks stand before the page.
func (l taskLook) start() int {
	const most = 1 << 30 // Else the product might overflow.
	return (min(l.page, most/l.size) - 1) * l.size
}

// has reports whether the list is about the task, whatever its state.
func (l taskLook) has(t *task) bool {
	made := time.UnixMilli(t.Made)
	return (l.model == "" || l.model == t.Model) &&
		(l.from.IsZero() || !made.Before(l.from)) && (l.to.IsZero() || !made.After(l.to))
}

// line writes a task as a list has it. The account is made up.
func (t *task) line(m Meta, at stage) []byte {
	kind := taskKinds[t.Kind]
	keys := kind.keys
	if keys == "" {
		keys = "aigc:" + strings.ReplaceAll(kind.path, "/", ":")
	}
	account := strconv.FormatUint(1_000_000_000_000_000+t.Caller%1_000_000_000_000_000, 10)
	o := obj().str("api_key_id", strconv.FormatUint(10_000+t.Caller%90_000, 10)).
		str("caller_parent_id", account).str("caller_uid", account)
	if !at.ended.IsZero() {
		o.num("end_time", at.ended.UnixMilli())
	}
	o.num("gmt_create", t.Made).str("model_name", t.Model).str("region", "cn-beijing").str("request_id", t.Request)
	if !at.begun.IsZero() {
		o.num("start_time", at.begun.UnixMilli())
	}
	return o.str("status", at.status).str("task_id", t.ID).str("user_api_unique_key", "apikey:v1:"+keys+":"+t.Model).end()
}

// times writes what has happened when.
func (s stage) times(o *object, coarse bool) {
	if !s.made.IsZero() {
		o.str("submit_time", vendorTime(s.made))
	}
	if !s.begun.IsZero() {
		o.str("scheduled_time", vendorTime(s.begun))
	}
	switch {
	case s.ended.IsZero():
	case coarse:
		o.str("end_time", clock(s.ended))
	default:
		o.str("end_time", vendorTime(s.ended))
	}
}

// body writes what is known of a task. Results stand below the address of the
// files.
func (t *task) body(m Meta, at stage, files string) []byte {
	o := outcome{t: t, files: files, output: obj().str("task_id", t.ID).str("task_status", at.status), usage: obj(), at: at}
	kind := taskKinds[t.Kind]
	at.times(o.output, kind.coarse && at.status == succeeded)
	done, lost := 0, 0
	switch at.status {
	case succeeded:
		done, lost = t.Results-t.Failed, t.Failed
		kind.output(o)
	case failed:
		lost = t.Results
		o.output.str("code", t.Code).str("message", t.Message)
	}
	if kind.metrics && at.status != unknown && !t.Single {
		o.output.raw("task_metrics", obj().num("TOTAL", int64(t.Results)).num("SUCCEEDED", int64(done)).num("FAILED", int64(lost)).end())
	}
	body := obj().str("request_id", m.requestUUID()).raw("output", o.output.end())
	if at.status == succeeded {
		body.raw("usage", o.usage.end())
	}
	return body.end()
}
