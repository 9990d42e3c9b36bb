package responders

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// A responsesDouble answers calls of the Responses API one after the other and
// keeps what they make.
type responsesDouble struct {
	t         *testing.T
	responder Responder
	records   scenarios.Records
	calls     uint64
}

func newResponsesDouble(t *testing.T) *responsesDouble {
	return &responsesDouble{t: t, responder: dashScopeResponses{}, records: scenarios.NewMemory()}
}

// ask calls a path of responses and returns the answer's body.
func (d *responsesDouble) ask(method, path, body string) (int, gjson.Result) {
	d.t.Helper()
	path, query, _ := strings.Cut(path, "?")
	in := post(catalog.OpChat, d.responder.Routes()[0].Path+path, body)
	in.Method, in.Query = method, ParseQuery(query)
	if id, named := strings.CutPrefix(path, "/"); named {
		id = strings.TrimSuffix(strings.TrimSuffix(id, cancelSuffix), inputItemsSuffix)
		in.Operation, in.Vars = catalog.OpResponse, map[string]string{"response_id": id}
	}
	return d.call(in)
}

func (d *responsesDouble) call(in *Incoming) (int, gjson.Result) {
	d.t.Helper()
	view, err := d.records.View(d.t.Context(), "")
	if err != nil {
		d.t.Fatal(err)
	}
	d.calls++
	m := Meta{Entropy: [2]uint64{d.calls << 16, 2}, Now: in.Now, Records: view}
	r := d.responder.Decode(in)
	for _, refused := range []*scenarios.Refusal{r.Identity, r.Refused} {
		if refused != nil {
			d.t.Fatalf("%s %s is refused: %+v", in.Path, in.Body, refused)
		}
	}
	answer := d.responder.Success(r, m, nil)
	if _, err := d.records.Commit(d.t.Context(), "", in.Now, answer.Changes); err != nil {
		d.t.Fatal(err)
	}
	return answer.Status, gjson.ParseBytes(answer.Frames[0])
}

// create makes a response and returns it.
func (d *responsesDouble) create(body string) gjson.Result {
	d.t.Helper()
	status, made := d.ask(http.MethodPost, "", body)
	if status != http.StatusOK || made.Get("status").Str != "completed" {
		d.t.Fatalf("%d %s", status, made.Raw)
	}
	return made
}

// TestResponsesChain: a response that names an earlier one pays for what was
// said before.
func TestResponsesChain(t *testing.T) {
	d := newResponsesDouble(t)
	first := d.create(`{"model":"qwen-plus","instructions":"one two","input":"three"}`)
	second := d.create(`{"model":"qwen-plus","input":"four","previous_response_id":"` + first.Get("id").Str + `"}`)
	third := d.create(`{"model":"qwen-plus","input":"five","previous_response_id":"` + second.Get("id").Str + `"}`)
	paid := func(r gjson.Result) int64 { return r.Get("usage.input_tokens").Int() }
	spoken := func(r gjson.Result) int64 { return r.Get("usage.output_tokens").Int() }
	if paid(first) != 3 {
		t.Errorf("the first pays %d, want 3", paid(first))
	}
	// Instructions are not carried over.
	if want := 1 + spoken(first) + 1; paid(second) != want {
		t.Errorf("the second pays %d, want %d", paid(second), want)
	}
	if want := paid(second) + spoken(second) + 1; paid(third) != want {
		t.Errorf("the third pays %d, want %d", paid(third), want)
	}
	if got := second.Get("previous_response_id").Str; got != first.Get("id").Str {
		t.Errorf("previous_response_id %q", got)
	}
}

// TestKeptResponse asks for one, cancels it, and removes it.
func TestKeptResponse(t *testing.T) {
	d := newResponsesDouble(t)
	made := d.create(`{"model":"qwen-plus","input":"a","metadata":{"k":"v"}}`)
	id := made.Get("id").Str
	want := strings.Replace(made.Raw, `"metadata":{"k":"v"}`, `"metadata":{}`, 1)
	for _, call := range []struct{ method, path string }{{http.MethodGet, "/" + id}, {http.MethodPost, "/" + id + cancelSuffix}} {
		if status, got := d.ask(call.method, call.path, ""); status != http.StatusOK || got.Raw != want || want == made.Raw {
			t.Errorf("%s %s: %d %s, want %s", call.method, call.path, status, got.Raw, want)
		}
	}
	if _, got := d.ask(http.MethodDelete, "/"+id, ""); got.Raw != `{"deleted":true,"id":"`+id+`"}` {
		t.Errorf("deleted: %s", got.Raw)
	}
	for _, call := range []struct{ method, path string }{
		{http.MethodGet, "/" + id}, {http.MethodDelete, "/" + id}, {http.MethodPost, "/" + id + cancelSuffix},
	} {
		if status, got := d.ask(call.method, call.path, ""); status != http.StatusBadRequest ||
			got.Raw != `{"error":{"message":"Response with id '`+id+`' not found.","type":"InvalidParameter"}}` {
			t.Errorf("%s %s: %d %s", call.method, call.path, status, got.Raw)
		}
	}
}

