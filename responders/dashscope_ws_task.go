package responders

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// taskSession is a connection on which tasks are run, one after the other.
type taskSession struct {
	in   *Incoming   // The handshake.
	task *spokenTask // The one under way, or nil. What it points to never changes.
}

// taskRun is what a client says to run a task.
type taskRun struct {
	id        string
	streaming string
	payload   gjson.Result
}

// How the two sides of a task stream.
const (
	streamNone   = "none"
	streamIn     = "in"
	streamOut    = "out"
	streamDuplex = "duplex"
)

// gathers reports whether the client sends its input bit by bit until it says
// that it has finished.
func (r taskRun) gathers() bool { return r.streaming == streamIn || r.streaming == streamDuplex }

// whole reports whether the result comes in one piece.
func (r taskRun) whole() bool { return r.streaming == streamNone || r.streaming == streamIn }

// spokenTask is a task under way.
type spokenTask struct {
	taskRun
	in      *Incoming // The handshake.
	request *scenarios.Request
	meta    Meta
	work    work
}

// work is what a task does with its input. It never changes: each input makes
// the next.
type work interface {
	// text takes text, audio takes sound. What is refused fails the task.
	text(t *spokenTask, text string) (work, []SocketEvent, *scenarios.Refusal)
	audio(t *spokenTask, data []byte) (work, []SocketEvent, *scenarios.Refusal)

	// finish writes all that is left, up to the end of the task.
	finish(t *spokenTask) ([]SocketEvent, *scenarios.Refusal)
}

// noTask refuses what only a task can take.
func noTask() *scenarios.Refusal { return socketParameter("task can not be null", nil) }

// socketParameter refuses a message of the client with that text.
func socketParameter(variant string, args map[string]string) *scenarios.Refusal {
	return &scenarios.Refusal{ID: dashScopeSocket + "InvalidParameter", Variant: variant, Args: args, Always: true}
}

// protocolMissing names what a message of the client should have.
func protocolMissing(name string) *scenarios.Refusal {
	return socketParameter("Missing required parameter '", map[string]string{"parameter": name})
}

// noCommand closes the connection on a text that is no JSON object.
func noCommand() *scenarios.Refusal {
	return &scenarios.Refusal{ID: dashScopeSocket + "1007", Always: true}
}

// command reads a text message: what it wants, or what is wrong with it.
func command(f SocketFrame) (action string, body gjson.Result, wrong *scenarios.Refusal) {
	if !utf8.Valid(f.Data) || !json.Valid(f.Data) {
		return "", body, noCommand()
	}
	if body = gjson.ParseBytes(f.Data); !body.IsObject() {
		return "", body, noCommand()
	}
	action = body.Get("header.action").String()
	if !slices.Contains([]string{"run-task", "continue-task", "finish-task"}, action) {
		return "", body, protocolMissing("header.action")
	}
	return action, body, nil
}

func (s taskSession) Next(f SocketFrame) (Session, *scenarios.Request, SocketMessage) {
	if s.task == nil {
		return s, s.call(f), SocketMessage{}
	}
	next, events, wrong := s.task.next(f)
	if wrong != nil {
		return taskSession{in: s.in}, nil, dashScopeWS{}.refused(s.task.request, s.task.meta, *wrong)
	}
	return taskSession{in: s.in, task: next}, nil, SocketMessage{Events: events}
}

// call reads a message while no task is under way: it should run one. Whatever
// else it is counts for no rule.
func (s taskSession) call(f SocketFrame) *scenarios.Request {
	r := dashScopeWS{}.newCall(s.in, f, catalog.OpSpeech)
	r.Detail = taskRun{}
	if f.Binary {
		r.JSON, r.Identity = false, noTask()
		return r
	}
	action, body, wrong := command(f)
	switch {
	case wrong != nil:
		r.Identity = wrong
		return r
	case action != "run-task":
		r.Detail, r.Identity = taskRun{id: clipped(body.Get("header.task_id").String())}, noTask()
		return r
	}
	readTaskRun(r, s.in, body)
	return r
}

// readTaskRun reads what runs a task. A task that is sent again has another id,
// which therefore is no part of what makes it the same.
func readTaskRun(r *scenarios.Request, in *Incoming, body gjson.Result) {
	run := taskRun{
		id: clipped(body.Get("header.task_id").String()), streaming: body.Get("header.streaming").String(), payload: body.Get("payload"),
	}
	r.Detail, r.Model = run, modelOf(&jsonBody{Result: run.payload})
	askFor(r)
	same := *in
	same.Body = withoutID(r.Body, body.Get("header.task_id"))
	r.Fingerprint = fingerprint(&same)
	var known bool
	if r.Operation, known = taskOperation(run.payload); !known {
		r.Operation = catalog.OpSpeech
	}
	r.Turns = run.turns(r.Operation)
	measure(r)
	call := *in
	call.Body, call.Operation = r.Body, r.Operation
	q := newDashScopeQuestion(&call, r, newJSONBody(run.payload), false)
	r.Identity = socketAccount(&call, r)
	r.Refused = firstRefusal(
		func() *scenarios.Refusal { return run.refusal(q, known) },
		q.modelUnknown, q.unsafe,
	)
}

// socketAccount refuses a call for the state of its caller's key, in the words
// of the WebSocket where it has its own.
func socketAccount(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	refused := dashScopeAccount(in, r, false)
	if refused == nil {
		return nil
	}
	own := dashScopeSocket + strings.TrimPrefix(refused.ID, dashScopeModel)
	if _, err := catalog.Resolve(own, catalog.Scope{}); err == nil {
		return &scenarios.Refusal{ID: own}
	}
	return refused
}

