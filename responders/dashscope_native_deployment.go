package responders

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// A deploymentCall is a call about models that are deployed for one account.
type deploymentCall struct {
	in   *Incoming
	body *jsonBody
}

func (deploymentCall) turns() []scenarios.Turn { return nil }

func (c deploymentCall) creates() bool { return c.in.Method == http.MethodPost }

func (c deploymentCall) refusal(*dashScopeQuestion) *scenarios.Refusal {
	capacity := c.body.Get("capacity")
	switch verb := c.in.Vars["verb"]; {
	case c.creates() && c.text("model_name") == "":
		return parameterMissing("model_name")
	case (c.creates() || verb == "scale") && capacity.Exists() && !isCapacity(capacity):
		return invalidParameter("Invalid capacity (", map[string]string{"capacity": clipped(capacity.String())})
	case verb == "scale" && !capacity.Exists() && !c.body.Get("ptu_capacity").IsObject():
		return parameterMissing("capacity")
	case verb == "update" && !c.body.Get("rpm_limit").Exists() && !c.body.Get("tpm_limit").Exists():
		return parameterMissing("rpm_limit")
	}
	return nil
}

// isCapacity reports whether the number of units is one that can be had.
func isCapacity(v gjson.Result) bool {
	return v.Type == gjson.Number && v.Num >= 0 && v.Num < 1000 && v.Num == math.Trunc(v.Num)
}

func (c deploymentCall) bodyRefusal(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	if c.creates() || in.Method == http.MethodPut {
		if refused := bodyRefusal(in, r); refused != nil {
			return refused
		}
	}
	return c.refusal(nil)
}

func (c deploymentCall) text(name string) string { return clipped(c.body.Get(name).String()) }

// deploymentKind is what the records of deployments are called.
const deploymentKind = "dashscope-deployment"

// A deployment is a model that is deployed.
type deployment struct {
	id       string
	at       time.Time
	model    string
	plan     string
	capacity int64
	before   int64 // The capacity until the last change is through.
	updated  bool
	since    time.Time // Of the last change.
	takes    time.Duration
	rpm, tpm int64
}

// deploymentTime is how long a change takes in vendor time. The vendor's takes
// minutes.
const deploymentTime = 5 * time.Second

func (d deployment) change() scenarios.Change {
	return scenarios.Change{Kind: deploymentKind, ID: d.id, Value: obj().str("model", d.model).str("plan", d.plan).
		num("capacity", d.capacity).num("before", d.before).boolean("updated", d.updated).num("since", d.since.UnixNano()).
		num("takes", int64(d.takes)).num("rpm", d.rpm).num("tpm", d.tpm).end(), Until: d.since.Add(d.takes)}
}

func readDeployment(record scenarios.Record) deployment {
	told := gjson.ParseBytes(record.Value)
	return deployment{
		id: record.ID, at: record.Created, model: told.Get("model").Str, plan: told.Get("plan").Str,
		capacity: told.Get("capacity").Int(), before: told.Get("before").Int(), updated: told.Get("updated").Bool(),
		since: time.Unix(0, told.Get("since").Int()), takes: time.Duration(told.Get("takes").Int()),
		rpm: told.Get("rpm").Int(), tpm: told.Get("tpm").Int(),
	}
}

// state returns the vendor's word for the state, and how many units are ready.
func (d deployment) state(now time.Time) (string, int64) {
	switch changing := now.Before(d.since.Add(d.takes)); {
	case changing && d.updated:
		return "UPDATING", d.before
	case changing:
		return "PENDING", 0
	}
	return "RUNNING", d.capacity
}

func (d deployment) json(state string, ready int64) []byte {
	o := obj().str("deployed_model", d.id).str("gmt_create", isoTime(d.at)).str("gmt_modified", isoTime(d.since)).
		str("status", state).str("model_name", d.model).str("base_model", d.model).num("base_capacity", 1).
		num("capacity", d.capacity).num("ready_capacity", ready).str("workspace_id", workspaceID).
		str("charge_type", "post_paid").str("creator", accountID).str("modifier", accountID)
	if d.plan != "" {
		o.str("plan", d.plan)
	}
	if d.rpm > 0 {
		o.num("rpm_limit", d.rpm)
	}
	if d.tpm > 0 {
		o.num("tpm_limit", d.tpm)
	}
	return o.end()
}

