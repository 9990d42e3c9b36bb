package console

import (
	"strings"
	"testing"

	"github.com/mockllm/mockllm/admin"
)

// A person looks an error up, sees its bytes, throws it, and a client meets
// what was shown.
func TestThrow(t *testing.T) {
	w := serve(t, "", admin.Options{})
	p := open(t, w.console+"#throw", desk)
	p.write("#search", "欠费")
	p.sees("#results", "dashscope/model/Arrearage")
	p.write("#search", "owes money")
	p.sees("#results", "dashscope/model/Arrearage")
	p.click(`[data-id="dashscope/model/Arrearage"]`)
	p.sees("#entry", "dashscope/model/Arrearage", "欠")
	p.choose("#dialect", "dashscope-compatible")
	p.sees("#samples", "HTTP/1.1 400 Bad Request", `"code":"Arrearage"`)
	p.choose("#delivery", "event")
	p.sees("#samples", "HTTP/1.1 200 OK", "data: ")
	p.choose("#delivery", "mid-stream")
	p.sees("#samples", "HTTP/1.1 200 OK", `"delta"`, "Arrearage")
	p.choose("#delivery", "")
	p.write("#times", "2")
	p.click("#throw-it")
	p.sees("#said", "Thrown: dashscope/model/Arrearage")
	p.sees("#waiting", `"error":"dashscope/model/Arrearage"`, "2 left")
	status, body := w.chat("", "qwen-plus", "Hello!")
	if status != 400 || !strings.Contains(body, `"code":"Arrearage"`) {
		t.Errorf("the client met %d %s", status, body)
	}
	p.sees("#waiting", "1 left")
	p.visit("live?id=1")
	p.sees("#detail .decision", "one-shot", "dashscope/model/Arrearage", "send it again when it is put right")
	p.visit("throw")
	p.click("#waiting button")
	p.sees("#said", "Taken back.")
	p.sees("#waiting", "Nothing waits.")
	if status, _ := w.chat("", "qwen-plus", "Hello!"); status != 200 {
		t.Errorf("what was taken back was thrown: status %d", status)
	}
	p.quiet()
}

// What the form cannot say can be written by hand, and a mistake is told.
func TestThrowByHand(t *testing.T) {
	w := serve(t, "", admin.Options{})
	p := open(t, w.console+"#throw?namespace=blue", desk)
	p.click("#by-hand summary")
	p.write("#source", `{"error": "Throtling"}`)
	p.click("#throw-json")
	p.sees("#problems", "/error", `did you mean "Throttling"?`)
	p.write("#source", `{"fault": "reset"}`)
	p.click("#throw-json")
	p.sees("#waiting", `{"fault":"reset"}`)
	if status, err := w.chat("blue", "qwen-plus", "Hello!"); status != 0 {
		t.Errorf("the client met %d %s", status, err)
	}
	p.sees("#waiting", "Nothing waits.")
	p.visit("live?namespace=blue&id=1")
	p.sees("#detail", "damaged", "reset", "cut", "Steps: 1")
	p.quiet("422")
}
