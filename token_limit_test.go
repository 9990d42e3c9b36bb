package mockllm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mockllm/mockllm/play"
)

// manyTokens is an answer of more tokens than the limit of [TestTokensOfAnswers].
var manyTokens = "[[limit]]\ntpm = 100\n[[rule]]\nname = \"long\"\nwhen = { calls = 1 }\nreply = { text = \"" + strings.Repeat("word ", 200) + "\" }"

// TestTokensOfAnswers: the tokens of an answer are taken on every dialect that
// answers in tokens, streamed or not.
func TestTokensOfAnswers(t *testing.T) {
	for dialect, call := range tokenCalls {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprint(dialect, " ", stream), func(t *testing.T) {
				wantTokensTaken(t, RunT(t, ScenarioText(manyTokens), WithClock(play.NewManual(goldenTime))), call, stream, "rule")
			})
		}
	}
}

const saidHi = `"messages":[{"role":"user","content":"hi"}]`

// tokenCalls are a path and a body, to be streamed or not, for each dialect that
// answers in tokens.
var tokenCalls = map[string][2]string{
	"qianfan-v1":           {v1Path + "?access_token=24.x", `{` + saidHi + `,"stream":%v}`},
	"qianfan-v2":           {"/v2/chat/completions", `{"model":"ernie-4.0-8k",` + saidHi + `,"stream":%v}`},
	"qianfan-anthropic":    {"/anthropic/v1/messages", `{"model":"ernie-4.0-8k","max_tokens":1000,` + saidHi + `,"stream":%v}`},
	"qianfan-responses":    {"/v2/responses", `{"model":"deepseek-v3","input":"hi","stream":%v}`},
	"dashscope-native":     {"/api/v1/services/aigc/text-generation/generation", `{"model":"qwen-plus","input":{` + saidHi + `},"parameters":{"seed":1},"stream":%v}`},
	"dashscope-compatible": {chatPath, `{"model":"qwen-plus",` + saidHi + `,"stream":%v}`},
	"dashscope-responses":  {"/compatible-mode/v1/responses", `{"model":"qwen-plus","input":"hi","stream":%v}`},
	"dashscope-anthropic":  {"/apps/anthropic/v1/messages", `{"model":"qwen-plus","max_tokens":1000,` + saidHi + `,"stream":%v}`},
}

// wantTokensTaken makes a call whose answer takes all of a limit, and another.
func wantTokensTaken(t *testing.T, srv *Server, call [2]string, stream bool, first string) {
	t.Helper()
	for _, want := range []string{first, "limit"} {
		post(t, srv.URL()+call[0], fmt.Sprintf(call[1], stream), "Authorization", "Bearer k")
		if e := lastOf(srv); string(e.Cause) != want {
			t.Errorf("answered by %s with status %d, want %s", e.Cause, e.Status, want)
		}
	}
}

// TestTokensOfRealAnswers: those that upstream says are taken too, before the
// client sees the end of the answer.
func TestTokensOfRealAnswers(t *testing.T) {
	for dialect, call := range tokenCalls {
		call[1] = strings.Replace(call[1], `"stream":%v`, `"stream_options":{"include_usage":true},"stream":%v`, 1)
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprint(dialect, " ", stream), func(t *testing.T) {
				rule, limit, _ := strings.Cut(manyTokens, "[[rule]]")
				upstream := RunT(t, ScenarioText("[[rule]]"+limit))
				wantTokensTaken(t, inFrontOf(t, upstream.URL(), rule, WithClock(play.NewManual(goldenTime))), call, stream, "upstream")
			})
		}
	}
}

// TestTokensOnWebSocket: they are taken there as well, of questions and of
// answers.
func TestTokensOnWebSocket(t *testing.T) {
	chats := func(streaming, said string) string {
		task := runTask("text-generation", streaming, `"input":{"messages":[{"role":"user","content":"`+said+`"}]},"parameters":{}`)
		return strings.Replace(task, "cosyvoice-v2", "qwen-plus", 1)
	}
	long := strings.Repeat("word ", 200)
	sound := `{"type":"input_audio_buffer.append","audio":"` + strings.Repeat("AAAA", 60_000) + `"}` // Of more than five seconds.
	for name, c := range map[string]struct {
		path, scenario string
		said           []string
		want           string
	}{
		"a long question":  {inference, "[[limit]]\ntpm = 100", []string{chats("none", long)}, "limit"},
		"a long answer":    {inference, manyTokens, []string{chats("none", "hi"), chats("none", "hi")}, "rule limit"},
		"a long stream":    {inference, manyTokens, []string{chats("out", "hi"), chats("out", "hi")}, "rule limit"},
		"a long response":  {"/api-ws/v1/realtime?model=qwen-omni-turbo-realtime", manyTokens, []string{`{"type":"response.create"}`, `{"type":"response.create","response":{"instructions":"hi"}}`}, "rule limit"},
		"a long sound":     {"/api-ws/v1/realtime?model=qwen-omni-turbo-realtime", "[[limit]]\ntpm = 100", []string{sound, `{"type":"response.create"}`}, "limit"},
		"a cleared sound":  {"/api-ws/v1/realtime?model=qwen-omni-turbo-realtime", "[[limit]]\ntpm = 100", []string{sound, `{"type":"input_audio_buffer.clear"}`, `{"type":"response.create"}`}, "success"},
		"a session's word": {"/api-ws/v1/realtime?model=qwen-omni-turbo-realtime", "[[limit]]\ntpm = 100", []string{`{"type":"session.update","session":{"instructions":"` + long + `"}}`, `{"type":"response.create"}`}, "limit"},
		"long instruction": {"/api-ws/v1/realtime?model=qwen-omni-turbo-realtime", "[[limit]]\ntpm = 100", []string{`{"type":"response.create","response":{"instructions":"` + long + `"}}`}, "limit"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := RunT(t, ScenarioText(c.scenario), WithClock(play.NewManual(goldenTime)))
			conn, _, err := dialSocket(t, srv, c.path, anyKey)
			if err != nil {
				t.Fatal(err)
			}
			for _, message := range c.said {
				conn.send(message)
				calls := strings.Contains(message, "response.create") || strings.Contains(message, "run-task")
				for ends := !calls; !ends; {
					heard := conn.hear()
					ends = strings.Contains(heard, `"task-finished"`) || strings.Contains(heard, `"task-failed"`) ||
						strings.Contains(heard, `"response.done"`) || strings.Contains(heard, `"type":"error"`) || !strings.HasPrefix(heard, "{")
				}
			}
			var causes []string
			for _, e := range srv.Journal() {
				causes = append(causes, string(e.Cause))
			}
			if got := strings.Join(causes, " "); got != c.want {
				t.Errorf("answered by %s, want %s", got, c.want)
			}
		})
	}
}
