package responders

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// What was customized can be asked for again.

// customKind is what the records are called.
const customKind = "dashscope-customization"

// A custom is a voice or a list of hot words.
type custom struct {
	id       string
	at       time.Time
	modified time.Time
	ready    time.Time
	asked    gjson.Result // What is kept of the call.
}

func (c custom) change(by string) scenarios.Change {
	value := obj().str("by", by).raw("asked", []byte(c.asked.Raw)).num("modified", c.modified.UnixNano()).num("ready", c.ready.UnixNano())
	return scenarios.Change{Kind: customKind, ID: c.id, Value: value.end(), Until: c.ready}
}

func readKeptCustom(record scenarios.Record) (c custom, by string) {
	told := gjson.ParseBytes(record.Value)
	return custom{
		id: record.ID, at: record.Created, asked: told.Get("asked"),
		modified: time.Unix(0, told.Get("modified").Int()), ready: time.Unix(0, told.Get("ready").Int()),
	}, told.Get("by").Str
}

func (c custom) status(now time.Time) string {
	if now.Before(c.ready) {
		return "DEPLOYING"
	}
	return "OK"
}

// all returns what the customizer made, the newest first.
func (c customCall) all(m Meta) []custom {
	if m.Records == nil {
		return nil
	}
	var all []custom
	for _, record := range slices.Backward(m.Records.List(customKind)) {
		if kept, by := readKeptCustom(record); by == c.by.model {
			all = append(all, kept)
		}
	}
	return all
}

func (c customCall) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	switch c.action {
	case "create":
		return c.create(r, m)
	case "list", "":
		return m.dashScopeWhole(r, m.nativeBody(c.list(m), c.usage(0)))
	}
	if m.Records != nil {
		if record, found := m.Records.Get(customKind, c.text(c.by.id)); found {
			if kept, by := readKeptCustom(record); by == c.by.model {
				return c.about(r, m, kept)
			}
		}
	}
	if c.by.id == "voice" {
		return m.controlRefused(r, &scenarios.Refusal{
			ID: dashScopeModel + "BadRequest.VoiceNotFound", Args: map[string]string{"voice": clipped(c.text("voice"))},
		})
	}
	return m.controlRefused(r, &scenarios.Refusal{ID: dashScopeModel + "BadRequest.ResourceNotExist"})
}

// usage tells how many things were made. The older models count every call, and
// that which designs counts nothing else.
func (c customCall) usage(made int64) []byte {
	switch {
	case c.by.suffix != "":
		made = 1
	case c.by.model == designQwen && made == 0:
		return obj().end()
	}
	return obj().num("count", made).end()
}

func (c customCall) create(r *scenarios.Request, m Meta) Message {
	if len(c.all(m)) >= c.by.most {
		refused := &scenarios.Refusal{ID: dashScopeModel + "Throttling.AllocationQuota", Variant: "Maximum voice storage limit exceeded"}
		if c.by.model == biasWords {
			refused.Variant, refused.Args = "您当前的配额为", map[string]string{"quota": strconv.Itoa(mostLists)}
		}
		return m.controlRefused(r, refused)
	}
	made := custom{id: c.customID(m), at: m.Now, modified: m.Now, ready: m.Now, asked: c.keep(gjson.Result{})}
	if c.by.model == cloneCosy {
		made.ready = m.Now.Add(m.onClock(deployTime))
	}
	o := obj()
	if c.text("voice_prompt") != "" {
		o.raw("preview_audio", obj().str("data", base64.StdEncoding.EncodeToString(wav(made.id))).
			num("sample_rate", wavRate).str("response_format", "wav").end())
		o.str("target_model", made.asked.Get("target_model").Str)
	}
	o.str(c.by.id, made.id)
	if c.by.model == cloneQwen {
		o.str("target_model", made.asked.Get("target_model").Str).boolean("fallback_mode", false)
	}
	message := m.dashScopeWhole(r, m.nativeBody(o.end(), c.usage(1)))
	message.Changes = []scenarios.Change{made.change(c.by.model)}
	return message
}

