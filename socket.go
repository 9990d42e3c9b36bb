package mockllm

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// A conversation is a WebSocket that was opened: the calls on it come one after
// the other, and each is an exchange of its own.
type conversation struct {
	server  *Server
	at      visit
	request *http.Request // The handshake.
	in      *responders.Incoming
	speaker responders.Responder
	socket  *play.Socket
	session responders.Session

	asked *scenarios.Request   // What was asked for last,
	heard *responders.Incoming // and how.

	run  *play.SocketRun    // The call under way, or nil.
	d    scenarios.Decision // On it.
	e    *journal.Exchange  // Of it.
	told int                // How many steps of its script the journal knows.

	received int64 // Bytes of the client's messages that belong to it, so far.
}

// converse opens the WebSocket that the script upgrades to, and answers what is
// said on it until one side has enough. The error says why it was not opened.
func (x *exchange) converse(ctx context.Context, w http.ResponseWriter, req *http.Request, script play.Script) error {
	s, in, d := x.server, x.in, &x.decision
	s.streams.Add(1) // Before the client knows that it is open.
	defer s.streams.Add(-1)
	socket, err := play.Open(ctx, w, req, script, x.at.clock)
	if err != nil {
		return err
	}
	defer socket.End()
	c := &conversation{server: s, at: x.at, request: req, in: in, speaker: x.responder, socket: socket}
	var greeting responders.SocketMessage
	meta := responders.Meta{Entropy: d.Entropy, Now: in.Now, Edition: d.Edition}
	c.session, greeting = x.responder.(responders.Socketed).Open(in, x.request, meta)
	if c.aside(greeting) {
		return nil
	}
	if err := play.Guard(func() error { return c.talk(ctx) }); err != nil {
		c.broken(ctx, err)
	}
	return nil
}

// talk listens and answers as long as there is more to hear.
func (c *conversation) talk(ctx context.Context) error {
	for c.listen(ctx) {
	}
	return nil
}

// aside says what belongs to no call. It reports whether that ends it all.
func (c *conversation) aside(m responders.SocketMessage) bool {
	aside := c.socket.Run(play.PlanSocket(scenarios.Decision{}, c.at.engine.Wire))
	aside.Say(m)
	return m.Close != nil || aside.Sent().Err != nil || aside.Sent().ClientLeft
}

// leastPatience is how long a client may be silent at any speed: it does not
// get faster by it.
const leastPatience = time.Second

// listen takes one message of the client and answers it. It reports whether
// there is more to hear.
func (c *conversation) listen(ctx context.Context) bool {
	draining := c.server.draining
	if c.run != nil {
		draining = context.Background() // A call that is under way may end.
	}
	patience := max(time.Duration(float64(c.session.Patience())/c.at.engine.Speed()), leastPatience)
	frame, err := c.socket.Receive(draining, patience)
	if err != nil {
		c.deafen(ctx, err)
		return false
	}
	if c.run == nil {
		c.received = 0
	}
	c.received += int64(len(frame.Data))
	session, call, m := c.hear(ctx, frame)
	c.session = session
	switch {
	case call != nil:
		return c.begin(ctx, call)
	case c.run != nil:
		return c.say(ctx, m)
	default:
		return !c.aside(m)
	}
}

// hear takes a message of the client for what it is. One that begins a call is
// decided on.
func (c *conversation) hear(ctx context.Context, frame responders.SocketFrame) (responders.Session, *scenarios.Request, responders.SocketMessage) {
	for left := rereadings; ; left-- {
		if c.run == nil {
			c.renew(ctx)
		}
		session, call, m := c.session.Next(frame)
		if call == nil {
			return session, nil, m
		}
		call.Records = c.in.Records
		heard := *c.in
		heard.Body, heard.Now = frame.Data, c.at.clock.Now()
		c.asked, c.heard, c.d = call, &heard, scenarios.Decision{}
		d, err := c.at.engine.Decide(ctx, heard.Now, call)
		if !errors.Is(err, scenarios.ErrStale) || left == 0 {
			c.d = decided(d, err)
			return session, call, m
		}
	}
}

// renew learns what has changed since the handshake or the last call: the
// scenario may be another one, and keys may be revoked. The session reads it.
func (c *conversation) renew(ctx context.Context) {
	c.at.engine = c.server.world(c.in.Namespace).engine
	if err := c.server.acquaint(ctx, &c.at, c.in); err != nil {
		c.server.log.ErrorContext(ctx, "records not read", "namespace", c.in.Namespace, "error", err)
	}
}

// deafen ends it all because the client can no longer be heard.
func (c *conversation) deafen(ctx context.Context, err error) {
	var last responders.SocketMessage
	switch {
	case errors.Is(err, play.ErrSilent):
		last = c.session.Silence()
	case errors.Is(err, play.ErrTooBig):
		last = c.session.TooBig()
	case errors.Is(err, play.ErrDraining):
		last = responders.Goodbye()
	}
	switch {
	case c.run == nil:
		c.server.tellPanic(ctx, err)
		c.aside(last)
	case last.Close != nil:
		c.say(ctx, last)
		c.over(ctx)
	default:
		c.run.Fail(err)
		c.over(ctx)
	}
}

// begin answers the first message of a call, on which was decided.
func (c *conversation) begin(ctx context.Context, r *scenarios.Request) bool {
	s := c.server
	in, d := c.heard, c.d
	s.blameUnmatched(c.at, r, &c.d)
	meta := responders.Meta{Entropy: d.Entropy, Now: in.Now, Edition: d.Edition}
	session, m := c.session.Begin(r, meta, d)
	c.session = session
	run := c.socket.Run(play.PlanSocket(d, c.at.engine.Wire))
	c.e, c.told = s.record(c.request, in, r, d, nil), 0
	noteError(c.e, c.speaker, r, d, entryOf(d))
	s.enter(c.e)
	c.run = run
	return c.say(ctx, m)
}

// say says something in the call under way. It reports whether there is more
// to hear.
func (c *conversation) say(ctx context.Context, m responders.SocketMessage) bool {
	if err := c.at.engine.Spend(ctx, c.in.Namespace, c.at.clock.Now(), &c.d, m.Output()); err != nil {
		c.server.log.ErrorContext(ctx, "tokens not counted", "namespace", c.in.Namespace, "error", err)
	}
	over := c.run.Say(m)
	if n := len(c.run.Script()); n != c.told || m.Entry != nil {
		c.told = n
		if m.Entry != nil {
			c.e.Error = m.Entry.ID()
		}
		c.server.journal.Update(c.e.ID, c.run.Script(), c.e.Error)
	}
	if over {
		return c.over(ctx)
	}
	return true
}

// over writes down what became of the call. It reports whether another may
// come.
func (c *conversation) over(ctx context.Context) bool {
	if c.run == nil {
		return false
	}
	c.at.engine.Done(c.server.alive, c.in.Namespace, &c.d)
	c.server.tellPanic(ctx, c.run.Sent().Err)
	c.e.Sent = sentBy(c.run.Sent())
	c.server.observe(c.e, c.run.Waits(), c.received)
	c.server.finish(ctx, c.e)
	open, err := c.run.Open(), c.run.Sent().Err
	c.run, c.asked, c.heard = nil, nil, nil
	if errors.Is(err, play.ErrTooBig) {
		c.deafen(ctx, err)
	}
	return open
}
