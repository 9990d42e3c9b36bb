package responders

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// qianfanV1 is Qianfan's first API, on aip.baidubce.com: numeric codes, HTTP
// 200 whatever happens, the model in the path.
type qianfanV1 struct{}

const (
	v1Prefix = "/rpc/2.0/ai_custom/v1/wenxinworkshop"
	v1JSON   = "application/json; charset=utf-8"
	v1Stream = "text/event-stream; charset=utf-8"
)

func (qianfanV1) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.QianfanV1)
	return d
}

func (qianfanV1) Routes() []Route {
	return []Route{{Path: v1Prefix + "/chat/{endpoint}", Operation: catalog.OpChat}}
}

func (q qianfanV1) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, q.Dialect())
	r.Model = in.Vars["endpoint"]
	askFor(r)
	body := readBody(r)
	r.Stream = body.Get("stream").Bool()
	r.Turns = readTurns(body.Get("messages"))
	if system := body.Get("system").String(); system != "" {
		r.Turns = append([]scenarios.Turn{{Role: "system", Text: system}}, r.Turns...)
	}
	r.Detail = v1Chat(body)
	r.Key, r.Identity = v1Identity(in)
	r.Refused = v1Refusal(in, r, body)
	return r
}

func v1Chat(body gjson.Result) *chat {
	c := &chat{
		choices:   1,
		jsonMode:  body.Get("response_format").String() == "json_object",
		maxTokens: number(body.Get("max_output_tokens"), 1, 1<<20, 0),
	}
	c.readStop(body.Get("stop"))
	body.Get("functions").ForEach(func(_, f gjson.Result) bool {
		if name := f.Get("name").String(); name != "" {
			c.tools = append(c.tools, tool{name: name, parameters: f.Get("parameters")})
		}
		return true
	})
	c.mustCall = body.Get("tool_choice.function.name").String()
	return c
}

const capability = "qianfan/capability/"

// v1Identity is what the gateway refuses: the method, and the caller.
func v1Identity(in *Incoming) (key string, refused *scenarios.Refusal) {
	key, refused = v1Key(in)
	if in.Method != http.MethodPost {
		refused = &scenarios.Refusal{ID: capability + "336101"}
	}
	return key, refused
}

// v1Key reads who calls: an access token in the query, or a bce-auth-v1
// signature in the header.
func v1Key(in *Incoming) (string, *scenarios.Refusal) {
	if signed, found := strings.CutPrefix(in.Header.Get("Authorization"), "bce-auth-v1/"); found {
		key, _, _ := strings.Cut(signed, "/")
		return key, nil
	}
	tokens, given := in.Query["access_token"]
	switch {
	case !given:
		return "", &scenarios.Refusal{ID: capability + "110"}
	case tokens[0] == "":
		return "", &scenarios.Refusal{ID: capability + "100"}
	case tokenExpired(tokens[0], in.Now):
		return tokens[0], &scenarios.Refusal{ID: capability + "111"}
	}
	return tokens[0], nil
}

// tokenExpired reports whether a token of the vendor's form,
// 24.<hex>.<life>.<expiry>.<app>, has run out. Other tokens never do.
func tokenExpired(token string, now time.Time) bool {
	parts := strings.Split(token, ".")
	if len(parts) < 5 || parts[0] != "24" {
		return false
	}
	expiry, err := strconv.ParseInt(parts[3], 10, 64)
	return err == nil && now.Unix() >= expiry
}

// v1Refusal is what the model service refuses of the body.
func v1Refusal(in *Incoming, r *scenarios.Request, body gjson.Result) *scenarios.Refusal {
	switch {
	case in.State == BodyTooLarge:
		return &scenarios.Refusal{ID: capability + "336007", Variant: "the max input characters"}
	case in.State == BodyCut || !r.JSON || !body.IsObject():
		return &scenarios.Refusal{ID: capability + "336002"}
	case len(r.Turns) == 0 || !body.Get("messages").IsArray():
		return &scenarios.Refusal{ID: capability + "336001"}
	}
	return nil
}

// Header differs by who answers: the model service names a charset.
func (q qianfanV1) Header(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int, stream bool) http.Header {
	header := m.v1Header(r)
	switch {
	case stream:
		header["Content-Type"] = []string{v1Stream}
	case f.Variant.Origin == catalog.OriginModel:
		header["Content-Type"] = []string{v1JSON}
	default:
		header["Content-Type"] = []string{"application/json"}
	}
	return header
}

// Body writes an error on one line: the official Python SDK reads the first
// line of a refused stream only. The gateway's errors have no id.
func (q qianfanV1) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int) []byte {
	body := obj()
	if code, err := strconv.ParseInt(f.Entry.Code, 10, 64); err == nil {
		body.num("error_code", code)
	} else {
		body.str("error_code", f.Entry.Code)
	}
	body.str("error_msg", fill(f, r))
	if f.Variant.Origin == catalog.OriginModel {
		body.str("id", m.asID())
	}
	return body.end()
}

