package mockllm

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/play"
)

// whole is a task that needs nothing more of the client.
var whole = runTask("tts", "none", `"input":{"text":"Hi."},"parameters":{"voice":"longxiaochun","format":"pcm"}`)

// TestSocketRefusesByItself: what the vendor knows of keys, models and limits
// holds on a WebSocket as well, with no rule at all.
func TestSocketRefusesByItself(t *testing.T) {
	for name, c := range map[string]struct {
		scenario string
		run      string
		want     string // What each of two tasks is told.
	}{
		"a good key":        {``, whole, "finished, finished"},
		"in arrears":        {`[keys."sk-test"]` + "\nstate = \"arrears\"", whole, "failed:Arrearage"},
		"no access":         {`[keys."sk-*"]` + "\nstate = \"no-access\"", whole, "failed:Model.AccessDenied"},
		"free tier":         {`[keys."sk-*"]` + "\nstate = \"free-tier-used\"", whole, "failed:AllocationQuota.FreeTierOnly"},
		"another model":     {`[keys."sk-*"]` + "\nmodels = [\"qwen*\"]", whole, "failed:Model.AccessDenied"},
		"a made-up model":   {``, strings.Replace(whole, "cosyvoice-v2", "made-up", 1), "failed:InvalidParameter"},
		"made up, let in":   {`refusals = { unknown_model = "answer" }`, strings.Replace(whole, "cosyvoice-v2", "made-up", 1), "finished, finished"},
		"an unsafe text":    {``, strings.Replace(whole, "Hi.", "mockllm-unsafe", 1), "failed:DataInspectionFailed"},
		"an unsafe answer":  {``, strings.Replace(whole, "Hi.", "mockllm-unsafe-output", 1), "failed:DataInspectionFailed"},
		"one a minute":      {"[[limit]]\nrpm = 1", whole, "finished, failed:Throttling.RateQuota"},
		"one at a time":     {"[[limit]]\nconcurrency = 1", whole, "finished, finished"},
		"refuses nothing":   {"refusals = \"off\"\n[keys.\"sk-test\"]\nstate = \"arrears\"", whole, "finished, finished"},
		"of another region": {`[keys."sk-test"]` + "\nstate = \"wrong-region\"", whole, "401"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := RunT(t, ScenarioText(c.scenario), WithClock(play.NewManual(goldenTime)))
			conn, answer, err := dialSocket(t, srv, inference, anyKey)
			if err != nil {
				if answer == nil || answer.StatusCode != http.StatusUnauthorized || c.want != "401" {
					t.Errorf("the handshake: %v", err)
				}
				return
			}
			var told []string
			for range 2 {
				conn.send(c.run)
				words := strings.Fields(conn.events())
				last := words[len(words)-1]
				for _, word := range words {
					if strings.HasPrefix(word, "failed:") {
						last = word
					}
				}
				if told = append(told, last); last != "finished" {
					break // The server closes behind a failed task.
				}
			}
			if got := strings.Join(told, ", "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// TestRealtimeRefusesByItself: so it does on the realtime endpoint, where the
// model stands in the address and an error leaves the connection open.
func TestRealtimeRefusesByItself(t *testing.T) {
	for name, c := range map[string]struct{ scenario, model, want string }{
		"a good key":      {``, "qwen-omni-turbo-realtime", "done, done"},
		"in arrears":      {`[keys."sk-test"]` + "\nstate = \"arrears\"", "qwen-omni-turbo-realtime", "Arrearage, Arrearage"},
		"no access":       {`[keys."sk-*"]` + "\nstate = \"no-access\"", "qwen-omni-turbo-realtime", "Model.AccessDenied, Model.AccessDenied"},
		"free tier":       {`[keys."sk-*"]` + "\nstate = \"free-tier-used\"", "qwen-tts-realtime", "AllocationQuota.FreeTierOnly, AllocationQuota.FreeTierOnly"},
		"another model":   {`[keys."sk-*"]` + "\nmodels = [\"qwen-tts*\"]", "qwen-omni-turbo-realtime", "Model.AccessDenied, Model.AccessDenied"},
		"its own model":   {`[keys."sk-*"]` + "\nmodels = [\"qwen-tts*\"]", "qwen-tts-realtime", "done, done"},
		"a made-up model": {``, "made-up", "InvalidParameter, InvalidParameter"},
		"made up, let in": {`refusals = { unknown_model = "answer" }`, "made-up", "done, done"},
		"no model":        {``, "", "InvalidParameter, InvalidParameter"},
		"one a minute":    {"[[limit]]\nrpm = 1", "qwen-omni-turbo-realtime", "done, Throttling.RateQuota"},
		"refuses nothing": {"refusals = \"off\"\n[keys.\"sk-test\"]\nstate = \"arrears\"", "qwen-omni-turbo-realtime", "done, done"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := RunT(t, ScenarioText(c.scenario), WithClock(play.NewManual(goldenTime)))
			conn, _, err := dialSocket(t, srv, "/api-ws/v1/realtime?model="+c.model, anyKey)
			if err != nil {
				t.Fatal(err)
			}
			var told []string
			for len(told) < 2 {
				conn.send(`{"type":"response.create"}`)
				for heard := ""; heard == ""; {
					message := conn.hear()
					switch code := gjson.Get(message, "error.code"); {
					case code.Exists():
						heard = code.Str
					case gjson.Get(message, "type").Str == "response.done":
						heard = "done"
					case !gjson.Valid(message):
						t.Fatal(message)
					}
					if heard != "" {
						told = append(told, heard)
					}
				}
			}
			if got := strings.Join(told, ", "); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
