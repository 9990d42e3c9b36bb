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
	maxHistory     = 8 << 10  // Bytes of text of a conversation that are kept, the newest.
)

// keep returns the change that keeps the response and its conversation. It is
// finished from the first, or many would push out what still goes on.
func (c *responsesChat) keep(r *scenarios.Request, m Meta, said []scenarios.Turn, outs []completion, s responseState) []scenarios.Change {
	s.kept = true
	body := c.object(r, m, s)
	if !c.store || len(body) > maxResponse {
		return nil
	}
	for _, out := range outs {
		said = append(said, scenarios.Turn{Role: "assistant", Text: out.text})
	}
	value := obj().raw("body", body).raw("turns", writeTurns(said)).end()
	return []scenarios.Change{{Kind: responseRecord, ID: m.responseID(), Value: value, Until: m.Now}}
}

// writeTurns writes the newest turns, as many as fit.
func writeTurns(turns []scenarios.Turn) []byte {
	var kept [][]byte
	left := maxHistory
	for _, t := range slices.Backward(turns) {
		turn := obj().str("role", clipped(t.Role)).str("text", t.Text).end()
		if left -= len(turn); left < 0 {
			break
		}
		kept = append(kept, turn)
	}
	slices.Reverse(kept)
	return array(kept...)
}

// earlierTurns returns the conversation up to a response that was made; of no
// response in particular, there is none.
func (m Meta) earlierTurns(id string) ([]scenarios.Turn, bool) {
	if id == "" {
		return nil, true
	}
	kept, found := m.response(id)
	var turns []scenarios.Turn
	kept.Get("turns").ForEach(func(_, t gjson.Result) bool {
		turns = append(turns, scenarios.Turn{Role: t.Get("role").Str, Text: t.Get("text").Str})
		return true
	})
	return turns, found
}

// response returns a response that is kept.
func (m Meta) response(id string) (gjson.Result, bool) {
	if m.Records == nil {
		return gjson.Result{}, false
	}
	record, found := m.Records.Get(responseRecord, id)
	return gjson.ParseBytes(record.Value), found
}

// noResponse refuses a call that names a response which is not there.
func (m Meta) noResponse(r *scenarios.Request, variant, id string) Message {
	return Error(dashScopeResponses{}, r, m, failureOf(invalidParameter(variant, map[string]string{"id": id}), r.Dialect))
}

// keptResponse asks for a response that was made, cancels or removes it.
type keptResponse struct{ id string }

func (keptResponse) turns() []scenarios.Turn { return nil }

func (keptResponse) refusal(*dashScopeQuestion) *scenarios.Refusal { return nil }

// answer gives the response. All are done at once, so that cancelling one has no
// other effect than asking for it.
func (k keptResponse) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	kept, found := m.response(k.id)
	switch {
	case !found:
		return m.noResponse(r, "Response with id '", k.id)
	case r.Method != http.MethodDelete || strings.HasSuffix(r.Path, cancelSuffix):
		return m.dashScopeWhole(r, []byte(kept.Get("body").Raw))
	}
	message := m.dashScopeWhole(r, obj().boolean("deleted", true).str("id", k.id).end())
	message.Changes = []scenarios.Change{{Kind: responseRecord, ID: k.id}}
	return message
}
