package responders

import (
	"github.com/mockllm/mockllm/scenarios"
)

// Qianfan V1's plugins: a chat of which a plugin does a part.

// pluginCall is what a plugin call asks for.
type pluginCall struct {
	*chat
	plugin string // The first that is named.
}

// maxPlugins is how many plugins one call may name.
const maxPlugins = 3

// readV1Plugin reads both forms: a query with a history, and messages.
func readV1Plugin(q *question) *scenarios.Refusal {
	r, body := q.r, q.body
	r.Turns = append(readTurns(body.Get("history")), readTurns(body.Get("messages"))...)
	r.Turns = append(r.Turns, userTurns(qianfanTexts(body.Get("query")))...)
	call := pluginCall{chat: v1Text(body), plugin: "uuid-zhishiku"} // The knowledge base, which is not always named.
	plugins := qianfanTexts(body.Get("plugins"))
	if len(plugins) > 0 {
		call.plugin = clipped(plugins[0])
	}
	r.Detail = call
	switch {
	case r.Prompt() == "":
		return &scenarios.Refusal{ID: capability + "336003", Variant: "the content of current query can not be blank"}
	case len(plugins) > maxPlugins:
		return &scenarios.Refusal{ID: capability + "336116"}
	}
	return nil
}

func answerV1Plugin(r *scenarios.Request, m Meta, reply *scenarios.Reply) v1Answer {
	call := r.Detail.(pluginCall)
	out := complete(r, call.chat, m, reply)
	if r.Stream {
		return call.stream(r, m, out)
	}
	body := m.v1Start("chat.completion").str("result", out.text).
		boolean("is_truncated", out.finish == finishLength).boolean("need_clear_history", false).
		str("finish_reason", v1Finish(out)).raw("usage", call.usage(out.usage)).
		raw("meta_info", call.meta(r)).raw("plugin_info", call.info(r, pluginDone)).
		num("log_id", m.chance(forLogID).Int64N(1e18))
	return v1Whole(body.end(), out.usage)
}

// stream writes the plugin's part first, then the chat; the name of an event
// says which of both it is.
func (call pluginCall) stream(r *scenarios.Request, m Meta, out completion) v1Answer {
	start := func(n int64) *object { return m.v1Start("chat.completion").num("sentence_id", n) }
	frames := []Frame{
		namedFrame("pluginMeta", start(0).raw("plugin_metas", call.metas(r)).end()),
		namedFrame("plugin", start(0).raw("plugin_info", call.info(r, pluginRuns)).end()),
		namedFrame("plugin", start(1).raw("plugin_info", call.info(r, pluginDone)).end()),
	}
	chat := v1Said(r, out, func(p v1Piece) Frame {
		body := p.start(m, "chat.completion").boolean("is_truncated", p.last && out.finish == finishLength).
			str("result", p.text).boolean("need_clear_history", false).str("finish_reason", v1Finish(out))
		if p.last {
			return body.raw("usage", call.usage(p.usage)).end()
		}
		return body.raw("usage", v1Usage(p.usage).end()).end()
	})
	return v1Answer{usage: out.usage, later: func(yield func(Frame, int) bool) {
		for _, frame := range frames {
			if !yield(frame, 0) {
				return
			}
		}
		for frame, tokens := range chat.later {
			if !yield(append(Frame("event: chat\n"), frame...), tokens) {
				return
			}
		}
	}}
}

// namedFrame writes an SSE event with a name.
func namedFrame(name string, json []byte) Frame {
	return append(Frame("event: "+name+"\n"), dataFrame(json)...)
}

// The states of a plugin.
const (
	pluginRuns = "1"
	pluginDone = "2"
)

// request is what the plugin was asked.
func (call pluginCall) request(r *scenarios.Request) []byte {
	return obj().str("query", r.Prompt()).end()
}

func (call pluginCall) meta(r *scenarios.Request) []byte {
	response := obj().num("retCode", 0).str("message", "").raw("result", obj().raw("responses", array()).end())
	return obj().str("plugin_id", call.plugin).raw("request", call.request(r)).raw("response", response.end()).end()
}

func (call pluginCall) info(r *scenarios.Request, state string) []byte {
	response := ""
	if state == pluginDone {
		response = string(obj().num("errCode", 0).str("errMsg", "success").end())
	}
	return array(obj().str("plugin_id", call.plugin).str("plugin_name", "").str("plugin_req", string(call.request(r))).
		str("plugin_resp", response).str("status", state).str("api_id", call.plugin).end())
}

// metas describe the plugin and how the model calls it.
func (call pluginCall) metas(r *scenarios.Request) []byte {
	function := obj().str("arguments", string(call.request(r))).str("name", call.plugin).str("thoughts", thought(r.Prompt()))
	return array(obj().str("apiId", call.plugin).str("logoUrl", "").str("operationId", "call").str("pluginId", call.plugin).
		str("pluginNameForHuman", call.plugin).str("pluginNameForModel", call.plugin).str("pluginVersion", "1.0.0").
		raw("runtimeMetaInfo", obj().raw("function_call", function.end()).end()).null("uiMeta").end())
}

// usage adds what the plugin used, which is nothing.
func (call pluginCall) usage(u usage) []byte {
	plugin := obj().str("name", call.plugin).num("parse_tokens", 0).num("abstract_tokens", 0).num("search_tokens", 0).num("total_tokens", 0)
	return v1Usage(u).raw("plugins", array(plugin.end())).end()
}
