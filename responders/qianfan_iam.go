package responders

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// qianfanIAM is Baidu Cloud's API for bearer tokens, on iam.bj.baidubce.com.
type qianfanIAM struct{}

func (qianfanIAM) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.QianfanIAM)
	return d
}

func (qianfanIAM) Routes() []Route {
	return []Route{{Path: "/v1/BCE-BEARER/token", Operation: catalog.OpToken}}
}

// Lives of bearer tokens in seconds: 30 days at most, a day if not asked for.
const (
	longestBearer = 2592000
	usualBearer   = 86400
)

// Decode reads the query; the body carries nothing.
func (q qianfanIAM) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, q.Dialect())
	life := usualBearer
	if asked, given := in.Query["expireInSeconds"]; given {
		seconds, err := strconv.Atoi(asked[0])
		if err != nil || seconds < 1 {
			seconds = usualBearer
			r.Refused = &scenarios.Refusal{ID: iamFamily + "InappropriateJSON", Variant: "invalid.", Args: map[string]string{"param": "expireInSeconds"}}
		}
		life = min(seconds, longestBearer)
	}
	r.Detail = life
	r.Key, r.Identity = iamIdentity(in)
	return r
}

// iamIdentity refuses a bad signature, and any method but GET.
func iamIdentity(in *Incoming) (key string, refused *scenarios.Refusal) {
	switch signature := in.Header.Get("Authorization"); {
	case signature == "":
		return "", &scenarios.Refusal{ID: gatewayFamily + "IamSignatureInvalid", Variant: "Could not find credential"}
	case !strings.HasPrefix(signature, bceAuth):
		return "", &scenarios.Refusal{ID: iamFamily + "InvalidHTTPAuthHeader"}
	}
	key, refused = signerOf(in)
	if refused == nil && in.Method != http.MethodGet {
		refused = &scenarios.Refusal{ID: iamFamily + "InvalidURI"}
	}
	return key, refused
}

// signerOf returns the access key of a signature, and what Baidu Cloud's
// gateway refuses of it.
func signerOf(in *Incoming) (key string, refused *scenarios.Refusal) {
	s, v := judgeBCE(in)
	refused = s.gatewayRefusal(v)
	if refused == nil && in.caller(s.key).unknown() {
		refused = &scenarios.Refusal{ID: gatewayFamily + "NotFound"}
	}
	return s.key, refused
}

// Header says by itself what the gateway refuses: its body is empty.
func (q qianfanIAM) Header(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int, _ bool) http.Header {
	if f.Entry.Family == "gateway" {
		return m.gatewayHeader(r, f)
	}
	return m.iamHeader()
}

func (q qianfanIAM) Body(r *scenarios.Request, m Meta, f *scenarios.Failure, _ int) []byte {
	if f.Entry.Family == "gateway" {
		return nil
	}
	return m.bceError(r, f)
}

// Event is never called: the endpoint has no streams.
func (q qianfanIAM) Event(*scenarios.Request, Meta, *scenarios.Failure, int, int) Frame { return nil }

// Success makes a token. It carries on the namespace that the key names.
func (q qianfanIAM) Success(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	chance := m.chance(forToken)
	token := "bce-v3/ALTAK-" + text(chance, 21, base64Abc) + "/" + text(chance, 40, lowerHex)
	if name, found := namespaceOf(r.Key); found && ValidNamespace(name) {
		token += "-" + NamespaceKey + name
	}
	const form = "2006-01-02T15:04:05.000Z"
	now, life := m.Now.UTC(), time.Duration(r.Detail.(int))*time.Second
	body := obj().str("userId", text(chance, 32, lowerHex)).str("token", token).str("status", "enable").
		str("createTime", now.Format(form)).
		str("expireTime", now.Add(life).Format(form))
	return Message{
		Status: http.StatusOK, Header: m.iamHeader(), Frames: []Frame{body.end()},
		Changes: []scenarios.Change{issue(token, r.Key, now.Add(m.onClock(life)))},
	}
}

func (m Meta) iamHeader() http.Header {
	return http.Header{
		"Content-Type":     {"application/json"},
		"Date":             {m.date()},
		"X-Bce-Request-Id": {m.bceRequestID()},
	}
}

// gatewayHeader is all of a refusal for a bad signature, whose body is empty.
func (m Meta) gatewayHeader(r *scenarios.Request, f *scenarios.Failure) http.Header {
	header := m.qianfanHostHeader()
	header["X-Bce-Error-Code"] = []string{f.Entry.Code}
	header["X-Bce-Error-Message"] = []string{oneLine.Replace(fill(f, r))}
	return header
}

// bceError writes an error in Baidu Cloud's envelope.
func (m Meta) bceError(r *scenarios.Request, f *scenarios.Failure) []byte {
	return obj().str("requestId", m.bceRequestID()).str("code", f.Entry.Code).str("message", fill(f, r)).end()
}
