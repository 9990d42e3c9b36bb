package responders

import (
	"crypto/hmac"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// qianfanOAuth is the token endpoint on aip.baidubce.com.
type qianfanOAuth struct{}

// usualLife is how long an access token lives.
const usualLife = 30 * 24 * time.Hour

func (qianfanOAuth) Dialect() catalog.Dialect {
	d, _ := catalog.DialectNamed(catalog.QianfanOAuth)
	return d
}

func (qianfanOAuth) Routes() []Route {
	return []Route{{Path: "/oauth/2.0/token", Operation: catalog.OpToken}}
}

// Decode reads the query; the body carries nothing. GET and POST both work.
func (q qianfanOAuth) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, q.Dialect())
	r.Key = first(in.Query, "client_id")
	r.Identity = oauthRefusal(in, r.Key)
	r.Detail = usualLife
	if in.Scenario != nil && in.Scenario.Tokens.Life != nil {
		r.Detail = time.Duration(*in.Scenario.Tokens.Life)
	}
	return r
}

func oauthRefusal(in *Incoming, client string) *scenarios.Refusal {
	secret, known := first(in.Query, "client_secret"), in.caller(client)
	switch {
	case in.Method != http.MethodGet && in.Method != http.MethodPost:
		return &scenarios.Refusal{ID: "qianfan/oauth/invalid_request"}
	case first(in.Query, "grant_type") == "":
		return &scenarios.Refusal{ID: "qianfan/oauth/invalid_request", Args: map[string]string{"param": "grant_type"}}
	case first(in.Query, "grant_type") != "client_credentials":
		return &scenarios.Refusal{ID: "qianfan/oauth/unsupported_grant_type"}
	case client == "" || known.unknown():
		return &scenarios.Refusal{ID: "qianfan/oauth/invalid_client", Variant: "unknown client id"}
	case secret == "" || known.Secret != "" && !hmac.Equal([]byte(secret), []byte(known.Secret)):
		return &scenarios.Refusal{ID: "qianfan/oauth/invalid_client", Variant: "Client authentication failed"}
	}
	return nil
}

func first(query map[string][]string, name string) string {
	if values := query[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// Header returns the endpoint's header, the same for errors and successes.
func (q qianfanOAuth) Header(_ *scenarios.Request, m Meta, _ *scenarios.Failure, _ int, _ bool) http.Header {
	return m.oauthHeader()
}

// Body writes an OAuth error; it ends with a line feed.
func (q qianfanOAuth) Body(r *scenarios.Request, _ Meta, f *scenarios.Failure, _ int) []byte {
	return append(obj().str("error_description", fill(f, r)).str("error", f.Entry.Code).end(), '\n')
}

// Event is never called: the endpoint has no streams.
func (q qianfanOAuth) Event(*scenarios.Request, Meta, *scenarios.Failure, int, int) Frame { return nil }

// Success makes a token. Its text tells the life in vendor time, and what is
// kept of it when that ends on the clock.
func (q qianfanOAuth) Success(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	chance := m.chance(forToken)
	app := "282335-" + text(chance, 8, "0123456789")
	if name, found := namespaceOf(r.Key); found && ValidNamespace(name) {
		app += "-" + NamespaceKey + name
	}
	life := r.Detail.(time.Duration)
	seconds := int64(math.Ceil(life.Seconds()))
	token := func(kind string, life int64) string {
		return fmt.Sprintf("%s.%s.%d.%d.%s", kind, text(chance, 32, lowerHex), life, m.Now.Unix()+life, app)
	}
	refresh := token("25", 315360000)
	session := "9mzd" + text(chance, 60, base64Abc) + "=="
	access := token("24", seconds)
	body := obj().
		str("refresh_token", refresh).
		num("expires_in", seconds).
		str("session_key", session).
		str("access_token", access).
		str("scope", "public ai_custom_yiyan_com ai_custom_yiyan_com_eb_instant ai_custom_yiyan_com_bloomz7b1 ai_custom_yiyan_com_emb_text wenxinworkshop_mgr license_license").
		str("session_secret", text(chance, 32, lowerHex))
	return Message{
		Status: http.StatusOK, Header: m.oauthHeader(), Frames: []Frame{append(body.end(), '\n')},
		Changes: []scenarios.Change{issue(access, r.Key, m.Now.Add(m.onClock(life)))},
	}
}

func (m Meta) oauthHeader() http.Header {
	return http.Header{
		"Cache-Control":              {"no-store"},
		"Content-Type":               {"application/json"},
		"Date":                       {m.date()},
		"P3p":                        {`CP=" OTI DSP COR IVA OUR IND COM "`},
		"Server":                     {"Apache"},
		"X-Openapi-Server-Timestamp": {strconv.FormatInt(m.Now.Unix(), 10)},
	}
}
