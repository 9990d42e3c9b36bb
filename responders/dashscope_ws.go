package responders

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// dashScopeWS is DashScope's WebSocket: a handshake, and then tasks, one after
// the other, each of which is a call. Its HTTP is that of the native API.
type dashScopeWS struct{}

const (
	inferencePath = "/api-ws/v1/inference"
	realtimePath  = "/api-ws/v1/realtime"
)

const dashScopeSocket = "dashscope/websocket/"

func (dashScopeWS) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.DashScopeWS)
	return d
}

func (dashScopeWS) Routes() []Route {
	return []Route{
		{inferencePath, catalog.OpHandshake},
		{inferencePath + "/", catalog.OpHandshake},
		{realtimePath, catalog.OpHandshake},
	}
}

// Decode reads the handshake. What the caller asks for is answered there if it
// belongs there; else each call answers it.
func (d dashScopeWS) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, d.Dialect())
	r.Model = clipped(first(in.Query, "model"))
	askFor(r)
	if !comesAtHandshake(r.Asked) {
		r.Asked = ""
	}
	r.Key = bearer(in)
	switch {
	case !isUpgrade(in):
		r.Identity = &scenarios.Refusal{ID: dashScopeModel + "InvalidParameter", Variant: "url error, please check url！", Always: true}
	case r.Key == "":
		r.Identity = &scenarios.Refusal{ID: dashScopeModel + "InvalidApiKey", Variant: "No API-key provided."}
	default:
		r.Identity = strangerAtHandshake(in, r.Key)
	}
	return r
}

// strangerAtHandshake refuses a key that does not exist. What else is the matter
// with a key is said to each call.
func strangerAtHandshake(in *Incoming, key string) *scenarios.Refusal {
	if c := in.caller(key); c.unknown() || c.expired {
		return &scenarios.Refusal{ID: dashScopeModel + "InvalidApiKey"}
	}
	return nil
}

// comesAtHandshake reports whether an error that a caller asks for is answered
// at the handshake: one that refuses the caller, and a name that nothing has.
func comesAtHandshake(asked string) bool {
	if asked == "" {
		return false
	}
	entry, err := catalog.Resolve(asked, catalog.Scope{Dialects: []string{catalog.DashScopeWS}})
	return err != nil || entry.Handshake
}

// isUpgrade reports whether the request asks for a WebSocket, all of it right.
func isUpgrade(in *Incoming) bool {
	key, err := base64.StdEncoding.DecodeString(in.Header.Get("Sec-WebSocket-Key"))
	return in.Method == http.MethodGet && hasToken(in.Header, "Connection", "upgrade") && hasToken(in.Header, "Upgrade", "websocket") &&
		in.Header.Get("Sec-WebSocket-Version") == "13" && err == nil && len(key) == 16
}

// hasToken reports whether a header lists the word.
func hasToken(header http.Header, name, word string) bool {
	for _, value := range header.Values(name) {
		for token := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(token), word) {
				return true
			}
		}
	}
	return false
}

// Header returns the header of a refused handshake.
func (dashScopeWS) Header(r *scenarios.Request, m Meta, _ *scenarios.Failure, status int, _ bool) http.Header {
	return withoutCall(m.dashScopeHeader(r, status, "application/json"))
}

// withoutCall leaves out what an answer says of the call that it answers: a
// handshake is none.
func withoutCall(header http.Header) http.Header {
	for _, name := range []string{"x-dashscope-call-gateway", "x-dashscope-finished", "x-dashscope-timeout"} {
		delete(header, name)
	}
	return header
}

// Body writes the body of a refused handshake.
func (dashScopeWS) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, status int) []byte {
	return dashScopeNative{}.Body(r, m, f, status)
}

// Event writes a failed task, or on the other endpoint an error event.
func (dashScopeWS) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, _, _ int) Frame {
	if r.Path == realtimePath {
		return realtimeError(r, m, f)
	}
	id := ""
	if run, is := r.Detail.(taskRun); is {
		id = run.id
	}
	return taskFailed(id, f.Entry.Code, fill(f, r))
}

// Success lets the client in: what follows is no HTTP any more.
func (dashScopeWS) Success(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	header := withoutCall(m.dashScopeHeader(r, http.StatusSwitchingProtocols, ""))
	delete(header, "Content-Type")
	delete(header, "Vary")
	return Message{Status: http.StatusSwitchingProtocols, Header: header}
}

// Open begins a session: of tasks, or on the other endpoint one that greets.
func (d dashScopeWS) Open(in *Incoming, r *scenarios.Request, m Meta) (Session, SocketMessage) {
	if r.Path == realtimePath {
		return openRealtime(in, r, m)
	}
	return taskSession{in: in}, SocketMessage{}
}

// newCall makes a request of a message that begins a call.
func (d dashScopeWS) newCall(in *Incoming, f SocketFrame, operation string) *scenarios.Request {
	call := *in
	call.Operation, call.Body = operation, f.Data
	r := newRequest(&call, d.Dialect())
	r.Key, r.Stream = bearer(in), true
	r.Model = clipped(first(in.Query, "model"))
	return r
}

// failed writes the end of a call that failed, behind which the connection is
// closed. Some errors are documented as that close alone.
func (d dashScopeWS) failed(r *scenarios.Request, m Meta, f *scenarios.Failure) SocketMessage {
	if code := closeCode(f.Entry); code != 0 {
		return SocketMessage{Close: closing(code, fill(f, r)), Entry: f.Entry}
	}
	event := SocketEvent{SocketFrame: SocketFrame{Data: d.Event(r, m, f, 0, 1)}, Part: SocketFail}
	message := SocketMessage{Events: []SocketEvent{event}, Entry: f.Entry}
	if r.Path != realtimePath { // There the connection stays open.
		message.Close = closing(closeNormal, "")
	}
	return message
}

// refused fails a call for what the client did wrong in the middle of it.
func (d dashScopeWS) refused(r *scenarios.Request, m Meta, refusal scenarios.Refusal) SocketMessage {
	entry, err := catalog.Resolve(refusal.ID, catalog.Scope{})
	if err != nil {
		return SocketMessage{Close: closing(closeRefused, "")} // A test holds that all of ours are known.
	}
	v := entry.Variant(catalog.DashScopeWS)
	if refusal.Variant != "" {
		v = entry.FindVariant(refusal.Variant, catalog.DashScopeWS)
	}
	return d.failed(r, m, &scenarios.Failure{Entry: entry, Variant: v, Args: refusal.Args})
}

// tooBig closes a connection as documented.
func (d dashScopeWS) tooBig() SocketMessage {
	r := &scenarios.Request{Path: inferencePath}
	return d.refused(r, Meta{}, scenarios.Refusal{ID: dashScopeSocket + "1009"})
}

// decided writes the beginning of a call: what went wrong, or the success that
// is given; it goes wrong later if the delivery says so.
func (d dashScopeWS) decided(r *scenarios.Request, m Meta, decision scenarios.Decision, success func() SocketMessage) SocketMessage {
	switch f := decision.Failure; {
	case decision.Problem != nil:
		return OwnSocket(*decision.Problem)
	case f == nil:
		return success()
	case socketDelivery(d.Dialect(), r, f) == catalog.DeliverMidStream:
		message, end := success(), d.failed(r, m, f)
		message.Break, message.Entry = &end, f.Entry
		return message
	default:
		return d.failed(r, m, f)
	}
}

// How long a client may be silent, in vendor time: while a task waits for
// more, and between tasks.
const (
	taskPatience = 23 * time.Second
	idlePatience = time.Minute
)
