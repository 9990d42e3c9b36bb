package catalog_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/responders"
)

// The promise of the project is that each documented error arrives with its
// own code, message and status. Here every one of them is written on every
// dialect that carries it, and read back as a client would read it.

// An answer is what a client sees of an error.
type answer struct {
	code, message, kind string
	status              int // What the answer says its status is: of HTTP, or of the event.
}

// readers read the body of an error, one for each served dialect.
var readers = map[string]func(body []byte) (answer, error){
	catalog.QianfanV1: func(body []byte) (answer, error) {
		var b struct {
			Code    *json.Number `json:"error_code"` // A number, never a string.
			Message *string      `json:"error_msg"`
			ID      string       `json:"id"`
		}
		if err := strict(body, &b); err != nil || b.Code == nil || b.Message == nil {
			return answer{}, fmt.Errorf("error_code, error_msg: %w", err)
		}
		return answer{code: b.Code.String(), message: *b.Message}, nil
	},
	catalog.QianfanIAM:     readEnvelope,
	catalog.QianfanConsole: readConsole,
	catalog.QianfanV2: func(body []byte) (answer, error) {
		var b struct {
			Error *struct {
				Code    *string `json:"code"`
				Message *string `json:"message"`
				Type    string  `json:"type"`
			} `json:"error"`
			ID string `json:"id"`
		}
		if bytes.HasPrefix(body, []byte(`{"requestId":`)) {
			return readEnvelope(body)
		}
		if err := strict(body, &b); err != nil || b.Error == nil || b.Error.Code == nil || b.Error.Message == nil || b.ID == "" {
			return answer{}, fmt.Errorf("error.code, error.message, id: %w", err)
		}
		return answer{code: *b.Error.Code, message: *b.Error.Message, kind: b.Error.Type}, nil
	},
	catalog.QianfanResponses: func(body []byte) (answer, error) {
		var b struct {
			Error struct{ Code, Message, Param, Type string }
			ID    string
		}
		if err := strict(body, &b); err != nil || b.ID == "" || b.Error.Param != "" != (b.Error.Code == "invalid_request") {
			return answer{}, fmt.Errorf("error.param, id: %w", err)
		}
		return answer{code: b.Error.Code, message: b.Error.Message, kind: b.Error.Type}, nil
	},
	catalog.QianfanAnthropic: readWrapped,
	catalog.QianfanOAuth: func(body []byte) (answer, error) {
		var b struct {
			Code    *string `json:"error"`
			Message *string `json:"error_description"`
		}
		if err := strict(body, &b); err != nil || b.Code == nil || b.Message == nil {
			return answer{}, fmt.Errorf("error, error_description: %w", err)
		}
		return answer{code: *b.Code, message: *b.Message}, nil
	},
	catalog.DashScopeNative: readFlat,
	catalog.DashScopeWS:     readFlat, // Of a handshake that is refused.
	catalog.DashScopeResponses: func(body []byte) (answer, error) {
		if failed := gjson.GetBytes(body, "response.error"); failed.Exists() {
			return answer{code: failed.Get("code").Str, message: failed.Get("message").Str}, nil
		}
		return readFlat(body)
	},
	catalog.DashScopeAnthropic:  readOpenAI,
	catalog.DashScopeCompatible: readOpenAI,
}

// readWrapped reads what the Messages API says itself, or the text of an
// exception around an error of V2's, which a client has to read as Python.
func readWrapped(body []byte) (answer, error) {
	if detail := gjson.GetBytes(body, "detail"); detail.Type == gjson.String {
		return answer{code: "method_not_allowed", message: detail.Str}, nil
	} else if fault := detail.Get("0"); fault.Exists() {
		return answer{code: fault.Get("type").Str, message: fault.Get("msg").Str}, nil
	}
	if gjson.GetBytes(body, "type").Str != "error" || gjson.GetBytes(body, "error.type").Str != "api_error" {
		return answer{}, fmt.Errorf("type, error.type: %s", body)
	}
	text := regexp.MustCompile(`^Error code: \d+ - \{'error': \{'code': (.+), 'message': (.+), 'type': (.+)\}, 'id': 'as-\w{10}'\}$`).
		FindStringSubmatch(gjson.GetBytes(body, "error.message").Str)
	if text == nil {
		return answer{}, fmt.Errorf("message: %s", body)
	}
	plain := func(quoted string) string { return strings.ReplaceAll(quoted[1:len(quoted)-1], `\n`, "\n") }
	return answer{code: plain(text[1]), message: plain(text[2]), kind: plain(text[3])}, nil
}

