package responders

import (
	"strconv"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// The neighbours of Qianfan V2 on the same host: AppBuilder's applications and
// the AI search. Their successes are formed after what public clients read.

func readConversation(q *question) *scenarios.Refusal {
	if q.body.Get("app_id").String() == "" {
		return &scenarios.Refusal{ID: appCodes + "InvalidRequestArgumentError"}
	}
	return nil
}

func answerConversation(_ *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	return v2Whole(obj().str("request_id", m.bceRequestID()).str("conversation_id", m.randomUUID(forConversation)))
}

func answerUpload(_ *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	return v2Whole(obj().str("request_id", m.bceRequestID()).str("id", m.randomUUID(forMessage)).
		str("conversation_id", m.randomUUID(forConversation)))
}

// run is a question to an application.
type run struct {
	*chat
	conversation string // Which one it continues, if any.
}

func readRun(q *question) *scenarios.Refusal {
	r, body := q.r, q.body
	query := body.Get("query").String()
	r.Turns = userTurns([]string{query})
	r.Detail = run{&chat{choices: 1}, clipped(body.Get("conversation_id").String())}
	if refused := readConversation(q); refused != nil {
		return refused
	}
	if query == "" {
		return &scenarios.Refusal{ID: appCodes + "QueryParamInvalidError"}
	}
	return nil
}

// answerRun streams the states of an application's parts among its words: it
// says that it is getting ready, what it says, and that it has done.
func answerRun(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	call := r.Detail.(run)
	out := complete(r, call.chat, m, reply)
	if call.conversation == "" {
		call.conversation = m.randomUUID(forConversation)
	}
	write := func(text string, last bool, part runPart) []byte {
		return obj().str("request_id", m.bceRequestID()).str("date", m.Now.UTC().Format(time.RFC3339)).str("answer", text).
			str("conversation_id", call.conversation).str("message_id", m.randomUUID(forMessage)).
			boolean("is_completion", last).raw("content", array(part.write())).end()
	}
	done := runPart{id: 2, status: "done", kind: "text", usage: v1Usage(out.usage).end()}
	if !r.Stream {
		done.outputs = obj().str("text", out.text).end()
		return Message{Frames: []Frame{write(out.text, true, done)}}.bringing(out.usage)
	}
	frames := []Frame{dataFrame(write("", false, runPart{id: 1, status: "preparing", kind: "status"}))}
	tokens := []int{0}
	for piece := range out.pieces.all() {
		said := runPart{id: 2, status: "running", kind: "text", outputs: obj().str("text", piece).end()}
		frames, tokens = append(frames, dataFrame(write(piece, false, said))), append(tokens, countTokens(piece))
	}
	done.outputs = obj().str("text", "").end()
	frames = append(frames, dataFrame(write("", false, done)), dataFrame(write("", true, runPart{id: 3, status: "success", kind: "status"})))
	return Message{Frames: frames, Tokens: tokens, Stream: true, Ending: 2, Marks: 1}.bringing(out.usage)
}

// runPart is what one part of an application does.
type runPart struct {
	id           int
	status, kind string
	outputs      []byte // JSON; nil is none.
	usage        []byte // JSON; nil is none.
}

// write writes the part. Its keys have the word event in them, which is what
// clients read; the official Go SDK, which drops such lines, has no such call.
func (p runPart) write() []byte {
	o := obj().num("event_code", 0).str("event_message", "").str("event_type", "ChatAgent").
		str("event_id", strconv.Itoa(p.id)).str("event_status", p.status).str("content_type", p.kind)
	if p.outputs == nil {
		p.outputs = obj().end()
	}
	o.raw("outputs", p.outputs)
	if p.usage != nil {
		o.raw("usage", p.usage)
	}
	return o.end()
}

func readSearch(q *question) *scenarios.Refusal {
	r, body := q.r, q.body
	r.Turns = readTurns(body.Get("messages"))
	c := &chat{choices: 1, thinking: body.Get("enable_deep_search").Bool()}
	c.review = q.review()
	r.Detail = c
	return q.v2Search()
}

// answerSearchChat is a chat with what the search found. Without a model
// nothing is said about it.
func answerSearchChat(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	if r.Model == "" && !r.Stream {
		return answerWebSearch(r, m, reply)
	}
	out := complete(r, r.Detail.(*chat), m, reply)
	start := func(kind string) *object {
		return obj().str("request_id", m.bceRequestID()).str("id", m.asID()).str("object", kind).
			num("created", m.Now.Unix()).str("model", r.Model).boolean("is_safe", true)
	}
	outs := []completion{out}
	if !r.Stream {
		return v2Whole(start("chat.completion").raw("choices", v2Choices(outs)).raw("references", m.references(r)).
			raw("usage", v2Usage(out.usage))).bringing(out.usage)
	}
	s := v2Stream{start: func() *object { return start("chat.completion.chunk") }, outs: outs}
	s.last = func() []byte {
		return s.start().raw("choices", array()).raw("references", m.references(r)).raw("usage", v2Usage(out.usage)).end()
	}
	return m.spoken(s.message()).bringing(out.usage)
}

func answerWebSearch(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	return v2Whole(obj().raw("references", m.references(r)).str("request_id", m.bceRequestID()))
}

// references are the pages that a search finds: made up, on a host that is
// reserved for examples.
func (m Meta) references(r *scenarios.Request) []byte {
	const pages = 3
	found := make([][]byte, pages)
	for i := range found {
		n := strconv.Itoa(i + 1)
		found[i] = obj().num("id", int64(i+1)).str("title", r.Prompt()+" "+n).str("url", "https://example.com/"+n).
			str("content", madeUp(r.Fingerprint+n, r.Prompt())).str("date", m.Now.UTC().Format(time.DateOnly)).
			str("type", "web").str("website", "example.com").str("icon", "").end()
	}
	return array(found...)
}
