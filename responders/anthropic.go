package responders

import (
	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// Anthropic's Messages API, which both vendors serve beside their own.

// anthropicChat is a message that is asked for.
type anthropicChat struct {
	*chat
	said    []scenarios.Turn
	body    *jsonBody
	list    bool // Whether there is a list of messages, be it empty.
	bounded bool // Whether there is a bound of tokens.
}

func readAnthropic(body *jsonBody) *anthropicChat {
	messages, bound := body.Get("messages"), body.Get("max_tokens")
	c := &anthropicChat{body: body, list: messages.IsArray(), bounded: bound.Type == gjson.Number && bound.Num >= 1, chat: &chat{
		jsonMode:  isGiven(body.Get("output_config.format")),
		schema:    body.Get("output_config.format.schema"),
		thinking:  body.Get("thinking.type").String() == "enabled",
		maxTokens: number(bound, 1, 1<<20, 0),
		choices:   1,
	}}
	if system := contentText(body.Get("system")); system != "" {
		c.said = append(c.said, scenarios.Turn{Role: "system", Text: system})
	}
	messages.ForEach(func(_, message gjson.Result) bool {
		c.said = append(c.said, anthropicTurn(message))
		return true
	})
	c.readStop(body.Get("stop_sequences"))
	c.readFlatTools(body.Get("tools"), "input_schema")
	c.mustCall = clipped(body.Get("tool_choice.name").String())
	c.noTools = body.Get("tool_choice.type").String() == "none"
	return c
}

// anthropicTurn reads a message. The user's message that holds the result of a
// tool is the tool's turn.
func anthropicTurn(message gjson.Result) scenarios.Turn {
	turn := scenarios.Turn{Role: message.Get("role").String(), Text: contentText(message.Get("content"))}
	message.Get("content").ForEach(func(_, block gjson.Result) bool {
		if block.Get("type").String() == "tool_result" {
			turn.Role = "tool"
			turn.Text += contentText(block.Get("content"))
		}
		return true
	})
	return turn
}

func (c *anthropicChat) turns() []scenarios.Turn { return c.said }
