package responders

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// socketFor opens a session as a handshake on the path does.
func socketFor(path, model string) (Session, SocketMessage) {
	in := &Incoming{
		Method: http.MethodGet, Path: path, Header: http.Header{"Authorization": {"bearer sk-test"}},
		Query: map[string][]string{"model": {model}}, Operation: catalog.OpHandshake,
	}
	d := dashScopeWS{}
	return d.Open(in, d.Decode(in), Meta{})
}

// socketAnswer lets a session answer a message, its calls as they would be without
// a scenario.
func socketAnswer(t *testing.T, s Session, f SocketFrame) (Session, SocketMessage) {
	t.Helper()
	next, call, message := s.Next(f)
	if call == nil {
		return next, message
	}
	var d scenarios.Decision
	for _, refused := range []*scenarios.Refusal{call.Identity, call.Refused} {
		if refused != nil {
			d.Failure = failure(t, refused, call.Dialect)
			break
		}
	}
	return next.Begin(call, Meta{}, d)
}

// FuzzSocket sends any messages to both endpoints: nothing panics, what is
// said is JSON where it is text, and what fails a task closes the connection.
func FuzzSocket(f *testing.F) {
	run := `{"header":{"action":"run-task","task_id":"a","streaming":"%"},"payload":{"model":"cosyvoice-v2","task":"tts","input":{"text":"One. Two."},"parameters":{}}}`
	for _, mode := range []string{"duplex", "none", "out", "in", ""} {
		for _, task := range []string{"tts", "asr", "text-generation", "x"} {
			f.Add(strings.NewReplacer("%", mode, "tts", task).Replace(run), `{"header":{"action":"continue-task","task_id":"a"},"payload":{"input":{"text":"好。"}}}`, []byte("sound"))
		}
	}
	f.Add(run, `{"header":{"action":"finish-task","task_id":"a"}}`, []byte{})
	f.Add(`{"type":"session.update","session":{"modalities":["x",1]}}`, `{"type":"response.create"}`, []byte{})
	f.Add(`{"type":"input_text_buffer.append","text":"x"}`, `{"type":"input_text_buffer.commit"}`, []byte{0xff})
	f.Add(`{"header":{"action":"run-task","task_id":{}},"payload":[]}`, "\xff", []byte(nil))
	f.Fuzz(func(t *testing.T, first, second string, sound []byte) {
		for _, path := range []string{inferencePath, realtimePath} {
			session, greeting := socketFor(path, "qwen-tts")
			checkSaid(t, greeting)
			if _, m := socketAnswer(t, session, SocketFrame{Data: []byte(first)}); path == inferencePath && m.Events == nil && m.Close == nil {
				t.Errorf("no answer to %q", first)
			}
			for _, frame := range []SocketFrame{{Data: []byte(first)}, {Data: []byte(second)}, {Binary: true, Data: sound}, {Data: []byte(second)}} {
				var message SocketMessage
				session, message = socketAnswer(t, session, frame)
				checkSaid(t, message)
				if message.Close != nil {
					break
				}
			}
			checkSaid(t, session.Silence())
			checkSaid(t, session.TooBig())
		}
	})
}

func checkSaid(t *testing.T, m SocketMessage) {
	t.Helper()
	size := 0
	for _, e := range m.Events {
		size += len(e.Data)
		if !e.Binary && !json.Valid(e.Data) {
			t.Errorf("said %q", e.Data)
		}
		if e.Part == SocketFail && gjson.GetBytes(e.Data, "header.event").String() == "task-failed" && m.Close == nil {
			t.Errorf("the connection stays open behind %s", e.Data)
		}
	}
	if m.Close != nil && (len(m.Close.Reason) > longestReason || m.Close.Code < closeNormal) {
		t.Errorf("closes with %+v", m.Close)
	}
	if size > 8<<20 {
		t.Errorf("%d bytes are said", size)
	}
}

// TestSocketSessionsAreValues: an older session can go on another way.
func TestSocketSessionsAreValues(t *testing.T) {
	session, _ := socketFor(inferencePath, "")
	run := `{"header":{"action":"run-task","task_id":"a","streaming":"duplex"},"payload":{"model":"sambert-zhichu-v1","task":"tts","input":{},"parameters":{}}}`
	begun, _ := socketAnswer(t, session, SocketFrame{Data: []byte(run)})
	text := func(s string) SocketFrame {
		return SocketFrame{Data: []byte(`{"header":{"action":"continue-task","task_id":"a"},"payload":{"input":{"text":"` + s + `"}}}`)}
	}
	said := func(m SocketMessage) string {
		return gjson.GetBytes(m.Events[0].Data, "payload.output.original_text").String()
	}
	socketAnswer(t, begun, text("Something else. "))
	half, _ := socketAnswer(t, begun, text("A long "))
	for _, end := range []string{"sentence.", "way to go."} {
		if _, m := socketAnswer(t, half, text(end)); said(m) != "A long "+end {
			t.Errorf("said %q", said(m))
		}
	}
}

