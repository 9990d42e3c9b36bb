package responders

import (
	"slices"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// responsesChat is a response that is asked for.
type responsesChat struct {
	*chat
	said         []scenarios.Turn
	instructions string
	body         *jsonBody
	previous     string // The response that this one goes on from, if any, or
	conversation string // the conversation that it belongs to.
	store        bool
}

func readResponses(body *jsonBody) *responsesChat {
	c := &responsesChat{
		chat: &chat{
			thinking:  body.Get("enable_thinking").Bool(),
			maxTokens: number(body.Get("max_output_tokens"), leastOutput, 1<<20, 0),
			choices:   1,
		},
		said: readItems(body.Get("input")), instructions: contentText(body.Get("instructions")), body: body,
		previous: clipped(body.Get("previous_response_id").String()), conversation: conversationOf(body),
		store: body.Get("store").Type != gjson.False,
	}
	if effort := body.Get("reasoning.effort"); effort.Type == gjson.String {
		c.thinking = effort.Str != "none"
	}
	c.readFlatTools(body.Get("tools"), "parameters")
	choice := body.Get("tool_choice")
	c.mustCall = clipped(choice.Get("name").String())
	c.noTools = choice.Type == gjson.String && choice.Str == "none"
	return c
}

// leastOutput is the least bound of tokens that the service takes.
const leastOutput = 16

// readFlatTools reads tools whose name stands beside their schema.
func (c *chat) readFlatTools(tools gjson.Result, schema string) {
	tools.ForEach(func(_, t gjson.Result) bool {
		if name := clipped(t.Get("name").String()); name != "" {
			c.tools = append(c.tools, tool{name: name, parameters: t.Get(schema)})
		}
		return true
	})
}

// readItems reads what is said: a text, or items of which messages and calls of
// functions count.
func readItems(input gjson.Result) []scenarios.Turn {
	if input.Type == gjson.String {
		return asTurns([]string{input.Str})
	}
	var turns []scenarios.Turn
	input.ForEach(func(_, item gjson.Result) bool {
		switch item.Get("type").String() {
		case "message", "":
			turns = append(turns, scenarios.Turn{Role: item.Get("role").String(), Text: contentText(item.Get("content"))})
		case "function_call":
			turns = append(turns, scenarios.Turn{Role: "assistant", Text: item.Get("arguments").String()})
		case "function_call_output":
			turns = append(turns, scenarios.Turn{Role: "tool", Text: contentText(item.Get("output"))})
		}
		return true
	})
	return turns
}

// turns returns the conversation as far as the request has it: what earlier
// responses said is known only when it is answered.
func (c *responsesChat) turns() []scenarios.Turn {
	if c.instructions == "" {
		return c.said
	}
	return append([]scenarios.Turn{{Role: "system", Text: c.instructions}}, c.said...)
}

func (c *responsesChat) refusal(*dashScopeQuestion) *scenarios.Refusal {
	input, store, limit := c.body.Get("input"), c.body.Get("store"), c.body.Get("max_output_tokens")
	switch {
	case input.Type != gjson.String && !input.IsArray():
		return fieldRequired("input")
	case input.IsArray() && input.Get("#").Int() == 0:
		return invalidParameter("[] is too short", nil)
	case store.Exists() && !store.IsBool() && store.Type != gjson.Null:
		return invalidParameter("Invalid 'store': ", map[string]string{"value": clipped(store.String())})
	case limit.Type == gjson.Number && limit.Num < leastOutput:
		return invalidParameter("Invalid 'max_output_tokens': ", map[string]string{"value": clipped(limit.Raw)})
	case c.previous != "" && isGiven(c.body.Get("conversation")):
		return invalidParameter("Mutually exclusive parameters: ", nil)
	case c.conversation == "" && isGiven(c.body.Get("conversation")):
		return fieldRequired("conversation.id")
	}
	return c.refusedNumber()
}

// efforts are the words for how much is thought.
var efforts = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}

// refusedNumber refuses what shapes the answer and is out of its range.
func (c *responsesChat) refusedNumber() *scenarios.Refusal {
	temperature, top, effort := c.body.Get("temperature"), c.body.Get("top_p"), c.body.Get("reasoning.effort")
	refuse := func(name string, v gjson.Result) *scenarios.Refusal {
		return invalidParameter("Invalid '"+name+"': ", map[string]string{"value": clipped(v.String())})
	}
	switch {
	case temperature.Type == gjson.Number && (temperature.Num < 0 || temperature.Num >= 2):
		return refuse("temperature", temperature)
	case top.Type == gjson.Number && (top.Num <= 0 || top.Num > 1):
		return refuse("top_p", top)
	case isGiven(effort) && !slices.Contains(efforts, effort.String()):
		return refuse("reasoning.effort", effort)
	}
	return nil
}

// isGiven reports whether there is a value that is not null.
func isGiven(v gjson.Result) bool { return v.Exists() && v.Type != gjson.Null }

func (c *responsesChat) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	earlier, refused := c.before(m)
	if refused != nil {
		return Error(dashScopeResponses{}, r, m, failureOf(refused, r.Dialect))
	}
	chained := *r
	chained.Turns = slices.Concat(turnsOf(earlier), r.Turns)
	outs, used := completeAll(&chained, c.chat, m, reply)
	items := m.responseItems(outs)
	state := finished(outs)
	state.output, state.usage = writeItems(items, "completed"), responsesUsage(used)
	var message Message
	if r.Stream {
		message = c.stream(r, m, items, state)
	} else {
		message = m.dashScopeWhole(r, c.object(r, m, state))
	}
	message.Changes = append(c.keep(r, m, earlier, state), c.goOn(m, state)...)
	return message.bringing(used)
}

// before returns what was said before the call: up to the response that it goes
// on from, or in its conversation.
func (c *responsesChat) before(m Meta) ([][]byte, *scenarios.Refusal) {
	if c.conversation != "" {
		return m.saidIn(c.conversation)
	}
	items, found := m.earlier(c.previous)
	if !found {
		return nil, invalidParameter("Not found previous_response_id: ", map[string]string{"id": c.previous})
	}
	return items, nil
}
