package responders

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// What DashScope refuses of a conversation.

// messages refuses a conversation that is none.
func (q *dashScopeQuestion) messages() *scenarios.Refusal {
	list := q.input.Get("messages")
	switch {
	case list.Type == gjson.Null: // Or not there at all.
		return q.prompt()
	case !list.IsArray():
		return notMessages()
	}
	all := list.Array()
	if len(all) == 0 {
		return invalidParameter("[] is too short", nil)
	}
	for i, m := range all {
		if refused := q.message(i, m); refused != nil {
			return refused
		}
	}
	if refused := q.toolTurns(all); refused != nil {
		return refused
	}
	if !slices.ContainsFunc(all, func(m gjson.Result) bool { return m.Get("role").String() == "user" }) {
		return invalidParameter("The input messages do not contain elements with the role of user.", nil)
	}
	if q.compatible && !slices.ContainsFunc(all, saysSomething) {
		return q.badLength()
	}
	return nil
}

// saysSomething reports whether a message has any content at all.
func saysSomething(m gjson.Result) bool {
	content := m.Get("content")
	for _, part := range elements(content) {
		if text := part.Get("text"); text.Type != gjson.String || text.Str != "" {
			return true
		}
	}
	return content.String() != "" && !content.IsArray() || len(elements(m.Get("tool_calls"))) > 0
}

// elements returns those of a list, and none of what is no list.
func elements(v gjson.Result) []gjson.Result {
	if !v.IsArray() {
		return nil
	}
	return v.Array()
}

// prompt refuses a call without messages, unless it has a prompt instead.
func (q *dashScopeQuestion) prompt() *scenarios.Refusal {
	switch prompt := q.input.Get("prompt"); {
	case q.compatible:
		return fieldRequired("messages")
	case prompt.Type != gjson.String:
		return invalidParameter(`Either "prompt" or "messages" must exist`, nil)
	case prompt.Str == "":
		return badTurn()
	}
	return nil
}

func notMessages() *scenarios.Refusal {
	return invalidParameter("Input should be a valid dictionary or instance of GPT3Message", nil)
}

// badTurn is the native API's refusal of a role that it does not know, and of
// a turn in which nothing is said.
func badTurn() *scenarios.Refusal {
	return invalidParameter("Role must be user or assistant and Content length must be greater than 0", nil)
}

// dashScopeRoles are those that a message may have.
var dashScopeRoles = []string{"system", "assistant", "user", "tool", "function"}

// message refuses a single one, the i-th from 0.
func (q *dashScopeQuestion) message(i int, m gjson.Result) *scenarios.Refusal {
	role, calls := m.Get("role"), m.Get("tool_calls")
	switch {
	case !m.IsObject() || q.compatible && role.Type != gjson.String:
		return notMessages()
	case slices.Contains(dashScopeRoles, role.String()):
	case q.compatible:
		return invalidParameter("{role} is not one of ['system', 'assistant', 'user', 'tool', 'function']",
			map[string]string{"role": clipped(role.Str), "index": strconv.Itoa(i)})
	default:
		return badTurn()
	}
	called := role.Str == "assistant" && len(elements(calls)) > 0
	for _, call := range elements(calls) {
		if arguments := call.Get("function.arguments").String(); arguments != "" && !gjson.Valid(arguments) {
			return invalidParameter(inAlgorithm+`The "function.arguments" parameter of the code model must be in JSON format.`, nil)
		}
	}
	return q.content(m.Get("content"), called || role.Str == "tool")
}

// content refuses what is said in a message; nothing need be said in one that
// is about tools.
func (q *dashScopeQuestion) content(c gjson.Result, silent bool) *scenarios.Refusal {
	switch {
	case c.Type == gjson.Null && silent:
		return nil
	case c.Type == gjson.Null:
		return invalidParameter("The content field is a required field.", nil)
	case c.Type == gjson.String:
		if c.Str == "" && !silent && !q.compatible {
			return badTurn()
		}
		return nil
	case !c.IsArray():
		return notText()
	}
	parts := c.Array()
	if len(parts) == 0 && !silent && !q.compatible {
		return badTurn()
	}
	for _, p := range parts {
		switch {
		case p.Get("text").Type == gjson.String:
		case q.textOnly():
			return notText()
		case !hasModality(p):
			return invalidParameter("The item of content should be a message of a certain modal.", nil)
		}
	}
	return nil
}

