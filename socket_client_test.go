package mockllm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

const (
	inference = "/api-ws/v1/inference"
	taskID    = "439e0616-2f5b-44e0-8872-0002a066a49c"
)

// A listener speaks to the server as a client of the WebSocket does.
type listener struct {
	t     *testing.T
	conn  *websocket.Conn
	reset bool // A write found the connection reset, which a read then no longer tells.
}

var anyKey = http.Header{"Authorization": {"bearer sk-test"}}

func dialSocket(t *testing.T, srv *Server, path string, header http.Header) (*listener, *http.Response, error) {
	t.Helper()
	conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(srv.URL(), "http")+path, header)
	if err != nil {
		return nil, answer, err
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	return &listener{t: t, conn: conn}, answer, nil
}

func openSocket(t *testing.T, srv *Server) *listener {
	t.Helper()
	c, _, err := dialSocket(t, srv, inference, anyKey)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// send sends a text, or sound if it begins with a #.
func (c *listener) send(messages ...string) {
	c.t.Helper()
	for _, m := range messages {
		kind := websocket.TextMessage
		if strings.HasPrefix(m, "#") {
			kind = websocket.BinaryMessage
		}
		err := c.conn.WriteMessage(kind, []byte(m))
		if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
			c.reset = true
			return
		}
		if err != nil {
			c.t.Errorf("send: %v", err)
		}
	}
}

// hear reads one message: a text, "<n bytes>" of sound, or how it all ended.
func (c *listener) hear() string {
	kind, data, err := c.conn.ReadMessage()
	var closed *websocket.CloseError
	switch {
	case err != nil && c.reset:
		return "reset"
	case errors.As(err, &closed) && closed.Code == websocket.CloseAbnormalClosure:
		return "EOF"
	case errors.As(err, &closed):
		return strings.TrimSpace(fmt.Sprintf("closed %d %s", closed.Code, closed.Text))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "EOF"
	case errors.Is(err, syscall.ECONNRESET):
		return "reset"
	case err != nil:
		return err.Error()
	case kind == websocket.BinaryMessage:
		return fmt.Sprintf("<%d bytes>", len(data))
	default:
		return string(data)
	}
}

// events hears until a call or the connection is over, and names what came.
func (c *listener) events() string {
	var heard []string
	for {
		m := c.hear()
		var e struct {
			Type   string
			Header struct {
				Event string
				Code  string `json:"error_code"`
			}
			Payload struct{ Output struct{ Type string } }
		}
		switch err := json.Unmarshal([]byte(m), &e); {
		case m[0] == '<':
			heard = append(heard, "sound")
			continue
		case err != nil && m[0] == '{':
			heard = append(heard, "broken")
			continue
		case err != nil:
			return strings.Join(append(heard, m), " ")
		}
		switch e.Header.Event {
		case "task-finished":
			return strings.Join(append(heard, "finished"), " ")
		case "task-failed":
			heard = append(heard, "failed:"+e.Header.Code)
		case "result-generated":
			heard = append(heard, strings.TrimPrefix(e.Payload.Output.Type, "sentence-"))
		case "task-started":
			heard = append(heard, "started")
		default:
			heard = append(heard, e.Type)
		}
	}
}

func runTask(task, streaming, rest string) string {
	return `{"header":{"action":"run-task","task_id":"` + taskID + `","streaming":"` + streaming +
		`"},"payload":{"model":"cosyvoice-v2","task_group":"audio","task":"` + task + `","function":"SpeechSynthesizer",` + rest + `}}`
}

var (
	runSpeech  = runTask("tts", "duplex", `"input":{},"parameters":{"voice":"longxiaochun","format":"pcm"}`)
	runHearing = runTask("asr", "duplex", `"input":{},"parameters":{"format":"pcm"}`)
	finishTask = `{"header":{"action":"finish-task","task_id":"` + taskID + `"},"payload":{"input":{}}}`
)

func continueTask(text string) string {
	return `{"header":{"action":"continue-task","task_id":"` + taskID + `"},"payload":{"input":{"text":"` + text + `"}}}`
}
