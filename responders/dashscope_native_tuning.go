package responders

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// jobMethods are the methods that a path about uploads, temporary keys,
// fine-tuning or deployments wants.
func jobMethods(in *Incoming) []string {
	named := in.Vars["job_id"] != "" || in.Vars["deployed_model"] != ""
	switch verb := in.Vars["verb"]; {
	case verb == "cancel" || in.Operation == catalog.OpToken:
		return []string{http.MethodPost}
	case verb == "scale" || verb == "update":
		return []string{http.MethodPut}
	case verb != "" || in.Operation == catalog.OpUpload || strings.HasSuffix(in.Path, "/deployments/models"):
		return []string{http.MethodGet}
	case named:
		return []string{http.MethodGet, http.MethodDelete}
	}
	return []string{http.MethodGet, http.MethodPost}
}

// A tuningCall is a call about fine-tuning jobs.
type tuningCall struct {
	in   *Incoming
	body *jsonBody
}

func (tuningCall) turns() []scenarios.Turn { return nil }

func (c tuningCall) creates() bool {
	return c.in.Method == http.MethodPost && c.in.Vars["job_id"] == ""
}

func (c tuningCall) refusal(*dashScopeQuestion) *scenarios.Refusal {
	switch {
	case c.creates() && modelOf(c.body) == "":
		return &scenarios.Refusal{ID: dashScopeModel + "BadRequest.EmptyModel"}
	case c.creates() && len(c.body.Get("training_file_ids").Array()) == 0 && len(c.body.Get("training_datasets").Array()) == 0:
		return invalidParameter("Missing training files.", nil)
	case c.in.Vars["checkpoint"] != "" && first(c.in.Query, "model_name") == "":
		return parameterMissing("model_name")
	}
	return nil
}

func (c tuningCall) bodyRefusal(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	if c.creates() {
		if refused := bodyRefusal(in, r); refused != nil {
			return refused
		}
	}
	return c.refusal(nil)
}

// tuningKind is what the records of jobs are called.
const tuningKind = "dashscope-fine-tune"

// A tuned is a fine-tuning job. As with a batch, all that happens to it is a
// function of the time.
type tuned struct {
	id        string
	at        time.Time
	asked     gjson.Result // What is kept of the call.
	output    string       // The model that it makes.
	pending   time.Duration
	running   time.Duration
	cancelled time.Time
	exported  []string // The checkpoints that were exported besides the last.
}

// How long a job takes in vendor time. The vendor's takes hours.
const (
	tuningPending = 2 * time.Second
	tuningRunning = 60 * time.Second
)

func (t tuned) change() scenarios.Change {
	exported := make([][]byte, len(t.exported))
	for i, name := range t.exported {
		exported[i] = appendQuoted(nil, name)
	}
	value := obj().raw("asked", []byte(t.asked.Raw)).str("output", t.output).num("pending", int64(t.pending)).
		num("running", int64(t.running)).raw("exported", array(exported...))
	over := t.at.Add(t.pending + t.running)
	if !t.cancelled.IsZero() {
		value.num("cancelled", t.cancelled.UnixNano())
		over = t.cancelled
	}
	return scenarios.Change{Kind: tuningKind, ID: t.id, Value: value.end(), Until: over}
}

func readTuning(record scenarios.Record) tuned {
	told := gjson.ParseBytes(record.Value)
	t := tuned{
		id: record.ID, at: record.Created, asked: told.Get("asked"), output: told.Get("output").Str,
		pending: time.Duration(told.Get("pending").Int()), running: time.Duration(told.Get("running").Int()),
	}
	if at := told.Get("cancelled"); at.Exists() {
		t.cancelled = time.Unix(0, at.Int())
	}
	for _, name := range told.Get("exported").Array() {
		t.exported = append(t.exported, name.Str)
	}
	return t
}

