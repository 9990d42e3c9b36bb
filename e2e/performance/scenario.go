package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const chatPath = "/compatible-mode/v1/chat/completions"

// What is asked of a chat.
const (
	wholeBody    = `{"model":"qwen-plus","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Tell me in two sentences what a circuit breaker does."}],"temperature":0.7}`
	streamedBody = `{"model":"qwen-plus","stream":true,"messages":[{"role":"user","content":"Tell me in two sentences what a circuit breaker does."}]}`
)

// chat is a call of a chat, with a body of these.
func chat(path, body string) call {
	return call{path: path, key: "sk-performance", contentType: "application/json", body: body}
}

const failing = `
[[rule]]
name  = "always"
error = "Throttling.RateQuota"
`

// manyRules is that many rules, of which the last one answers. The others are
// what a large scenario has: incidents of single models, in all dialects.
func manyRules(n int) string {
	dialects := []string{"qianfan-v1", "qianfan-v2", "dashscope-native", "dashscope-compatible", "dashscope-anthropic"}
	var b strings.Builder
	for i := range n - 1 {
		fmt.Fprintf(&b, "[[rule]]\nname = \"incident %d\"\nmatch = { dialect = %q, operation = \"chat\", model = \"model-%d\" }\nwhen.probability = 0.5\nreply = {}\n",
			i, dialects[i%len(dialects)], i)
	}
	return b.String() + failing
}

// pacedStream is a stream of so many frames: the opening one, the pieces, the
// closing one and the end mark.
func pacedStream(frames int, every time.Duration) string {
	return fmt.Sprintf("[[rule]]\nname = \"paced\"\nmatch.stream = true\nlatency.frame = %q\nreply = { text = %q, frames = %d }\n",
		every, strings.Repeat("word ", frames-3), frames-3)
}

// scenario writes a scenario to a file and returns the arguments with which
// the product follows it.
func (p plan) scenario(name, rules string) ([]string, error) {
	path := filepath.Join(p.folder, name+".toml")
	return []string{"--scenario", path}, os.WriteFile(path, []byte(fmt.Sprintf("name = %q\n", name)+rules), 0o644)
}
