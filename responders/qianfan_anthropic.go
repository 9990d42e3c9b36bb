package responders

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// qianfanAnthropic is Anthropic's Messages API as Qianfan serves it, /anthropic,
// with the addresses of the plans. It stands in front of V2: it looks at the form
// of a body before anybody looks at the key, and what V2 refuses arrives as a text
// within Anthropic's envelope.
type qianfanAnthropic struct{}

const messageCodes = "qianfan/anthropic/"

func (qianfanAnthropic) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.QianfanAnthropic)
	return d
}

// Routes returns the paths, of those who pay for what they use and of the plans.
func (qianfanAnthropic) Routes() []Route {
	var routes []Route
	for _, plan := range []string{"", "/coding", "/tokenplan/personal", "/tokenplan/team"} {
		routes = append(routes, Route{"/anthropic" + plan + "/v1/messages", catalog.OpChat})
	}
	return routes
}

// A messageAsk is a message with what its body has that no message may have.
type messageAsk struct {
	*anthropicChat
	faults []bodyFault
}

func (d qianfanAnthropic) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, d.Dialect())
	if isPreflight(in) {
		return readPreflight(r, http.MethodPost)
	}
	body := readBody(r)
	r.Model = modelOf(body)
	askFor(r)
	ask := &messageAsk{anthropicChat: readAnthropic(body)}
	r.Detail, r.Turns = ask, ask.said
	r.Stream = body.Get("stream").Bool()
	q := newQuestion(in, r, body)
	ask.review = q.review()
	r.Key = cmp.Or(in.Header.Get("X-Api-Key"), bearer(in))
	if in.State != BodyTooLarge {
		ask.faults = faultsOf(in, r, body)
	}
	r.Identity = messageIdentity(in, r, ask.faults)
	r.Refused = firstRefusal(
		func() *scenarios.Refusal { return messageForm(in, ask.faults) },
		func() *scenarios.Refusal { return q.v2Model(catalog.OpChat) },
		q.v2Messages, q.v2Params, q.v2Length, q.v2Unsafe,
	)
	return r
}

// messageIdentity refuses another method, and a caller whom V2 does not let in.
// Nobody asks who sent a body that is no message.
func messageIdentity(in *Incoming, r *scenarios.Request, faults []bodyFault) *scenarios.Refusal {
	c := in.caller(r.Key)
	r.Account = c.account
	switch {
	case in.Method != http.MethodPost:
		return &scenarios.Refusal{ID: messageCodes + "method_not_allowed"}
	case len(faults) > 0:
		return nil
	}
	return v2Standing(in, c, r)
}

// messageForm refuses a body that is no message.
func messageForm(in *Incoming, faults []bodyFault) *scenarios.Refusal {
	switch {
	case in.State == BodyTooLarge:
		return &scenarios.Refusal{ID: v2Codes + "characters_too_long"}
	case len(faults) > 0:
		return &scenarios.Refusal{ID: messageCodes + faults[0].code}
	}
	return nil
}

// Header returns the header of an error.
func (qianfanAnthropic) Header(_ *scenarios.Request, m Meta, _ *scenarios.Failure, _ int, stream bool) http.Header {
	return m.messageHeader(stream)
}

func (m Meta) messageHeader(stream bool) http.Header {
	header := m.qianfanHostHeader()
	header["Content-Type"] = []string{"application/json"}
	if stream {
		header["Content-Type"] = []string{"text/event-stream; charset=utf-8"}
	}
	return header
}

// Body writes what was captured: of a body that is no message, a list of what
// is wrong with it; of what V2 refuses, Anthropic's envelope around the text of
// the OpenAI SDK's exception.
func (d qianfanAnthropic) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, status int) []byte {
	switch {
	case f.Entry.Family != "anthropic":
		text := "Error code: " + strconv.Itoa(status) + " - {'error': {'code': " + pythonText(f.Entry.Code) + ", 'message': " + pythonText(fill(f, r)) +
			", 'type': " + pythonText(f.Variant.Type) + "}, 'id': " + pythonText(m.asID()) + "}"
		return obj().str("type", "error").raw("error", obj().str("type", "api_error").str("message", text).end()).end()
	case f.Entry.Code == "method_not_allowed":
		return obj().str("detail", fill(f, r)).end()
	}
	return obj().raw("detail", writeFaults(r, f)).end()
}

// Event writes what the body would be as the event with which Anthropic's
// streams say that they fail.
func (d qianfanAnthropic) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, status, _ int) Frame {
	return anthropicFrame(qianfanFrame, "error", d.Body(r, m, f, status))
}

// qianfanFrame is how a frame looks: as Anthropic's own.
const qianfanFrame = "event: %s\ndata: %s\n\n"

func (qianfanAnthropic) Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	if p, asked := r.Detail.(preflight); asked {
		return m.qianfanPreflight(p, r)
	}
	ask := r.Detail.(*messageAsk)
	a := ask.complete(r, m, reply, "msg_"+text(m.chance(forAnswerID), 32, lowerHex))
	message := Message{Status: http.StatusOK, Header: m.messageHeader(r.Stream), Stream: r.Stream}
	if r.Stream {
		e := a.events(qianfanFrame)
		message.Frames, message.Tokens, message.Ending, message.Marks = e.frames, e.tokens, anthropicEnding, 1
	} else {
		message.Frames = []Frame{a.whole()}
	}
	return message.bringing(a.used)
}
