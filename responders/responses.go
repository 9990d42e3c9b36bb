package responders

import (
	"net/http"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// OpenAI's Responses API, which both vendors serve. What differs between them is
// a responsesVendor's.

// A responsesVendor is what one vendor does otherwise than the other.
type responsesVendor interface {
	Responder

	// record is what a response that is kept is called among the records.
	record() string

	// responseID and itemID draw ids: of the response that is made, and of an
	// item of that purpose.
	responseID(m Meta) string
	itemID(m Meta, purpose uint64) string

	// object, item, outputText and usage write a response, one of its items, a
	// part of what it says, and what it took. call is nil where nobody asked, as
	// in a sample of an error; an item that was just begun has no content yet.
	object(call *responsesChat, r *scenarios.Request, m Meta, s responseState) []byte
	item(i responseItem, status string) []byte
	outputText(text string) []byte
	usage(u usage) []byte

	// list writes what is shown of the items that a kept response was asked with,
	// removed that it is gone.
	list(kept gjson.Result, shown listed) []byte
	removed(id string) []byte

	// frame writes the n-th event of a stream, from 1, and header the header of a
	// success.
	frame(n int, kind string, event []byte) Frame
	header(r *scenarios.Request, m Meta) http.Header

	// noResponse and noPrevious refuse a response that is not there: one that is
	// asked for, and one that is gone on from.
	noResponse(id string) *scenarios.Refusal
	noPrevious(id string) *scenarios.Refusal
}

// responsesChat is a response that is asked for.
type responsesChat struct {
	*chat
	vendor       responsesVendor
	said         []scenarios.Turn
	instructions string
	body         *jsonBody
	previous     string // The response that this one goes on from, if any, or
	conversation string // the conversation that it belongs to.
	store        bool
}

// readResponses reads what is asked; least is the least bound of tokens that the
// vendor takes.
func readResponses(body *jsonBody, vendor responsesVendor, least int) *responsesChat {
	c := &responsesChat{
		chat: &chat{
			thinking:  body.Get("enable_thinking").Bool(),
			maxTokens: number(body.Get("max_output_tokens"), least, 1<<20, 0),
			choices:   1,
		},
		vendor: vendor, said: readItems(body.Get("input")), instructions: contentText(body.Get("instructions")), body: body,
		previous: clipped(body.Get("previous_response_id").String()), store: body.Get("store").Type != gjson.False,
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

// isGiven reports whether there is a value that is not null.
func isGiven(v gjson.Result) bool { return v.Exists() && v.Type != gjson.Null }

func (c *responsesChat) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	earlier, refused := c.before(m)
	if refused != nil {
		return Error(c.vendor, r, m, failureOf(refused, r.Dialect))
	}
	chained := *r
	chained.Turns = slices.Concat(turnsOf(earlier), r.Turns)
	outs, used := completeAll(&chained, c.chat, m, reply)
	items := m.responseItems(c.vendor, outs)
	state := finished(outs)
	state.output, state.usage = writeItems(c.vendor, items), c.vendor.usage(used)
	message := Message{Status: http.StatusOK, Header: c.vendor.header(r, m)}
	if r.Stream {
		c.stream(&message, r, m, items, state)
	} else {
		message.Frames = []Frame{c.vendor.object(c, r, m, state)}
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
	items, found := c.earlier(m)
	if !found {
		return nil, c.vendor.noPrevious(c.previous)
	}
	return items, nil
}
