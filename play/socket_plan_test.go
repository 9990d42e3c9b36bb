package play

import (
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/responders"
	"github.com/mockllm/mockllm/scenarios"
)

// conversation is a call whose messages come in three steps, as on a client
// that sends bit by bit: the start; two results; one more and the finish.
func conversation() []responders.SocketMessage {
	event := func(part responders.SocketPart, text string) responders.SocketEvent {
		return responders.SocketEvent{SocketFrame: responders.SocketFrame{Data: []byte(text), Binary: text == "b"}, Part: part}
	}
	return []responders.SocketMessage{
		{Events: []responders.SocketEvent{event(responders.SocketAside, "start")}},
		{Events: []responders.SocketEvent{event(responders.SocketResult, `{"a":"one"}`), event(responders.SocketResult, "b")}},
		{Events: []responders.SocketEvent{event(responders.SocketResult, `{"c":"three"}`), event(responders.SocketFinish, "finish")}},
	}
}

// wordy is a call that says in two messages that its result is complete, before
// the one that ends it.
func wordy() responders.SocketMessage {
	parts := map[string]responders.SocketPart{
		"one": responders.SocketResult, "two": responders.SocketResult, "said": responders.SocketEnding, "item": responders.SocketEnding,
		"done": responders.SocketFinish,
	}
	var m responders.SocketMessage
	for _, text := range []string{"start", "one", "two", "said", "item", "done"} {
		m.Events = append(m.Events, responders.SocketEvent{SocketFrame: responders.SocketFrame{Data: []byte(text)}, Part: parts[text]})
	}
	return m
}

// TestSocketPlanBeforeTheEnd: what wants the end of an answer strikes before
// anything says that it ends; what wants the end mark, only before that.
func TestSocketPlanBeforeTheEnd(t *testing.T) {
	for rule, want := range map[string]string{
		`latency = "0s"`: `start, one, two, said, item, done`,
		`fault = { kind = "cut", at = "before-end" }`:                                           `start, one, two, close FIN`,
		`fault = "early-end"`:                                                                   `start, one, two, shut 1000 ""`,
		`fault = { kind = "early-end", after_frames = 1}`:                                       `start, one, shut 1000 ""`,
		`fault = { kind = "cut", at = "inside-rune" }`:                                          `start, one, two, close FIN`,
		`fault = { kind = "cut", at = "before-mark" }`:                                          `start, one, two, said, item, close FIN`,
		`fault = { kind = "cut", after_frames = 9 }`:                                            `start, one, two, said, item, close FIN`,
		`fault = "drop-done"`:                                                                   `start, one, two, said, item`,
		`fault = "idle-close"`:                                                                  `start, one, two, said, item, done, close FIN`,
		`fault = { kind = "reorder", after_frames = 1 }`:                                        `start, one, said, two, item, done`,
		"error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\", at = \"before-mark\" }":  `start, one, two, failed`,
		"error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\", at = \"before-end\" }":   `start, one, two, failed`,
		"error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\", after_frames = 9 }":      `start, one, two, failed`,
		"error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\" }\nfault = \"early-end\"": `start, one, failed, shut 1000 ""`,
	} {
		d, m := socketDecision(t, rule), wordy()
		if d.Failure != nil {
			failed := responders.SocketEvent{SocketFrame: responders.SocketFrame{Data: []byte("failed")}, Part: responders.SocketFail}
			m.Break = &responders.SocketMessage{Events: []responders.SocketEvent{failed}}
		}
		script, call := PlanSocket(d, nil).Plan(m)
		if got := briefSocket(script); got != want || !call.over {
			t.Errorf("%s\n got %s\nwant %s", rule, got, want)
		}
	}
}

// briefSocket tells a script on one line.
func briefSocket(s Script) string {
	var words []string
	for _, step := range s {
		switch step.Kind {
		case Text:
			words = append(words, string(step.Data)+step.pace())
		default:
			words = append(words, strings.Join(strings.Fields(step.String()), " "))
		}
	}
	return strings.Join(words, ", ")
}