// TestNotKept: what the caller does not want kept, and what is too long, is not
// there later.
func TestNotKept(t *testing.T) {
	d := newResponsesDouble(t)
	properties := strings.Repeat(`"p":{"type":"string"},`, 2000)
	for name, body := range map[string]string{
		"store":    `{"model":"qwen-plus","input":"a","store":false}`,
		"too long": `{"model":"qwen-plus","input":"a","tools":[{"name":"f","parameters":{"properties":{` + properties + `"q":{}}}}]}`,
	} {
		id := d.create(body).Get("id").Str
		if status, _ := d.ask(http.MethodGet, "/"+id, ""); status != http.StatusBadRequest {
			t.Errorf("%s: GET answers %d", name, status)
		}
		status, got := d.ask(http.MethodPost, "", `{"model":"qwen-plus","input":"b","previous_response_id":"`+id+`"}`)
		if status != http.StatusBadRequest || got.Get("message").Str != "Not found previous_response_id: "+id {
			t.Errorf("%s: a response behind it: %d %s", name, status, got.Raw)
		}
	}
}

// TestKeptIsBounded: however much is said, the record is small, and the newest
// turns stand in it.
func TestKeptIsBounded(t *testing.T) {
	turn := strings.Repeat("a ", 1000)
	in := post(catalog.OpChat, responsesPath, `{"model":"qwen-plus","input":[`+strings.Repeat(`{"role":"user","content":"`+turn+`"},`, 500)+
		`{"role":"user","content":"last"}],"instructions":"`+strings.Repeat(turn, 100)+`"}`)
	_, m := ask(t, dashScopeResponses{}, in)
	if len(m.Changes) != 1 || len(m.Changes[0].Value) > maxResponse+maxHistory+1000 {
		t.Fatalf("%d changes, %d bytes", len(m.Changes), len(m.Changes[0].Value))
	}
	kept := gjson.GetBytes(m.Changes[0].Value, "items.#.content.0.text").Array()
	if n := len(kept); n < 3 || kept[n-1].Str != "last" || kept[n-2].Str != turn {
		t.Errorf("kept %v", kept)
	}
}

// TestMidStreamFailureIsNotKept: the response that breaks off is not there
// later.
func TestMidStreamFailureIsNotKept(t *testing.T) {
	in := post(catalog.OpChat, responsesPath, `{"model":"qwen-plus","input":"a","stream":true}`)
	d := dashScopeResponses{}
	r := d.Decode(in)
	f := failure(t, &scenarios.Refusal{ID: dashScopeModel + "DataInspectionFailed"}, r.Dialect)
	f.Delivery = &scenarios.Delivery{Mode: scenarios.DeliveryMode(catalog.DeliverMidStream)}
	m := Error(d, r, Meta{Now: in.Now, Records: noRecords{}}, f)
	if m.Break == nil || len(m.Changes) != 0 {
		t.Errorf("breaks %t, changes %v", m.Break != nil, m.Changes)
	}
	r.Detail.(*responsesChat).previous = "resp_none"
	if m = Error(d, r, Meta{Now: in.Now, Records: noRecords{}}, f); m.Break != nil || m.Entry == nil {
		t.Errorf("behind a response that is not there: %+v", m)
	}
}

