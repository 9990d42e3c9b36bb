package responders

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// What can be asked of one fine-tuning job.

// about does what is asked of a job.
func (c tuningCall) about(r *scenarios.Request, m Meta, t tuned) Message {
	state, _ := t.state(m.Now)
	over := state == "SUCCEEDED" || state == "CANCELED"
	unsupported := func(text string) Message {
		return m.controlRefused(r, &scenarios.Refusal{ID: dashScopeModel + "UnsupportedOperation", Variant: text})
	}
	switch c.in.Vars["verb"] {
	case "cancel":
		if over {
			return unsupported("The fine-tune job can not be canceled")
		}
		t.cancelled = m.Now
		change := t.change()
		change.Existing = true
		return m.orderDone(r, change)
	case "logs":
		return c.logs(r, m, t)
	case "checkpoints":
		return m.job(r, array(t.checkpoints(m.Now)...))
	case "export":
		return c.export(r, m, t)
	}
	if c.in.Method != http.MethodDelete {
		return m.job(r, t.json(m.Now))
	}
	if over {
		return unsupported("The fine-tune job can not be deleted")
	}
	return m.orderDone(r, scenarios.Change{Kind: tuningKind, ID: t.id})
}

// json writes a job. What it has made and used stands there once it is over.
func (t tuned) json(now time.Time) []byte {
	state, ended := t.state(now)
	o := obj().str("job_id", t.id).str("job_name", cmp.Or(t.asked.Get("job_name").Str, t.id)).str("status", state)
	if state == "SUCCEEDED" {
		o.str("finetuned_output", t.output)
	}
	model := t.asked.Get("model").Str
	raw := func(name, fallback string) []byte { return []byte(cmp.Or(t.asked.Get(name).Raw, fallback)) }
	o.str("model", model).str("base_model", model).raw("training_file_ids", raw("training_file_ids", "[]")).
		raw("validation_file_ids", raw("validation_file_ids", "[]")).raw("hyper_parameters", raw("hyper_parameters", "{}")).
		str("training_type", cmp.Or(t.asked.Get("training_type").Str, "sft")).str("create_time", clock(t.at)).
		str("workspace_id", workspaceID).str("user_identity", accountID).str("modifier", accountID).str("creator", accountID)
	if !ended.IsZero() {
		o.str("end_time", clock(ended))
	}
	o.str("group", "llm")
	if !ended.IsZero() {
		o.num("usage", t.usage(state))
	}
	return o.end()
}

const workspaceID = "llm-v71tlv3dezezp2en"

// usage is how many tokens the training took; a job that was cancelled is not
// paid for.
func (t tuned) usage(state string) int64 {
	if state != "SUCCEEDED" {
		return 0
	}
	return 100_000 + int64(hashed(t.id)%200_000)
}

// epochs is how often the data is gone through, and how many checkpoints that
// leaves.
func (t tuned) epochs() int {
	return number(t.asked.Get("hyper_parameters.n_epochs"), 1, 10, 1)
}

// logs shows a part of what the training says.
func (c tuningCall) logs(r *scenarios.Request, m Meta, t tuned) Message {
	all := t.said(m.Now)
	from := min(queryNumber(c.in, "offset", 0, 0), len(all))
	to := min(from+min(queryNumber(c.in, "line", 100, 1), 1_000), len(all))
	var lines [][]byte
	for _, line := range all[from:to] {
		lines = append(lines, appendQuoted(nil, line))
	}
	return m.job(r, obj().num("total", int64(len(all))).raw("logs", array(lines...)).end())
}

// said is all that the training has said by a moment.
func (t tuned) said(now time.Time) []string {
	state, ended := t.state(now)
	var lines []string
	say := func(at time.Time, text string) {
		lines = append(lines, at.In(cst).Format("2006-01-02 15:04:05,000")+" - INFO - "+text)
	}
	started := t.at.Add(t.pending)
	if now.Before(started) || !t.cancelled.IsZero() && t.cancelled.Before(started) {
		return nil
	}
	say(started, "start to train "+t.asked.Get("model").Str)
	for epoch := range t.epochs() {
		at := started.Add(time.Duration(epoch+1) * t.running / time.Duration(t.epochs()+1))
		if now.Before(at) || !t.cancelled.IsZero() && t.cancelled.Before(at) {
			break
		}
		lines = append(lines, fmt.Sprintf("{'loss': %.4f, 'epoch': %d}", 2/float64(epoch+2), epoch+1))
	}
	switch state {
	case "CANCELED":
		say(ended, "finetune-job canceled")
	case "SUCCEEDED":
		lines = append(lines, " Actual number of consumed tokens is "+strconv.FormatInt(t.usage(state), 10)+"!", " Fine-tune succeeded!")
		say(ended, "finetune-job succeeded")
		say(ended, "##FT_COMPLETE##")
	}
	return lines
}

func checkpointName(epoch int) string { return "checkpoint-" + strconv.Itoa(epoch) }

// checkpoints lists what a job that succeeded leaves, the latest first. That
// one is a model already; others become one when they are exported.
func (t tuned) checkpoints(now time.Time) [][]byte {
	state, ended := t.state(now)
	if state != "SUCCEEDED" {
		return nil
	}
	var all [][]byte
	for epoch := t.epochs(); epoch > 0; epoch-- {
		name := checkpointName(epoch)
		id := t.id + ":" + name
		o := obj().str("create_time", isoTime(ended)).str("full_name", id).str("job_id", t.id).str("checkpoint_id", id).str("checkpoint", name)
		switch {
		case epoch == t.epochs():
			o.str("model_name", t.output).str("model_display_name", t.id).str("status", "SUCCEEDED")
		case slices.Contains(t.exported, name):
			o.str("model_name", t.output+"-"+name).str("model_display_name", t.id).str("status", "SUCCEEDED")
		default:
			o.str("status", "PENDING")
		}
		all = append(all, o.str("expire_time", isoTime(ended.AddDate(0, 0, 15))).num("step", int64(epoch)).end())
	}
	return all
}

// isoTime writes a time as Beijing's, without saying so.
func isoTime(t time.Time) string { return t.In(cst).Format("2006-01-02T15:04:05") }

// export makes a checkpoint a model.
func (c tuningCall) export(r *scenarios.Request, m Meta, t tuned) Message {
	name := c.in.Vars["checkpoint"]
	there := slices.ContainsFunc(t.checkpoints(m.Now), func(one []byte) bool { return gjson.GetBytes(one, "checkpoint").Str == name })
	if !there {
		return m.controlRefused(r, &scenarios.Refusal{ID: dashScopeModel + "NotFound", Variant: "Not Found!"})
	}
	if !slices.Contains(t.exported, name) {
		t.exported = append(t.exported, name)
	}
	change := t.change()
	change.Existing = true
	return m.job(r, []byte("true"), change)
}