func notText() *scenarios.Refusal { return invalidParameter("input content must be a string.", nil) }

// textOnly reports whether whom the call is for reads nothing but text: the
// model, or the native path.
func (q *dashScopeQuestion) textOnly() bool {
	return q.model.Modality == catalog.ModalityText || !q.compatible && !multimodalPath(q.in)
}

// hasModality reports whether a part of a content says what it is: by one of
// its keys, all of which begin with the kind.
func hasModality(p gjson.Result) bool {
	known := false
	if p.IsObject() {
		p.ForEach(func(key, _ gjson.Result) bool {
			known = slices.ContainsFunc([]string{"text", "image", "video", "audio", "input_", "file"}, func(kind string) bool {
				return strings.HasPrefix(key.String(), kind)
			})
			return !known
		})
	}
	return known
}

// toolTurns refuses results of tools that nobody called, and calls without
// results. A result that does not say for which call it is may be for any.
func (q *dashScopeQuestion) toolTurns(all []gjson.Result) *scenarios.Refusal {
	var waiting map[string]int // How many calls of each id have no result yet.
	open, calling := 0, false  // How many of all, and whether only results stand between them and here.
	for i, m := range all {
		if m.Get("role").String() == "tool" {
			id := m.Get("tool_call_id").String()
			switch {
			case !calling:
				return q.toolUncalled()
			case open > 0 && (id == "" || waiting[id] > 0):
				waiting[id]--
				open--
			}
			continue
		}
		if open > 0 {
			return noToolResults(i)
		}
		calls := elements(m.Get("tool_calls"))
		if len(calls) > 0 {
			waiting = make(map[string]int, len(calls))
		}
		for _, call := range calls {
			waiting[call.Get("id").String()]++
			open++
		}
		calling = open > 0
	}
	if open > 0 {
		return noToolResults(len(all) - 1)
	}
	return nil
}

// toolUncalled refuses the result of a tool that nobody called. The text in
// compatible mode ends in a full stop.
func (q *dashScopeQuestion) toolUncalled() *scenarios.Refusal {
	const text = `messages with role "tool" must be a response to a preceeding message with "tool_calls"`
	if q.compatible {
		return invalidParameter(inAlgorithm+text+".", nil)
	}
	return invalidParameter(text, nil)
}

func noToolResults(at int) *scenarios.Refusal {
	return invalidParameter(inAlgorithm+`An assistant message with "tool_calls" must be followed by tool messages`,
		map[string]string{"index": strconv.Itoa(at)})
}

// length refuses a conversation that is longer than the model reads.
func (q *dashScopeQuestion) length(said []scenarios.Turn) *scenarios.Refusal {
	size, tokens := 0, 0
	for _, t := range said {
		size += len(t.Text)
	}
	if q.model.MaxInput == 0 || size <= q.model.MaxInput { // No token is shorter than a byte.
		return nil
	}
	for _, t := range said {
		tokens += countTokens(t.Text)
	}
	if tokens <= q.model.MaxInput {
		return nil
	}
	return q.badLength()
}

// eachLength refuses contents of which one is empty, or a text that is longer
// than the model reads.
func (q *dashScopeQuestion) eachLength(parts []part) *scenarios.Refusal {
	for _, p := range parts {
		if p.text == "" {
			return q.badLength()
		}
		if p.kind != "text" {
			continue
		}
		if refused := q.length([]scenarios.Turn{{Text: p.text}}); refused != nil {
			return refused
		}
	}
	return nil
}

// badLength refuses an input that is empty or longer than the model reads.
func (q *dashScopeQuestion) badLength() *scenarios.Refusal {
	return q.algorithm("Range of input length should be [1, {max}]", atMost(q.model.MaxInput))
}

// atMost fills the hole for a bound, if that is known.
func atMost(n int) map[string]string {
	if n == 0 {
		return nil
	}
	return map[string]string{"max": strconv.Itoa(n)}
}
