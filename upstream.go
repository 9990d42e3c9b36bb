package mockllm

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/recordings"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
	"github.com/mockllm/mockllm/sentences"
)

// upstream returns where the call goes, or nil if it is answered here. A call
// whose answer an error breaks off goes there too: the frames before the error
// are real ones.
func (x *exchange) upstream() *scenarios.Upstream {
	up, d := x.at.engine.Upstream(x.request.Dialect), &x.decision
	switch {
	case up == nil || d.Problem != nil:
		return nil
	case d.Cause == scenarios.ByUpstream:
		return up
	case d.Failure != nil && responders.BreakOff(x.responder, x.request, responders.Meta{Edition: d.Edition, Now: x.in.Now}, d.Failure) != nil:
		return up
	default:
		return nil
	}
}

// passesUnknown reports whether a path that no vendor has goes upstream. An
// error that a header asks for cannot be written without a vendor.
func (at visit) passesUnknown(in *responders.Incoming) bool {
	return in.Asked == "" && at.engine.Upstream("") != nil
}

// isNobodys reports whether the request's path is none of any vendor.
func isNobodys(r *scenarios.Request) bool { return r.Dialect == "" && r.Operation == "" }

// passed decides on such a request: it goes upstream.
func passed(at *visit) scenarios.Decision {
	return scenarios.Decision{Cause: scenarios.ByUpstream, Seed: at.engine.Seed()}
}

// A passing is a call on its way upstream and back.
type passing struct {
	*exchange
	upstream *scenarios.Upstream

	answer   play.Answer
	came     journal.Upstream // What the journal is told of it.
	forsaken bool             // The client left, or we closed: that it came to no end is not upstream's fault.
	meter    *meter           // What its tokens are counted by, if a limit counts them.
	recorded recordings.Take  // What the server's recorder keeps, if it has one.

	through io.ReadWriteCloser // The connection behind a WebSocket that was opened; else nil.
}

// pass asks upstream and performs its answer, shaped as the decision says.
func (p *passing) pass(ctx context.Context, w http.ResponseWriter, req *http.Request) {
	s := p.server
	asking, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.e = s.record(req, p.in, p.request, p.decision, nil)
	p.came.URL = string(p.upstream.URL)
	p.e.Upstream = &journal.Upstream{URL: p.came.URL}
	s.enter(p.e)
	if p.rest != nil {
		http.NewResponseController(w).EnableFullDuplex() // Or net/http would read the rest itself when the answer begins.
	}
	start := p.at.clock.Now()
	problem := p.ask(asking, cancel, w, req)
	p.forsaken = ctx.Err() != nil
	switch {
	case problem == nil:
	case p.forsaken:
		p.answer.Header = http.Header{} // Nobody waits for any answer.
	default:
		p.refuse(problem)
	}
	script, err := p.plan()
	if err != nil {
		p.refuse(undone(err))
		script, _ = p.plan()
	}
	p.amend(script)
	sent, performed := p.perform(ctx, w, script)
	s.tellPanic(ctx, sent.Err)
	if p.meter != nil {
		p.meter.settle() // Of an answer that came to no end, too.
	}
	asked := p.at.clock.Now().Sub(start) - sent.Took
	sent.Took += asked // The client waits for upstream too.
	if sent.Status != 0 {
		sent.FirstByte += asked
	}
	p.e.Sent = sentBy(sent)
	if performed != nil {
		script = performed
		p.recognize(performed)
	}
	p.forsaken = sent.ClientLeft || errors.Is(sent.Err, play.ErrClosed)
	p.amend(script)
	p.keep(req, sent)
	s.observe(p.e, script.Waits(), int64(len(p.in.Body)))
	s.finish(ctx, p.e)
}

// perform sends the answer, and counts it among the streams if it is one. Nothing
// is sent if nobody waits for it any more.
func (p *passing) perform(ctx context.Context, w http.ResponseWriter, script play.Script) (play.Sent, play.Script) {
	if p.request.Stream || p.through != nil {
		p.server.streams.Add(1)
		defer p.server.streams.Add(-1)
	}
	switch {
	case ctx.Err() != nil:
		return play.Forsake(ctx, w, p.answer.Body, p.at.clock)
	case p.through != nil:
		return play.Tunnel(ctx, w, script, p.through, p.answer.Body, p.at.clock)
	}
	return play.PlayFrom(ctx, w, script, p.answer.Body, p.at.clock)
}