// readFlat reads the native error of DashScope.
func readFlat(body []byte) (answer, error) {
	if bytes.HasPrefix(body, []byte(`{"error":`)) { // An upload without a purpose.
		return readOpenAI(body)
	}
	var b struct {
		Code      *string `json:"code"`
		Message   *string `json:"message"`
		RequestID string  `json:"request_id"`
	}
	if err := strict(body, &b); err != nil || b.Code == nil || b.Message == nil || b.RequestID == "" {
		return answer{}, fmt.Errorf("code, message, request_id: %w", err)
	}
	return answer{code: *b.Code, message: *b.Message}, nil
}

// readOpenAI reads OpenAI's envelope, or the batch that an error fails.
func readOpenAI(body []byte) (answer, error) {
	type described struct {
		Code    *string         `json:"code"`
		Message *string         `json:"message"`
		Type    *string         `json:"type"`
		Param   json.RawMessage `json:"param"`
		Line    int             `json:"line"`
	}
	var b struct {
		Error     *described `json:"error"`
		ID        string     `json:"id"`
		RequestID string     `json:"request_id"`
	}
	if bytes.HasPrefix(body, []byte(`{"id":"batch_`)) {
		var failed struct {
			Status string `json:"status"`
			Errors struct {
				Data []described `json:"data"`
			} `json:"errors"`
		}
		if err := json.Unmarshal(body, &failed); err != nil || failed.Status != "failed" || len(failed.Errors.Data) != 1 {
			return answer{}, fmt.Errorf("status, errors.data: %w", err)
		}
		e := failed.Errors.Data[0]
		return answer{code: *e.Code, message: *e.Message, kind: *e.Code}, nil // There is no type in it.
	}
	if err := strict(body, &b); err != nil || b.Error == nil || b.Error.Message == nil || b.Error.Type == nil {
		return answer{}, fmt.Errorf("error.message, error.type: %w", err)
	}
	a := answer{code: "null", message: *b.Error.Message, kind: *b.Error.Type}
	if b.Error.Code != nil {
		a.code = *b.Error.Code
	}
	return a, nil
}

// readSocket reads what a WebSocket gets: a failed task, an error event of the
// other endpoint, or the close of the connection alone.
func readSocket(m *responders.SocketMessage) (answer, error) {
	switch {
	case len(m.Events) == 0 && m.Close != nil:
		return answer{code: strconv.Itoa(m.Close.Code), message: m.Close.Reason}, nil
	case len(m.Events) != 1:
		return answer{}, fmt.Errorf("%d events, not one", len(m.Events))
	case m.Close == nil:
		var b struct {
			ID    string `json:"event_id"`
			Type  string `json:"type"`
			Error struct {
				Type    string `json:"type"`
				Code    string `json:"code"`
				Message string `json:"message"`
			} `json:"error"`
		}
		err := strict(m.Events[0].Data, &b)
		return answer{code: b.Error.Code, message: b.Error.Message, kind: b.Error.Type}, err
	}
	var b struct {
		Header struct {
			ID         string   `json:"task_id"`
			Event      string   `json:"event"`
			Code       string   `json:"error_code"`
			Message    string   `json:"error_message"`
			Attributes struct{} `json:"attributes"`
		} `json:"header"`
		Payload struct{} `json:"payload"`
	}
	if err := strict(m.Events[0].Data, &b); err != nil || b.Header.Event != "task-failed" || b.Header.ID == "" {
		return answer{}, fmt.Errorf("task_id, event: %w", err)
	}
	return answer{code: b.Header.Code, message: b.Header.Message}, nil
}

