package responders

import (
	"bytes"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// talking is a chat: what the native API answers, in the messages of a task.
type talking struct{ reply *scenarios.Reply }

func (w talking) text(*spokenTask, string) (work, []SocketEvent, *scenarios.Refusal) {
	return w, nil, nil // The conversation came with the command.
}

func (w talking) audio(*spokenTask, []byte) (work, []SocketEvent, *scenarios.Refusal) {
	return w, nil, protocolMissing("payload.input.messages")
}

func (w talking) finish(t *spokenTask) ([]SocketEvent, *scenarios.Refusal) {
	r := *t.request
	q := newDashScopeQuestion(t.in, &r, newJSONBody(t.payload), false)
	call := readNativeChat(q, t.payload.Get("task").String() == "multimodal-generation")
	r.Stream, r.Detail = !t.whole(), call
	answer := call.answer(&r, t.meta, w.reply)
	var events []SocketEvent
	for i, frame := range answer.Frames {
		event := t.meta.resultGenerated(t.id, nativePayload(frame))
		if i < len(answer.Tokens) {
			event.Tokens = answer.Tokens[i]
		}
		events = append(events, event)
	}
	finished := t.meta.taskFinished(t.id, obj().end())
	finished.Output = answer.Output
	return append(events, finished), nil
}

// nativePayload takes output and usage out of an answer of the native API,
// whole or an event of a stream.
func nativePayload(frame Frame) []byte {
	if _, data, found := bytes.Cut(frame, []byte("\ndata:")); found {
		frame = data
	}
	body := gjson.ParseBytes(frame)
	return obj().raw("output", []byte(body.Get("output").Raw)).raw("usage", []byte(body.Get("usage").Raw)).end()
}
