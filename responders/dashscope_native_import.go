package responders

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

const importPath = "/api/v1/custom_models/import"

// An importCall is a call about models of one's own that are fetched from an
// object store.
type importCall struct {
	in   *Incoming
	body *jsonBody
}

func (importCall) turns() []scenarios.Turn { return nil }

func (c importCall) text(name string) string { return clipped(c.body.Get(name).String()) }

// longestDisplay is how many characters the name of a model may have.
const longestDisplay = 50

func (c importCall) refusal(*dashScopeQuestion) *scenarios.Refusal { return nil }

// bodyRefusal is what is wrong with the body of a call that has one.
func (c importCall) bodyRefusal(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	if in.Method != http.MethodPost {
		return nil
	}
	if refused := bodyRefusal(in, r); refused != nil {
		return refused
	}
	for _, name := range []string{"model_name", "source", "weight_type", "storage_info.bucket_name", "storage_info.object_key"} {
		if c.text(name) == "" {
			return parameterMissing(name)
		}
	}
	switch {
	case c.text("source") != "oss":
		return parameterMissing("source")
	case c.text("weight_type") != "full" && c.text("weight_type") != "lora":
		return parameterMissing("weight_type")
	case !strings.HasSuffix(c.body.Get("storage_info.object_key").String(), "/"):
		return parameterMissing("storage_info.object_key")
	case utf8.RuneCountInString(c.text("display_name")) > longestDisplay:
		return parameterMissing("display_name")
	}
	if _, known := in.Scenario.Model(r.Provider, r.Model); !known && in.Scenario.RefusalsOf().UnknownModel != scenarios.UnknownAnswered {
		return &scenarios.Refusal{ID: dashScopeModel + "NotFound", Variant: "Model: {model} not found!", Args: map[string]string{"model": r.Model}}
	}
	return nil
}

// importKind is what the records of imports are called.
const importKind = "dashscope-import"

// An imported is a model that is imported. What has become of it is a function
// of the time.
type imported struct {
	id               string
	at               time.Time
	told             gjson.Result // What is shown of it besides its state.
	pending, running time.Duration
}

// How long an import takes in vendor time. The vendor's takes minutes.
const (
	importPending = 2 * time.Second
	importRunning = 10 * time.Second
)

func (i imported) change() scenarios.Change {
	value := obj().raw("told", []byte(i.told.Raw)).num("pending", int64(i.pending)).num("running", int64(i.running)).end()
	return scenarios.Change{Kind: importKind, ID: i.id, Value: value, Until: i.at.Add(i.pending + i.running)}
}

// importDone is the vendor's word for what was imported; it is spelt so.
const importDone = "SUCCESSED"

// state returns the vendor's word for the state.
func (i imported) state(now time.Time) string {
	switch {
	case now.Before(i.at.Add(i.pending)):
		return "PENDING"
	case now.Before(i.at.Add(i.pending + i.running)):
		return "RUNNING"
	}
	return importDone
}

// named starts what is told of an import.
func (i imported) named() *object {
	return obj().str("job_id", i.id).str("model_name", i.told.Get("model").Str).str("display_name", i.told.Get("display").Str)
}

func (i imported) stored() []byte {
	return obj().str("bucket_name", i.told.Get("bucket").Str).str("object_key", i.told.Get("key").Str).end()
}

func (i imported) created() string { return i.at.UTC().Format("2006-01-02T15:04:05.000+00:00") }

// json writes an import. The kind of its weights, if that is told, is told once:
// to who has just asked for it.
func (i imported) json(now time.Time, weights string) []byte {
	o := i.named().str("source", "OSS")
	if weights != "" {
		o.str("weight_type", weights)
	}
	return o.raw("storage_info", i.stored()).str("status", i.state(now)).str("gmt_create", i.created()).end()
}

// listed writes an import as lists show it, its state before its source.
func (i imported) listed(now time.Time) []byte {
	return i.named().str("status", i.state(now)).str("source", "OSS").raw("storage_info", i.stored()).str("gmt_create", i.created()).end()
}

// imports returns all imports, the newest first.
func (m Meta) imports() []imported {
	if m.Records == nil {
		return nil
	}
	var all []imported
	for _, record := range slices.Backward(m.Records.List(importKind)) {
		all = append(all, readImported(record))
	}
	return all
}

// imported returns one import.
func (m Meta) imported(id string) (imported, bool) {
	if m.Records == nil {
		return imported{}, false
	}
	record, found := m.Records.Get(importKind, id)
	return readImported(record), found
}

func readImported(record scenarios.Record) imported {
	kept := gjson.ParseBytes(record.Value)
	return imported{
		id: record.ID, at: record.Created, told: kept.Get("told"),
		pending: time.Duration(kept.Get("pending").Int()), running: time.Duration(kept.Get("running").Int()),
	}
}

func (c importCall) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	switch {
	case c.in.Method == http.MethodPost:
		return c.create(r, m)
	case c.in.Vars["job_id"] == "":
		return c.list(r, m)
	}
	return c.about(r, m)
}

// about shows or removes one import.
func (c importCall) about(r *scenarios.Request, m Meta) Message {
	model, found := m.imported(c.in.Vars["job_id"])
	switch {
	case !found:
		return m.controlRefused(r, &scenarios.Refusal{ID: dashScopeModel + "NotFound", Variant: "Not Found!"})
	case c.in.Method == http.MethodGet:
		return m.job(r, model.json(m.Now, ""))
	case model.state(m.Now) != importDone:
		return m.controlRefused(r, &scenarios.Refusal{ID: dashScopeModel + "OperationDenied"})
	}
	return m.job(r, model.json(m.Now, ""), scenarios.Change{Kind: importKind, ID: model.id})
}

func (c importCall) create(r *scenarios.Request, m Meta) Message {
	chance := m.chance(forRecords)
	display := c.text("display_name")
	if display == "" {
		display = r.Model
	}
	told := obj().str("model", r.Model+"-offline-"+m.Now.In(cst).Format("20060102")+"-"+text(chance, 4, lowerAlnum)).str("display", display).
		str("bucket", c.text("storage_info.bucket_name")).str("key", c.text("storage_info.object_key")).end()
	made := imported{
		id: m.randomUUID(forRecords), at: m.Now, told: gjson.ParseBytes(told),
		pending: m.onClock(importPending), running: m.onClock(importRunning),
	}
	return m.job(r, made.json(m.Now, c.text("weight_type")), made.change())
}

func (c importCall) list(r *scenarios.Request, m Meta) Message {
	size, number := min(queryNumber(c.in, "page_size", 10, 1), 100), queryNumber(c.in, "page_no", 1, 1)
	state, model := first(c.in.Query, "status"), first(c.in.Query, "model_name")
	all := slices.DeleteFunc(m.imports(), func(i imported) bool {
		return state != "" && i.state(m.Now) != state || model != "" && i.told.Get("model").Str != model
	})
	var shown [][]byte
	for _, i := range onPage(all, number, size) {
		shown = append(shown, i.listed(m.Now))
	}
	return m.job(r, obj().num("total", int64(len(all))).num("page_no", int64(number)).num("page_size", int64(size)).
		raw("list", array(shown...)).end())
}
