package responders

import (
	"slices"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// What DashScope refuses of tools.

// longestToolName is how many characters the name of a tool may have.
const longestToolName = 64

// tools refuses tools that cannot be called, and a choice that is none.
func (q *dashScopeQuestion) tools() *scenarios.Refusal {
	tools, given := q.parameter("tools")
	all := elements(tools)
	switch {
	case given && tools.IsArray() && len(all) == 0 && q.compatible:
		return invalidParameter("[] is too short - 'tools'", nil)
	case len(all) > 0 && q.model.NoTools:
		return invalidParameter("The tool call is not supported.", nil)
	}
	var names []string
	for _, t := range all {
		name := t.Get("function.name").String()
		names = append(names, name)
		switch {
		case name == "search":
			return q.algorithm("Tool names are not allowed to be [{name}]", map[string]string{"name": name})
		case len([]rune(name)) > longestToolName:
			return invalidParameter(inAlgorithm+"The length of the tool name cannot exceed 64.", nil)
		}
	}
	return q.toolChoice(names)
}

func (q *dashScopeQuestion) toolChoice(names []string) *scenarios.Refusal {
	choice, given := q.parameter("tool_choice")
	asked, _ := q.parameter("enable_thinking")
	text, function := choice.String(), choice.Get("function.name").String()
	switch {
	case !given || choice.Type == gjson.String && (text == "none" || text == "auto"):
		return nil
	case (choice.IsObject() || text == "required") && thinks(q.model, asked):
		return invalidParameter(inAlgorithm+"The tool_choice parameter does not support being set to required or object in thinking mode", nil)
	case !choice.IsObject():
		return invalidParameter(`tool_choice is one of the strings that should be ["none", "auto"]`, nil)
	case !slices.Contains(names, function):
		return invalidParameter(inAlgorithm+`Invalid value for "tool_choice": no function named "{function}" was specified in the "tools" parameter.`,
			map[string]string{"function": clipped(function)})
	}
	return nil
}
