package responders

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"

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
	return []Route{
		{Path: v1Prefix + "/chat/{endpoint}", Operation: catalog.OpChat},
		{Path: v1Prefix + "/completions/{endpoint}", Operation: catalog.OpCompletion},
		{Path: v1Prefix + "/embeddings/{endpoint}", Operation: catalog.OpEmbedding},
		{Path: v1Prefix + "/text2image/{endpoint}", Operation: catalog.OpImage},
		{Path: v1Prefix + "/image2text/{endpoint}", Operation: catalog.OpImageToText},
		{Path: v1Prefix + "/reranker/{endpoint}", Operation: catalog.OpRerank},
		{Path: v1Prefix + "/tokenizer/erniebot", Operation: catalog.OpTokenize},
		{Path: v1Prefix + "/plugin/{endpoint}/", Operation: catalog.OpPlugin},
		{Path: v1Prefix + "/erniebot/plugins", Operation: catalog.OpPlugin},
		{Path: v1Prefix + "/erniebot/plugin", Operation: catalog.OpPlugin},
	}
}

// v1Call is how one operation is read and answered.
type v1Call struct {
	// read fills in the turns and the detail, and returns what the model
	// service refuses of a body that is a JSON object.
	read func(q *question) *scenarios.Refusal

	// answer writes the success; the headers of every answer are added.
	answer func(r *scenarios.Request, m Meta, reply *scenarios.Reply) v1Answer

	streams bool
}

// v1Answer is a success without its headers: the frames of a stream, or the
// whole body as the only one.
type v1Answer struct {
	frames []Frame
	later  Frames
	usage  usage
}

// v1Calls are all operations.
var v1Calls = map[string]v1Call{
	catalog.OpChat:        {readV1Chat, answerV1Chat, true},
	catalog.OpCompletion:  {readV1Completion, answerV1Completion, true},
	catalog.OpEmbedding:   {readV1Embedding, answerV1Embedding, false},
	catalog.OpImage:       {readV1Image, answerV1Image, false},
	catalog.OpImageToText: {readV1ImageToText, answerV1Completion, true},
	catalog.OpPlugin:      {readV1Plugin, answerV1Plugin, true},
	catalog.OpRerank:      {readV1Rerank, answerV1Rerank, false},
	catalog.OpTokenize:    {readV1Tokenize, answerV1Tokenize, false},
}

func (q qianfanV1) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, q.Dialect())
	if isPreflight(in) {
		return readPreflight(r, http.MethodPost)
	}
	body := readBody(r)
	r.Model = in.Vars["endpoint"]
	if in.Operation == catalog.OpTokenize {
		r.Model = modelOf(body)
	}
	askFor(r)
	call := v1Calls[in.Operation]
	r.Stream = call.streams && body.Get("stream").Bool()
	asked := newQuestion(in, r, body)
	refused := call.read(asked)
	v1Identity(in, r)
	r.Refused = cmp.Or(asked.v1Endpoint(), v1Refusal(in, r, body), refused)
	return r
}

const capability = "qianfan/capability/"

// v1Identity is what the gateway refuses: the method, and the caller.
func v1Identity(in *Incoming, r *scenarios.Request) {
	identifyV1(in, r)
	if in.Method != http.MethodPost {
		r.Identity = &scenarios.Refusal{ID: capability + "336101"}
	}
}

// v1Refusal is what the model service refuses of the bytes of a body.
func v1Refusal(in *Incoming, r *scenarios.Request, body *jsonBody) *scenarios.Refusal {
	switch {
	case in.State == BodyTooLarge:
		return &scenarios.Refusal{ID: capability + "336007", Variant: "the max input characters"}
	case in.State == BodyCut || !r.JSON || !body.IsObject():
		return &scenarios.Refusal{ID: capability + "336002"}
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
	if _, asked := r.Detail.(preflight); asked {
		return Message{Status: http.StatusOK, Header: m.v1Header(r)} // Every answer of the host lets any site in.
	}
	out := v1Calls[r.Operation].answer(r, m, reply)
	header := m.v1Header(r)
	header["Content-Type"] = []string{v1JSON}
	header["Statement"] = []string{"AI-generated"}
	header["X-Aipe-Self-Def"] = []string{fmt.Sprintf("eb_total_tokens:%d,prompt_tokens:%d,id:%s", out.usage.total, out.usage.prompt, m.asID())}
	message := Message{Status: http.StatusOK, Header: header, Frames: out.frames, Later: out.later}.bringing(out.usage)
	if !r.Stream {
		return message
	}
	// No end mark follows: the last frame says is_end.
	header["Content-Type"] = []string{v1Stream}
	message.Stream, message.Ending, message.Marks = true, 1, 1
	return m.spoken(message)
}

// v1Whole is an answer that is not streamed.
func v1Whole(body []byte, u usage) v1Answer { return v1Answer{frames: []Frame{body}, usage: u} }

func (m Meta) v1Start(kind string) *object {
	return obj().str("id", m.asID()).str("object", kind).num("created", m.Now.Unix())
}

// v1Usage writes the usage of an answer that is text.
func v1Usage(u usage) *object {
	return obj().num("prompt_tokens", int64(u.prompt)).
		num("completion_tokens", int64(u.completion)).
		num("total_tokens", int64(u.total))
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
	header := http.Header{
		"Access-Control-Allow-Headers": {"Content-Type"},
		"Access-Control-Allow-Origin":  {"*"},
		"Appid":                        {"45042944"},
		"Date":                         {m.date()},
		"P3p":                          {`CP=" OTI DSP COR IVA OUR IND COM "`},
		"Server":                       {"Apache"},
		"Set-Cookie":                   {"BAIDUID=" + cookie + ":FG=1; max-age=31536000; path=/; domain=.baidu.com; version=1"},
		"Vary":                         {"Accept-Encoding"},
		"X-Baidu-Request-Id":           {id},
		"X-Openapi-Server-Timestamp":   {strconv.FormatInt(m.Now.Unix(), 10)},
	}
	m.rateLimits(header)
	return header
}
