package responders

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
)

// converse calls a path of conversations, such as "/conv_1/items?limit=1".
func (d *responsesDouble) converse(method, path, body string) (int, gjson.Result) {
	d.t.Helper()
	path, query, _ := strings.Cut(path, "?")
	in := post(catalog.OpConversation, conversationsPath+path, body)
	in.Method, in.Query, in.Vars = method, ParseQuery(query), map[string]string{}
	for i, part := range strings.Split(path, "/") {
		if name := []string{"", "conversation_id", "", "item_id"}[i]; name != "" {
			in.Vars[name] = part
		}
	}
	return d.call(in)
}

// begin makes a conversation and returns its id.
func (d *responsesDouble) begin(body string) string {
	d.t.Helper()
	status, made := d.converse(http.MethodPost, "", body)
	if status != http.StatusOK || !strings.HasPrefix(made.Get("id").Str, "conv_") {
		d.t.Fatalf("%d %s", status, made.Raw)
	}
	return made.Get("id").Str
}

// items lists the items of a conversation.
func (d *responsesDouble) items(id, query string) gjson.Result {
	d.t.Helper()
	status, list := d.converse(http.MethodGet, "/"+id+"/items?"+query, "")
	if status != http.StatusOK || list.Get("object").Str != "list" {
		d.t.Fatalf("%d %s", status, list.Raw)
	}
	return list
}

// TestConversation makes, shows, renames and removes a conversation, in the
// vendor's keys.
func TestConversation(t *testing.T) {
	d := newResponsesDouble(t)
	_, made := d.converse(http.MethodPost, "", `{"metadata":{ "topic":"demo" }}`)
	id := made.Get("id").Str
	want := `{"created_at":` + strconv.FormatInt(post("", "", "").Now.UnixMilli(), 10) + `,"id":"` + id + `","metadata":{"topic":"demo"},"object":"conversation"}`
	if made.Raw != want {
		t.Errorf("got  %s\nwant %s", made.Raw, want)
	}
	renamed := strings.Replace(want, "demo", "update", 1)
	for _, step := range []struct{ method, body, want string }{
		{http.MethodGet, "", want},
		{http.MethodPost, `{"metadata":{"topic":"update"}}`, renamed},
		{http.MethodGet, "", renamed},
		{http.MethodDelete, "", `{"deleted":true,"id":"` + id + `","object":"conversation.deleted"}`},
		{http.MethodGet, "", `{"error":{"message":"Conversation with id '` + id + `' not found.","type":"InvalidParameter"}}`},
	} {
		if _, got := d.converse(step.method, "/"+id, step.body); got.Raw != step.want {
			t.Errorf("%s: %s, want %s", step.method, got.Raw, step.want)
		}
	}
	if left := d.begin(`{}`); left == id {
		t.Errorf("%s was made twice", id)
	}
}