// TestResponsesRefusals: what the service refuses of a body.
func TestResponsesRefusals(t *testing.T) {
	for body, want := range map[string]string{
		`{"input":"a"}`:                                                       "Field required: model",
		`{"model":"qwen-plus"}`:                                               "Field required: input",
		`{"model":"qwen-plus","input":7}`:                                     "Field required: input",
		`{"model":"qwen-plus","input":[]}`:                                    "[] is too short",
		`{"model":"qwen-plus","input":""}`:                                    "",
		`{"model":"qwen-plus","input":"a","store":null}`:                      "",
		`{"model":"qwen-plus","input":"a","store":"no"}`:                      "Invalid 'store': no. Must be a boolean.",
		`{"model":"qwen-plus","input":"a","max_output_tokens":15}`:            "Invalid 'max_output_tokens': must be greater than or equal to 16, got 15.",
		`{"model":"qwen-plus","input":"a","max_output_tokens":16}`:            "",
		`{"model":"qwen-plus","input":"a","temperature":5}`:                   "Invalid 'temperature': 5. Expected a value between [0,2), but got 5 instead.",
		`{"model":"qwen-plus","input":"a","temperature":2}`:                   "Invalid 'temperature': 2. Expected a value between [0,2), but got 2 instead.",
		`{"model":"qwen-plus","input":"a","temperature":0}`:                   "",
		`{"model":"qwen-plus","input":"a","top_p":9}`:                         "Invalid 'top_p': 9. Expected a value between (0,1], but got 9 instead.",
		`{"model":"qwen-plus","input":"a","top_p":1}`:                         "",
		`{"model":"qwen-plus","input":"a","temperature":null,"reasoning":{}}`: "",
		`{"model":"qwen-plus","input":"a","reasoning":{"effort":"x"}}`:        "Invalid 'reasoning.effort': x. Supported values are: ('none','minimal','low','medium','high','xhigh','max').",
		`{"model":"qwen-plus","input":"a","reasoning":{"effort":"max"}}`:      "",
		`{"model":"qwen-plus","input":"a","conversation":"c"}`:                "",
		`{"model":"qwen-plus","input":"a","tools":7,"tool_choice":7}`:         "",
		`{"model":"qwen-plus","input":[{"type":"item_reference"},"a",null]}`:  "",
		`{"model":"qwen-plus","input":"a","previous_response_id":"r","conversation":"c"}`: "Mutually exclusive parameters: " +
			"Ensure you are only providing one of: previous_response_id or conversation.",
	} {
		r := dashScopeResponses{}.Decode(post(catalog.OpChat, responsesPath, body))
		got := ""
		if r.Refused != nil {
			got = failure(t, r.Refused, r.Dialect).Text()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// TestResponsesTurns: what rules see of a request.
func TestResponsesTurns(t *testing.T) {
	for body, want := range map[string]string{
		`{"input":"a"}`: "[{user a}]",
		`{"instructions":"i","input":[{"role":"developer","content":"d"},{"type":"message","role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_image"}]}]}`: "[{system i} {developer d} {user a}]",
		`{"input":[{"role":"user","content":"a"},{"type":"reasoning"},{"type":"function_call","arguments":"{}"},{"type":"function_call_output","output":"b"}]}`:                  "[{user a} {assistant {}} {tool b}]",
	} {
		if r := (dashScopeResponses{}).Decode(post(catalog.OpChat, responsesPath, body)); fmt.Sprint(r.Turns) != want {
			t.Errorf("%s: %v, want %s", body, r.Turns, want)
		}
	}
}

// TestResponsesChoices: who thinks, and who calls a tool.
func TestResponsesChoices(t *testing.T) {
	const tools = `"tools":[{"type":"function","name":"f","parameters":{}},{"type":"function","name":"g","parameters":{}}]`
	for body, want := range map[string]string{
		`"input":"a"`:                                                       "message",
		`"input":"a","enable_thinking":true`:                                "reasoning message",
		`"input":"a","reasoning":{"effort":"low"}`:                          "reasoning message",
		`"input":"a","reasoning":{"effort":"none"},"enable_thinking":true`:  "message",
		`"input":"a",` + tools:                                              "function_call f",
		`"input":"a","tool_choice":{"type":"function","name":"g"},` + tools: "function_call g",
		`"input":"a","tool_choice":"none",` + tools:                         "message",
		`"input":[{"role":"user","content":"a"},{"type":"function_call_output","output":"b"}],` + tools: "message",
	} {
		_, m := ask(t, dashScopeResponses{}, post(catalog.OpChat, responsesPath, `{"model":"qwen-plus",`+body+`}`))
		var got []string
		for _, item := range gjson.GetBytes(m.Frames[0], "output").Array() {
			got = append(got, strings.TrimSpace(item.Get("type").Str+" "+item.Get("name").Str))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", body, got, want)
		}
	}
}

// eventsOf splits a stream into the names of its events and what they say. It
// checks what every stream has: a number and a type that is the name.
func eventsOf(t *testing.T, m Message) (names []string, events []gjson.Result) {
	t.Helper()
	for i, frame := range m.Frames {
		_, data, _ := strings.Cut(string(frame), "\ndata:")
		event := gjson.Parse(data)
		name := event.Get("type").Str
		dashScope, qianfan := fmt.Sprintf("id:%d\nevent:%s\n:HTTP_STATUS/200\ndata:{", i+1, name), "event: "+name+"\ndata: {"
		if !strings.HasPrefix(string(frame), dashScope) && !strings.HasPrefix(string(frame), qianfan) || !strings.HasSuffix(data, "}\n\n") ||
			event.Get("sequence_number").Int() != int64(i) {
			t.Fatalf("frame %d is %s", i, frame)
		}
		names, events = append(names, name), append(events, event)
	}
	return names, events
}

// checkResponsesStream demands of a stream that it says, piece by piece, what
// its last event says as a whole.
func checkResponsesStream(t *testing.T, m Message) {
	t.Helper()
	names, events := eventsOf(t, m)
	last := events[len(events)-1].Get("response")
	if names[0] != "response.created" || names[1] != "response.in_progress" || names[len(names)-1] != "response."+last.Get("status").Str {
		t.Fatalf("events %v", names)
	}
	said := map[int64]string{}
	for i, e := range events {
		if strings.HasSuffix(names[i], ".delta") {
			said[e.Get("output_index").Int()] += e.Get("delta").Str
		}
		if names[i] == "response.output_item.done" && e.Get("item").Raw != last.Get("output").Array()[e.Get("output_index").Int()].Raw {
			t.Fatalf("item %s is not in %s", e.Get("item").Raw, last.Get("output").Raw)
		}
	}
	for i, item := range last.Get("output").Array() {
		whole := item.Get("content.0.text").Str + item.Get("summary.0.text").Str + item.Get("arguments").Str
		if whole != said[int64(i)] {
			t.Fatalf("item %d says %q in pieces, %q as a whole", i, said[int64(i)], whole)
		}
	}
	if said := names[:len(names)-m.Ending]; m.Ending < 1 || slices.ContainsFunc(names[len(said):], isDelta) || m.Marks != 1 {
		t.Fatalf("%d frames end the stream %v", m.Ending, names)
	}
}

func isDelta(name string) bool { return strings.HasSuffix(name, ".delta") }

// TestResponsesStreams: thoughts, text and calls, alone and together.
func TestResponsesStreams(t *testing.T) {
	text, thoughts, none := "Hello there, 你好。", "I think so.", ""
	calls := []scenarios.ToolCall{{Name: "f", Arguments: `{"a": 1}`}, {ID: "c", Name: "g", Arguments: `{"broken`}}
	for name, reply := range map[string]*scenarios.Reply{
		"default": nil, "text": {Text: &text}, "nothing": {Text: &none}, "all": {Text: &text, Reasoning: &thoughts, ToolCalls: calls},
		"thoughts": {Text: &none, Reasoning: &thoughts}, "calls": {ToolCalls: calls}, "limit": {Text: &text, FinishReason: "length"},
		"other": {Text: &text, FinishReason: "content_filter"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, d := range []Responder{dashScopeResponses{}, qianfanResponses{}} {
				in := post(catalog.OpChat, d.Routes()[0].Path, `{"model":"qwen-plus","input":"a","stream":true}`)
				m := d.Success(d.Decode(in), Meta{Entropy: [2]uint64{1, 2}, Now: in.Now, Records: noRecords{}}, reply)
				checkResponsesStream(t, m)
			}
		})
	}
}

// FuzzResponses streams an answer to any text, and demands that it holds
// together.
func FuzzResponses(f *testing.F) {
	f.Add("hi", "be brief", "f", true)
	f.Add("你好", "", "", false)
	f.Add("a\xff\n\n", "\"", "tool\n", true)
	f.Fuzz(func(t *testing.T, said, instructions, tool string, thinking bool) {
		body := obj().str("model", "qwen-plus").boolean("stream", true).str("input", said).str("instructions", instructions).
			boolean("enable_thinking", thinking).raw("tools", array(obj().str("name", tool).end())).end()
		_, m := ask(t, dashScopeResponses{}, post(catalog.OpChat, responsesPath, string(body)))
		checkResponsesStream(t, m)
	})
}

// TestNewerStreamsAreBounded: what a caller sends is not repeated at length.
func TestNewerStreamsAreBounded(t *testing.T) {
	long := strings.Repeat("a ", 100_000)
	body := `{"model":"qwen-` + long + `","stream":true,"max_tokens":9,"input":"a","messages":[{"role":"user","content":"a"}],` +
		`"instructions":"` + long + `","metadata":{"a":"` + long + `"},"system":"` + long + `","previous_response_id":"",` +
		`"tools":[{"name":"` + long + `","parameters":{"default":"` + long + `"},"input_schema":{"default":"` + long + `"}}]}`
	for _, responder := range []Responder{dashScopeResponses{}, qianfanResponses{}, dashScopeAnthropic{}} {
		if _, m := ask(t, responder, post(catalog.OpChat, responder.Routes()[0].Path, body)); size(m) > 64<<10 || !m.Stream {
			t.Errorf("%s: %d bytes, stream %t", responder.Dialect().Name, size(m), m.Stream)
		}
	}
}
