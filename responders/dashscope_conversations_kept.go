package responders

import (
	"net/http"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// A conversation is a record, and so is each of its items: what several clients
// say in it at once is all kept.

const (
	conversationRecord = "conversation"
	maxItem            = 16 << 10 // Bytes of an item that is kept; a longer one is not.
	maxSaid            = 64 << 10 // Bytes of a conversation's items that are gone on from, the newest.
)

// itemsOf returns what the records of a conversation's items are called.
func itemsOf(id string) string { return conversationRecord + " " + id }

// answer does what is asked.
func (c *conversationCall) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	if c.id == "" {
		return c.create(r, m)
	}
	kept, found := m.conversation(c.id)
	switch {
	case !found:
		return m.noConversation(r, "Conversation with id '", c.id)
	case c.item != "":
		return c.aboutItem(r, m)
	case c.items && r.Method == http.MethodPost:
		return c.add(r, m, kept)
	case c.items:
		return m.dashScopeWhole(r, c.page.pick(m.items(c.id), nil).object().str("object", "list").end())
	case r.Method == http.MethodDelete:
		return c.remove(r, m)
	case r.Method == http.MethodPost:
		kept.Value = c.metadata()
		return m.dashScopeWhole(r, writeConversation(kept)).changing(m.hold(kept))
	}
	return m.dashScopeWhole(r, writeConversation(kept))
}

// noConversation refuses a call that names what is not there.
func (m Meta) noConversation(r *scenarios.Request, variant, id string) Message {
	return Error(dashScopeResponses{}, r, m, failureOf(invalidParameter(variant, map[string]string{"id": id}), r.Dialect))
}

func (m Meta) conversation(id string) (scenarios.Record, bool) {
	if m.Records == nil {
		return scenarios.Record{}, false
	}
	return m.Records.Get(conversationRecord, id)
}

// items returns the items of a conversation, the oldest first.
func (m Meta) items(id string) []gjson.Result {
	records := m.Records.List(itemsOf(id))
	items := make([]gjson.Result, len(records))
	for i, record := range records {
		items[i] = gjson.ParseBytes(record.Value)
	}
	return items
}

// metadata returns what is told of the conversation, on one line.
func (c *conversationCall) metadata() []byte {
	if given := c.body.Get("metadata"); given.IsObject() && len(given.Raw) <= maxSaid {
		return compact(given.Raw)
	}
	return []byte("{}")
}

// writeConversation writes a conversation in the order of documented samples.
func writeConversation(kept scenarios.Record) []byte {
	return obj().num("created_at", kept.Created.UnixMilli()).str("id", kept.ID).raw("metadata", kept.Value).str("object", "conversation").end()
}

func (c *conversationCall) create(r *scenarios.Request, m Meta) Message {
	made := scenarios.Record{ID: "conv_" + m.requestUUID(), Created: m.Now, Value: c.metadata()}
	changes := []scenarios.Change{{Kind: conversationRecord, ID: made.ID, Value: made.Value, Until: m.Now}}
	changes = append(changes, m.addItems(made.ID, m.inputItems(dashScopeResponses{}, c.body.Get("items")))...)
	return m.dashScopeWhole(r, writeConversation(made)).changing(changes...)
}

// add adds items, and shows them.
func (c *conversationCall) add(r *scenarios.Request, m Meta, kept scenarios.Record) Message {
	items := m.inputItems(dashScopeResponses{}, c.body.Get("items"))
	shown := listOf(gjson.ParseBytes(array(items...)).Array(), false)
	changes := append([]scenarios.Change{m.hold(kept)}, m.addItems(c.id, items)...)
	return m.dashScopeWhole(r, shown.object().end()).changing(changes...)
}

// hold returns the change that keeps a conversation as one that was just spoken
// in: like a response it is finished from the first, or many would push out what
// still goes on.
func (m Meta) hold(kept scenarios.Record) scenarios.Change {
	return scenarios.Change{Kind: conversationRecord, ID: kept.ID, Value: kept.Value, Until: m.Now, Existing: true}
}

// addItems returns the changes that add items to a conversation.
func (m Meta) addItems(id string, items [][]byte) []scenarios.Change {
	var changes []scenarios.Change
	for _, item := range items {
		if len(item) <= maxItem {
			changes = append(changes, scenarios.Change{Kind: itemsOf(id), ID: gjson.GetBytes(item, "id").Str, Value: item, Until: m.Now})
		}
	}
	return changes
}

// aboutItem shows or removes an item.
func (c *conversationCall) aboutItem(r *scenarios.Request, m Meta) Message {
	item, found := m.Records.Get(itemsOf(c.id), c.item)
	switch {
	case !found:
		return m.noConversation(r, "Item with id '", c.item)
	case r.Method == http.MethodDelete:
		return m.dashScopeWhole(r, removed(c.item, "conversation.item.deleted")).
			changing(scenarios.Change{Kind: itemsOf(c.id), ID: c.item})
	}
	return m.dashScopeWhole(r, item.Value)
}

// remove removes a conversation. Nobody can ask for its items then.
func (c *conversationCall) remove(r *scenarios.Request, m Meta) Message {
	changes := []scenarios.Change{{Kind: conversationRecord, ID: c.id}}
	for _, item := range m.Records.List(itemsOf(c.id)) {
		changes = append(changes, scenarios.Change{Kind: item.Kind, ID: item.ID})
	}
	return m.dashScopeWhole(r, removed(c.id, "conversation.deleted")).changing(changes...)
}

func removed(id, kind string) []byte {
	return obj().boolean("deleted", true).str("id", id).str("object", kind).end()
}

// object starts what a list of a conversation's items says.
func (l listed) object() *object {
	return obj().raw("data", l.data).nullable("first_id", l.first).boolean("has_more", l.more).nullable("last_id", l.last)
}

// changing adds what the answer changes.
func (m Message) changing(changes ...scenarios.Change) Message {
	m.Changes = append(m.Changes, changes...)
	return m
}

// saidIn returns the newest items of a conversation, as much as is gone on from.
func (m Meta) saidIn(id string) ([][]byte, *scenarios.Refusal) {
	if _, found := m.conversation(id); !found {
		return nil, invalidParameter("Conversation with id '", map[string]string{"id": id})
	}
	return newestItems(rawItems(m.items(id)), maxSaid), nil
}

// goOn returns the changes that add what was asked and answered to the
// conversation, if it belongs to one.
func (c *responsesChat) goOn(m Meta, s responseState) []scenarios.Change {
	kept, found := m.conversation(c.conversation)
	if !found {
		return nil
	}
	said := slices.Concat(m.inputItems(dashScopeResponses{}, c.body.Get("input")), rawItems(answered(gjson.ParseBytes(s.output))))
	return append([]scenarios.Change{m.hold(kept)}, m.addItems(c.conversation, said)...)
}
