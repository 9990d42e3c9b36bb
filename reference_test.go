package mockllm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/journal"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// The clients here are as small as clients of the vendors can be. All of them
// send the same; they differ in their habits: how they read, and what they do
// when something is wrong. Their pauses move the server's clock, so that no time
// passes.

// habits tell a careless client from a careful one.
type habits struct {
	strict bool                                                        // It looks for errors everywhere, and for the end of every answer.
	again  func(err error, attempt int) (pause time.Duration, ok bool) // Whether it tries again.
}

// A client asks in one dialect, from one connection.
type client struct {
	habits
	t       *testing.T
	srv     *Server
	clock   *play.Manual
	http    *http.Client
	dialect string
	key     string
	stream  bool
	tokens  *tokens // Of Qianfan V1; workers may share them.
	watch   bool    // It leaves silent connections.
	tools   bool    // It offers a tool.
	window  int     // How many turns it sends at most.
	keep    bool    // It keeps its token whatever becomes of it.
	half    bool    // It keeps a call of a tool whatever its arguments are.
}

func newClient(t *testing.T, srv *Server, clock *play.Manual, h habits, dialect string) *client {
	c := &client{habits: h, t: t, srv: srv, clock: clock, http: &http.Client{Transport: &http.Transport{}}, dialect: dialect, key: "sk-reference", window: 100}
	c.tokens = &tokens{client: c}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

// A refusal is an error that the vendor told.
type refusal struct {
	status            int
	code, message, id string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%d %s: %s (%s)", r.status, r.code, r.message, r.id)
}

var (
	errHalf   = errors.New("half an answer")
	errEmpty  = errors.New("an empty answer")
	errSilent = errors.New("nothing came")
	errCall   = errors.New("half a call of a tool")
)

// never is the habit of clients that try everything once.
func never(error, int) (time.Duration, bool) { return 0, false }

// always is the habit of clients that try everything again so often.
func always(times int, pause time.Duration) func(error, int) (time.Duration, bool) {
	return func(_ error, attempt int) (time.Duration, bool) { return pause, attempt <= times }
}

// careful is the habit of resilient clients: what passes is tried again after
// pauses that grow and differ, what is broken a few times, and nothing else.
func careful(seed uint64) habits {
	chance := rand.New(rand.NewPCG(seed, 0))
	return habits{strict: true, again: func(err error, attempt int) (time.Duration, bool) {
		pause := time.Duration((1 + chance.Float64()) * float64(500*time.Millisecond) * float64(int(1)<<(attempt-1)))
		var told *refusal
		switch {
		case !errors.As(err, &told):
			return pause, attempt < 3
		case told.code == "110" || told.code == "111":
			return 0, attempt < 2 // The token was dropped.
		default:
			return pause, attempt < 7 && passes(told)
		}
	}}
}

// passes goes by the code, never by the status.
func passes(r *refusal) bool {
	codes := []string{"insufficient_quota", "limit_requests", "limit_burst_rate", "internal_error", "ServiceUnavailable", "18", "336100", "336501", "336502", "336503"}
	return slices.Contains(codes, r.code) || strings.HasPrefix(r.code, "Throttling") || strings.HasPrefix(r.code, "InternalError")
}

// A turn of a conversation, as it is sent.
type turn = map[string]any

// An answer is what the client takes for one.
type answer struct{ text, call string }

// ask asks until there is an answer or no sense in asking.
func (c *client) ask(turns []turn) (answer, error) {
	for attempt := 1; ; attempt++ {
		a, err := c.once(turns)
		if err == nil {
			return a, nil
		}
		pause, ok := c.again(err, attempt)
		if !ok {
			return a, err
		}
		settled(c.t, c.srv) // A busy server may notice only after the pause that its answer is over.
		c.clock.Advance(pause)
	}
}

// once sends the conversation and reads what comes.
func (c *client) once(turns []turn) (a answer, err error) {
	ctx, cancel := context.WithCancelCause(c.t.Context())
	defer cancel(nil)
	req, token := c.request(ctx, turns)
	if c.watch {
		go func() {
			if hushed(ctx, c.srv, c.clock, stalled) {
				c.clock.Advance(10 * time.Second)
				cancel(errSilent)
			}
		}()
	}
	a, err = c.answer(req)
	var told *refusal
	switch {
	case errors.Is(context.Cause(ctx), errSilent):
		settled(c.t, c.srv)
		return answer{}, errSilent
	case c.strict && !c.keep && errors.As(err, &told) && (told.code == "110" || told.code == "111"):
		c.tokens.drop(token)
	}
	return a, err
}

func (c *client) answer(req *http.Request) (answer, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	if c.strict {
		return c.read(res)
	}
	return c.skim(res)
}

// request writes the call in the client's dialect. The token is that of
// Qianfan V1.
func (c *client) request(ctx context.Context, turns []turn) (req *http.Request, token string) {
	url, body := c.srv.BaseURL(c.dialect), map[string]any{}
	switch c.dialect {
	case "dashscope-native":
		url += "/services/aigc/text-generation/generation"
		body["input"] = map[string]any{"messages": turns}
		body["parameters"] = map[string]any{"result_format": "message", "incremental_output": c.stream}
	case "qianfan-v1":
		token = c.tokens.get()
		url += "/rpc/2.0/ai_custom/v1/wenxinworkshop/chat/completions?access_token=" + token
		body["messages"], body["stream"] = turns, c.stream
	default:
		url += "/chat/completions"
		body["messages"], body["stream"] = turns, c.stream
	}
	if c.dialect != "qianfan-v1" {
		body["model"] = map[bool]string{true: "ernie-4.0-8k", false: "qwen-plus"}[c.dialect == "qianfan-v2"]
	}
	if c.tools {
		body["tools"] = []any{map[string]any{"type": "function", "function": map[string]any{
			"name": "get_weather", "description": "The weather in a city.", "parameters": map[string]any{"type": "object"},
		}}}
	}
	req = c.post(ctx, url, body)
	if c.stream {
		req.Header.Set("X-DashScope-SSE", "enable")
	}
	return req, token
}

// post writes a request with a JSON body.
func (c *client) post(ctx context.Context, url string, body any) *http.Request {
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Error(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(string(raw)))
	if err != nil {
		c.t.Error(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	req.Header.Set("Content-Type", "application/json")
	return req
}

// A piece is what one body or one event says, in any dialect.
type piece struct {
	refusal
	text, call string
	ends       bool
}

func parsePiece(raw string) (p piece) {
	j := gjson.Parse(raw)
	first := func(paths ...string) string {
		for _, path := range paths {
			if v := j.Get(path).String(); v != "" {
				return v
			}
		}
		return ""
	}
	p.code = first("error.code", "error_code", "code")
	p.message = first("error.message", "error_msg", "message")
	p.id = first("request_id", "id")
	p.text = first("choices.0.delta.content", "choices.0.message.content", "output.choices.0.message.content", "output.text", "result")
	p.call = first("choices.0.delta.tool_calls.0.function.arguments", "choices.0.message.tool_calls.0.function.arguments")
	reason := first("choices.0.finish_reason", "output.choices.0.finish_reason")
	p.ends = reason != "" && reason != "null" || j.Get("is_end").Bool()
	return p
}

// read reads an answer with all doubt that is due.
func (c *client) read(res *http.Response) (a answer, err error) {
	ended := false
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		ended, err = events(res.Body, &a)
	} else {
		raw, cut := io.ReadAll(res.Body)
		ended = cut == nil && !c.stream
		err = a.add(parsePiece(string(raw)))
	}
	var told *refusal
	switch {
	case errors.As(err, &told):
		told.status = res.StatusCode
		return answer{}, told
	case res.StatusCode != http.StatusOK:
		return answer{}, &refusal{status: res.StatusCode}
	case err != nil || !ended:
		return answer{}, errHalf
	case a.text == "" && a.call == "":
		return answer{}, errEmpty
	case a.call != "" && !gjson.Valid(a.call) && !c.half:
		return answer{}, errCall
	}
	return a, nil
}

// events reads a stream, and says whether it came to its end.
func events(body io.Reader, a *answer) (ended bool, err error) {
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		data, found := strings.CutPrefix(lines.Text(), "data:")
		if !found {
			continue
		}
		p := parsePiece(data)
		if err := a.add(p); err != nil {
			return false, err
		}
		ended = ended || p.ends
	}
	return ended, lines.Err()
}

// add takes what a piece says, unless it is an error.
func (a *answer) add(p piece) error {
	if p.code != "" {
		return &p.refusal
	}
	a.text += p.text
	a.call += p.call
	return nil
}

// skim reads as careless clients do: a good status is a good answer, and
// whatever is no text is skipped.
func (c *client) skim(res *http.Response) (a answer, err error) {
	raw, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		p := parsePiece(string(raw))
		p.status = res.StatusCode
		return a, &p.refusal
	}
	for line := range strings.Lines(string(raw)) {
		data, _ := strings.CutPrefix(line, "data:")
		p := parsePiece(data)
		a.text += p.text
		a.call += p.call
	}
	return a, nil
}

