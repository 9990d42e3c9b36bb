package responders

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// An uploadPolicy asks for leave to send a file to the object store.
type uploadPolicy struct{ in *Incoming }

func (uploadPolicy) turns() []scenarios.Turn { return nil }

func (p uploadPolicy) refusal(*dashScopeQuestion) *scenarios.Refusal {
	switch {
	case first(p.in.Query, "action") != "getPolicy":
		return parameterMissing("action")
	case first(p.in.Query, "model") == "":
		return parameterMissing("model")
	}
	return nil
}

func (p uploadPolicy) bodyRefusal(*Incoming, *scenarios.Request) *scenarios.Refusal {
	return p.refusal(nil)
}

// How long a policy lets in, and how large a file may be.
const (
	policyLife  = 300 * time.Second
	policyBytes = 1 << 30
)

// answer writes a policy that the store here understands, with the address at
// which it stands.
func (p uploadPolicy) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	chance := m.chance(forFiles)
	dir := "dashscope-instant/" + randomHex(chance, 32) + "/" + m.Now.In(cst).Format(time.DateOnly) + "/" + m.requestUUID()
	conditions := array([]byte(`["content-length-range",0,`+strconv.Itoa(policyBytes)+`]`),
		array([]byte(`"starts-with"`), []byte(`"$key"`), appendQuoted(nil, dir)),
		[]byte(`{"bucket":"dashscope-file-mgr"}`), []byte(`{"x-oss-object-acl":"private"}`), []byte(`{"x-oss-forbid-overwrite":"true"}`))
	policy := obj().str("expiration", m.Now.Add(m.onClock(policyLife)).UTC().Format(policyTime)).raw("conditions", conditions).end()
	data := obj().str("policy", base64.StdEncoding.EncodeToString(policy)).str("signature", text(chance, 27, base64Abc)+"=").
		str("upload_dir", dir).str("upload_host", fileURL(p.in, uploadPath)).num("expire_in_seconds", int64(policyLife/time.Second)).
		num("max_file_size_mb", policyBytes>>20).num("capacity_limit_mb", 999999999).
		str("oss_access_key_id", "LTAI"+text(chance, 20, base64Abc)).str("x_oss_object_acl", "private").
		str("x_oss_forbid_overwrite", "true").end()
	return m.plain(r, obj().raw("data", data).str("request_id", m.requestUUID()))
}

// plain is the answer of a service that names no charset.
func (m Meta) plain(r *scenarios.Request, o *object, changes ...scenarios.Change) Message {
	return Message{
		Status: http.StatusOK, Header: m.dashScopeControlHeader(r, "application/json"), Frames: []Frame{o.end()}, Changes: changes,
	}
}

// policyTime is how a policy writes when it ends.
const policyTime = "2006-01-02T15:04:05.000Z"

// takeUpload answers a form that is sent to the object store with a policy.
// The file itself is not kept: nobody can read it back from the vendor's.
func takeUpload(in *Incoming, m Meta, header http.Header) Message {
	refuse := func(status int, code, message string) Message {
		header["Content-Type"] = []string{"application/xml"}
		body := `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error>\n  <Code>" + code + "</Code>\n  <Message>" + message +
			"</Message>\n  <RequestId>" + text(m.chance(forAnswerID), 24, upperHex) + "</RequestId>\n</Error>\n"
		return Message{Status: status, Header: header, Frames: []Frame{Frame(body)}}
	}
	f, ok := readForm(in)
	if !ok {
		return refuse(http.StatusBadRequest, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")
	}
	policy, err := base64.StdEncoding.DecodeString(first(f.fields, "policy"))
	ends, badTime := time.Parse(policyTime, gjson.GetBytes(policy, "expiration").String())
	switch {
	case err != nil || badTime != nil || f.field("OSSAccessKeyId") == "" || first(f.fields, "Signature") == "":
		return refuse(http.StatusForbidden, "AccessDenied", "Invalid according to Policy.")
	case m.Now.After(ends):
		return refuse(http.StatusForbidden, "AccessDenied", "Invalid according to Policy: Policy expired.")
	case f.field("key") == "" || len(f.files) != 1:
		return refuse(http.StatusBadRequest, "InvalidArgument", "The form needs a key, and one file.")
	}
	if f.field("success_action_status") == "200" {
		return Message{Status: http.StatusOK, Header: header, Frames: []Frame{{}}}
	}
	return Message{Status: http.StatusNoContent, Header: header}
}

// A tokenCall asks for a key that holds for a while.
type tokenCall struct{ in *Incoming }

func (tokenCall) turns() []scenarios.Turn { return nil }

// The life of a temporary key, in seconds.
const usualKeyLife, longestKeyLife = 60, 1800

// life returns how long the key is to hold, and whether it may.
func (c tokenCall) life() (seconds int, ok bool) {
	said := first(c.in.Query, "expire_in_seconds")
	if said == "" {
		return usualKeyLife, true
	}
	n, err := strconv.Atoi(said)
	return min(max(n, 1), longestKeyLife), err == nil && n >= 1 && n <= longestKeyLife
}

func (c tokenCall) refusal(*dashScopeQuestion) *scenarios.Refusal {
	if _, ok := c.life(); !ok {
		return parameterMissing("expire_in_seconds")
	}
	return nil
}

func (c tokenCall) bodyRefusal(*Incoming, *scenarios.Request) *scenarios.Refusal {
	return c.refusal(nil)
}

// answer issues a key. It names the namespace that the caller's own key names.
func (c tokenCall) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	token := "st-" + text(m.chance(forToken), 32, lowerHex)
	if name, found := namespaceOf(r.Key); found {
		token += "-" + NamespaceKey + name
	}
	life, _ := c.life()
	ends := m.Now.Add(m.onClock(time.Duration(life) * time.Second))
	return m.plain(r, obj().str("token", token).num("expires_at", ends.Unix()), issue(token, r.Key, ends))
}