// recognize notes which documented error upstream answered with.
func (p *passing) recognize(performed play.Script) {
	if p.responder == nil || p.decision.Problem != nil || p.e.Error != "" || p.answer.Stream {
		return
	}
	var body []byte
	for _, step := range performed {
		body = append(body, step.Data...)
	}
	s := responders.Recognize(p.request.Dialect, p.request.Operation, p.answer.Header, body)
	if s == nil || s.Entry == nil {
		return
	}
	p.e.Error, p.e.Delivery = s.Entry.ID(), string(catalog.DeliverStatus)
	p.e.Retry = string(s.Entry.Variants[max(s.Variant-1, 0)].Retry)
}

// undone says why what was to be done to an answer is not done.
func undone(err error) *scenarios.Mistake {
	if broken := new(play.UpstreamError); errors.As(err, &broken) {
		return &scenarios.Mistake{Status: http.StatusBadGateway, Title: sentences.Plain("upstream failed"), Detail: sentences.Of(err)}
	}
	return &scenarios.Mistake{Status: http.StatusNotImplemented, Title: sentences.Plain("cannot be done upstream"), Detail: sentences.Of(err)}
}

// hear takes down what has come of the answer so far.
func (p *passing) hear() {
	body := p.answer.Body
	if p.forsaken {
		p.came.Failed = ""
	}
	if body == nil {
		return
	}
	p.came.Bytes, p.came.Frames = body.Bytes(), body.Frames()
	if err := body.Failed(); err != nil && !p.forsaken {
		p.came.Failed = err.Error()
	}
}

// refuse answers with our own problem instead.
func (p *passing) refuse(problem *scenarios.Mistake) {
	if p.hear(); p.answer.Body != nil {
		p.answer.Body.Close()
	}
	p.answer, p.through = play.Answer{}, nil
	p.decision.Problem, p.decision.Fault, p.decision.Delay, p.decision.Failure = problem, nil, nil, nil
	p.e.Refuse(problem.Said())
}

// plan writes the script for the answer.
func (p *passing) plan() (play.Script, error) {
	d := p.decision
	if d.Problem != nil {
		return play.Plan(responders.Own(*d.Problem), scenarios.Decision{}, nil), nil
	}
	if p.server.quietWire {
		d.Fired = nil
	}
	known := play.Passing{}
	if p.responder != nil {
		known.Ends = responders.EndOf(p.request.Dialect)
		if p.answer.Stream && p.answer.Status == http.StatusOK {
			meta := responders.Meta{Entropy: d.Entropy, Now: p.in.Now, Edition: d.Edition}
			known.Break = responders.BreakOff(p.responder, p.request, meta, d.Failure)
		}
	}
	var entry *catalog.Entry
	if known.Break == nil {
		d.Failure = nil // It came too late: upstream refuses, or does not stream.
	} else {
		entry = d.Failure.Entry
	}
	script, err := play.PlanCopy(p.answer, d, p.at.engine.Wire, known)
	if err == nil && (script.TakesOver() || script.Upgrades()) && !p.rest.Over() {
		return nil, errStillComes
	}
	if err == nil && p.responder != nil {
		noteError(p.e, p.responder, p.request, d, entry)
	}
	return script, err
}

// errStillComes says why an answer cannot be damaged on its connection.
var errStillComes = errors.New("upstream answered before all of the call's body was there, and the connection still carries it")

// expect writes the script for an answer that nobody asks for. Damage to one
// that is read as a whole cannot be planned without it.
func (p *passing) expect() play.Script {
	p.answer = play.Answer{Header: http.Header{}, Length: play.Chunked, Stream: p.request.Stream}
	if p.request.Stream {
		p.answer.Status = http.StatusOK
	}
	script, err := p.plan()
	if err == nil && p.request.Stream {
		script.Unknown()
		return script
	}
	p.decision.Fault = nil
	p.answer.Status = 0
	script, _ = p.plan()
	return script
}

