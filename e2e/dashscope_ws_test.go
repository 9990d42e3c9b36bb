package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/devinyf/dashscopego/httpclient"
	"github.com/devinyf/dashscopego/paraformer"
)

// TestDashScopeGoSocket drives speech recognition through the WebSocket client
// of a community SDK, which reads messages of up to 1024 bytes only.
func TestDashScopeGoSocket(t *testing.T) { runCases(t, dashscopegoSocketCases) }

var dashscopegoSocketCases = []testCase{
	{"recognition", "", func(t *testing.T, s server) {
		if got, want := recognise(t, s, 3), []string{"task-started", "result-generated", "result-generated"}; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("events %v", got)
		}
	}},
	{"recognition that fails half-way", `
		[[rule]]
		name     = "full"
		match    = { dialect = "dashscope-ws" }
		error    = "Throttling.RateQuota"
		delivery = { mode = "mid-stream", after_frames = 1 }`, func(t *testing.T, s server) {
		if got, want := recognise(t, s, 3), []string{"task-started", "result-generated", "task-failed Throttling.RateQuota"}; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("events %v", got)
		}
	}},
	{"a handshake that is refused", `
		[[rule]]
		name  = "wrong key"
		error = "InvalidApiKey"`, func(t *testing.T, s server) {
		client := httpclient.NewWsClient("ws"+strings.TrimPrefix(s.vendors, "http")+"/api-ws/v1/inference", http.Header{"Authorization": {"Bearer sk-any"}})
		if err := client.ConnClient(nil); err == nil || !strings.Contains(err.Error(), "bad handshake") {
			t.Errorf("%v", err)
		}
	}},
}

// recognise sends two tenths of a second of sound and returns so many events.
func recognise(t *testing.T, s server, events int) []string {
	t.Helper()
	request := &paraformer.Request{
		Header: paraformer.ReqHeader{Streaming: "duplex", TaskID: paraformer.GenerateTaskID(), Action: "run-task"},
		Payload: paraformer.PayloadIn{
			Model: "paraformer-realtime-v1", Parameters: paraformer.Parameters{SampleRate: 16000, Format: "pcm"}, Input: map[string]any{},
			Task: "asr", TaskGroup: "audio", Function: "recognition",
		},
	}
	client := httpclient.NewWsClient("ws"+strings.TrimPrefix(s.vendors, "http")+"/api-ws/v1/inference", http.Header{"Authorization": {"Bearer sk-any"}})
	if err := client.ConnClient(request); err != nil {
		t.Fatal(err)
	}
	defer client.Conn.Close()
	output, _ := client.ResultChans()
	for range 2 {
		client.SendBinaryDates(make([]byte, 3200))
	}
	var got []string
	for range events {
		select {
		case m := <-output:
			var e struct {
				Header struct {
					Event string
					Code  string `json:"error_code"`
				}
			}
			if err := json.Unmarshal(m.Data, &e); err != nil {
				t.Fatal(err)
			}
			got = append(got, strings.TrimSpace(e.Header.Event+" "+e.Header.Code))
		case <-t.Context().Done():
			t.Fatal("the test ended")
		}
	}
	return got
}