// state returns the vendor's word for the state, and when the job ended; the
// zero time for one that goes on.
func (t tuned) state(now time.Time) (string, time.Time) {
	end := t.at.Add(t.pending + t.running)
	switch {
	case !t.cancelled.IsZero():
		return "CANCELED", t.cancelled
	case now.Before(t.at.Add(t.pending)):
		return "PENDING", time.Time{}
	case now.Before(end):
		return "RUNNING", time.Time{}
	}
	return "SUCCEEDED", end
}

// tunings returns all jobs, the newest first.
func (m Meta) tunings() []tuned {
	if m.Records == nil {
		return nil
	}
	var all []tuned
	for _, record := range slices.Backward(m.Records.List(tuningKind)) {
		all = append(all, readTuning(record))
	}
	return all
}

func (c tuningCall) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	switch {
	case c.creates():
		return c.create(r, m)
	case c.in.Vars["job_id"] == "":
		return c.list(r, m)
	}
	if m.Records != nil {
		if record, found := m.Records.Get(tuningKind, c.in.Vars["job_id"]); found {
			return c.about(r, m, readTuning(record))
		}
	}
	return m.controlRefused(r, &scenarios.Refusal{ID: dashScopeModel + "NotFound", Variant: "Not Found!"})
}

// mostTunings is how many jobs one user may have running or succeeded.
const mostTunings = 20

func (c tuningCall) create(r *scenarios.Request, m Meta) Message {
	going := 0
	for _, t := range m.tunings() {
		if state, _ := t.state(m.Now); state != "CANCELED" {
			going++
		}
	}
	if going >= mostTunings {
		return m.controlRefused(r, &scenarios.Refusal{ID: dashScopeModel + "Throttling", Variant: "Only 20 fine-tune job"})
	}
	kept := obj().str("model", modelOf(c.body))
	for _, name := range []string{"training_file_ids", "validation_file_ids", "hyper_parameters"} {
		if v := c.body.Get(name); v.Exists() && len(v.Raw) <= maxKept {
			kept.raw(name, compact(v.Raw))
		}
	}
	kept.str("training_type", clipped(c.body.Get("training_type").String())).str("job_name", clipped(c.body.Get("job_name").String()))
	t := tuned{
		id: m.tuningID(), at: m.Now, asked: gjson.ParseBytes(kept.end()),
		pending: m.onClock(tuningPending), running: m.onClock(tuningRunning),
	}
	t.output = modelOf(c.body)
	if suffix := clipped(c.body.Get("finetuned_output_suffix").String()); suffix != "" {
		t.output += "-" + suffix
	}
	t.output += "-" + t.id
	return m.job(r, t.json(m.Now), t.change())
}

// tuningID draws the id of a job, which tells the minute in which it was made.
func (m Meta) tuningID() string {
	chance := m.chance(forRecords)
	for {
		id := "ft-" + m.Now.In(cst).Format("200601021504") + "-" + randomHex(chance, 4)
		if m.Records == nil {
			return id
		}
		if _, taken := m.Records.Get(tuningKind, id); !taken {
			return id
		}
	}
}

// job is an answer about a job: the request id stands at its beginning.
func (m Meta) job(r *scenarios.Request, output []byte, changes ...scenarios.Change) Message {
	return m.controlWhole(r, obj().str("request_id", m.requestUUID()).raw("output", output).end(), changes...)
}

// orderDone is what is answered to an order.
func (m Meta) orderDone(r *scenarios.Request, changes ...scenarios.Change) Message {
	return m.job(r, obj().str("status", "success").end(), changes...)
}

func (c tuningCall) list(r *scenarios.Request, m Meta) Message {
	size, number := min(queryNumber(c.in, "page_size", 10, 1), 100), queryNumber(c.in, "page_no", 1, 1)
	model := first(c.in.Query, "model")
	all := slices.DeleteFunc(m.tunings(), func(t tuned) bool { return model != "" && t.asked.Get("model").Str != model })
	var jobs [][]byte
	for _, t := range onPage(all, number, size) {
		jobs = append(jobs, t.json(m.Now))
	}
	return m.job(r, obj().num("page_no", int64(number)).num("page_size", int64(size)).num("total", int64(len(all))).
		raw("jobs", array(jobs...)).end())
}
