package mockllm

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const ofSpeech = "[[rule]]\nname = \"r\"\nmatch = { dialect = \"dashscope-ws\", operation = \"speech\" }\n"

// TestSocketCutInside reads the bytes of a message whose end never comes: its
// head tells all of its length.
func TestSocketCutInside(t *testing.T) {
	srv := RunT(t, ScenarioText(ofSpeech+`fault = { kind = "cut", after_bytes = 20 }`))
	s := openSocket(t, srv)
	s.send(runSpeech, continueTask("One sentence."), finishTask)
	raw, err := io.ReadAll(s.conn.NetConn())
	if err != nil {
		t.Fatal(err)
	}
	_, half, found := bytes.Cut(raw, []byte("\x81\x7e"))
	if !found || len(half) != 2+20 || int(half[0])<<8|int(half[1]) < 100 {
		t.Errorf("the last message of %q is %q", raw, half)
	}
	over, err := srv.AwaitExchanges(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if e := over[0]; e.Failed != "" || e.ClientLeft || e.SentFrames != 1 {
		t.Errorf("exchange %+v", e)
	}
}

// TestSocketDrip: messages come whole, a little at a time; a ping is answered,
// but never in the middle of one.
func TestSocketDrip(t *testing.T) {
	const rate = 100_000
	srv := RunT(t, ScenarioText(ofSpeech+fmt.Sprintf(`fault = { kind = "drip", bytes_per_second = %d }`, rate)))
	s := openSocket(t, srv)
	ponged := ""
	s.conn.SetPongHandler(func(data string) error { ponged = data; return nil })
	s.send(runTask("tts", "out", `"input":{"text":"One."},"parameters":{"voice":"v"}`))
	if err := s.conn.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(20*time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := s.events(); got != oneSentence {
		t.Error(got)
	}
	s.send("no JSON") // Read behind the ping.
	if got := s.events(); !strings.HasPrefix(got, "closed 1007") || ponged != "there?" {
		t.Errorf("%s, pong %q", got, ponged)
	}
	over, err := srv.AwaitExchanges(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if e := over[0]; e.Took < time.Duration(e.SentBytes)*time.Second/rate {
		t.Errorf("%d bytes in %v", e.SentBytes, e.Took)
	}
}
