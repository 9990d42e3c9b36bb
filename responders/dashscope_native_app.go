package responders

import (
	"net/http"

	"github.com/mockllm/mockllm/scenarios"
)

// app calls an application: an agent or a workflow, which remembers what was
// said by a session. It shows text only.
type app struct {
	*chat
	said    []scenarios.Turn
	session string // "" begins one.
}

// appModel is which model an application says it asked.
const appModel = "qwen-plus"

// forSession is the purpose of chance for a session's id; see ids.go.
const forSession uint64 = 1 << 33

func readApp(body *jsonBody) app {
	return app{
		chat: &chat{choices: 1, incremental: body.Get("parameters.incremental_output").Bool()},
		said: readNativeTurns(body), session: clipped(body.Get("input.session_id").String()),
	}
}

func (a app) turns() []scenarios.Turn { return a.said }

func (a app) refusal(*dashScopeQuestion) *scenarios.Refusal {
	if len(a.said) == 0 {
		return parameterMissing("prompt")
	}
	return nil
}

func (a app) answer(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	if a.session == "" {
		a.session = text(m.chance(forSession), 32, lowerHex)
	}
	out := complete(r, a.chat, m, textOnly(reply))
	if r.Stream {
		return m.dashScopeStream(r, a.frames(out, m), 1).bringing(out.usage)
	}
	output := obj().str("finish_reason", out.finish).str("session_id", a.session).str("text", out.text).end()
	return m.dashScopeWhole(r, m.nativeBody(output, appUsage(out.usage))).bringing(out.usage)
}

// textOnly leaves out of a reply what only a chat can show.
func textOnly(reply *scenarios.Reply) *scenarios.Reply {
	if reply == nil {
		return nil
	}
	shown := *reply
	shown.Reasoning, shown.ToolCalls = nil, nil
	return &shown
}

// frames writes a stream: each event has what is new or all so far, and a last
// one says why it ends.
func (a app) frames(out completion, m Meta) []Frame {
	var frames []Frame
	emit := func(text, finish string, u usage) {
		output := obj().str("session_id", a.session).str("finish_reason", finish).str("text", text).end()
		frames = append(frames, nativeFrame(len(frames)+1, "result", http.StatusOK, m.nativeBody(output, appUsage(u))))
	}
	so, said := "", 0
	for piece := range out.pieces.all() {
		said += countTokens(piece)
		so += piece
		now := so
		if a.incremental {
			now = piece
		}
		emit(now, "null", out.usage.so(said))
	}
	if a.incremental {
		so = ""
	}
	emit(so, out.finish, out.usage)
	return frames
}

func appUsage(u usage) []byte {
	model := obj().num("input_tokens", int64(u.prompt)).num("output_tokens", int64(u.completion)).str("model_id", appModel).end()
	return obj().raw("models", array(model)).end()
}
