package responders

import (
	"net/http"
	"testing"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

func newQianfanResponsesDouble(t *testing.T) *responsesDouble {
	d := newResponsesDouble(t)
	d.responder = qianfanResponses{}
	return d
}

// TestQianfanResponsesRefusals: what V2 refuses of a response.
func TestQianfanResponsesRefusals(t *testing.T) {
	for body, want := range map[string]string{
		`{`:                                  "Invalid Argument",
		`{"input":"a"}`:                      "you must provide a model parameter",
		`{"model":"nobody","input":"a"}`:     "The model does not exist or you do not have access to it.",
		`{"model":"deepseek-v3"}`:            "the parameter input is invalid",
		`{"model":"deepseek-v3","input":7}`:  "the parameter input is invalid",
		`{"model":"deepseek-v3","input":""}`: "the parameter input is invalid",
		`{"model":"deepseek-v3","input":[]}`: "the parameter input is invalid",
		`{"model":"deepseek-v3","input":[{"role":"king","content":"a"}]}`:                "the role must be one of the following: system,developer,user,assistant,tool",
		`{"model":"deepseek-v3","input":"a","tools":7}`:                                  "the parameter tools is invalid",
		`{"model":"deepseek-v3","input":"a","tools":[{"type":"web_search"}]}`:            "",
		`{"model":"deepseek-v3","input":"a","temperature":3}`:                            "parameter check failed, temperature range is [0, 2.0]",
		`{"model":"deepseek-v3","input":"a","max_output_tokens":0}`:                      "parameter check failed, max_output_tokens range is [1, 8192]",
		`{"model":"deepseek-v3","input":"a","max_output_tokens":1,"max_tokens":0}`:       "",
		`{"model":"deepseek-v3","input":[{"type":"function_call_output","output":"a"}]}`: "",
	} {
		r := qianfanResponses{}.Decode(post(catalog.OpChat, v2Responses, body))
		got := ""
		if r.Refused != nil {
			got = failure(t, r.Refused, r.Dialect).Text()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// TestQianfanKeptResponse: a response is there until it is removed, also to go on
// from.
func TestQianfanKeptResponse(t *testing.T) {
	d := newQianfanResponsesDouble(t)
	first := d.create(`{"model":"deepseek-v3","input":"one two"}`)
	id := first.Get("id").Str
	second := d.create(`{"model":"deepseek-v3","input":"three","previous_response_id":"` + id + `"}`)
	if paid := second.Get("usage.input_tokens").Int(); paid != 3+first.Get("usage.output_tokens").Int() || second.Get("previous_response_id").Str != id {
		t.Errorf("the second is %s", second.Raw)
	}
	if _, got := d.ask(http.MethodGet, "/"+id, ""); got.Raw != first.Raw {
		t.Errorf("got  %s\nwant %s", got.Raw, first.Raw)
	}
	if list := d.inputItems(second.Get("id").Str, "order=asc"); said(list) != "user:one two assistant:"+first.Get("output.0.content.0.text").Str+" user:three" ||
		list.Get("object").Str != "list" {
		t.Errorf("listed %s", list.Raw)
	}
	if _, got := d.ask(http.MethodDelete, "/"+id, ""); got.Raw != `{"id":"`+id+`","object":"response","deleted":true}` {
		t.Errorf("removed: %s", got.Raw)
	}
	_, got := d.ask(http.MethodGet, "/"+id, "")
	if want := `{"code":"invalid_request","message":"response id ` + id + ` not found","param":"response_id","type":"invalid_request_error"}`; got.Get("error").Raw != want {
		t.Errorf("got  %s\nwant %s", got.Get("error").Raw, want)
	}
	_, got = d.ask(http.MethodPost, "", `{"model":"deepseek-v3","input":"three","previous_response_id":"`+id+`"}`)
	if got.Get("error.message").Str != "previous response id "+id+" not found" || got.Get("error.param").Str != "previous_response_id" {
		t.Errorf("behind what is gone: %s", got.Raw)
	}
}

// TestResponsesAreTheirVendors: nobody finds the other vendor's, in one namespace
// either.
func TestResponsesAreTheirVendors(t *testing.T) {
	d := newQianfanResponsesDouble(t)
	id := d.create(`{"model":"deepseek-v3","input":"a"}`).Get("id").Str
	d.responder = dashScopeResponses{}
	if status, got := d.ask(http.MethodGet, "/"+id, ""); status != http.StatusBadRequest {
		t.Errorf("%d %s", status, got.Raw)
	}
}

// TestQianfanThinks: who asks for thoughts gets them, and is told what they took.
func TestQianfanThinks(t *testing.T) {
	for body, want := range map[string]bool{
		`"input":"a"`:                                false,
		`"input":"a","enable_thinking":true`:         true,
		`"input":"a","thinking":{"type":"enabled"}`:  true,
		`"input":"a","reasoning":{"effort":"high"}`:  true,
		`"input":"a","reasoning":{"effort":"none"}`:  false,
		`"input":"a","thinking":{"type":"disabled"}`: false,
	} {
		made := newQianfanResponsesDouble(t).create(`{"model":"deepseek-v3",` + body + `}`)
		thoughts := made.Get(`output.#(type=="reasoning").content.0.type`).Str == "reasoning_text"
		if told := made.Get("usage.output_tokens_details.reasoning_tokens").Int() > 0; thoughts != want || told != want {
			t.Errorf("%s: %s", body, made.Raw)
		}
	}
}

// TestQianfanUnsafeResponse: an unsafe question is answered by a response that
// says why it ends.
func TestQianfanUnsafeResponse(t *testing.T) {
	marker := (&scenarios.Scenario{}).RefusalsOf().Unsafe
	d := newQianfanResponsesDouble(t)
	_, made := d.ask(http.MethodPost, "", `{"model":"deepseek-v3","input":"`+marker+`"}`)
	if made.Get("status").Str != "incomplete" || made.Get("incomplete_details.reason").Str != "content_filter" {
		t.Errorf("%s", made.Raw)
	}
}