// talk asks the questions one after the other in one conversation.
func (c *client) talk(questions ...string) {
	var turns []turn
	for _, q := range questions {
		turns = append(turns, turn{"role": "user", "content": q})
		a, err := c.ask(c.cut(turns))
		var told *refusal
		if c.strict && errors.As(err, &told) && tooLong(told) {
			for _, t := range turns {
				t["content"] = fmt.Sprintf("%.200s", t["content"])
			}
			a, err = c.ask(turns)
		}
		switch {
		case err == nil && a.call != "":
			turns = append(turns, turn{"role": "assistant", "content": "", "tool_calls": []any{map[string]any{
				"id": "call_1", "type": "function", "function": map[string]any{"name": "get_weather", "arguments": a.call},
			}}}, turn{"role": "tool", "tool_call_id": "call_1", "content": "sunny"})
		case err == nil:
			turns = append(turns, turn{"role": "assistant", "content": a.text})
		case c.strict:
			turns = turns[:len(turns)-1] // Nothing came of it, and nothing is kept of it.
		}
	}
}

// cut keeps the newest turns. A careful client begins with a question.
func (c *client) cut(turns []turn) []turn {
	kept := turns[max(0, len(turns)-c.window):]
	if c.strict && kept[0]["role"] != "user" {
		return kept[1:]
	}
	return kept
}

func tooLong(r *refusal) bool {
	return r.code == "336007" || strings.Contains(r.message, "Range of input length")
}

// hushed waits until the server waits before it goes on with an exchange of this
// kind, and reports whether it does. So a timeout takes no time.
func hushed(ctx context.Context, srv *Server, clock *play.Manual, is func(journal.Exchange) bool) bool {
	for ctx.Err() == nil {
		if slices.ContainsFunc(srv.Journal(), func(e journal.Exchange) bool { return !e.Done && is(e) }) {
			return clock.Await(ctx, 1) == nil
		}
		time.Sleep(time.Millisecond)
	}
	return false
}

func stalled(e journal.Exchange) bool { return e.Fault == string(scenarios.FaultStall) }

func ofToken(e journal.Exchange) bool { return e.Operation == catalog.OpToken }

// settled waits until the journal knows how everything ended.
func settled(t *testing.T, srv *Server) {
	t.Helper()
	for range 60_000 { // A minute at the least.
		if !slices.ContainsFunc(srv.Journal(), func(e journal.Exchange) bool { return !e.Done }) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Error("an exchange never ended")
}
