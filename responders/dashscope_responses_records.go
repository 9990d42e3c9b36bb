package responders

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// Responses that were made can be asked for, and gone on from.

const (
	responseRecord = "response"
	maxResponse    = 16 << 10 // Bytes of a response that is kept; a longer one is not.
	maxHistory     = 8 << 10  // Bytes of the items that it was asked with that are kept, the newest.
)

// keep returns the change that keeps the response, and the items that it was
// asked with. It is finished from the first, or many would push out what still
// goes on.
func (c *responsesChat) keep(r *scenarios.Request, m Meta, earlier [][]byte, s responseState) []scenarios.Change {
	s.kept = true
	body := c.object(r, m, s)
	if !c.store || len(body) > maxResponse {
		return nil
	}
	items := newestItems(slices.Concat(earlier, m.inputItems(c.body.Get("input"))), maxHistory)
	value := obj().raw("body", body).raw("items", array(items...)).end()
	return []scenarios.Change{{Kind: responseRecord, ID: m.responseID(), Value: value, Until: m.Now}}
}

// response returns a response that is kept.
func (m Meta) response(id string) (gjson.Result, bool) {
	if m.Records == nil {
		return gjson.Result{}, false
	}
	record, found := m.Records.Get(responseRecord, id)
	return gjson.ParseBytes(record.Value), found
}

// nothingKept refuses a call that names what is not there.
func (m Meta) nothingKept(r *scenarios.Request, variant, id string) Message {
	return Error(dashScopeResponses{}, r, m, failureOf(invalidParameter(variant, map[string]string{"id": id}), r.Dialect))
}

// keptResponse asks for a response that was made, or for the items that it was
// asked with, cancels or removes it.
type keptResponse struct {
	id    string
	items *inputList // nil if it is not about these.
}

func (keptResponse) turns() []scenarios.Turn { return nil }

func (keptResponse) refusal(*dashScopeQuestion) *scenarios.Refusal { return nil }

// answer gives the response. All are done at once, so that cancelling one has no
// other effect than asking for it.
func (k keptResponse) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	kept, found := m.response(k.id)
	switch {
	case !found:
		return m.nothingKept(r, "Response with id '", k.id)
	case k.items != nil:
		return m.dashScopeWhole(r, k.items.write(kept))
	case r.Method != http.MethodDelete || strings.HasSuffix(r.Path, cancelSuffix):
		return m.dashScopeWhole(r, []byte(kept.Get("body").Raw))
	}
	message := m.dashScopeWhole(r, obj().boolean("deleted", true).str("id", k.id).end())
	message.Changes = []scenarios.Change{{Kind: responseRecord, ID: k.id}}
	return message
}