// keep returns what is kept of the call, and of what was kept before.
func (c customCall) keep(before gjson.Result) gjson.Result {
	const longest = 4 << 10
	o := obj()
	for _, name := range []string{"target_model", "prefix", "url", "voice_prompt", "preview_text", "language"} {
		if v := c.input.Get(name); v.Exists() {
			o.str(name, shortened(v.String(), longest))
		} else if v := before.Get(name); v.Exists() {
			o.str(name, v.Str)
		}
	}
	words := before.Get("vocabulary").Raw
	if v := c.input.Get("vocabulary"); isWordList(v) {
		words = v.Raw
	}
	if words != "" {
		o.raw("vocabulary", compact(words))
	}
	return gjson.ParseBytes(o.end())
}

// about shows, changes or removes one thing.
func (c customCall) about(r *scenarios.Request, m Meta, kept custom) Message {
	if c.action == "query" {
		return m.dashScopeWhole(r, m.nativeBody(c.whole(kept, m.Now), c.usage(0)))
	}
	output, change := obj(), scenarios.Change{Kind: customKind, ID: kept.id}
	if c.action == "update" {
		kept.asked, kept.modified = c.keep(kept.asked), m.Now
		if c.by.model == cloneCosy {
			kept.ready = m.Now.Add(m.onClock(deployTime))
		}
		change = kept.change(c.by.model)
		change.Existing = true
	}
	if c.by.id == "voice" {
		output.str("voice", kept.id)
	}
	message := m.dashScopeWhole(r, m.nativeBody(output.end(), c.usage(0)))
	message.Changes = []scenarios.Change{change}
	return message
}

// whole writes all that is told of one thing.
func (c customCall) whole(kept custom, now time.Time) []byte {
	if c.by.suffix == "" {
		return c.row(kept, now)
	}
	o := obj().str("gmt_create", clock(kept.at))
	if url := kept.asked.Get("url"); url.Exists() {
		o.str("resource_link", url.Str)
	}
	if said := kept.asked.Get("voice_prompt"); said.Exists() {
		o.str("voice_prompt", said.Str).str("preview_text", kept.asked.Get("preview_text").Str)
	}
	o.str("target_model", kept.asked.Get("target_model").Str).str("gmt_modified", clock(kept.modified)).str("status", kept.status(now))
	if words := kept.asked.Get("vocabulary"); words.Exists() {
		o.raw("vocabulary", []byte(words.Raw))
	}
	return o.end()
}

// row writes what a list tells of one thing.
func (c customCall) row(kept custom, now time.Time) []byte {
	if c.by.suffix != "" {
		return obj().str("gmt_create", clock(kept.at)).str(c.by.id, kept.id).str("gmt_modified", clock(kept.modified)).
			str("status", kept.status(now)).end()
	}
	language := cmp.Or(kept.asked.Get("language").Str, "zh")
	o := obj().str("voice", kept.id).str("target_model", kept.asked.Get("target_model").Str).str("language", language)
	if c.by.model == designQwen {
		o.str("voice_prompt", kept.asked.Get("voice_prompt").Str).str("preview_text", kept.asked.Get("preview_text").Str)
	}
	return o.str("gmt_create", clock(kept.at)).str("gmt_modified", clock(kept.modified)).end()
}

// list writes a page, counted from 0. The older models take those with one
// prefix alone, and tell nothing of the pages.
func (c customCall) list(m Meta) []byte {
	index, size := number(c.input.Get("page_index"), 0, 1<<20, 0), number(c.input.Get("page_size"), 1, mostVoices, 10)
	all := c.all(m)
	if prefix := c.text("prefix"); prefix != "" && c.by.suffix != "" {
		all = slices.DeleteFunc(all, func(kept custom) bool { return kept.asked.Get("prefix").Str != prefix })
	}
	var rows [][]byte
	for _, kept := range onPage(all, index+1, size) {
		rows = append(rows, c.row(kept, m.Now))
	}
	switch c.by.model {
	case biasWords:
		return obj().raw("vocabulary_list", array(rows...)).end()
	case cloneCosy:
		return obj().raw("voice_list", array(rows...)).end()
	}
	return obj().num("page_index", int64(index)).num("page_size", int64(size)).num("total_count", int64(len(all))).
		raw("voice_list", array(rows...)).end()
}
