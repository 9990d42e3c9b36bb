package journal

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// came is what is kept of a call besides the answer to it.
type came struct {
	request scenarios.Request // Without what only answers need; of a long call without body and turns.

	host, path, query string

	header packedHeader
	rest   unpacker // Passed, turns and what else of the request is not needed to tell of it in brief; nil once it is unpacked.

	passed []scenarios.Pass
	turns  []Turn // Of a long call, whose texts are not kept.
}

// texts lists the texts of a call.
func (c *came) texts() [15]*string {
	q := &c.request
	return [...]*string{
		&q.Provider, &q.Dialect, &q.Operation, &q.Action, &q.Namespace, &q.Method, &q.Path, &q.Fingerprint,
		&q.Model, &q.Key, &q.Account, &q.Asked, &c.host, &c.path, &c.query,
	}
}

// packCall packs what came, besides a body that is kept whole or not.
func packCall(call *Call, whole bool) []byte {
	c := came{request: *call.Request, host: call.Host, path: call.Path, query: call.Query}
	q := &c.request
	if !whole {
		c.turns = turnsOf(q.Turns)
		q.Body, q.Turns = nil, nil
		q.Model, q.Asked = Clip(q.Model), Clip(q.Asked)
	}
	another := !bytes.Equal(q.Body, call.Body) && whole
	if !another {
		q.Body = nil
	}
	var scratch [1 << 10]byte // Enough for most: going through a map takes longer than copying.
	header := packer(scratch[:0]).header(call.Header)
	p := make(packer, 0, c.size()+len(header)+len(call.Passed)*50).flags(another, q.JSON, q.Stream, q.Task)
	for _, text := range c.texts() {
		p = p.text(*text)
	}
	p = p.bytes(header)
	if another {
		p = p.bytes(q.Body)
	}
	p = p.number(int64(q.InputTokens)).number(int64(q.Patience))
	p = p.number(int64(len(call.Passed)))
	for _, passed := range call.Passed {
		p = p.text(passed.Rule).number(int64(passed.N)).number(int64(math.Float64bits(passed.Roll))).number(int64(passed.Age))
	}
	p = p.number(int64(len(q.Turns)))
	for _, t := range q.Turns {
		p = p.text(t.Role).text(t.Text)
	}
	p = p.number(int64(len(c.turns)))
	for _, t := range c.turns {
		p = p.text(t.Role).text(t.Hash)
	}
	return p
}

// size is about how much packing takes, without the header and what passed.
func (c *came) size() int {
	const perText = 3 // Of bytes that say how long it is.
	size := 11*perText + len(c.request.Body)
	for _, text := range c.texts() {
		size += len(*text) + perText
	}
	for _, t := range c.request.Turns {
		size += len(t.Role) + len(t.Text) + 2*perText
	}
	for _, t := range c.turns {
		size += len(t.Role) + len(t.Hash) + 2*perText
	}
	return size
}

// came unpacks what came, as far as lines of a log tell of it.
func (r *Raw) came() *came {
	c, u := new(came), unpacker(r.call)
	q := &c.request
	var another bool
	u.flags(&another, &q.JSON, &q.Stream, &q.Task)
	for _, text := range c.texts() {
		*text = u.text()
	}
	c.header = packedHeader(u.bytes())
	switch {
	case another:
		q.Body = u.bytes()
	case r.whole:
		q.Body = r.body
	}
	c.rest = u
	return c
}

// unpack unpacks the rest.
func (c *came) unpack() {
	if c.rest == nil {
		return
	}
	q, u := &c.request, c.rest
	c.rest = nil
	q.InputTokens, q.Patience = int(u.number()), time.Duration(u.number())
	for range u.number() {
		p := scenarios.Pass{Rule: u.text(), N: uint64(u.number())}
		p.Roll, p.Age = math.Float64frombits(uint64(u.number())), time.Duration(u.number())
		c.passed = append(c.passed, p)
	}
	for range u.number() {
		q.Turns = append(q.Turns, scenarios.Turn{Role: u.text(), Text: u.text()})
	}
	for range u.number() {
		c.turns = append(c.turns, Turn{Role: u.text(), Hash: u.text()})
	}
}

// known lists the secrets of the request that no text may quote, wherever it
// got them from.
func (c *came) known() []string {
	var known []string
	add := func(secret string) {
		if len(secret) >= shortestKnown && !slices.Contains(known, secret) {
			known = append(known, secret)
		}
	}
	add(c.request.Key)
	for name, value := range c.header.all() {
		if scenarios.IsSecret(name) {
			_, credentials, _ := strings.Cut(value, " ")
			add(value)
			add(credentials)
		}
	}
	return known
}
