package responders

import (
	"slices"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// What DashScope's Responses API refuses.

// leastOutput is the least bound of tokens that the service takes.
const leastOutput = 16

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

func (dashScopeResponses) noResponse(id string) *scenarios.Refusal {
	return invalidParameter("Response with id '", map[string]string{"id": id})
}

func (dashScopeResponses) noPrevious(id string) *scenarios.Refusal {
	return invalidParameter("Not found previous_response_id: ", map[string]string{"id": id})
}
