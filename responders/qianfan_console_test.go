package responders

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// kept is what a namespace keeps, in a test.
type kept struct{ records []scenarios.Record }

func (k *kept) Get(kind, id string) (scenarios.Record, bool) {
	i := slices.IndexFunc(k.records, func(r scenarios.Record) bool { return r.Kind == kind && r.ID == id })
	if i < 0 {
		return scenarios.Record{}, false
	}
	return k.records[i], true
}

func (k *kept) List(kind string) []scenarios.Record {
	return slices.DeleteFunc(slices.Clone(k.records), func(r scenarios.Record) bool { return r.Kind != kind })
}

func (k *kept) commit(now time.Time, changes []scenarios.Change) {
	for _, c := range changes {
		i := slices.IndexFunc(k.records, func(r scenarios.Record) bool { return r.Kind == c.Kind && r.ID == c.ID })
		switch {
		case c.Value == nil && i >= 0:
			k.records = slices.Delete(k.records, i, i+1)
		case i >= 0:
			k.records[i].Value = c.Value
		case c.Value != nil && !c.Existing:
			k.records = append(k.records, scenarios.Record{Kind: c.Kind, ID: c.ID, Created: now, Value: c.Value})
		}
	}
}

// desk calls the console again and again.
type desk struct {
	t     *testing.T
	kept  kept
	calls uint64
}

func consoleIncoming(name, body string) *Incoming {
	path, query, _ := strings.Cut(name, "?Action=")
	in := &Incoming{
		Method: http.MethodPost, Path: path, Body: []byte(body), Now: time.Unix(1_700_000_000, 0),
		Header: http.Header{"Authorization": {"Bearer k"}},
	}
	if query != "" {
		in.Query = map[string][]string{"Action": {query}}
	}
	if name == appList {
		in.Method = http.MethodGet
	}
	return in
}

// call returns the answer, after the refusals that an engine would make.
func (d *desk) call(name, body string) Message {
	d.t.Helper()
	d.calls++
	in := consoleIncoming(name, body)
	q := qianfanConsole{}
	r := q.Decode(in)
	m := Meta{Entropy: [2]uint64{d.calls, 7}, Now: in.Now, Edition: catalog.EditionSeed, Records: &d.kept}
	for _, refused := range []*scenarios.Refusal{r.Identity, r.Refused} {
		if refused != nil {
			return Error(q, r, m, failure(d.t, refused, r.Dialect))
		}
	}
	answer := q.Success(r, m, nil)
	wellFormed(d.t, name, answer)
	d.kept.commit(in.Now, answer.Changes)
	return answer
}

// result returns the result of a call that must succeed.
func (d *desk) result(name, body string) gjson.Result {
	d.t.Helper()
	answer := gjson.ParseBytes(d.call(name, body).Frames[0])
	if result := answer.Get("result"); result.Exists() {
		return result
	}
	d.t.Fatalf("%s %s: %s", name, body, answer.Raw)
	return gjson.Result{}
}

// want compares the result with a part of it, as JSON path and value.
func (d *desk) want(name, body, path, value string) {
	d.t.Helper()
	if got := d.result(name, body); got.Get(path).String() != value {
		d.t.Errorf("%s %s: %s is %q, want %q, in %s", name, body, path, got.Get(path).String(), value, got.Raw)
	}
}

// wantRefused compares the body of an error with a text in it.
func (d *desk) wantRefused(name, body string, status int, text string) {
	d.t.Helper()
	answer := d.call(name, body)
	if answer.Status != status || !strings.Contains(string(answer.Frames[0]), text) {
		d.t.Errorf("%s %s: %d %s, want %d and %s", name, body, answer.Status, answer.Frames[0], status, text)
	}
	if len(answer.Changes) > 0 {
		d.t.Errorf("%s %s: refused, and changes %v", name, body, answer.Changes)
	}
}

// TestConsoleCalls makes every call with any body: each is answered in its
// envelope, with a result or with an error that exists.
func TestConsoleCalls(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(consoleCalls)) {
		call := consoleCalls[name]
		if d, _ := catalog.DialectNamed(catalog.QianfanConsole); !d.Carries(call.operation) {
			t.Errorf("%s is of operation %q", name, call.operation)
		}
		needed := obj()
		for _, need := range call.needs {
			needed.str(need, "nobody")
		}
		desk := &desk{t: t}
		for _, body := range []string{"", "null", "{}", "[]", "{", "\xff", string(needed.end())} {
			answer := desk.call(name, body)
			body := gjson.ParseBytes(answer.Frames[0])
			old := strings.HasPrefix(name, oldPrefix)
			if old && answer.Status != 200 || old != body.Get("log_id").Exists() || old == body.Get("requestId").Exists() {
				t.Errorf("%s: %d %s", name, answer.Status, body.Raw)
			}
			if failed := body.Get("code").Exists() || body.Get("error_code").Exists(); failed == body.Get("result").Exists() {
				t.Errorf("%s: neither or both of error and result: %s", name, body.Raw)
			}
		}
	}
}