func (c deploymentCall) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	switch {
	case strings.HasSuffix(c.in.Path, "/deployments/models"):
		return c.models(r, m)
	case c.creates():
		return c.create(r, m)
	case c.in.Vars["deployed_model"] == "":
		return c.list(r, m)
	}
	id := clipped(c.in.Vars["deployed_model"])
	if m.Records != nil {
		if record, found := m.Records.Get(deploymentKind, id); found {
			return c.about(r, m, readDeployment(record))
		}
	}
	return m.controlRefused(r, &scenarios.Refusal{ID: dashScopeModel + "NotFound", Variant: "Model: {model} not found!", Args: map[string]string{"model": id}})
}

// create deploys a model under a name that only the model and the suffix make:
// the same again is a conflict.
func (c deploymentCall) create(r *scenarios.Request, m Meta) Message {
	d := deployment{
		model: c.text("model_name"), plan: c.text("plan"), capacity: 1, at: m.Now, since: m.Now, takes: m.onClock(deploymentTime),
	}
	if v := c.body.Get("capacity"); isCapacity(v) {
		d.capacity = v.Int()
	}
	d.id = d.model + "-" + fmt.Sprintf("%08x", uint32(hashed(d.model)))
	if suffix := c.text("suffix"); suffix != "" {
		d.id += "-" + suffix
	}
	if m.Records != nil {
		if _, taken := m.Records.Get(deploymentKind, d.id); taken {
			return m.controlRefused(r, &scenarios.Refusal{ID: dashScopeModel + "Conflict", Args: map[string]string{"model": d.id}})
		}
	}
	return m.job(r, d.json(d.state(m.Now)), d.change())
}

// about shows, changes or deletes a deployment.
func (c deploymentCall) about(r *scenarios.Request, m Meta, d deployment) Message {
	state, ready := d.state(m.Now)
	switch {
	case c.in.Method == http.MethodGet:
		return m.job(r, d.json(state, ready))
	case c.in.Method == http.MethodDelete:
		d.since = m.Now
		return m.job(r, d.json("DELETING", ready), scenarios.Change{Kind: deploymentKind, ID: d.id})
	}
	d.before, d.updated, d.since, d.takes = ready, true, m.Now, m.onClock(deploymentTime)
	if v := c.body.Get("capacity"); c.in.Vars["verb"] == "scale" && isCapacity(v) {
		d.capacity = v.Int()
	}
	if c.in.Vars["verb"] == "update" {
		d.rpm = int64(number(c.body.Get("rpm_limit"), 1, 1<<30, int(d.rpm)))
		d.tpm = int64(number(c.body.Get("tpm_limit"), 1, 1<<30, int(d.tpm)))
	}
	change := d.change()
	change.Existing = true
	return m.job(r, d.json(d.state(m.Now)), change)
}

func (c deploymentCall) list(r *scenarios.Request, m Meta) Message {
	size, number := min(queryNumber(c.in, "page_size", 50, 1), 200), queryNumber(c.in, "page_no", 1, 1)
	var all []deployment
	if m.Records != nil {
		for _, record := range slices.Backward(m.Records.List(deploymentKind)) {
			all = append(all, readDeployment(record))
		}
	}
	var shown [][]byte
	for _, d := range onPage(all, number, size) {
		shown = append(shown, d.json(d.state(m.Now)))
	}
	return m.job(r, obj().num("page_no", int64(number)).num("page_size", int64(size)).num("total", int64(len(all))).
		raw("deployments", array(shown...)).end())
}

// models lists what can be deployed: text models, and what was made of them.
func (c deploymentCall) models(r *scenarios.Request, m Meta) Message {
	size, number := min(queryNumber(c.in, "page_size", 50, 1), 200), queryNumber(c.in, "page_no", 1, 1)
	var names []string
	for _, known := range dashScopeListed() {
		if known.Capability == "TG" {
			names = append(names, known.Name)
		}
	}
	for _, t := range m.tunings() {
		if state, _ := t.state(m.Now); state == "SUCCEEDED" {
			names = append(names, t.output)
		}
	}
	for _, i := range m.imports() {
		if i.state(m.Now) == importDone {
			names = append(names, i.told.Get("model").Str)
		}
	}
	var shown [][]byte
	for _, name := range onPage(names, number, size) {
		shown = append(shown, obj().str("model_name", name).num("base_capacity", 1).end())
	}
	return m.job(r, obj().raw("models", array(shown...)).num("page_no", int64(number)).num("page_size", int64(size)).
		num("total", int64(len(names))).end())
}
