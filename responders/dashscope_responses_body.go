package responders

import (
	"cmp"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// responseState is how far a response is.
type responseState struct {
	status  string
	reason  string // Why it is incomplete, if it is.
	output  []byte // nil is none.
	usage   []byte // nil as long as nothing is counted.
	failure []byte // nil if nothing failed.
	kept    bool   // It is asked for later.
}

// finished returns the state of a response that ends like this. A completion
// that ends for any other reason than these is incomplete.
func finished(outs []completion) responseState {
	state := responseState{status: "completed"}
	for _, out := range outs {
		switch out.finish {
		case finishStop, finishTools:
		case finishLength:
			state = responseState{status: "incomplete", reason: "max_output_tokens"}
		default:
			state = responseState{status: "incomplete", reason: out.finish}
		}
	}
	return state
}

// object writes a response, its keys sorted as documented samples have them. c
// may be nil where nobody asked, as in a sample of an error.
func (c *responsesChat) object(r *scenarios.Request, m Meta, s responseState) []byte {
	var asked gjson.Result
	var previous string
	store := true
	if c != nil {
		asked, previous, store = c.body.Result, c.previous, c.store
	}
	o := obj().boolean("background", false)
	if s.usage == nil {
		o.null("completed_at")
	} else {
		o.num("completed_at", m.Now.Unix())
	}
	o.num("created_at", m.Now.Unix()).raw("error", orJSON(s.failure, "null")).
		raw("frequency_penalty", echo(asked, "frequency_penalty", "0.0")).str("id", m.responseID())
	if s.reason != "" {
		o.raw("incomplete_details", obj().str("reason", s.reason).end())
	}
	given := func(name string) {
		if isGiven(asked.Get(name)) {
			o.raw(name, echo(asked, name, "null"))
		}
	}
	given("instructions")
	given("max_output_tokens")
	metadata := echo(asked, "metadata", "{}")
	if s.kept {
		metadata = []byte("{}") // It is sent back, but not kept.
	}
	o.raw("metadata", metadata).str("model", r.Model).str("object", "response").
		raw("output", orJSON(s.output, "[]")).raw("parallel_tool_calls", echo(asked, "parallel_tool_calls", "true")).
		raw("presence_penalty", echo(asked, "presence_penalty", "0.0"))
	if previous != "" {
		o.str("previous_response_id", previous)
	}
	given("reasoning")
	o.str("service_tier", "default").str("status", s.status).boolean("store", store).
		raw("temperature", echo(asked, "temperature", "1.0")).raw("tool_choice", echo(asked, "tool_choice", `"auto"`)).
		raw("tools", echo(asked, "tools", "[]")).raw("top_logprobs", echo(asked, "top_logprobs", "0")).
		raw("top_p", echo(asked, "top_p", "1.0"))
	if s.usage != nil {
		o.raw("usage", s.usage)
	}
	return o.end()
}

// echo returns what the caller sent under the name, on one line, or the default
// if that is nothing or too long: streams repeat it.
func echo(asked gjson.Result, name, fallback string) []byte {
	if v := asked.Get(name); isGiven(v) && len(v.Raw) <= maxKept {
		return compact(v.Raw)
	}
	return []byte(fallback)
}

func orJSON(json []byte, fallback string) []byte {
	if json == nil {
		return []byte(fallback)
	}
	return json
}

// responseID returns the request id as a response's.
func (m Meta) responseID() string { return "resp_" + m.requestUUID() }

// responsesUsage writes the usage twice, as the service bills it too.
func responsesUsage(u usage) []byte {
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

// A responseItem is one of the things that a response consists of: thoughts, a
// message or a call.
type responseItem struct {
	kind   string // "reasoning", "message" or "function_call".
	id     string
	pieces pieces // Of its text or of its arguments.
	text   string // All of them.
	call   toolCall
}

// forItems is the purpose of chance that ids of items are drawn with.
const forItems uint64 = 4 << 32

// responseItems cuts the answer into items. A message that says nothing is left
// out if there is a call.
func (m Meta) responseItems(outs []completion) []responseItem {
	var items []responseItem
	add := func(i responseItem) {
		i.id = cmp.Or(i.id, "msg_"+m.randomUUID(forItems+uint64(len(items))))
		items = append(items, i)
	}
	for _, out := range outs {
		if out.reasoning != "" {
			add(responseItem{kind: "reasoning", text: out.reasoning, pieces: cut(out.reasoning, 0)})
		}
		if out.text != "" || len(out.calls) == 0 {
			add(responseItem{kind: "message", text: out.text, pieces: out.pieces})
		}
		for _, call := range out.calls {
			add(responseItem{kind: "function_call", text: call.arguments, pieces: cut(call.arguments, 0), call: call})
		}
	}
	return items
}

// write writes the item as it is at the status. One in progress has no content
// yet.
func (i responseItem) write(status string) []byte {
	begun := status == inProgress
	switch i.kind {
	case "reasoning":
		summary := array(obj().str("text", i.text).str("type", "summary_text").end())
		if begun {
			summary = []byte("[]")
		}
		return obj().str("id", i.id).raw("summary", summary).str("type", i.kind).end()
	case "message":
		content := array(outputText(i.text))
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

func writeItems(items []responseItem, status string) []byte {
	written := make([][]byte, len(items))
	for i, item := range items {
		written[i] = item.write(status)
	}
	return array(written...)
}

// outputText writes a part of a message's content.
func outputText(text string) []byte {
	return obj().raw("annotations", []byte("[]")).str("text", text).str("type", "output_text").end()
}
