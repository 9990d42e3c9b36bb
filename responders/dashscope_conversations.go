package responders

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// Conversations keep what was said on the Responses API: a response that names
// one goes on from all of its items, and adds its own.

const (
	conversationsPath = "/compatible-mode/v1/conversations"
	itemsSuffix       = "/items"
)

// conversationRoutes returns the paths, today's and an earlier one.
func conversationRoutes() []Route {
	var routes []Route
	for _, base := range []string{conversationsPath, protocolsPrefix + conversationsPath} {
		one := base + "/{conversation_id}"
		for _, path := range []string{base, one, one + itemsSuffix, one + itemsSuffix + "/{item_id}"} {
			routes = append(routes, Route{path, catalog.OpConversation})
		}
	}
	return routes
}

// conversationMethods returns the methods that the path has.
func conversationMethods(in *Incoming) []string {
	switch {
	case in.Vars["conversation_id"] == "":
		return []string{http.MethodPost}
	case in.Vars["item_id"] != "":
		return []string{http.MethodGet, http.MethodDelete}
	case ofItems(in):
		return []string{http.MethodGet, http.MethodPost}
	}
	return []string{http.MethodGet, http.MethodPost, http.MethodDelete}
}

// ofItems reports whether a path is that of all items of a conversation, which
// may be called "items" itself.
func ofItems(in *Incoming) bool {
	_, below, _ := strings.Cut(in.Path, conversationsPath)
	return strings.Count(below, "/") == 2
}

// conversationOf returns the conversation that a response belongs to, if any.
func conversationOf(body *jsonBody) string {
	given := body.Get("conversation")
	if given.IsObject() {
		given = given.Get("id")
	}
	return clipped(given.String())
}

// A conversationCall is about a conversation, or about items of it.
type conversationCall struct {
	id    string // "" is one that is made.
	item  string // If it is about one item.
	items bool   // Whether it is about all items.
	page  *inputList
	body  *jsonBody
}

func readConversationCall(in *Incoming, body *jsonBody) *conversationCall {
	return &conversationCall{
		id: clipped(in.Vars["conversation_id"]), item: clipped(in.Vars["item_id"]), items: ofItems(in),
		page: readInputList(in), body: body,
	}
}

func (*conversationCall) turns() []scenarios.Turn { return nil }

// refused is what is wrong with the body of a call that has one.
func (c *conversationCall) refused(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	if in.Method != http.MethodPost {
		return nil
	}
	return firstRefusal(
		func() *scenarios.Refusal { return bodyRefusal(in, r) },
		func() *scenarios.Refusal { return c.refusal(nil) },
	)
}

// Documented bounds of what one call may bring.
const (
	mostNewItems = 20
	mostMetadata = 16
	longestKey   = 64 // Characters.
	longestValue = 512
)

func (c *conversationCall) refusal(*dashScopeQuestion) *scenarios.Refusal {
	items, metadata := c.body.Get("items"), c.body.Get("metadata")
	brought := len(elements(items))
	switch {
	case c.items && !items.IsArray(), isGiven(items) && !items.IsArray():
		return fieldRequired("items")
	case c.items && brought == 0:
		return invalidParameter("[] is too short", nil)
	case brought > mostNewItems:
		return invalidParameter("Invalid 'items': ", map[string]string{"value": strconv.Itoa(brought)})
	case c.id != "" && !c.items && !isGiven(metadata):
		return fieldRequired("metadata")
	case isGiven(metadata) && !isMetadata(metadata):
		return invalidParameter("Invalid 'metadata': ", map[string]string{"value": shortened(metadata.Raw, longestKey)})
	}
	for i, item := range elements(items) {
		if refused := refusedItem(fmt.Sprintf("items[%d]", i), item); refused != nil {
			return refused
		}
	}
	return nil
}

// refusedItem refuses what is no message of anybody.
func refusedItem(at string, item gjson.Result) *scenarios.Refusal {
	for _, one := range []struct{ name, values string }{
		{"type", "'message'"}, {"role", "'user','assistant','system','developer'"},
	} {
		switch v := item.Get(one.name); {
		case !isGiven(v):
			return fieldRequired(at + "." + one.name)
		case v.Type != gjson.String || !strings.Contains(one.values, "'"+v.Str+"'"):
			return invalidParameter("Invalid '{parameter}': ", map[string]string{
				"parameter": at + "." + one.name, "value": clipped(v.String()), "values": one.values,
			})
		}
	}
	if content := item.Get("content"); content.Type != gjson.String && !content.IsArray() {
		return fieldRequired(at + ".content")
	}
	return nil
}

// isMetadata reports whether a value is an object of few short texts.
func isMetadata(v gjson.Result) bool {
	pairs, short := 0, true
	v.ForEach(func(key, value gjson.Result) bool {
		pairs++
		short = value.Type == gjson.String && utf8.RuneCountInString(key.Str) <= longestKey && utf8.RuneCountInString(value.Str) <= longestValue
		return short && pairs <= mostMetadata
	})
	return v.IsObject() && short && pairs <= mostMetadata
}