// readEnvelope reads the envelope that all of Baidu Cloud has.
func readEnvelope(body []byte) (answer, error) {
	var b struct {
		Code      *string `json:"code"`
		Message   *string `json:"message"`
		RequestID string  `json:"requestId"`
	}
	if err := strict(body, &b); err != nil || b.Code == nil || b.Message == nil || b.RequestID == "" {
		return answer{}, fmt.Errorf("code, message, requestId: %w", err)
	}
	return answer{code: *b.Code, message: *b.Message}, nil
}

// readConsole reads the three envelopes of the console: its paths decide which.
func readConsole(body []byte) (answer, error) {
	if bytes.HasPrefix(body, []byte(`{"requestId":`)) {
		return readEnvelope(body)
	}
	var b struct {
		LogID   string       `json:"log_id"`
		Number  *json.Number `json:"error_code"` // A number, never a string.
		Text    *string      `json:"error_msg"`
		Status  int          `json:"status"`
		Success *bool        `json:"success"`
		Code    *string      `json:"code"`
		Message *struct {
			Global string `json:"global"`
		} `json:"message"`
	}
	if err := strict(body, &b); err != nil || b.LogID == "" {
		return answer{}, fmt.Errorf("log_id: %w", err)
	}
	switch {
	case b.Number != nil && b.Text != nil && b.Code == nil:
		return answer{code: b.Number.String(), message: *b.Text}, nil
	case b.Code != nil && b.Message != nil && b.Number == nil && b.Status == 400 && b.Success != nil && !*b.Success:
		return answer{code: *b.Code, message: b.Message.Global}, nil
	}
	return answer{}, fmt.Errorf("neither error_code, error_msg nor status, success, code, message: %s", body)
}