// withoutID cuts the value of an id out of a body.
func withoutID(body []byte, id gjson.Result) []byte {
	if id.Index <= 0 || id.Index+len(id.Raw) > len(body) {
		return body
	}
	return append(slices.Clone(body[:id.Index]), body[id.Index+len(id.Raw):]...)
}

// taskOperation tells what a task is for.
func taskOperation(payload gjson.Result) (operation string, known bool) {
	switch name := payload.Get("task").String(); {
	case name == "tts":
		return catalog.OpSpeech, true
	case name == "asr":
		return catalog.OpTranscription, true
	case name == "text-generation" || name == "multimodal-generation":
		return catalog.OpChat, true
	default:
		return "", false
	}
}

func (run taskRun) turns(operation string) []scenarios.Turn {
	if operation == catalog.OpChat {
		return readNativeTurns(&jsonBody{Result: run.payload})
	}
	if text := run.payload.Get("input.text"); text.Type == gjson.String {
		return asTurns([]string{text.Str})
	}
	return nil
}

// refusal is what is refused of a message that runs a task.
func (run taskRun) refusal(q *dashScopeQuestion, known bool) *scenarios.Refusal {
	r := q.r
	switch {
	case run.id == "":
		return protocolMissing("header.task_id")
	case !slices.Contains([]string{streamNone, streamIn, streamOut, streamDuplex}, run.streaming):
		return protocolMissing("header.streaming")
	case r.Model == "":
		return protocolMissing("payload.model")
	case !known:
		return noTask()
	case !run.payload.Get("input").IsObject():
		return protocolMissing("payload.input")
	case r.Operation == catalog.OpChat:
		return q.messages()
	case r.Operation == catalog.OpSpeech:
		return run.refuseSpeech(r.Model)
	default:
		return nil
	}
}

func (s taskSession) Begin(r *scenarios.Request, m Meta, d scenarios.Decision) (Session, SocketMessage) {
	after := taskSession{in: s.in}
	message := dashScopeWS{}.decided(r, m, d, func() SocketMessage {
		run := r.Detail.(taskRun)
		t := &spokenTask{taskRun: run, in: s.in, request: r, meta: m}
		t.work = newWork(t, d.Reply)
		started := SocketEvent{SocketFrame: SocketFrame{Data: taskStarted(run.id)}}
		next, events, wrong := t.start()
		if wrong != nil {
			return dashScopeWS{}.refused(r, m, *wrong)
		}
		after.task = next
		return SocketMessage{Events: append([]SocketEvent{started}, events...)}
	})
	return after, message
}

func newWork(t *spokenTask, reply *scenarios.Reply) work {
	switch t.request.Operation {
	case catalog.OpTranscription:
		return newHearing(t, reply)
	case catalog.OpChat:
		return talking{reply: reply}
	default:
		return newReading(t)
	}
}

// start takes the input that came with the command. A task that is given all
// of it at once is over with it; sound comes behind the command.
func (t *spokenTask) start() (*spokenTask, []SocketEvent, *scenarios.Refusal) {
	next := t
	var events []SocketEvent
	if text := t.payload.Get("input.text"); text.Type == gjson.String && text.Str != "" {
		var wrong *scenarios.Refusal
		if next, events, wrong = t.say(text.Str); wrong != nil {
			return nil, nil, wrong
		}
	}
	if t.gathers() || t.request.Operation == catalog.OpTranscription {
		return next, events, nil
	}
	rest, wrong := next.work.finish(next)
	return nil, append(events, rest...), wrong
}

// next takes a message of the client; the task is nil once it is over.
func (t *spokenTask) next(f SocketFrame) (*spokenTask, []SocketEvent, *scenarios.Refusal) {
	if f.Binary {
		return t.hear(f.Data)
	}
	action, body, wrong := command(f)
	switch id := body.Get("header.task_id").String(); {
	case wrong != nil:
		return nil, nil, wrong
	case action == "run-task", clipped(id) != t.id:
		return nil, nil, protocolMissing("header.task_id")
	case action == "finish-task":
		events, wrong := t.work.finish(t)
		return nil, events, wrong
	case !t.gathers():
		return nil, nil, socketParameter("Text request limit violated", nil)
	}
	return t.say(body.Get("payload.input.text").String())
}

// with returns the task with its work done so far.
func (t *spokenTask) with(w work) *spokenTask {
	next := *t
	next.work = w
	return &next
}

func (t *spokenTask) say(text string) (*spokenTask, []SocketEvent, *scenarios.Refusal) {
	w, events, wrong := t.work.text(t, text)
	return t.with(w), events, wrong
}

// hear takes sound; a client that does not stream sends it in one piece.
func (t *spokenTask) hear(data []byte) (*spokenTask, []SocketEvent, *scenarios.Refusal) {
	w, events, wrong := t.work.audio(t, data)
	if wrong != nil || t.gathers() {
		return t.with(w), events, wrong
	}
	rest, wrong := w.finish(t.with(w))
	return nil, append(events, rest...), wrong
}

func (s taskSession) Patience() time.Duration {
	if s.task == nil {
		return idlePatience
	}
	return taskPatience
}

func (s taskSession) Silence() SocketMessage {
	if s.task == nil {
		return SocketMessage{Close: closing(closeNormal, "")}
	}
	return dashScopeWS{}.refused(s.task.request, s.task.meta, scenarios.Refusal{
		ID: dashScopeSocket + "CLIENT_ERROR", Variant: "request timeout after ",
	})
}

func (taskSession) TooBig() SocketMessage { return dashScopeWS{}.tooBig() }