// TestConversationItems adds, lists, shows and removes items.
func TestConversationItems(t *testing.T) {
	d := newResponsesDouble(t)
	id := d.begin(`{"items":[{"type":"message","role":"system","content":"one"}]}`)
	_, added := d.converse(http.MethodPost, "/"+id+"/items",
		`{"items":[{"type":"message","role":"user","content":[{"type":"input_text","text":"two"}]},{"type":"message","role":"assistant","content":"three"}]}`)
	first, last := added.Get("data.0.id").Str, added.Get("data.1.id").Str
	item := `{"content":[{"text":"two","type":"input_text"}],"id":"` + first + `","role":"user","status":"completed","type":"message"}`
	want := `{"data":[` + item + `,{"content":[{"annotations":[],"text":"three","type":"output_text"}],"id":"` + last +
		`","role":"assistant","status":"completed","type":"message"}],"first_id":"` + first + `","has_more":false,"last_id":"` + last + `"}`
	if added.Raw != want {
		t.Errorf("got  %s\nwant %s", added.Raw, want)
	}
	for query, want := range map[string]string{
		"":                         "assistant:three user:two system:one",
		"order=asc&limit=2":        "system:one user:two",
		"order=asc&after=" + first: "assistant:three",
		"after=" + first:           "system:one",
		"after=unknown":            "",
	} {
		if got := said(d.items(id, query)); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if _, got := d.converse(http.MethodGet, "/"+id+"/items/"+first, ""); got.Raw != item {
		t.Errorf("item %s", got.Raw)
	}
	if _, got := d.converse(http.MethodDelete, "/"+id+"/items/"+first, ""); got.Raw != `{"deleted":true,"id":"`+first+`","object":"conversation.item.deleted"}` {
		t.Errorf("removed %s", got.Raw)
	}
	if status, got := d.converse(http.MethodGet, "/"+id+"/items/"+first, ""); status != http.StatusBadRequest || got.Get("error.message").Str != "Item with id '"+first+"' not found." {
		t.Errorf("%d %s", status, got.Raw)
	}
	if got := said(d.items(id, "")); got != "assistant:three system:one" {
		t.Errorf("left: %s", got)
	}
}

// TestResponseInAConversation: a response goes on from what was said in its
// conversation, and adds what is asked and answered, kept or not.
func TestResponseInAConversation(t *testing.T) {
	d := newResponsesDouble(t)
	id := d.begin(`{"items":[{"type":"message","role":"system","content":"be brief"}]}`)
	first := d.create(`{"model":"qwen-plus","conversation":"` + id + `","input":"one"}`)
	second := d.create(`{"model":"qwen-plus","conversation":{"id":"` + id + `"},"input":"two","store":false,"enable_thinking":true}`)
	text := func(made gjson.Result) string { return made.Get(`output.#(type=="message").content.0.text`).Str }
	want := "system:be brief user:one assistant:" + text(first) + " user:two assistant:" + text(second)
	list := d.items(id, "order=asc")
	if got := said(list); got != want {
		t.Errorf("said %s\nwant %s", got, want)
	}
	if got, want := list.Get("data.2.id").Str, first.Get("output.0.id").Str; got != want {
		t.Errorf("the answer is item %s, was %s", got, want)
	}
	if alone := d.create(`{"model":"qwen-plus","input":"two"}`); second.Get("usage.input_tokens").Int() <= alone.Get("usage.input_tokens").Int() {
		t.Errorf("usage %s of a conversation, alone %s", second.Get("usage").Raw, alone.Get("usage").Raw)
	}
	d.converse(http.MethodDelete, "/"+id, "")
	status, got := d.ask(http.MethodPost, "", `{"model":"qwen-plus","conversation":"`+id+`","input":"three"}`)
	if status != http.StatusBadRequest || got.Get("code").Str != "InvalidParameter" || got.Get("message").Str != "Conversation with id '"+id+"' not found." {
		t.Errorf("%d %s", status, got.Raw)
	}
}

// TestLongConversation: what is too long is not kept, and a conversation is gone
// on from as far as its newest items fit.
func TestLongConversation(t *testing.T) {
	d := newResponsesDouble(t)
	id := d.begin(`{}`)
	add := func(text string) {
		d.converse(http.MethodPost, "/"+id+"/items", `{"items":[{"type":"message","role":"user","content":"`+text+`"}]}`)
	}
	add(strings.Repeat("x", maxItem))
	if got := said(d.items(id, "")); got != "" {
		t.Errorf("kept %d bytes", len(got))
	}
	for range 10 {
		add(strings.Repeat("好", maxItem/6))
	}
	if used := d.create(`{"model":"qwen-plus","conversation":"` + id + `","input":"a"}`).Get("usage.input_tokens").Int(); used != 7*(maxItem/6)+1 {
		t.Errorf("used %d tokens; seven items fit", used)
	}
}

func TestConversationRefusals(t *testing.T) {
	many := strings.Repeat(`{"type":"message","role":"user","content":"a"},`, mostNewItems) + `{"type":"message","role":"user","content":"a"}`
	for _, test := range []struct{ path, body, want string }{
		{"", `{"items":7}`, "Field required: items"},
		{"", `{"items":[` + many + `]}`, "Invalid 'items': array too long. Expected an array with maximum length 20, but got an array with length 21 instead."},
		{"", `{"metadata":[]}`, "Invalid 'metadata': []. Expected an object of at most 16 strings, keys of at most 64 characters and values of at most 512."},
		{"", `{"metadata":{"a":1}}`, `Invalid 'metadata': {"a":1}. Expected an object of at most 16 strings, keys of at most 64 characters and values of at most 512.`},
		{"", `{"items":[{"role":"user","content":"a"}]}`, "Field required: items[0].type"},
		{"", `{"items":[{"type":"function_call","role":"user","content":"a"}]}`, "Invalid 'items[0].type': function_call. Supported values are: ('message')."},
		{"", `{"items":[{"type":"message","role":"tool","content":"a"}]}`, "Invalid 'items[0].role': tool. Supported values are: ('user','assistant','system','developer')."},
		{"", `{"items":[{"type":"message","role":"user"}]}`, "Field required: items[0].content"},
		{"", `{"items":[null]}`, "Field required: items[0].type"},
		{"/conv_1", `{}`, "Field required: metadata"},
		{"/conv_1/items", `{}`, "Field required: items"},
		{"/conv_1/items", `{"items":[]}`, "[] is too short"},
		{"", `[]`, "Required body invalid, please check the request body format."},
		{"", `{}`, ""},
		{"", `{"items":[],"metadata":null}`, ""},
		{"/items", `{"metadata":{"` + strings.Repeat("好", longestKey) + `":"` + strings.Repeat("好", longestValue) + `"}}`, ""},
	} {
		in := post(catalog.OpConversation, conversationsPath+test.path, test.body)
		in.Vars = map[string]string{"conversation_id": strings.TrimSuffix(strings.TrimPrefix(test.path, "/"), "/items")}
		r := dashScopeResponses{}.Decode(in)
		got := ""
		if r.Refused != nil {
			got = fill(failure(t, r.Refused, r.Dialect), r)
		}
		if r.Identity != nil || got != test.want {
			t.Errorf("%s %.80s: %q, want %q", test.path, test.body, got, test.want)
		}
	}
	in := post(catalog.OpChat, responsesPath, `{"model":"qwen-plus","input":"a","conversation":{}}`)
	if r := (dashScopeResponses{}).Decode(in); r.Refused == nil || r.Refused.Args["field"] != "conversation.id" {
		t.Errorf("a conversation without an id: %+v", r.Refused)
	}
}