// TestSmallTextSmallAnswer bounds what a text of many short sentences gets.
func TestSmallTextSmallAnswer(t *testing.T) {
	session, _ := socketFor(inferencePath, "")
	text := strings.Repeat("。", 5000)
	run := `{"header":{"action":"run-task","task_id":"a","streaming":"out"},"payload":{"model":"sambert-zhichu-v1","task":"tts","input":{"text":"` + text + `"},"parameters":{}}}`
	_, m := socketAnswer(t, session, SocketFrame{Data: []byte(run)})
	size := 0
	for _, e := range m.Events {
		size += len(e.Data)
	}
	if size < 100_000 || size > 40*len(run) {
		t.Errorf("%d bytes for %d", size, len(run))
	}
}

// TestSentences cuts text where sentences end.
func TestSentences(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"no end":                      "",
		"One sentence. And more":      "One sentence.",
		"短。句子很短。还有":                   "短。句子很短。",
		strings.Repeat("x", 601):      strings.Repeat("x", 600),
		"Half of a rune \xe5":         "",
		"One sentence.Two sentences!": "One sentence.|Two sentences!",
	} {
		sentences, rest := cutSentences(text, 0)
		if got := strings.Join(sentences, "|"); got != want || strings.Join(sentences, "")+rest != text {
			t.Errorf("%q: got %q and %q", text, got, rest)
		}
	}
}

// TestEveryRefusalOfSocketsIsKnown: those of the middle of a task are looked
// up when they are needed.
func TestEveryRefusalOfSocketsIsKnown(t *testing.T) {
	for _, refusal := range []*scenarios.Refusal{
		noTask(), protocolMissing("x"), noCommand(), socketParameter("Text request limit violated", nil),
		socketParameter("Please ensure input text is valid.", nil), socketParameter("Request voice is invalid!", nil),
		{ID: dashScopeSocket + "CLIENT_ERROR", Variant: "request timeout after "}, {ID: dashScopeSocket + "1009"},
		{ID: dashScopeSocket + "NO_VALID_AUDIO_ERROR"},
	} {
		failure(t, refusal, catalog.DashScopeWS)
		if m := (dashScopeWS{}).refused(&scenarios.Request{}, Meta{}, *refusal); m.Entry == nil || m.Close == nil {
			t.Errorf("%+v: said %+v", refusal, m)
		}
	}
}

// TestRealtimeUsage: what is said costs tokens, sound more of them, and what is
// read aloud by newer models characters. What a scenario says is kept.
func TestRealtimeUsage(t *testing.T) {
	second := `{"type":"input_audio_buffer.append","audio":"` + strings.Repeat("AAAA", 32_000/3) + `"}`
	for name, c := range map[string]struct {
		model string
		said  []string
		reply *scenarios.Reply
		want  string
	}{
		"text":   {"qwen-omni-turbo", []string{`{"type":"session.update","session":{"modalities":["text"],"instructions":"Be brief."}}`, `{"type":"response.create"}`}, &scenarios.Reply{Text: new("One.")}, "5 3 2 {\"text_tokens\":3,\"audio_tokens\":0} {\"text_tokens\":2}"},
		"sound":  {"qwen-omni-turbo", []string{second, `{"type":"response.create","response":{"instructions":"Hi."}}`}, &scenarios.Reply{Text: new("One.")}, "54 27 27 {\"text_tokens\":2,\"audio_tokens\":25} {\"text_tokens\":2,\"audio_tokens\":25}"},
		"given":  {"qwen-omni-turbo", []string{second, `{"type":"response.create"}`}, &scenarios.Reply{Usage: &scenarios.Usage{PromptTokens: 7, CompletionTokens: 9}}, "16 7 9 {\"text_tokens\":0,\"audio_tokens\":7} {\"text_tokens\":0,\"audio_tokens\":9}"},
		"read":   {"qwen-tts-realtime", []string{`{"type":"input_text_buffer.append","text":"Hi."}`, `{"type":"input_text_buffer.commit"}`}, nil, "52 2 50 {\"text_tokens\":2} {\"text_tokens\":0,\"audio_tokens\":50}"},
		"newer":  {"qwen3-tts-flash-realtime", []string{`{"type":"input_text_buffer.append","text":"好."}`, `{"type":"input_text_buffer.commit"}`}, nil, "characters 3"},
		"unsafe": {"qwen-tts-realtime", []string{`{"type":"input_text_buffer.append","text":"mockllm-unsafe"}`, `{"type":"input_text_buffer.commit"}`}, nil, "DataInspectionFailed"},
	} {
		session, _ := socketFor(realtimePath, c.model)
		got := "nothing"
		for _, said := range c.said {
			next, call, _ := session.Next(SocketFrame{Data: []byte(said)})
			session = next
			switch {
			case call == nil:
			case call.Refused != nil:
				got = strings.TrimPrefix(call.Refused.ID, dashScopeModel)
			default:
				_, m := session.Begin(call, Meta{}, scenarios.Decision{Reply: c.reply})
				got = usageTold(m)
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// usageTold is the usage at the end of a message, which must agree with what is
// counted of it.
func usageTold(m SocketMessage) string {
	usage := gjson.GetBytes(m.Events[len(m.Events)-1].Data, "response.usage")
	if characters := usage.Get("characters"); characters.Exists() {
		return "characters " + characters.Raw
	}
	if usage.Get("output_tokens").Int() != int64(m.Output()) {
		return "otherwise counted"
	}
	var told []string
	for _, name := range []string{"total_tokens", "input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"} {
		told = append(told, usage.Get(name).Raw)
	}
	return strings.Join(told, " ")
}
