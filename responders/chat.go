package responders

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// chat is what any dialect's chat call asks for.
type chat struct {
	tools     []tool
	mustCall  string // The tool that the caller insists on, if any.
	noTools   bool   // The caller forbids tools.
	jsonMode  bool
	schema    gjson.Result // What the answer's JSON is to fit, if the caller says.
	thinking  bool
	maxTokens int // 0 is no bound.
	choices   int
	stop      []string

	review *safety // Qianfan: what is found in the conversation, which is answered all the same.

	includeUsage bool   // Compatible: a last chunk with the usage.
	incremental  bool   // Native: each frame has only what is new.
	resultFormat string // Native: "text" or "message".
}

// tool is a function that the model may call.
type tool struct {
	name       string
	parameters gjson.Result // Its JSON Schema.
}

// readTurns reads a conversation in the form that all dialects share.
func readTurns(messages gjson.Result) []scenarios.Turn {
	var turns []scenarios.Turn
	messages.ForEach(func(_, m gjson.Result) bool {
		turns = append(turns, scenarios.Turn{Role: m.Get("role").String(), Text: contentText(m.Get("content"))})
		return true
	})
	return turns
}

// contentText returns the text of a turn's content: a string, or a list of
// parts of which those with text count.
func contentText(content gjson.Result) string {
	if !content.IsArray() {
		if content.Type == gjson.String {
			return content.Str
		}
		return ""
	}
	var b strings.Builder
	content.ForEach(func(_, part gjson.Result) bool {
		b.WriteString(part.Get("text").String())
		return true
	})
	return b.String()
}

// readTools reads OpenAI-shaped tools and the choice among them.
func (c *chat) readTools(tools, choice gjson.Result) {
	tools.ForEach(func(_, t gjson.Result) bool {
		if name := clipped(t.Get("function.name").String()); name != "" {
			c.tools = append(c.tools, tool{name: name, parameters: t.Get("function.parameters")})
		}
		return true
	})
	c.mustCall = clipped(choice.Get("function.name").String())
	c.noTools = choice.Type == gjson.String && choice.Str == "none"
}

// readStop reads a string or a list of strings.
func (c *chat) readStop(stop gjson.Result) {
	if stop.Type == gjson.String {
		c.stop = []string{stop.Str}
	}
	stop.ForEach(func(_, s gjson.Result) bool {
		if s.Type == gjson.String && stop.IsArray() {
			c.stop = append(c.stop, s.Str)
		}
		return true
	})
}

// readFormat reads what form the answer is to have.
func (c *chat) readFormat(format gjson.Result) {
	switch format.Get("type").String() {
	case "json_object":
		c.jsonMode = true
	case "json_schema":
		c.jsonMode, c.schema = true, format.Get("json_schema.schema")
	}
}

// number reads a whole number within bounds; anything else is the fallback.
func number(v gjson.Result, low, high, fallback int) int {
	if v.Type != gjson.Number || v.Num < float64(low) || v.Num > float64(high) {
		return fallback
	}
	return int(v.Num)
}
