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
	maxResponse = 16 << 10 // Bytes of a response that is kept; a longer one is not.
	maxHistory  = 8 << 10  // Bytes of the items that it was asked with that are kept, the newest.
)

// keep returns the change that keeps the response, and the items that it was
// asked with. It is finished from the first, or many would push out what still
// goes on.
func (c *responsesChat) keep(r *scenarios.Request, m Meta, earlier [][]byte, s responseState) []scenarios.Change {
	s.kept = true
	body := c.vendor.object(c, r, m, s)
	if !c.store || len(body) > maxResponse {
		return nil
	}
	items := newestItems(slices.Concat(earlier, m.inputItems(c.vendor, c.body.Get("input"))), maxHistory)
	value := obj().raw("body", body).raw("items", array(items...)).end()
	return []scenarios.Change{{Kind: c.vendor.record(), ID: c.vendor.responseID(m), Value: value, Until: m.Now}}
}

// response returns a response of the vendor's that is kept.
func (m Meta) response(vendor responsesVendor, id string) (gjson.Result, bool) {
	if m.Records == nil {
		return gjson.Result{}, false
	}
	record, found := m.Records.Get(vendor.record(), id)
	return gjson.ParseBytes(record.Value), found
}

// keptResponse asks for a response that was made, or for the items that it was
// asked with, cancels or removes it.
type keptResponse struct {
	vendor responsesVendor
	id     string
	items  *inputList // nil if it is not about these.
}

func readKeptResponse(in *Incoming, vendor responsesVendor) keptResponse {
	kept := keptResponse{vendor: vendor, id: clipped(in.Vars["response_id"])}
	if strings.HasSuffix(in.Path, inputItemsSuffix) {
		kept.items = readInputList(in)
	}
	return kept
}

// keptResponseMethods returns the methods of a path that is about a response, or
// about the items that it was asked with.
func keptResponseMethods(in *Incoming) []string {
	if strings.HasSuffix(in.Path, inputItemsSuffix) {
		return []string{http.MethodGet}
	}
	return []string{http.MethodGet, http.MethodDelete}
}

func (keptResponse) turns() []scenarios.Turn { return nil }

func (keptResponse) refusal(*dashScopeQuestion) *scenarios.Refusal { return nil }

// answer gives the response. All are done at once, so that cancelling one has no
// other effect than asking for it.
func (k keptResponse) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	kept, found := m.response(k.vendor, k.id)
	if !found {
		return Error(k.vendor, r, m, failureOf(k.vendor.noResponse(k.id), r.Dialect))
	}
	message := Message{Status: http.StatusOK, Header: k.vendor.header(r, m)}
	switch {
	case k.items != nil:
		message.Frames = []Frame{k.vendor.list(kept, k.items.shown(kept))}
	case r.Method != http.MethodDelete || strings.HasSuffix(r.Path, cancelSuffix):
		message.Frames = []Frame{Frame(kept.Get("body").Raw)}
	default:
		message.Frames = []Frame{k.vendor.removed(k.id)}
		message.Changes = []scenarios.Change{{Kind: k.vendor.record(), ID: k.id}}
	}
	return message
}
