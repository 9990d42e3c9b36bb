package mockllm

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
)

const (
	livePath   = "/compatible-mode/v1/chat/completions"
	liveStream = `{"model":"qwen-plus","stream":true,"messages":[{"role":"user","content":"你好"}]}`
	liveWhole  = `{"model":"qwen-plus","messages":[{"role":"user","content":"你好"}]}`
)

// TestDamageUpstream damages real answers, and holds that the client sees what
// it sees of the same damage to an answer of our own, byte for byte.
func TestDamageUpstream(t *testing.T) {
	for _, fault := range []string{
		`"reset"`, `{ kind = "reset", at = "after-headers" }`, `{ kind = "reset", after_frames = 2 }`, `"empty"`, `"garbage"`, `"gateway-html"`,
		`{ kind = "hang", for = "1ms" }`, `{ kind = "stall", for = "1ms" }`, `{ kind = "stall", for = "5ms", keep_alive = "2ms", after_frames = 3 }`,
		`"cut"`, `{ kind = "cut", after_frames = 0 }`, `{ kind = "cut", after_frames = 3 }`, `{ kind = "cut", after_bytes = 100 }`, `{ kind = "cut", after_bytes = 100000 }`,
		`{ kind = "cut", at = "before-end" }`, `{ kind = "cut", at = "before-mark" }`, `{ kind = "cut", at = "inside-string", after_frames = 1 }`,
		`{ kind = "cut", at = "inside-rune" }`, `{ kind = "cut", at = "after-headers" }`,
		`"early-end"`, `{ kind = "early-end", after_frames = 2 }`, `"bad-chunk"`, `{ kind = "bad-chunk", after_frames = 2 }`,
		`"bad-json"`, `{ kind = "bad-json", after_frames = 3 }`, `"bad-sse"`, `{ kind = "bad-sse", after_frames = 0 }`,
		`{ kind = "drip", bytes_per_second = 100000 }`, `"split"`, `{ kind = "split", bytes = 7 }`,
		`"duplicate"`, `{ kind = "duplicate", after_frames = 2 }`, `"reorder"`, `{ kind = "reorder", after_frames = 2 }`, `"drop-done"`,
		`"wrong-type"`, `"empty-body"`, `"idle-close"`,
	} {
		sameDamage(t, "stream "+fault, "match = { dialect = \"dashscope-compatible\", stream = true }\nfault = "+fault, liveStream)
	}
	for _, fault := range []string{
		`"reset"`, `{ kind = "reset", at = "after-headers" }`, `"empty"`, `"garbage"`, `"gateway-html"`, `{ kind = "stall", for = "1ms" }`,
		`"truncate"`, `{ kind = "truncate", after_bytes = 10 }`, `{ kind = "truncate", at = "inside-rune" }`, `"bad-json"`, `"wrong-length"`, `"gzip-cut"`,
		`{ kind = "drip", bytes_per_second = 100000 }`, `"split"`, `"wrong-type"`, `"empty-body"`, `"idle-close"`,
	} {
		sameDamage(t, "whole "+fault, "match = { dialect = \"dashscope-compatible\", stream = false }\nfault = "+fault, liveWhole)
	}
	for name, rest := range map[string]string{
		"latency":                   "latency = \"2ms\"",
		"latency between frames":    "latency = { first_byte = \"1ms\", first_frame = \"1ms\", frame = \"1ms\" }",
		"error in the middle":       "error = \"data_inspection_failed\"\ndelivery = { mode = \"mid-stream\", after_frames = 3 }",
		"error before the end":      "error = \"data_inspection_failed\"\ndelivery = { mode = \"mid-stream\", at = \"before-end\" }",
		"error behind all":          "error = \"data_inspection_failed\"\ndelivery = { mode = \"mid-stream\", after_frames = 1000 }",
		"error, then cut":           "error = \"data_inspection_failed\"\ndelivery = { mode = \"mid-stream\", after_frames = 2 }\nfault = \"cut\"",
		"error, then stall":         "error = \"data_inspection_failed\"\ndelivery = { mode = \"mid-stream\", after_frames = 2 }\nfault = { kind = \"stall\", for = \"1ms\" }",
		"an error instead":          "error = \"Throttling\"",
		"a reply instead":           "reply = { text = \"no\" }",
		"something else altogether": "raw = { status = 418, body = \"teapot\" }",
	} {
		sameDamage(t, name, "match = { dialect = \"dashscope-compatible\", stream = true }\n"+rest, liveStream)
	}
}

func sameDamage(t *testing.T, name, rule, body string) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		rule := "[[rule]]\nname = \"r\"\n" + rule
		direct := RunT(t, ScenarioText(rule), WithClock(newWound()))
		front := inFrontOf(t, RunT(t, WithClock(newWound())).URL(), rule, WithClock(newWound()))
		want, got := onTheWire(t, direct.URL(), body), onTheWire(t, front.URL(), body)
		if got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// onTheWire sends a call and returns all that comes back, and how it ends. The
// bounds of chunks are left out: nobody may rely on them.
func onTheWire(t *testing.T, address, body string) string {
	t.Helper()
	conn, err := net.Dial("tcp", hostOf(t, address))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk-any\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		livePath, len(body), body)
	raw, err := io.ReadAll(conn)
	end := "FIN"
	if errors.Is(err, syscall.ECONNRESET) {
		end = "RST"
	} else if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	if bytes.Contains(head, []byte("Transfer-Encoding: chunked")) {
		plain, err := io.ReadAll(httputil.NewChunkedReader(bufio.NewReader(bytes.NewReader(rest))))
		rest = fmt.Appendf(plain, "\nchunks end: %v", err)
	}
	return canonical(strings.ReplaceAll(string(head), "\r\n", "\n")+"\n\n"+string(rest)) + "\n" + end
}

// wound is a clock that moves by what is waited, and by nothing else: the same
// call gets the same answer from every server.
type wound struct{ *play.Manual }

func newWound() wound { return wound{play.NewManual(goldenTime)} }

func (c wound) Sleep(ctx context.Context, d time.Duration) error {
	if err := play.Real().Sleep(ctx, d); err != nil {
		return err
	}
	c.Advance(d)
	return nil
}
