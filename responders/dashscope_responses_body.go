package responders

import (
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// How DashScope writes what its Responses API answers.

func (dashScopeResponses) record() string { return "response" }

func (dashScopeResponses) responseID(m Meta) string { return "resp_" + m.requestUUID() }

func (dashScopeResponses) itemID(m Meta, purpose uint64) string {
	return "msg_" + m.randomUUID(purpose)
}

// object writes a response, its keys sorted as documented samples have them.
func (d dashScopeResponses) object(c *responsesChat, r *scenarios.Request, m Meta, s responseState) []byte {
	o, store := retell(c), c == nil || c.store
	o.boolean("background", false)
	if s.usage == nil {
		o.null("completed_at")
	} else {
		o.num("completed_at", m.Now.Unix())
	}
	o.num("created_at", m.Now.Unix()).raw("error", orJSON(s.failure, "null"))
	o.or("frequency_penalty", "0.0")
	o.str("id", d.responseID(m))
	if s.reason != "" {
		o.raw("incomplete_details", obj().str("reason", s.reason).end())
	}
	o.given("instructions", "max_output_tokens")
	if s.kept {
		o.raw("metadata", []byte("{}")) // It is sent back, but not kept.
	} else {
		o.or("metadata", "{}")
	}
	o.str("model", r.Model).str("object", "response").raw("output", orJSON(s.output, "[]"))
	o.or("parallel_tool_calls", "true")
	o.or("presence_penalty", "0.0")
	if c != nil && c.previous != "" {
		o.str("previous_response_id", c.previous)
	}
	o.given("reasoning")
	o.str("service_tier", "default").str("status", s.status).boolean("store", store)
	for _, usual := range [][2]string{{"temperature", "1.0"}, {"tool_choice", `"auto"`}, {"tools", "[]"}, {"top_logprobs", "0"}, {"top_p", "1.0"}} {
		o.or(usual[0], usual[1])
	}
	if s.usage != nil {
		o.raw("usage", s.usage)
	}
	return o.end()
}

// usage writes what it took twice, as the service bills it too.
func (dashScopeResponses) usage(u usage) []byte {
	in, out, all := int64(u.prompt), int64(u.completion), int64(u.total)
	cached := obj().num("cached_tokens", 0).end()
	reasoned := obj().num("reasoning_tokens", int64(u.reasoning)).end()
	billed := obj().num("input_tokens", in).num("output_tokens", out)
	if u.reasoning > 0 {
		billed.raw("output_tokens_details", reasoned)
	}
	billed.raw("prompt_tokens_details", cached).num("total_tokens", all).str("x_billing_type", "response_api")
	return obj().num("input_tokens", in).raw("input_tokens_details", cached).
		num("output_tokens", out).raw("output_tokens_details", reasoned).
		num("total_tokens", all).raw("x_details", array(billed.end())).end()
}

// item writes an item. One in progress has no content yet.
func (d dashScopeResponses) item(i responseItem, status string) []byte {
	begun := status == inProgress
	switch i.kind {
	case "reasoning":
		summary := array(obj().str("text", i.text).str("type", "summary_text").end())
		if begun {
			summary = []byte("[]")
		}
		return obj().str("id", i.id).raw("summary", summary).str("type", i.kind).end()
	case "message":
		content := array(d.outputText(i.text))
		if begun {
			content = []byte("[]")
		}
		return obj().raw("content", content).str("id", i.id).str("role", "assistant").str("status", status).str("type", i.kind).end()
	}
	arguments := i.text
	if begun {
		arguments = ""
	}
	return obj().str("arguments", arguments).str("call_id", i.call.id).str("id", i.id).str("name", i.call.name).
		str("status", status).str("type", i.kind).end()
}

func (dashScopeResponses) outputText(text string) []byte { return saidText(text, "assistant") }

// list writes a page of input items.
func (dashScopeResponses) list(kept gjson.Result, shown listed) []byte {
	body := kept.Get("body")
	o := obj().num("created_at", body.Get("created_at").Int()*1000).raw("data", shown.data).nullable("first_id", shown.first).
		boolean("has_more", shown.more).str("id", itemID(body)).nullable("last_id", shown.last).str("model", body.Get("model").Str)
	if previous := body.Get("previous_response_id").Str; previous != "" {
		o.str("previous_response_id", previous)
	}
	return o.end()
}

func (dashScopeResponses) removed(id string) []byte {
	return obj().boolean("deleted", true).str("id", id).end()
}

func (dashScopeResponses) frame(n int, kind string, event []byte) Frame {
	return nativeFrame(n, kind, http.StatusOK, event)
}

func (dashScopeResponses) header(r *scenarios.Request, m Meta) http.Header {
	contentType := "application/json"
	if r.Stream {
		contentType = sseType
	}
	return m.dashScopeHeader(r, http.StatusOK, contentType)
}
