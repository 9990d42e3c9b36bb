package mockllm

import (
	"cmp"
	"context"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// scripted plans the answer; if that fails, our own refusal.
func (x *exchange) scripted(ctx context.Context) (play.Script, *catalog.Entry) {
	script, entry, err := x.plan(ctx)
	if err != nil {
		x.decision.Cause, x.decision.Problem = byServer, noRecords(err)
		script = ownScript(*x.decision.Problem)
	}
	return script, entry
}

func ownScript(mistake scenarios.Mistake) play.Script {
	return play.Plan(responders.Own(mistake), scenarios.Decision{}, nil)
}

// plan writes the answer and the script for it, and keeps what it changes: a
// change is made whether or not its answer arrives. The entry is the documented
// error that is answered, if it is one.
func (x *exchange) plan(ctx context.Context) (play.Script, *catalog.Entry, error) {
	s, in := x.server, x.in
	m := x.message()
	if err := unread(in.Records); err != nil {
		return nil, nil, err
	}
	if err := s.commit(ctx, x.at, in, m.Changes); err != nil {
		return nil, nil, err
	}
	if err := x.at.engine.Spend(ctx, in.Namespace, in.Now, &x.decision, m.Output); err != nil {
		return nil, nil, err
	}
	return x.script(m), cmp.Or(m.Entry, entryOf(x.decision)), nil
}

// message writes the answer.
func (x *exchange) message() responders.Message {
	d, meta := &x.decision, x.meta()
	switch {
	case d.Problem != nil:
		return responders.Own(*d.Problem)
	case d.Failure != nil:
		return responders.Error(x.responder, x.request, meta, d.Failure)
	case d.Raw != nil:
		return responders.FromRaw(d.Raw)
	default:
		return x.responder.Success(x.request, meta, d.Reply)
	}
}

// meta is what the answer needs besides the request.
func (x *exchange) meta() responders.Meta {
	d, engine := &x.decision, x.at.engine
	return responders.Meta{
		Entropy: d.Entropy, Now: x.in.Now, Edition: d.Edition, Records: x.in.Records,
		Tasks: engine.Tasks(), Vendor: engine.Vendor, Quota: d.Quota, Paced: play.Says(*d),
	}
}

// script says how the answer is delivered.
func (x *exchange) script(m responders.Message) play.Script {
	m.Close = m.Close || x.in.State != responders.BodyComplete
	d := x.decision
	if x.server.quietWire {
		d.Fired = nil
	}
	return play.Plan(m, d, x.at.engine.Wire)
}

// commit keeps what an answer changes, and says so if something is forgotten
// for it.
func (s *Server) commit(ctx context.Context, at visit, in *responders.Incoming, changes []scenarios.Change) error {
	forgotten, err := at.engine.Commit(ctx, in.Namespace, in.Now, changes)
	if forgotten > 0 {
		s.log.WarnContext(ctx, "too many records: finished ones or the oldest are forgotten", "namespace", in.Namespace, "records", forgotten)
		s.forgotten.Add(uint64(forgotten))
	}
	return err
}

// entryOf returns the documented error that was decided on, if any: also one
// that comes in the middle of a stream.
func entryOf(d scenarios.Decision) *catalog.Entry {
	if d.Failure == nil {
		return nil
	}
	return d.Failure.Entry
}

// unread returns why records could not be read, if so.
func unread(records scenarios.View) error {
	if v, may := records.(scenarios.SharedView); may {
		return v.Err()
	}
	return nil
}
