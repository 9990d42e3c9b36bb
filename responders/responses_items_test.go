package responders

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// inputItems asks for the input items of a response.
func (d *responsesDouble) inputItems(id, query string) gjson.Result {
	d.t.Helper()
	status, list := d.ask(http.MethodGet, "/"+id+inputItemsSuffix+"?"+query, "")
	if status != http.StatusOK {
		d.t.Fatalf("%d %s", status, list.Raw)
	}
	return list
}

// said is what the items of a list say, in their order.
func said(list gjson.Result) string {
	var words []string
	for _, item := range list.Get("data").Array() {
		words = append(words, item.Get("role").Str+item.Get("type").Str+":"+item.Get("content.0.text").Str+item.Get("output").Str+item.Get("arguments").Str)
	}
	return strings.ReplaceAll(strings.Join(words, " "), "message:", ":")
}

// TestInputItems lists what a response was asked with, in the vendor's keys.
func TestInputItems(t *testing.T) {
	d := newResponsesDouble(t)
	made := d.create(`{"model":"qwen-plus","instructions":"be brief","input":"one"}`)
	list := d.inputItems(made.Get("id").Str, "")
	id := list.Get("data.0.id").Str
	want := `{"created_at":` + made.Get("created_at").Raw + `000,"data":[{"content":[{"text":"one","type":"input_text"}],"id":"` + id +
		`","role":"user","status":"completed","type":"message"}],"first_id":"` + id + `","has_more":false,"id":"` + made.Get("id").Str +
		`","last_id":"` + id + `","model":"qwen-plus"}`
	if list.Raw != want || !strings.HasPrefix(id, "msg_") {
		t.Errorf("got  %s\nwant %s", list.Raw, want)
	}
	if again := d.inputItems(made.Get("id").Str, ""); again.Raw != list.Raw {
		t.Errorf("again %s", again.Raw)
	}
}

// TestInputItemsOfAChain: what was said and answered before is listed too, and
// a list begins where the client wants it to.
func TestInputItemsOfAChain(t *testing.T) {
	d := newResponsesDouble(t)
	first := d.create(`{"model":"qwen-plus","input":"one","enable_thinking":true}`)
	answer := first.Get(`output.#(type=="message")`)
	second := d.create(`{"model":"qwen-plus","previous_response_id":"` + first.Get("id").Str + `","input":[
		{"role":"user","content":[{"type":"input_text","text":"two"}],"id":"mine"},{"role":"assistant","content":"three"},{"role":"user","content":"four"}]}`)
	id, own := second.Get("id").Str, second.Get("output.0.id").Str
	middle := "assistant:" + answer.Get("content.0.text").Str
	for query, want := range map[string]string{
		"":                                "user:four assistant:three user:two " + middle + " user:one",
		"order=asc":                       "user:one " + middle + " user:two assistant:three user:four",
		"order=asc&limit=2":               "user:one " + middle + " ...",
		"order=asc&limit=2&after=mine":    "assistant:three user:four",
		"after=mine":                      middle + " user:one",
		"after=" + answer.Get("id").Str:   "user:one",
		"after=" + own + "&limit=1":       "user:four ...",
		"order=asc&after=" + own:          "",
		"after=unknown":                   "",
		"limit=0":                         "user:four assistant:three user:two " + middle + " user:one",
		"limit=1000&include=x&order=desc": "user:four assistant:three user:two " + middle + " user:one",
	} {
		list := d.inputItems(id, query)
		got := said(list)
		if list.Get("has_more").Bool() {
			got += " ..."
		}
		if got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
		if data := list.Get("data").Array(); len(data) == 0 && (list.Get("first_id").Type != gjson.Null || list.Get("last_id").Type != gjson.Null) ||
			len(data) > 0 && (list.Get("first_id").Str != data[0].Get("id").Str || list.Get("last_id").Str != data[len(data)-1].Get("id").Str) {
			t.Errorf("%s: %s", query, list.Raw)
		}
	}
	if list := d.inputItems(id, ""); list.Get("previous_response_id").Str != first.Get("id").Str {
		t.Errorf("list %s", list.Raw)
	}
}

// TestInputItemsOfOtherKinds: calls and their results are listed, what the
// service makes no item of is not, and pictures are not kept.
func TestInputItemsOfOtherKinds(t *testing.T) {
	d := newResponsesDouble(t)
	picture := `{"type":"input_image","image_url":"data:` + strings.Repeat("x", 2*maxInputPart) + `"}`
	made := d.create(`{"model":"qwen-plus","input":[null,"a",{"type":"item_reference","id":"x"},{"type":"reasoning","summary":[]},
		{"role":"user","content":[` + picture + `,{"type":"input_image","image_url":"https://example.com/a.png"}]},
		{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"sunny"}]}`)
	list := d.inputItems(made.Get("id").Str, "order=asc")
	if got := said(list); got != "user: function_call:{} function_call_output:sunny" {
		t.Errorf("said %s", got)
	}
	if got := list.Get("data.0.content").Raw; got != `[{"type":"input_image"},{"type":"input_image","image_url":"https://example.com/a.png"}]` {
		t.Errorf("content %s", got)
	}
}

// TestNoInputItems: a response that is not there has none, nor does one that was
// not kept or was removed.
func TestNoInputItems(t *testing.T) {
	d := newResponsesDouble(t)
	removed := d.create(`{"model":"qwen-plus","input":"a"}`).Get("id").Str
	d.ask(http.MethodDelete, "/"+removed, "")
	for _, id := range []string{"resp_none", removed, d.create(`{"model":"qwen-plus","input":"a","store":false}`).Get("id").Str} {
		status, got := d.ask(http.MethodGet, "/"+id+inputItemsSuffix, "")
		if status != http.StatusBadRequest || got.Raw != `{"error":{"message":"Response with id '`+id+`' not found.","type":"InvalidParameter"}}` {
			t.Errorf("%s: %d %s", id, status, got.Raw)
		}
	}
}