// TestSocketPlan holds that moments count over all messages of a call.
func TestSocketPlan(t *testing.T) {
	for rule, want := range map[string]string{
		`latency = "0s"`: `start | {"a":"one"}, binary 1 bytes | {"c":"three"}, finish`,
		`latency = { first_byte = "1s", first_frame = "2s", frame = "3s" }`:               `wait 1s, start | wait 2s, {"a":"one"}, wait 3s, binary 1 bytes | wait 3s, {"c":"three"}, finish`,
		`fault = { kind = "stall", after_frames = 2, for = "9s" }`:                        `start | {"a":"one"}, binary 1 bytes, hang 9s, close FIN | `,
		`fault = { kind = "cut", after_frames = 3 }`:                                      `start | {"a":"one"}, binary 1 bytes | {"c":"three"}, close FIN`,
		`fault = { kind = "cut", after_frames = 9 }`:                                      `start | {"a":"one"}, binary 1 bytes | {"c":"three"}, close FIN`,
		`fault = { kind = "cut", at = "after-headers" }`:                                  `start, close FIN |  | `,
		`fault = { kind = "reset", at = "before-end" }`:                                   `start | {"a":"one"}, binary 1 bytes | {"c":"three"}, reset RST`,
		`fault = { kind = "ws-close", code = 1011, reason = "x", at = "before-headers" }`: `shut 1011 "x" |  | `,
		`fault = { kind = "bad-json", after_frames = 1 }`:                                 `start | {"a":"one"}, binary 1 bytes | {"c":", finish`,
		`fault = { kind = "duplicate", after_frames = 0 }`:                                `start | {"a":"one"}, {"a":"one"}, binary 1 bytes | {"c":"three"}, finish`,
		`fault = { kind = "split", bytes = 4 }`:                                           `start in pieces of 4 | {"a":"one"} in pieces of 4, binary 1 bytes | {"c":"three"} in pieces of 4, finish in pieces of 4`,
		`fault = "split"`:                                                                 `start in two fragments, cut at 2 | {"a":"one"} in two fragments, cut at 7, binary 1 bytes | {"c":"three"} in two fragments, cut at 8, finish in two fragments, cut at 3`,
		`fault = { kind = "drip", bytes_per_second = 40 }`:                                `start at 40 per second | {"a":"one"} at 40 per second, binary 1 bytes at 40 per second | {"c":"three"} at 40 per second, finish at 40 per second`,
		`fault = { kind = "reorder", after_frames = 0 }`:                                  `start | binary 1 bytes, {"a":"one"} | {"c":"three"}, finish`,
		`fault = "reorder"`:                                                               `start | {"a":"one"} | {"c":"three"}, binary 1 bytes, finish`,
		`fault = { kind = "reorder", after_frames = 2 }`:                                  `start | {"a":"one"}, binary 1 bytes | finish, {"c":"three"}`,
		`fault = { kind = "reorder", after_frames = 9 }`:                                  `start | {"a":"one"}, binary 1 bytes | {"c":"three"}, finish`,
		`fault = { kind = "cut", after_bytes = 0 }`:                                       `start, close FIN |  | `,
		`fault = { kind = "cut", after_bytes = 5 }`:                                       `start | {"a": of 11, close FIN | `,
		`fault = { kind = "reset", after_bytes = 11 }`:                                    `start | {"a":"one"}, reset RST | `,
		`fault = { kind = "stall", after_bytes = 14, for = "9s" }`:                        `start | {"a":"one"}, binary 1 bytes | {" of 13, hang 9s, close FIN`,
		`fault = { kind = "cut", after_bytes = 99 }`:                                      `start | {"a":"one"}, binary 1 bytes | {"c":"three"}, close FIN`,
		`fault = { kind = "cut", at = "inside-string" }`:                                  `start | {"a":"o of 11, close FIN | `,
		`fault = { kind = "cut", at = "inside-string", after_frames = 1 }`:                `start | {"a":"one"}, binary 1 bytes | {"c":"th of 13, close FIN`,
		`fault = { kind = "reset", at = "inside-rune" }`:                                  `start | {"a":"one"}, binary 1 bytes | {"c":"three"}, reset RST`,
		"error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\", after_frames = 1 }\nfault = { kind = \"reorder\", after_frames = 0 }": `start | {"a":"one"}, failed, shut 1000 "" | `,
		`fault = "idle-close"`: `start | {"a":"one"}, binary 1 bytes | {"c":"three"}, finish, close FIN`,
		"error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\", after_frames = 2 }":      `start | {"a":"one"}, binary 1 bytes, failed, shut 1000 "" | `,
		"error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\", at = \"before-mark\" }":  `start | {"a":"one"}, binary 1 bytes | {"c":"three"}, failed, shut 1000 ""`,
		"error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\" }\nfault = \"reset\"":     `reset RST |  | `,
		"error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\" }\nfault = \"early-end\"": `start | {"a":"one"}, failed, shut 1000 "" | `,
	} {
		d := socketDecision(t, rule)
		messages := conversation()
		if d.Failure != nil {
			failed := responders.SocketEvent{SocketFrame: responders.SocketFrame{Data: []byte("failed")}, Part: responders.SocketFail}
			messages[0].Break = &responders.SocketMessage{Events: []responders.SocketEvent{failed}, Close: &responders.SocketClose{Code: 1000}}
		}
		call := PlanSocket(d, nil)
		var got []string
		for _, m := range messages {
			var script Script
			if !call.over {
				script, call = call.Plan(m)
			}
			got = append(got, briefSocket(script))
		}
		if text := strings.Join(got, " | "); text != want {
			t.Errorf("%s\ngot  %s\nwant %s", rule, text, want)
		}
		if !call.over {
			t.Errorf("%s: the call is not over", rule)
		}
	}
}

func socketDecision(t *testing.T, rule string) scenarios.Decision {
	t.Helper()
	s, err := scenarios.Load("x.toml", []byte("[[rule]]\nname = \"r\"\nmatch = { dialect = \"dashscope-ws\", operation = \"speech\" }\n"+rule))
	if err != nil {
		t.Fatal(err)
	}
	e := scenarios.NewEngine(s, scenarios.Settings{}, scenarios.NewMemory())
	r := &scenarios.Request{Provider: catalog.DashScope, Dialect: catalog.DashScopeWS, Operation: catalog.OpSpeech, Stream: true}
	d, err := e.Decide(t.Context(), time.Time{}, r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