// strict decodes one JSON value with no key that the reader does not know and
// nothing behind it.
func strict(body []byte, into any) error {
	if !json.Valid(body) {
		return fmt.Errorf("no JSON: %s", body)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// read reads a sample: its whole body, or the data line of its only frame.
func read(s responders.Sample) (answer, error) {
	if s.Socket != nil {
		return readSocket(s.Socket)
	}
	reader := readers[s.Dialect]
	if reader == nil {
		return answer{}, fmt.Errorf("no reader for dialect %s: write one", s.Dialect)
	}
	if len(s.Message.Frames) != 1 {
		return answer{}, fmt.Errorf("%d frames, not one", len(s.Message.Frames))
	}
	body, status := []byte(s.Message.Frames[0]), s.Message.Status
	if code := s.Message.Header["X-Bce-Error-Code"]; len(body) == 0 && len(code) == 1 {
		// The gateway of Baidu Cloud says it all in the header.
		return answer{code: code[0], message: s.Message.Header["X-Bce-Error-Message"][0], status: status}, nil
	}
	if s.Message.Stream {
		text, found := strings.CutSuffix(string(body), "\n\n")
		if !found {
			return answer{}, fmt.Errorf("the event does not end: %q", body)
		}
		body = nil
		for line := range strings.SplitSeq(text, "\n") {
			if data, found := strings.CutPrefix(line, "data:"); found {
				body = []byte(strings.TrimPrefix(data, " "))
			}
			if said, found := strings.CutPrefix(line, ":HTTP_STATUS/"); found {
				if _, err := fmt.Sscan(said, &status); err != nil {
					return answer{}, fmt.Errorf("%s: %w", line, err)
				}
			}
		}
	}
	a, err := reader(body)
	a.status = status
	return a, err
}

// variantKey names a variant of an entry.
func variantKey(e *catalog.Entry, v *catalog.Variant) string {
	i := slices.IndexFunc(e.Variants, func(other catalog.Variant) bool { return other.Message == v.Message })
	return fmt.Sprintf("%s %d", e.ID(), i+1)
}

func TestEveryErrorReachesTheWire(t *testing.T) {
	for _, edition := range catalog.Editions() {
		t.Run(string(edition), func(t *testing.T) {
			variants, plain, streamed := 0, 0, 0
			for _, e := range catalog.All() {
				for i := range e.Variants {
					p, s := checkVariant(t, e, &e.Variants[i], edition)
					variants, plain, streamed = variants+1, plain+p, streamed+s
				}
			}
			t.Logf("%d messages: %d plain answers, %d streams", variants, plain, streamed)
			if plain == 0 || streamed == 0 {
				t.Error("nothing was checked")
			}
		})
	}
}

// checkVariant checks all samples of a variant and returns how many there are.
func checkVariant(t *testing.T, e *catalog.Entry, v *catalog.Variant, edition catalog.Edition) (plain, streamed int) {
	t.Helper()
	seen := map[string]int{}
	for _, s := range responders.Samples(e, v, edition) {
		seen[s.Dialect]++
		if s.Stream {
			streamed++
		} else {
			plain++
		}
		where := fmt.Sprintf("%s, %s, stream %t", variantKey(e, v), s.Dialect, s.Stream)
		got, err := read(s)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		checkAnswer(t, where, got, e, v, s, edition)
	}
	for _, d := range catalog.Dialects() {
		carried := e.CarriedBy(d.Name) && v.CarriedBy(d.Name)
		if n := seen[d.Name]; carried != (n > 0) || n > 2 {
			t.Errorf("%s: %d samples on %s, carried %t", variantKey(e, v), n, d.Name, carried)
		}
	}
	return plain, streamed
}

func checkAnswer(t *testing.T, where string, got answer, e *catalog.Entry, v *catalog.Variant, s responders.Sample, edition catalog.Edition) {
	t.Helper()
	d, _ := catalog.DialectNamed(s.Dialect)
	if want := wantCode(e, d); got.code != want {
		t.Errorf("%s: code %q, want %q", where, got.code, want)
	}
	checkMessage(t, where, got.message, v, d)
	if want := cmp.Or(v.Type, e.CodeOn(d)); d.Compatible && got.kind != want {
		t.Errorf("%s: type %q, want %q", where, got.kind, want)
	}
	if slices.Contains([]string{catalog.QianfanV2, catalog.QianfanResponses, catalog.QianfanAnthropic}, d.Name) && got.kind != v.Type {
		t.Errorf("%s: type %q, want %q", where, got.kind, v.Type)
	}
	want := v.StatusOn(d, edition)
	switch {
	case s.Socket != nil:
		want = 0 // What is said on a WebSocket has none.
	case s.Path != "" && !d.Sockets:
		want = 200 // The first generation of the console says so to everything.
	}
	if s.Stream {
		// A stream that began with 200 cannot take it back. The native one
		// tells the status in a comment, the compatible one nowhere.
		if s.Message.Status != 200 || !s.Message.Stream {
			t.Errorf("%s: HTTP status %d", where, s.Message.Status)
		}
		// The responses' comment says 200 whatever the error.
		if d.Name == catalog.DashScopeCompatible || d.Name == catalog.DashScopeResponses {
			want = 200
		}
	}
	if got.status != want {
		t.Errorf("%s: status %d, want %d", where, got.status, want)
	}
}

// wantCode is what stands in the place of the code. DashScope sends null
// there for what it lists under its type alone.
func wantCode(e *catalog.Entry, d catalog.Dialect) string {
	if code := e.CodeOn(d); code != "invalid_request_error" || d.Provider != catalog.DashScope {
		return code
	}
	return "null"
}

// checkMessage compares the text. Holes that a request fills by itself are
// filled from the sample's, which is a POST; the rest are realistic.
func checkMessage(t *testing.T, where, got string, v *catalog.Variant, d catalog.Dialect) {
	t.Helper()
	text := v.Fill(map[string]string{"method": "POST"})
	if v.HelpAnchor == "" || d.Name != catalog.DashScopeCompatible {
		if got != text {
			t.Errorf("%s: message %q, want %q", where, got, text)
		}
		return
	}
	// Only the compatible dialect appends a help link.
	link, found := strings.CutPrefix(got, text+" For details, see: https://")
	if !found || !strings.HasSuffix(link, "#"+v.HelpAnchor) {
		t.Errorf("%s: message %q, want %q and a link to #%s", where, got, text, v.HelpAnchor)
	}
}

// Each row of the first source documents whose family is registered is on
// the wire, except the one that only a client makes.
func TestEverySeedRowReachesTheWire(t *testing.T) {
	families := map[string]bool{}
	for _, f := range catalog.Families() {
		families[f.Provider+"/"+f.Name] = true
	}
	rendered, refused, waiting := 0, 0, 0
	for _, row := range catalog.SeedRows(t) {
		id := row.Provider + "/" + row.Family
		if !families[id] {
			waiting++
			continue
		}
		e, err := catalog.Resolve(id+"/"+row.Code, catalog.Scope{})
		if err != nil {
			t.Errorf("%s: %v", row, err)
			continue
		}
		v := row.Variant(e)
		if v == nil {
			t.Errorf("%s: no message %q", row, row.Message)
			continue
		}
		samples := responders.Samples(e, v, catalog.EditionSeed)
		if row.Code == "NetworkError" {
			if len(samples) != 0 {
				t.Errorf("%s is written, and no server sends it", row)
			}
			if _, err := catalog.Resolve(e.ID(), catalog.Scope{Dialects: e.Dialects}); err == nil {
				t.Errorf("%s is not refused", row)
			}
			refused++
			continue
		}
		if len(samples) == 0 {
			t.Errorf("%s, %q is written on no dialect", row, row.Message)
			continue
		}
		rendered++
		for _, s := range samples {
			d, _ := catalog.DialectNamed(s.Dialect)
			if row.Status != 0 && !s.Stream && s.Socket == nil && d.ErrorStatus == 0 && s.Message.Status != row.Status {
				t.Errorf("%s on %s: HTTP status %d, want %d", row, s.Dialect, s.Message.Status, row.Status)
			}
		}
	}
	t.Logf("%d rows written, %d refused, %d wait for their dialects", rendered, refused, waiting)
	// The capability and the DashScope tables, of 85 and 52 rows, are served.
	if rendered < 85+51 || refused != 1 || rendered+refused+waiting != 395 {
		t.Errorf("%d rows written, %d refused, %d wait", rendered, refused, waiting)
	}
}

// The code of the compatible dialect differs from the native one where the
// vendor says so: without this, a double that always sent the native code
// would pass wherever CodeOn does.
func TestTwinsOnTheWire(t *testing.T) {
	for _, c := range []struct{ id, native, compatible string }{
		{"dashscope/model/DataInspectionFailed", "DataInspectionFailed", "data_inspection_failed"},
		{"dashscope/model/Throttling.RateQuota", "Throttling.RateQuota", "limit_requests"},
		{"dashscope/model/Throttling.AllocationQuota", "Throttling.AllocationQuota", "insufficient_quota"},
		{"dashscope/model/Arrearage", "Arrearage", "Arrearage"},
	} {
		e, err := catalog.Resolve(c.id, catalog.Scope{})
		if err != nil {
			t.Error(err)
			continue
		}
		got := map[string]string{}
		for _, dialect := range []string{catalog.DashScopeNative, catalog.DashScopeCompatible} {
			for _, s := range responders.Samples(e, e.Variant(dialect), catalog.EditionSeed) {
				if a, err := read(s); err != nil {
					t.Errorf("%s on %s: %v", c.id, s.Dialect, err)
				} else {
					got[s.Dialect] = a.code
				}
			}
		}
		if got[catalog.DashScopeNative] != c.native || got[catalog.DashScopeCompatible] != c.compatible {
			t.Errorf("%s is sent as %v, want %s and %s", c.id, got, c.native, c.compatible)
		}
	}
}