// amend writes into the journal what is known by now.
func (p *passing) amend(script play.Script) {
	p.hear()
	up := p.came // Somebody may be reading the old one.
	p.e.Upstream = &up
	p.e.RetryAfter = retryAfter(script)
	p.server.journal.Amend(p.e.ID, script, func(e *journal.Exchange) {
		e.Error, e.Retry, e.Delivery, e.Fault = p.e.Error, p.e.Retry, p.e.Delivery, p.e.Fault
		e.Problem, e.Said = p.e.Problem, p.e.Said
		e.RetryAfter, e.Upstream = p.e.RetryAfter, p.e.Upstream
	})
}

// ask sends the call on and waits for the head of the answer. What goes wrong
// before that is a problem of ours to tell: no vendor would answer so.
func (p *passing) ask(ctx context.Context, cancel context.CancelCauseFunc, w http.ResponseWriter, req *http.Request) *scenarios.Mistake {
	if problem := p.unfit(req); problem != nil {
		return problem
	}
	leave, err := p.server.upstream.waiting.enter(waitingFor(p.in, req.URL.RawQuery))
	if err != nil {
		p.came.Failed = err.Error()
		return &scenarios.Mistake{Status: http.StatusLoopDetected, Title: sentences.Plain("too many wait for upstream"), Detail: sentences.Of(err)}
	}
	defer leave()
	waiting, stop := context.WithTimeout(ctx, p.upstream.Patience())
	defer stop()
	patience := context.AfterFunc(waiting, func() { cancel(errSlow) })
	hearing, heard := p.hearInterim(ctx, w, req)
	start := p.at.clock.Now()
	answer, err := p.server.upstream.to(p.upstream).RoundTrip(p.outgoing(hearing, req))
	heard()
	patience()
	p.came.FirstByte = p.at.clock.Now().Sub(start)
	if err == nil {
		if err = nonsense(req, answer); err != nil {
			answer.Body.Close()
		}
	}
	if err != nil {
		return p.failed(ctx, err)
	}
	p.came.Status = answer.StatusCode
	p.take(req, answer)
	return nil
}

// nonsense says why a head is no answer to the request.
func nonsense(req *http.Request, answer *http.Response) error {
	asked, got := upgradeOf(req.Header), upgradeOf(answer.Header)
	switch {
	case answer.StatusCode == http.StatusSwitchingProtocols && (asked == "" || !strings.EqualFold(asked, got)):
		return sentences.Errorf("it changes the protocol to %q, and was asked for %q", got, asked)
	case answer.StatusCode < http.StatusOK && answer.StatusCode != http.StatusSwitchingProtocols:
		return sentences.Errorf("%03d is no status that ends an exchange", answer.StatusCode)
	default:
		return nil
	}
}

var errSlow = sentences.Errorf("no header came in time")

// failed says why no head came.
func (p *passing) failed(ctx context.Context, err error) *scenarios.Mistake {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	p.came.Failed = err.Error()
	problem := &scenarios.Mistake{Status: http.StatusBadGateway, Title: sentences.Plain("upstream failed"), Detail: sentences.Of(err)}
	if errors.Is(err, errSlow) {
		problem.Status, problem.Title = http.StatusGatewayTimeout, sentences.Plain("upstream too slow")
		problem.Detail = sentences.New("no header came in time, which is %v", p.upstream.Patience())
	}
	return problem
}

// unfit says why a call cannot pass.
func (p *passing) unfit(req *http.Request) *scenarios.Mistake {
	to := p.target(req)
	switch {
	case p.in.State == responders.BodyCut:
		return &scenarios.Mistake{Status: http.StatusBadRequest, Title: sentences.Plain("body cut off"), Detail: sentences.New("the body ended before its declared end, and was not sent on")}
	case responders.Signed(p.in) && (!strings.EqualFold(req.Host, to.Host) || to.EscapedPath() != p.in.Signed):
		return &scenarios.Mistake{
			Status: http.StatusBadGateway, Title: sentences.Plain("signed for another host"),
			Detail: sentences.New("the call is signed for %s%s, and upstream would see %s%s: have the client sign for that, or use a token or an API key",
				req.Host, p.in.Signed, to.Host, to.EscapedPath()),
		}
	}
	return nil
}