// TestConsoleNeeds: what is missing is named, in the family's own words.
func TestConsoleNeeds(t *testing.T) {
	d := &desk{t: t}
	d.wantRefused("/v2/finetuning?Action=CreateFineTuningJob", `{"name":"n"}`, 400, `"code":"InappropriateJSON","message":"The JSON you provided was well-formed and valid, but not appropriate for this operation. param[model] invalid."`)
	d.wantRefused("/v2/finetuning?Action=CreateFineTuningJob", `{`, 400, `"MalformedJSON"`)
	d.wantRefused("/wenxinworkshop/finetune/createTask", `{}`, 200, `"error_code":500001,"error_msg":"param[name] invalid"`)
	d.wantRefused("/wenxinworkshop/finetune/createTask", `{`, 200, `"error_code":500001,"error_msg":"param invalid"`)
	d.wantRefused("/wenxinworkshop/service/apply", `{"name":""}`, 200, `"error_code":520502,"error_msg":"service name is empty"`)
	d.wantRefused("/wenxinworkshop/service/apply", `{"name":"n"}`, 200, `"error_code":510501,"error_msg":"uri is empty"`)
	d.wantRefused("/wenxinworkshop/dataset/create", `{}`, 200, `"status":400,"success":false,"code":"ParamFieldNotExistOrEmpty","message":{"global":"参数不存在或为空"}`)
	d.wantRefused("/wenxinworkshop/prompt/template/create", `{}`, 200, `"code":"1000008","message":{"global":"字段[templateName]不可为空"}`)
	d.wantRefused("/wenxinworkshop/modelrepo/eval/create", `[]`, 200, `"error_code":500001`)
}

// TestConsolePages reads a list page by page, in both directions.
func TestConsolePages(t *testing.T) {
	d := &desk{t: t}
	var ids []string
	for range 5 {
		ids = append(ids, d.result("/v2/memory?Action=CreateSystemMemory", `{"appId":"1","description":"d"}`).Str)
	}
	for _, reverse := range []string{"false", "true"} {
		var got []string
		for marker := ""; ; {
			page := d.result("/v2/memory?Action=DescribeSystemMemories", `{"maxKeys":2,"pageReverse":`+reverse+`,"marker":"`+marker+`"}`)
			for _, id := range page.Get("items.#.systemMemoryId").Array() {
				got = append(got, id.Str)
			}
			if marker = page.Get("pageInfo.nextMarker").Str; marker == "" || page.Get("pageInfo.isTruncated").Bool() != (marker != "") {
				break
			}
		}
		if !slices.Equal(got, ids) {
			t.Errorf("reverse %s: %v, want %v", reverse, got, ids)
		}
		slices.Reverse(ids)
	}
	d.wantRefused("/v2/memory?Action=DescribeSystemMemories", `{"marker":"sm-gone"}`, 400, `"InvalidMarker"`)
}

