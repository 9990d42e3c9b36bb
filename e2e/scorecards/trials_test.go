package scorecards

import "strings"

// A trial is one incident, and what the program does in it: enough for a client
// that never tries again to meet all of it.
type trial struct {
	scenario  string
	operation string
	dialects  []string // Any of them will do.
	drive     func(*bench)
}

// The dialects, and what the clients are asked for.
const (
	compatible = "DashScope compatible"
	native     = "DashScope native"
	v1         = "Qianfan V1"
	v2         = "Qianfan V2"
	socket     = "DashScope WebSocket"

	chats    = "chat"
	tools    = "chat with tools"
	vectors  = "embeddings"
	pictures = "images"
	speech   = "speech synthesis"
)

// trials are all incidents, in the order of the page.
func trials() []trial {
	dashscope, everybody := []string{compatible, native}, []string{compatible, native, v1, v2}
	return []trial{
		{"bailian-tpm-throttle", chats, dashscope, asks(6)},
		{"burst-ramp", chats, dashscope, func(b *bench) {
			var workers []asker
			for range 20 {
				workers = append(workers, b.chat(settings{}))
			}
			crowd(b.ctx, workers)
		}},
		{"embedding-429-sawtooth", vectors, []string{native, compatible, v1}, func(b *bench) {
			each(b.ctx, b.library.embed(b.t, b.srv), questions(10)...)
		}},
		{"sse-error-as-200", chats, []string{native}, streams(5)},
		{"moderation-mid-stream", chats, dashscope, streams(3)},
		{"moderation-poisoned-history", chats, []string{compatible}, asks(5)},
		{"toolcall-args-poison", tools, []string{compatible}, func(b *bench) {
			talk(b.ctx, b.chat(settings{tools: true}), questions(2)...)
		}},
		{"context-overflow", chats, []string{compatible, native, v1}, func(b *bench) {
			talk(b.ctx, b.chat(settings{}), "Sum this up: "+strings.Repeat("A long page. ", 100), "Question 2?")
		}},
		{"account-wall", chats, everybody, asks(5)},
		{"capacity-503-in-disguise", chats, []string{compatible, v1}, asks(4)},
		{"stream-stall", chats, everybody, streams(3)},
		{"stream-cut", chats, everybody, streams(7)},
		{"empty-200", chats, []string{compatible}, streams(8)},
		{"ernie-qps-200", chats, []string{v1}, asks(6)},
		{"ernie-daily-cap", chats, []string{v1}, asks(6)},
		{"ernie-token-expiry", chats, []string{v1}, asks(6)},
		{"ernie-stream-json-error", chats, []string{v1}, streams(5)},
		{"ernie-strict-roles", chats, []string{v1}, asks(5)},
		{"task-ambiguous-create", pictures, []string{native}, func(b *bench) {
			each(b.ctx, b.library.paint(b.t, b.srv), "A cat.", "A dog.")
		}},
		{"tts-ws-task-failed", speech, []string{socket}, nil},
	}
}

// asks has so many questions asked in one conversation.
func asks(n int) func(*bench) {
	return func(b *bench) { talk(b.ctx, b.chat(settings{}), questions(n)...) }
}

// streams does the same, and has the answers streamed.
func streams(n int) func(*bench) {
	return func(b *bench) { talk(b.ctx, b.chat(settings{stream: true}), questions(n)...) }
}