// Event writes a data line, which all four SDKs take for an error, or as
// "bare" shape the JSON line alone, which Python and Go take for one too.
func (q qianfanV1) Event(r *scenarios.Request, m Meta, f *scenarios.Failure, status, _ int) Frame {
	body := q.Body(r, m, f, status)
	if f.Shape() == catalog.ShapeBare {
		return append(body, "\n\n"...)
	}
	return dataFrame(body)
}

func (q qianfanV1) Success(r *scenarios.Request, m Meta, reply *scenarios.Reply) Message {
	c := r.Detail.(*chat)
	out := complete(r, c, m, reply, 0)
	header := m.v1Header(r)
	header["Statement"] = []string{"AI-generated"}
	header["X-Aipe-Self-Def"] = []string{fmt.Sprintf("eb_total_tokens:%d,prompt_tokens:%d,id:%s", out.usage.total, out.usage.prompt, m.asID())}
	if r.Stream {
		header["Content-Type"] = []string{v1Stream}
		return Message{Status: http.StatusOK, Header: header, Frames: v1Frames(out, m), Stream: true, Ending: 1, Marks: 1}
	}
	header["Content-Type"] = []string{v1JSON}
	body := m.v1Start("chat.completion").str("result", out.text).boolean("is_truncated", out.finish == finishLength)
	return Message{Status: http.StatusOK, Header: header, Frames: []Frame{v1Tail(body, out, out.usage, true)}}
}

// v1Frames writes a stream: no end mark, but is_end in the last frame, and
// usage in every one.
func v1Frames(out completion, m Meta) []Frame {
	pieces := out.pieces
	if len(pieces) == 0 {
		pieces = []string{""}
	}
	frames := make([]Frame, len(pieces))
	said := 0
	for i, piece := range pieces {
		last := i == len(pieces)-1
		said += countTokens(piece)
		u := out.usage.so(said)
		if last {
			u = out.usage
		}
		body := m.v1Start("chat.completion").num("sentence_id", int64(i)).boolean("is_end", last).
			boolean("is_truncated", last && out.finish == finishLength).str("result", piece)
		frames[i] = dataFrame(v1Tail(body, out, u, last))
	}
	return frames
}

func (m Meta) v1Start(kind string) *object {
	return obj().str("id", m.asID()).str("object", kind).num("created", m.Now.Unix())
}

// v1Tail writes the keys that end every answer and every frame. A call and
// the reason stand where the answer ends.
func v1Tail(body *object, out completion, u usage, last bool) []byte {
	body.boolean("need_clear_history", false)
	if last && len(out.calls) > 0 {
		call := out.calls[0]
		body.raw("function_call", obj().str("name", call.name).
			str("thoughts", "The function "+call.name+" can answer this.").
			str("arguments", call.arguments).end())
	}
	if last {
		body.str("finish_reason", v1Finish(out))
	}
	return body.raw("usage", obj().num("prompt_tokens", int64(u.prompt)).
		num("completion_tokens", int64(u.completion)).
		num("total_tokens", int64(u.total)).end()).end()
}

func v1Finish(out completion) string {
	switch {
	case out.scripted:
		return out.finish
	case out.finish == finishTools:
		return "function_call"
	case out.finish == finishLength:
		return "length"
	default:
		return "normal"
	}
}

// asID returns an id as Qianfan forms them.
func (m Meta) asID() string { return "as-" + text(m.chance(forAnswerID), 10, lowerAlnum) }

// v1Header returns the headers of every answer of aip.baidubce.com.
func (m Meta) v1Header(r *scenarios.Request) http.Header {
	chance := m.chance(forHeaders)
	id := r.HeaderValue("Request_id")
	cookie := text(chance, 32, upperHex)
	if id == "" {
		id = text(chance, 32, lowerHex) + "1000155"
	}
	return http.Header{
		"Access-Control-Allow-Headers":   {"Content-Type"},
		"Access-Control-Allow-Origin":    {"*"},
		"Appid":                          {"45042944"},
		"Date":                           {m.Now.UTC().Format(http.TimeFormat)},
		"P3p":                            {`CP=" OTI DSP COR IVA OUR IND COM "`},
		"Server":                         {"Apache"},
		"Set-Cookie":                     {"BAIDUID=" + cookie + ":FG=1; max-age=31536000; path=/; domain=.baidu.com; version=1"},
		"Vary":                           {"Accept-Encoding"},
		"X-Baidu-Request-Id":             {id},
		"X-Openapi-Server-Timestamp":     {strconv.FormatInt(m.Now.Unix(), 10)},
		"X-Ratelimit-Limit-Requests":     {"300"},
		"X-Ratelimit-Limit-Tokens":       {"300000"},
		"X-Ratelimit-Remaining-Requests": {"299"},
		"X-Ratelimit-Remaining-Tokens":   {"299999"},
	}
}
