package responders

import (
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// How Qianfan writes what its Responses API answers.

func (qianfanResponses) record() string { return "qianfan-response" }

func (qianfanResponses) responseID(m Meta) string {
	return "resp-" + text(m.chance(forAnswerID), 10, lowerAlnum)
}

func (qianfanResponses) itemID(m Meta, purpose uint64) string {
	return "msg-" + text(m.chance(purpose), 10, lowerAlnum)
}

// object writes a response, its keys in the order of the documented sample, then
// in that of the documented list. What the caller said of it comes back if it was
// said; the type of OpenAI's SDK needs three of these.
func (d qianfanResponses) object(c *responsesChat, r *scenarios.Request, m Meta, s responseState) []byte {
	o := retell(c)
	o.str("id", d.responseID(m)).str("object", "response").num("created_at", m.Now.Unix()).str("status", s.status).
		str("model", r.Model).raw("output", orJSON(s.output, "[]")).raw("error", orJSON(s.failure, "null"))
	if s.reason != "" {
		o.raw("incomplete_details", obj().str("reason", s.reason).end())
	}
	o.given("instructions", "max_output_tokens", "metadata", "previous_response_id", "reasoning", "store", "temperature", "top_p")
	o.or("parallel_tool_calls", "true")
	o.or("tool_choice", `"auto"`)
	o.or("tools", "[]")
	if s.usage != nil {
		o.raw("usage", s.usage)
	}
	return o.end()
}

func (qianfanResponses) usage(u usage) []byte {
	return obj().num("input_tokens", int64(u.prompt)).raw("input_tokens_details", obj().num("cached_tokens", 0).end()).
		num("output_tokens", int64(u.completion)).raw("output_tokens_details", obj().num("reasoning_tokens", int64(u.reasoning)).end()).
		num("total_tokens", int64(u.total)).end()
}

// item writes an item. One in progress has no content yet.
func (d qianfanResponses) item(i responseItem, status string) []byte {
	begun := status == inProgress
	o := obj().str("id", i.id).str("type", i.kind).str("status", status)
	if i.kind == "function_call" {
		arguments := i.text
		if begun {
			arguments = ""
		}
		return o.str("call_id", i.call.id).str("name", i.call.name).str("arguments", arguments).end()
	}
	content := d.outputText(i.text)
	if i.kind == "reasoning" {
		o.raw("summary", []byte("[]"))
		content = obj().str("type", "reasoning_text").str("text", i.text).end()
	} else {
		o.str("role", "assistant")
	}
	if begun {
		return o.raw("content", []byte("[]")).end()
	}
	return o.raw("content", array(content)).end()
}

func (qianfanResponses) outputText(text string) []byte {
	return obj().str("type", "output_text").str("text", text).raw("annotations", []byte("[]")).end()
}

// list writes a page of input items.
func (qianfanResponses) list(_ gjson.Result, shown listed) []byte {
	return shown.object().str("object", "list").end()
}

func (qianfanResponses) removed(id string) []byte {
	return obj().str("id", id).str("object", "response").boolean("deleted", true).end()
}

func (qianfanResponses) frame(_ int, kind string, event []byte) Frame {
	return anthropicFrame(qianfanFrame, kind, event)
}

func (qianfanResponses) header(r *scenarios.Request, m Meta) http.Header {
	return m.v2Header(r, r.Stream, r.Operation == catalog.OpChat)
}
