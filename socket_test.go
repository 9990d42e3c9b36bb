package mockllm

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

const oneSentence = "started begin synthesis sound synthesis sound end finished"

// TestSocketGolden compares every message of the server, byte for byte, with
// what stands in testdata/golden/dashscope-ws. A file has a scenario, and then
// a conversation: lines that begin with > are sent, the others are heard.
func TestSocketGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/golden/dashscope-ws/*.ws")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".ws"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			scenario, talk, found := strings.Cut(strings.TrimPrefix(string(text), "### scenario\n"), "### conversation ")
			path, talk, _ := strings.Cut(talk, "\n")
			if !found {
				t.Fatal("there is no conversation")
			}
			srv := RunT(t, ScenarioText(scenario), WithClock(play.NewManual(goldenTime)))
			c, _, err := dialSocket(t, srv, path, anyKey)
			if err != nil {
				t.Fatal(err)
			}
			got := converseGolden(c, talk)
			if got == talk {
				return
			}
			if !*update {
				t.Fatalf("--- got\n%s\n--- want\n%s", got, talk)
			}
			if err := os.WriteFile(file, []byte(strings.TrimSuffix(string(text), talk)+got), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// converseGolden sends what the conversation sends and writes down all that
// is heard, one message for each line that is not sent.
func converseGolden(c *listener, talk string) string {
	var said strings.Builder
	for line := range strings.Lines(talk) {
		text, sends := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "> ")
		if sends {
			c.send(text)
			said.WriteString(line)
			continue
		}
		heard := c.hear()
		said.WriteString(heard + "\n")
		if !strings.HasPrefix(heard, "{") && !strings.HasPrefix(heard, "<") {
			break
		}
	}
	return said.String()
}

func TestSocketSynthesis(t *testing.T) {
	srv := RunT(t)
	c := openSocket(t, srv)
	for n := range 2 { // A connection is used again behind a task that finished.
		c.send(runSpeech, continueTask("The first sentence. And"), continueTask(" the second"), finishTask)
		want := "started begin synthesis sound synthesis sound end begin synthesis sound synthesis sound end finished"
		if got := c.events(); got != want {
			t.Fatalf("task %d: %s", n, got)
		}
	}
	exchanges := srv.Journal()
	for len(exchanges) < 2 || !exchanges[1].Done {
		runtime.Gosched()
		exchanges = srv.Journal()
	}
	for _, e := range exchanges {
		if e.Dialect != "dashscope-ws" || e.Operation != "speech" || e.Model != "cosyvoice-v2" || !e.Stream || e.Status != 101 ||
			e.SentFrames != 14 || e.Body != runSpeech || e.Cause != "success" || e.ClientLeft || e.Failed != "" {
			t.Errorf("exchange %+v", e)
		}
	}
	if len(exchanges) != 2 || exchanges[0].Fingerprint != exchanges[1].Fingerprint {
		t.Errorf("%d exchanges", len(exchanges))
	}
}

func TestSocketModes(t *testing.T) {
	const read = `"input":{"text":"One sentence."},"parameters":{"voice":"v"}`
	for name, c := range map[string]struct {
		send []string
		want string
	}{
		"speech at once, streamed":    {[]string{runTask("tts", "out", read)}, oneSentence},
		"speech at once, whole":       {[]string{runTask("tts", "none", read)}, "started sound finished"},
		"speech gathered, whole":      {[]string{strings.Replace(runSpeech, "duplex", "in", 1), continueTask("One. Two. Three. "), finishTask}, "started sound finished"},
		"hearing":                     {[]string{runHearing, "#" + strings.Repeat("x", 3000), "#" + strings.Repeat("x", 3000), "#", finishTask}, "started    finished"},
		"hearing in one piece":        {[]string{runTask("asr", "none", `"input":{}`), "#sound"}, "started  finished"},
		"hearing nothing":             {[]string{runHearing, finishTask}, "started failed:NO_VALID_AUDIO_ERROR closed 1000"},
		"a chat":                      {[]string{runTask("text-generation", "none", `"input":{"prompt":"hi"}`)}, "started  finished"},
		"no voice":                    {[]string{runTask("tts", "duplex", `"input":{}`)}, "failed:InvalidParameter closed 1000"},
		"no text":                     {[]string{runSpeech, finishTask}, "started failed:InvalidParameter closed 1000"},
		"too much text":               {[]string{runSpeech, continueTask(strings.Repeat("x", 20_001))}, "started failed:InvalidParameter closed 1000"},
		"no JSON":                     {[]string{"hello"}, "closed 1007 Invalid payload data"},
		"no object":                   {[]string{"[]"}, "closed 1007 Invalid payload data"},
		"no JSON in a task":           {[]string{runSpeech, "hello"}, "started closed 1007 Invalid payload data"},
		"no action":                   {[]string{"{}"}, "failed:InvalidParameter closed 1000"},
		"unknown action":              {[]string{strings.Replace(runSpeech, "run-task", "walk-task", 1)}, "failed:InvalidParameter closed 1000"},
		"no id":                       {[]string{strings.Replace(runSpeech, taskID, "", 1)}, "failed:InvalidParameter closed 1000"},
		"no model":                    {[]string{strings.Replace(runSpeech, "cosyvoice-v2", "", 1)}, "failed:InvalidParameter closed 1000"},
		"no task":                     {[]string{strings.Replace(runSpeech, "tts", "", 1)}, "failed:InvalidParameter closed 1000"},
		"no streaming":                {[]string{strings.Replace(runSpeech, "duplex", "", 1)}, "failed:InvalidParameter closed 1000"},
		"run twice":                   {[]string{runSpeech, runSpeech}, "started failed:InvalidParameter closed 1000"},
		"continue first":              {[]string{continueTask("x")}, "failed:InvalidParameter closed 1000"},
		"sound first":                 {[]string{"#x"}, "failed:InvalidParameter closed 1000"},
		"sound to be read":            {[]string{runSpeech, "#x"}, "started failed:InvalidParameter closed 1000"},
		"another id":                  {[]string{runSpeech, strings.Replace(finishTask, "439e", "549e", 1)}, "started failed:InvalidParameter closed 1000"},
		"a second text":               {[]string{runTask("asr", "none", `"input":{}`), continueTask("x")}, "started failed:InvalidParameter closed 1000"},
		"more than is read":           {[]string{"#" + strings.Repeat("x", 1<<20)}, "closed 1009 The decoded text message was too big for the output buffer and the endpoint does not support partial messages"},
		"more than is read in a task": {[]string{runSpeech, "#" + strings.Repeat("x", 1<<20)}, "started closed 1009 The decoded text message was too big for the output buffer and the endpoint does not support partial messages"},
		"magic model":                 {[]string{strings.Replace(runSpeech, "cosyvoice-v2", "mockllm-error-InvalidApiKey", 1)}, "failed:InvalidApiKey closed 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := RunT(t)
			s := openSocket(t, srv)
			s.send(c.send...)
			if got := s.events(); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestSocketFaults strikes one synthesis of one sentence.
func TestSocketFaults(t *testing.T) {
	speech := func(rest string) string {
		return "[[rule]]\nname = \"r\"\nmatch = { dialect = \"dashscope-ws\", operation = \"speech\" }\n" + rest
	}
	mid := "error = \"CLIENT_ERROR\"\ndelivery = { mode = \"mid-stream\""
	for name, c := range map[string]struct{ scenario, want string }{
		"nothing":               {"", oneSentence},
		"an error":              {speech(`error = "Throttling.RateQuota"`), "failed:Throttling.RateQuota closed 1000"},
		"of the other family":   {speech(`error = "DataInspectionFailed"`), "failed:DataInspectionFailed closed 1000"},
		"a close code":          {speech(`error = "1011"`), "closed 1011 Too many requests. Your requests are being throttled due to system capacity limits. Please try again later."},
		"a close in the middle": {speech("error = \"1011\"\ndelivery = { mode = \"mid-stream\", after_frames = 3 }"), "started begin synthesis sound closed 1011 Too many requests. Your requests are being throttled due to system capacity limits. Please try again later."},
		"half-way":              {speech(mid + ", after_frames = 3 }"), "started begin synthesis sound failed:CLIENT_ERROR closed 1000"},
		"behind the start":      {speech(mid + ", after_frames = 0 }"), "started failed:CLIENT_ERROR closed 1000"},
		"by default":            {speech(mid + " }"), "started begin failed:CLIENT_ERROR closed 1000"},
		"before the end":        {speech(mid + ", at = \"before-end\" }"), "started begin synthesis sound synthesis sound end failed:CLIENT_ERROR closed 1000"},
		"behind the end":        {speech(mid + ", after_frames = 99 }"), "started begin synthesis sound synthesis sound end failed:CLIENT_ERROR closed 1000"},
		"an error, then a cut":  {speech(mid + ", after_frames = 1 }\nfault = \"cut\""), "started begin failed:CLIENT_ERROR EOF"},
		"a cut behind an error": {speech("error = \"CLIENT_ERROR\"\nfault = \"cut\""), "failed:CLIENT_ERROR EOF"},
		"reset":                 {speech(`fault = "reset"`), "reset"},
		"reset half-way":        {speech(`fault = { kind = "reset", after_frames = 3 }`), "started begin synthesis sound reset"},
		"empty":                 {speech(`fault = "empty"`), "EOF"},
		"hang":                  {speech(`fault = { kind = "hang", for = "1ms" }`), "EOF"},
		"stall":                 {speech(`fault = { kind = "stall", after_frames = 2, for = "1ms" }`), "started begin synthesis EOF"},
		"cut":                   {speech(`fault = { kind = "cut", after_frames = 4 }`), "started begin synthesis sound synthesis EOF"},
		"early end":             {speech(`fault = "early-end"`), "started begin synthesis sound synthesis sound end closed 1000"},
		"ws-close":              {speech(`fault = { kind = "ws-close", code = 1011, reason = "busy" }`), "closed 1011 busy"},
		"ws-close half-way":     {speech(`fault = { kind = "ws-close", code = 4001, after_frames = 1 }`), "started begin closed 4001"},
		"a cut message":         {speech(`fault = { kind = "cut", at = "inside-string", after_frames = 1 }`), "started begin EOF"},
		"a cut sound":           {speech(`fault = { kind = "cut", after_bytes = 700 }`), "started begin synthesis EOF"},
		"reset in a message":    {speech(`fault = { kind = "reset", after_bytes = 20 }`), "started reset"},
		"stalled in a message":  {speech(`fault = { kind = "stall", after_bytes = 20, for = "1ms" }`), "started EOF"},
		"dripping":              {speech(`fault = { kind = "drip", bytes_per_second = 1_000_000 }`), oneSentence},
		"another order":         {speech(`fault = { kind = "reorder", after_frames = 2 }`), "started begin synthesis synthesis sound sound end finished"},
		"the end too early":     {speech(`fault = { kind = "reorder", after_frames = 5 }`), "started begin synthesis sound synthesis sound finished"},
		"bad JSON":              {speech(`fault = "bad-json"`), "started begin broken sound synthesis sound end finished"},
		"duplicate":             {speech(`fault = { kind = "duplicate", after_frames = 2 }`), "started begin synthesis sound sound synthesis sound end finished"},
		"split":                 {speech(`fault = "split"`), oneSentence},
		"split small":           {speech(`fault = { kind = "split", bytes = 3 }`), oneSentence},
		"never finished":        {speech("fault = \"drop-done\"\n[[rule]]\nname = \"s\"\nmatch.dialect = \"dashscope-ws\"\nwhen.calls = 2\nerror = \"CLIENT_ERROR\""), "started begin synthesis sound synthesis sound end failed:CLIENT_ERROR closed 1000"},
		"slowly":                {speech(`latency = { first_byte = "1ms", first_frame = "1ms", frame = "1ms" }`), oneSentence},
		"unmatched":             {"unmatched = \"refuse\"", " closed 1008 mockllm: no rule matches"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := RunT(t, ScenarioText(c.scenario))
			s := openSocket(t, srv)
			s.send(runSpeech, continueTask("One sentence."), finishTask)
			if name == "never finished" {
				s.send(runSpeech)
			}
			if got := s.events(); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestAskedOnSocket asks at the handshake for what every call then answers.
func TestAskedOnSocket(t *testing.T) {
	srv := RunT(t)
	for range 2 {
		c, _, err := dialSocket(t, srv, inference, http.Header{"Authorization": anyKey["Authorization"], "X-Mockllm-Error": {"Throttling.RateQuota"}})
		if err != nil {
			t.Fatal(err)
		}
		c.send(runSpeech)
		if got := c.events(); got != "failed:Throttling.RateQuota closed 1000" {
			t.Error(got)
		}
	}
}

// TestSocketCounts counts each task as a call, and the handshake as none; the
// fingerprint leaves out the task's id.
func TestSocketCounts(t *testing.T) {
	srv := RunT(t, ScenarioText("[[rule]]\nname = \"r\"\nmatch = { dialect = \"dashscope-ws\", prompt = \"twice\" }\nwhen = { calls = \"1..2\", per = \"request\" }\nerror = \"Throttling.RateQuota\""))
	run := runTask("tts", "out", `"input":{"text":"Say it twice."},"parameters":{"voice":"v"}`)
	var got []string
	for i := range 3 {
		c := openSocket(t, srv)
		c.send(strings.Replace(run, taskID, fmt.Sprint("id", i), 1))
		got = append(got, strings.Fields(c.events())[0])
	}
	if want := "failed:Throttling.RateQuota failed:Throttling.RateQuota started"; strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
}

func TestSocketNamespaces(t *testing.T) {
	srv := RunT(t)
	for _, path := range []string{"/ns/blue" + inference, "/ns/blue" + inference + "/"} {
		c, _, err := dialSocket(t, srv, path, anyKey)
		if err != nil {
			t.Fatal(err)
		}
		c.send(runTask("tts", "none", `"input":{"text":"One."},"parameters":{"voice":"v"}`))
		c.events()
	}
	if blue := srv.Namespace("blue").Journal(); len(blue) != 2 || len(srv.Journal()) != 0 {
		t.Errorf("%d in blue, %d elsewhere", len(blue), len(srv.Journal()))
	}
}

// TestSocketLearns: a connection that is open learns what becomes of its key,
// from one call to the next.
func TestSocketLearns(t *testing.T) {
	const speech = `"input":{"text":"One."},"parameters":{"voice":"v"}`
	srv := RunT(t)
	c := openSocket(t, srv)
	c.send(runTask("tts", "none", speech))
	if got := c.events(); !strings.HasSuffix(got, "finished") {
		t.Fatal(got)
	}
	arrears, err := scenarios.Load("arrears.toml", []byte("[keys.sk-test]\nstate = \"arrears\""))
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Namespace("").Follow(arrears); err != nil {
		t.Fatal(err)
	}
	c.send(runTask("tts", "none", speech))
	if got := c.events(); !strings.Contains(got, "failed:Arrearage") {
		t.Errorf("with a key in arrears: %s", got)
	}
}

// TestSocketLatency waits on the clock; what for is the plan's.
func TestSocketLatency(t *testing.T) {
	clock := play.NewManual(goldenTime)
	srv := RunT(t, WithClock(clock), ScenarioText("[[rule]]\nname = \"r\"\nmatch = { dialect = \"dashscope-ws\", operation = \"speech\" }\nlatency = { first_byte = \"1s\", frame = \"3s\" }"))
	s := openSocket(t, srv)
	s.send(runTask("tts", "out", `"input":{"text":"One."},"parameters":{"voice":"v"}`))
	for len(srv.Journal()) == 0 {
		runtime.Gosched()
	}
	heard := make(chan string, 1)
	go func() { heard <- s.events() }()
	for {
		select {
		case got := <-heard:
			if e := srv.Journal()[0]; got != oneSentence || clock.Now().Sub(e.Time) < 16*time.Second {
				t.Errorf("%s, %v later", got, clock.Now().Sub(e.Time))
			}
			return
		default:
			clock.Advance(100 * time.Millisecond)
			runtime.Gosched()
		}
	}
}