// TestConsoleIdentity: who is refused before the body is looked at.
func TestConsoleIdentity(t *testing.T) {
	const signed = "bce-auth-v1/ak/2023-11-14T22:13:20Z/1800/host/00"
	for name, c := range map[string]struct {
		path, authorization, method, key, refused string
	}{
		"signed":         {"/v2/model?Action=DescribeModel", signed, "POST", "ak", ""},
		"bearer":         {"/v2/model?Action=DescribeModel", "Bearer bce-v3/ALTAK/x", "POST", "bce-v3/ALTAK/x", ""},
		"nobody":         {"/v2/model?Action=DescribeModel", "", "POST", "", gatewayFamily + "IamSignatureInvalid"},
		"nobody, GET":    {"/v2/model?Action=DescribeModel", "", "GET", "", gatewayFamily + "IamSignatureInvalid"},
		"GET":            {"/v2/model?Action=DescribeModel", signed, "GET", "ak", iamFamily + "InvalidHTTPRequest"},
		"list of apps":   {appList, signed, "GET", "ak", ""},
		"POST to it":     {appList, signed, "POST", "ak", iamFamily + "InvalidHTTPRequest"},
		"no action":      {"/v2/model", signed, "POST", "ak", iamFamily + "InvalidURI"},
		"unknown action": {"/v2/model?Action=Describe", signed, "POST", "ak", iamFamily + "InvalidURI"},
		"unknown path":   {"/wenxinworkshop/finetune/none", signed, "POST", "ak", iamFamily + "InvalidURI"},
		"slashes":        {"/v2/model?Action=DescribeModel", "bce-auth-v1/a/b/2023-11-14T22:13:20Z/1800/host/00", "POST", "a/b", ""},
		"malformed":      {"/v2/model?Action=DescribeModel", "bce-auth-v1/ak/00", "POST", "", iamFamily + "InvalidHTTPAuthHeader"},
		"no time":        {"/v2/model?Action=DescribeModel", "bce-auth-v1/ak/now/1800/host/00", "POST", "ak", iamFamily + "InvalidHTTPAuthHeader"},
		"too old":        {"/v2/model?Action=DescribeModel", "bce-auth-v1/ak/2023-11-14T21:13:20Z/1800/host/00", "POST", "ak", iamFamily + "RequestExpired"},
	} {
		in := consoleIncoming(c.path, "{}")
		in.Method = c.method
		in.Header = http.Header{"Authorization": {c.authorization}}
		r := qianfanConsole{}.Decode(in)
		refused := ""
		if r.Identity != nil {
			refused = r.Identity.ID
		}
		if r.Key != c.key || refused != c.refused {
			t.Errorf("%s: key %q, refused %q; want %q, %q", name, r.Key, refused, c.key, c.refused)
		}
	}
}

// TestConsoleActions: what a scenario matches as action and operation.
func TestConsoleActions(t *testing.T) {
	for name, want := range map[string]string{
		"/v2/model?Action=DescribeModel":                "model DescribeModel",
		"/v2/charge?Action=PurchaseTPMResource":         "quota PurchaseTPMResource",
		"/wenxinworkshop/modelrepo/model/preset/list":   "model model/preset/list",
		"/wenxinworkshop/modelrepo/eval/create":         "evaluation eval/create",
		"/wenxinworkshop/finetune/createJob":            "finetune createJob",
		"/wenxinworkshop/dataset/create":                "dataset create",
		"/wenxinworkshop/etl/create":                    "dataset etl/create",
		"/wenxinworkshop/prompt/singleOptimize/create":  "prompt singleOptimize/create",
		"/rest/2.0/wenxinworkshop/api/v1/template/info": "prompt template/info",
	} {
		r := qianfanConsole{}.Decode(consoleIncoming(name, "{}"))
		if got := r.Operation + " " + r.Action; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestRender: a template that the console made is rendered by V1, with V1's
// errors.
func TestRender(t *testing.T) {
	d := &desk{t: t}
	made := d.result("/wenxinworkshop/prompt/template/create", `{"templateName":"t","templateContent":"{a}-{b.c}","templateVariables":"a,b.c"}`)
	q := qianfanConsole{}
	for _, c := range []struct {
		query map[string][]string
		body  string
		want  string
	}{
		{map[string][]string{"access_token": {"t"}, "id": {made.Get("templateId").Raw}, "a": {"1"}}, `{"b.c":"2"}`, `"content":"1-2"`},
		{map[string][]string{"access_token": {"t"}}, `{"id":"` + made.Get("templatePK").Str + `"}`, `"content":"{a}-{b.c}"`},
		{map[string][]string{"access_token": {"t"}, "id": {"0"}}, "", `{"error_code":200,"error_msg":"InternalError"}`},
		{map[string][]string{"id": {"0"}}, "", `{"error_code":110,"error_msg":"Access token invalid or no longer valid"}`},
	} {
		in := consoleIncoming(renderPath, c.body)
		in.Query, in.Header = c.query, http.Header{}
		r := q.Decode(in)
		m := Meta{Now: in.Now, Edition: catalog.EditionSeed, Records: &d.kept}
		var answer Message
		if r.Identity != nil {
			answer = Error(q, r, m, failure(t, r.Identity, r.Dialect))
		} else {
			answer = q.Success(r, m, nil)
		}
		if answer.Status != 200 || !strings.Contains(string(answer.Frames[0]), c.want) {
			t.Errorf("%v %s: %d %s, want %s", c.query, c.body, answer.Status, answer.Frames[0], c.want)
		}
	}
}
